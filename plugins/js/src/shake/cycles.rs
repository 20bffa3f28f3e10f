//! Which modules import each other, directly or not.

use crate::tables::Module;
use planish_pipeline::graph::{AssetGraph, AssetIdx};

/// By asset: a number that only the assets of its cycle share.
pub(super) fn cycles(graph: &AssetGraph, modules: &[Option<Module>]) -> Vec<usize> {
    let count = modules.len();
    let mut search =
        Search { graph, modules, entered: vec![None; count], open: Vec::new(), count: 0, cycles: vec![None; count] };
    for idx in graph.indices() {
        if search.entered[idx.index()].is_none() {
            search.visit(idx);
        }
    }
    search.cycles.into_iter().map(Option::unwrap_or_default).collect()
}

/// Tarjan's algorithm. Iterative: import chains can be longer than a stack is deep.
struct Search<'a> {
    graph: &'a AssetGraph,
    modules: &'a [Option<Module>],
    /// By asset: how many have been entered before.
    entered: Vec<Option<usize>>,
    /// Assets of cycles that are not complete.
    open: Vec<AssetIdx>,
    count: usize,
    cycles: Vec<Option<usize>>,
}

impl Search<'_> {
    fn visit(&mut self, root: AssetIdx) {
        // The module, the next of its imports, and the first of the open ones that it leads to.
        let mut stack = vec![(root, 0, self.enter(root))];
        while let Some((idx, next, leads_to)) = stack.last_mut() {
            let imports = self.modules[idx.index()].as_ref().map_or(&[][..], |module| &module.record.imports);
            if let Some(number) = imports.get(*next) {
                *next += 1;
                let Some(target) = self.graph.target(*idx, *number as usize).asset() else { continue };
                match self.entered[target.index()] {
                    Some(number) if self.cycles[target.index()].is_none() => *leads_to = number.min(*leads_to),
                    Some(_) => {}
                    None => stack.push((target, 0, self.enter(target))),
                }
                continue;
            }
            let (idx, leads_to) = (*idx, *leads_to);
            stack.pop();
            if self.entered[idx.index()] == Some(leads_to) {
                let begin = self.open.iter().rposition(|open| *open == idx).unwrap_or_default();
                self.open.drain(begin..).for_each(|member| self.cycles[member.index()] = Some(leads_to));
            } else if let Some((_, _, parent)) = stack.last_mut() {
                *parent = leads_to.min(*parent);
            }
        }
    }

    fn enter(&mut self, idx: AssetIdx) -> usize {
        let number = self.count;
        self.entered[idx.index()] = Some(number);
        self.open.push(idx);
        self.count += 1;
        number
    }
}
