//! The engine with a toy language instead of JavaScript: `use x` imports, `load x` loads lazily, `file x` wants a URL, `stop` panics, and
//! every other line is output.

#![allow(clippy::disallowed_methods, reason = "the tests make files and look at them")]

use planish_pipeline::asset::{Asset, AssetId, AssetOutput, Dependency, DependencyKind, Fragment, Source};
use planish_pipeline::chunk::{ChunkIdx, Lookup, Split, VendorSplit};
use planish_pipeline::diagnostic::Outcome;
use planish_pipeline::graph::Target;
use planish_pipeline::key::Key;
use planish_pipeline::manifest::{self, Format};
use planish_pipeline::naming::{Naming, Template};
use planish_pipeline::output::{FinalFile, Output, OutputClass, OutputId, Release};
use planish_pipeline::plugin::{AssetPlugin, Finisher, Grouping, Plugins, RenderContext, Request};
use planish_pipeline::resolve::{Platform, ResolveOptions};
use planish_pipeline::session::{BuildResult, EmitMode, EntryRequest, Options, Session, Silent};
use planish_pipeline::task::{TaskCount, Tasks};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

struct Toy;

impl AssetPlugin for Toy {
    fn kind(&self) -> &'static str {
        "toy"
    }

    fn version(&self) -> u32 {
        1
    }

    fn options(&self) -> Key {
        Key::of_bytes(b"")
    }

    fn accepts(&self, request: Request<'_>) -> bool {
        request.id.extension() == "toy"
    }

    fn grouping(&self) -> Grouping {
        Grouping::Script
    }

    fn transform(&self, source: &Source) -> Outcome<Asset> {
        let text = source.text().expect("the tests write text");
        assert!(!text.contains("stop"), "told to stop");
        let dependencies = text.lines().filter_map(|line| {
            let (word, specifier) = line.split_once(' ')?;
            let kind = match word {
                "use" => DependencyKind::Import,
                "load" => DependencyKind::DynamicImport,
                "file" => DependencyKind::Url,
                _ => return None,
            };
            let start = (text.find(line)? + word.len() + 1) as u32;
            Some(Dependency::new(specifier, kind, start..start + specifier.len() as u32))
        });
        let own: Vec<&str> = text.lines().filter(|line| !line.contains(' ')).collect();
        Outcome::new(Asset {
            dependencies: dependencies.collect(),
            record: own.join("\n").into_bytes(),
            ..Asset::default()
        })
    }

    fn render_chunk(&self, context: &RenderContext<'_>, idx: ChunkIdx) -> Outcome<Vec<Output>> {
        let chunk = context.plan.chunk(idx);
        let id = chunk.script.clone().expect("only chunks with a script are rendered");
        let mut references = Vec::new();
        let mut text = String::new();
        let mut refer = |word: &str, to: Option<OutputId>, text: &mut String| {
            if let Some(to) = to {
                text.push_str(&format!(
                    "{word} {}\n",
                    context.names.relative(&id, &to).expect("every output is planned")
                ));
                references.push(to);
            }
        };
        for import in &chunk.imports {
            refer("from", context.plan.chunk(*import).script.clone(), &mut text);
        }
        for asset in &chunk.scripts {
            let node = context.graph.node(*asset);
            for (dependency, target) in node.edges() {
                let Target::Asset(target) = target else { continue };
                match dependency.kind {
                    DependencyKind::DynamicImport => {
                        let root = context.plan.root_chunk(*target).map(|root| context.plan.chunk(root));
                        refer("later", root.and_then(|root| root.script.clone()), &mut text);
                    }
                    DependencyKind::Url => {
                        refer("at", Some(OutputId::of_asset(&context.graph.node(*target).id, "")), &mut text);
                    }
                    _ => {}
                }
            }
            text.push_str(std::str::from_utf8(&node.asset.record).expect("it was text"));
            text.push('\n');
        }
        Outcome::new(vec![Output {
            id,
            class: OutputClass::Script,
            bytes: text.into_bytes().into(),
            references,
            asset: chunk.root_id.clone(),
            chunk: Some(idx),
        }])
    }
}

struct Copied;

impl AssetPlugin for Copied {
    fn kind(&self) -> &'static str {
        "copied"
    }

    fn version(&self) -> u32 {
        1
    }

    fn options(&self) -> Key {
        Key::of_bytes(b"")
    }

    fn accepts(&self, _: Request<'_>) -> bool {
        true
    }

    fn grouping(&self) -> Grouping {
        Grouping::Single { class: OutputClass::Asset }
    }

    fn transform(&self, source: &Source) -> Outcome<Asset> {
        let bytes = Some(source.content.to_vec());
        let output = AssetOutput { variant: String::new(), extension: source.id.extension(), bytes };
        Outcome::new(Asset { outputs: vec![output], ..Asset::default() })
    }
}

/// A folder of sources.
struct Site {
    folder: tempfile::TempDir,
}

impl Site {
    fn new(files: &[(&str, &str)]) -> Self {
        let site = Self { folder: tempfile::tempdir().expect("a temporary folder") };
        files.iter().for_each(|(path, text)| site.write(path, text));
        site
    }

    fn root(&self) -> PathBuf {
        self.folder.path().canonicalize().expect("the folder is there")
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("writable");
        std::fs::write(path, text).expect("writable");
    }

    fn session(&self, entries: &[&str]) -> Session {
        let root = self.root();
        let options = Options {
            out: root.join("dist"),
            entries: entries.iter().map(|entry| EntryRequest { name: None, path: root.join(entry) }).collect(),
            base: "/".to_owned(),
            naming: Naming::Hashed {
                directory: "assets".to_owned(),
                template: Template::parse("[name]-[hash].[ext]").expect("it is good"),
            },
            static_folder: None,
            resolve: ResolveOptions {
                platform: Platform::Browser,
                production: true,
                alias: BTreeMap::new(),
                external: Vec::new(),
            },
            split: Split { vendor: VendorSplit::One, ..Split::default() },
            lookup: Lookup::Url,
            splitting: true,
            integrity: true,
            manifests: vec![manifest::Request { format: Format::Vite, path: "manifest.json".to_owned() }],
            emit: EmitMode::Release,
            cache: Some(root.join("cache")),
            keep_in_memory: false,
            modules: BTreeMap::new(),
            root,
        };
        let assets: Vec<Box<dyn AssetPlugin>> = vec![Box::new(Toy), Box::new(Copied)];
        Session::new(options, Plugins { assets, ..Plugins::default() })
    }

    fn build(&self, entries: &[&str]) -> BuildResult {
        self.session(entries).build(&Silent)
    }

    /// Every file of the output folder but the ledger, by path; hashes in names replaced by `#`.
    fn output(&self) -> BTreeMap<String, String> {
        read(&self.root().join("dist"))
    }

    /// The one output whose name begins so.
    #[track_caller]
    fn file(&self, name: &str) -> String {
        let mut found = self.output().into_iter().filter(|(path, _)| path.starts_with(&format!("assets/{name}-")));
        let (_, text) = found.next().unwrap_or_else(|| panic!("no `{name}` in {:?}", self.output().keys()));
        assert!(found.next().is_none(), "more than one `{name}`");
        text
    }
}

fn read(folder: &Path) -> BTreeMap<String, String> {
    let files = planish_pipeline::files::walk(folder).unwrap_or_default();
    files
        .into_iter()
        .filter(|(path, _)| !path.starts_with(".planish"))
        .map(|(path, file)| (path, std::fs::read_to_string(file).expect("the outputs are text")))
        .collect()
}

/// The lines of an output without its references.
fn own_lines(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.contains(' ')).collect()
}

#[track_caller]
fn good(result: &BuildResult) {
    assert!(result.diagnostics.is_empty(), "{:?}", result.diagnostics);
}

#[test]
fn modules_stand_in_order_of_evaluation() {
    let site =
        Site::new(&[("main.toy", "use ./a.toy\nuse ./b.toy\nmain"), ("a.toy", "use ./b.toy\na"), ("b.toy", "b")]);
    good(&site.build(&["main.toy"]));
    assert_eq!(own_lines(&site.file("main")), ["b", "a", "main"]);
}

#[test]
fn what_two_entries_need_is_a_chunk_of_its_own() {
    let site =
        Site::new(&[("one.toy", "use ./both.toy\none"), ("two.toy", "use ./both.toy\ntwo"), ("both.toy", "both")]);
    good(&site.build(&["one.toy", "two.toy"]));
    assert_eq!(own_lines(&site.file("both")), ["both"]);
    assert_eq!(own_lines(&site.file("one")), ["one"]);
    assert!(site.file("two").starts_with("from ./both-"));
}

#[test]
fn a_lazy_chunk_counts_on_what_is_loaded() {
    let site = Site::new(&[
        ("main.toy", "use ./both.toy\nload ./lazy.toy\nmain"),
        ("lazy.toy", "use ./both.toy\nlazy"),
        ("both.toy", "both"),
    ]);
    good(&site.build(&["main.toy"]));
    assert_eq!(own_lines(&site.file("main")), ["both", "main"]);
    assert_eq!(own_lines(&site.file("lazy")), ["lazy"]);
}

#[test]
fn dependencies_of_an_entry_go_into_the_vendor_chunk() {
    let site = Site::new(&[
        ("main.toy", "use lib/index.toy\nload ./lazy.toy\nmain"),
        ("lazy.toy", "use lib/rare.toy\nlazy"),
        ("node_modules/lib/package.json", "{\"name\":\"lib\"}"),
        ("node_modules/lib/index.toy", "lib"),
        ("node_modules/lib/rare.toy", "rare"),
    ]);
    good(&site.build(&["main.toy"]));
    assert_eq!(own_lines(&site.file("vendor")), ["lib"]);
    assert_eq!(own_lines(&site.file("lazy")), ["rare", "lazy"], "nobody loads what only a lazy page needs");
}

#[test]
fn files_are_named_by_their_bytes() {
    let site = Site::new(&[("main.toy", "file ./a.txt\nmain"), ("a.txt", "text")]);
    good(&site.build(&["main.toy"]));
    for (path, text) in site.output() {
        let hash = Key::of_bytes(text.as_bytes()).to_name(8);
        assert!(path == "manifest.json" || path.contains(&hash), "{path}");
    }
    assert!(site.file("main").starts_with("at ./a-"));
}

#[test]
fn threads_and_folders_leave_no_trace() {
    let files = [
        ("main.toy", "use ./a.toy\nuse ./b.toy\nload ./c.toy\nload ./d.toy\nmain"),
        ("a.toy", "a"),
        ("b.toy", "use ./a.toy\nb"),
        ("c.toy", "use ./shared.toy\nc"),
        ("d.toy", "use ./shared.toy\nd"),
        ("shared.toy", "shared"),
    ];
    let build = |threads| {
        let site = Site::new(&files);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| good(&site.build(&["main.toy"])));
        site.output()
    };
    let first = build(1);
    assert_eq!(first.len(), 5, "main, c, d, what they share, and the manifest: {:?}", first.keys());
    assert!((0..5).all(|_| build(4) == first));
}

#[test]
fn only_what_changed_runs_again() {
    let site = Site::new(&[("main.toy", "use ./a.toy\nmain"), ("a.toy", "a")]);
    good(&site.build(&["main.toy"]));
    let again = site.build(&["main.toy"]);
    assert_eq!(again.log.counts["toy"], TaskCount { ran: 0, memory: 0, disk: 2 });
    assert_eq!(again.written, 0);
    site.write("a.toy", "changed");
    let edited = site.build(&["main.toy"]);
    assert_eq!(edited.log.ran, [("toy", "a.toy".to_owned())]);
    assert_eq!(own_lines(&site.file("main")), ["changed", "main"]);
}

#[test]
fn a_session_in_memory_sees_what_it_is_told_of() {
    let site = Site::new(&[("main.toy", "use ./a.toy\nmain"), ("a.toy", "a")]);
    let mut session = site.session(&["main.toy"]);
    let options = Options { keep_in_memory: true, cache: None, ..session.options().clone() };
    session = Session::new(options, Plugins { assets: vec![Box::new(Toy), Box::new(Copied)], ..Plugins::default() });
    good(&session.build(&Silent));
    site.write("a.toy", "changed");
    session.invalidate(&[site.root().join("a.toy")]);
    let edited = session.build(&Silent);
    assert_eq!(edited.log.counts["toy"], TaskCount { ran: 1, memory: 1, disk: 0 });
    assert_eq!(own_lines(&site.file("main")), ["changed", "main"]);
}

#[test]
fn errors_come_together_and_leave_the_last_good_output() {
    let site = Site::new(&[("main.toy", "use ./a.toy\nmain"), ("a.toy", "a")]);
    good(&site.build(&["main.toy"]));
    let before = site.output();
    site.write("main.toy", "use ./absent.toy\nuse ./a.toy\nuse ./gone.toy\nmain");
    let result = site.build(&["main.toy"]);
    let messages: Vec<&str> = result.diagnostics.iter().map(|diagnostic| diagnostic.message.as_str()).collect();
    assert_eq!(messages, ["cannot find `./absent.toy`", "cannot find `./gone.toy`"]);
    assert_eq!(result.diagnostics[0].labels[0].range, 4..16);
    assert_eq!(site.output(), before);
}

#[test]
fn a_module_may_be_made_for_the_build() {
    let site = Site::new(&[("main.toy", "use made:x\nmain")]);
    let session = site.session(&["main.toy"]);
    let made = Fragment { extension: "toy".to_owned(), text: "made".to_owned(), files: Vec::new() };
    let options = Options { modules: BTreeMap::from([("made:x".to_owned(), made)]), ..session.options().clone() };
    let session =
        Session::new(options, Plugins { assets: vec![Box::new(Toy), Box::new(Copied)], ..Plugins::default() });
    good(&session.build(&Silent));
    assert_eq!(own_lines(&site.file("main")), ["made", "main"]);
    assert_eq!(session.source_text(&AssetId::new("made:x.toy")).as_deref(), Some("made"));
}

/// Finishes the script `main`: other bytes, another name.
struct Finished;

impl Finisher for Finished {
    fn name(&self) -> &'static str {
        "finished"
    }

    fn finish(&self, release: &Release, _: &Tasks) -> Outcome<Vec<FinalFile>> {
        let main = release.files.iter().find(|file| file.class == OutputClass::Script).expect("there is one");
        Outcome::new(vec![FinalFile { path: "main.js".to_owned(), bytes: b"finished"[..].into(), ..main.clone() }])
    }
}

#[test]
fn a_finisher_may_finish_a_file() {
    let site = Site::new(&[("main.toy", "main")]);
    let options = site.session(&["main.toy"]).options().clone();
    let plugins = Plugins { assets: vec![Box::new(Toy)], finishers: vec![Box::new(Finished)], ..Plugins::default() };
    let result = Session::new(options, plugins).build(&Silent);
    good(&result);
    let scripts: Vec<&str> =
        result.files.iter().filter(|file| file.class == OutputClass::Script).map(|file| file.path.as_str()).collect();
    assert_eq!(scripts, ["main.js"]);
}

#[test]
fn a_panic_is_an_error_that_names_task_and_asset() {
    let site = Site::new(&[("main.toy", "stop")]);
    let result = site.build(&["main.toy"]);
    let diagnostic = result.diagnostics.first().expect("an error");
    assert_eq!(
        (diagnostic.code.as_str(), diagnostic.message.as_str()),
        ("internal", "the task `toy` failed on `main.toy`: told to stop")
    );
}
