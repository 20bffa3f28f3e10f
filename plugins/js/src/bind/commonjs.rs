//! What is known of the exports of CommonJS modules, and of those that they pass on.

use super::Binder;
use crate::tables::{Meaning, Symbol};
use planish_pipeline::graph::AssetIdx;
use rustc_hash::FxHashSet;
use std::collections::BTreeSet;
use swc_core::atoms::Atom;

impl Binder<'_> {
    /// The module of `module.exports = require("x")`.
    pub(crate) fn passed_on(&self, idx: AssetIdx) -> Option<AssetIdx> {
        let number = self.modules[idx.index()].as_ref()?.record.passed_on()?;
        self.graph.target(idx, number as usize).asset()
    }

    /// Whether a CommonJS module, or the one that it passes on, says that it was an ES module.
    pub(crate) fn is_flagged(&self, idx: AssetIdx) -> bool {
        let mut current = Some(idx);
        let mut seen = FxHashSet::default();
        while let Some(idx) = current.filter(|idx| seen.insert(*idx)) {
            let Some(module) = &self.modules[idx.index()] else { return false };
            if module.record.is_flagged || module.is_commonjs && !module.record.is_shakeable {
                return module.record.is_flagged;
            }
            current = self.passed_on(idx);
        }
        false
    }

    /// Whether an export of a CommonJS module is all of it: `default` of one that does not say that it was an ES module.
    pub(crate) fn is_whole(&self, idx: AssetIdx, name: &Atom, node: bool) -> bool {
        *name == "default" && (node || !self.is_flagged(idx))
    }

    /// Whether what a meaning stands for is an object because it holds the exports of a module.
    pub(crate) fn is_module_object(&self, meaning: &Meaning) -> bool {
        match meaning {
            Meaning::Symbol(_, Symbol::Namespace) | Meaning::Property { name: None, .. } => true,
            Meaning::Property { module, name: Some(name), node } => {
                self.is_whole(*module, name, *node) && self.origin(*module).is_some()
            }
            _ => false,
        }
    }

    /// The CommonJS module that makes the exports of one that may pass them on, if it does nothing else with them.
    fn origin(&self, idx: AssetIdx) -> Option<AssetIdx> {
        let mut current = idx;
        let mut seen = FxHashSet::default();
        while seen.insert(current) && self.modules[current.index()].as_ref()?.record.is_shakeable {
            match self.passed_on(current) {
                Some(next) => current = next,
                None => return Some(current),
            }
        }
        None
    }

    /// The function that a CommonJS module exports by this name. What others do to the object of its exports does not count: a module that
    /// is patched from outside is taken for what it says.
    pub(crate) fn exported_function(&self, idx: AssetIdx, name: &Atom) -> Option<(AssetIdx, Atom)> {
        let origin = self.origin(idx)?;
        let local = self.modules[origin.index()].as_ref()?.record.exported_functions.get(name)?;
        Some((origin, local.clone()))
    }

    /// The names that a CommonJS module is known to export, `default` apart, and whether these are all.
    pub(crate) fn commonjs_names(&self, idx: AssetIdx) -> (BTreeSet<Atom>, bool) {
        let mut names = BTreeSet::new();
        let mut visited = Vec::new();
        let mut current = Some(idx);
        while let Some(idx) = current.filter(|idx| !visited.contains(idx)) {
            visited.push(idx);
            let Some(module) = self.modules[idx.index()].as_ref().filter(|module| module.is_commonjs) else {
                return (names, false);
            };
            let declared = module.record.parts.iter().flat_map(|part| &part.declares);
            let exported = declared.filter_map(|name| name.strip_prefix("exports."));
            names.extend(exported.filter(|name| *name != "*" && *name != "default").map(Atom::from));
            if !module.record.is_shakeable {
                return (names, false);
            }
            let Some(number) = module.record.passed_on() else { return (names, true) };
            current = self.graph.target(idx, number as usize).asset();
        }
        (names, false)
    }

    /// `export *` from CommonJS modules not all of whose names are known, in a module or in those that it passes on: module and dependency.
    pub(crate) fn commonjs_stars(&self, idx: AssetIdx) -> Vec<(AssetIdx, u32)> {
        let mut found = Vec::new();
        let mut seen = BTreeSet::new();
        let mut queue = vec![idx];
        while let Some(current) = queue.pop() {
            let Some(module) = self.modules[current.index()].as_ref().filter(|_| seen.insert(current)) else {
                continue;
            };
            for star in &module.record.stars {
                let Some(target) = self.graph.target(current, *star as usize).asset() else { continue };
                let is_commonjs = self.modules[target.index()].as_ref().is_some_and(|module| module.is_commonjs);
                if !is_commonjs {
                    queue.push(target);
                } else if !self.commonjs_names(target).1 {
                    found.push((current, *star));
                }
            }
        }
        found
    }
}
