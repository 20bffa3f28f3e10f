//! What a plugin is. The engine knows no language: all that it knows of JavaScript, CSS, HTML or images is behind these traits.
//!
//! An asset's life: its [`AssetPlugin`] *transforms* one source on its own; the *link* stage sees the whole graph and says what
//! is live; the engine groups live `js` and `css` assets into chunks; the *render* stage makes outputs with placeholders; the
//! engine names them; [`Finisher`]s add files made from the finished set.

use crate::asset::{Asset, AssetId, DependencyKind, Source};
use crate::chunk::{ChunkIdx, ChunkPlan};
use crate::diagnostic::{Diagnostic, Outcome};
use crate::graph::{AssetGraph, AssetIdx, Node};
use crate::key::Key;
use crate::naming::Names;
use crate::output::{FinalFile, Output, OutputClass, OutputId, Release};
use crate::task::Tasks;
use std::any::Any;

/// A request, from which plugins decide whose asset it is.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The asset asked for, with its query.
    pub id: &'a AssetId,
    /// How it is asked for; `None` for an entry of the configuration.
    pub kind: Option<DependencyKind>,
    /// The import attribute `type`.
    pub attribute: Option<&'a str>,
}

/// How a plugin's assets become files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grouping {
    /// Members of chunks; each chunk becomes one script.
    Script,
    /// Members of chunks; each chunk becomes one stylesheet.
    Style,
    /// Each asset becomes its own [`crate::asset::AssetOutput`]s.
    Single {
        /// What the files are.
        class: OutputClass,
    },
}

/// What one asset needs of another once unused code is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// How: evaluated before it, loaded by `import()`, by URL, …
    pub kind: DependencyKind,
    /// What.
    pub target: AssetIdx,
}

/// What it means that an asset is in a file that somebody loads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Bytes that it adds to the file, about.
    pub size: u32,
    /// Whether somebody may notice.
    pub evaluation: Evaluation,
}

/// What becomes of a module when its file is loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Evaluation {
    /// It is evaluated, and that can be seen: it does something, or what it reads may be something else at another time.
    #[default]
    Seen,
    /// It is evaluated, and nobody can see whether and when.
    Unseen,
    /// It is evaluated when it is asked for.
    OnDemand,
}

/// What the link stage of one kind found.
#[derive(Default)]
pub struct Linked {
    /// Indexed by asset: what each asset of this kind still needs, in order of evaluation. An import that was traced to the module that
    /// declares the name leads there, past the modules that only pass it on. Assets of other kinds have none.
    pub edges: Vec<Vec<Edge>>,
    /// Indexed by asset: its evaluation may wait for an `import()`. What it asks for must then not wait for it in turn, so it cannot count
    /// on finding it loaded. Empty if no asset of this kind waits.
    pub waits: Vec<bool>,
    /// Indexed by asset: what loading it means. Empty if nothing is known of assets of this kind.
    pub loads: Vec<Load>,
    /// The plugin's own tables, for its render stage.
    pub tables: Option<Box<dyn Any + Send + Sync>>,
}

/// What the render stage sees.
pub struct RenderContext<'a> {
    /// All assets.
    pub graph: &'a AssetGraph,
    /// All chunks.
    pub plan: &'a ChunkPlan,
    /// This plugin's own link tables.
    pub linked: &'a Linked,
    /// Paths of all outputs, with placeholders.
    pub names: &'a Names,
    /// Cached tasks.
    pub tasks: &'a Tasks,
    /// What an asset of any kind becomes inside an output; see [`AssetPlugin::render_inline`].
    pub inline: &'a RenderInline<'a>,
}

/// Renders any asset as a text inside an output.
pub type RenderInline<'a> = dyn Fn(AssetIdx, &OutputId) -> Outcome<Inline> + Sync + 'a;

/// A text that becomes part of another output.
#[derive(Clone, Debug, Default)]
pub struct Inline {
    /// In order.
    pub pieces: Vec<Piece>,
    /// The outputs whose placeholders occur in the pieces.
    pub references: Vec<OutputId>,
}

/// A piece of an [`Inline`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Text.
    Text(String),
    /// A URL, as [`Names::url`] gives it for the output that the text becomes part of.
    Url(String),
}

/// All that Planish knows of one kind of asset.
pub trait AssetPlugin: Send + Sync {
    /// Its name: `js`, `css`, `html`, `image`, `file`.
    fn kind(&self) -> &'static str;

    /// Raised when the same input gives another record.
    fn version(&self) -> u32;

    /// A key over every option that changes what [`Self::transform`] gives.
    fn options(&self) -> Key;

    /// Whether this plugin takes the asset. The first plugin that accepts has it.
    fn accepts(&self, request: Request<'_>) -> bool;

    /// How its assets become files.
    fn grouping(&self) -> Grouping;

    /// Makes an asset of one source, seeing nothing but the source and the plugin's options. Cached by the engine.
    fn transform(&self, source: &Source) -> Outcome<Asset>;

    /// Sees the whole graph and decides what is needed. By default every dependency is.
    fn link(&self, graph: &AssetGraph, tasks: &Tasks) -> Outcome<Linked> {
        let _ = tasks;
        let edges = graph.nodes.iter().map(|node| {
            let edges = node
                .edges()
                .filter_map(|(dependency, target)| Some(Edge { kind: dependency.kind, target: target.asset()? }));
            if node.kind == self.kind() { edges.collect() } else { Vec::new() }
        });
        Outcome::new(Linked { edges: edges.collect(), ..Linked::default() })
    }

    /// Whether [`Self::link`], [`Self::prepare`] and whatever rendering takes from what is linked cannot tell two assets from each other, but
    /// for the places in their messages and what [`Self::refresh`] renews. The assets ask for the same and become the same files.
    fn links_alike(&self, one: &Asset, other: &Asset) -> bool {
        one.record == other.record
    }

    /// Puts into what was linked what is another of an asset that links like the one before.
    fn refresh(&self, node: &Node, asset: AssetIdx, linked: &mut Linked) {
        let _ = (node, asset, linked);
    }

    /// Sees the chunks before any of them is rendered, to settle what crosses their borders.
    fn prepare(&self, graph: &AssetGraph, plan: &ChunkPlan, linked: &mut Linked) -> Vec<Diagnostic> {
        let _ = (graph, plan, linked);
        Vec::new()
    }

    /// Renders one chunk's members of this kind: the script or stylesheet, and its source map if there is one.
    fn render_chunk(&self, context: &RenderContext<'_>, chunk: ChunkIdx) -> Outcome<Vec<Output>> {
        let _ = (context, chunk);
        Outcome::new(Vec::new())
    }

    /// Renders an asset as a text inside the output `into`, for [`DependencyKind::Inline`].
    fn render_inline(&self, context: &RenderContext<'_>, asset: AssetIdx, into: &OutputId) -> Outcome<Inline> {
        let _ = (context, asset, into);
        Outcome::new(Inline::default())
    }

    /// Renders the outputs of an asset whose [`crate::asset::AssetOutput::bytes`] are `None`. In their order.
    fn render_asset(&self, context: &RenderContext<'_>, asset: AssetIdx) -> Outcome<Vec<Output>> {
        let _ = (context, asset);
        Outcome::new(Vec::new())
    }
}

/// Makes files from the finished output set: a service worker, precompressed siblings.
pub trait Finisher: Send + Sync {
    /// Its name, for the log.
    fn name(&self) -> &'static str;

    /// The files to add; one with the id of an earlier file takes its place. Finishers run in the order of [`Plugins::finishers`], each
    /// seeing what the earlier ones added.
    fn finish(&self, release: &Release, tasks: &Tasks) -> Outcome<Vec<FinalFile>>;
}

/// The plugins of a build.
#[derive(Default)]
pub struct Plugins {
    /// In order of precedence.
    pub assets: Vec<Box<dyn AssetPlugin>>,
    /// In order of work.
    pub finishers: Vec<Box<dyn Finisher>>,
    /// The same, for what is to see the manifests, too.
    pub last: Vec<Box<dyn Finisher>>,
    /// A key over every option of all of them.
    pub options: Key,
}
