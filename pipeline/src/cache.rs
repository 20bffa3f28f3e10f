//! What tasks gave, kept in memory between the builds of one process and on disk between processes.
//!
//! ```text
//! <folder>/CACHEDIR.TAG
//! <folder>/v2/<task>/<first two digits of the key>/<key>       one entry, see `entry`
//! ```
//!
//! Invariants, held by tests:
//! - Damage costs time, never wrong bytes: an entry that is torn, altered or under another key's name is a miss.
//! - No lock is held while a task computes, and processes that share a folder need none: an entry is immutable, appears by
//!   rename and disappears by unlink, so a reader sees all of it or nothing.
//! - A cache that cannot be used or written never fails a build; it says so once.

#![allow(clippy::disallowed_methods, reason = "the cache is one of the engine's windows on the file system")]

mod entry;
mod folder;
mod memory;

pub use folder::{Collected, Stats, Usage, Verified, clear, gc, stats, verify};

use crate::diagnostic::Diagnostic;
use crate::key::Key;
use crate::task::Task;
use memory::Memory;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Builds for which a value stays in memory: an edit and its undoing cost one build.
const PATIENCE: u64 = 1;

/// The same for small values, of which a chunk has thousands: they are asked for only when something in the chunk is edited.
const LONG_PATIENCE: u64 = 50;

/// The memory and disk cache of one session.
pub struct Cache {
    folder: Option<PathBuf>,
    writable: AtomicBool,
    /// A build of the session was good.
    has_built: AtomicBool,
    has_grown: AtomicBool,
    damaged: AtomicUsize,
    memory: Option<Memory>,
    warnings: Mutex<Vec<Diagnostic>>,
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
        Self {
            folder,
            writable: AtomicBool::new(true),
            has_built: AtomicBool::new(false),
            has_grown: AtomicBool::new(false),
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

    /// The value kept on disk for a key. A damaged entry is counted, removed and a miss.
    pub fn disk_get<T: DeserializeOwned>(&self, task: Task, key: &Key) -> Option<T> {
        let path = entry::path(self.folder.as_ref()?, task.name, key);
        let bytes = entry::read(&path)?;
        let value = entry::payload(key.as_bytes(), &bytes).and_then(|payload| postcard::from_bytes(payload).ok());
        if value.is_none() {
            self.damaged.fetch_add(1, Ordering::Relaxed);
            // If it cannot be removed, the value that is computed now replaces it.
            let _ = std::fs::remove_file(path);
        }
        value
    }

    /// Keeps a value on disk. The first failure ends all writing, with a warning.
    pub fn disk_put<T: Serialize>(&self, task: Task, key: &Key, value: &T) {
        let Some(folder) = &self.folder else { return };
        if !self.writable.load(Ordering::Relaxed) {
            return;
        }
        self.has_grown.store(true, Ordering::Relaxed);
        let path = entry::path(folder, task.name, key);
        let written = entry::encode(key, value).and_then(|bytes| entry::write(&path, &bytes));
        if let Err(error) = written
            && self.writable.swap(false, Ordering::Relaxed)
        {
            self.warn_unwritable(folder, &error);
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
