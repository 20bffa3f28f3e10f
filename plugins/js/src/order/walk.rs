//! The walk through what a root needs, in the order in which ECMAScript evaluates it.

use super::moment::{Facts, Moment};
use super::visit::{Needs, Visit, is_within, needs, waits_for_others};
use super::waiting::Waiting;
use super::{Evaluation, reached};
use crate::tables::{Tables, Wrap};
use planish_pipeline::chunk::{ChunkIdx, ChunkPlan};
use planish_pipeline::graph::AssetIdx;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// When code runs if a root's chunk is loaded: the position of the chunk among those that are loaded for it,
/// whether it waits there until the others have been evaluated, and the position in the chunk.
type Place = (usize, bool, u32);

/// What the walks through all roots find.
pub(super) struct Walk<'a> {
    tables: &'a Tables,
    plan: &'a ChunkPlan,
    facts: &'a Facts,
    waiting: &'a Waiting,
    /// Wrapped modules whose functions give promises.
    asynchronous: &'a FxHashSet<AssetIdx>,
    /// Position of each asset in its chunk.
    positions: Vec<u32>,
    /// Modules that turned out to need a function around them.
    pub(super) wrapped: BTreeSet<AssetIdx>,
    /// By module that is not wrapped: the wrapped ones that have to be evaluated before it, in order.
    pub(super) before: BTreeMap<AssetIdx, Vec<Evaluation>>,
    /// Modules that are in cycles.
    pub(super) cyclic: FxHashSet<AssetIdx>,
}

/// What has been passed on the way through a root.
#[derive(Default)]
struct Passed {
    /// By chunk: its position among those that are loaded.
    chunks: FxHashMap<ChunkIdx, usize>,
    /// The last place of a module that does something.
    writes: Option<Place>,
    /// The last place of a module that does something or reads.
    any: Option<Place>,
    /// By wrapped module: [`Self::any`] when it was passed.
    at: FxHashMap<AssetIdx, Option<Place>>,
    /// The visits of wrapped modules that nobody has evaluated yet, with their numbers.
    pending: Vec<(usize, Visit)>,
    /// Modules that hold up all that follows.
    blockers: Vec<AssetIdx>,
    /// Modules that are not wrapped and wait for others.
    waiting: Vec<AssetIdx>,
    needs: Needs,
}

impl Passed {
    /// A wrapped module evaluates what it imports itself. These stay pending only if something else has come between.
    fn leave_to_importer(&mut self, imported: Range<usize>) {
        let begin = self.pending.iter().position(|(at, _)| imported.contains(at)).unwrap_or(self.pending.len());
        if self.pending[begin..].iter().all(|(at, _)| imported.contains(at)) {
            self.pending.truncate(begin);
        }
    }
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        tables: &'a Tables,
        plan: &'a ChunkPlan,
        facts: &'a Facts,
        waiting: &'a Waiting,
        asynchronous: &'a FxHashSet<AssetIdx>,
    ) -> Self {
        let mut positions = vec![0; tables.modules.len()];
        for chunk in &plan.chunks {
            for (position, asset) in chunk.scripts.iter().enumerate() {
                positions[asset.index()] = position as u32;
            }
        }
        let (wrapped, before, cyclic) = (BTreeSet::new(), BTreeMap::new(), FxHashSet::default());
        Self { tables, plan, facts, waiting, asynchronous, positions, wrapped, before, cyclic }
    }

    /// Walks through what a root needs. Gives what is to be evaluated at the end of its chunk.
    pub(super) fn root(&mut self, chunk: ChunkIdx, visits: &[Visit]) -> Vec<AssetIdx> {
        let (route, needs) = self.route(chunk, visits);
        let mut passed = Passed { chunks: self.loaded(chunk), needs, ..Passed::default() };
        for (number, visit) in route.iter().filter(|(_, visit)| visit.is_new) {
            let module = visit.module;
            let waits = waits_for_others(&passed.needs, module);
            let may_find_done = self.may_find_done(chunk, module, &passed.needs);
            if self.is_wrapped(module) || may_find_done || !self.may_stand(module, &passed) {
                if !self.is_wrapped(module) {
                    self.wrapped.insert(module);
                }
                // It would overtake those that wait where they stand.
                if waits {
                    self.wrapped.extend(passed.waiting.drain(..));
                }
                if self.facts.acts(module) {
                    self.release(module, &[], &[], &passed);
                }
                passed.leave_to_importer(visit.first..*number);
                passed.pending.push((*number, *visit));
                passed.at.insert(module, passed.any);
            } else if self.facts.acts(module) {
                self.pass(module, &mut passed);
                passed.waiting.extend(waits.then_some(module));
            }
        }
        self.wrap_cycles(&route);
        passed.pending.into_iter().map(|(_, visit)| visit.module).collect()
    }

    /// A cycle has to be evaluated from where it is entered: if one of its modules is wrapped, so is all that is evaluated on the way.
    fn wrap_cycles(&mut self, route: &[(usize, Visit)]) {
        let in_cycle = || route.iter().filter(|(_, visit)| visit.cycle != visit.module);
        self.cyclic.extend(in_cycle().flat_map(|(_, visit)| [visit.module, visit.cycle]));
        let wrapped: FxHashSet<AssetIdx> = in_cycle()
            .filter(|(_, visit)| self.is_wrapped(visit.module) || self.is_wrapped(visit.cycle))
            .map(|(_, visit)| visit.cycle)
            .collect();
        let entries = route.iter().filter(|(_, visit)| wrapped.contains(&visit.module));
        let ranges: Vec<Range<usize>> = entries.map(|(number, visit)| visit.first..number + 1).collect();
        // One of the cycle that does nothing itself still has to know that it has been begun.
        let counts = |visit: &Visit| visit.is_new && (self.facts.acts(visit.module) || wrapped.contains(&visit.cycle));
        let counted = route.iter().filter(|(_, visit)| counts(visit) && !self.is_wrapped(visit.module));
        let added: Vec<AssetIdx> = counted
            .filter(|(number, _)| ranges.iter().any(|range| range.contains(number)))
            .map(|(_, visit)| visit.module)
            .collect();
        self.wrapped.extend(added);
    }

    /// Wraps modules before which another root's needs would be evaluated that this root does not need, or not yet.
    pub(super) fn verify(&mut self, chunk: ChunkIdx, all_visits: &[Visit]) {
        let chunks = self.loaded(chunk);
        let (route, _) = self.route(chunk, all_visits);
        let (new, others): (Vec<_>, Vec<_>) = route.into_iter().map(|(_, visit)| visit).partition(|visit| visit.is_new);
        let mut done: FxHashSet<AssetIdx> = others.into_iter().map(|visit| visit.module).collect();
        let mut latest: Option<Place> = None;
        for Visit { module, .. } in new {
            let earlier = self.before.get(&module).map_or(&[][..], Vec::as_slice);
            let place = self.place(module, &chunks).filter(|_| !self.is_wrapped(module));
            let comes_too_early = !earlier.is_empty() && place.is_some_and(|place| latest > Some(place));
            if comes_too_early || earlier.iter().any(|earlier| !done.contains(&earlier.module)) {
                self.wrapped.insert(module);
            } else if !earlier.is_empty() || self.facts.moment(module) != Moment::Whenever {
                latest = latest.max(place);
            }
            done.insert(module);
        }
    }

    /// By chunk: its position among those that are loaded for a root.
    fn loaded(&self, chunk: ChunkIdx) -> FxHashMap<ChunkIdx, usize> {
        self.plan.closure(chunk).into_iter().enumerate().map(|(position, chunk)| (chunk, position)).collect()
    }

    /// The visits, with their numbers, in the order in which modules are evaluated: those that wait for others come after those that do not.
    fn route(&self, chunk: ChunkIdx, visits: &[Visit]) -> (Vec<(usize, Visit)>, Needs) {
        let needs = if self.facts.awaits { needs(self.tables, visits) } else { Needs::default() };
        let mut route: Vec<(usize, Visit)> = visits.iter().copied().enumerate().collect();
        route.sort_by_key(|(_, visit)| {
            waits_for_others(&needs, visit.module) && !self.may_find_done(chunk, visit.module, &needs)
        });
        (route, needs)
    }

    /// Whether what a module waits for may have been evaluated already, for a root that does not need the module, when an `import()` asks for
    /// its root. Only at run time it is known then whether others overtake it.
    fn may_find_done(&self, chunk: ChunkIdx, module: AssetIdx, needs: &Needs) -> bool {
        let chunk = self.plan.chunk(chunk);
        let is_without_it = |root: &ChunkIdx| !self.plan.is_evaluated_for(module, *root);
        let may_be_done = |needed: &AssetIdx| self.plan.roots_of[needed.index()].iter().any(is_without_it);
        chunk.is_dynamic_entry
            && chunk.root != Some(module)
            && self.facts.acts(module)
            && needs.get(&module).is_some_and(|needed| needed.iter().any(may_be_done))
    }

    fn is_wrapped(&self, module: AssetIdx) -> bool {
        self.tables.module(module).wrap != Wrap::None || self.wrapped.contains(&module)
    }

    /// Whether a module comes in order where it stands, after all that has been passed.
    fn may_stand(&self, module: AssetIdx, passed: &Passed) -> bool {
        let Some(place) = self.place(module, &passed.chunks) else { return true };
        let is_reached = |wrapped: &AssetIdx| {
            let position = self.plan.chunk_of(*wrapped).and_then(|chunk| passed.chunks.get(&chunk));
            position.is_some_and(|position| *position <= place.0)
        };
        let is_late = |earliest: &Option<Place>| earliest.is_none_or(|earliest| earliest <= place);
        // It evaluates these even if others have come before.
        let mut values = self.facts.values(module).iter().filter_map(|value| passed.at.get(value));
        if !values.all(is_late) {
            return false;
        }
        if !self.facts.acts(module) {
            return true;
        }
        let earliest = match self.facts.moment(module) {
            _ if !passed.pending.is_empty() => passed.any,
            Moment::Writes => passed.any,
            Moment::Reads => passed.writes,
            Moment::Whenever => None,
        };
        is_late(&earliest) && passed.pending.iter().all(|(_, pending)| is_reached(&pending.module))
    }

    fn place(&self, module: AssetIdx, chunks: &FxHashMap<ChunkIdx, usize>) -> Option<Place> {
        let chunk = chunks.get(&self.plan.chunk_of(module)?)?;
        Some((*chunk, self.waiting.is_late(module), self.positions[module.index()]))
    }

    /// A module evaluates at its place what is pending, and itself.
    fn pass(&mut self, module: AssetIdx, passed: &mut Passed) {
        let mut pending: Vec<AssetIdx> = Vec::new();
        for (_, Visit { module: wrapped, cycle, .. }) in std::mem::take(&mut passed.pending) {
            let entered = if self.is_wrapped(cycle) { cycle } else { wrapped };
            if !pending.contains(&entered) {
                pending.push(entered);
            }
        }
        let begun = self.begun(module, &pending, passed);
        self.release(module, &pending, &begun, passed);
        if let Some(place) = self.place(module, &passed.chunks) {
            if !pending.is_empty() || self.facts.moment(module) == Moment::Writes {
                passed.writes = passed.writes.max(Some(place));
            }
            passed.any = passed.any.max(Some(place));
        }
        // What it does not need goes on beside it.
        let waits = |earlier| self.asynchronous.contains(&earlier) && is_within(&passed.needs, earlier, module);
        let evaluations = pending.into_iter().chain(begun);
        let evaluations: Vec<Evaluation> =
            evaluations.map(|earlier| Evaluation { module: earlier, waits: waits(earlier) }).collect();
        if self.tables.module(module).record.has_await || evaluations.iter().any(|evaluation| evaluation.waits) {
            passed.blockers.push(module);
        }
        if !self.merge(module, evaluations) {
            self.wrapped.insert(module);
        }
    }

    /// Modules that a module imports and waits for, and that others have begun to evaluate.
    fn begun(&self, module: AssetIdx, pending: &[AssetIdx], passed: &Passed) -> Vec<AssetIdx> {
        if !passed.needs.contains_key(&module) {
            return Vec::new();
        }
        let mut begun = reached(self.tables, self.facts, self.waiting, module);
        begun.retain(|imported| self.asynchronous.contains(imported) && !pending.contains(imported));
        begun
    }

    /// What holds up a module that does not need it has to go on beside it, and so has what holds up the news of a failure.
    fn release(&mut self, module: AssetIdx, pending: &[AssetIdx], begun: &[AssetIdx], passed: &Passed) {
        let needs = &passed.needs;
        for blocker in &passed.blockers {
            let holds_up = |held: &AssetIdx| !is_within(needs, *blocker, *held);
            let is_beside = |begun: &AssetIdx| !is_within(needs, *begun, *blocker);
            if holds_up(&module) || pending.iter().any(holds_up) || begun.iter().any(is_beside) {
                self.wrapped.insert(*blocker);
            }
        }
    }

    /// Adds to what is evaluated before a module. Says whether that agrees with the order of the roots before.
    fn merge(&mut self, module: AssetIdx, evaluations: Vec<Evaluation>) -> bool {
        if evaluations.is_empty() {
            return true;
        }
        let before = self.before.entry(module).or_default();
        let mut positions = Vec::new();
        for evaluation in evaluations {
            match before.iter().position(|earlier| earlier.module == evaluation.module) {
                Some(position) => {
                    before[position].waits |= evaluation.waits;
                    positions.push(position);
                }
                None => before.push(evaluation),
            }
        }
        positions.is_sorted()
    }
}
