//! What the entries need, which of it starts a chunk, and in which order it is evaluated.

use super::PlanInput;
use crate::asset::DependencyKind;
use crate::graph::AssetIdx;
use crate::plugin::{Edge, Grouping};
use std::collections::BTreeMap;

/// What starts a chunk.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Root {
    pub(super) is_entry: bool,
    pub(super) is_dynamic: bool,
    pub(super) exports_matter: bool,
}

/// What [`reach`] finds.
pub(super) struct Reach {
    /// Indexed by asset.
    pub(super) live: Vec<bool>,
    /// In order of number.
    pub(super) roots: Vec<(AssetIdx, Root)>,
}

/// Everything that the entries need, and which of it starts a chunk.
pub(super) fn reach(input: &PlanInput<'_>) -> Reach {
    let graph = input.graph;
    let mut live = vec![false; graph.nodes.len()];
    let mut roots: BTreeMap<AssetIdx, Root> = BTreeMap::new();
    let mut queue: Vec<AssetIdx> = Vec::new();
    let bundled = |asset| !matches!((input.grouping)(asset), Grouping::Single { .. });
    for entry in &graph.entries {
        queue.push(entry.asset);
        if bundled(entry.asset) {
            let root = roots.entry(entry.asset).or_default();
            root.is_entry = true;
            root.exports_matter |= input.graph.library;
        }
    }
    while let Some(asset) = queue.pop() {
        if std::mem::replace(&mut live[asset.index()], true) {
            continue;
        }
        for edge in (input.edges)(asset) {
            let is_dynamic = edge.kind == DependencyKind::DynamicImport;
            if bundled(edge.target) && edge.kind.makes_root() && (input.graph.splitting || !is_dynamic) {
                let root = roots.entry(edge.target).or_default();
                root.is_dynamic |= is_dynamic;
                root.exports_matter |= is_dynamic;
                root.is_entry |= !is_dynamic;
            }
            queue.push(edge.target);
        }
    }
    Reach { live, roots: roots.into_iter().collect() }
}

/// Whether an edge puts its target into the importer's chunk or one that is loaded before.
fn is_static(input: &PlanInput<'_>, kind: DependencyKind) -> bool {
    match kind {
        DependencyKind::Import | DependencyKind::Require => true,
        DependencyKind::DynamicImport => !input.graph.splitting,
        // Stylesheets reached by `@import` are inlined by the stylesheet that asks for them.
        DependencyKind::StyleImport
        | DependencyKind::Url
        | DependencyKind::Script
        | DependencyKind::Stylesheet
        | DependencyKind::Worker
        | DependencyKind::Inline => false,
    }
}

/// What a bundled asset needs evaluated before itself.
pub(super) fn static_targets<'a, 'b>(
    input: &'b PlanInput<'a>,
    asset: AssetIdx,
) -> impl Iterator<Item = AssetIdx> + use<'a, 'b> {
    let bundled = move |edge: &&Edge| !matches!((input.grouping)(edge.target), Grouping::Single { .. });
    (input.edges)(asset).iter().filter(move |edge| is_static(input, edge.kind)).filter(bundled).map(|edge| edge.target)
}

/// All bundled assets in the order in which ES modules are evaluated (dependencies first, in source order), and for each root the set of
/// assets it statically needs. Iterative: import chains can be longer than a stack is deep.
pub(super) fn evaluation_order(input: &PlanInput<'_>, roots: &[(AssetIdx, Root)]) -> (Vec<AssetIdx>, Vec<Vec<bool>>) {
    let count = input.graph.nodes.len();
    let mut order = Vec::new();
    let mut ordered = vec![false; count];
    let mut closures = Vec::with_capacity(roots.len());
    for (root, _) in roots {
        let mut seen = vec![false; count];
        let mut stack = vec![(*root, static_targets(input, *root))];
        seen[root.index()] = true;
        while let Some((asset, targets)) = stack.last_mut() {
            let asset = *asset;
            match targets.next() {
                Some(target) => {
                    if !std::mem::replace(&mut seen[target.index()], true) {
                        stack.push((target, static_targets(input, target)));
                    }
                }
                None => {
                    stack.pop();
                    if !std::mem::replace(&mut ordered[asset.index()], true) {
                        order.push(asset);
                    }
                }
            }
        }
        closures.push(seen);
    }
    (order, closures)
}

/// For each root, by asset, what it reaches by edges of some kinds.
pub(super) fn closures(
    input: &PlanInput<'_>,
    roots: &[(AssetIdx, Root)],
    follows: impl Fn(DependencyKind) -> bool,
) -> Vec<Vec<bool>> {
    let closure = |(root, _): &(AssetIdx, Root)| {
        let mut reached = vec![false; input.graph.nodes.len()];
        let mut queue = vec![*root];
        while let Some(asset) = queue.pop() {
            if !std::mem::replace(&mut reached[asset.index()], true) {
                queue.extend((input.edges)(asset).iter().filter(|edge| follows(edge.kind)).map(|edge| edge.target));
            }
        }
        reached
    };
    roots.iter().map(closure).collect()
}
