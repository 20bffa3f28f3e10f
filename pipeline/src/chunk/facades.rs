//! Chunks that others import although their exports are somebody's interface.

use super::{Chunk, ChunkIdx, ChunkPlan};
use crate::output::OutputId;
use std::collections::BTreeSet;

/// A chunk whose exports matter and whose members other chunks import would have to export more than its root does. Its members
/// move to a chunk of their own, and what stays is a facade that re-exports the root's names. Says whether there was one.
pub(super) fn separate_facades(plan: &mut ChunkPlan) -> bool {
    let imported: BTreeSet<ChunkIdx> = plan.chunks.iter().flat_map(|chunk| chunk.imports.iter().copied()).collect();
    let mut separated = false;
    for idx in imported {
        let chunk = plan.chunk(idx);
        if chunk.script.is_none() || !chunk.exports_matter || chunk.scripts.is_empty() {
            continue;
        }
        move_members(plan, idx);
        separated = true;
    }
    separated
}

/// Moves the scripts of a chunk that has some to a chunk of their own; its number.
pub(super) fn move_members(plan: &mut ChunkPlan, idx: ChunkIdx) -> ChunkIdx {
    let body = ChunkIdx(plan.chunks.len() as u32);
    let chunk = &mut plan.chunks[idx.index()];
    let moved = Chunk {
        name: chunk.name.clone(),
        script: chunk.script.as_ref().map(|script| OutputId::new(format!("{}:body", script.as_str()))),
        scripts: std::mem::take(&mut chunk.scripts),
        lookup: chunk.lookup,
        ..Chunk::default()
    };
    for asset in &moved.scripts {
        plan.chunk_of[asset.index()] = Some(body);
    }
    plan.chunks.push(moved);
    body
}
