//! order: which wrapped modules are evaluated before each unwrapped one. Unwrapped modules stand in a chunk in the order in which ES modules
//! are evaluated, and each evaluates the wrapped ones that it imports; what others import is to be evaluated before it is noted here.

use crate::record::Format;
use crate::tables::{Tables, Wrap};
use planish_pipeline::chunk::ChunkPlan;
use planish_pipeline::graph::AssetIdx;
use rustc_hash::{FxHashMap, FxHashSet};

/// By unwrapped module: the wrapped ones to evaluate before it, in order.
pub(crate) type Order = FxHashMap<AssetIdx, Vec<AssetIdx>>;

/// Finds out what each unwrapped module has to evaluate.
pub(crate) fn order(tables: &Tables, plan: &ChunkPlan) -> Order {
    let roots = || plan.chunks.iter().filter_map(|chunk| Some((chunk, chunk.root?)));
    let mut order = Order::default();
    let mut loaded: Option<FxHashSet<AssetIdx>> = None;
    for (_, root) in roots().filter(|(chunk, _)| chunk.is_entry) {
        let visited = visit(tables, plan, root, &FxHashSet::default(), &mut order);
        loaded = Some(match loaded {
            Some(loaded) => loaded.intersection(&visited).copied().collect(),
            None => visited,
        });
    }
    // What every entry evaluates has been evaluated when a lazy chunk comes.
    let loaded = loaded.unwrap_or_default();
    for (_, root) in roots().filter(|(chunk, _)| !chunk.is_entry) {
        visit(tables, plan, root, &loaded, &mut order);
    }
    order
}

/// Goes through what a root imports as ECMAScript does. Says what was visited.
fn visit(
    tables: &Tables,
    plan: &ChunkPlan,
    root: AssetIdx,
    loaded: &FxHashSet<AssetIdx>,
    order: &mut Order,
) -> FxHashSet<AssetIdx> {
    let mut visited = FxHashSet::default();
    // Wrapped modules since the last unwrapped one.
    let mut pending: Vec<AssetIdx> = Vec::new();
    let mut stack = vec![(root, 0, 0)];
    visited.insert(root);
    while let Some((module, next, before)) = stack.last_mut() {
        let module = *module;
        let imports = tables.get(module).map_or(&[][..], |module| &module.imports);
        if let Some(target) = imports.get(*next) {
            *next += 1;
            let is_script = tables.get(*target).is_some_and(|target| target.is_included);
            if is_script && !loaded.contains(target) && visited.insert(*target) {
                stack.push((*target, 0, pending.len()));
            }
            continue;
        }
        let before = *before;
        stack.pop();
        // Data is there from the beginning.
        if tables.get(module).is_some_and(|module| module.record.format == Format::Json) {
            continue;
        }
        if tables.get(module).is_some_and(|module| module.wrap != Wrap::None) {
            // It evaluates what it imports itself.
            pending.truncate(before);
            pending.push(module);
            continue;
        }
        let pending = std::mem::take(&mut pending);
        if !order.contains_key(&module) && !is_within(&pending, imports) {
            let near = plan.chunk_of(module).map(|chunk| plan.closure(chunk)).unwrap_or_default();
            let reachable = |wrapped: &AssetIdx| plan.chunk_of(*wrapped).is_some_and(|chunk| near.contains(&chunk));
            order.insert(module, pending.into_iter().filter(reachable).collect());
        }
    }
    visited
}

/// Whether a list is another one with parts left out.
fn is_within(list: &[AssetIdx], whole: &[AssetIdx]) -> bool {
    let mut rest = whole.iter();
    list.iter().all(|wanted| rest.any(|next| next == wanted))
}
