//! How programs begin, and how they end in a panic.
//!
//! A root task is `fn(&BootInfo) -> !`, made the program by [`crate::root_task!`]; a process is
//! `fn(usize) -> !`, made so by [`crate::process!`]. A process begins with `sp`, `tp` and its
//! argument in `a0` as whoever starts it has set them.

use core::panic::PanicInfo;

/// Bytes of the stack of a root task.
pub const ROOT_STACK_BYTES: usize = 64 << 10;

/// The stack of a root task.
#[repr(C, align(16))]
pub struct Stack(core::cell::UnsafeCell<[u8; ROOT_STACK_BYTES]>);

// SAFETY: only the entry uses it, as the stack of the one thread that begins there.
unsafe impl Sync for Stack {}

impl Stack {
    #[expect(clippy::new_without_default, reason = "a constant for a static")]
    pub const fn new() -> Self {
        Self(core::cell::UnsafeCell::new([0; ROOT_STACK_BYTES]))
    }
}

/// Makes a function `fn(&'static BootInfo) -> !` the root task.
#[macro_export]
macro_rules! root_task {
    ($main:path) => {
        static ROOT_STACK: $crate::entry::Stack = $crate::entry::Stack::new();

        core::arch::global_asm!(
            ".pushsection .text.entry, \"ax\"",
            ".globl _start",
            "_start:",
            "la sp, {stack} + {size}",
            "ld tp, {buffer}(a0)",
            "tail {main}",
            ".popsection",
            stack = sym ROOT_STACK,
            size = const $crate::entry::ROOT_STACK_BYTES,
            buffer = const 8 * $crate::abi::boot_info::place::IPC_BUFFER,
            main = sym root_task_main,
        );

        extern "C" fn root_task_main(info: &'static $crate::abi::boot_info::BootInfo) -> ! {
            $main(info)
        }

        #[panic_handler]
        fn panic(info: &core::panic::PanicInfo) -> ! {
            $crate::entry::panicked("root task", info)
        }
    };
}

/// Makes a function `fn(usize) -> !` the program of a process with a name.
#[macro_export]
macro_rules! process {
    ($name:literal, $main:path) => {
        #[unsafe(no_mangle)]
        #[unsafe(link_section = ".text.entry")]
        extern "C" fn _start(argument: usize) -> ! {
            $main(argument)
        }

        #[panic_handler]
        fn panic(info: &core::panic::PanicInfo) -> ! {
            $crate::entry::panicked($name, info)
        }
    };
}

/// Reports a panic, then stops the thread by an illegal instruction, which its fault handler sees.
pub fn panicked(name: &str, info: &PanicInfo) -> ! {
    let place = info.location().map_or("?", |location| location.file());
    let line = info.location().map_or(0, |location| location.line());
    crate::println!("{name} panics at {place}:{line}: {}", info.message());
    #[cfg(target_arch = "riscv64")]
    // SAFETY: the instruction is illegal and does nothing else; the thread stops there.
    unsafe {
        core::arch::asm!("unimp", options(noreturn));
    }
    #[cfg(not(target_arch = "riscv64"))]
    unreachable!("there is no kernel here")
}
