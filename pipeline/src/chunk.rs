//! Chunks: which bundled assets travel together.
//!
//! ```text
//! reach     what the entries need, and what starts a chunk (a root)
//! owners    which roots load which asset, and for which it is evaluated
//! pieces    assets with the same owners travel together; groups of the configuration, and large packages, apart
//! merge     small pieces become part of others where nobody can see it
//! names     names of chunks, ids of their files
//! connect   which chunk imports which, in what order
//! facades   a chunk that others import exports no more than its root
//! lookup    how chunks find the files of others
//! ```
//!
//! Every root (an entry, a document's script or stylesheet, the target of an `import()`, a worker) has a chunk. Nothing is ever evaluated
//! for a root that does not ask for it, if that can be seen. Roots that are only reached by `import()` do not count for what is loaded
//! already when they are asked for.

mod connect;
mod facades;
mod lookup;
mod merge;
mod names;
mod owners;
mod pieces;
mod reach;
mod split;
mod vendor;

pub use lookup::{Ahead, Lookup};
pub use split::{NamedGroup, Split, VendorSplit};

use self::pieces::Piece;
use self::reach::{Reach, Root};
use crate::asset::AssetId;
use crate::graph::{AssetGraph, AssetIdx};
use crate::output::OutputId;
use crate::plugin::{Edge, Grouping, Load};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Dense number of a chunk within one build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ChunkIdx(pub u32);

impl ChunkIdx {
    /// The number as an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Assets that are rendered into one script and one stylesheet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chunk {
    /// File name without hash and extension; unique within the build.
    pub name: String,
    /// The asset whose evaluation this chunk stands for: an entry, a document's script or stylesheet, the target of an `import()`, a worker.
    pub root: Option<AssetIdx>,
    /// The root's id, for chunks that have one.
    pub root_id: Option<AssetId>,
    /// An entry of the configuration or a document's script, stylesheet or worker; not a mere `import()` target.
    pub is_entry: bool,
    /// Target of an `import()`.
    pub is_dynamic_entry: bool,
    /// The root's exports are used by someone (`import()`, or the user of a library entry), so the script must export exactly them.
    pub exports_matter: bool,
    /// Members of the kind `js`, in evaluation order.
    pub scripts: Vec<AssetIdx>,
    /// Members of the kind `css`, in cascade order.
    pub styles: Vec<AssetIdx>,
    /// Where its stylesheet stands in the cascade, compared with those of other chunks.
    pub cascade: usize,
    /// Chunks that must be evaluated before, in order: the owners of everything this chunk's members statically depend on.
    pub imports: Vec<ChunkIdx>,
    /// Chunks reached by `import()` from members.
    pub dynamic_imports: Vec<ChunkIdx>,
    /// The script, if there is one: it has members, or it is a root that only re-exports or only imports.
    pub script: Option<OutputId>,
    /// The stylesheet, if there are styles.
    pub style: Option<OutputId>,
    /// How its script finds the files of other chunks.
    pub lookup: Lookup,
    /// Its script is the table for this entry, and nothing else.
    pub table_of: Option<ChunkIdx>,
}

/// All chunks of a build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChunkPlan {
    /// Indexed by [`ChunkIdx`].
    pub chunks: Vec<Chunk>,
    /// Chunk that an asset is a member of; indexed by asset, `None` for what is not in a chunk.
    pub chunk_of: Vec<Option<ChunkIdx>>,
    /// Chunk that an asset is the root of; indexed by asset.
    pub root_chunk: Vec<Option<ChunkIdx>>,
    /// The roots' chunks for which an asset is evaluated, where it has not been before in any case, sorted; indexed by asset.
    pub roots_of: Vec<Vec<ChunkIdx>>,
    /// The names by which scripts look up scripts and stylesheets, which are the same whatever these files hold. Empty if none does.
    pub keys: BTreeMap<OutputId, String>,
    /// Whether it depends on sizes of assets that are not of packages.
    pub by_size: bool,
}

impl ChunkPlan {
    /// A chunk by number.
    pub fn chunk(&self, idx: ChunkIdx) -> &Chunk {
        &self.chunks[idx.index()]
    }

    /// The chunk that an asset is a member of.
    pub fn chunk_of(&self, asset: AssetIdx) -> Option<ChunkIdx> {
        self.chunk_of[asset.index()]
    }

    /// Whether another plan could be made now that assets have other sizes, and nothing else is another.
    pub(crate) fn may_differ(&self, split: &Split, graph: &AssetGraph, resized: &[AssetIdx]) -> bool {
        resized.iter().any(|asset| self.by_size || split.weighs(&graph.node(*asset).source))
    }

    /// The chunk that has the scripts of a facade.
    pub fn behind(&self, facade: &Chunk) -> Option<ChunkIdx> {
        facade.root.filter(|_| facade.scripts.is_empty()).and_then(|root| self.chunk_of(root))
    }

    /// The scripts that a chunk stands for: its own, or if it is a facade, those behind it.
    pub fn code_of<'a>(&'a self, chunk: &'a Chunk) -> &'a [AssetIdx] {
        self.behind(chunk).map_or(&chunk.scripts, |code| &self.chunk(code).scripts)
    }

    /// The chunk that stands for the evaluation of an asset.
    pub fn root_chunk(&self, asset: AssetIdx) -> Option<ChunkIdx> {
        self.root_chunk[asset.index()]
    }

    /// Whether an asset is evaluated for a root: it is needed, and has not been evaluated in any case when the root is asked for.
    pub fn is_evaluated_for(&self, asset: AssetIdx, root: ChunkIdx) -> bool {
        self.roots_of[asset.index()].binary_search(&root).is_ok()
    }

    /// A chunk and everything it statically imports, dependencies first, each once.
    pub fn closure(&self, idx: ChunkIdx) -> Vec<ChunkIdx> {
        fn visit(plan: &ChunkPlan, idx: ChunkIdx, seen: &mut [bool], order: &mut Vec<ChunkIdx>) {
            if std::mem::replace(&mut seen[idx.index()], true) {
                return;
            }
            for import in &plan.chunk(idx).imports {
                visit(plan, *import, seen, order);
            }
            order.push(idx);
        }
        let mut order = Vec::new();
        visit(self, idx, &mut vec![false; self.chunks.len()], &mut order);
        order
    }

    /// The chunks whose stylesheets a chunk needs, its own included, in the order of the cascade.
    pub fn styled(&self, idx: ChunkIdx) -> Vec<ChunkIdx> {
        let mut styled = self.closure(idx);
        styled.retain(|chunk| self.chunk(*chunk).style.is_some());
        styled.sort_by_key(|chunk| self.chunk(*chunk).cascade);
        styled
    }
}

/// What [`plan`] needs to know.
pub struct PlanInput<'a> {
    /// All assets.
    pub graph: &'a AssetGraph,
    /// How an asset's kind becomes files.
    pub grouping: &'a (dyn Fn(AssetIdx) -> Grouping + Sync),
    /// What an asset needs, in order of evaluation.
    pub edges: &'a (dyn Fn(AssetIdx) -> &'a [Edge] + Sync),
    /// Whether an asset's evaluation may wait for an `import()`.
    pub waits: &'a (dyn Fn(AssetIdx) -> bool + Sync),
    /// What loading an asset means.
    pub load: &'a (dyn Fn(AssetIdx) -> Load + Sync),
    /// What the configuration wants in chunks of their own.
    pub split: &'a Split,
    /// How scripts find the files of other chunks, where they can.
    pub lookup: Lookup,
}

/// Groups assets into chunks. Also returns which assets are in the output at all.
pub fn plan(input: &PlanInput<'_>) -> (ChunkPlan, Vec<bool>) {
    let Reach { live, roots } = reach::reach(input);
    let (mut order, closures) = reach::evaluation_order(input, &roots);
    let askers = owners::askers(input, &roots, &closures);
    let loaded = askers.before(&closures);
    let owners = owners::owners(&closures, &loaded);
    let pieces = pieces::pieces(input, &roots, &order, &owners);
    let by_size = merge::is_by_size(input, &pieces);
    let evaluated = askers.evaluated(input, &roots);
    let evaluators = owners::owners(&closures, &evaluated.before);
    let pieces = merge::merge(input, &roots, &loaded, evaluated, &mut order, pieces);
    let mut plan = chunks(input, &roots, &evaluators, &pieces);
    plan.by_size = by_size;
    names::name_chunks(input.graph, &mut plan);
    names::name_outputs(input, &mut plan, &pieces, &roots);
    connect::connect(input, &mut plan, &order);
    if facades::separate_facades(&mut plan) {
        names::name_chunks(input.graph, &mut plan);
        connect::connect(input, &mut plan, &order);
    }
    lookup::set_up(input, &mut plan, &order);
    (plan, live)
}

/// One chunk for each piece. Those of the roots come first, so a root's position is the number of its chunk.
fn chunks(input: &PlanInput<'_>, roots: &[(AssetIdx, Root)], evaluators: &[Vec<usize>], pieces: &[Piece]) -> ChunkPlan {
    let number = |at: usize| ChunkIdx(at as u32);
    let roots_of = evaluators.iter().map(|roots| roots.iter().map(|root| number(*root)).collect()).collect();
    let chunk_of = pieces::places(input, pieces).into_iter().map(|place| place.map(number)).collect();
    let mut root_chunk = vec![None; input.graph.nodes.len()];
    let chunk = |(at, piece): (usize, &Piece)| {
        let mut chunk = Chunk {
            name: piece.group.clone().unwrap_or_default(),
            scripts: piece.scripts.clone(),
            styles: piece.styles.clone(),
            ..Chunk::default()
        };
        if let Some((asset, root)) = piece.root.map(|root| roots[root]) {
            root_chunk[asset.index()] = Some(number(at));
            chunk.name = names::root_name(input.graph, asset);
            chunk.root = Some(asset);
            chunk.root_id = Some(input.graph.node(asset).id.clone());
            chunk.is_entry = root.is_entry;
            chunk.is_dynamic_entry = root.is_dynamic;
            chunk.exports_matter = root.exports_matter;
        }
        chunk
    };
    let chunks = pieces.iter().enumerate().map(chunk).collect();
    ChunkPlan { chunks, chunk_of, root_chunk, roots_of, ..ChunkPlan::default() }
}
