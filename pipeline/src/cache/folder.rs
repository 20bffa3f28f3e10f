//! The cache folder as a whole: how large it is, whether it is sound, and how it is made smaller.
//!
//! Invariant: only files whose names and places are those of entries are read or removed, whatever else lies in the folder.

use super::entry::{UNFINISHED, VERSION, key_of, payload};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Marks the folder for backup programs, which then leave it out: <https://bford.info/cachedir/>.
const TAG: &str = "CACHEDIR.TAG";
const TAG_TEXT: &str = "Signature: 8a477f597d28d172789f06886806bc55
# This file is a cache directory tag created by planish.
# For information about cache directory tags see https://bford.info/cachedir/
";

/// No entry takes this long to write: what is older was left by a process that died.
const ABANDONED_AFTER: Duration = Duration::from_secs(60 * 60);

/// Makes the folder and marks it. A folder that exists may be read-only.
pub(super) fn prepare(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder.join(VERSION))?;
    let tag = folder.join(TAG);
    if !tag.exists() {
        // The tag is a courtesy to other programs; a cache without it works.
        let _ = fs::write(tag, TAG_TEXT);
    }
    Ok(())
}

/// A number of entries and their size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Usage {
    /// Entries.
    pub count: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// What a cache folder holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Stats {
    /// By task name.
    pub by_task: BTreeMap<String, Usage>,
    /// All of them.
    pub total: Usage,
}

/// Counts the entries of a cache folder. A folder that does not exist holds none.
pub fn stats(folder: &Path) -> io::Result<Stats> {
    let mut stats = Stats::default();
    for entry in list(folder)?.entries {
        let task = stats.by_task.entry(entry.task).or_default();
        for usage in [task, &mut stats.total] {
            usage.count += 1;
            usage.bytes += entry.bytes;
        }
    }
    Ok(stats)
}

/// What [`verify`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Verified {
    /// Entries that were read.
    pub checked: u64,
    /// Those that were damaged, and are removed now; sorted.
    pub bad: Vec<PathBuf>,
}

/// Reads every entry of a cache folder and removes the damaged ones.
pub fn verify(folder: &Path) -> io::Result<Verified> {
    let entries = list(folder)?.entries;
    let bad = entries
        .par_iter()
        .filter_map(|entry| remove_if_bad(entry).transpose())
        .collect::<io::Result<Vec<PathBuf>>>()?;
    Ok(Verified { checked: entries.len() as u64, bad })
}

/// The path of an entry that was damaged.
fn remove_if_bad(entry: &Entry) -> io::Result<Option<PathBuf>> {
    let bytes = match fs::read(&entry.path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if payload(&entry.key, &bytes).is_some() {
        return Ok(None);
    }
    remove(&entry.path)?;
    Ok(Some(entry.path.clone()))
}

/// What [`gc`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Collected {
    /// Entries removed.
    pub removed: u64,
    /// Their bytes.
    pub freed: u64,
    /// Bytes of the entries that are left.
    pub kept_bytes: u64,
}

/// Removes the least recently used entries until the rest take at most `max_bytes`, and what dead processes left half written.
///
/// Builds may use the folder meanwhile: what they miss they compute again.
pub fn gc(folder: &Path, max_bytes: u64) -> io::Result<Collected> {
    let mut found = list(folder)?;
    let now = SystemTime::now();
    for (path, written) in found.unfinished {
        if now.duration_since(written).is_ok_and(|age| age > ABANDONED_AFTER) {
            remove(&path)?;
        }
    }
    found.entries.sort_by(|a, b| (a.used, &a.path).cmp(&(b.used, &b.path)));
    let mut collected =
        Collected { kept_bytes: found.entries.iter().map(|entry| entry.bytes).sum(), ..Collected::default() };
    for entry in found.entries {
        if collected.kept_bytes <= max_bytes {
            break;
        }
        remove(&entry.path)?;
        collected.removed += 1;
        collected.freed += entry.bytes;
        collected.kept_bytes -= entry.bytes;
    }
    Ok(collected)
}

/// Removes every entry, the folders that are empty then, and the tag. What Planish did not write stays.
pub fn clear(folder: &Path) -> io::Result<()> {
    let found = list(folder)?;
    let unfinished = found.unfinished.into_iter().map(|(path, _)| path);
    for path in found.entries.into_iter().map(|entry| entry.path).chain(unfinished) {
        remove(&path)?;
    }
    // Only empty folders can be removed like this; one that is not, or that a build just filled, stays.
    for folder in found.folders.iter().rev() {
        let _ = fs::remove_dir(folder);
    }
    let tag = folder.join(TAG);
    if fs::read(&tag).is_ok_and(|text| text == TAG_TEXT.as_bytes()) {
        remove(&tag)?;
    }
    Ok(())
}

struct Entry {
    task: String,
    key: [u8; 32],
    path: PathBuf,
    bytes: u64,
    used: SystemTime,
}

#[derive(Default)]
struct Listing {
    /// Sorted by path.
    entries: Vec<Entry>,
    /// With the time of the last write.
    unfinished: Vec<(PathBuf, SystemTime)>,
    /// Outer ones first.
    folders: Vec<PathBuf>,
}

fn list(folder: &Path) -> io::Result<Listing> {
    let mut listing = Listing::default();
    let version = folder.join(VERSION);
    if !version.is_dir() {
        return Ok(listing);
    }
    listing.folders.push(version.clone());
    for task in folders_in(&version)? {
        listing.folders.push(task.clone());
        for shard in folders_in(&task)? {
            listing.folders.push(shard.clone());
            list_shard(&task, &shard, &mut listing)?;
        }
    }
    Ok(listing)
}

fn list_shard(task: &Path, shard: &Path, listing: &mut Listing) -> io::Result<()> {
    for path in paths_in(shard)? {
        // An entry may disappear while it is looked at.
        let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if !metadata.is_file() {
            continue;
        }
        let used = metadata.modified()?;
        if let Some(key) = key_of(name) {
            let task = task.file_name().unwrap_or_default().to_string_lossy().into_owned();
            listing.entries.push(Entry { task, key, bytes: metadata.len(), used, path });
        } else if name.ends_with(UNFINISHED) {
            listing.unfinished.push((path, used));
        }
    }
    Ok(())
}

/// Folders, not links to folders, in a folder; sorted.
fn folders_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let is_folder = |path: &PathBuf| fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir());
    Ok(paths_in(folder)?.into_iter().filter(is_folder).collect())
}

fn paths_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = match fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<PathBuf>>>()?,
        // Another process is clearing the cache.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    paths.sort();
    Ok(paths)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
