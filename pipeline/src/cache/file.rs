//! A file of the cache, be it an [entry](super::entry) or a [pack](super::pack): how it appears, what its name says and when it was used last.

use crate::key::Key;
use std::fs::{self, File, Metadata};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

/// The layout's folder. Another number for another layout or entry format: old and new versions of Planish can share a cache.
pub(super) const VERSION: &str = "v2";

/// What the name of a file that is still being written ends with.
pub(super) const UNFINISHED: &str = ".tmp";

/// How old a file's time of last use may become before a read renews it.
const USE_IS_NOTED_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// Notes that a file of the cache is in use.
///
/// The time of modification is the time of last use, by which [`super::gc`] chooses. It is renewed at most once a day, so that
/// a build that reuses everything hardly writes.
pub(super) fn note_use(file: &File, metadata: &Metadata) {
    let now = SystemTime::now();
    // A time in the future is wrong, and renewed as well.
    let is_recent = |used: SystemTime| now.duration_since(used).is_ok_and(|age| age < USE_IS_NOTED_AFTER);
    if !metadata.modified().is_ok_and(is_recent) {
        // A cache that may only be read is a good cache.
        let _ = file.set_modified(now);
    }
}

/// Writes a file of the cache, made of parts, under another name and renames it.
///
/// Nothing is flushed to the disk: after a loss of power a file may be torn or empty, which its hashes tell, and costs its tasks.
/// Flushing would cost every first build about a second for each 1,000 entries (ext4, two cores).
pub(super) fn write(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let folder = path.parent().expect("it lies in the cache folder");
    let unfinished = folder.join(unfinished_name());
    // The folder may be absent, or another process may be clearing the cache.
    for _ in 0..3 {
        match write_new(&unfinished, parts).and_then(|()| fs::rename(&unfinished, path)) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => fs::create_dir_all(folder)?,
            Err(error) => {
                let _ = fs::remove_file(&unfinished);
                return Err(error);
            }
        }
    }
    Err(io::ErrorKind::NotFound.into())
}

fn write_new(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let mut file = File::create(path)?;
    parts.iter().try_for_each(|part| file.write_all(part))
}

/// A name that no other thread, process or machine uses, and that no key has. A process number would not do: containers
/// that share a cache tend to have the same one.
fn unfinished_name() -> String {
    static PROCESS: LazyLock<u64> = LazyLock::new(|| RandomState::new().build_hasher().finish());
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("{:016x}-{}{UNFINISHED}", *PROCESS, COUNT.fetch_add(1, Ordering::Relaxed))
}

/// The key that a file's name spells.
pub(super) fn key_of(path: &Path) -> Option<Key> {
    Key::from_hex(path.file_name()?.to_str()?)
}

/// What is in a folder, sorted; nothing if it is not there.
pub(super) fn paths_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = match fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<PathBuf>>>()?,
        // Another process is clearing the cache.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    paths.sort();
    Ok(paths)
}
