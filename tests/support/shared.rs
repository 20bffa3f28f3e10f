//! What is too slow to be made anew by every test: the storefront's images, kept between tests in a folder below `target`.

use super::{Run, Site, copy, node, repository};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// The storefront in a folder of its own with a finished build, and what the build said as JSON.
///
/// The first test that asks waits for a cold build, with two threads; the others find all of it in the cache.
pub(crate) fn storefront() -> (Site, Run) {
    let site = Site::copy_of("storefront");
    let cache = cache();
    let _lock = lock("storefront");
    let arguments = ["build", "--json", "--cache-dir", cache.to_str().expect("the path is UTF-8")];
    let mut command = site.command(&arguments);
    command.env("RAYON_NUM_THREADS", "4");
    let run = super::run(command).good();
    (site, run)
}

/// The storefront with the middles of its photographs, which builds in about a second.
pub(crate) fn small_storefront() -> Site {
    let site = Site::copy_of("storefront");
    let photos = small_photos();
    copy(&photos, &site.path("src/photos"));
    site
}

fn small_photos() -> PathBuf {
    let photos = folder().join("photos-240x160");
    let _lock = lock("photos");
    if !photos.exists() {
        let unfinished = folder().join("photos-unfinished");
        let _ = fs::remove_dir_all(&unfinished);
        copy(&repository("fixtures/storefront/src/photos"), &unfinished);
        node("tests/support/crop.mjs", &[&unfinished.to_string_lossy(), "240", "160"]).good();
        fs::rename(&unfinished, &photos).expect("both are in one folder");
    }
    photos
}

/// A cache folder for this very binary: another one may compute other values for the same keys while it is being worked on.
pub(crate) fn cache() -> PathBuf {
    let binary = fs::metadata(env!("CARGO_BIN_EXE_planish")).expect("the binary is built");
    let time = binary.modified().expect("it has a time").duration_since(UNIX_EPOCH).expect("after 1970");
    let name = format!("cache-{}-{}", binary.len(), time.as_nanos());
    let _lock = lock("caches");
    if !folder().join(&name).exists() {
        let outdated = fs::read_dir(folder()).expect("readable").flatten();
        for entry in outdated.filter(|entry| entry.file_name().to_string_lossy().starts_with("cache-")) {
            let _ = fs::remove_dir_all(entry.path());
        }
        fs::create_dir(folder().join(&name)).expect("writable");
    }
    folder().join(name)
}

fn folder() -> &'static Path {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    fs::create_dir_all(folder).expect("the target folder is writable");
    folder
}

/// Waits until no other test, which may be another process, holds it.
fn lock(name: &str) -> File {
    let file = File::create(folder().join(format!("{name}.lock"))).expect("the target folder is writable");
    file.lock().expect("the file system has locks");
    file
}
