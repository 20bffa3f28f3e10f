//! Which roots an asset has to be loaded for, and for which it is evaluated.
//!
//! A root that is only reached by `import()` does not own what is loaded in any case when it is asked for: what every root from
//! which it can be asked for needs statically or has loaded itself. That is a greatest fixed point over the roots. A root that waits for
//! what it asks for is not loaded yet: if that waited for something in the root's chunk, both would wait for ever.
//!
//! What is loaded has not always been evaluated: a function that asks for a CommonJS module may not have been called.

use super::PlanInput;
use super::reach::{Root, closures};
use crate::asset::DependencyKind;
use crate::graph::AssetIdx;
use std::collections::BTreeMap;

/// From where roots are asked for by `import()`.
pub(super) struct Askers {
    /// For each root, the roots from whose closure it is asked for.
    askers: Vec<Vec<usize>>,
    /// Which roots wait for what they ask for.
    waits: Vec<bool>,
    /// Which roots are reached by `import()` alone.
    is_lazy: Vec<bool>,
}

/// What has been evaluated in any case.
pub(super) struct Evaluated {
    /// For each root, by asset: what its evaluation is certain to evaluate.
    pub(super) own: Vec<Vec<bool>>,
    /// For each root, by asset: what has been when the root is asked for.
    pub(super) before: Vec<Vec<bool>>,
}

/// Finds out who asks for whom. The closures are what each root statically needs.
pub(super) fn askers(input: &PlanInput<'_>, roots: &[(AssetIdx, Root)], closures: &[Vec<bool>]) -> Askers {
    let position: BTreeMap<AssetIdx, usize> = roots.iter().enumerate().map(|(at, (asset, _))| (*asset, at)).collect();
    let mut askers: Vec<Vec<usize>> = vec![Vec::new(); roots.len()];
    for (at, closure) in closures.iter().enumerate() {
        for asset in input.graph.indices().filter(|asset| closure[asset.index()]) {
            for edge in (input.edges)(asset).iter().filter(|edge| edge.kind == DependencyKind::DynamicImport) {
                if let Some(asked) = position.get(&edge.target) {
                    askers[*asked].push(at);
                }
            }
        }
    }
    let waits = closures
        .iter()
        .map(|closure| input.graph.indices().any(|asset| closure[asset.index()] && (input.waits)(asset)))
        .collect();
    let is_lazy = roots.iter().map(|(_, root)| root.is_dynamic && !root.is_entry).collect();
    Askers { askers, waits, is_lazy }
}

impl Askers {
    /// What has been evaluated in any case. Of the edges of modules, imports are certain to be followed.
    pub(super) fn evaluated(&self, input: &PlanInput<'_>, roots: &[(AssetIdx, Root)]) -> Evaluated {
        let own = closures(input, roots, |kind| kind == DependencyKind::Import);
        Evaluated { before: self.before(&own), own }
    }

    /// For each root, by asset, what is there in any case when it is asked for, if the closures are there once a root is.
    pub(super) fn before(&self, closures: &[Vec<bool>]) -> Vec<Vec<bool>> {
        let count = closures.first().map_or(0, Vec::len);
        let mut before: Vec<Vec<bool>> = self.is_lazy.iter().map(|lazy| vec![*lazy; count]).collect();
        loop {
            let mut changed = false;
            for at in (0..before.len()).filter(|at| self.is_lazy[*at]) {
                for asset in 0..count {
                    let is_there =
                        |asker: &usize| !self.waits[*asker] && (closures[*asker][asset] || before[*asker][asset]);
                    if before[at][asset] && !self.askers[at].iter().all(is_there) {
                        before[at][asset] = false;
                        changed = true;
                    }
                }
            }
            if !changed {
                return before;
            }
        }
    }
}

/// For each asset the roots (by position) whose closures it is in, but for those before which it is there, in the sense of [`Askers::before`].
pub(super) fn owners(closures: &[Vec<bool>], before: &[Vec<bool>]) -> Vec<Vec<usize>> {
    let count = closures.first().map_or(0, Vec::len);
    (0..count)
        .map(|asset| (0..closures.len()).filter(|at| closures[*at][asset] && !before[*at][asset]).collect())
        .collect()
}
