//! The asset graph: every asset reachable from the entries, numbered deterministically, with its dependencies resolved.

use crate::asset::{Asset, AssetId, Source};
use crate::key::Key;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Dense number of an asset within one build: depth-first order from the entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AssetIdx(pub u32);

impl AssetIdx {
    /// The number as an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a dependency turned out to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// Another asset of this build.
    Asset(AssetIdx),
    /// Left as it is: an external module, another site's URL, a `data:` URL.
    External(String),
    /// A file that is copied from the static folder; the path is relative to the output folder.
    Static(String),
    /// A module that the `browser` field or an alias replaces by an empty one.
    Empty,
    /// Not found; the error has been reported unless the dependency is optional.
    Missing,
}

impl Target {
    /// The asset, if it is one.
    pub fn asset(&self) -> Option<AssetIdx> {
        match self {
            Self::Asset(idx) => Some(*idx),
            _ => None,
        }
    }
}

/// One asset of the graph.
#[derive(Clone)]
pub struct Node {
    /// Stable name.
    pub id: AssetId,
    /// Name of the plugin that owns it.
    pub kind: &'static str,
    /// The source that was transformed.
    pub source: Arc<Source>,
    /// What the plugin made of it.
    pub asset: Arc<Asset>,
    /// Key of the transform: names the asset's record and everything it was made from.
    pub key: Key,
    /// Parallel to `asset.dependencies`.
    pub targets: Vec<Target>,
    /// The transform reported an error: the record may be empty, and what refers to it should not complain again.
    pub broken: bool,
}

impl Node {
    /// The dependencies with what they resolved to.
    pub fn edges(&self) -> impl Iterator<Item = (&crate::asset::Dependency, &Target)> {
        self.asset.dependencies.iter().zip(&self.targets)
    }
}

/// An entry of the build.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The name that the user gave it, else its file stem.
    pub name: String,
    /// The asset.
    pub asset: AssetIdx,
}

/// All assets of a build.
#[derive(Clone, Default)]
pub struct AssetGraph {
    /// Indexed by [`AssetIdx`].
    pub nodes: Vec<Node>,
    /// In the order of the configuration.
    pub entries: Vec<Entry>,
    /// `import()` makes chunks.
    pub splitting: bool,
    /// Entries are modules that others import, so their exports count.
    pub library: bool,
}

impl AssetGraph {
    /// An asset by number.
    pub fn node(&self, idx: AssetIdx) -> &Node {
        &self.nodes[idx.index()]
    }

    /// All numbers in order.
    pub fn indices(&self) -> impl Iterator<Item = AssetIdx> + use<> {
        (0..self.nodes.len() as u32).map(AssetIdx)
    }

    /// The same, on all cores.
    pub fn par_indices(&self) -> impl IndexedParallelIterator<Item = AssetIdx> + use<> {
        (0..self.nodes.len() as u32).into_par_iter().map(AssetIdx)
    }

    /// All assets of one kind, in order.
    pub fn of_kind(&self, kind: &str) -> impl Iterator<Item = (AssetIdx, &Node)> {
        self.indices().zip(&self.nodes).filter(move |(_, node)| node.kind == kind)
    }

    /// The asset that a node's dependency refers to.
    pub fn target(&self, from: AssetIdx, dependency: usize) -> &Target {
        &self.node(from).targets[dependency]
    }
}
