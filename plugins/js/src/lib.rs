//! JavaScript, TypeScript, JSX and JSON: modules linked into chunks.
//!
//! ```text
//! scan      tree -> record and dependencies            per file, parallel, cached
//! classify  records -> kinds of modules, who is wrapped in a function
//! bind      what every import means
//! purity    what evaluating each part may do
//! shake     which parts of which modules are needed, by a worklist from the roots
//!           (the engine makes chunks of what is left)
//! cross     which symbols pass from chunk to chunk
//! rename    the names of one chunk's scope
//! instruct  names, references and order of one chunk, as data that is the key of the rest
//! hoist     tree -> statements in the chunk's scope     per module, parallel
//! render    statements -> text, map, minified           per chunk, parallel, cached
//! ```
//!
//! Evaluation order is that of ES modules within a chunk; wrapped modules (CommonJS, and ES modules that are required) are evaluated
//! when they are first asked for.

mod bind;
mod classify;
mod cross;
mod declare;
mod effects;
mod hoist;
mod instruct;
mod json;
pub mod options;
mod purity;
mod record;
mod rename;
mod render;
mod runtime;
mod scan;
mod shake;
pub mod swc;
mod tables;
mod words;

pub use options::{Format, JsOptions, JsxOptions, LegalComments, SourceMap};

use crate::instruct::{ModuleInstructions, instruct};
use crate::record::ModuleRecord;
use crate::render::{Rendered, render};
use crate::scan::scan;
use crate::swc::{Dialect, Hint, Program, Settings, Syntax, parse};
use crate::tables::{Tables, Wrap};
use planish_pipeline::asset::{Asset, Dependency, DependencyKind, Source};
use planish_pipeline::chunk::{ChunkIdx, ChunkPlan};
use planish_pipeline::diagnostic::{Diagnostic, Outcome};
use planish_pipeline::graph::{AssetGraph, AssetIdx, Node, Target};
use planish_pipeline::key::{Key, KeyBuilder};
use planish_pipeline::output::{Output, OutputClass, OutputId};
use planish_pipeline::plugin::{AssetPlugin, Grouping, Linked, RenderContext, Request};
use planish_pipeline::resolve::Platform;
use planish_pipeline::task::{Task, Tasks};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Raised when the same source gives another record.
const VERSION: u32 = 4;
/// Rendering a chunk; raised when the same instructions give another text.
const RENDER: Task = Task { name: "js-chunk", version: 1 };

/// The plugin for everything that becomes JavaScript.
pub struct JsPlugin {
    options: JsOptions,
    settings: Settings,
    key: Key,
}

/// A record with the tree that it describes.
struct LiveModule {
    record: Arc<ModuleRecord>,
    program: Arc<Program>,
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
        let text = match module_text(source) {
            Ok(text) => text,
            Err(diagnostic) => return Outcome::with(None, vec![*diagnostic]),
        };
        let is_made = matches!(text, Cow::Owned(_));
        let syntax = if is_made { Syntax::Js } else { Syntax::of_extension(&source.id.extension()) };
        let dialect = Dialect { syntax, hint: hint(source, is_made), compiler: &source.package.compiler };
        let parsed = parse(&source.id, &text, dialect, &self.settings);
        let Outcome { value, diagnostics } = parsed;
        let Some(mut program) = value else { return Outcome::with(None, diagnostics) };
        let scanned = scan(&mut program, source);
        let mut record = scanned.record;
        if is_json(source) {
            record.format = record::Format::Json;
        }
        let live = LiveModule { record: Arc::new(record), program: Arc::new(program) };
        Outcome::with(Some((live, scanned.dependencies)), diagnostics)
    }

    /// The record of a module, from memory or from the cache; `None` for assets of other kinds.
    fn record(&self, node: &Node) -> Option<Arc<ModuleRecord>> {
        if node.kind != self.kind() {
            return None;
        }
        match live(node) {
            Some(live) => Some(Arc::clone(&live.record)),
            // A broken module has an empty record.
            None => Some(Arc::new(postcard::from_bytes(&node.asset.record).unwrap_or_default())),
        }
    }

    /// The tree of a module, made again if the module came from the cache.
    fn program(&self, graph: &AssetGraph, module: &ModuleInstructions) -> Option<Arc<Program>> {
        let node = graph.node(module.asset);
        match live(node) {
            Some(live) => Some(Arc::clone(&live.program)),
            None => self.read(&node.source).value.map(|(live, _)| live.program),
        }
    }
}

fn live(node: &Node) -> Option<&LiveModule> {
    node.asset.live.as_ref()?.downcast_ref()
}

fn options_key(options: &JsOptions) -> Key {
    let mut key = KeyBuilder::new("js options", 1);
    // Every option that decides what a module or a chunk becomes; their text form is as stable as their names.
    key.text(&format!("{options:?}"));
    key.finish()
}

fn is_json(source: &Source) -> bool {
    source.id.extension() == "json" && source.id.query() != Some("raw")
}

/// The text of a module: the file's own, or made of a JSON or text file.
fn module_text(source: &Source) -> Result<Cow<'_, str>, Box<Diagnostic>> {
    let text = source.text().ok_or_else(|| {
        let diagnostic = Diagnostic::error("invalid-utf8", format!("`{}` is not valid UTF-8", source.id));
        Box::new(diagnostic.at(&source.id, 0..0, "").help("save the file as UTF-8"))
    })?;
    if source.id.query() == Some("raw") {
        Ok(Cow::Owned(json::text_module(text)))
    } else if is_json(source) {
        json::json_module(source, text).map(Cow::Owned)
    } else {
        Ok(Cow::Borrowed(text))
    }
}

fn hint(source: &Source, is_made: bool) -> Hint {
    let extension = source.id.extension();
    // An inline script of a document is a module script.
    let is_module = is_made
        || matches!(extension.as_str(), "mjs" | "mts")
        || source.package.module_type.as_deref() == Some("module")
        || source.id.query().is_some_and(|query| query.starts_with("inline="));
    if is_module && !matches!(extension.as_str(), "cjs" | "cts") { Hint::Module } else { Hint::Unknown }
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
        let query = request.id.query();
        if query == Some("raw") {
            return true;
        }
        if query == Some("url") {
            return false;
        }
        match request.id.extension().as_str() {
            "js" | "mjs" | "cjs" | "jsx" | "ts" | "mts" | "cts" | "tsx" => true,
            "json" => request.kind != Some(DependencyKind::Url),
            _ => false,
        }
    }

    fn grouping(&self) -> Grouping {
        Grouping::Script
    }

    fn transform(&self, source: &Source) -> Outcome<Asset> {
        let Outcome { value, diagnostics } = self.read(source);
        let Some((live, dependencies)) = value else { return Outcome::with(Asset::default(), diagnostics) };
        let record = postcard::to_stdvec(&*live.record).expect("a record is plain data");
        let asset = Asset { dependencies, record, live: Some(Arc::new(live)), ..Asset::default() };
        Outcome::with(asset, diagnostics)
    }

    fn link(&self, graph: &AssetGraph, _: &Tasks) -> Outcome<Linked> {
        let mut modules = classify::classify(graph, |node| self.record(node), graph.splitting);
        let diagnostics = bind::bind(graph, &mut modules);
        purity::settle(graph, &mut modules);
        let (evaluated, exposed) = roots(graph, &modules);
        // A CommonJS bundle hands out its exports as an object.
        let as_object = self.options.format == Format::Cjs;
        let modules = shake::shake(graph, modules, &shake::Roots { evaluated, exposed, as_object });
        let edges = graph.indices().map(|idx| shake::edges(graph, &modules, idx)).collect();
        let waits =
            modules.iter().map(|module| module.as_ref().is_some_and(|module| module.record.has_await)).collect();
        let tables = Tables { modules, ..Tables::default() };
        Outcome::with(Linked { edges, waits, tables: Some(Box::new(tables)) }, diagnostics)
    }

    fn prepare(&self, graph: &AssetGraph, plan: &ChunkPlan, linked: &mut Linked) -> Vec<Diagnostic> {
        let Some(tables) = linked.tables.as_mut().and_then(|tables| tables.downcast_mut::<Tables>()) else {
            return Vec::new();
        };
        tables.cross = cross::cross(graph, tables, plan, self.options.minify);
        unsupported(graph, tables, plan, &self.options)
    }

    fn render_chunk(&self, context: &RenderContext<'_>, chunk: ChunkIdx) -> Outcome<Vec<Output>> {
        let tables = context.linked.tables.as_ref().and_then(|tables| tables.downcast_ref::<Tables>());
        let (Some(tables), Some(script)) = (tables, &context.plan.chunk(chunk).script) else {
            return Outcome::new(Vec::new());
        };
        let instructions = instruct(context, tables, &self.options, chunk);
        let name = &context.plan.chunk(chunk).name;
        let rendered = context.tasks.run(
            RENDER,
            name,
            |key| {
                key.key(&self.key).value(&instructions);
            },
            || render(&instructions, &self.options, &self.settings, name, |module| self.program(context.graph, module)),
        );
        let outputs = outputs(context, &self.options, script, chunk, &rendered.value, instructions.references);
        Outcome::with(outputs, rendered.diagnostics.clone())
    }
}

/// A chunk's script, with its map and licences.
fn outputs(
    context: &RenderContext<'_>,
    options: &JsOptions,
    script: &OutputId,
    chunk: ChunkIdx,
    rendered: &Rendered,
    references: BTreeSet<OutputId>,
) -> Vec<Output> {
    let mut references: Vec<OutputId> = references.into_iter().collect();
    let mut code = rendered.code.clone();
    if !code.ends_with('\n') {
        code.push('\n');
    }
    let output = |id: OutputId, class, bytes| Output {
        id,
        class,
        bytes,
        references: Vec::new(),
        asset: context.plan.chunk(chunk).root_id.clone(),
        chunk: Some(chunk),
    };
    if !rendered.legal.is_empty() {
        code.push_str(&rendered.legal.join("\n"));
        code.push('\n');
    }
    let mut outputs = Vec::new();
    if let Some(map) = &rendered.map {
        let id = OutputId::new(format!("map:{}", script.as_str()));
        match options.source_map {
            SourceMap::None => {}
            SourceMap::Inline => {
                let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, map);
                code.push_str(&format!("//# sourceMappingURL=data:application/json;charset=utf-8;base64,{encoded}\n"));
            }
            SourceMap::External | SourceMap::Hidden => {
                if options.source_map == SourceMap::External {
                    let name = context.names.path(&id).and_then(|path| path.rsplit('/').next()).unwrap_or_default();
                    code.push_str(&format!("//# sourceMappingURL={name}\n"));
                    // The map's name holds the script's own hash.
                    references.push(script.clone());
                }
                outputs.push(output(id, OutputClass::SourceMap, map.clone().into_bytes()));
            }
        }
    }
    outputs.push(Output { references, ..output(script.clone(), OutputClass::Script, code.into_bytes()) });
    outputs
}

/// What the wanted form of script cannot express.
fn unsupported(graph: &AssetGraph, tables: &Tables, plan: &ChunkPlan, options: &JsOptions) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    for asset in plan.chunks.iter().flat_map(|chunk| &chunk.scripts) {
        let module = tables.module(*asset);
        let node = graph.node(*asset);
        if module.is_included && module.record.has_await && options.format != Format::Esm {
            diagnostics.push(
                Diagnostic::error(
                    "top-level-await",
                    format!("`{}` awaits at its top level, which only ES modules can", node.id),
                )
                .help("build with `--format esm`"),
            );
        }
        let has_meta =
            options.format == Format::Esm || (options.format == Format::Cjs && options.platform == Platform::Node);
        if module.is_included && module.record.uses_import_meta && !has_meta {
            diagnostics.push(
                Diagnostic::warning(
                    "import-meta",
                    format!("`import.meta` of `{}` is empty: the output is no ES module", node.id),
                )
                .help("build with `--format esm`"),
            );
        }
        let required = node.edges().filter(|(dependency, _)| dependency.kind == DependencyKind::Require);
        for (dependency, target) in required {
            let asynchronous = target
                .asset()
                .filter(|target| tables.get(*target).is_some_and(|target| target.is_async && target.wrap == Wrap::Esm));
            if module.is_included && asynchronous.is_some() {
                diagnostics.push(
                    Diagnostic::error(
                        "require-async",
                        format!("`{}` cannot be required: it awaits at its top level", dependency.specifier),
                    )
                    .at(&node.id, dependency.range.clone(), "required here")
                    .help("use `await import()`"),
                );
            }
        }
        if options.format == Format::Iife && module.is_included {
            for number in &module.record.imports {
                let dependency = &node.asset.dependencies[*number as usize];
                if matches!(node.targets[*number as usize], Target::External(_)) {
                    diagnostics.push(
                        Diagnostic::error(
                            "external-import",
                            format!("`{}` is external, and a classic script cannot import", dependency.specifier),
                        )
                        .at(&node.id, dependency.range.clone(), "imported here")
                        .help("build with `--format esm`, or bundle it"),
                    );
                }
            }
        }
    }
    diagnostics
}
