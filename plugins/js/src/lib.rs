//! JavaScript, TypeScript, JSX and JSON: modules linked into chunks.
//!
//! ```text
//! scan      tree -> record and dependencies            per file, parallel, cached
//! classify  records -> kinds of modules, who is wrapped in a function
//! bind      what every import means
//! purity    what evaluating each part may do
//! shake     which parts of which modules are needed, by a worklist from the roots
//! weigh     how large each module is, and who could see that it is evaluated
//!           (the engine makes chunks of what is left)
//! circular  what is certainly read before it is set
//! order     who else is wrapped so that evaluation keeps ECMAScript's order, and who evaluates whom
//! cross     which symbols pass from chunk to chunk
//! rename    the names of one chunk's scope
//! instruct  names, references and order of one chunk, as data that is the key of the rest
//! hoist     tree -> statements in the chunk's scope     per module, parallel
//! render    statements -> text, map, minified           per chunk, parallel, cached
//! ```
//!
//! Evaluation order is that of ES modules, across chunks and past a top-level `await` too. Wrapped modules (CommonJS, ES modules that are
//! required, and those that would come too early where they stand) are evaluated when they are first asked for.

mod alone;
mod bind;
mod circular;
mod classify;
mod commonjs;
mod cross;
mod declare;
mod effects;
mod glob;
mod hoist;
mod instruct;
mod json;
mod made;
pub mod options;
mod order;
mod purity;
mod record;
mod rename;
mod render;
mod runtime;
mod scan;
mod shake;
pub mod swc;
mod tables;
mod unsupported;
mod wasm;
mod weigh;
mod words;

pub use options::{Format, JsOptions, JsxOptions, LegalComments, SourceMap};

use crate::instruct::{ModuleInstructions, instruct};
use crate::made::{Form, module_text};
use crate::record::ModuleRecord;
use crate::render::{Modules, Rendered, render};
use crate::scan::scan;
use crate::swc::{Dialect, Hint, Program, Settings, Syntax, parse};
use crate::tables::Tables;
use planish_pipeline::asset::{Asset, Dependency, DependencyKind, Live, Source};
use planish_pipeline::chunk::{ChunkIdx, ChunkPlan};
use planish_pipeline::diagnostic::{Diagnostic, Outcome};
use planish_pipeline::graph::{AssetGraph, AssetIdx, Node};
use planish_pipeline::key::{Key, KeyBuilder};
use planish_pipeline::output::{Bytes, Output, OutputClass, OutputId};
use planish_pipeline::plugin::{AssetPlugin, Grouping, Inline, Linked, RenderContext, Request};
use planish_pipeline::task::{Task, Tasks, Written};
use rayon::prelude::*;
use std::any::Any;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

/// Raised when the same source gives another record.
const VERSION: u32 = 12;
/// Rendering a chunk; raised when the same instructions give another text.
const RENDER: Task = Task { name: "js-chunk", version: 15 };

/// The plugin for everything that becomes JavaScript.
pub struct JsPlugin {
    options: JsOptions,
    settings: Settings,
    key: Key,
}

/// A record with the tree that it describes.
struct LiveModule {
    record: Arc<ModuleRecord>,
    /// Until it is rendered, if nobody will ask for it again.
    program: Mutex<Option<Arc<Program>>>,
}

impl LiveModule {
    fn new(record: ModuleRecord, program: Program) -> Self {
        Self { record: Arc::new(record), program: Mutex::new(Some(Arc::new(program))) }
    }

    fn program(&self, is_last_use: bool) -> Option<Arc<Program>> {
        let mut program = self.program.lock().expect("no panic while locked");
        if is_last_use { program.take() } else { program.clone() }
    }
}

impl Live for LiveModule {
    fn record(&self) -> Vec<u8> {
        postcard::to_stdvec(&*self.record).expect("a record is plain data")
    }
}

impl JsPlugin {
    /// The plugin, or what is wrong with the options.
    pub fn new(options: JsOptions) -> Result<Self, String> {
        let settings = Settings::new(&options)?;
        let key = options_key(&options);
        Ok(Self { options, settings, key })
    }

    /// Parses, transforms and scans a source.
    fn read(&self, source: &Source) -> Outcome<Option<(LiveModule, Vec<Dependency>)>> {
        let made = match module_text(source, self.options.platform) {
            Ok(made) => made,
            Err(diagnostic) => return Outcome::with(None, vec![*diagnostic]),
        };
        let is_made = !made.is_written;
        let syntax = if is_made { Syntax::Js } else { Syntax::of_extension(&source.id.extension()) };
        let dialect = Dialect { syntax, hint: hint(source, is_made), compiler: &source.package.compiler };
        let Outcome { value, mut diagnostics } = parse(&source.id, &made.text, dialect, &self.settings);
        diagnostics.extend(made.diagnostics);
        let Some(mut program) = value else { return Outcome::with(None, diagnostics) };
        let mut globs = glob::replace(&mut program, source);
        diagnostics.append(&mut globs.diagnostics);
        let mut scanned = scan(&mut program, source);
        globs.attach(&mut scanned.dependencies);
        if is_made {
            scanned.forget_places();
        }
        if let Some(kind) = made.kind {
            scanned.dependencies.iter_mut().for_each(|dependency| dependency.kind = kind);
        }
        if Form::of(&source.id) == Form::Json {
            scanned.record.format = record::Format::Json;
        }
        Outcome::with(Some((LiveModule::new(scanned.record, program), scanned.dependencies)), diagnostics)
    }

    /// The record of a module, from memory or from the cache; `None` for assets of other kinds.
    fn record(&self, node: &Node) -> Option<Arc<ModuleRecord>> {
        if node.kind != self.kind() {
            return None;
        }
        Some(record_of(&node.asset))
    }

    /// The tree of a module, made again if the module came from the cache or was rendered before.
    fn program(&self, graph: &AssetGraph, module: &ModuleInstructions) -> Option<Arc<Program>> {
        let node = graph.node(module.asset);
        // Whoever builds again, or renders a part of the graph for itself, holds the asset too.
        let is_last_use = Arc::strong_count(&node.asset) == 1;
        live(node)
            .and_then(|live| live.program(is_last_use))
            .or_else(|| self.read(&node.source).value.and_then(|(live, _)| live.program(true)))
    }
}

fn live(node: &Node) -> Option<&LiveModule> {
    live_of(&node.asset)
}

fn live_of(asset: &Asset) -> Option<&LiveModule> {
    let live: &dyn Any = &**asset.live.as_ref()?;
    live.downcast_ref()
}

/// The record of a module.
fn record_of(asset: &Asset) -> Arc<ModuleRecord> {
    match live_of(asset) {
        Some(live) => Arc::clone(&live.record),
        // A broken module has an empty record.
        None => Arc::new(postcard::from_bytes(&asset.record).unwrap_or_default()),
    }
}

fn options_key(options: &JsOptions) -> Key {
    let mut key = KeyBuilder::new("js options", 1);
    // Every option that decides what a module or a chunk becomes; their text form is as stable as their names.
    key.text(&format!("{options:?}"));
    key.finish()
}

/// The package's `type`, which counts for files with an extension.
fn says_module(source: &Source) -> bool {
    source.package.module_type.as_deref() == Some("module") && !source.id.extension().is_empty()
}

fn hint(source: &Source, is_made: bool) -> Hint {
    let extension = source.id.extension();
    // An inline script of a document is a module script.
    let is_module = is_made
        || matches!(extension.as_str(), "mjs" | "mts")
        || says_module(source)
        || source.id.query().is_some_and(|query| query.starts_with("inline="));
    if is_module && !matches!(extension.as_str(), "cjs" | "cts") { Hint::Module } else { Hint::Unknown }
}

/// Whether a request is for a module or script, whatever its name.
fn is_for_code(kind: DependencyKind) -> bool {
    use DependencyKind::{DynamicImport, Import, Require, Script, Worker};
    matches!(kind, Import | DynamicImport | Require | Script | Worker)
}

/// Modules that are run for their own sake, and those whose exports count.
fn roots(graph: &AssetGraph, tables: &[Option<tables::Module>]) -> (Vec<AssetIdx>, Vec<AssetIdx>) {
    let is_module = |asset: &AssetIdx| tables[asset.index()].is_some();
    let entries: Vec<AssetIdx> = graph.entries.iter().map(|entry| entry.asset).filter(is_module).collect();
    let scripts = graph.nodes.iter().flat_map(Node::edges).filter_map(|(dependency, target)| {
        let by_document = dependency.kind == DependencyKind::Script;
        target.asset().filter(|_| by_document)
    });
    let mut evaluated: Vec<AssetIdx> = scripts.filter(is_module).collect();
    if graph.library {
        return (evaluated, entries);
    }
    evaluated.extend(entries);
    (evaluated, Vec::new())
}

impl AssetPlugin for JsPlugin {
    fn kind(&self) -> &'static str {
        "js"
    }

    fn version(&self) -> u32 {
        VERSION
    }

    fn options(&self) -> Key {
        self.key
    }

    fn accepts(&self, request: Request<'_>) -> bool {
        match Form::of(request.id) {
            Form::Other => false,
            Form::Json => request.kind != Some(DependencyKind::Url),
            // A name says nothing there, so who asks for it does.
            Form::Code if request.id.extension().is_empty() => request.kind.is_none_or(is_for_code),
            _ => true,
        }
    }

    fn grouping(&self) -> Grouping {
        Grouping::Script
    }

    fn transform(&self, source: &Source) -> Outcome<Asset> {
        let Outcome { value, diagnostics } = self.read(source);
        let Some((live, dependencies)) = value else { return Outcome::with(Asset::default(), diagnostics) };
        let asset = Asset { dependencies, live: Some(Arc::new(live)), ..Asset::default() };
        Outcome::with(asset, diagnostics)
    }

    fn link(&self, graph: &AssetGraph, _: &Tasks) -> Outcome<Linked> {
        let mut modules = classify::classify(graph, |node| self.record(node), graph.splitting);
        let mut diagnostics = bind::bind(graph, &mut modules);
        purity::settle(graph, &mut modules);
        let (evaluated, exposed) = roots(graph, &modules);
        // A CommonJS bundle hands out its exports as an object.
        let as_object = self.options.format == Format::Cjs;
        let roots = shake::Roots { evaluated, exposed, as_object };
        let mut modules = shake::shake(graph, modules, &roots);
        diagnostics.extend(circular::circular(graph, &modules, &[roots.evaluated, roots.exposed].concat()));
        // Elsewhere names say more than values, and reading them too early shows.
        if self.options.minify {
            shake::settle_constants(&mut modules);
        }
        let edges = graph.par_indices().map(|idx| shake::edges(graph, &modules, idx)).collect();
        let waits =
            modules.iter().map(|module| module.as_ref().is_some_and(|module| module.record.has_await)).collect();
        let loads = weigh::weigh(&modules);
        let tables = Tables { modules, ..Tables::default() };
        Outcome::with(Linked { edges, waits, loads, tables: Some(Box::new(tables)) }, diagnostics)
    }

    fn links_alike(&self, one: &Asset, other: &Asset) -> bool {
        record_of(one).in_essence() == record_of(other).in_essence()
    }

    fn refresh(&self, node: &Node, asset: AssetIdx, linked: &mut Linked) {
        let tables = linked.tables.as_mut().and_then(|tables| tables.downcast_mut::<Tables>());
        let module = tables.and_then(|tables| tables.modules[asset.index()].as_mut());
        if let (Some(module), Some(record)) = (module, self.record(node)) {
            module.record = record;
            linked.loads[asset.index()].size = weigh::size(module);
        }
    }

    fn prepare(&self, graph: &AssetGraph, plan: &ChunkPlan, linked: &mut Linked) -> Vec<Diagnostic> {
        let Some(tables) = linked.tables.as_mut().and_then(|tables| tables.downcast_mut::<Tables>()) else {
            return Vec::new();
        };
        tables.order = order::order(tables, plan);
        tables.cross = cross::cross(graph, tables, plan, self.options.minify);
        unsupported::unsupported(graph, tables, plan, &self.options)
    }

    fn render_chunk(&self, context: &RenderContext<'_>, chunk: ChunkIdx) -> Outcome<Vec<Output>> {
        let tables = context.linked.tables.as_ref().and_then(|tables| tables.downcast_ref::<Tables>());
        let (Some(tables), Some(script)) = (tables, &context.plan.chunk(chunk).script) else {
            return Outcome::new(Vec::new());
        };
        let instruct = || instruct(context, tables, &self.options, chunk);
        let instructions = tables.instructed.get(chunk, context.tasks.keeps(), instruct);
        let name = &context.plan.chunk(chunk).name;
        let mut key = KeyBuilder::new(RENDER.name, RENDER.version);
        instructions.key(context.graph, key.key(&self.key));
        let key = key.finish();
        let render = || {
            let program = |module: &ModuleInstructions| self.program(context.graph, module);
            let modules = Modules { graph: context.graph, key: &self.key, tasks: context.tasks, program: &program };
            render(&instructions, &self.options, &self.settings, name, &modules)
        };
        // Modules that were printed are in memory.
        let written = if self.options.minify { Written::Always } else { Written::UnlessEdited };
        let rendered = context.tasks.run_key(RENDER, name, &key, written, render);
        let Outcome { value, diagnostics } = Arc::unwrap_or_clone(rendered);
        let outputs = outputs(context, &self.options, script, chunk, value, &instructions.references);
        Outcome::with(outputs, [instructions.diagnostics.clone(), diagnostics].concat())
    }

    fn render_inline(&self, context: &RenderContext<'_>, asset: AssetIdx, into: &OutputId) -> Outcome<Inline> {
        alone::alone(self, context, asset, into)
    }
}

/// A chunk's script, with its map and licences.
fn outputs(
    context: &RenderContext<'_>,
    options: &JsOptions,
    script: &OutputId,
    chunk: ChunkIdx,
    rendered: Rendered,
    references: &BTreeSet<OutputId>,
) -> Vec<Output> {
    let mut references: Vec<OutputId> = references.iter().cloned().collect();
    let mut code = rendered.code;
    if !code.ends_with('\n') {
        code.push('\n');
    }
    let output = |id: OutputId, class, bytes: Bytes| Output {
        id,
        class,
        bytes,
        references: Vec::new(),
        asset: context.plan.chunk(chunk).root_id.clone(),
        chunk: Some(chunk),
    };
    let file_name = |id: &OutputId| context.names.path(id).and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    let mut outputs = Vec::new();
    if !rendered.legal.is_empty() {
        let id = OutputId::new(format!("licences:{}", script.as_str()));
        code.push_str(&format!("/*! licences: {} */\n", file_name(&id)));
        references.push(script.clone());
        outputs.push(output(id, OutputClass::Licences, (rendered.legal.join("\n") + "\n").into_bytes().into()));
    }
    if let Some(map) = rendered.map {
        let id = OutputId::new(format!("map:{}", script.as_str()));
        match options.source_map {
            SourceMap::None => {}
            SourceMap::Inline => {
                let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &*map);
                code.push_str(&format!("//# sourceMappingURL=data:application/json;charset=utf-8;base64,{encoded}\n"));
            }
            SourceMap::External | SourceMap::Hidden => {
                if options.source_map == SourceMap::External {
                    code.push_str(&format!("//# sourceMappingURL={}\n", file_name(&id)));
                    // The map's name holds the script's own hash.
                    references.push(script.clone());
                }
                outputs.push(output(id, OutputClass::SourceMap, map));
            }
        }
    }
    outputs.push(Output { references, ..output(script.clone(), OutputClass::Script, code.into_bytes().into()) });
    outputs
}
