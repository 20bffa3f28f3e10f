//! Values of tasks that stay in memory while a process watches.

use crate::key::Key;
use rustc_hash::FxHashMap;
use std::any::Any;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// Enough that threads rarely wait for each other on any machine of today.
const SHARDS: usize = 16;

struct Held {
    value: Arc<dyn Any + Send + Sync>,
    /// The number of the build that used it last.
    used: u64,
    /// For how many builds that do not use it it stays.
    patience: u64,
}

/// Values by key, spread over shards by the key's first byte.
#[derive(Default)]
pub(super) struct Memory {
    shards: [Mutex<FxHashMap<Key, Held>>; SHARDS],
    build: AtomicU64,
}

impl Memory {
    fn shard(&self, key: &Key) -> &Mutex<FxHashMap<Key, Held>> {
        &self.shards[usize::from(key.as_bytes()[0]) % SHARDS]
    }

    pub(super) fn get<T: Send + Sync + 'static>(&self, key: &Key) -> Option<Arc<T>> {
        let mut shard = self.shard(key).lock().expect("nothing panics under this lock");
        let held = shard.get_mut(key)?;
        held.used = self.build.load(Ordering::Relaxed);
        let value = held.value.clone();
        drop(shard);
        value.downcast().ok()
    }

    pub(super) fn put<T: Send + Sync + 'static>(&self, key: &Key, value: Arc<T>, patience: u64) {
        let held = Held { value, used: self.build.load(Ordering::Relaxed), patience };
        let replaced = self.shard(key).lock().expect("nothing panics under this lock").insert(*key, held);
        // A large value is freed here, after the lock.
        drop(replaced);
    }

    /// Ends a build: what too many builds did not use is dropped.
    pub(super) fn sweep(&self) {
        let build = self.build.fetch_add(1, Ordering::Relaxed);
        for shard in &self.shards {
            shard.lock().expect("nothing panics under this lock").retain(|_, held| held.used + held.patience >= build);
        }
    }
}
