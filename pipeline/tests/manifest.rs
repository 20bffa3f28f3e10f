//! Vite's manifest: the exact text, and what makes each template helper right.

use planish_pipeline::asset::{Asset, AssetId, Dependency, DependencyKind, PackageFacts, Source};
use planish_pipeline::chunk::{Chunk, ChunkIdx, ChunkPlan};
use planish_pipeline::graph::{AssetGraph, AssetIdx, Entry, Node, Target};
use planish_pipeline::key::Key;
use planish_pipeline::manifest::{Format, Model, Request, write};
use planish_pipeline::naming::{Names, Naming};
use planish_pipeline::output::{Bytes, FinalFile, OutputClass, OutputId, Release};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// A finished build, made by hand. Assets and chunks refer to each other by position.
#[derive(Default)]
struct Site {
    graph: AssetGraph,
    plan: ChunkPlan,
    release: Release,
}

impl Site {
    fn asset(&mut self, id: &str, edges: &[(DependencyKind, u32)]) -> AssetIdx {
        let asset = Asset {
            dependencies: edges.iter().map(|(kind, _)| Dependency::new("x", *kind, 0..0)).collect(),
            ..Asset::default()
        };
        let (id, key) = (AssetId::new(id), Key::of_bytes(b""));
        let source = Source {
            id: id.clone(),
            path: "x".into(),
            content: Vec::new().into(),
            hash: key,
            package: PackageFacts::default(),
        };
        self.graph.nodes.push(Node {
            id,
            kind: "test",
            source: Arc::new(source),
            asset: Arc::new(asset),
            key,
            targets: edges.iter().map(|(_, target)| Target::Asset(AssetIdx(*target))).collect(),
            broken: false,
        });
        self.plan.chunk_of.push(None);
        self.plan.root_chunk.push(None);
        AssetIdx(self.graph.nodes.len() as u32 - 1)
    }

    fn entry(&mut self, name: &str, asset: u32) {
        self.graph.entries.push(Entry { name: name.to_owned(), asset: AssetIdx(asset) });
    }

    fn file(&mut self, id: &str, path: &str, class: OutputClass, asset: Option<&str>) {
        let asset = asset.map(AssetId::new);
        let id = OutputId::new(id);
        let bytes = Bytes::new();
        self.release.files.push(FinalFile {
            id,
            path: path.to_owned(),
            class,
            bytes,
            immutable: true,
            asset,
            chunk: None,
        });
    }

    /// A chunk of the given members with a script, a stylesheet or both; `root` is a member or nobody.
    fn chunk(&mut self, name: &str, root: Option<u32>, members: &[u32], script: &str, style: &str) -> &mut Chunk {
        let idx = ChunkIdx(self.plan.chunks.len() as u32);
        let output = |kind: &str, path: &str| (!path.is_empty()).then(|| OutputId::new(format!("{kind}:{name}")));
        if let Some(root) = root {
            self.plan.root_chunk[root as usize] = Some(idx);
        }
        let chunk = Chunk {
            name: name.to_owned(),
            root: root.map(AssetIdx),
            root_id: root.map(|root| self.graph.nodes[root as usize].id.clone()),
            is_entry: root.is_some(),
            is_dynamic_entry: false,
            exports_matter: false,
            scripts: members.iter().copied().map(AssetIdx).collect(),
            styles: Vec::new(),
            imports: Vec::new(),
            dynamic_imports: Vec::new(),
            cascade: 0,
            script: output("script", script),
            style: output("style", style),
            ..Chunk::default()
        };
        for (kind, class, path) in [("script", OutputClass::Script, script), ("style", OutputClass::Style, style)] {
            if !path.is_empty() {
                self.file(&format!("{kind}:{name}"), path, class, None);
            }
        }
        self.plan.chunks.push(chunk);
        self.plan.chunks.last_mut().expect("one was added")
    }

    /// The text of the first file of a manifest.
    fn text(&self, format: Format) -> String {
        let names = Names::new(Naming::Plain, "/");
        let model = Model::new(&self.graph, &self.plan, &self.release, &names, true);
        let files = write(&model, &Request { format, path: "manifest.json".to_owned() });
        String::from_utf8(files[0].bytes.to_vec()).expect("the manifest is text")
    }

    fn json(&self) -> Value {
        let mut manifest = serde_json::from_str(&self.text(Format::Vite)).expect("the manifest is JSON");
        with_integrities(&mut manifest, |record| record.shift_remove("integrity").expect("it has one"));
        manifest
    }
}

/// Does something to each record of a script or stylesheet.
fn with_integrities<T>(manifest: &mut Value, change: impl Fn(&mut Map<String, Value>) -> T) {
    for record in manifest.as_object_mut().expect("an object").values_mut() {
        let file = record["file"].as_str().expect("every record has a file");
        if file.ends_with(".js") || file.ends_with(".css") {
            change(record.as_object_mut().expect("an object"));
        }
    }
}

/// The site of Vite's own documentation: two entries that share code, a lazy module, an image, a worker, a stylesheet as entry.
fn documented() -> Site {
    use DependencyKind::{Import, Url, Worker};
    let mut site = Site::default();
    site.asset("views/foo.js", &[(Import, 2), (Url, 4), (Worker, 6)]);
    site.asset("views/bar.js", &[(Import, 2)]);
    site.asset("shared.js", &[]);
    site.asset("baz.js", &[]);
    site.asset("img/logo.png", &[]);
    site.asset("only.css", &[]);
    site.asset("w.js", &[]);
    [("foo", 0), ("bar", 1), ("only", 5)].iter().for_each(|(name, asset)| site.entry(name, *asset));
    site.chunk("foo", Some(0), &[0], "assets/foo-BoH8qdlP.js", "assets/foo-D64LfFZ5.css").imports = vec![ChunkIdx(2)];
    let bar = site.chunk("bar", Some(1), &[1], "assets/bar-qqmE2Lwb.js", "");
    (bar.imports, bar.dynamic_imports) = (vec![ChunkIdx(2)], vec![ChunkIdx(3)]);
    site.chunk("shared", None, &[2], "assets/shared-_7VWpZzg.js", "assets/shared-DGHcJQv2.css");
    let lazy = site.chunk("baz", Some(3), &[3], "assets/baz-KxAgId28.js", "assets/baz-D7uE9BGT.css");
    (lazy.is_entry, lazy.is_dynamic_entry) = (false, true);
    site.chunk("only", Some(5), &[], "", "assets/only-B9TzIkwK.css");
    site.chunk("w", Some(6), &[6], "assets/w-BnoqCQcL.js", "");
    site.file("asset:img/logo.png", "assets/logo-Bt25c2lU.png", OutputClass::Asset, Some("img/logo.png"));
    site.file("asset:img/logo.png#avif", "assets/logo-A.avif", OutputClass::Asset, Some("img/logo.png"));
    site.file("map:foo", "assets/foo-BoH8qdlP.js.map", OutputClass::SourceMap, None);
    site.file("static:robots.txt", "robots.txt", OutputClass::Static, None);
    site.file("service-worker", "sw.js", OutputClass::ServiceWorker, None);
    site.file("gz", "assets/foo-BoH8qdlP.js.gz", OutputClass::Compressed, Some("img/logo.png"));
    site
}

#[test]
fn the_documented_example_with_full_closures() {
    let mut expected = json!({
        "_baz-D7uE9BGT.css": { "file": "assets/baz-D7uE9BGT.css", "src": "_baz-D7uE9BGT.css" },
        "_foo-D64LfFZ5.css": { "file": "assets/foo-D64LfFZ5.css", "src": "_foo-D64LfFZ5.css" },
        "_shared-DGHcJQv2.css": { "file": "assets/shared-DGHcJQv2.css", "src": "_shared-DGHcJQv2.css" },
        "_shared-_7VWpZzg.js": { "file": "assets/shared-_7VWpZzg.js", "name": "shared" },
        "baz.js": {
            "file": "assets/baz-KxAgId28.js", "name": "baz", "src": "baz.js", "isDynamicEntry": true,
            "css": ["assets/baz-D7uE9BGT.css"]
        },
        "img/logo.png": { "file": "assets/logo-Bt25c2lU.png", "src": "img/logo.png" },
        "img/logo.png#avif": { "file": "assets/logo-A.avif", "src": "img/logo.png#avif" },
        "only.css": {
            "file": "assets/only-B9TzIkwK.css", "name": "only", "names": ["only.css"], "src": "only.css", "isEntry": true
        },
        "views/bar.js": {
            "file": "assets/bar-qqmE2Lwb.js", "name": "bar", "src": "views/bar.js", "isEntry": true,
            "imports": ["_shared-_7VWpZzg.js"], "dynamicImports": ["baz.js"], "css": ["assets/shared-DGHcJQv2.css"]
        },
        "views/foo.js": {
            "file": "assets/foo-BoH8qdlP.js", "name": "foo", "src": "views/foo.js", "isEntry": true,
            "imports": ["_shared-_7VWpZzg.js"],
            "css": ["assets/shared-DGHcJQv2.css", "assets/foo-D64LfFZ5.css"],
            "assets": ["assets/logo-Bt25c2lU.png", "assets/w-BnoqCQcL.js"]
        },
        "w.js": { "file": "assets/w-BnoqCQcL.js", "name": "w", "src": "w.js" }
    });
    let text = documented().text(Format::Vite);
    let integrity = planish_pipeline::integrity::integrity(b"");
    with_integrities(&mut expected, |record| record.insert("integrity".to_owned(), json!(integrity)));
    // The same text: keys in order, two spaces, no final line break.
    assert_eq!(text, serde_json::to_string_pretty(&expected).expect("JSON"));
    assert!(!text.contains("false") && !text.ends_with('\n'));
}

#[test]
fn every_key_and_file_that_a_record_names_exists() {
    let manifest = documented().json();
    let records = manifest.as_object().expect("an object");
    for (key, record) in records {
        assert!(record["file"].is_string(), "{key}");
        assert!(record.get("src").is_none_or(|src| src == key), "{key}");
        for list in ["imports", "dynamicImports"] {
            for name in record.get(list).and_then(Value::as_array).into_iter().flatten() {
                assert!(records.contains_key(name.as_str().expect("text")), "{key} names {name}");
            }
        }
        for css in record.get("css").and_then(Value::as_array).into_iter().flatten() {
            assert!(records.values().any(|record| record["file"] == *css), "{css} has no record");
        }
    }
}

#[test]
fn closures_list_dependencies_first_and_each_once() {
    let mut site = Site::default();
    site.asset("entry.js", &[]);
    site.entry("entry", 0);
    let (s, t, u) = (ChunkIdx(1), ChunkIdx(2), ChunkIdx(3));
    site.chunk("entry", Some(0), &[0], "entry.js", "entry.css").imports = vec![s, u];
    site.chunk("s", None, &[], "s.js", "s.css").imports = vec![t];
    site.chunk("t", None, &[], "t.js", "t.css");
    site.chunk("u", None, &[], "", "u.css").imports = vec![t];
    let manifest = site.json();
    assert_eq!(manifest["entry.js"]["css"], json!(["t.css", "s.css", "u.css", "entry.css"]));
    // Not `u`, which has no script to preload.
    assert_eq!(manifest["entry.js"]["imports"], json!(["_t.js", "_s.js"]));
    assert_eq!(manifest["_s.js"], json!({ "file": "s.js", "name": "s", "imports": ["_t.js"] }));
    assert_eq!(manifest["_u.css"], json!({ "file": "u.css", "src": "_u.css" }));
}

#[test]
fn a_page_stands_for_its_scripts_and_stylesheets() {
    use DependencyKind::{Script, Stylesheet, Url};
    let mut site = Site::default();
    site.asset("index.html", &[(Stylesheet, 1), (Script, 2), (Script, 3), (Url, 4)]);
    site.asset("style.css", &[]);
    site.asset("src/main.ts", &[]);
    site.asset("src/late.ts", &[]);
    site.asset("icon.svg", &[]);
    site.entry("index", 0);
    site.file("asset:index.html", "index.html", OutputClass::Document, Some("index.html"));
    site.file("asset:icon.svg", "icon-1.svg", OutputClass::Asset, Some("icon.svg"));
    site.chunk("style", Some(1), &[], "", "style-1.css");
    site.chunk("index", Some(2), &[2], "main-1.js", "main-1.css").imports = vec![ChunkIdx(3)];
    site.chunk("late", Some(3), &[3], "late-1.js", "").imports = vec![ChunkIdx(3)];
    site.chunk("shared", None, &[], "shared-1.js", "");
    let manifest = site.json();
    assert_eq!(
        manifest["index.html"],
        json!({
            "file": "main-1.js", "name": "index", "src": "index.html", "isEntry": true,
            "imports": ["_shared-1.js", "src/late.ts"], "css": ["style-1.css", "main-1.css"], "assets": ["icon-1.svg"]
        })
    );
    // The configuration's entry keeps the name; what it loads is no entry.
    assert_eq!(manifest["src/main.ts"]["name"], "index-2");
    assert_eq!(manifest["src/main.ts"].get("isEntry"), None);
    let style = json!({ "file": "style-1.css", "name": "style", "names": ["style.css"], "src": "style.css" });
    assert_eq!(manifest["style.css"], style);
}

#[test]
fn a_page_without_script_is_its_stylesheet_or_itself() {
    let mut site = Site::default();
    site.asset("a.html", &[(DependencyKind::Stylesheet, 2), (DependencyKind::Stylesheet, 3)]);
    site.asset("b.html", &[]);
    site.asset("base.css", &[]);
    site.asset("page.css", &[]);
    for page in ["a.html", "b.html"] {
        site.file(&format!("asset:{page}"), page, OutputClass::Document, Some(page));
    }
    site.chunk("base", Some(2), &[], "", "base-1.css");
    site.chunk("page", Some(3), &[], "", "page-1.css");
    let manifest = site.json();
    assert_eq!(
        manifest["a.html"],
        json!({ "file": "page-1.css", "name": "a", "src": "a.html", "css": ["base-1.css"] })
    );
    assert_eq!(manifest["b.html"], json!({ "file": "b.html", "name": "b", "src": "b.html" }));
}

#[test]
fn a_lazy_chunk_lists_all_that_it_needs() {
    let mut site = Site::default();
    site.asset("main.js", &[]);
    site.asset("lazy.js", &[]);
    site.entry("main", 0);
    let main = site.chunk("main", Some(0), &[0], "main.js", "");
    main.dynamic_imports = vec![ChunkIdx(1), ChunkIdx(2)];
    let lazy = site.chunk("lazy", Some(1), &[1], "lazy.js", "lazy.css");
    (lazy.is_dynamic_entry, lazy.imports) = (true, vec![ChunkIdx(0), ChunkIdx(3)]);
    // Nothing of it is left, so it has no file.
    site.asset("gone.js", &[]);
    site.chunk("gone", Some(2), &[2], "", "").is_dynamic_entry = true;
    site.chunk("shared", None, &[], "shared.js", "shared.css");
    let manifest = site.json();
    assert_eq!(manifest["lazy.js"]["css"], json!(["shared.css", "lazy.css"]));
    assert_eq!(manifest["lazy.js"]["imports"], json!(["main.js", "_shared.js"]));
    assert_eq!(manifest["main.js"]["dynamicImports"], json!(["lazy.js"]));
    assert_eq!(manifest.get("gone.js"), None);
}

#[test]
fn names_of_entries_are_kept_from_others() {
    let mut site = Site::default();
    site.asset("pages/admin.js", &[]);
    site.asset("lazy/admin.js", &[]);
    site.entry("admin", 0);
    site.chunk("admin", Some(1), &[1], "admin-1.js", "").is_dynamic_entry = true;
    site.chunk("admin-2", Some(0), &[0], "admin-2.js", "");
    let manifest = site.json();
    assert_eq!(manifest["pages/admin.js"]["name"], "admin");
    assert_eq!(manifest["lazy/admin.js"]["name"], "admin-2");
}

#[test]
fn an_empty_build_is_an_empty_object() {
    assert_eq!(Site::default().text(Format::Vite), "{}");
}
