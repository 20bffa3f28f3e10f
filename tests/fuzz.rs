//! Random module graphs do in a bundle what they do in Node: `fuzz/run.mjs` compares the two for some seeds.

mod support;

use support::node;

/// Features of graphs whose bundles are known to differ, see `FEATURES` in `fuzz/generate.mjs`, and why.
const KNOWN: &[(&str, &str)] = &[("deadZones", "functions around modules make variables of their constants")];

#[track_caller]
fn check(arguments: &[&str]) {
    let known: Vec<&str> = KNOWN.iter().map(|(feature, _)| *feature).collect();
    let known = known.join(",");
    let fixed = ["--planish", env!("CARGO_BIN_EXE_planish"), "--seeds", "0..150", "--without", &known];
    let run = node("tests/fuzz/run.mjs", &[&fixed[..], arguments].concat());
    assert_eq!(run.code, Some(0), "{}\n{}", run.stdout, run.stderr);
}

#[test]
fn graphs() {
    check(&[]);
}

#[test]
fn minified_graphs() {
    check(&["--minify"]);
}

/// Cut between almost any two statements.
#[test]
fn minified_graphs_in_small_segments() {
    check(&["--minify", "--segments", "40"]);
}

#[test]
fn graphs_in_groups_and_merged_chunks() {
    let arguments = ["--split-min-size=100KB", "--split-vendor=per-package", "--split-group=low=**/m[1-4].*"];
    let arguments = arguments.map(|argument| format!("--bundle={argument}"));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    check(&[&["--split"], &arguments[..]].concat());
}
