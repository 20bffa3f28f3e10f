//! Which chunks import which others, and in what order.

use super::reach::static_targets;
use super::{ChunkIdx, ChunkPlan, PlanInput};
use crate::asset::DependencyKind;
use crate::graph::AssetIdx;
use crate::plugin::Grouping;
use std::collections::{BTreeMap, BTreeSet};

/// Draws the edges between chunks, in evaluation order (that of `order`) of what they are needed for.
pub(super) fn connect(input: &PlanInput<'_>, plan: &mut ChunkPlan, order: &[AssetIdx]) {
    let mut rank = vec![usize::MAX; input.graph.nodes.len()];
    for (position, asset) in order.iter().enumerate() {
        rank[asset.index()] = position;
    }
    for chunk in &mut plan.chunks {
        chunk.cascade = chunk.styles.iter().map(|asset| rank[asset.index()]).min().unwrap_or_default();
    }
    for at in 0..plan.chunks.len() {
        let idx = ChunkIdx(at as u32);
        let chunk = &plan.chunks[at];
        let mut needed: BTreeMap<ChunkIdx, usize> = BTreeMap::new();
        let mut asked: BTreeSet<ChunkIdx> = BTreeSet::new();
        // Where the code behind a facade is needed, the facade's stylesheet is there already.
        let is_own_facade = |owner: ChunkIdx| plan.behind(plan.chunk(owner)) == Some(idx);
        let mut need = |asset: AssetIdx| {
            if let Some(owner) = plan.chunk_of(asset).filter(|owner| *owner != idx && !is_own_facade(*owner)) {
                let first = needed.entry(owner).or_insert(usize::MAX);
                *first = rank[asset.index()].min(*first);
            }
        };
        if let Some(root) = chunk.root.filter(|root| (input.grouping)(*root) == Grouping::Script) {
            need(root);
            // What stands elsewhere for a root names what the root passes on.
            if chunk.scripts.is_empty() {
                static_targets(input, root).for_each(&mut need);
            }
        }
        for asset in &chunk.scripts {
            static_targets(input, *asset).for_each(&mut need);
        }
        // A facade loads what the code behind it loads.
        for asset in plan.code_of(chunk) {
            let dynamic = (input.edges)(*asset).iter().filter(|edge| edge.kind == DependencyKind::DynamicImport);
            asked.extend(dynamic.filter_map(|edge| plan.root_chunk(edge.target)));
        }
        let mut imports: Vec<(usize, ChunkIdx)> = needed.into_iter().map(|(idx, first)| (first, idx)).collect();
        imports.sort_unstable();
        plan.chunks[at].imports = imports.into_iter().map(|(_, idx)| idx).collect();
        plan.chunks[at].dynamic_imports = asked.into_iter().collect();
    }
    let first: Vec<usize> = plan
        .chunks
        .iter()
        .map(|chunk| chunk.scripts.iter().map(|asset| rank[asset.index()]).min().unwrap_or(usize::MAX))
        .collect();
    let ordered: Vec<Vec<ChunkIdx>> =
        (0..plan.chunks.len()).map(|at| in_order(plan, ChunkIdx(at as u32), &first)).collect();
    for (chunk, imports) in plan.chunks.iter_mut().zip(ordered) {
        chunk.imports = imports;
    }
}

/// A chunk's imports, and before each of them those chunks that only later ones import but that are to be evaluated before it.
fn in_order(plan: &ChunkPlan, idx: ChunkIdx, first: &[usize]) -> Vec<ChunkIdx> {
    let direct = &plan.chunk(idx).imports;
    let closures: Vec<Vec<ChunkIdx>> = direct.iter().map(|import| plan.closure(*import)).collect();
    let mut ordered: Vec<ChunkIdx> = Vec::new();
    for (at, import) in direct.iter().enumerate() {
        let reached = |wanted: &ChunkIdx| closures[..=at].iter().any(|closure| closure.contains(wanted));
        let mut earlier: Vec<ChunkIdx> = closures[at + 1..]
            .iter()
            .flatten()
            .filter(|later| first[later.index()] < first[import.index()] && !reached(later) && **later != idx)
            .filter(|later| !direct.contains(later))
            .copied()
            .collect();
        earlier.sort_by_key(|chunk| first[chunk.index()]);
        for chunk in earlier.into_iter().chain([*import]) {
            if !ordered.contains(&chunk) {
                ordered.push(chunk);
            }
        }
    }
    ordered
}
