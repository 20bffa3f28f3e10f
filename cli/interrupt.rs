//! What happens when the user or the system wants the process to stop: unfinished files are removed, and it exits at once.
//!
//! An output folder needs nothing more: a release that is being put in place is finished first, which takes milliseconds.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Folders in which this process may have unfinished files.
static FOLDERS: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A signal came and the process is about to exit.
static CAME: AtomicBool = AtomicBool::new(false);

/// How unfinished files and folders are called, before the number of the process.
const UNFINISHED: &str = ".planish-tmp.";

/// Calls `exit` with the signal's number when one comes, after cleaning up.
#[cfg(unix)]
pub(crate) fn install(exit: impl Fn(i32) + Send + 'static) -> std::io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        if let Some(signal) = signals.forever().next() {
            CAME.store(true, Ordering::SeqCst);
            let _paused = planish_pipeline::emit::pause();
            clean_up();
            exit(signal);
        }
    })?;
    Ok(())
}

/// Calls `exit` with the number that Ctrl-C has on Unix when it is pressed, after cleaning up.
#[cfg(not(unix))]
pub(crate) fn install(exit: impl Fn(i32) + Send + 'static) -> std::io::Result<()> {
    const SIGINT: i32 = 2;
    let handler = move || {
        CAME.store(true, Ordering::SeqCst);
        let _paused = planish_pipeline::emit::pause();
        clean_up();
        exit(SIGINT);
    };
    ctrlc::set_handler(handler).map_err(std::io::Error::other)
}

/// Unfinished files in this folder are removed if a signal comes.
pub(crate) fn protect(folder: &Path) {
    if let Ok(mut folders) = FOLDERS.lock()
        && !folders.iter().any(|known| known == folder)
    {
        folders.push(folder.to_owned());
    }
}

/// Leaves the exit to the signal's thread if there was a signal: what the removal of its files looks like to a build, such as a
/// failed write, is not how the process should end.
pub(crate) fn wait_if_it_came() {
    if CAME.load(Ordering::SeqCst) {
        std::thread::sleep(Duration::from_secs(5));
    }
}

/// Whether a signal came.
pub(crate) fn came() -> bool {
    CAME.load(Ordering::SeqCst)
}

fn clean_up() {
    let folders = FOLDERS.lock().map(|folders| folders.clone()).unwrap_or_default();
    let name = format!("{UNFINISHED}{}", std::process::id());
    for folder in folders {
        // A folder that a build writes to meanwhile can fill again while it is emptied.
        for _ in 0..5 {
            if !remove_unfinished(&folder, &name) {
                break;
            }
        }
    }
}

/// Whether anything was found. Files that are written one by one are unfinished beside their places, hence the depth.
fn remove_unfinished(folder: &Path, name: &str) -> bool {
    let is_ours = |entry: &walkdir::DirEntry| {
        let found = entry.file_name().to_string_lossy();
        found.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let entries = walkdir::WalkDir::new(folder).min_depth(1).max_depth(3).into_iter().flatten().filter(is_ours);
    let found: Vec<PathBuf> = entries.map(walkdir::DirEntry::into_path).collect();
    let gone = format!("{name}.gone");
    for path in &found {
        if path.is_dir() {
            // Under another name, no thread that still writes fills it again.
            let renamed = path.with_file_name(&gone);
            let _ = std::fs::remove_dir_all(if std::fs::rename(path, &renamed).is_ok() { &renamed } else { path });
        } else {
            let _ = std::fs::remove_file(path);
        }
    }
    !found.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn only_this_process_s_unfinished_files_are_removed() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at(".planish-tmp.7/assets")).expect("writable");
        for name in [".planish-tmp.7/assets/a.js", ".planish-tmp.7.3", ".planish-tmp.77", "a.js"] {
            fs::write(at(name), "").expect("writable");
        }
        assert!(remove_unfinished(folder.path(), ".planish-tmp.7"));
        assert!(!remove_unfinished(folder.path(), ".planish-tmp.7"));
        let mut left: Vec<_> =
            fs::read_dir(folder.path()).expect("readable").flatten().map(|entry| entry.file_name()).collect();
        left.sort();
        assert_eq!(left, [".planish-tmp.77", "a.js"]);
    }
}
