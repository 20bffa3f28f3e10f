//! The plugin on small graphs made by hand.

use crate::{CssOptions, CssPlugin};
use planish_pipeline::asset::{Asset, AssetId, DependencyKind, PackageFacts, Source};
use planish_pipeline::cache::Cache;
use planish_pipeline::chunk::{Chunk, ChunkIdx, ChunkPlan};
use planish_pipeline::diagnostic::{Diagnostic, Outcome};
use planish_pipeline::graph::{AssetGraph, AssetIdx, Node, Target};
use planish_pipeline::key::Key;
use planish_pipeline::naming::{Names, Naming};
use planish_pipeline::output::{Output, OutputId};
use planish_pipeline::plugin::{AssetPlugin, Inline, Linked, RenderContext};
use planish_pipeline::resolve::is_remote;
use planish_pipeline::task::Tasks;
use std::path::PathBuf;
use std::sync::Arc;

fn plugin() -> CssPlugin {
    plugin_for("esnext", false)
}

fn plugin_for(target: &str, source_map: bool) -> CssPlugin {
    CssPlugin::new(CssOptions { minify: true, source_map, target: target.to_owned() }).expect("a valid target")
}

fn source(id: &str, text: &[u8]) -> Source {
    Source {
        id: AssetId::new(id),
        path: PathBuf::from(id),
        content: text.to_vec().into(),
        hash: Key::of_bytes(text),
        package: PackageFacts::default(),
    }
}

fn scan(text: &str) -> Outcome<Asset> {
    plugin().transform(&source("a.css", text.as_bytes()))
}

/// A graph of `(id, text)`; ids that are not stylesheets are files. `/x` is a file `x` of the static folder.
fn graph(plugin: &CssPlugin, files: &[(&str, &str)]) -> AssetGraph {
    let node = |&(id, text): &(&str, &str)| {
        let source = source(id, text.as_bytes());
        let is_style = id.ends_with(".css");
        let asset = if is_style { plugin.transform(&source).value } else { Asset::default() };
        let targets = asset.dependencies.iter().map(|dependency| target(&dependency.specifier, files)).collect();
        Node {
            id: source.id.clone(),
            kind: if is_style { "css" } else { "file" },
            key: source.hash,
            source: Arc::new(source),
            asset: Arc::new(asset),
            targets,
            broken: false,
        }
    };
    AssetGraph { nodes: files.iter().map(node).collect(), entries: Vec::new(), ..AssetGraph::default() }
}

fn target(specifier: &str, files: &[(&str, &str)]) -> Target {
    if is_remote(specifier) {
        return Target::External(specifier.to_owned());
    }
    if let Some(path) = specifier.strip_prefix('/') {
        return Target::Static(path.to_owned());
    }
    let name = specifier.trim_start_matches("./");
    files.iter().position(|(id, _)| *id == name).map_or(Target::Missing, |at| Target::Asset(AssetIdx(at as u32)))
}

struct Build {
    graph: AssetGraph,
    plan: ChunkPlan,
    names: Names,
    tasks: Tasks,
}

impl Build {
    fn new(plugin: &CssPlugin, files: &[(&str, &str)], roots: &[u32], base: &str) -> Self {
        let graph = graph(plugin, files);
        let style = OutputId::new("style:main");
        let mut names = Names::new(Naming::Plain, base);
        names.plan_fixed(&style, "assets/main.css");
        names.plan_beside(&OutputId::new("map:style:main"), &style, ".map");
        for node in graph.nodes.iter().filter(|node| node.kind == "file") {
            names.plan_fixed(
                &OutputId::of_asset(&node.id, ""),
                &format!("assets/{}.{}", node.id.stem(), node.id.extension()),
            );
        }
        let chunk = Chunk {
            name: "main".into(),
            root: None,
            root_id: None,
            is_entry: true,
            is_dynamic_entry: false,
            exports_matter: false,
            scripts: Vec::new(),
            styles: roots.iter().copied().map(AssetIdx).collect(),
            imports: Vec::new(),
            dynamic_imports: Vec::new(),
            cascade: 0,
            script: None,
            style: Some(style),
            ..Chunk::default()
        };
        let plan = ChunkPlan { chunks: vec![chunk], ..ChunkPlan::default() };
        Self { graph, plan, names, tasks: Tasks::new(Arc::new(Cache::new(None, true))) }
    }

    fn render(&self, plugin: &CssPlugin) -> Outcome<Vec<Output>> {
        let linked = Linked::default();
        let Self { graph, plan, names, tasks } = self;
        let inline = |_, _: &OutputId| Outcome::new(Inline::default());
        plugin.render_chunk(&RenderContext { graph, plan, linked: &linked, names, tasks, inline: &inline }, ChunkIdx(0))
    }
}

fn render(files: &[(&str, &str)], roots: &[u32]) -> (String, Vec<Diagnostic>) {
    let outcome = Build::new(&plugin(), files, roots, "/").render(&plugin());
    (String::from_utf8(outcome.value[0].bytes.to_vec()).expect("text"), outcome.diagnostics)
}

#[track_caller]
fn check(files: &[(&str, &str)], expected: &str) {
    let (css, diagnostics) = render(files, &[0]);
    assert_eq!((css.as_str(), diagnostics), (expected, Vec::new()));
}

#[test]
fn dependencies_have_the_ranges_of_what_is_written() {
    let text = "\u{feff}@import 'é.css' print;@import url(b.css);\n\
                @font-face{font-family:x;src:url(\"f.eot?#iefix\") format('x')}\n\
                a{--x:url(  v.png ) image-set(\"w.png\" 1x);background:image-set('s.png' 1x),URL(#id),url(data:,x),url(https://x.example/y)}\
                b{color:red;mask:url(f.eot) !important}";
    let asset = scan(text).value;
    let found: Vec<(&str, &str)> = asset
        .dependencies
        .iter()
        .map(|dependency| {
            (dependency.specifier.as_str(), &text[dependency.range.start as usize..dependency.range.end as usize])
        })
        .collect();
    let expected = [
        ("é.css", "é.css"),
        ("b.css", "b.css"),
        ("f.eot", "f.eot?#iefix"),
        ("v.png", "v.png"),
        ("w.png", "w.png"),
        ("s.png", "s.png"),
        ("https://x.example/y", "https://x.example/y"),
    ];
    assert_eq!(found, expected);
    assert_eq!(asset.dependencies[0].kind, DependencyKind::StyleImport);
}

#[test]
fn syntax_errors_point_at_the_bytes() {
    #[track_caller]
    fn check(text: &str, at: &str, message: &str) {
        let found = scan(text).diagnostics;
        let range = &found[0].labels[0].range;
        assert_eq!((found[0].code.as_str(), found[0].message.as_str()), ("syntax-error", message));
        assert_eq!(&text[range.start as usize..range.end as usize], at);
    }
    check("a{}\n/* é */ b { color red }", "red", "unexpected `red`");
    check(
        "a{} @import 'b.css';",
        "@import",
        "`@import` must come before all rules but `@charset` and `@layer` statements",
    );
    check("a { color: red } }", "", "unexpected end of the stylesheet");
}

#[test]
fn what_is_not_utf8_is_an_error() {
    let outcome = plugin().transform(&source("a.css", b"a{}\xff"));
    assert_eq!(
        (outcome.diagnostics[0].code.as_str(), outcome.diagnostics[0].labels[0].range.clone()),
        ("invalid-utf8", 3..4)
    );
}

#[test]
fn imports_are_bundled_with_their_conditions() {
    let files = [
        ("a.css", "@import 'b.css' layer(x) supports(display:grid) print;a{color:red}"),
        ("b.css", "@import 'c.css' layer(y);b{color:tan}"),
        ("c.css", "c{color:navy}"),
    ];
    check(&files, "@media print{@supports (display:grid){@layer x{@layer y{c{color:navy}}b{color:tan}}}}a{color:red}");
}

#[test]
fn the_last_of_several_imports_counts() {
    let files = [
        ("a.css", "@import 'b.css';@import 'c.css';@import 'b.css'"),
        ("b.css", "b{color:tan}"),
        ("c.css", "c{color:navy}"),
    ];
    check(&files, "c{color:navy}b{color:tan}");
}

#[test]
fn a_file_under_two_conditions_is_there_twice() {
    let files = [("a.css", "@import 'b.css' screen;@import 'b.css' print"), ("b.css", "b{color:tan}")];
    check(&files, "@media screen{b{color:tan}}@media print{b{color:tan}}");
    let files = [
        ("a.css", "@import 'b.css' print;@import 'b.css'"),
        ("b.css", "@import 'c.css';b{top:2px}"),
        ("c.css", "c{top:3px}"),
    ];
    check(&files, "c{top:3px}b{top:2px}");
    let files = [("a.css", "@import 'b.css' layer(x);@import 'b.css'"), ("b.css", "b{top:0!important}")];
    check(&files, "@layer x{b{top:0!important}}b{top:0!important}");
}

#[test]
fn layers_keep_the_order_of_their_first_mention() {
    let files = [
        ("a.css", "@import 'b.css';@import 'c.css';@import 'b.css'"),
        ("b.css", "@layer x{@layer z{b{top:2px}}}"),
        ("c.css", "@layer y{c{top:3px}}"),
    ];
    let (css, _) = render(&files, &[0]);
    let place = |text: &str| css.find(text).unwrap_or_else(|| panic!("{text} in {css}"));
    assert!(place("@layer x") < place("@layer y"), "{css}");
    assert!(place("c{top:3px}") < css.len());
    check(&[("a.css", "@import 'b.css' layer(x);@layer y;"), ("b.css", "")], "@layer x,y;");
}

#[test]
fn cycles_end() {
    let files = [("a.css", "@import 'b.css';a{top:1px}"), ("b.css", "@import 'a.css' print;b{top:2px}")];
    check(&files, "b{top:2px}a{top:1px}");
}

#[test]
fn imports_of_other_sites_are_at_the_top() {
    let remote = "https://fonts.example/x.css";
    let files = [
        ("a.css", &*format!("@layer z;@import '{remote}';@import 'b.css' screen;a{{top:1px}}")),
        ("b.css", "@import '//y.example/y.css' (width>1px);b{top:2px}"),
    ];
    let expected = "@layer z;@import \"https://fonts.example/x.css\";@import \"//y.example/y.css\" screen and (width>1px);@media screen{b{top:2px}}a{top:1px}";
    check(&files, expected);
}

#[test]
fn an_import_that_has_to_be_moved_is_a_warning() {
    let files = [("a.css", "@import 'b.css';@import '//x.example/x.css';"), ("b.css", "b{top:2px}")];
    let (css, diagnostics) = render(&files, &[0]);
    assert_eq!(css, "@import \"//x.example/x.css\";b{top:2px}");
    assert_eq!((diagnostics[0].code.as_str(), diagnostics[0].labels[0].range.clone()), ("import-order", 25..42));
}

#[test]
fn conditions_that_no_import_rule_can_say_are_an_error() {
    let files = [("a.css", "@import 'b.css' layer;"), ("b.css", "@import '//x.example/x.css';")];
    assert_eq!(render(&files, &[0]).1[0].code, "unsupported-import");
}

#[test]
fn several_roots_come_in_their_order() {
    let files =
        [("a.css", "@import 'c.css';a{top:1px}"), ("b.css", "@import 'c.css';b{top:2px}"), ("c.css", "c{top:3px}")];
    assert_eq!(render(&files, &[0, 1]).0, "a{top:1px}c{top:3px}b{top:2px}");
}

#[test]
fn urls_are_renamed_and_keep_their_suffix() {
    let css = "a{background:url(i.png?v#x),url('/s t.png#y'),url(#z),url(gone.png),url(//x.example/i.png);--x:url(i.png) image-set('i.png' 1x)}";
    let files = [("a.css", css), ("i.png", "")];
    check(
        &files,
        "a{--x:url(./i.png) image-set(\"./i.png\" 1x);background:url(./i.png?v#x),url(/s%20t.png#y),url(#z),url(gone.png),url(//x.example/i.png)}",
    );
    let build = Build::new(&plugin(), &files, &[0], "./");
    let output = &build.render(&plugin()).value[0];
    assert!(std::str::from_utf8(&output.bytes).expect("text").contains("url(../s%20t.png#y)"));
    assert_eq!(output.references, [OutputId::new("asset:i.png")]);
}

#[test]
fn empty_and_nearly_empty_files() {
    for text in ["", "\u{feff}", "/* only this */", "@charset \"utf-8\";"] {
        check(&[("a.css", text)], "");
    }
    check(&[("a.css", "/*! kept */")], "/*! kept */\n");
}

#[test]
fn text_beyond_ascii_says_its_encoding() {
    check(&[("a.css", "@charset 'x';a{content:'\\f101'}")], "@charset \"UTF-8\";\na{content:\"\u{f101}\"}");
}

#[test]
fn nesting_and_prefixes_follow_the_target() {
    let css = "a{user-select:none;&:hover{top:0}}";
    let build = |target: &str| {
        let plugin = plugin_for(target, false);
        let outcome = Build::new(&plugin, &[("a.css", css)], &[0], "/").render(&plugin);
        String::from_utf8(outcome.value[0].bytes.to_vec()).expect("text")
    };
    assert_eq!(build("esnext"), "a{user-select:none;&:hover{top:0}}");
    assert_eq!(build("baseline-widely-available"), "a{-webkit-user-select:none;user-select:none}a:hover{top:0}");
}

#[test]
fn source_maps_name_the_sources_from_the_root() {
    let plugin = plugin_for("esnext", true);
    let files = [("a.css", "@import 'x/b.css';\na{top:0}"), ("x/b.css", "\n b{top:2px}")];
    let outputs = Build::new(&plugin, &files, &[0], "/").render(&plugin).value;
    let text = |at: usize| std::str::from_utf8(&outputs[at].bytes).expect("text");
    assert_eq!(text(0), "b{top:2px}a{top:0}\n/*# sourceMappingURL=./main.css.map */\n");
    assert!(text(1).contains(r#""sources":["a.css","x/b.css"]"#), "{}", text(1));
    assert!(text(1).contains(r#""mappings":"ACCC,UDAD""#), "{}", text(1));
    assert!(outputs[0].references.contains(&OutputId::new("style:main")));
}

#[test]
fn rendering_is_reused_until_something_changes() {
    let plugin = plugin();
    let files = [("a.css", "@import 'b.css';"), ("b.css", "b{background:url(i.png)}"), ("i.png", "")];
    let mut build = Build::new(&plugin, &files, &[0], "/");
    build.render(&plugin);
    build.render(&plugin);
    assert_eq!(build.tasks.counts()["css-render"].ran, 1);
    build.names.plan_fixed(&OutputId::new("asset:i.png"), "assets/other.png");
    build.render(&plugin);
    assert_eq!(build.tasks.counts()["css-render"].ran, 2);
    build.graph.nodes[1].key = Key::of_bytes(b"edited");
    build.render(&plugin);
    assert_eq!(build.tasks.counts()["css-render"].ran, 3);
}
