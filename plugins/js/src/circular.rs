//! circular: which names are certainly read before they are set, because modules import each other in a circle.
//!
//! Such a program fails when it runs, and nothing in its text looks wrong.

use crate::record::EagerRead;
use crate::tables::{Meaning, Module, Symbol, Wrap};
use planish_pipeline::diagnostic::Diagnostic;
use planish_pipeline::graph::{AssetGraph, AssetIdx};
use rustc_hash::FxHashSet;

/// Warnings about what is read too early when one of the roots is evaluated.
pub(crate) fn circular(graph: &AssetGraph, modules: &[Option<Module>], roots: &[AssetIdx]) -> Vec<Diagnostic> {
    roots.iter().flat_map(|root| too_early(graph, modules, *root)).collect()
}

/// Goes through what a root imports in the order of evaluation.
fn too_early(graph: &AssetGraph, modules: &[Option<Module>], root: AssetIdx) -> Vec<Diagnostic> {
    let imports = |idx: AssetIdx| modules[idx.index()].as_ref().map_or(&[][..], |module| &module.imports);
    let mut diagnostics = Vec::new();
    let mut visited = FxHashSet::from_iter([root]);
    // Those whose evaluation has to wait.
    let mut open = FxHashSet::from_iter([root]);
    let mut stack = vec![(root, imports(root).iter())];
    while let Some((idx, targets)) = stack.last_mut() {
        match targets.next() {
            Some(target) if visited.insert(*target) => {
                open.insert(*target);
                stack.push((*target, imports(*target).iter()));
            }
            Some(_) => {}
            None => {
                open.remove(idx);
                diagnostics.extend(reads_of(graph, modules, *idx, &open));
                stack.pop();
            }
        }
    }
    diagnostics
}

/// Warnings about what a module reads of modules that are evaluated after it.
fn reads_of(
    graph: &AssetGraph,
    modules: &[Option<Module>],
    idx: AssetIdx,
    open: &FxHashSet<AssetIdx>,
) -> Vec<Diagnostic> {
    let in_circle =
        |module: &&Module| module.wrap == Wrap::None && module.imports.iter().any(|import| open.contains(import));
    let Some(module) = modules[idx.index()].as_ref().filter(in_circle) else { return Vec::new() };
    let live = module.record.parts.iter().zip(&module.live).filter(|(_, live)| **live);
    let reads = live.flat_map(|(part, _)| &part.eager);
    let early = reads.filter_map(|read| {
        let Meaning::Symbol(declaring, Symbol::Local(name)) = meaning(module, read)? else { return None };
        let target = modules[declaring.index()].as_ref()?;
        let is_unset = target.wrap == Wrap::None && target.record.lexical.contains(name);
        (is_unset && open.contains(declaring)).then(|| warning(graph, idx, read, *declaring))
    });
    early.collect()
}

fn meaning<'m>(module: &'m Module, read: &EagerRead) -> Option<&'m Meaning> {
    let member = read.path.as_ref().and_then(|path| module.members.get(&(read.name.clone(), path.clone())));
    member.map(|member| &member.meaning).or_else(|| module.bindings.get(&read.name))
}

fn warning(graph: &AssetGraph, idx: AssetIdx, read: &EagerRead, declaring: AssetIdx) -> Diagnostic {
    let (reader, declaring) = (&graph.node(idx).id, &graph.node(declaring).id);
    let name = read.path.as_ref().map_or_else(|| read.name.to_string(), |path| format!("{}.{path}", read.name));
    let message =
        format!("`{name}` is read before it is set: `{declaring}` is evaluated after `{reader}`, which it imports");
    Diagnostic::warning("circular-initialisation", message).at(reader, read.range.0..read.range.1, "read here").help(
        format!("use it in a function that is called later, or declare it in a module that does not import `{reader}`"),
    )
}
