//! The instructions that a session keeps: an edit that linking cannot tell leaves them as they are.

use super::ChunkInstructions;
use planish_pipeline::chunk::ChunkIdx;
use rustc_hash::FxHashMap;
use std::sync::{Arc, Mutex};

/// By chunk, as long as the tables hold that they were made of.
#[derive(Default)]
pub(crate) struct Instructed(Mutex<FxHashMap<ChunkIdx, Arc<ChunkInstructions>>>);

impl Instructed {
    /// Those for a chunk. They stay if the session `keeps` anything, unless they hold what linking does not look at.
    pub(crate) fn get(
        &self,
        chunk: ChunkIdx,
        keeps: bool,
        instruct: impl FnOnce() -> ChunkInstructions,
    ) -> Arc<ChunkInstructions> {
        let known = self.0.lock().expect("no panic while locked").get(&chunk).cloned();
        known.unwrap_or_else(|| {
            let instructions = Arc::new(instruct());
            if keeps && !instructions.inlines {
                self.0.lock().expect("no panic while locked").insert(chunk, Arc::clone(&instructions));
            }
            instructions
        })
    }
}
