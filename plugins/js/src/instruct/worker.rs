//! Which workers have to be modules.

use super::Instructor;
use crate::record::Format;
use crate::tables::Module;
use planish_pipeline::asset::DependencyKind;
use planish_pipeline::graph::AssetIdx;
use std::collections::BTreeSet;

impl Instructor<'_> {
    /// The workers that a module starts and whose scripts are modules: by their sources, or because they share chunks.
    pub(super) fn module_workers(&self, idx: AssetIdx, module: &Module) -> BTreeSet<u32> {
        let node = self.context.graph.node(idx);
        let live = module.record.parts.iter().zip(&module.live).filter(|(_, live)| **live);
        let numbers = live.flat_map(|(part, _)| part.dependencies.iter().copied());
        let is_worker = |number: &u32| node.asset.dependencies[*number as usize].kind == DependencyKind::Worker;
        let is_module =
            |number: &u32| node.targets[*number as usize].asset().is_some_and(|worker| self.is_module_script(worker));
        numbers.filter(is_worker).filter(is_module).collect()
    }

    fn is_module_script(&self, root: AssetIdx) -> bool {
        let is_esm = self.tables.get(root).is_some_and(|module| module.record.format == Format::Esm);
        let chunk = self.context.plan.root_chunk(root).map(|chunk| self.context.plan.chunk(chunk));
        is_esm || chunk.is_some_and(|chunk| !chunk.imports.is_empty() || !chunk.dynamic_imports.is_empty())
    }
}
