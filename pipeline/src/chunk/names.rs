//! What chunks and their files are called.

use super::pieces::Piece;
use super::reach::Root;
use super::{ChunkPlan, PlanInput};
use crate::graph::{AssetGraph, AssetIdx};
use crate::key::KeyBuilder;
use crate::output::OutputId;
use crate::plugin::Grouping;
use std::collections::BTreeSet;

pub(super) fn root_name(graph: &AssetGraph, asset: AssetIdx) -> String {
    if let Some(entry) = graph.entries.iter().find(|entry| entry.asset == asset) {
        return entry.name.clone();
    }
    let id = &graph.node(asset).id;
    let folder = id.path().rsplit('/').nth(1).filter(|folder| *folder != "..");
    match (id.stem(), folder) {
        ("index", Some(folder)) => folder.to_owned(),
        (stem, _) => stem.to_owned(),
    }
}

/// Names chunks without a root and makes all names unique. Entries keep theirs, scripts before stylesheets.
pub(super) fn name_chunks(graph: &AssetGraph, plan: &mut ChunkPlan) {
    for chunk in &mut plan.chunks {
        if chunk.name.is_empty() {
            chunk.name = match (chunk.scripts.as_slice(), chunk.styles.as_slice()) {
                ([one], _) | ([], [one]) => root_name(graph, *one),
                _ => "shared".to_owned(),
            };
        }
    }
    let mut taken = BTreeSet::new();
    let mut order: Vec<usize> = (0..plan.chunks.len()).collect();
    order.sort_by_key(|at| (!plan.chunks[*at].is_entry, plan.chunks[*at].scripts.is_empty(), *at));
    for at in order {
        let name = plan.chunks[at].name.clone();
        let unique = (1..).map(|n| if n == 1 { name.clone() } else { format!("{name}-{n}") });
        let free = unique.into_iter().find(|name| !taken.contains(&name.to_lowercase())).expect("some number is free");
        taken.insert(free.to_lowercase());
        plan.chunks[at].name = free;
    }
}

/// Gives scripts and stylesheets their stable ids: by root, or by the sets of roots that share them.
pub(super) fn name_outputs(input: &PlanInput<'_>, plan: &mut ChunkPlan, pieces: &[Piece], roots: &[(AssetIdx, Root)]) {
    for (chunk, piece) in plan.chunks.iter_mut().zip(pieces) {
        let name = match &chunk.root_id {
            Some(id) => id.as_str().to_owned(),
            None => shared_id(input.graph, piece, roots),
        };
        let is_script_root = chunk.root.is_some_and(|root| (input.grouping)(root) == Grouping::Script);
        if is_script_root || !chunk.scripts.is_empty() {
            chunk.script = Some(OutputId::new(format!("script:{name}")));
        }
        if !chunk.styles.is_empty() {
            chunk.style = Some(OutputId::new(format!("style:{name}")));
        }
    }
}

fn shared_id(graph: &AssetGraph, piece: &Piece, roots: &[(AssetIdx, Root)]) -> String {
    let mut builder = KeyBuilder::new("shared chunk", 2);
    for (group, owners, section) in &piece.keys {
        let owners: Vec<&str> = owners.iter().map(|owner| graph.node(roots[*owner].0).id.as_str()).collect();
        builder.value(&(group, owners, section));
    }
    format!("{}:{}", piece.group.as_deref().unwrap_or("shared"), &builder.finish().to_hex()[..16])
}
