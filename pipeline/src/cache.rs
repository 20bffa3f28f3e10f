//! What tasks gave, kept in memory between the builds of one process and on disk between processes.
//!
//! ```text
//! <folder>/CACHEDIR.TAG
//! <folder>/v2/<task>/<first two digits of the key>/<key>       one entry, see `entry`
//! <folder>/v2/packs/<hash>                                      many small ones, see `pack`
//! ```
//!
//! Invariants, held by tests:
//! - Damage costs time, never wrong bytes: an entry that is torn, altered or under another key's name is a miss.
//! - No lock is held while a task computes, and processes that share a folder need none: a file is immutable, appears by
//!   rename and disappears by unlink, so a reader sees all of it or nothing.
//! - A cache that cannot be used or written never fails a build; it says so once.

#![allow(clippy::disallowed_methods, reason = "the cache is one of the engine's windows on the file system")]

mod entry;
mod file;
mod folder;
mod memory;
mod pack;

pub use folder::{Collected, Stats, Usage, Verified, clear, gc, stats, verify};

use crate::diagnostic::Diagnostic;
use crate::key::Key;
use crate::task::Task;
use memory::Memory;
use pack::Packs;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

/// Builds for which a value stays in memory: an edit and its undoing cost one build.
const PATIENCE: u64 = 1;

/// The same for small values, of which a chunk has thousands: they are asked for only when something in the chunk is edited.
const LONG_PATIENCE: u64 = 50;

/// How many entries a build writes into files of their own before it packs small ones: what an edit makes is less, and not worth a pack.
const UNPACKED: usize = 64;

/// The bytes from which an entry has a file of its own.
const LARGE: usize = 32 << 10;

/// The memory and disk cache of one session.
pub struct Cache {
    folder: Option<Folder>,
    writable: AtomicBool,
    /// A build of the session was good.
    has_built: AtomicBool,
    has_grown: AtomicBool,
    /// Entries that this build wrote.
    written: AtomicUsize,
    damaged: AtomicUsize,
    memory: Option<Memory>,
    warnings: Mutex<Vec<Diagnostic>>,
}

struct Folder {
    path: PathBuf,
    /// Opened when one is asked for: who finds that nothing changed needs none.
    packs: OnceLock<Packs>,
}

impl Folder {
    /// An entry's own file.
    fn file(&self, task: Task, key: &Key) -> PathBuf {
        entry::path(&self.path, task.name, key)
    }
}

impl Cache {
    /// A cache on disk, in memory, both or neither. A folder that cannot be made leaves the cache without one and a warning.
    pub fn new(folder: Option<PathBuf>, keep_in_memory: bool) -> Self {
        let mut warnings = Vec::new();
        let folder = folder.filter(|folder| match folder::prepare(folder) {
            Ok(()) => true,
            Err(error) => {
                let message =
                    format!("cannot use the cache folder `{}`: {}", folder.display(), crate::emit::reason(&error));
                warnings.push(Diagnostic::warning("cache-unusable", message));
                false
            }
        });
        let folder = folder.map(|path| Folder { path, packs: OnceLock::new() });
        Self {
            folder,
            writable: AtomicBool::new(true),
            has_built: AtomicBool::new(false),
            has_grown: AtomicBool::new(false),
            written: AtomicUsize::new(0),
            damaged: AtomicUsize::new(0),
            memory: keep_in_memory.then(Memory::default),
            warnings: Mutex::new(warnings),
        }
    }

    /// Whether values are kept in memory.
    pub(crate) fn keeps(&self) -> bool {
        self.memory.is_some()
    }

    /// Whether what is built now differs by an edit from a good build whose values are in memory.
    pub(crate) fn is_edited(&self) -> bool {
        self.keeps() && self.has_built.load(Ordering::Relaxed)
    }

    /// The value kept in memory for a key.
    pub fn memory_get<T: Send + Sync + 'static>(&self, key: &Key) -> Option<Arc<T>> {
        self.memory.as_ref()?.get(key)
    }

    /// Keeps a value in memory, if this cache does that.
    pub fn memory_put<T: Send + Sync + 'static>(&self, key: &Key, value: &Arc<T>) {
        if let Some(memory) = &self.memory {
            memory.put(key, value.clone(), PATIENCE);
        }
    }

    /// The same for a small value that many builds may not ask for.
    pub(crate) fn memory_put_small<T: Send + Sync + 'static>(&self, key: &Key, value: &Arc<T>) {
        if let Some(memory) = &self.memory {
            memory.put(key, value.clone(), LONG_PATIENCE);
        }
    }

    /// Ends a build: what was not used for too long is dropped from memory.
    pub fn sweep(&self, is_good: bool) {
        self.has_built.fetch_or(is_good, Ordering::Relaxed);
        if let Some(memory) = &self.memory {
            memory.sweep();
        }
    }

    /// The value kept on disk for a key. A damaged entry is counted, removed with its file and a miss.
    pub fn disk_get<T: DeserializeOwned>(&self, task: Task, key: &Key) -> Option<T> {
        let folder = self.folder.as_ref()?;
        let packs = self.packs(folder);
        let Some((bytes, pack)) = packs.get(key) else { return self.disk_get_latest(task, key) };
        self.decode(key, &bytes, pack.as_deref()).or_else(|| {
            packs.forget(key);
            None
        })
    }

    /// The same for a key that does not say what the value is: the one that was kept last.
    pub(crate) fn disk_get_latest<T: DeserializeOwned>(&self, task: Task, key: &Key) -> Option<T> {
        let path = self.folder.as_ref()?.file(task, key);
        self.decode(key, &entry::read(&path)?, Some(&path))
    }

    /// The value in an entry, which is in a file unless it is not written yet.
    fn decode<T: DeserializeOwned>(&self, key: &Key, bytes: &[u8], file: Option<&Path>) -> Option<T> {
        let value = entry::payload(key, bytes).and_then(|payload| postcard::from_bytes(payload).ok());
        if value.is_none() {
            self.damaged.fetch_add(1, Ordering::Relaxed);
            // If it cannot be removed, it will be found damaged again.
            file.map(std::fs::remove_file);
        }
        value
    }

    /// Keeps a value on disk. The first failure ends all writing, with a warning. The last ones of a build may be written when it ends.
    pub fn disk_put<T: Serialize>(&self, task: Task, key: &Key, value: &T) {
        self.write(|folder| {
            let bytes = entry::encode(key, value)?;
            if self.written.fetch_add(1, Ordering::Relaxed) < UNPACKED || bytes.len() >= LARGE {
                return file::write(&folder.file(task, key), &[&bytes]);
            }
            self.packs(folder).put(task.name, key, &bytes)
        });
    }

    /// The same for a key that does not say what the value is: it takes the place of the one before.
    pub(crate) fn disk_put_latest<T: Serialize>(&self, task: Task, key: &Key, value: &T) {
        self.write(|folder| file::write(&folder.file(task, key), &[&entry::encode(key, value)?]));
    }

    fn packs<'a>(&self, folder: &'a Folder) -> &'a Packs {
        folder.packs.get_or_init(|| {
            let (packs, damaged) = Packs::open(&folder.path);
            self.damaged.fetch_add(damaged, Ordering::Relaxed);
            packs
        })
    }

    /// Writes what is left of a build's values.
    pub fn flush(&self) {
        if self.written.swap(0, Ordering::Relaxed) > UNPACKED {
            self.write(|folder| self.packs(folder).flush());
        }
    }

    fn write(&self, write: impl FnOnce(&Folder) -> io::Result<()>) {
        let Some(folder) = &self.folder else { return };
        if !self.writable.load(Ordering::Relaxed) {
            return;
        }
        self.has_grown.store(true, Ordering::Relaxed);
        if let Err(error) = write(folder)
            && self.writable.swap(false, Ordering::Relaxed)
        {
            self.warn_unwritable(&folder.path, &error);
        }
    }

    /// Whether anything was put on disk.
    pub(crate) fn has_grown(&self) -> bool {
        self.has_grown.load(Ordering::Relaxed)
    }

    fn warn_unwritable(&self, folder: &Path, error: &io::Error) {
        let message =
            format!("cannot write to the cache folder `{}`: {}", folder.display(), crate::emit::reason(error));
        let warning = Diagnostic::warning("cache-unwritable", message)
            .help("the build is complete, but the next one will not be able to reuse all of it");
        self.warnings.lock().expect("nothing panics under this lock").push(warning);
    }

    /// How many damaged entries were met since the last [`Self::take_warnings`].
    pub fn damaged(&self) -> usize {
        self.damaged.load(Ordering::Relaxed)
    }

    /// What there is to say about the cache since the last call.
    pub fn take_warnings(&self) -> Vec<Diagnostic> {
        let mut warnings = std::mem::take(&mut *self.warnings.lock().expect("nothing panics under this lock"));
        let damaged = self.damaged.swap(0, Ordering::Relaxed);
        if damaged > 0 {
            let entries =
                if damaged == 1 { "1 entry of the cache was" } else { &format!("{damaged} entries of the cache were") };
            let message = format!("{entries} damaged and had to be made again");
            warnings.push(Diagnostic::warning("cache-damaged", message));
        }
        warnings
    }
}
