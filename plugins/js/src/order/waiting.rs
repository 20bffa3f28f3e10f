//! Which wrapped modules have functions that give promises.

use super::WrappedImports;
use super::visit::{Needs, Visit, needs, waits_for_others};
use crate::tables::Tables;
use planish_pipeline::graph::AssetIdx;
use rustc_hash::{FxHashMap, FxHashSet};

/// Modules that wait when some root is evaluated. Empty where nothing awaits at its top level.
#[derive(Default)]
pub(super) struct Waiting {
    visited: FxHashSet<AssetIdx>,
    waiting: FxHashSet<AssetIdx>,
    /// Those that wait for others.
    late: FxHashSet<AssetIdx>,
    /// By module of a cycle in which some wait: all of the cycle.
    cycles: FxHashMap<AssetIdx, Vec<AssetIdx>>,
}

impl Waiting {
    /// `visits` are those of each root.
    pub(super) fn new(tables: &Tables, visits: &[Vec<Visit>]) -> Self {
        let mut waiting = Self::default();
        if !tables.included().any(|(_, module)| module.record.has_await) {
            return waiting;
        }
        for visits in visits {
            let needs = needs(tables, visits);
            let modules = visits.iter().map(|visit| visit.module);
            waiting.waiting.extend(modules.clone().filter(|module| needs.contains_key(module)));
            waiting.late.extend(modules.clone().filter(|module| waits_for_others(&needs, *module)));
            waiting.note_cycles(visits, &needs);
            waiting.visited.extend(modules);
        }
        waiting
    }

    fn note_cycles(&mut self, visits: &[Visit], needs: &Needs) {
        let mut cycles: FxHashMap<AssetIdx, Vec<AssetIdx>> = FxHashMap::default();
        for visit in visits {
            cycles.entry(visit.cycle).or_default().push(visit.module);
        }
        for cycle in cycles.into_values().filter(|cycle| cycle.len() > 1) {
            if cycle.iter().any(|module| needs.contains_key(module)) {
                self.cycles.extend(cycle.iter().map(|module| (*module, cycle.clone())));
            }
        }
    }

    /// All modules of a module's cycle, if some of them wait.
    pub(super) fn cycle(&self, module: AssetIdx) -> &[AssetIdx] {
        self.cycles.get(&module).map_or(&[], Vec::as_slice)
    }

    /// Whether a module waits for others. It comes after those of its chunk that do not, which ECMAScript does not hold up.
    pub(super) fn is_late(&self, module: AssetIdx) -> bool {
        self.late.contains(&module)
    }

    /// Modules that wait for others.
    pub(super) fn late(self) -> FxHashSet<AssetIdx> {
        self.late
    }

    /// The wrapped modules that await, or call one that does and wait for it: one in a cycle does not wait for what waits for it.
    pub(super) fn asynchronous(&self, tables: &Tables, imports: &WrappedImports) -> FxHashSet<AssetIdx> {
        let mut found: FxHashSet<AssetIdx> = FxHashSet::default();
        if self.visited.is_empty() {
            return found;
        }
        found.extend(imports.keys().filter(|module| tables.module(**module).record.has_await));
        let may_wait = |module: &AssetIdx| self.waiting.contains(module) || !self.visited.contains(module);
        loop {
            let waits = |(module, imports): &(&AssetIdx, &Vec<AssetIdx>)| {
                !found.contains(module) && may_wait(module) && imports.iter().any(|import| found.contains(import))
            };
            let more: Vec<AssetIdx> = imports.iter().filter(waits).map(|(module, _)| *module).collect();
            if more.is_empty() {
                return found;
            }
            found.extend(more);
        }
    }
}
