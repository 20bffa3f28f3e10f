//! The allocator.

use libmimalloc_sys::{mi_option_set_default, mi_option_t};

// mimalloc 2 rather than 3, whose threads fill huge pages badly: three.js ten times in 2.55 s and 459 MiB, and 2.94 s and 610 MiB with 3;
// react-shop in 95 MiB, and 117 with 3. Without huge pages react-shop takes 72 MiB, and a tenth longer.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// `mi_option_purge_delay` of `mimalloc.h`, for which the crate has no name.
const PURGE_DELAY: mi_option_t = 15;

/// For how many milliseconds memory that was freed is kept before the system gets it back; what is large, ten times as long.
///
/// The next stage of a build wants it again, and the system has to clear it first. With mimalloc's own 10 ms, three.js ten times takes 2.35 s,
/// 0.94 s of processor time in the kernel and 445 MiB, and 1.62 s, 0.23 s and 508 MiB with 100; 20,000 modules 4.5 s and 3.7 s. What takes less
/// than half a second is the same, and so is more patience.
const PATIENCE: std::ffi::c_long = 100;

/// Keeps memory for what comes next, unless the environment says otherwise. To be called before there are threads, and not by who waits
/// most of the time.
pub(crate) fn keep_freed_memory() {
    #[allow(unsafe_code, reason = "mimalloc is written in C, and has no other way but the user's environment")]
    // SAFETY: the option exists in this version, and no other thread reads options yet.
    unsafe {
        mi_option_set_default(PURGE_DELAY, PATIENCE);
    }
}
