//! What the harness calls (`sim/model/harness/lockstep.h`).

use std::ffi::{CStr, CString, c_char, c_uint};
use std::ptr;

use super::checker::{Difference, Lockstep, Write};
use super::record::Record;
use super::start::start;

/// The machine, or why there is none, and where the harness has which field of a record.
pub struct Handle {
    lockstep: Option<Lockstep>,
    places: [usize; Record::NAMES.len()],
    text: CString,
}

impl Handle {
    fn new(arguments: &str, names: &str) -> Self {
        let opened = places(names).and_then(|places| Ok((start(arguments)?, places)));
        match opened {
            Ok((lockstep, places)) => {
                Self { lockstep: Some(lockstep), places, text: CString::default() }
            }
            Err(problem) => Self { lockstep: None, places: [0; _], text: c_text(problem) },
        }
    }

    /// One step. On a difference, `emulated` gets what the emulator did, if it did anything.
    fn step(
        &mut self,
        hart: usize,
        cycle: u64,
        seen: &[u64],
        emulated: &mut [u64],
    ) -> *const c_char {
        let record = Record::from_values(self.places.map(|place| seen[place]));
        let Some(lockstep) = &mut self.lockstep else { return ptr::null() };
        let result = lockstep.step(hart, cycle, &record);
        if let Err(difference) = &result {
            let values = difference.emulated.unwrap_or_default().values();
            for (place, value) in self.places.iter().zip(values) {
                emulated[*place] = value;
            }
        }
        self.tell(result)
    }

    fn tell(&mut self, result: Result<(), Box<Difference>>) -> *const c_char {
        let Err(difference) = result else { return ptr::null() };
        self.text = c_text(difference.text);
        self.text.as_ptr()
    }
}

/// Where each field is among `names`, which stand one a line.
fn places(names: &str) -> Result<[usize; Record::NAMES.len()], String> {
    let mut places = [0; Record::NAMES.len()];
    for (place, wanted) in places.iter_mut().zip(Record::NAMES) {
        let found = names.lines().position(|name| name == *wanted);
        *place = found.ok_or(format!("the commit port has no field {wanted}"))?;
    }
    Ok(places)
}

fn c_text(text: String) -> CString {
    CString::new(text).unwrap_or_default()
}

/// Starts. Arguments and names stand one a line. The result is never null and lives for ever; whether
/// it can be used is said by [`lockstep_problem`].
///
/// # Safety
/// Both texts end with a zero byte.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lockstep_open(
    arguments: *const c_char,
    names: *const c_char,
) -> *mut Handle {
    // SAFETY: by the caller.
    let (arguments, names) = unsafe { (CStr::from_ptr(arguments), CStr::from_ptr(names)) };
    let handle = Handle::new(&arguments.to_string_lossy(), &names.to_string_lossy());
    Box::into_raw(Box::new(handle))
}

/// Why there is no machine; null if there is one.
///
/// # Safety
/// `handle` is of [`lockstep_open`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lockstep_problem(handle: *const Handle) -> *const c_char {
    // SAFETY: by the caller.
    let handle = unsafe { &*handle };
    if handle.lockstep.is_some() { ptr::null() } else { handle.text.as_ptr() }
}

/// The SoC was reset.
///
/// # Safety
/// `handle` is of [`lockstep_open`], and nobody else uses it meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lockstep_reset(handle: *mut Handle) {
    // SAFETY: by the caller.
    let handle = unsafe { &mut *handle };
    if let Some(lockstep) = &mut handle.lockstep {
        lockstep.reset();
    }
}

/// The second-level cache performed a write of a hart. Returns null if it may, else why not.
///
/// # Safety
/// `handle` is as for [`lockstep_reset`]. The text is there until the next call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lockstep_perform(
    handle: *mut Handle,
    hart: c_uint,
    cycle: u64,
    atomic: bool,
    dword: u64,
    data: u64,
    mask: u64,
) -> *const c_char {
    // SAFETY: by the caller.
    let handle = unsafe { &mut *handle };
    let Some(lockstep) = &mut handle.lockstep else { return ptr::null() };
    let result = lockstep.perform(hart as usize, &Write { cycle, atomic, dword, data, mask });
    handle.tell(result)
}

/// The RTL's hart did what `seen` says. Returns null if the emulator did the same, else what differs, and
/// in `emulated` what the emulator did.
///
/// # Safety
/// `handle` is as for [`lockstep_reset`]. `seen` and `emulated` are arrays with an element for each
/// name that [`lockstep_open`] was given. The text is there until the next call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lockstep_step(
    handle: *mut Handle,
    hart: c_uint,
    cycle: u64,
    seen: *const u64,
    emulated: *mut u64,
    fields: usize,
) -> *const c_char {
    // SAFETY: by the caller.
    let (handle, seen, emulated) = unsafe {
        (
            &mut *handle,
            std::slice::from_raw_parts(seen, fields),
            std::slice::from_raw_parts_mut(emulated, fields),
        )
    };
    handle.step(hart as usize, cycle, seen, emulated)
}
