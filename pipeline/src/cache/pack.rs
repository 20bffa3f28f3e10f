//! Many small entries in one file: a build of 10,000 modules writes 70 files in place of 10,060, which took as long as all else it did.
//!
//! ```text
//! length of the index     4 bytes, little endian
//! index                   in postcard's format
//! entries                 one after the other, each with its hash in front
//! ```
//!
//! A pack is named by the hash of its index. Like an entry of its own file it is immutable, and is removed as a whole: if it is damaged, or if it
//! was not used for the longest time.

use super::entry::{self, note_use};
use crate::key::Key;
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

/// The folder of packs, among those of tasks.
pub(super) const FOLDER: &str = "packs";

/// The bytes at which a pack is written. What is used keeps all of its pack, so packs are not to be large.
const FULL: usize = 4 << 20;

/// What a pack holds, in its order.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Index {
    tasks: Vec<String>,
    slots: Vec<Slot>,
}

#[derive(Serialize, Deserialize)]
struct Slot {
    key: Key,
    /// Position of its task's name.
    task: u32,
    length: u32,
}

impl Index {
    /// The index of a pack and the position after it. The error has the kind [`io::ErrorKind::InvalidData`] if it is damaged.
    pub(super) fn read(path: &Path) -> io::Result<(Self, u64)> {
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        Self::parse(file, size, entry::key_of(path)).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    fn parse(mut file: File, size: u64, name: Option<Key>) -> Option<(Self, u64)> {
        let mut length = [0; 4];
        file.read_exact(&mut length).ok()?;
        let length = u64::from(u32::from_le_bytes(length));
        let (start, mut bytes) = (4 + length, Vec::new());
        file.take(length).read_to_end(&mut bytes).ok()?;
        let is_sound = name == Some(Key::of_bytes(&bytes));
        let index: Self = is_sound.then(|| postcard::from_bytes(&bytes).ok()).flatten()?;
        let end = index.entries(start).last()?.2.end;
        (end == size).then_some((index, start))
    }

    /// Every entry: its task, its key and its place in a pack whose entries begin there.
    pub(super) fn entries(&self, start: u64) -> impl Iterator<Item = (&str, &Key, Range<u64>)> {
        let mut end = start;
        self.slots.iter().map(move |slot| {
            let begin = end;
            end += u64::from(slot.length);
            (self.tasks.get(slot.task as usize).map_or("", String::as_str), &slot.key, begin..end)
        })
    }
}

/// The packs of a cache folder, as one process sees them: those that were there, and what it adds.
pub(super) struct Packs {
    folder: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    places: FxHashMap<Key, Place>,
    /// What is to be written.
    index: Index,
    bytes: Vec<u8>,
}

enum Place {
    /// In what is to be written.
    Here(Range<usize>),
    There(Arc<Pack>, Range<u64>),
}

struct Pack {
    path: PathBuf,
    /// None if it cannot be opened any more.
    file: OnceLock<Option<File>>,
}

impl Pack {
    /// The bytes at a place, as far as they can be read.
    fn read(&self, place: &Range<u64>) -> Option<Vec<u8>> {
        let file = self.file.get_or_init(|| {
            let file = File::open(&self.path).ok()?;
            note_use(&file, &file.metadata().ok()?);
            Some(file)
        });
        let mut bytes = vec![0; (place.end - place.start) as usize];
        let read = read_at(file.as_ref()?, &mut bytes, place.start);
        // What is damaged is found out by its hash.
        Some(if read.is_ok() { bytes } else { Vec::new() })
    }
}

#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8], position: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, position)
}

#[cfg(windows)]
fn read_at(file: &File, mut bytes: &mut [u8], mut position: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let read = std::os::windows::fs::FileExt::seek_read(file, bytes, position)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        (bytes, position) = (&mut bytes[read..], position + read as u64);
    }
    Ok(())
}

impl Packs {
    /// Those in a cache folder. Damaged ones are counted and removed.
    pub(super) fn open(folder: &Path, damaged: &mut usize) -> Self {
        let folder = folder.join(entry::VERSION).join(FOLDER);
        let paths: Vec<PathBuf> = super::folder::packs_in(&folder).unwrap_or_default();
        let indexes: Vec<_> = paths.par_iter().map(|path| Index::read(path)).collect();
        let mut state = State::default();
        for (path, index) in paths.into_iter().zip(indexes) {
            match index {
                Ok((index, start)) => state.add(path, &index, start),
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    *damaged += 1;
                    // If it cannot be removed, it is found damaged again.
                    let _ = std::fs::remove_file(path);
                }
                // Another process removed it.
                Err(_) => {}
            }
        }
        Self { folder, state: Mutex::new(state) }
    }

    /// An entry's bytes, and the pack that they are from if that is written.
    pub(super) fn get(&self, key: &Key) -> Option<(Vec<u8>, Option<PathBuf>)> {
        let (pack, place) = {
            let state = self.state.lock().expect("nothing panics under this lock");
            match state.places.get(key)? {
                Place::Here(place) => return Some((state.bytes[place.clone()].to_vec(), None)),
                Place::There(pack, place) => (Arc::clone(pack), place.clone()),
            }
        };
        Some((pack.read(&place)?, Some(pack.path.clone())))
    }

    /// An entry that was found damaged is not there.
    pub(super) fn forget(&self, key: &Key) {
        self.state.lock().expect("nothing panics under this lock").places.remove(key);
    }

    /// Adds an entry. Writes a pack if there is enough for one.
    pub(super) fn put(&self, task: &'static str, key: &Key, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.state.lock().expect("nothing panics under this lock");
        let begin = state.bytes.len();
        state.bytes.extend_from_slice(bytes);
        let place = begin..state.bytes.len();
        let tasks = &mut state.index.tasks;
        let number = tasks.iter().position(|name| name == task).unwrap_or_else(|| {
            tasks.push(task.to_owned());
            tasks.len() - 1
        });
        state.index.slots.push(Slot { key: *key, task: number as u32, length: bytes.len() as u32 });
        state.places.insert(*key, Place::Here(place));
        if state.bytes.len() < FULL { Ok(()) } else { state.write(&self.folder) }
    }

    /// Writes what is left.
    pub(super) fn flush(&self) -> io::Result<()> {
        self.state.lock().expect("nothing panics under this lock").write(&self.folder)
    }
}

impl State {
    fn add(&mut self, path: PathBuf, index: &Index, start: u64) {
        let pack = Arc::new(Pack { path, file: OnceLock::new() });
        let places = index.entries(start).map(|(_, key, place)| (*key, Place::There(Arc::clone(&pack), place)));
        self.places.extend(places);
    }

    fn write(&mut self, folder: &Path) -> io::Result<()> {
        if self.bytes.is_empty() {
            return Ok(());
        }
        let (index, bytes) = (std::mem::take(&mut self.index), std::mem::take(&mut self.bytes));
        let encoded = postcard::to_stdvec(&index).map_err(io::Error::other)?;
        let path = folder.join(Key::of_bytes(&encoded).to_hex());
        let length = (encoded.len() as u32).to_le_bytes();
        let written = entry::write(&path, &[&length, &encoded, &bytes]);
        // What could not be written is not kept in memory either.
        self.add(path, &index, 4 + encoded.len() as u64);
        written
    }
}
