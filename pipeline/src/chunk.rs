//! Chunks: which bundled assets travel together.
//!
//! Every root (an entry, a document's script or stylesheet, the target of an `import()`, a worker) has a chunk. An asset belongs to the
//! chunk of exactly the roots that need it, so nothing is ever evaluated for a root that does not ask for it. Roots that are only
//! reached by `import()` do not count for what is loaded already when they are asked for; see [`plan`].

use crate::asset::{AssetId, DependencyKind};
use crate::graph::{AssetGraph, AssetIdx};
use crate::key::KeyBuilder;
use crate::output::OutputId;
use crate::plugin::{Edge, Grouping};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

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
#[derive(Clone, Debug)]
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
    /// Chunks that must be evaluated before, in order: the owners of everything this chunk's members statically depend on.
    pub imports: Vec<ChunkIdx>,
    /// Chunks reached by `import()` from members.
    pub dynamic_imports: Vec<ChunkIdx>,
    /// The script, if there is one: it has members, or it is a root that only re-exports or only imports.
    pub script: Option<OutputId>,
    /// The stylesheet, if there are styles.
    pub style: Option<OutputId>,
}

impl Chunk {
    fn empty() -> Self {
        Self {
            name: String::new(),
            root: None,
            root_id: None,
            is_entry: false,
            is_dynamic_entry: false,
            exports_matter: false,
            scripts: Vec::new(),
            styles: Vec::new(),
            imports: Vec::new(),
            dynamic_imports: Vec::new(),
            script: None,
            style: None,
        }
    }
}

/// All chunks of a build.
#[derive(Clone, Debug, Default)]
pub struct ChunkPlan {
    /// Indexed by [`ChunkIdx`].
    pub chunks: Vec<Chunk>,
    /// Chunk that an asset is a member of; indexed by asset, `None` for what is not in a chunk.
    pub chunk_of: Vec<Option<ChunkIdx>>,
    /// Chunk that an asset is the root of; indexed by asset.
    pub root_chunk: Vec<Option<ChunkIdx>>,
    /// The roots' chunks for which an asset is evaluated, where it has not been before in any case; indexed by asset.
    pub roots_of: Vec<Vec<ChunkIdx>>,
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

    /// The chunk that stands for the evaluation of an asset.
    pub fn root_chunk(&self, asset: AssetIdx) -> Option<ChunkIdx> {
        self.root_chunk[asset.index()]
    }

    /// The roots' chunks for which an asset is evaluated: those that need it and are not only loaded when it has been evaluated already.
    pub fn roots_of(&self, asset: AssetIdx) -> &[ChunkIdx] {
        &self.roots_of[asset.index()]
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
}

/// Which modules under `node_modules` get chunks of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VendorSplit {
    /// None: they travel with the modules that use them.
    None,
    /// Those that an entry needs at once go into a chunk named `vendor`.
    One,
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
    /// Chunks for dependencies.
    pub vendor: VendorSplit,
}

/// What starts a chunk.
#[derive(Clone, Copy, Debug, Default)]
struct Root {
    is_entry: bool,
    is_dynamic: bool,
    exports_matter: bool,
}

/// Groups assets into chunks. Also returns which assets are in the output at all.
pub fn plan(input: &PlanInput<'_>) -> (ChunkPlan, Vec<bool>) {
    let reach = reach(input);
    let count = input.graph.nodes.len();
    let (order, closures) = evaluation_order(input, &reach.roots);
    let owners = owners(input, &reach.roots, &closures);
    let mut rank = vec![usize::MAX; count];
    for (position, asset) in order.iter().enumerate() {
        rank[asset.index()] = position;
    }

    // One chunk for each root, then one for each other set of owners.
    // The chunks of the roots come first, so a root's position is the number of its chunk.
    let roots_of = owners.iter().map(|owners| owners.iter().map(|owner| ChunkIdx(*owner as u32)).collect()).collect();
    let mut plan =
        ChunkPlan { chunks: Vec::new(), chunk_of: vec![None; count], root_chunk: vec![None; count], roots_of };
    let mut of_owners: BTreeMap<(bool, Vec<usize>), ChunkIdx> = BTreeMap::new();
    for (number, (asset, root)) in reach.roots.iter().enumerate() {
        let idx = ChunkIdx(plan.chunks.len() as u32);
        let node = input.graph.node(*asset);
        plan.root_chunk[asset.index()] = Some(idx);
        plan.chunks.push(Chunk {
            name: root_name(input.graph, *asset),
            root: Some(*asset),
            root_id: Some(node.id.clone()),
            is_entry: root.is_entry,
            is_dynamic_entry: root.is_dynamic,
            exports_matter: root.exports_matter,
            ..Chunk::empty()
        });
        of_owners.insert((false, vec![number]), idx);
    }
    for asset in &order {
        let grouping = (input.grouping)(*asset);
        let owners = &owners[asset.index()];
        let vendor = grouping == Grouping::Script && is_vendor(input, *asset, owners, &reach.roots);
        let idx = *of_owners.entry((vendor, owners.clone())).or_insert_with(|| {
            let idx = ChunkIdx(plan.chunks.len() as u32);
            plan.chunks.push(Chunk { name: if vendor { "vendor".into() } else { String::new() }, ..Chunk::empty() });
            idx
        });
        plan.chunk_of[asset.index()] = Some(idx);
        let chunk = &mut plan.chunks[idx.index()];
        if grouping == Grouping::Script { chunk.scripts.push(*asset) } else { chunk.styles.push(*asset) }
    }
    // A document's stylesheet is a file of its own, whoever else imports it too.
    for (asset, _) in &reach.roots {
        if (input.grouping)(*asset) == Grouping::Style {
            let idx = plan.root_chunk[asset.index()].expect("every root has a chunk");
            plan.chunks[idx.index()].styles = vec![*asset];
            plan.chunk_of[asset.index()].get_or_insert(idx);
        }
    }
    name_chunks(input.graph, &mut plan);
    name_outputs(input, &mut plan, &of_owners, &reach.roots);
    connect(input, &mut plan, &rank);
    if separate_facades(&mut plan) {
        name_chunks(input.graph, &mut plan);
        connect(input, &mut plan, &rank);
    }
    (plan, reach.live)
}

struct Reach {
    /// Indexed by asset.
    live: Vec<bool>,
    /// In order of number.
    roots: Vec<(AssetIdx, Root)>,
}

/// Everything that the entries need, and which of it starts a chunk.
fn reach(input: &PlanInput<'_>) -> Reach {
    let graph = input.graph;
    let mut live = vec![false; graph.nodes.len()];
    let mut roots: BTreeMap<AssetIdx, Root> = BTreeMap::new();
    let mut queue: Vec<AssetIdx> = Vec::new();
    let bundled = |asset| !matches!((input.grouping)(asset), Grouping::Single { .. });
    for entry in &graph.entries {
        queue.push(entry.asset);
        if bundled(entry.asset) {
            let root = roots.entry(entry.asset).or_default();
            root.is_entry = true;
            root.exports_matter |= input.graph.library;
        }
    }
    while let Some(asset) = queue.pop() {
        if std::mem::replace(&mut live[asset.index()], true) {
            continue;
        }
        for edge in (input.edges)(asset) {
            let is_dynamic = edge.kind == DependencyKind::DynamicImport;
            if bundled(edge.target) && edge.kind.makes_root() && (input.graph.splitting || !is_dynamic) {
                let root = roots.entry(edge.target).or_default();
                root.is_dynamic |= is_dynamic;
                root.exports_matter |= is_dynamic;
                root.is_entry |= !is_dynamic;
            }
            queue.push(edge.target);
        }
    }
    Reach { live, roots: roots.into_iter().collect() }
}

/// Whether an edge puts its target into the importer's chunk or one that is loaded before.
fn is_static(input: &PlanInput<'_>, kind: DependencyKind) -> bool {
    match kind {
        DependencyKind::Import | DependencyKind::Require => true,
        DependencyKind::DynamicImport => !input.graph.splitting,
        // Stylesheets reached by `@import` are inlined by the stylesheet that asks for them.
        DependencyKind::StyleImport
        | DependencyKind::Url
        | DependencyKind::Script
        | DependencyKind::Stylesheet
        | DependencyKind::Worker
        | DependencyKind::Inline => false,
    }
}

/// What a bundled asset needs evaluated before itself.
fn static_targets<'a, 'b>(input: &'b PlanInput<'a>, asset: AssetIdx) -> impl Iterator<Item = AssetIdx> + use<'a, 'b> {
    let bundled = move |edge: &&Edge| !matches!((input.grouping)(edge.target), Grouping::Single { .. });
    (input.edges)(asset).iter().filter(move |edge| is_static(input, edge.kind)).filter(bundled).map(|edge| edge.target)
}

/// All bundled assets in the order in which ES modules are evaluated (dependencies first, in source order), and for each root the set of
/// assets it statically needs. Iterative: import chains can be longer than a stack is deep.
fn evaluation_order(input: &PlanInput<'_>, roots: &[(AssetIdx, Root)]) -> (Vec<AssetIdx>, Vec<Vec<bool>>) {
    let count = input.graph.nodes.len();
    let mut order = Vec::new();
    let mut ordered = vec![false; count];
    let mut closures = Vec::with_capacity(roots.len());
    for (root, _) in roots {
        let mut seen = vec![false; count];
        let mut stack = vec![(*root, static_targets(input, *root))];
        seen[root.index()] = true;
        while let Some((asset, targets)) = stack.last_mut() {
            let asset = *asset;
            match targets.next() {
                Some(target) => {
                    if !std::mem::replace(&mut seen[target.index()], true) {
                        stack.push((target, static_targets(input, target)));
                    }
                }
                None => {
                    stack.pop();
                    if !std::mem::replace(&mut ordered[asset.index()], true) {
                        order.push(asset);
                    }
                }
            }
        }
        closures.push(seen);
    }
    (order, closures)
}

/// For each asset the roots (by position) whose chunk it would be copied into if nothing were shared.
///
/// A root that is only reached by `import()` does not own what is loaded in any case when it is asked for: what every root from
/// which it can be asked for needs statically or has loaded itself. That is a greatest fixed point over the roots. A root that waits for
/// what it asks for is not loaded yet: if that waited for something in the root's chunk, both would wait for ever.
fn owners(input: &PlanInput<'_>, roots: &[(AssetIdx, Root)], closures: &[Vec<bool>]) -> Vec<Vec<usize>> {
    let count = input.graph.nodes.len();
    let position: BTreeMap<AssetIdx, usize> = roots.iter().enumerate().map(|(at, (asset, _))| (*asset, at)).collect();
    // For each root, the roots from whose closure it is asked for by `import()`.
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
    let waits: Vec<bool> = closures
        .iter()
        .map(|closure| input.graph.indices().any(|asset| closure[asset.index()] && (input.waits)(asset)))
        .collect();
    let only_dynamic: Vec<bool> = roots.iter().map(|(_, root)| root.is_dynamic && !root.is_entry).collect();
    let mut loaded: Vec<Vec<bool>> = only_dynamic.iter().map(|dynamic| vec![*dynamic; count]).collect();
    loop {
        let mut changed = false;
        for at in (0..roots.len()).filter(|at| only_dynamic[*at]) {
            for asset in 0..count {
                if loaded[at][asset]
                    && !askers[at]
                        .iter()
                        .all(|asker| !waits[*asker] && (closures[*asker][asset] || loaded[*asker][asset]))
                {
                    loaded[at][asset] = false;
                    changed = true;
                }
            }
        }
        if !changed {
            break;
        }
    }
    (0..count)
        .map(|asset| (0..roots.len()).filter(|at| closures[*at][asset] && !loaded[*at][asset]).collect())
        .collect()
}

/// A dependency that some entry needs at once.
fn is_vendor(input: &PlanInput<'_>, asset: AssetIdx, owners: &[usize], roots: &[(AssetIdx, Root)]) -> bool {
    input.vendor == VendorSplit::One
        && input.graph.node(asset).source.package.is_dependency
        && owners.iter().any(|owner| roots[*owner].1.is_entry && roots[*owner].0 != asset)
}

fn root_name(graph: &AssetGraph, asset: AssetIdx) -> String {
    if let Some(entry) = graph.entries.iter().find(|entry| entry.asset == asset) {
        return entry.name.clone();
    }
    let id = &graph.node(asset).id;
    let folder = id.path().rsplit('/').nth(1).filter(|folder| *folder != "..");
    match (id.stem(), folder) {
        ("index", Some(folder)) => folder.to_owned(),
        (stem, _) => stem.to_owned(),
    }
}

/// Names chunks without a root and makes all names unique. Entries keep theirs, scripts before stylesheets.
fn name_chunks(graph: &AssetGraph, plan: &mut ChunkPlan) {
    for chunk in &mut plan.chunks {
        if chunk.name.is_empty() {
            chunk.name = match (chunk.scripts.as_slice(), chunk.styles.as_slice()) {
                ([one], _) | ([], [one]) => root_name(graph, *one),
                _ => "shared".to_owned(),
            };
        }
    }
    let mut taken = BTreeSet::new();
    let mut order: Vec<usize> = (0..plan.chunks.len()).collect();
    order.sort_by_key(|at| (!plan.chunks[*at].is_entry, plan.chunks[*at].scripts.is_empty(), *at));
    for at in order {
        let name = plan.chunks[at].name.clone();
        let unique = (1..).map(|n| if n == 1 { name.clone() } else { format!("{name}-{n}") });
        let free = unique.into_iter().find(|name| !taken.contains(&name.to_lowercase())).expect("some number is free");
        taken.insert(free.to_lowercase());
        plan.chunks[at].name = free;
    }
}

/// Gives scripts and stylesheets their stable ids: by root, or by the set of roots that share them.
fn name_outputs(
    input: &PlanInput<'_>,
    plan: &mut ChunkPlan,
    of_owners: &BTreeMap<(bool, Vec<usize>), ChunkIdx>,
    roots: &[(AssetIdx, Root)],
) {
    for ((vendor, owners), idx) in of_owners {
        let chunk = &mut plan.chunks[idx.index()];
        let name = match &chunk.root_id {
            Some(id) => id.as_str().to_owned(),
            None => {
                let mut builder = KeyBuilder::new("shared chunk", 1);
                for owner in owners {
                    builder.text(input.graph.node(roots[*owner].0).id.as_str());
                }
                format!("{}:{}", if *vendor { "vendor" } else { "shared" }, &builder.finish().to_hex()[..16])
            }
        };
        let is_script_root = chunk.root.is_some_and(|root| (input.grouping)(root) == Grouping::Script);
        if is_script_root || !chunk.scripts.is_empty() {
            chunk.script = Some(OutputId::new(format!("script:{name}")));
        }
        if !chunk.styles.is_empty() {
            chunk.style = Some(OutputId::new(format!("style:{name}")));
        }
    }
}

/// Draws the edges between chunks, in evaluation order of what they are needed for.
fn connect(input: &PlanInput<'_>, plan: &mut ChunkPlan, rank: &[usize]) {
    for at in 0..plan.chunks.len() {
        let idx = ChunkIdx(at as u32);
        let chunk = &plan.chunks[at];
        let mut needed: BTreeMap<ChunkIdx, usize> = BTreeMap::new();
        let mut asked: BTreeSet<ChunkIdx> = BTreeSet::new();
        let mut need = |asset: AssetIdx| {
            if let Some(owner) = plan.chunk_of(asset).filter(|owner| *owner != idx) {
                let first = needed.entry(owner).or_insert(usize::MAX);
                *first = rank[asset.index()].min(*first);
            }
        };
        if let Some(root) = chunk.root.filter(|root| (input.grouping)(*root) == Grouping::Script) {
            need(root);
            // What stands elsewhere for a root names what the root passes on.
            if chunk.scripts.is_empty() {
                static_targets(input, root).for_each(&mut need);
            }
        }
        for asset in &chunk.scripts {
            static_targets(input, *asset).for_each(&mut need);
            let dynamic = (input.edges)(*asset).iter().filter(|edge| edge.kind == DependencyKind::DynamicImport);
            asked.extend(dynamic.filter_map(|edge| plan.root_chunk(edge.target)));
        }
        let mut imports: Vec<(usize, ChunkIdx)> = needed.into_iter().map(|(idx, first)| (first, idx)).collect();
        imports.sort_unstable();
        plan.chunks[at].imports = imports.into_iter().map(|(_, idx)| idx).collect();
        plan.chunks[at].dynamic_imports = asked.into_iter().collect();
    }
    let first: Vec<usize> = plan
        .chunks
        .iter()
        .map(|chunk| chunk.scripts.iter().map(|asset| rank[asset.index()]).min().unwrap_or(usize::MAX))
        .collect();
    let ordered: Vec<Vec<ChunkIdx>> =
        (0..plan.chunks.len()).map(|at| in_order(plan, ChunkIdx(at as u32), &first)).collect();
    for (chunk, imports) in plan.chunks.iter_mut().zip(ordered) {
        chunk.imports = imports;
    }
}

/// A chunk's imports, and before each of them those chunks that only later ones import but that are to be evaluated before it.
fn in_order(plan: &ChunkPlan, idx: ChunkIdx, first: &[usize]) -> Vec<ChunkIdx> {
    let direct = &plan.chunk(idx).imports;
    let closures: Vec<Vec<ChunkIdx>> = direct.iter().map(|import| plan.closure(*import)).collect();
    let mut ordered: Vec<ChunkIdx> = Vec::new();
    for (at, import) in direct.iter().enumerate() {
        let reached = |wanted: &ChunkIdx| closures[..=at].iter().any(|closure| closure.contains(wanted));
        let mut earlier: Vec<ChunkIdx> = closures[at + 1..]
            .iter()
            .flatten()
            .filter(|later| first[later.index()] < first[import.index()] && !reached(later) && **later != idx)
            .filter(|later| !direct.contains(later))
            .copied()
            .collect();
        earlier.sort_by_key(|chunk| first[chunk.index()]);
        for chunk in earlier.into_iter().chain([*import]) {
            if !ordered.contains(&chunk) {
                ordered.push(chunk);
            }
        }
    }
    ordered
}

/// A chunk whose exports matter and whose members other chunks import would have to export more than its root does. Its members
/// move to a chunk of their own, and what stays is a facade that re-exports the root's names. Says whether there was one.
fn separate_facades(plan: &mut ChunkPlan) -> bool {
    let imported: BTreeSet<ChunkIdx> = plan.chunks.iter().flat_map(|chunk| chunk.imports.iter().copied()).collect();
    let mut separated = false;
    for idx in imported {
        let body = ChunkIdx(plan.chunks.len() as u32);
        let chunk = &mut plan.chunks[idx.index()];
        let (Some(id), true, false) = (&chunk.script, chunk.exports_matter, chunk.scripts.is_empty()) else { continue };
        let moved = Chunk {
            name: chunk.name.clone(),
            script: Some(OutputId::new(format!("{}:body", id.as_str()))),
            scripts: std::mem::take(&mut chunk.scripts),
            ..Chunk::empty()
        };
        for asset in &moved.scripts {
            plan.chunk_of[asset.index()] = Some(body);
        }
        plan.chunks.push(moved);
        separated = true;
    }
    separated
}
