//! Unique names of records.

use crate::graph::{AssetGraph, AssetIdx};
use std::collections::{BTreeMap, BTreeSet};

/// Gives every name once.
pub(super) struct Namer {
    /// The names of the configuration's entries.
    reserved: BTreeMap<AssetIdx, String>,
    taken: BTreeSet<String>,
}

impl Namer {
    pub(super) fn new(graph: &AssetGraph) -> Self {
        let mut namer = Self { reserved: BTreeMap::new(), taken: BTreeSet::new() };
        for entry in &graph.entries {
            if !namer.reserved.contains_key(&entry.asset) {
                let name = namer.free(&entry.name);
                namer.reserved.insert(entry.asset, name);
            }
        }
        namer
    }

    /// The name of what stands for an asset, or of a chunk that stands for none.
    pub(super) fn of(&mut self, asset: Option<AssetIdx>, wanted: &str) -> String {
        match asset.and_then(|asset| self.reserved.get(&asset)) {
            Some(name) => name.clone(),
            None => self.free(wanted),
        }
    }

    fn free(&mut self, wanted: &str) -> String {
        let numbered = (2_u32..).map(|number| format!("{wanted}-{number}"));
        let mut candidates = std::iter::once(wanted.to_owned()).chain(numbered);
        candidates.find(|name| self.taken.insert(name.clone())).expect("some number is free")
    }
}
