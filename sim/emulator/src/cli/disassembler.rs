//! Disassembly with the capstone library, which is loaded when it is first needed.

use std::collections::HashMap;
use std::ffi::{CStr, c_char, c_int, c_uint};
use std::path::{Path, PathBuf};
use std::ptr;

use libloading::Library;

const ARCH_RISCV: c_int = 15;
const MODE_RISCV64_COMPRESSED: c_int = 1 << 1 | 1 << 2;
const UIPI: [&str; 5] = ["send", "read", "write", "activate", "deactivate"];

/// `cs_insn` of capstone 5.
#[repr(C)]
struct Instruction {
    id: c_uint,
    address: u64,
    size: u16,
    bytes: [u8; 24],
    mnemonic: [c_char; 32],
    operands: [c_char; 160],
    detail: *mut u8,
}

type Open = unsafe extern "C" fn(c_int, c_int, *mut usize) -> c_int;
type Disassemble =
    unsafe extern "C" fn(usize, *const u8, usize, u64, usize, *mut *mut Instruction) -> usize;
type Free = unsafe extern "C" fn(*mut Instruction, usize);

struct Engine {
    disassemble: Disassemble,
    free: Free,
    handle: usize,
    /// The functions are there as long as this is.
    _library: Library,
}

/// Makes text of instructions. Branch targets are relative to the instruction.
pub struct Disassembler {
    path: Option<PathBuf>,
    engine: Option<Engine>,
    texts: HashMap<u32, String>,
}

impl Disassembler {
    /// With the library at `path`. Without one, texts are "?".
    pub fn new(path: Option<&Path>) -> Self {
        Self { path: path.map(Path::to_owned), engine: None, texts: HashMap::new() }
    }

    /// The text of an instruction. Each one is decoded once.
    pub fn text(&mut self, insn: u32) -> &str {
        if let Some(path) = self.path.take() {
            self.engine = load(&path);
        }
        let engine = self.engine.as_ref();
        self.texts.entry(insn).or_insert_with(|| match engine {
            None => "?".into(),
            Some(engine) => decode(engine, insn).unwrap_or_else(|| user_ipi(insn)),
        })
    }
}

fn load(path: &Path) -> Option<Engine> {
    // SAFETY: the path is that of capstone, as the caller says; its initialisers do nothing.
    let library = unsafe { Library::new(path) }.ok()?;
    // SAFETY: `Open`, `Disassemble` and `Free` are the types of these three functions.
    let (open, disassemble, free) = unsafe {
        (
            *library.get::<Open>(b"cs_open").ok()?,
            *library.get::<Disassemble>(b"cs_disasm").ok()?,
            *library.get::<Free>(b"cs_free").ok()?,
        )
    };
    let mut handle = 0;
    // SAFETY: `handle` lives until the call returns.
    let status = unsafe { open(ARCH_RISCV, MODE_RISCV64_COMPRESSED, &mut handle) };
    (status == 0).then_some(Engine { disassemble, free, handle, _library: library })
}

fn decode(engine: &Engine, insn: u32) -> Option<String> {
    let bytes = insn.to_le_bytes();
    let length = if insn & 3 == 3 { 4 } else { 2 };
    let mut found: *mut Instruction = ptr::null_mut();
    // SAFETY: the handle is open, and `bytes` has `length` bytes.
    let count =
        unsafe { (engine.disassemble)(engine.handle, bytes.as_ptr(), length, 0, 1, &mut found) };
    if count != 1 {
        return None;
    }
    // SAFETY: capstone gave one instruction, which is ours until it is freed below; both texts end
    // with a zero.
    let text = unsafe {
        let mnemonic = CStr::from_ptr((*found).mnemonic.as_ptr()).to_string_lossy();
        let operands = CStr::from_ptr((*found).operands.as_ptr()).to_string_lossy();
        format!("{mnemonic} {operands}").trim_end().to_owned()
    };
    // SAFETY: `found` came from `cs_disasm` with this count, and is not used again.
    unsafe { (engine.free)(found, count) };
    Some(text)
}

/// The project's own instructions (N-6.1).
fn user_ipi(insn: u32) -> String {
    let operation = UIPI.get((insn >> 25) as usize);
    let (Some(name), 0x607B) = (operation, insn & 0x01F0_707F) else { return "(unknown)".into() };
    let mut text = format!("uipi.{name}");
    for register in [insn >> 7 & 31, insn >> 15 & 31] {
        if register != 0 {
            text += &format!(" x{register}");
        }
    }
    text
}
