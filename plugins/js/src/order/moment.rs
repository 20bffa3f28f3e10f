//! When a module can be evaluated.

use crate::cross::meanings;
use crate::record::Format;
use crate::tables::{Meaning, Module, Tables};
use planish_pipeline::chunk::ChunkIdx;
use planish_pipeline::graph::AssetIdx;
use std::collections::BTreeSet;

/// What limits the time at which a module can be evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Moment {
    /// Nothing: it defines functions and the like.
    Whenever,
    /// Modules that do something: it may read what they change.
    Reads,
    /// All modules that do not merely define: it does something that can be seen.
    Writes,
}

/// What is known of each module before it is known who is wrapped; indexed by asset.
pub(super) struct Facts {
    moments: Vec<Moment>,
    /// CommonJS modules of which a module uses exports. One that is not wrapped evaluates them where it stands.
    values: Vec<Vec<AssetIdx>>,
    /// A module that is not wrapped does something where it stands, be it only to evaluate others.
    acts: Vec<bool>,
    /// Some module awaits at its top level.
    pub(super) awaits: bool,
}

impl Facts {
    pub(super) fn new(tables: &Tables, roots: &[(ChunkIdx, AssetIdx)]) -> Self {
        let count = tables.modules.len();
        let (moments, values) = (vec![Moment::Whenever; count], vec![Vec::new(); count]);
        let mut facts = Self { moments, values, acts: vec![false; count], awaits: false };
        for (idx, module) in tables.included() {
            let (moment, values) = (moment(idx, module), used_values(module));
            facts.acts[idx.index()] = moment != Moment::Whenever || !values.is_empty();
            facts.moments[idx.index()] = moment;
            facts.awaits |= module.record.has_await;
            facts.values[idx.index()] = values;
        }
        // A root is evaluated when all that it needs has been.
        roots.iter().for_each(|(_, root)| facts.acts[root.index()] = true);
        facts
    }

    pub(super) fn acts(&self, module: AssetIdx) -> bool {
        self.acts[module.index()]
    }

    pub(super) fn moment(&self, module: AssetIdx) -> Moment {
        self.moments[module.index()]
    }

    pub(super) fn values(&self, module: AssetIdx) -> &[AssetIdx] {
        &self.values[module.index()]
    }
}

fn used_values(module: &Module) -> Vec<AssetIdx> {
    let passed_on: &[_] = if module.needs_namespace { &module.exports } else { &[] };
    let meanings = meanings(module).chain(passed_on.iter().map(|(_, meaning)| meaning));
    let values = meanings.filter_map(|meaning| match meaning {
        Meaning::Property { module, .. } => Some(*module),
        _ => None,
    });
    values.collect::<BTreeSet<_>>().into_iter().collect()
}

/// When a module can be evaluated, as far as it is not wrapped.
pub(crate) fn moment(idx: AssetIdx, module: &Module) -> Moment {
    // Data is there from the beginning.
    if module.record.format == Format::Json {
        return Moment::Whenever;
    }
    // `export *` of what is known only at run time copies the names.
    if module.record.has_await || module.needs_namespace && !module.record.stars.is_empty() {
        return Moment::Writes;
    }
    let live = module.record.parts.iter().zip(&module.effects).zip(&module.live).filter(|(_, live)| **live);
    let moments = live.map(|((part, effects), _)| {
        if effects.certain || effects.changes.iter().any(|(of, _)| *of != idx) {
            Moment::Writes
        } else if part.is_still {
            Moment::Whenever
        } else {
            Moment::Reads
        }
    });
    moments.max().unwrap_or(Moment::Whenever)
}
