//! What a root needs, in the order in which ECMAScript evaluates it.

use crate::record::Format;
use crate::tables::Tables;
use planish_pipeline::chunk::{ChunkIdx, ChunkPlan};
use planish_pipeline::graph::AssetIdx;
use rustc_hash::{FxHashMap, FxHashSet};

/// A module that a root needs.
#[derive(Clone, Copy)]
pub(super) struct Visit {
    pub(super) module: AssetIdx,
    /// The number of the first visit of what it imports.
    pub(super) first: usize,
    /// It has not been evaluated before the root is asked for.
    pub(super) is_new: bool,
    /// The module of its cycle that is evaluated last; itself if it is in none.
    pub(super) cycle: AssetIdx,
}

/// Goes through what roots need, one root after the other.
pub(super) struct Visitor<'a> {
    tables: &'a Tables,
    plan: &'a ChunkPlan,
    /// By asset.
    entered: Vec<Option<Entered>>,
}

#[derive(Clone, Copy)]
struct Entered {
    number: usize,
    /// The module of its cycle that is evaluated last, once that is known.
    cycle: Option<AssetIdx>,
}

impl<'a> Visitor<'a> {
    pub(super) fn new(tables: &'a Tables, plan: &'a ChunkPlan) -> Self {
        Self { tables, plan, entered: vec![None; tables.modules.len()] }
    }

    /// What is evaluated for a root, dependencies first. What has been evaluated before needs nothing that has not: it is not visited, or an
    /// application of many lazy routes would be walked through for each of them.
    pub(super) fn visits(&mut self, chunk: ChunkIdx, root: AssetIdx) -> Vec<Visit> {
        let plan = self.plan;
        self.walk(chunk, root, |target| plan.is_evaluated_for(target, chunk))
    }

    /// All that a root needs, dependencies first.
    pub(super) fn all_visits(&mut self, chunk: ChunkIdx, root: AssetIdx) -> Vec<Visit> {
        self.walk(chunk, root, |_| true)
    }

    /// Iterative: import chains can be longer than a stack is deep.
    ///
    /// Cycles are found as in ECMAScript's `InnerModuleEvaluation`, which is Tarjan's algorithm.
    fn walk(&mut self, chunk: ChunkIdx, root: AssetIdx, is_wanted: impl Fn(AssetIdx) -> bool) -> Vec<Visit> {
        let (tables, entered) = (self.tables, &mut self.entered);
        let mut visits: Vec<Visit> = Vec::new();
        entered[root.index()] = Some(Entered { number: 0, cycle: None });
        let mut all: Vec<AssetIdx> = vec![root];
        let mut open: Vec<AssetIdx> = vec![root];
        // The module, the next of its imports, the number of visits before it, and the first of the open modules that it leads to.
        let mut stack: Vec<(AssetIdx, usize, usize, usize)> = vec![(root, 0, 0, 0)];
        while let Some((module, next, first, leads_to)) = stack.last_mut() {
            let imports = &tables.module(*module).imports;
            if let Some(target) = imports.get(*next).copied() {
                *next += 1;
                if tables.get(target).is_none_or(|target| !target.is_included) || !is_wanted(target) {
                    continue;
                }
                match entered[target.index()] {
                    Some(Entered { number, cycle: None }) => *leads_to = (*leads_to).min(number),
                    Some(_) => {}
                    None => {
                        let number = all.len();
                        entered[target.index()] = Some(Entered { number, cycle: None });
                        all.push(target);
                        open.push(target);
                        stack.push((target, 0, visits.len(), number));
                    }
                }
                continue;
            }
            let (module, first, leads_to) = (*module, *first, *leads_to);
            stack.pop();
            if entered[module.index()].is_some_and(|entered| entered.number == leads_to) {
                let begin = open.iter().rposition(|open| *open == module).expect("it was opened when it was entered");
                for member in open.drain(begin..) {
                    if let Some(entered) = &mut entered[member.index()] {
                        entered.cycle = Some(module);
                    }
                }
            } else if let Some(parent) = stack.last_mut() {
                parent.3 = parent.3.min(leads_to);
            }
            // Data is there from the beginning.
            let record = tables.module(module);
            if record.is_included && record.record.format != Format::Json {
                let is_new = self.plan.is_evaluated_for(module, chunk);
                visits.push(Visit { module, first, is_new, cycle: module });
            }
        }
        for visit in &mut visits {
            let cycle = entered[visit.module.index()].and_then(|entered| entered.cycle);
            visit.cycle = cycle.unwrap_or(visit.module);
        }
        all.into_iter().for_each(|module| entered[module.index()] = None);
        visits
    }
}

/// By module: the modules with a top-level `await` that it waits for, itself among them.
pub(super) type Needs = FxHashMap<AssetIdx, FxHashSet<AssetIdx>>;

/// Who waits for whom: for what has been evaluated before, and of what lies in another cycle for all of the cycle.
pub(super) fn needs(tables: &Tables, visits: &[Visit]) -> Needs {
    let mut needs = Needs::default();
    let mut cycles: FxHashMap<AssetIdx, AssetIdx> = FxHashMap::default();
    for visit in visits.iter().filter(|visit| visit.is_new) {
        let module = tables.module(visit.module);
        let mut own: FxHashSet<AssetIdx> = FxHashSet::default();
        own.extend(module.record.has_await.then_some(visit.module));
        for import in &module.imports {
            let Some(cycle) = cycles.get(import) else { continue };
            let waited = if *cycle == visit.cycle { import } else { cycle };
            own.extend(needs.get(waited).into_iter().flatten());
        }
        cycles.insert(visit.module, visit.cycle);
        if !own.is_empty() {
            needs.insert(visit.module, own);
        }
    }
    needs
}

/// Whether all that a module waits for is waited for by another one as well.
pub(super) fn is_within(needs: &Needs, module: AssetIdx, other: AssetIdx) -> bool {
    match (needs.get(&module), needs.get(&other)) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(module), Some(other)) => module.is_subset(other),
    }
}

/// Whether a module cannot be evaluated at once.
pub(super) fn waits_for_others(needs: &Needs, module: AssetIdx) -> bool {
    needs.get(&module).is_some_and(|needed| needed.iter().any(|needed| *needed != module))
}
