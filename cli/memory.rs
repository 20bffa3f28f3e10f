//! Huge pages, two megabytes each: the allocator asks the system for them, and the system gives one for the first byte that is used of it. A
//! small build leaves most of each empty; in a large one they save time, because there are 512 times fewer pages to be made.

/// How many assets a large build has.
pub(crate) const LARGE: usize = 2_000;

/// Has the allocator make do with small pages, until [`allow_huge_pages`] is called.
pub(crate) fn refuse_huge_pages() {
    set_refused(true);
}

/// Lets the allocator have huge pages for what it takes from now on.
pub(crate) fn allow_huge_pages() {
    set_refused(false);
}

#[cfg(target_os = "linux")]
fn set_refused(refused: bool) {
    // It is a matter of speed only, and not every system has them.
    let _ = rustix::thread::disable_transparent_huge_pages(refused);
}

#[cfg(not(target_os = "linux"))]
fn set_refused(_: bool) {}
