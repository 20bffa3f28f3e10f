//! The cache folder as a whole: how large it is, whether it is sound, and how it is made smaller.
//!
//! Invariant: only files whose names and places are those of entries and packs are read or removed, whatever else lies in the folder.

use super::entry::payload;
use super::file::{UNFINISHED, VERSION, key_of, paths_in};
use super::pack::{self, Index};
use crate::key::Key;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::ops::Range;
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
    for file in list(folder)?.files {
        stats.total.bytes += file.bytes;
        for entry in file.entries() {
            let usage = stats.by_task.entry(entry.task).or_default();
            usage.count += 1;
            usage.bytes += entry.place.map_or(file.bytes, |place| place.len() as u64);
            stats.total.count += 1;
        }
    }
    Ok(stats)
}

/// What [`verify`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Verified {
    /// Entries that were read.
    pub checked: u64,
    /// Files with damaged ones, which are removed now; sorted.
    pub bad: Vec<PathBuf>,
}

/// Reads every entry of a cache folder and removes the damaged ones.
pub fn verify(folder: &Path) -> io::Result<Verified> {
    let verified =
        list(folder)?.files.par_iter().map(verify_file).collect::<io::Result<Vec<(u64, Option<PathBuf>)>>>()?;
    let checked = verified.iter().map(|(checked, _)| checked).sum();
    Ok(Verified { checked, bad: verified.into_iter().filter_map(|(_, bad)| bad).collect() })
}

/// The number of a file's entries, and its path if any of them was damaged.
fn verify_file(file: &Stored) -> io::Result<(u64, Option<PathBuf>)> {
    // Before its bytes: a pack that disappears meanwhile is not damaged.
    let entries = file.entries();
    let bytes = match fs::read(&file.path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((0, None)),
        Err(error) => return Err(error),
    };
    let is_sound = |entry: &Entry| {
        let bytes = entry.place.clone().map_or(Some(&*bytes), |place| bytes.get(place));
        bytes.is_some_and(|bytes| payload(&entry.key, bytes).is_some())
    };
    let checked = entries.len().max(1) as u64;
    if !entries.is_empty() && entries.iter().all(is_sound) {
        return Ok((checked, None));
    }
    remove(&file.path)?;
    Ok((checked, Some(file.path.clone())))
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

/// Keeps the most recently used files of those that fit into `max_bytes`, and removes the others and what dead processes left half written.
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
    found.files.sort_by(|a, b| (b.used, &b.path).cmp(&(a.used, &a.path)));
    let mut collected = Collected::default();
    for file in found.files {
        if collected.kept_bytes + file.bytes <= max_bytes {
            collected.kept_bytes += file.bytes;
            continue;
        }
        collected.removed += file.entries().len() as u64;
        remove(&file.path)?;
        collected.freed += file.bytes;
    }
    Ok(collected)
}

/// Removes every entry, the folders that are empty then, and the tag. What Planish did not write stays.
pub fn clear(folder: &Path) -> io::Result<()> {
    let found = list(folder)?;
    let unfinished = found.unfinished.into_iter().map(|(path, _)| path);
    for path in found.files.into_iter().map(|file| file.path).chain(unfinished) {
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

/// A file of the cache.
struct Stored {
    kind: Kind,
    path: PathBuf,
    bytes: u64,
    used: SystemTime,
}

enum Kind {
    /// One entry.
    Entry { task: String, key: Key },
    /// Many.
    Pack,
}

/// An entry, and where in its file it is.
struct Entry {
    task: String,
    key: Key,
    /// None if it is all of it.
    place: Option<Range<usize>>,
}

impl Stored {
    /// Its entries; none if it is a pack that is damaged, or gone.
    fn entries(&self) -> Vec<Entry> {
        match &self.kind {
            Kind::Entry { task, key } => vec![Entry { task: task.clone(), key: *key, place: None }],
            Kind::Pack => {
                let Ok((index, start)) = Index::read(&self.path) else { return Vec::new() };
                let entry = |(task, key, place): (&str, &Key, Range<u64>)| Entry {
                    task: task.to_owned(),
                    key: *key,
                    place: Some(place.start as usize..place.end as usize),
                };
                index.entries(start).map(entry).collect()
            }
        }
    }
}

#[derive(Default)]
struct Listing {
    /// Sorted by path.
    files: Vec<Stored>,
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
    for folder in folders_in(&version)? {
        listing.folders.push(folder.clone());
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name == pack::FOLDER {
            listing.add(&folder, |_| Kind::Pack)?;
            continue;
        }
        for shard in folders_in(&folder)? {
            listing.folders.push(shard.clone());
            listing.add(&shard, |key| Kind::Entry { task: name.clone(), key })?;
        }
    }
    Ok(listing)
}

impl Listing {
    /// Adds the files of a folder that have the name of a key.
    fn add(&mut self, folder: &Path, kind: impl Fn(Key) -> Kind) -> io::Result<()> {
        for path in paths_in(folder)? {
            // A file may disappear while it is looked at.
            let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
            if !metadata.is_file() {
                continue;
            }
            let used = metadata.modified()?;
            if let Some(key) = key_of(&path) {
                self.files.push(Stored { kind: kind(key), bytes: metadata.len(), used, path });
            } else if path.to_string_lossy().ends_with(UNFINISHED) {
                self.unfinished.push((path, used));
            }
        }
        Ok(())
    }
}

/// Folders, not links to folders, in a folder; sorted.
fn folders_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let is_folder = |path: &PathBuf| fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir());
    Ok(paths_in(folder)?.into_iter().filter(is_folder).collect())
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
