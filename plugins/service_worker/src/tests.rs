//! Releases and the workers that are made for them.

use crate::{ServiceWorker, ServiceWorkerOptions, TEMPLATE};
use planish_pipeline::cache::Cache;
use planish_pipeline::diagnostic::Outcome;
use planish_pipeline::output::{FinalFile, OutputClass, OutputId, Release};
use planish_pipeline::plugin::Finisher;
use planish_pipeline::task::Tasks;
use std::sync::Arc;

fn file(path: &str, class: OutputClass) -> FinalFile {
    FinalFile {
        id: OutputId::new(path),
        path: path.to_owned(),
        class,
        bytes: path.as_bytes().into(),
        immutable: path.starts_with("assets/"),
        asset: None,
        chunk: None,
    }
}

fn files() -> Vec<FinalFile> {
    vec![
        file("assets/app-1.js", OutputClass::Script),
        file("assets/app-1.js.gz", OutputClass::Compressed),
        file("assets/app-1.js.map", OutputClass::SourceMap),
        file("assets/app-2.css", OutputClass::Style),
        file("assets/film-3.mp4", OutputClass::Asset),
        file("assets/font-4.woff2", OutputClass::Asset),
        file("assets/photo-5.avif", OutputClass::Asset),
        file("docs/index.html", OutputClass::Document),
        file("index.html", OutputClass::Document),
        file("manifest.json", OutputClass::Manifest),
        file("robots.txt", OutputClass::Static),
    ]
}

fn finish(files: Vec<FinalFile>, base: &str, options: ServiceWorkerOptions) -> Outcome<Vec<FinalFile>> {
    let tasks = Tasks::new(Arc::new(Cache::new(None, false)));
    ServiceWorker::new(options).finish(&Release { files, base: base.into() }, &tasks)
}

fn code(outcome: &Outcome<Vec<FinalFile>>) -> &str {
    std::str::from_utf8(&outcome.value[0].bytes).expect("text")
}

/// The URLs that a worker keeps.
fn urls(outcome: &Outcome<Vec<FinalFile>>) -> Vec<&str> {
    code(outcome).lines().filter_map(|line| line.strip_prefix("[\"")?.split('"').next()).collect()
}

#[test]
fn the_worker_is_small() {
    assert!(TEMPLATE.len() < 3 * 1024);
}

#[test]
fn what_pages_need_is_kept_and_nothing_else() {
    let outcome = finish(files(), "/", ServiceWorkerOptions::default());
    assert!(outcome.diagnostics.is_empty());
    let kept =
        ["./assets/app-1.js", "./assets/app-2.css", "./assets/font-4.woff2", "./docs/index.html", "./index.html"];
    assert_eq!(urls(&outcome), kept);
    let worker = &outcome.value[0];
    assert_eq!((worker.path.as_str(), worker.class, worker.immutable), ("sw.js", OutputClass::ServiceWorker, false));
}

#[test]
fn hashed_names_have_no_revision() {
    let outcome = finish(files(), "/", ServiceWorkerOptions::default());
    assert!(code(&outcome).contains("[\"./assets/app-1.js\",null]"));
    assert!(!code(&outcome).contains("[\"./index.html\",null]"));
}

#[test]
fn images_can_be_kept_and_files_excluded() {
    let options = ServiceWorkerOptions {
        include_images: true,
        exclude: vec!["docs/*".into(), ".css".into()],
        ..ServiceWorkerOptions::default()
    };
    let kept = ["./assets/app-1.js", "./assets/font-4.woff2", "./assets/photo-5.avif", "./index.html"];
    assert_eq!(urls(&finish(files(), "./", options)), kept);
}

#[test]
fn files_on_another_host_keep_their_urls_and_documents_do_not() {
    let outcome = finish(files(), "https://cdn.example/x/", ServiceWorkerOptions::default());
    assert_eq!(urls(&outcome)[0], "./docs/index.html");
    assert_eq!(urls(&outcome)[2], "https://cdn.example/x/assets/app-1.js");
}

#[test]
fn urls_are_relative_to_the_workers_folder_and_escaped() {
    let options = ServiceWorkerOptions {
        file: "docs/sw.js".into(),
        navigation_fallback: None,
        ..ServiceWorkerOptions::default()
    };
    let files = vec![file("docs/a#b.html", OutputClass::Document), file("assets/a.js", OutputClass::Script)];
    assert_eq!(urls(&finish(files, "/", options)), ["../assets/a.js", "./a%23b.html"]);
}

#[test]
fn the_worker_changes_only_with_the_files_that_it_keeps() {
    let build = |change: fn(&mut Vec<FinalFile>)| {
        let mut files = files();
        change(&mut files);
        code(&finish(files, "/", ServiceWorkerOptions::default())).to_owned()
    };
    let before = build(|_| {});
    assert_eq!(before, build(|files| files[9].bytes = b"other"[..].into()));
    assert_ne!(before, build(|files| files[8].bytes = b"other"[..].into()));
}

#[test]
fn a_fallback_must_be_kept() {
    let options =
        ServiceWorkerOptions { navigation_fallback: Some("offline.html".into()), ..ServiceWorkerOptions::default() };
    let outcome = finish(files(), "/", options);
    assert_eq!(outcome.diagnostics[0].code, "missing-fallback");
    assert!(code(&outcome).contains("FALLBACK = null"));
}

#[test]
fn a_file_of_the_workers_name_is_an_error() {
    let outcome = finish(vec![file("sw.js", OutputClass::Static)], "/", ServiceWorkerOptions::default());
    assert!(outcome.value.is_empty());
    assert!(outcome.diagnostics[0].is_error());
}
