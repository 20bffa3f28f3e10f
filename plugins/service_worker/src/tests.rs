//! Releases and the workers that are made for them.

use crate::{Rule, ServiceWorker, ServiceWorkerOptions, Strategy, WorkerKind};
use planish_pipeline::cache::Cache;
use planish_pipeline::diagnostic::Outcome;
use planish_pipeline::output::{FinalFile, OutputClass, OutputId, Release};
use planish_pipeline::plugin::Finisher;
use planish_pipeline::task::Tasks;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

fn file(path: &str, class: OutputClass) -> FinalFile {
    FinalFile {
        id: OutputId::new(path),
        path: path.to_owned(),
        class,
        bytes: path.to_owned().into(),
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
    urls_in(code(outcome))
}

fn urls_in(code: &str) -> Vec<&str> {
    code.lines().filter_map(|line| line.strip_prefix("[\"")?.split('"').next()).collect()
}

/// A rule that uses everything that rules can say.
fn rule(strategy: Strategy) -> Rule {
    Rule {
        urls: vec!["/media/*".into()],
        strategy,
        max_age: Some(Duration::from_secs(60)),
        max_entries: 10,
        max_size: Some(1000),
        timeout: Some(Duration::from_secs(3)),
        opaque: false,
        credentials: false,
    }
}

#[test]
fn the_worker_is_small() {
    let options = ServiceWorkerOptions { rules: vec![rule(Strategy::NetworkFirst)], ..ServiceWorkerOptions::default() };
    let outcome = finish(vec![file("index.html", OutputClass::Document)], "/", options);
    let mut compressor = brotli::CompressorWriter::new(Vec::new(), 4096, 11, 22);
    compressor.write_all(code(&outcome).as_bytes()).expect("memory takes everything");
    let size = compressor.into_inner().len();
    assert!(size < 3 * 1024, "{size} bytes with Brotli 11");
}

#[test]
fn what_pages_need_is_critical_and_what_they_can_do_without_is_not() {
    let outcome = finish(files(), "/", ServiceWorkerOptions::default());
    assert!(outcome.diagnostics.is_empty());
    let (critical, tolerant) = code(&outcome).split_once("TOLERANT").expect("there are two lists");
    let kept = ["./assets/app-1.js", "./assets/app-2.css", "./docs/index.html", "./index.html"];
    assert_eq!(urls_in(critical), kept);
    assert_eq!(urls_in(tolerant), ["./assets/font-4.woff2"]);
    let worker = &outcome.value[0];
    assert_eq!((worker.path.as_str(), worker.class, worker.immutable), ("sw.js", OutputClass::ServiceWorker, false));
}

#[test]
fn patterns_move_files_between_the_tiers_and_add_others() {
    let options = ServiceWorkerOptions {
        critical: vec!["robots.txt".into(), ".mp4".into()],
        tolerant: vec!["docs/*".into(), ".mp4".into()],
        exclude: vec![".css".into()],
        ..ServiceWorkerOptions::default()
    };
    let outcome = finish(files(), "/", options);
    let (critical, tolerant) = code(&outcome).split_once("TOLERANT").expect("there are two lists");
    assert_eq!(urls_in(critical), ["./assets/app-1.js", "./assets/film-3.mp4", "./index.html", "./robots.txt"]);
    assert_eq!(urls_in(tolerant), ["./assets/font-4.woff2", "./docs/index.html"]);
}

#[test]
fn files_have_their_hashes_and_only_those_without_one_in_the_name_have_revisions() {
    let outcome = finish(files(), "/", ServiceWorkerOptions::default());
    // `printf assets/app-1.js | openssl dgst -sha384 -binary | base64`, and so on.
    let script = "[\"./assets/app-1.js\",\"qUkL2zzLNpYwGDA3QTVX3chuEoHpOwnoKz615bMH0eBgRs51mScIWGB3FZ0gup06\"]";
    let page = "[\"./index.html\",\"JirV5chTTbEPQVBujBhJLSdgLHT1IA+HGcI2W4K0/qBcHOB+VCcEBt4TIBejKrNL\",1]";
    assert!(code(&outcome).contains(script) && code(&outcome).contains(page), "{}", code(&outcome));
}

#[test]
fn images_can_be_kept_and_files_excluded() {
    let options = ServiceWorkerOptions {
        include_images: true,
        exclude: vec!["docs/*".into(), ".css".into()],
        ..ServiceWorkerOptions::default()
    };
    let kept = ["./assets/app-1.js", "./index.html", "./assets/font-4.woff2", "./assets/photo-5.avif"];
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
    assert!(code(&outcome).contains("OFFLINE = null"));
}

#[test]
fn without_an_offline_page_the_fallback_is_one() {
    let offline = |offline: Option<&str>| {
        let offline = offline.map(str::to_owned);
        let outcome = finish(files(), "/", ServiceWorkerOptions { offline, ..ServiceWorkerOptions::default() });
        let line = code(&outcome).lines().find_map(|line| line.strip_prefix("const OFFLINE = ")).map(str::to_owned);
        line.expect("it is there")
    };
    assert_eq!(offline(None), "\"./index.html\";");
    assert_eq!(offline(Some("docs/index.html")), "\"./docs/index.html\";");
}

#[test]
fn rules_are_as_the_worker_reads_them() {
    let other = Rule {
        urls: vec!["https://api.example/*".into(), "/api/*".into()],
        max_age: None,
        max_size: None,
        timeout: None,
        opaque: true,
        credentials: true,
        ..rule(Strategy::CacheFirst)
    };
    let options = ServiceWorkerOptions {
        app_shell: vec!["/app/*".into()],
        rules: vec![rule(Strategy::NetworkFirst), other],
        ..ServiceWorkerOptions::default()
    };
    let outcome = finish(files(), "/", options);
    let lines: Vec<&str> = code(&outcome).lines().filter(|line| line.starts_with('{')).collect();
    let without_name = |line: &str| line.split_once("planish-runtime-").map(|(a, b)| a.to_owned() + &b[8..]);
    assert_eq!(
        without_name(lines[0]).as_deref(),
        Some(
            "{\"urls\":\"^(/media/.*(\\\\?.*)?)$\",\"strategy\":\"network-first\",\"cache\":\"\",\"entries\":10,\"age\":60000,\"size\":1000,\"timeout\":3000},"
        )
    );
    assert!(lines[1].ends_with("\"entries\":10,\"opaque\":true,\"credentials\":true}"), "{}", lines[1]);
    assert!(code(&outcome).contains("const SHELL = \"^(/app/.*(\\\\?.*)?)$\";"));
    assert!(!code(&finish(files(), "/", ServiceWorkerOptions::default())).contains("byRule(rule, event) {"));
}

#[test]
fn the_worker_that_ends_others_keeps_nothing() {
    let options = ServiceWorkerOptions { kind: WorkerKind::Kill, ..ServiceWorkerOptions::default() };
    let outcome = finish(files(), "/", options);
    assert!(urls(&outcome).is_empty() && !code(&outcome).contains("\"fetch\""));
    assert_eq!(outcome.value[0].path, "sw.js");
}

/// The user's worker, bundled into this text.
fn inject(text: &str, options: ServiceWorkerOptions) -> Outcome<Vec<FinalFile>> {
    let bundled = FinalFile {
        bytes: text.to_owned().into(),
        asset: Some(planish_pipeline::asset::AssetId::new("src/sw.ts?service-worker")),
        ..file("assets/sw-7.js", OutputClass::ServiceWorker)
    };
    let files = [files(), vec![bundled]].concat();
    finish(files, "/", ServiceWorkerOptions { kind: WorkerKind::Injected, ..options })
}

#[test]
fn the_users_worker_gets_the_list_as_workbox_has_it() {
    let outcome = inject("keep(self.__WB_MANIFEST)", ServiceWorkerOptions::default());
    let list =
        code(&outcome).strip_prefix("keep(").and_then(|rest| rest.strip_suffix(')')).expect("it is in its place");
    let list: serde_json::Value = serde_json::from_str(list).expect("JSON");
    assert_eq!(list.as_array().map(Vec::len), Some(5));
    assert_eq!(list[0]["url"], "./assets/app-1.js");
    assert!(list[0]["revision"].is_null() && list[3]["revision"].is_string());
    assert!(list[0]["integrity"].as_str().is_some_and(|text| text.starts_with("sha384-") && text.len() == 71));
    let worker = &outcome.value[0];
    assert_eq!((worker.path.as_str(), worker.id.as_str(), worker.immutable), ("sw.js", "assets/sw-7.js", false));
    let options = ServiceWorkerOptions { integrity: false, ..ServiceWorkerOptions::default() };
    assert!(!code(&inject("keep(self.__WB_MANIFEST)", options)).contains("integrity"));
}

#[test]
fn the_users_worker_asks_for_the_list_once() {
    for (text, expected) in [
        ("", "`src/sw.ts` does not ask for the list of files"),
        ("self.__WB_MANIFEST, self.__WB_MANIFEST", "`src/sw.ts` asks for the list of files 2 times"),
    ] {
        let outcome = inject(text, ServiceWorkerOptions::default());
        assert_eq!(
            (outcome.diagnostics[0].code.as_str(), outcome.diagnostics[0].message.as_str()),
            ("inject-place", expected)
        );
        assert!(outcome.value.is_empty());
    }
}

#[test]
fn a_file_of_the_workers_name_is_an_error() {
    let outcome = finish(vec![file("sw.js", OutputClass::Static)], "/", ServiceWorkerOptions::default());
    assert!(outcome.value.is_empty());
    assert!(outcome.diagnostics[0].is_error());
}

#[test]
fn a_scope_beyond_the_workers_folder_is_said_to_need_a_header() {
    let codes = |base: &str, file: &str, scope: &str| -> Vec<String> {
        let options = ServiceWorkerOptions {
            file: file.into(),
            scope: Some(scope.into()),
            navigation_fallback: None,
            ..ServiceWorkerOptions::default()
        };
        finish(files(), base, options).diagnostics.into_iter().map(|diagnostic| diagnostic.code).collect()
    };
    assert!(codes("/", "sw.js", "/app/").is_empty());
    assert!(codes("/static/", "js/sw.js", "/static/js/").is_empty());
    assert_eq!(codes("/static/", "sw.js", "/"), ["wide-scope"]);
    assert_eq!(codes("./", "js/sw.js", "/"), ["wide-scope"]);
}
