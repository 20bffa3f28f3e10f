//! Tasks: every expensive step, named, keyed and cached, and a log of what ran and what was reused.
//!
//! Invariant: no lock is held while a task computes (rayon may run another task on the same thread meanwhile).

use crate::cache::Cache;
use crate::diagnostic::Outcome;
use crate::key::{Key, KeyBuilder};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;

/// A kind of work: a name and the version of the code that does it.
#[derive(Clone, Copy, Debug)]
pub struct Task {
    /// Name in keys, the log and the cache.
    pub name: &'static str,
    /// Raised when the same key would give another value.
    pub version: u32,
}

/// Where a task's value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Reuse {
    /// It was computed.
    Ran,
    /// It was in this process's memory.
    Memory,
    /// It was in the cache folder.
    Disk,
}

/// How many tasks of one name ran or were reused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TaskCount {
    /// Computed.
    pub ran: usize,
    /// Taken from memory.
    pub memory: usize,
    /// Taken from the cache folder.
    pub disk: usize,
}

/// What ran in one build, for each task name; with the subjects (asset ids, file names) of those that were computed.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RunLog {
    /// By task name.
    pub counts: BTreeMap<&'static str, TaskCount>,
    /// `(task, subject)` of everything computed, sorted.
    pub ran: Vec<(&'static str, String)>,
}

/// Runs tasks through the memory and disk cache.
pub struct Tasks {
    cache: Arc<Cache>,
    log: Mutex<RunLog>,
}

impl Tasks {
    /// Tasks that reuse what `cache` holds.
    pub fn new(cache: Arc<Cache>) -> Self {
        Self { cache, log: Mutex::default() }
    }

    /// The value of a task for the inputs that `inputs` adds to its key: from memory, else from disk, else computed and kept.
    ///
    /// `subject` names what is worked on, for the log only.
    pub fn run<T>(
        &self,
        task: Task,
        subject: &str,
        inputs: impl FnOnce(&mut KeyBuilder),
        compute: impl FnOnce() -> Outcome<T>,
    ) -> Arc<Outcome<T>>
    where
        T: Serialize + DeserializeOwned + Send + Sync + 'static,
    {
        let mut builder = KeyBuilder::new(task.name, task.version);
        inputs(&mut builder);
        self.run_key(task, subject, &builder.finish(), compute)
    }

    /// The same for a key that is already built.
    pub fn run_key<T>(
        &self,
        task: Task,
        subject: &str,
        key: &Key,
        compute: impl FnOnce() -> Outcome<T>,
    ) -> Arc<Outcome<T>>
    where
        T: Serialize + DeserializeOwned + Send + Sync + 'static,
    {
        if let Some(value) = self.cache.memory_get::<Outcome<T>>(key) {
            self.note(task, subject, Reuse::Memory);
            return value;
        }
        if let Some(value) = self.cache.disk_get::<Outcome<T>>(task, key) {
            self.note(task, subject, Reuse::Disk);
            let value = Arc::new(value);
            self.cache.memory_put(key, &value);
            return value;
        }
        let value = Arc::new(compute());
        self.note(task, subject, Reuse::Ran);
        // A defect of Planish may not show again, and its repair must not be hidden by what is remembered.
        if !value.diagnostics.iter().any(|diagnostic| diagnostic.code == "internal") {
            self.cache.disk_put(task, key, &*value);
            self.cache.memory_put(key, &value);
        }
        value
    }

    /// Notes that a piece of work ran or was reused, for work that is cached elsewhere.
    pub fn note(&self, task: Task, subject: &str, reuse: Reuse) {
        let mut log = self.log.lock().expect("the log's lock is never held across a panic");
        let count = log.counts.entry(task.name).or_default();
        match reuse {
            Reuse::Ran => count.ran += 1,
            Reuse::Memory => count.memory += 1,
            Reuse::Disk => count.disk += 1,
        }
        if reuse == Reuse::Ran {
            log.ran.push((task.name, subject.to_owned()));
        }
    }

    /// What ran so far, sorted.
    pub fn log(&self) -> RunLog {
        let mut log = self.log.lock().expect("the log's lock is never held across a panic").clone();
        log.ran.sort();
        log
    }
}
