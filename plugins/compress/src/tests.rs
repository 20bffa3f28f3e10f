//! Releases before and after.

use crate::{Compress, CompressOptions, Gzip};
use planish_pipeline::cache::Cache;
use planish_pipeline::output::{FinalFile, OutputClass, OutputId, Release};
use planish_pipeline::plugin::Finisher;
use planish_pipeline::task::Tasks;
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;

fn file(path: &str, class: OutputClass, bytes: &[u8]) -> FinalFile {
    FinalFile {
        id: OutputId::new(path),
        path: path.to_owned(),
        class,
        bytes: bytes.to_vec().into(),
        immutable: class == OutputClass::Script,
        asset: None,
        chunk: None,
    }
}

fn tasks() -> Tasks {
    Tasks::new(Arc::new(Cache::new(None, true)))
}

fn finish(files: Vec<FinalFile>) -> Vec<FinalFile> {
    let release = Release { files, base: "/".into() };
    let outcome = Compress::new(CompressOptions::default()).finish(&release, &tasks());
    assert!(outcome.diagnostics.is_empty());
    outcome.value
}

fn paths(files: &[FinalFile]) -> Vec<&str> {
    files.iter().map(|file| file.path.as_str()).collect()
}

fn text() -> Vec<u8> {
    (0..400).flat_map(|line| format!("export const name{line} = \"value {}\";\n", line * line).into_bytes()).collect()
}

/// Bytes that no encoder makes smaller.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..length).map(|_| next()).collect()
}

#[test]
fn siblings_hold_the_original() {
    let made = finish(vec![file("a/app.js", OutputClass::Script, &text())]);
    assert_eq!(paths(&made), ["a/app.js.br", "a/app.js.gz"]);
    let mut from_brotli = Vec::new();
    brotli::BrotliDecompress(&mut &*made[0].bytes, &mut from_brotli).expect("a Brotli file");
    let mut from_gzip = Vec::new();
    flate2::read::GzDecoder::new(&*made[1].bytes).read_to_end(&mut from_gzip).expect("a gzip file");
    assert!(from_brotli == text() && from_gzip == text());
    assert!(made.iter().all(|file| file.class == OutputClass::Compressed && file.immutable));
    assert_eq!(made[1].id, OutputId::new("gz:a/app.js"));
}

#[test]
#[allow(clippy::disallowed_methods, reason = "a second opinion, where there is one")]
fn gzip_itself_accepts_the_file() {
    let made = finish(vec![file("app.js", OutputClass::Script, &text())]);
    let mut command = Command::new("gzip");
    let Ok(mut gzip) = command.arg("-t").stdin(Stdio::piped()).stderr(Stdio::piped()).spawn() else { return };
    gzip.stdin.take().expect("it is piped").write_all(&made[1].bytes).expect("gzip reads");
    assert!(gzip.wait().expect("gzip ends").success());
}

#[test]
fn a_gzip_header_says_nothing_of_the_machine() {
    let made = finish(vec![file("app.js", OutputClass::Script, &text())]);
    assert_eq!(made[1].bytes[..10], [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 2, 255]);
}

#[test]
fn documents_workers_and_static_text_are_compressed_and_nothing_else() {
    let made = finish(vec![
        file("a.html", OutputClass::Document, &text()),
        file("sw.js", OutputClass::ServiceWorker, &text()),
        file("robots.TXT", OutputClass::Static, &text()),
        file("a.js.map", OutputClass::SourceMap, &text()),
        file("a.json", OutputClass::SourceMap, &text()),
        file("a.png", OutputClass::Asset, &text()),
        file("js", OutputClass::Static, &text()),
        file("b.js.gz", OutputClass::Static, &text()),
    ]);
    assert_eq!(paths(&made), ["a.html.br", "a.html.gz", "robots.TXT.br", "robots.TXT.gz", "sw.js.br", "sw.js.gz"]);
    assert!(!made[0].immutable);
}

#[test]
fn what_saves_too_little_is_left_out() {
    assert!(finish(vec![file("a.txt", OutputClass::Static, &noise(5_000))]).is_empty());
    assert!(finish(vec![file("a.txt", OutputClass::Static, &text()[..999])]).is_empty());
}

#[test]
fn a_sibling_that_exists_is_not_made() {
    let made = finish(vec![
        file("a.txt", OutputClass::Static, &text()),
        file("a.txt.br", OutputClass::Static, b"the user's own"),
    ]);
    assert_eq!(paths(&made), ["a.txt.gz"]);
}

#[test]
fn encodings_can_be_turned_off() {
    let release = Release { files: vec![file("a.js", OutputClass::Script, &text())], base: "/".into() };
    let finish = |gzip, brotli| {
        Compress::new(CompressOptions { gzip, brotli, zstd: None, minimum_size: 0 }).finish(&release, &tasks()).value
    };
    assert_eq!(paths(&finish(Some(Gzip::Level(9)), None)), ["a.js.gz"]);
    assert_eq!(paths(&finish(None, Some(5))), ["a.js.br"]);
    assert!(finish(None, None).is_empty());
}

#[test]
fn a_second_run_reuses_all_and_another_level_nothing() {
    let release = Release { files: vec![file("a.js", OutputClass::Script, &text())], base: "/".into() };
    let cache = Arc::new(Cache::new(None, true));
    let run = |options: CompressOptions| {
        let tasks = Tasks::new(cache.clone());
        Compress::new(options).finish(&release, &tasks);
        let count = tasks.counts()["compress"];
        (count.ran, count.memory)
    };
    assert_eq!(run(CompressOptions::default()), (2, 0));
    assert_eq!(run(CompressOptions::default()), (0, 2));
    assert_eq!(
        run(CompressOptions { gzip: Some(Gzip::Level(1)), brotli: Some(4), ..CompressOptions::default() }),
        (2, 0)
    );
}

#[test]
fn bytes_do_not_depend_on_threads() {
    let build = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be made");
        let files = (1..6).map(|at| file(&format!("{at}.js"), OutputClass::Script, &text()[..2_000 * at])).collect();
        let made = pool.install(|| finish(files));
        made.into_iter().map(|file| (file.path, file.bytes)).collect::<Vec<_>>()
    };
    assert_eq!(build(1), build(4));
}

#[test]
fn the_smallest_gzip_is_smaller_and_one_zstandard_frame_holds_all() {
    let options = CompressOptions { gzip: Some(Gzip::Smallest), brotli: None, zstd: Some(22), minimum_size: 0 };
    let release = Release { files: vec![file("app.js", OutputClass::Script, &text())], base: "/".into() };
    let made = Compress::new(options).finish(&release, &tasks()).value;
    assert_eq!(paths(&made), ["app.js.gz", "app.js.zst"]);
    let mut from_gzip = Vec::new();
    flate2::read::GzDecoder::new(&*made[0].bytes).read_to_end(&mut from_gzip).expect("a gzip file");
    assert_eq!(from_gzip, text());
    let usual = finish(vec![file("app.js", OutputClass::Script, &text())]);
    assert!(made[0].bytes.len() < usual[1].bytes.len(), "{} of {}", made[0].bytes.len(), usual[1].bytes.len());
    assert_eq!(zstd::bulk::decompress(&made[1].bytes, text().len()).expect("a Zstandard file"), text());
}
