//! Linking 300 modules of which each imports two others: the link stage alone, and the whole build around it.

#[path = "input/options.rs"]
mod options;
#[path = "input/script.rs"]
mod script;

use criterion::Criterion;
use planish_pipeline::asset::{AssetId, Content, PackageFacts, Source};
use planish_pipeline::cache::Cache;
use planish_pipeline::chunk::{Lookup, Split};
use planish_pipeline::graph::{AssetGraph, AssetIdx, Entry, Node, Target};
use planish_pipeline::key::Key;
use planish_pipeline::naming::Naming;
use planish_pipeline::plugin::{AssetPlugin, Plugins};
use planish_pipeline::resolve::{Platform, ResolveOptions};
use planish_pipeline::session::{EmitMode, EntryRequest, Options, Session, Silent};
use planish_pipeline::task::Tasks;
use planish_plugins::js::JsPlugin;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const MODULES: usize = 300;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    link_stage(&mut criterion);
    whole_build(&mut criterion);
    criterion.final_summary();
}

fn link_stage(criterion: &mut Criterion) {
    let plugin = plugin();
    let graph = graph(&plugin);
    let first = plugin.link(&graph, &tasks());
    assert!(first.diagnostics.is_empty(), "{:?}", first.diagnostics);
    let edges: usize = first.value.edges.iter().map(Vec::len).sum();
    assert_eq!(edges, (0..MODULES).flat_map(imports).count(), "every module is needed");
    criterion.bench_function("link/300 modules", |bencher| bencher.iter(|| plugin.link(&graph, &tasks())));
}

fn whole_build(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder for the modules");
    let root = folder.path().canonicalize().expect("the folder is there");
    for at in 0..MODULES {
        std::fs::write(root.join(file(at)), module(at)).expect("the folder is writable");
    }
    let build = || Session::new(build_options(&root), plugins()).build(&Silent);
    assert_eq!(build().diagnostics, []);
    let mut group = criterion.benchmark_group("build");
    group.sample_size(10);
    group.bench_function("300 modules", |bencher| bencher.iter(build));
    group.finish();
}

fn plugin() -> JsPlugin {
    JsPlugin::new(options::production()).expect("the options are valid")
}

fn plugins() -> Plugins {
    Plugins { assets: vec![Box::new(plugin())], ..Plugins::default() }
}

/// Without a cache: every iteration does all of the work.
fn tasks() -> Tasks {
    Tasks::new(Arc::new(Cache::new(None, false)))
}

fn file(at: usize) -> String {
    format!("module{at}.js")
}

/// The modules that a module imports. The first of them comes next in depth-first order.
fn imports(at: usize) -> impl Iterator<Item = usize> {
    [at + 1, at + 7].into_iter().filter(|other| *other < MODULES)
}

/// Two functions of its own, of which only one is used, and one that calls those of the modules it imports.
fn module(at: usize) -> String {
    let lines: String =
        imports(at).map(|other| format!("import {{ run as run{other} }} from './{}';\n", file(other))).collect();
    let calls: String = imports(at).map(|other| format!("  run{other}(entries);\n")).collect();
    let own = script::script(2, &format!("Of{at}"));
    let begin = if at == 0 { "run(globalThis.entries);\n" } else { "" };
    format!(
        "{lines}{own}let done = false;\nexport function run(entries) {{\n  if (done) return;\n  done = true;\n{calls}  console.log(orderTotal0Of{at}(entries));\n}}\n{begin}"
    )
}

fn graph(plugin: &JsPlugin) -> AssetGraph {
    let nodes = (0..MODULES).map(|at| node(plugin, at)).collect();
    let entries = vec![Entry { name: "main".to_owned(), asset: AssetIdx(0) }];
    AssetGraph { nodes, entries, ..AssetGraph::default() }
}

fn node(plugin: &JsPlugin, at: usize) -> Node {
    let content = Content::Text(module(at).into());
    let hash = Key::of_bytes(&content);
    let package = PackageFacts { side_effects: true, ..PackageFacts::default() };
    let source = Source { id: AssetId::new(file(at)), path: PathBuf::from(file(at)), content, hash, package };
    let outcome = plugin.transform(&source);
    assert!(outcome.diagnostics.is_empty(), "{:?}", outcome.diagnostics);
    let asset = outcome.value;
    let targets: Vec<Target> = imports(at).map(|other| Target::Asset(AssetIdx(other as u32))).collect();
    assert_eq!(asset.dependencies.len(), targets.len());
    Node {
        id: source.id.clone(),
        kind: plugin.kind(),
        source: Arc::new(source),
        asset: Arc::new(asset),
        key: hash,
        targets,
        broken: false,
    }
}

fn build_options(root: &Path) -> Options {
    Options {
        root: root.to_owned(),
        out: root.join("out"),
        entries: vec![EntryRequest { name: None, path: root.join(file(0)) }],
        base: "/".to_owned(),
        naming: Naming::Plain,
        static_folder: None,
        resolve: ResolveOptions {
            platform: Platform::Browser,
            production: true,
            alias: BTreeMap::new(),
            external: Vec::new(),
        },
        split: Split::default(),
        lookup: Lookup::Url,
        splitting: true,
        manifests: Vec::new(),
        integrity: false,
        emit: EmitMode::Files,
        cache: None,
        keep_in_memory: false,
        modules: Default::default(),
    }
}
