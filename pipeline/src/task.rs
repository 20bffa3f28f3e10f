//! Tasks: every expensive step, named, keyed and cached, and a log of what ran and what was reused.
//!
//! Invariant: no lock is held while a task computes (rayon may run another task on the same thread meanwhile).

use crate::cache::Cache;
use crate::diagnostic::{Diagnostic, Outcome};
use crate::key::{Key, KeyBuilder};
use rayon::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Instant;

/// A kind of work: a name and the version of the code that does it.
#[derive(Clone, Copy, Debug)]
pub struct Task {
    /// Name in keys, the log and the cache.
    pub name: &'static str,
    /// Raised when the same key would give another value.
    pub version: u32,
}

/// When a task's value is written to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// When it is computed.
    Always,
    /// The same, but not after an edit in a session that keeps values in memory: for what takes as long to write as to compute again from
    /// these.
    UnlessEdited,
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    pub counts: BTreeMap<Cow<'static, str>, TaskCount>,
    /// `(task, subject)` of everything computed, sorted.
    pub ran: Vec<(&'static str, String)>,
    /// When, and parts of that. In order of their ends.
    #[serde(skip)]
    pub spans: Vec<Span>,
}

/// The time that a piece of work took. Those of one thread lie in each other or apart.
#[derive(Clone, Debug)]
pub struct Span {
    /// The task, or what else it is.
    pub name: &'static str,
    /// What was worked on; may be empty.
    pub subject: String,
    /// The number of the thread, from 1; 0 for one that is not of the pool.
    pub thread: usize,
    /// When it began.
    pub begin: Instant,
    /// When it ended.
    pub end: Instant,
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
        self.run_key(task, subject, &builder.finish(), Written::Always, compute)
    }

    /// The same for a key that is already built.
    pub fn run_key<T>(
        &self,
        task: Task,
        subject: &str,
        key: &Key,
        written: Written,
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
        let value = Arc::new(self.time(task.name, subject, compute));
        self.note(task, subject, Reuse::Ran);
        if !value.diagnostics.iter().any(Diagnostic::is_defect) {
            if written == Written::Always || !self.cache.is_edited() {
                self.cache.disk_put(task, key, &*value);
            }
            self.cache.memory_put(key, &value);
        }
        value
    }

    /// The value for a key: from memory if the session keeps values there, else computed. For parts of tasks that take less time than the
    /// disk would; the log does not mention them.
    pub fn recall<T: Send + Sync + 'static>(&self, key: &Key, compute: impl FnOnce() -> T) -> Arc<T> {
        self.cache.memory_get(key).unwrap_or_else(|| {
            let value = Arc::new(compute());
            self.cache.memory_put_small(key, &value);
            value
        })
    }

    /// Whether values stay in memory for the next build.
    pub fn keeps(&self) -> bool {
        self.cache.keeps()
    }

    /// Notes how long a piece of work takes.
    pub fn time<T>(&self, name: &'static str, subject: &str, work: impl FnOnce() -> T) -> T {
        let begin = Instant::now();
        let value = work();
        let thread = rayon::current_thread_index().map_or(0, |index| index + 1);
        let span = Span { name, subject: subject.to_owned(), thread, begin, end: Instant::now() };
        self.log.lock().expect("the log's lock is never held across a panic").spans.push(span);
        value
    }

    /// Notes that a piece of work ran or was reused, for work that is cached elsewhere.
    pub fn note(&self, task: Task, subject: &str, reuse: Reuse) {
        self.note_many(task.name, 1, reuse);
        if reuse == Reuse::Ran {
            self.log
                .lock()
                .expect("the log's lock is never held across a panic")
                .ran
                .push((task.name, subject.to_owned()));
        }
    }

    /// Notes how often a task was reused.
    pub(crate) fn note_many(&self, task: &'static str, times: usize, reuse: Reuse) {
        let mut log = self.log.lock().expect("the log's lock is never held across a panic");
        let count = log.counts.entry(Cow::Borrowed(task)).or_default();
        match reuse {
            Reuse::Ran => count.ran += times,
            Reuse::Memory => count.memory += times,
            Reuse::Disk => count.disk += times,
        }
    }

    /// How often each task ran and was reused so far.
    pub fn counts(&self) -> BTreeMap<Cow<'static, str>, TaskCount> {
        self.log.lock().expect("the log's lock is never held across a panic").counts.clone()
    }

    /// What ran, sorted.
    pub fn into_log(self) -> RunLog {
        let mut log = self.log.into_inner().expect("the log's lock is never held across a panic");
        log.ran.par_sort_unstable();
        log
    }
}
