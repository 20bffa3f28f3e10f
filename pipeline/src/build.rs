//! The build: one line per stage. Each stage takes the finished value of the one before.

use crate::asset::AssetOutput;
use crate::chunk::{Chunk, ChunkIdx, ChunkPlan, PlanInput};
use crate::diagnostic::{Diagnostic, Outcome};
use crate::discover::{discover, internal};
use crate::emit::emit;
use crate::graph::{AssetGraph, AssetIdx, Entry};
use crate::manifest::{self, Model};
use crate::naming::{Names, finalise};
use crate::output::{Bytes, FinalFile, Output, OutputClass, OutputId, Release};
use crate::plugin::{AssetPlugin, Finisher, Grouping, Inline, Linked, RenderContext, RenderInline};
use crate::relink::Link;
use crate::session::{BuildResult, Progress, Session, WrittenFile};
use crate::task::Tasks;
use crate::unchanged::{recall, remember};
use rayon::prelude::*;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

pub(crate) fn build(session: &Session, progress: &dyn Progress) -> BuildResult {
    progress.stage("check");
    recall(session).unwrap_or_else(|| make(session, progress))
}

fn make(session: &Session, progress: &dyn Progress) -> BuildResult {
    let tasks = Tasks::new(Arc::clone(&session.cache));
    let mut diagnostics = Vec::new();
    progress.stage("transform");
    let graph = discover(session, &tasks, progress).take(&mut diagnostics);
    let mut result = BuildResult { assets: graph.nodes.len(), ..BuildResult::default() };
    if let Some(release) = release(session, &tasks, &graph, progress, &mut diagnostics) {
        progress.stage("write");
        result.log.counts = tasks.counts();
        match emit(&session.options.out, session.options.emit, &release.files) {
            Ok(emitted) => {
                result.written = emitted.written;
                result.files = release.files.iter().map(written).collect();
                result.diagnostics = in_order(std::mem::take(&mut diagnostics));
                remember(session, &graph, &release, &emitted, &result);
            }
            Err(error) => {
                result.write_failed = true;
                let error = error.below(&session.options.root);
                diagnostics.push(Diagnostic::error("unwritable", error.to_string()));
            }
        }
    }
    result.diagnostics.extend(diagnostics);
    free(graph);
    session.cache.flush();
    result.diagnostics.extend(session.cache.take_warnings());
    BuildResult { diagnostics: in_order(result.diagnostics), log: tasks.into_log(), ..result }
}

fn in_order(mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    diagnostics.sort();
    diagnostics.dedup();
    diagnostics
}

/// From the graph to the final files; `None` if there are errors.
fn release(
    session: &Session,
    tasks: &Tasks,
    graph: &Arc<AssetGraph>,
    progress: &dyn Progress,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Release> {
    progress.stage("link");
    diagnostics.extend(session.options.split.unused(graph));
    let parts: Vec<Part> =
        apart(graph).into_iter().map(|graph| Part::new(session, tasks, graph).take(diagnostics)).collect();
    let names = names(session, &parts).take(diagnostics);
    stop_on_errors(diagnostics)?;
    progress.stage("render");
    let mut rendered = BTreeSet::new();
    let mut outputs = Vec::new();
    for part in &parts {
        let own = render(session, tasks, part, &names).take(diagnostics);
        // A file that several parts need is written once.
        outputs.extend(own.into_iter().filter(|output| rendered.insert(output.id.clone())));
    }
    stop_on_errors(diagnostics)?;
    let files = tasks.time("hash", "", || finalise(&names, outputs));
    let mut release = Release { files, base: session.options.base.clone() };
    let copied = static_files(session).take(diagnostics);
    diagnostics.extend(duplicates(&release, &copied));
    release.files.extend(copied);
    progress.stage("compress");
    finish(&session.plugins.finishers, tasks, &mut release, diagnostics);
    let manifests = manifests(session, &parts, &names, &release);
    diagnostics.extend(manifests_in_the_way(&release, &manifests));
    release.files.extend(manifests);
    finish(&session.plugins.last, tasks, &mut release, diagnostics);
    release.files.sort_by(|a, b| (&a.path, &a.id).cmp(&(&b.path, &b.id)));
    stop_on_errors(diagnostics)?;
    keep(session, parts);
    Some(release)
}

/// Frees what nobody needs any more, beside what comes next if there is another thread: it takes some percent of a build.
fn free(value: impl Send + 'static) {
    match rayon::current_num_threads() {
        // A pool of this thread alone might never come to it.
        1 => drop(value),
        _ => rayon::spawn(move || drop(value)),
    }
}

/// Keeps what was linked for the next build of the session.
fn keep(session: &Session, parts: Vec<Part>) {
    match <[Part; 1]>::try_from(parts) {
        Ok([Part { graph, linked, plan, live, is_quiet: true }]) if session.options.keep_in_memory => {
            session.last_link.keep(Link { graph, linked, plan, live });
        }
        others => free(others),
    }
}

fn finish(finishers: &[Box<dyn Finisher>], tasks: &Tasks, release: &mut Release, diagnostics: &mut Vec<Diagnostic>) {
    for finisher in finishers {
        let added = tasks.time("finish", finisher.name(), || finisher.finish(release, tasks)).take(diagnostics);
        // What has the id of an earlier file is that file, finished.
        let finished: BTreeSet<&OutputId> = added.iter().map(|file| &file.id).collect();
        release.files.retain(|file| !finished.contains(&file.id));
        release.files.extend(added);
    }
}

fn stop_on_errors(diagnostics: &[Diagnostic]) -> Option<()> {
    (!diagnostics.iter().any(Diagnostic::is_error)).then_some(())
}

/// What is linked together, with what came of it.
struct Part {
    graph: Arc<AssetGraph>,
    /// In the order of the plugins.
    linked: Vec<Linked>,
    plan: ChunkPlan,
    /// Indexed by asset.
    live: Vec<bool>,
    /// There is nothing to say about it.
    is_quiet: bool,
}

/// The graph, or one for each entry if nothing may be shared.
fn apart(graph: &Arc<AssetGraph>) -> Vec<Arc<AssetGraph>> {
    if graph.splitting || graph.entries.len() < 2 {
        return vec![Arc::clone(graph)];
    }
    let only = |entry: &Entry| Arc::new(AssetGraph { entries: vec![entry.clone()], ..AssetGraph::clone(graph) });
    graph.entries.iter().map(only).collect()
}

impl Part {
    fn new(session: &Session, tasks: &Tasks, graph: Arc<AssetGraph>) -> Outcome<Self> {
        if let Some((last, resized)) = session.last_link.take(&session.plugins, &graph) {
            let is_planned_alike = !last.plan.may_differ(&session.options.split, &graph, &resized)
                || tasks.time("chunk", "", || chunk(session, &graph, &last.linked)).0 == last.plan;
            if is_planned_alike {
                let Link { linked, plan, live, .. } = last;
                return Outcome::new(Self { graph, linked, plan, live, is_quiet: true });
            }
        }
        let mut diagnostics = Vec::new();
        let mut linked = link(session, tasks, &graph).take(&mut diagnostics);
        let (plan, live) = tasks.time("chunk", "", || chunk(session, &graph, &linked));
        for (plugin, linked) in session.plugins.assets.iter().zip(&mut linked) {
            diagnostics.extend(tasks.time("prepare", plugin.kind(), || plugin.prepare(&graph, &plan, linked)));
        }
        Outcome::with(Self { graph, linked, plan, live, is_quiet: diagnostics.is_empty() }, diagnostics)
    }

    fn live(&self) -> impl Iterator<Item = AssetIdx> {
        self.graph.indices().filter(|asset| self.live[asset.index()])
    }
}

/// Every plugin's view of what is live, in the order of the plugins.
fn link(session: &Session, tasks: &Tasks, graph: &AssetGraph) -> Outcome<Vec<Linked>> {
    let mut diagnostics = Vec::new();
    let linked = session.plugins.assets.iter().map(|plugin| {
        let link = || tasks.time("link", plugin.kind(), || plugin.link(graph, tasks));
        let outcome = catch_unwind(AssertUnwindSafe(link)).unwrap_or_else(|payload| {
            Outcome::with(Linked::default(), vec![internal("link", plugin.kind(), &*payload)])
        });
        outcome.take(&mut diagnostics)
    });
    let linked = linked.collect();
    Outcome::with(linked, diagnostics)
}

/// Position of the plugin that owns an asset.
fn owner(session: &Session, graph: &AssetGraph, asset: AssetIdx) -> usize {
    let kind = graph.node(asset).kind;
    session.plugins.assets.iter().position(|plugin| plugin.kind() == kind).expect("a node's kind is a plugin's name")
}

fn chunk(session: &Session, graph: &AssetGraph, linked: &[Linked]) -> (ChunkPlan, Vec<bool>) {
    let owners: Vec<usize> = graph.indices().map(|asset| owner(session, graph, asset)).collect();
    let groupings: Vec<Grouping> = session.plugins.assets.iter().map(|plugin| plugin.grouping()).collect();
    crate::chunk::plan(&PlanInput {
        graph,
        grouping: &|asset| groupings[owners[asset.index()]],
        edges: &|asset| linked[owners[asset.index()]].edges.get(asset.index()).map_or(&[], Vec::as_slice),
        waits: &|asset| linked[owners[asset.index()]].waits.get(asset.index()).copied().unwrap_or(false),
        load: &|asset| linked[owners[asset.index()]].loads.get(asset.index()).copied().unwrap_or_default(),
        split: &session.options.split,
        lookup: session.options.lookup,
    })
}

/// Plans every output's name.
fn names(session: &Session, parts: &[Part]) -> Outcome<Names> {
    let mut names = Names::new(session.options.naming.clone(), &session.options.base);
    let mut diagnostics = Vec::new();
    // Entries first: they keep their plain names.
    let mut chunks: Vec<&Chunk> = parts.iter().flat_map(|part| &part.plan.chunks).collect();
    chunks.sort_by_key(|chunk| !chunk.is_entry);
    chunks.into_iter().for_each(|chunk| name_chunk(&mut names, chunk));
    let mut named = BTreeSet::new();
    let live = parts.iter().flat_map(|part| part.live().map(|asset| (&*part.graph, asset)));
    for (graph, asset) in live.filter(|(_, asset)| named.insert(*asset)) {
        let node = graph.node(asset);
        let Grouping::Single { class } = session.plugins.assets[owner(session, graph, asset)].grouping() else {
            continue;
        };
        for AssetOutput { variant, extension, .. } in &node.asset.outputs {
            let id = OutputId::of_asset(&node.id, variant);
            if class != OutputClass::Document {
                names.plan(&id, node.id.stem(), extension);
            } else if node.id.path().starts_with("..") {
                let message =
                    format!("the page `{}` lies outside the root, so it has no place in the output folder", node.id);
                diagnostics.push(Diagnostic::error("outside-root", message));
            } else {
                names.plan_fixed(&id, node.id.path());
            }
        }
    }
    Outcome::with(names, diagnostics)
}

/// The script and the stylesheet of a chunk, and what lies beside them.
fn name_chunk(names: &mut Names, chunk: &Chunk) {
    for (id, extension) in [(&chunk.script, "js"), (&chunk.style, "css")] {
        if let Some(id) = id {
            names.plan(id, &chunk.name, extension);
            names.plan_beside(&OutputId::new(format!("map:{}", id.as_str())), id, ".map");
            names.plan_beside(&OutputId::new(format!("licences:{}", id.as_str())), id, ".LEGAL.txt");
        }
    }
}

/// Renders chunks and other assets in parallel; the order of the result does not matter, the namer sorts.
fn render(session: &Session, tasks: &Tasks, part: &Part, names: &Names) -> Outcome<Vec<Output>> {
    enum Work {
        Chunk(ChunkIdx),
        Asset(AssetIdx),
    }
    let mut work: Vec<(usize, Work)> = Vec::new();
    for (position, plugin) in session.plugins.assets.iter().enumerate() {
        for (at, chunk) in part.plan.chunks.iter().enumerate() {
            let wanted = match plugin.grouping() {
                Grouping::Script => chunk.script.is_some(),
                Grouping::Style => chunk.style.is_some(),
                Grouping::Single { .. } => false,
            };
            if wanted {
                work.push((position, Work::Chunk(ChunkIdx(at as u32))));
            }
        }
    }
    work.extend(part.live().filter_map(|asset| {
        let position = owner(session, &part.graph, asset);
        matches!(session.plugins.assets[position].grouping(), Grouping::Single { .. })
            .then_some((position, Work::Asset(asset)))
    }));
    // The largest first, so that no core is idle at the end while another has yet to do one of these.
    let source_size = |asset: &AssetIdx| part.graph.node(*asset).source.content.len();
    work.sort_by_cached_key(|(_, work)| match work {
        Work::Chunk(chunk) => Reverse(part.plan.chunk(*chunk).scripts.iter().map(source_size).sum::<usize>()),
        Work::Asset(asset) => Reverse(source_size(asset)),
    });
    let stage = Stage { session, tasks, part, names };
    let inline = |asset: AssetIdx, into: &OutputId| stage.inline(asset, into, &[]);
    let rendered: Vec<Outcome<Vec<Output>>> = work
        .par_iter()
        .with_max_len(1)
        .map(|(position, work)| {
            let plugin = &*session.plugins.assets[*position];
            let context = stage.context(*position, &inline);
            let render = || match work {
                Work::Chunk(chunk) => plugin.render_chunk(&context, *chunk),
                Work::Asset(asset) => render_asset(plugin, &context, *asset),
            };
            let subject = match work {
                Work::Chunk(chunk) => part.plan.chunk(*chunk).name.as_str(),
                Work::Asset(asset) => part.graph.node(*asset).id.as_str(),
            };
            let render = || tasks.time("render", subject, render);
            catch_unwind(AssertUnwindSafe(render))
                .unwrap_or_else(|payload| Outcome::with(Vec::new(), vec![internal("render", subject, &*payload)]))
        })
        .collect();
    let mut diagnostics = Vec::new();
    let outputs = rendered.into_iter().flat_map(|outcome| outcome.take(&mut diagnostics)).collect();
    Outcome::with(outputs, diagnostics)
}

/// What rendering sees, whoever renders.
struct Stage<'a> {
    session: &'a Session,
    tasks: &'a Tasks,
    part: &'a Part,
    names: &'a Names,
}

impl Stage<'_> {
    fn context<'s>(&'s self, owner: usize, inline: &'s RenderInline<'s>) -> RenderContext<'s> {
        let Self { tasks, part, names, .. } = *self;
        RenderContext { graph: &part.graph, plan: &part.plan, linked: &part.linked[owner], names, tasks, inline }
    }

    /// An asset as a text inside an output. `open` are those around it.
    fn inline(&self, asset: AssetIdx, into: &OutputId, open: &[AssetIdx]) -> Outcome<Inline> {
        if open.contains(&asset) {
            let message = format!("`{}` would become a part of itself", self.part.graph.node(asset).id);
            let error = Diagnostic::error("inline-cycle", message).help("ask for its URL instead");
            return Outcome::with(Inline::default(), vec![error]);
        }
        let open = [open, &[asset]].concat();
        let inline = |asset: AssetIdx, into: &OutputId| self.inline(asset, into, &open);
        let owner = owner(self.session, &self.part.graph, asset);
        self.session.plugins.assets[owner].render_inline(&self.context(owner, &inline), asset, into)
    }
}

/// The files of an asset: those that the transform finished, and those that need names of others.
fn render_asset(plugin: &dyn AssetPlugin, context: &RenderContext<'_>, asset: AssetIdx) -> Outcome<Vec<Output>> {
    let node = context.graph.node(asset);
    let Grouping::Single { class } = plugin.grouping() else { return Outcome::new(Vec::new()) };
    let finished = node.asset.outputs.iter().filter_map(|output| {
        Some(Output {
            id: OutputId::of_asset(&node.id, &output.variant),
            class,
            bytes: Bytes::copy_from_slice(output.bytes.as_deref()?),
            references: Vec::new(),
            asset: Some(node.id.clone()),
            chunk: None,
        })
    });
    let mut outputs: Vec<Output> = finished.collect();
    let mut diagnostics = Vec::new();
    if outputs.len() < node.asset.outputs.len() {
        outputs.extend(plugin.render_asset(context, asset).take(&mut diagnostics));
    }
    Outcome::with(outputs, diagnostics)
}

/// The static folder's files under their own names.
fn static_files(session: &Session) -> Outcome<Vec<FinalFile>> {
    let Some(folder) = &session.options.static_folder else { return Outcome::new(Vec::new()) };
    let read = crate::files::walk(folder).and_then(|files| {
        files
            .into_iter()
            .map(|(path, file)| {
                let id = OutputId::new(format!("static:{path}"));
                Ok(FinalFile::made(id, path, OutputClass::Static, crate::files::read(&file)?))
            })
            .collect()
    });
    read.map(Outcome::new).unwrap_or_else(|error: std::io::Error| {
        Outcome::with(
            Vec::new(),
            vec![Diagnostic::error("unreadable", format!("cannot read the static folder: {error}"))],
        )
    })
}

/// Files of the static folder that would take the place of others.
fn duplicates(release: &Release, copied: &[FinalFile]) -> Vec<Diagnostic> {
    let in_the_way = release.in_the_way(copied);
    in_the_way
        .map(|file| {
            let message = format!("the build writes `{}`, and the static folder has a file of that name", file.path);
            Diagnostic::error("duplicate-output", message).help("rename one of the two")
        })
        .collect()
}

/// Last, because they say how large precompressed files are.
fn manifests(session: &Session, parts: &[Part], names: &Names, release: &Release) -> Vec<FinalFile> {
    let requests = &session.options.manifests;
    let ([Part { graph, plan, .. }], false) = (parts, requests.is_empty()) else { return Vec::new() };
    let model = Model::new(graph, plan, release, names, session.options.integrity);
    requests.iter().flat_map(|request| manifest::write(&model, request)).collect()
}

/// Manifests that would take the places of other files, or of each other.
fn manifests_in_the_way(release: &Release, manifests: &[FinalFile]) -> Vec<Diagnostic> {
    let in_the_way = release.in_the_way(manifests);
    in_the_way
        .map(|file| {
            let message = format!("the manifest `{}` has the name of another file of the build", file.path);
            Diagnostic::error("duplicate-output", message)
                .help("give it another one: `{ format = \"…\", path = \"…\" }` in `manifest.formats`")
        })
        .collect()
}

fn written(file: &FinalFile) -> WrittenFile {
    WrittenFile { path: file.path.clone(), class: file.class, size: file.bytes.len() }
}
