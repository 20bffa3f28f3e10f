//! One entry on disk: 32 bytes of blake3, then the value in postcard's format.
//!
//! The hash is keyed with the entry's own key, so that it also detects a sound entry that lies under another entry's name.

use crate::key::Key;
use serde::Serialize;
use std::fs::{File, Metadata};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

/// The layout's folder. Another number for another layout or entry format: old and new versions of Planish can share a cache.
pub(super) const VERSION: &str = "v2";

/// What the name of an entry that is still being written ends with.
pub(super) const UNFINISHED: &str = ".tmp";

const HASH: usize = 32;

/// How old an entry's time of last use may become before a read renews it.
const USE_IS_NOTED_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// Where the entry of a key lies. The task's folder is for people and statistics: the key alone tells tasks apart.
pub(super) fn path(folder: &Path, task: &str, key: &Key) -> PathBuf {
    let task: String =
        task.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '-' }).collect();
    let hex = key.to_hex();
    folder.join(VERSION).join(task).join(&hex[..2]).join(hex)
}

/// An entry's bytes, or nothing if there is no such entry or it cannot be read.
pub(super) fn read(path: &Path) -> Option<Vec<u8>> {
    let mut file = File::open(path).ok()?;
    let metadata = file.metadata().ok()?;
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).ok()?);
    file.read_to_end(&mut bytes).ok()?;
    note_use(&file, &metadata);
    Some(bytes)
}

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

/// The value's bytes within an entry's, if they are what was written for this key.
pub(super) fn payload<'a>(key: &Key, entry: &'a [u8]) -> Option<&'a [u8]> {
    let (hash, payload) = entry.split_first_chunk::<HASH>()?;
    (blake3::keyed_hash(key.as_bytes(), payload) == *hash).then_some(payload)
}

/// The bytes of an entry.
pub(super) fn encode<T: Serialize>(key: &Key, value: &T) -> io::Result<Vec<u8>> {
    let mut entry = vec![0; HASH];
    postcard::to_io(value, &mut entry).map_err(io::Error::other)?;
    let (hash, payload) = entry.split_at_mut(HASH);
    hash.copy_from_slice(blake3::keyed_hash(key.as_bytes(), payload).as_bytes());
    Ok(entry)
}

/// Writes a file of the cache, made of parts, under another name and renames it.
///
/// Nothing is flushed to the disk: after a loss of power a file may be torn or empty, which its hashes tell, and costs its tasks.
/// Flushing would cost every first build about a second for each 1,000 entries (ext4, two cores).
pub(super) fn write(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let folder = path.parent().expect("an entry's path has a folder");
    let unfinished = folder.join(unfinished_name());
    // The folder may be absent, or another process may be clearing the cache.
    for _ in 0..3 {
        match write_new(&unfinished, parts).and_then(|()| std::fs::rename(&unfinished, path)) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => std::fs::create_dir_all(folder)?,
            Err(error) => {
                let _ = std::fs::remove_file(&unfinished);
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
