//! Manifests from source to output.

use super::*;
use planish_pipeline::asset::PackageFacts;
use planish_pipeline::cache::Cache;
use planish_pipeline::chunk::ChunkPlan;
use planish_pipeline::graph::{AssetGraph, Node};
use planish_pipeline::naming::Naming;
use planish_pipeline::plugin::{Inline, Linked};
use planish_pipeline::task::Tasks;
use std::sync::Arc;

fn source(name: &str, text: &str) -> Source {
    Source {
        id: AssetId::new(name),
        path: name.into(),
        content: text.as_bytes().to_vec().into(),
        hash: Key::of_bytes(text.as_bytes()),
        package: PackageFacts::default(),
    }
}

fn node(source: Source, asset: Asset, targets: Vec<Target>) -> Node {
    Node {
        id: source.id.clone(),
        kind: "any",
        key: source.hash,
        source: Arc::new(source),
        asset: Arc::new(asset),
        targets,
        broken: false,
    }
}

/// Renders a manifest whose every file is `img/icon.png`.
#[track_caller]
fn render(name: &str, text: &str, base: &str) -> (String, Vec<OutputId>) {
    let manifest = source(name, text);
    let outcome = ManifestPlugin.transform(&manifest);
    assert!(outcome.diagnostics.is_empty(), "{:?}", outcome.diagnostics);
    let targets = outcome
        .value
        .dependencies
        .iter()
        .map(|dependency| match dependency.specifier.as_str() {
            text if text.starts_with("https:") => Target::External(text.to_owned()),
            text if text.starts_with('/') => Target::Static(text[1..].to_owned()),
            _ => Target::Asset(AssetIdx(1)),
        })
        .collect();
    let icon = source("img/icon.png", "");
    let mut names = Names::new(Naming::Plain, base);
    names.plan_fixed(&OutputId::of_asset(&manifest.id, ""), "assets/site.webmanifest");
    names.plan_fixed(&OutputId::of_asset(&icon.id, ""), "assets/icon.png");
    let graph = AssetGraph {
        nodes: vec![node(manifest, outcome.value, targets), node(icon, Asset::default(), Vec::new())],
        ..AssetGraph::default()
    };
    let tasks = Tasks::new(Arc::new(Cache::new(None, false)));
    let context = RenderContext {
        graph: &graph,
        plan: &ChunkPlan::default(),
        linked: &Linked::default(),
        names: &names,
        tasks: &tasks,
        inline: &|_, _| Outcome::new(Inline::default()),
    };
    let output = ManifestPlugin.render_asset(&context, AssetIdx(0)).value.pop().expect("one output");
    (String::from_utf8(output.bytes.to_vec()).expect("text"), output.references)
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(render("site.webmanifest", text, "/").0, expected);
}

#[test]
fn takes_manifests_only() {
    let accepts = |name: &str, kind| ManifestPlugin.accepts(Request { id: &AssetId::new(name), kind, attribute: None });
    assert!(accepts("a.webmanifest", None));
    assert!(accepts("a/manifest.json", Some(DependencyKind::Url)));
    assert!(!accepts("a/manifest.json", Some(DependencyKind::Import)));
    assert!(!accepts("a.webmanifest?raw", Some(DependencyKind::Import)));
    assert!(!accepts("a/data.json", Some(DependencyKind::Url)));
}

#[test]
fn files_become_dependencies_in_source_order() {
    let text = r#"{"shortcuts":[{"icons":[{"src":"s.png"}]}],"icons":[{"src":"i.png"}],"screenshots":[{"src":"p\u0068.png"}]}"#;
    let dependencies = ManifestPlugin.transform(&source("a.webmanifest", text)).value.dependencies;
    let found: Vec<(&str, &str)> = dependencies
        .iter()
        .map(|found| (found.specifier.as_str(), &text[found.range.start as usize..found.range.end as usize]))
        .collect();
    assert_eq!(found, [("s.png", "s.png"), ("i.png", "i.png"), ("ph.png", "p\\u0068.png")]);
}

#[test]
fn files_are_named_relative_to_the_manifest() {
    let (text, references) =
        render("site.webmanifest", "{ \"name\": \"x\",\n \"icons\": [{\"src\": \"img/icon.png\"}] }", "/");
    assert_eq!(text, r#"{"name":"x","icons":[{"src":"./icon.png"}]}"#);
    assert_eq!(references, [OutputId::of_asset(&AssetId::new("img/icon.png"), "")]);
}

#[test]
fn a_fragment_stays_and_a_query_goes() {
    check(r##"{"icons":[{"src":"icon.png?v=2#dark"}]}"##, r##"{"icons":[{"src":"./icon.png#dark"}]}"##);
}

#[test]
fn static_and_foreign_files() {
    check(
        r#"{"icons":[{"src":"/i.png"},{"src":"https://a.example/i.png"}]}"#,
        r#"{"icons":[{"src":"/i.png"},{"src":"https://a.example/i.png"}]}"#,
    );
    let (text, _) = render("site.webmanifest", r#"{"icons":[{"src":"/i.png"}]}"#, "./");
    assert_eq!(text, r#"{"icons":[{"src":"../i.png"}]}"#);
}

#[test]
fn pages_are_found_from_the_manifests_new_folder() {
    check(r#"{"start_url":"./?source=app","scope":"."}"#, r#"{"start_url":"../?source=app","scope":"../"}"#);
    check(r#"{"start_url":"/app"}"#, r#"{"start_url":"/app"}"#);
    check(r#"{"start_url":"https://a.example/"}"#, r#"{"start_url":"https://a.example/"}"#);
    check(r#"{"shortcuts":[{"url":"cart.html#top"}]}"#, r#"{"shortcuts":[{"url":"../cart.html#top"}]}"#);
    check(r#"{"share_target":{"action":"docs/"}}"#, r#"{"share_target":{"action":"../docs/"}}"#);
    let (text, _) = render("app/site.webmanifest", r#"{"start_url":"./","scope":"../"}"#, "/");
    assert_eq!(text, r#"{"start_url":"../app/","scope":"../"}"#);
}

#[test]
fn what_is_not_a_url_is_passed_on() {
    check(
        r#"{"start_url":7,"icons":[{"sizes":"any"}],"theme_color":"red"}"#,
        r#"{"start_url":7,"icons":[{"sizes":"any"}],"theme_color":"red"}"#,
    );
    check("\u{feff}{\"icons\":[{\"src\":\"a.png\"}]}", r#"{"icons":[{"src":"./icon.png"}]}"#);
}

#[track_caller]
fn check_error(text: &str, place: u32) {
    let outcome = ManifestPlugin.transform(&source("a.webmanifest", text));
    assert_eq!(outcome.diagnostics.len(), 1);
    let error = &outcome.diagnostics[0];
    assert_eq!((error.code.as_str(), error.is_error()), ("syntax-error", true));
    assert_eq!(error.labels[0].range, place..place, "{}", error.message);
    assert!(!error.message.contains(" line "), "{}", error.message);
    assert!(outcome.value.outputs.is_empty());
}

#[test]
fn broken_manifests_are_errors_with_a_place() {
    check_error("{\n \"name\": \"é\" \"x\"}", 16);
    check_error("\u{feff}{,}", 4);
    check_error("", 0);
    check_error("{\"icons\":[{\"src\":\"a.png\"}", 24);
    check_error("{\"icons\": 3}", 10);
}

#[test]
fn bytes_that_are_not_text_are_an_error() {
    let source = Source { content: b"\xFF\xFE{\0}\0".to_vec().into(), ..source("a.webmanifest", "") };
    assert_eq!(ManifestPlugin.transform(&source).diagnostics[0].code, "syntax-error");
}
