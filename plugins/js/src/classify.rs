//! classify: which modules are CommonJS, and which must be wrapped in functions because they are evaluated on demand.

use crate::record::{Format, ModuleRecord};
use crate::tables::{Module, Wrap};
use planish_pipeline::asset::DependencyKind;
use planish_pipeline::graph::{AssetGraph, AssetIdx, Node, Target};
use rayon::prelude::*;
use std::sync::Arc;

/// Makes the table of modules from their records. `splitting` says whether `import()` makes chunks.
pub(crate) fn classify(
    graph: &AssetGraph,
    record: impl Fn(&Node) -> Option<Arc<ModuleRecord>> + Sync,
    splitting: bool,
) -> Vec<Option<Module>> {
    let mut modules: Vec<Option<Module>> = graph
        .nodes
        .par_iter()
        .map(|node| {
            let record = record(node)?;
            let extension = node.id.extension();
            Some(Module {
                is_commonjs: record.format == Format::CommonJs,
                node: matches!(extension.as_str(), "mjs" | "mts")
                    || node.source.package.module_type.as_deref() == Some("module"),
                may_have_effects: node.source.package.side_effects,
                live: vec![false; record.parts.len()],
                record,
                ..Module::default()
            })
        })
        .collect();
    scripts_as_commonjs(graph, &mut modules);
    let demanded = demanded(graph, &modules, splitting);
    wrap(graph, &mut modules, demanded);
    modules
}

/// A script of which someone wants exports is a CommonJS module that exports nothing.
fn scripts_as_commonjs(graph: &AssetGraph, modules: &mut [Option<Module>]) {
    let mut wanted = vec![false; modules.len()];
    for (node, module) in graph.nodes.iter().zip(modules.iter()) {
        let Some(module) = module else { continue };
        let imported = module.record.bindings.values().map(|binding| binding.dependency);
        let required = (0..node.targets.len() as u32).filter(|number| {
            matches!(
                node.asset.dependencies[*number as usize].kind,
                DependencyKind::Require | DependencyKind::DynamicImport
            )
        });
        for number in imported.chain(required) {
            if let Some(target) = node.targets[number as usize].asset() {
                wanted[target.index()] = true;
            }
        }
    }
    for (module, wanted) in modules.iter_mut().zip(wanted) {
        if let Some(module) = module
            && module.record.format == Format::Script
            && wanted
        {
            module.is_commonjs = true;
        }
    }
}

/// ES modules that are evaluated on demand: required, or loaded by an `import()` that makes no chunk.
fn demanded(graph: &AssetGraph, modules: &[Option<Module>], splitting: bool) -> Vec<AssetIdx> {
    let mut demanded = Vec::new();
    for node in &graph.nodes {
        for (dependency, target) in node.edges() {
            let on_demand = match dependency.kind {
                DependencyKind::Require => true,
                DependencyKind::DynamicImport => !splitting,
                _ => false,
            };
            let Target::Asset(target) = target else { continue };
            // JSON has no effects and needs nothing, so it may as well be evaluated at once.
            let is_code = modules[target.index()].as_ref().is_some_and(|module| module.record.format != Format::Json);
            if on_demand && is_code {
                demanded.push(*target);
            }
        }
    }
    demanded
}

/// Wraps CommonJS modules, and demanded ES modules with everything that they import: it must not be evaluated before them.
fn wrap(graph: &AssetGraph, modules: &mut [Option<Module>], mut queue: Vec<AssetIdx>) {
    for module in modules.iter_mut().flatten().filter(|module| module.is_commonjs) {
        module.wrap = Wrap::CommonJs;
    }
    while let Some(idx) = queue.pop() {
        let Some(module) = &mut modules[idx.index()] else { continue };
        if module.wrap != Wrap::None || module.record.format == Format::Json {
            continue;
        }
        module.wrap = Wrap::Esm;
        let node = graph.node(idx);
        queue.extend(module.record.imports.iter().filter_map(|number| node.targets[*number as usize].asset()));
    }
}
