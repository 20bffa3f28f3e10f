//! Which modules travel together: graphs of modules, and the chunks that they become.

use planish_pipeline::asset::{Asset, AssetId, DependencyKind, PackageFacts, Source};
use planish_pipeline::chunk::{ChunkPlan, Lookup, NamedGroup, PlanInput, Split, VendorSplit, plan};
use planish_pipeline::graph::{AssetGraph, AssetIdx, Entry, Node};
use planish_pipeline::key::Key;
use planish_pipeline::plugin::{Edge, Evaluation, Grouping, Load};
use std::path::PathBuf;
use std::sync::Arc;

/// A module of a graph: `path: imports | asks for`. A star says that its evaluation can be seen, a plus that it is evaluated on demand. Each
/// is 100 bytes long, and those of packages that are called large 200 KiB. Entries have a path without a folder.
struct Module {
    path: &'static str,
    edges: Vec<(DependencyKind, &'static str)>,
    evaluation: Evaluation,
}

impl Module {
    fn new(line: &'static str) -> Self {
        let (path, needs) = line.split_once(':').expect("a path and what it needs");
        let (imports, asked) = needs.split_once('|').unwrap_or((needs, ""));
        let evaluation = match path.chars().last() {
            Some('*') => Evaluation::Seen,
            Some('+') => Evaluation::OnDemand,
            _ => Evaluation::Unseen,
        };
        let edges = |text: &'static str, kind| text.split_whitespace().map(move |target| (kind, target));
        let edges = edges(imports, DependencyKind::Import).chain(edges(asked, DependencyKind::DynamicImport));
        Self { path: path.trim_end_matches(['*', '+']), edges: edges.collect(), evaluation }
    }

    fn grouping(&self) -> Grouping {
        if self.path.ends_with(".css") { Grouping::Style } else { Grouping::Script }
    }

    fn node(&self) -> Node {
        let id = AssetId::new(self.path);
        let package = PackageFacts { is_dependency: self.path.starts_with("node_modules/"), ..PackageFacts::default() };
        let (content, hash, path) = (Vec::new().into(), Key::of_bytes(b""), PathBuf::new());
        let source = Arc::new(Source { id: id.clone(), path, content, hash, package });
        let asset = Arc::new(Asset::default());
        Node { id, kind: "toy", source, asset, key: hash, targets: Vec::new(), broken: false }
    }
}

fn chunks(lines: &[&'static str], split: &Split, lookup: Lookup) -> ChunkPlan {
    let modules: Vec<Module> = lines.iter().map(|line| Module::new(line)).collect();
    let number = |path: &str| {
        let at = modules.iter().position(|module| module.path == path);
        AssetIdx(at.unwrap_or_else(|| panic!("there is no `{path}`")) as u32)
    };
    let entries = modules.iter().filter(|module| !module.path.contains('/'));
    let entries = entries.map(|module| Entry { name: module.path.to_owned(), asset: number(module.path) }).collect();
    let nodes = modules.iter().map(Module::node).collect();
    let graph = AssetGraph { nodes, entries, splitting: true, library: false };
    let edge = |(kind, path): &(DependencyKind, &str)| Edge { kind: *kind, target: number(path) };
    let edges: Vec<Vec<Edge>> = modules.iter().map(|module| module.edges.iter().map(edge).collect()).collect();
    let load = |asset: AssetIdx| {
        let Module { path, evaluation, .. } = modules[asset.index()];
        Load { size: if path.contains("/large") { 200 << 10 } else { 100 }, evaluation }
    };
    let input = PlanInput {
        graph: &graph,
        grouping: &|asset| modules[asset.index()].grouping(),
        edges: &|asset| &edges[asset.index()],
        waits: &|_| false,
        load: &load,
        split,
        lookup,
    };
    plan(&input).0
}

/// The chunks of a graph, each as `name: members`, sorted.
#[track_caller]
fn check(lines: &[&'static str], split: &Split, expected: &[&str]) {
    let plan = chunks(lines, split, Lookup::Url);
    let name = |asset: &AssetIdx| lines[asset.index()].split([':', '*', '+']).next().unwrap_or_default();
    let mut found: Vec<String> = plan
        .chunks
        .iter()
        .map(|chunk| {
            let members: Vec<&str> = chunk.scripts.iter().chain(&chunk.styles).map(name).collect();
            format!("{}: {}", chunk.name, members.join(" "))
        })
        .collect();
    found.sort();
    assert_eq!(found, expected);
}

fn merging(minimum_size: u32) -> Split {
    Split { minimum_size, ..Split::default() }
}

#[test]
fn a_package_is_a_chunk() {
    let split = Split { vendor: VendorSplit::PerPackage, ..Split::default() };
    let lines = [
        "main: node_modules/a/index.js node_modules/@b/c/index.js | x/lazy",
        "node_modules/a/index.js: node_modules/a/part.js",
        "node_modules/a/part.js:",
        "node_modules/@b/c/index.js:",
        "x/lazy: node_modules/d/index.js",
        "node_modules/d/index.js:",
    ];
    check(
        &lines,
        &split,
        &[
            "a: node_modules/a/part.js node_modules/a/index.js",
            "b-c: node_modules/@b/c/index.js",
            "d: node_modules/d/index.js",
            "lazy: x/lazy",
            "main: main",
        ],
    );
}

#[test]
fn what_large_packages_need_and_what_needs_them_are_apart() {
    let split = Split { vendor: VendorSplit::Large, ..Split::default() };
    let lines = [
        "main: node_modules/top/a.js node_modules/beside/a.js | x/lazy",
        "node_modules/top/a.js: node_modules/large-2/a.js",
        "node_modules/large-2/a.js: node_modules/middle/a.js",
        "node_modules/middle/a.js: node_modules/large-1/a.js",
        "node_modules/large-1/a.js: node_modules/below/a.js",
        "node_modules/below/a.js:",
        "node_modules/beside/a.js: node_modules/below/a.js",
        "x/lazy: node_modules/large-3/a.js",
        "node_modules/large-3/a.js:",
    ];
    check(
        &lines,
        &split,
        &[
            "large-1: node_modules/large-1/a.js",
            "large-2: node_modules/large-2/a.js",
            "lazy: node_modules/large-3/a.js x/lazy",
            "main: main",
            "vendor-2: node_modules/middle/a.js",
            "vendor-3: node_modules/top/a.js",
            "vendor: node_modules/below/a.js node_modules/beside/a.js",
        ],
    );
}

#[test]
fn packages_that_need_each_other_are_in_one_chunk() {
    let split = Split { vendor: VendorSplit::Large, ..Split::default() };
    let lines = [
        "main: node_modules/small/a.js",
        "node_modules/small/a.js: node_modules/large/a.js",
        "node_modules/large/a.js: node_modules/small/b.js",
        "node_modules/small/b.js:",
    ];
    check(
        &lines,
        &split,
        &["large: node_modules/small/b.js node_modules/large/a.js node_modules/small/a.js", "main: main"],
    );
}

#[test]
fn a_package_that_is_asked_for_by_itself_stays_whole() {
    let split = Split { vendor: VendorSplit::PerPackage, ..Split::default() };
    let lines = [
        "main: | node_modules/a/index.js",
        "node_modules/a/index.js: node_modules/a/part.js node_modules/b/index.js",
        "node_modules/a/part.js:",
        "node_modules/b/index.js:",
    ];
    check(
        &lines,
        &split,
        &["a: node_modules/a/part.js node_modules/a/index.js", "b: node_modules/b/index.js", "main: main"],
    );
}

#[test]
fn a_group_has_a_chunk_for_each_set_of_pages() {
    let group = |name: &str, glob: &str| NamedGroup { name: name.to_owned(), globs: vec![glob.to_owned()] };
    let groups = vec![group("charts", "charts/**"), group("late", "charts/late.js")];
    let lines = [
        "main: charts/bar.js | x/one x/two",
        "charts/bar.js: x/scale.js charts/bar.css",
        "charts/bar.css:",
        "x/scale.js:",
        "x/one: charts/pie.js charts/late.js",
        "x/two: charts/pie.js",
        "charts/pie.js:",
        "charts/late.js:",
    ];
    check(
        &lines,
        &Split { groups, ..Split::default() },
        &[
            "charts-2: charts/pie.js",
            "charts-3: charts/late.js",
            "charts: x/scale.js charts/bar.js charts/bar.css",
            "main: main",
            "one: x/one",
            "two: x/two",
        ],
    );
}

#[test]
fn groups_that_import_each_other_are_one() {
    let split = Split { vendor: VendorSplit::PerPackage, ..Split::default() };
    let lines = [
        "main: node_modules/a/one.js",
        "node_modules/a/one.js: node_modules/b/one.js",
        "node_modules/b/one.js: node_modules/a/two.js",
        "node_modules/a/two.js:",
    ];
    let expected = ["a: node_modules/a/two.js node_modules/b/one.js node_modules/a/one.js", "main: main"];
    check(&lines, &split, &expected);
}

#[test]
fn small_chunks_of_similar_pages_are_one() {
    let lines = ["main: | p/a p/b p/c", "p/a: s/x s/y", "p/b: s/x s/y", "p/c: s/y", "s/x:", "s/y:"];
    let apart = ["a: p/a", "b: p/b", "c: p/c", "main: main", "x: s/x", "y: s/y"];
    check(&lines, &merging(0), &apart);
    let expected = ["a: p/a", "b: p/b", "c: p/c", "main: main", "shared: s/x s/y"];
    check(&lines, &merging(110), &expected);
}

#[test]
fn a_request_is_not_worth_everything() {
    let lines =
        ["main: | p/a p/b p/c p/d p/e", "p/a: s/x", "p/b: s/x s/y", "p/c: s/y", "p/d: s/y", "p/e: s/y", "s/x:", "s/y:"];
    let expected = ["a: p/a", "b: p/b", "c: p/c", "d: p/d", "e: p/e", "main: main", "x: s/x", "y: s/y"];
    check(&lines, &merging(110), &expected);
}

#[test]
fn what_all_pages_share_goes_into_the_entry_within_its_budget() {
    let lines = ["main: | p/a p/b", "p/a: s/x s/y", "p/b: s/x s/z", "s/x:", "s/y:", "s/z:"];
    check(&lines, &merging(110), &["a: s/y p/a", "b: s/z p/b", "main: main s/x"]);
    let lines = ["main: | p/a p/b p/c", "p/a: s/x", "p/b: s/x s/y", "p/c: s/y", "s/x:", "s/y:"];
    let expected = ["a: p/a", "b: p/b", "c: p/c", "main: main s/x", "y: s/y"];
    check(&lines, &merging(190), &expected);
}

#[test]
fn what_can_be_seen_stays_where_it_is() {
    let lines = ["main: | p/a p/b p/c", "p/a: s/x s/y", "p/b: s/x s/y", "p/c: s/y", "s/x*:", "s/y*:"];
    check(&lines, &merging(5000), &["a: p/a", "b: p/b", "c: p/c", "main: main", "x: s/x", "y: s/y"]);
}

#[test]
fn nobody_comes_to_evaluate_what_can_be_seen() {
    // In the chunk of `y`, `c` would have `y` evaluated with `x`.
    let lines = [
        "main*: | p/a p/b p/c p/d p/e p/f",
        "p/a*: s/x s/y",
        "p/b*: s/x s/y",
        "p/c*: s/x",
        "p/d:",
        "p/e:",
        "p/f:",
        "s/x:",
        "s/y*:",
    ];
    let expected = ["a: p/a", "b: p/b", "c: p/c", "d: p/d", "e: p/e", "f: p/f", "main: main", "x: s/x", "y: s/y"];
    check(&lines, &merging(190), &expected);
    // All that have `x` have `y`.
    let lines = ["main*: | p/a p/b p/c", "p/a*: s/x s/y", "p/b*: s/x s/y", "p/c*: s/y", "s/x: s/t", "s/y*:", "s/t:"];
    let expected = ["a: p/a", "b: p/b", "c: p/c", "main: main", "shared: s/y s/t s/x"];
    check(&lines, &merging(250), &expected);
}

#[test]
fn nobody_comes_to_load_what_a_moved_module_imports() {
    let groups = vec![NamedGroup { name: "heavy".to_owned(), globs: vec!["s/heavy".to_owned()] }];
    let lines = ["main: | p/a p/b p/c", "p/a: s/x", "p/b: s/x s/heavy", "p/c: s/heavy", "s/x: s/heavy", "s/heavy:"];
    // In `main`, `x` would have `heavy` loaded with it.
    let expected = ["a: p/a", "b: p/b", "c: p/c", "heavy: s/heavy", "main: main", "x: s/x"];
    check(&lines, &Split { groups, ..merging(5000) }, &expected);
}

#[test]
fn nothing_is_evaluated_sooner_on_demand_of_a_moved_module() {
    let lines = ["main*: s/late | p/a p/b", "s/late*:", "p/a*: s/x", "p/b*: s/x", "s/x: s/commonjs", "s/commonjs+:"];
    // In `main`, `x` would have `commonjs` evaluated before anybody asks for a page.
    let expected = ["a: p/a", "b: p/b", "main: s/late main", "shared: s/commonjs s/x"];
    check(&lines, &merging(300), &expected);
    let lines =
        ["main*: s/late s/commonjs | p/a p/b", "s/late*:", "p/a*: s/x", "p/b*: s/x", "s/x: s/commonjs", "s/commonjs+:"];
    check(&lines, &merging(300), &["a: p/a", "b: p/b", "main: s/late s/commonjs main s/x"]);
}

#[test]
fn stylesheets_keep_their_order_across_chunks() {
    let lines = [
        "main: | p/a p/b",
        "p/a: s/first.css p/a.css s/last.css",
        "p/b: s/first.css s/last.css",
        "s/first.css:",
        "p/a.css:",
        "s/last.css:",
    ];
    let plan = chunks(&lines, &merging(5000), Lookup::Url);
    let root = plan.root_chunk(AssetIdx(1)).expect("it is asked for");
    let styles: Vec<AssetIdx> =
        plan.styled(root).into_iter().flat_map(|chunk| plan.chunk(chunk).styles.clone()).collect();
    assert_eq!(styles, [3, 4, 5].map(AssetIdx));
}

#[test]
fn keys_of_files_do_not_depend_on_other_chunks() {
    let keys = |lines: &[&'static str]| chunks(lines, &Split::default(), Lookup::Map).keys;
    let before = keys(&["main: x/lib | x/page y/page", "x/lib*:", "x/page*:", "y/page*:"]);
    let named: Vec<&str> = before.values().map(String::as_str).collect();
    assert!(
        matches!(named[..], ["~main", x, y] if x != y && x.starts_with("~page.") && y.starts_with("~page.")),
        "{named:?}"
    );
    let after = keys(&["main: x/lib | a/page x/page y/page", "a/page*:", "x/lib*:", "x/page*:", "y/page*:"]);
    assert_eq!(after.len(), 4);
    assert!(before.iter().all(|(file, key)| after.get(file) == Some(key)), "{before:?} {after:?}");
}

#[test]
fn a_table_has_what_its_entry_loads_lazily() {
    let lines = ["a*: x/lib | x/page", "b*: x/lib | y/page", "c*: x/lib", "x/lib*:", "x/page*:", "y/page*:"];
    let plan = chunks(&lines, &Split::default(), Lookup::Table);
    let files = |entry: &str| -> Vec<String> {
        let table = plan.chunks.iter().find(|chunk| chunk.name == format!("lazy-{entry}"));
        let entry = table.and_then(|table| table.table_of);
        entry
            .map(|entry| plan.looked_up(&[entry], Lookup::Table).into_keys().map(str::to_owned).collect())
            .unwrap_or_default()
    };
    let [a, b, c] = ["a", "b", "c"].map(files);
    assert!(a.len() == 1 && b.len() == 1 && a != b && c.is_empty(), "{a:?} {b:?} {c:?}");
    let order = |entry: &str| -> Vec<&str> {
        let entry = plan.chunks.iter().position(|chunk| chunk.name == entry).expect("it is there");
        let imports = plan.chunks[entry].imports.iter().map(|import| plan.chunk(*import).name.as_str());
        imports.collect()
    };
    assert_eq!(order("a"), ["lazy-a", "lib", "code-a"]);
    assert_eq!(order("c"), ["lib"]);
}
