//! order: what has to be in a function so that modules are evaluated in the order of ECMAScript, and which module calls that function.
//!
//! A chunk runs as a whole, after the chunks that it imports. So of two modules that a root needs one after the other, the second would run
//! first if only it is shared with another root:
//!
//! ```text
//! // entry.js, alone in its chunk       // shared.js, in a chunk with what other entries need too
//! import "./set-up.js";
//! import "./shared.js";                 console.log(globalThis.isSetUp);
//! ```
//!
//! Such a module is wrapped: its chunk defines a function that evaluates it, and who comes next in ECMAScript's order calls that. The same
//! holds for a module that awaits while others may go on which do not need it. Modules that only define functions and the like can
//! be evaluated whenever it suits, and modules that only read are out of order only with those that do something.
//!
//! Wrapping one module can make it necessary to wrap another, so the walk through what each root needs is repeated until none is.

mod moment;
mod visit;
mod waiting;
mod walk;

use self::moment::Facts;
pub(crate) use self::moment::{Moment, moment};
use self::visit::{Visit, Visitor};
use self::waiting::Waiting;
use self::walk::Walk;
use crate::tables::{Module, Tables, Wrap};
use planish_pipeline::chunk::{ChunkIdx, ChunkPlan};
use planish_pipeline::graph::AssetIdx;
use rayon::prelude::*;
use rustc_hash::FxHashSet;
use std::collections::BTreeMap;

/// How many roots are looked at together, all of what they need being in memory.
const BATCH: usize = 16;

/// Which wrapped modules are evaluated where, in order.
#[derive(Default)]
pub(crate) struct Order {
    /// By module: before its own code.
    before: BTreeMap<AssetIdx, Vec<Evaluation>>,
    /// By chunk: at its end, for its root.
    last: BTreeMap<ChunkIdx, Vec<Evaluation>>,
    late: FxHashSet<AssetIdx>,
    cyclic: FxHashSet<AssetIdx>,
}

/// A call that evaluates a wrapped module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Evaluation {
    pub(crate) module: AssetIdx,
    /// What follows waits until the module has been evaluated.
    pub(crate) waits: bool,
}

impl Order {
    /// Whether a module that is not wrapped waits for others, so that it stands after those of its chunk that do not.
    pub(crate) fn is_late(&self, module: AssetIdx) -> bool {
        self.late.contains(&module)
    }

    /// Whether a module is in a cycle.
    pub(crate) fn is_cyclic(&self, module: AssetIdx) -> bool {
        self.cyclic.contains(&module)
    }

    /// What a module evaluates before its own code.
    pub(crate) fn before(&self, module: AssetIdx) -> &[Evaluation] {
        self.before.get(&module).map_or(&[], Vec::as_slice)
    }

    /// What the end of a chunk evaluates, the root among it if that is wrapped.
    pub(crate) fn last(&self, chunk: ChunkIdx) -> &[Evaluation] {
        self.last.get(&chunk).map_or(&[], Vec::as_slice)
    }
}

/// Wraps the modules that would be evaluated too early, and says who evaluates which.
pub(crate) fn order(tables: &mut Tables, plan: &ChunkPlan) -> Order {
    let scripts = |chunk: &planish_pipeline::chunk::Chunk| chunk.root.filter(|root| tables.get(*root).is_some());
    let roots: Vec<(ChunkIdx, AssetIdx)> =
        plan.chunks.iter().enumerate().filter_map(|(at, chunk)| Some((ChunkIdx(at as u32), scripts(chunk)?))).collect();
    let facts = Facts::new(tables, &roots);
    let visits = visit_all(tables, plan, &roots, Visitor::visits);
    let waiting = Waiting::new(tables, &visits);
    loop {
        let imports = wrapped_imports(tables, &facts, &waiting);
        let asynchronous = waiting.asynchronous(tables, &imports);
        let mut walk = Walk::new(tables, plan, &facts, &waiting, &asynchronous);
        let mut last: BTreeMap<ChunkIdx, Vec<AssetIdx>> = BTreeMap::new();
        for ((chunk, _), visits) in roots.iter().zip(&visits) {
            last.insert(*chunk, walk.root(*chunk, visits));
        }
        if walk.wrapped.is_empty() && !walk.before.is_empty() {
            for roots in roots.chunks(BATCH) {
                let visits = visit_all(tables, plan, roots, Visitor::all_visits);
                roots.iter().zip(&visits).for_each(|((chunk, _), visits)| walk.verify(*chunk, visits));
            }
        }
        let Walk { wrapped, before, cyclic, .. } = walk;
        if wrapped.is_empty() {
            return Order { cyclic, ..finish(tables, waiting, &asynchronous, before, last, imports) };
        }
        for module in wrapped {
            if let Some(module) = &mut tables.modules[module.index()] {
                module.wrap = Wrap::Esm;
            }
        }
    }
}

/// What each root needs.
fn visit_all<'a>(
    tables: &'a Tables,
    plan: &'a ChunkPlan,
    roots: &[(ChunkIdx, AssetIdx)],
    visit: impl Fn(&mut Visitor<'a>, ChunkIdx, AssetIdx) -> Vec<Visit> + Sync + Send,
) -> Vec<Vec<Visit>> {
    let visitor = || Visitor::new(tables, plan);
    roots.par_iter().map_init(visitor, |visitor, (chunk, root)| visit(visitor, *chunk, *root)).collect()
}

fn finish(
    tables: &mut Tables,
    waiting: Waiting,
    asynchronous: &FxHashSet<AssetIdx>,
    mut before: BTreeMap<AssetIdx, Vec<Evaluation>>,
    last: BTreeMap<ChunkIdx, Vec<AssetIdx>>,
    imports: WrappedImports,
) -> Order {
    let evaluation = |module, waits| Evaluation { module, waits: waits && asynchronous.contains(&module) };
    for (module, imported) in imports {
        let waits = asynchronous.contains(&module);
        before.insert(module, imported.into_iter().map(|imported| evaluation(imported, waits)).collect());
    }
    let last = last
        .into_iter()
        .map(|(chunk, modules)| (chunk, modules.into_iter().map(|module| evaluation(module, true)).collect()));
    let last = last.collect();
    for (at, module) in tables.modules.iter_mut().enumerate() {
        if let Some(module) = module {
            module.is_async = module.record.has_await || asynchronous.contains(&AssetIdx(at as u32));
        }
    }
    Order { before, last, late: waiting.late(), ..Order::default() }
}

/// By wrapped module: the wrapped ones that it evaluates itself.
type WrappedImports = BTreeMap<AssetIdx, Vec<AssetIdx>>;

/// What each wrapped module imports.
fn wrapped_imports(tables: &Tables, facts: &Facts, waiting: &Waiting) -> WrappedImports {
    let is_wrapped = |module: &Module| module.is_included && module.wrap != Wrap::None;
    let wrapped = tables.included().filter(|(_, module)| is_wrapped(module));
    wrapped.map(|(idx, _)| (idx, reached(tables, facts, waiting, idx))).collect()
}

/// The wrapped modules that a module imports, directly or through modules that evaluate nothing. Who imports one of a cycle waits for all of
/// it.
fn reached(tables: &Tables, facts: &Facts, waiting: &Waiting, idx: AssetIdx) -> Vec<AssetIdx> {
    let mut found = Vec::new();
    let mut seen = FxHashSet::from_iter([idx]);
    let mut stack: Vec<AssetIdx> = tables.module(idx).imports.iter().rev().copied().collect();
    while let Some(target) = stack.pop() {
        let Some(module) = tables.get(target).filter(|module| module.is_included && seen.insert(target)) else {
            continue;
        };
        if module.wrap != Wrap::None {
            found.push(target);
            let cycle = waiting.cycle(target);
            if !cycle.contains(&idx) {
                stack.extend(cycle.iter().rev().filter(|other| tables.module(**other).wrap != Wrap::None));
            }
        } else if !facts.acts(target) {
            stack.extend(module.imports.iter().rev());
        }
    }
    found
}
