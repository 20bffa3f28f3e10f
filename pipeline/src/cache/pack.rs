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

use super::file::{self, note_use};
use crate::key::Key;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

/// The folder of packs, among those of tasks.
pub(super) const FOLDER: &str = "packs";

/// The bytes at which a pack is written. What is used keeps all of its pack, so packs are not to be large.
const FULL: usize = 4 << 20;

/// How many packs a process keeps open: systems limit that to some hundred files.
const OPEN: usize = 32;

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
        let mut file = File::open(path)?;
        let size = file.metadata()?.len();
        let mut bytes = Vec::new();
        Read::by_ref(&mut file).take(4).read_to_end(&mut bytes)?;
        let length = bytes.try_into().map_or(0, u32::from_le_bytes);
        let (start, mut bytes) = (4 + u64::from(length), Vec::new());
        file.take(length.into()).read_to_end(&mut bytes)?;
        let is_sound = file::key_of(path) == Some(Key::of_bytes(&bytes));
        let index: Option<Self> = is_sound.then(|| postcard::from_bytes(&bytes).ok()).flatten();
        let is_whole = |index: &Self| index.entries(start).last().is_some_and(|(.., place)| place.end == size);
        let index = index.filter(is_whole).ok_or(io::ErrorKind::InvalidData)?;
        Ok((index, start))
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
    /// How many more may stay open.
    room: AtomicUsize,
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
    /// See [`OPEN`].
    file: OnceLock<File>,
}

impl Pack {
    /// The bytes at a place. `room` is for how many more packs to stay open.
    fn read(&self, place: &Range<u64>, room: &AtomicUsize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; (place.end - place.start) as usize];
        if let Some(file) = self.file.get() {
            read_at(file, &mut bytes, place.start)?;
            return Ok(bytes);
        }
        let file = File::open(&self.path)?;
        note_use(&file, &file.metadata()?);
        read_at(&file, &mut bytes, place.start)?;
        if room.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |room| room.checked_sub(1)).is_ok() {
            // Another thread may have opened it meanwhile.
            let _ = self.file.set(file);
        }
        Ok(bytes)
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
    /// Those in a cache folder, and how many were damaged, and are removed. Not on all cores: a thread that waits for others may be given
    /// work that asks for packs.
    pub(super) fn open(folder: &Path) -> (Self, usize) {
        let folder = folder.join(file::VERSION).join(FOLDER);
        let (mut state, mut damaged) = (State::default(), 0);
        let paths = file::paths_in(&folder).unwrap_or_default();
        for path in paths.into_iter().filter(|path| file::key_of(path).is_some()) {
            match Index::read(&path) {
                Ok((index, start)) => state.add(path, &index, start),
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    damaged += 1;
                    // If it cannot be removed, it will be found damaged again.
                    let _ = std::fs::remove_file(path);
                }
                // Another process removed it.
                Err(_) => {}
            }
        }
        (Self { folder, room: AtomicUsize::new(OPEN), state: Mutex::new(state) }, damaged)
    }

    /// An entry's bytes, and the pack that they are from if that is written. They are none if the pack is too short.
    pub(super) fn get(&self, key: &Key) -> Option<(Vec<u8>, Option<PathBuf>)> {
        let (pack, place) = {
            let state = self.state.lock().expect("nothing panics under this lock");
            match state.places.get(key)? {
                Place::Here(place) => return Some((state.bytes[place.clone()].to_vec(), None)),
                Place::There(pack, place) => (Arc::clone(pack), place.clone()),
            }
        };
        let bytes = match pack.read(&place, &self.room) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Vec::new(),
            Err(_) => return None,
        };
        Some((bytes, Some(pack.path.clone())))
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
        self.places.reserve(index.slots.len());
        let places = index.entries(start).map(|(_, key, place)| (*key, Place::There(Arc::clone(&pack), place)));
        self.places.extend(places);
    }

    fn write(&mut self, folder: &Path) -> io::Result<()> {
        if self.bytes.is_empty() {
            return Ok(());
        }
        let (index, bytes) = (std::mem::take(&mut self.index), std::mem::take(&mut self.bytes));
        let encoded = postcard::to_stdvec(&index).expect("an index is plain data");
        let path = folder.join(Key::of_bytes(&encoded).to_hex());
        let length = (encoded.len() as u32).to_le_bytes();
        let written = file::write(&path, &[&length, &encoded, &bytes]);
        // What could not be written is not kept in memory either.
        self.add(path, &index, 4 + encoded.len() as u64);
        written
    }
}
