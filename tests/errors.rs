//! Bad input: what is said about it, how the process ends, and that the last good build stays as it was.
//!
//! Each folder of `fixtures/errors/broken` replaces some files of the good site beside it and says in `expected.txt` what `planish build`
//! prints then.

mod support;

use std::collections::BTreeSet;
use std::fs;
use support::{Run, Site, copy, repository};

/// The sources have errors.
const ERRORS: i32 = 1;
/// The flags or the configuration make no sense.
const USAGE: i32 = 2;
/// Something could not be read or written.
const FAULT: i32 = 3;

/// The folders, and how the process ends.
const CASES: [(&str, i32); 25] = [
    ("ambiguous-export", ERRORS),
    ("assigned-import", ERRORS),
    ("circular-export", ERRORS),
    ("declared-twice", ERRORS),
    ("empty-image", ERRORS),
    ("exported-twice", ERRORS),
    ("invalid-json", ERRORS),
    ("invalid-toml", USAGE),
    ("invalid-tsconfig", ERRORS),
    ("missing-entry", USAGE),
    ("missing-export", ERRORS),
    ("missing-file-in-page", ERRORS),
    ("missing-file-in-style", ERRORS),
    ("missing-import", ERRORS),
    ("missing-package", ERRORS),
    ("node-builtin", ERRORS),
    ("not-exported-by-package", ERRORS),
    ("required-async-module", ERRORS),
    ("several-errors", ERRORS),
    ("syntax-error-in-script", ERRORS),
    ("syntax-error-in-style", ERRORS),
    ("syntax-error-in-typescript", ERRORS),
    ("truncated-image", ERRORS),
    ("unknown-config-key", USAGE),
    ("unknown-import-type", ERRORS),
];

/// Folders of `fixtures/errors/doubtful`: what is built all the same, with a warning.
const DOUBTFUL: [&str; 1] = ["circular-initialisation"];

/// The good site, built.
fn built() -> Site {
    let site = Site::copy_of("errors/good");
    site.build(&[]).good();
    assert!(site.tree("dist").has("index.html"));
    site
}

/// Puts the files of a case over those of the site; what must be printed.
fn break_like(site: &Site, case: &str) -> String {
    overlay(site, &format!("broken/{case}"))
}

fn overlay(site: &Site, case: &str) -> String {
    copy(&repository("fixtures/errors").join(case), site.root());
    let expected = site.read("expected.txt");
    fs::remove_file(site.path("expected.txt")).expect("it is there");
    expected
}

#[test]
fn every_folder_is_a_case() {
    let folders = |kind: &str| -> BTreeSet<String> {
        let folders = fs::read_dir(repository("fixtures/errors").join(kind)).expect("readable").flatten();
        folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    };
    assert_eq!(folders("broken"), CASES.iter().map(|(case, _)| (*case).to_owned()).collect());
    assert_eq!(folders("doubtful"), DOUBTFUL.iter().map(|case| (*case).to_owned()).collect());
}

#[test]
fn warnings_do_not_stop_a_build() {
    for case in DOUBTFUL {
        let site = built();
        let expected = overlay(&site, &format!("doubtful/{case}"));
        let run = site.build(&[]).exits(0);
        assert!(run.stderr.starts_with(&expected), "{case} prints\n{}", run.stderr);
    }
}

#[test]
fn messages_say_where_and_what_to_do_and_the_last_good_build_stays() {
    let mut wrong = Vec::new();
    for (case, code) in CASES {
        let site = built();
        let before = site.tree("dist");
        let expected = break_like(&site, case);
        let run = site.build(&[]);
        if run.stderr != expected {
            wrong.push(format!("{case} prints\n{}instead of\n{expected}", run.stderr));
        }
        if run.code != Some(code) || !run.stdout.is_empty() {
            wrong.push(format!("{case} ends with {:?} and prints `{}`", run.code, run.stdout));
        }
        wrong.extend(
            before.differences(&site.tree("dist")).into_iter().map(|difference| format!("{case}: {difference}")),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn with_a_cache_and_without_the_messages_are_the_same() {
    for case in ["several-errors", "syntax-error-in-style", "truncated-image"] {
        let site = built();
        let expected = break_like(&site, case);
        for arguments in [&[][..], &[], &["--no-cache"], &["--jobs", "1"], &["--mode", "development"]] {
            let run = site.build(arguments).exits(ERRORS);
            assert_eq!(run.stderr, expected, "{case} {arguments:?}");
        }
    }
}

#[test]
fn programs_get_the_errors_as_json() {
    let site = built();
    break_like(&site, "several-errors");
    let result = site.build(&["--json"]).exits(ERRORS).json();
    assert_eq!(result["success"], false);
    assert_eq!(result["written"], 0);
    let places: Vec<String> = result["diagnostics"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|message| {
            let text = |key: &str| message[key].to_string().replace('"', "");
            format!("{} {} {}:{}:{}", text("severity"), text("code"), text("file"), text("line"), text("column"))
        })
        .collect();
    let expected = [
        "error missing-file index.html:11:15",
        "error missing-export src/main.js:1:10",
        "error missing-module src/main.js:3:8",
        "error syntax-error src/prices.ts:4:8",
        "error missing-file src/style.css:3:20",
    ];
    assert_eq!(places, expected);
}

#[test]
fn what_is_put_right_builds_again() {
    let site = built();
    let before = site.tree("dist");
    break_like(&site, "several-errors");
    site.build(&[]).exits(ERRORS);
    copy(&repository("fixtures/errors/good"), site.root());
    site.build(&[]).good();
    site.tree("dist").assert_same(&before);
}

#[test]
fn colours_are_for_terminals_or_on_demand() {
    let site = built();
    break_like(&site, "missing-export");
    assert!(!site.build(&[]).stderr.contains('\u{1b}'));
    assert!(site.build(&["--color", "always"]).stderr.contains('\u{1b}'));
}

/// Runs `planish` with an expectation of what it prints.
#[track_caller]
fn check(site: &Site, arguments: &[&str], code: i32, stderr: &str) -> Run {
    let run = site.planish(arguments).exits(code);
    assert_eq!(run.stderr.trim_end(), stderr);
    assert_eq!(run.stdout, "");
    run
}

#[test]
fn without_an_entry_the_message_says_what_was_looked_for() {
    let site = built();
    let before = site.tree("dist");
    for path in ["planish.toml", "index.html", "src/main.js"] {
        fs::remove_file(site.path(path)).expect("it is there");
    }
    let message = "\
error[no-entries]: nothing to build: looked for `index.html`, `src/main.{ts,tsx,js,jsx}` and `src/index.{ts,tsx,js,jsx}`
  help: name the files in `planish.toml`: `[build]` `entries = [\"src/app.ts\"]`

1 error";
    check(&site, &["build"], USAGE, message);
    site.tree("dist").assert_same(&before);
}

#[test]
fn a_folder_that_cannot_be_written_is_a_fault() {
    let site = built();
    let before = site.tree("dist");
    // A file where a folder is needed: whoever runs the test, even root, cannot write below it.
    site.write("blocked", "");
    let message = "error[unwritable]: cannot create `blocked/dist`: not a directory\n\n1 error";
    check(&site, &["build", "--out", "blocked/dist"], FAULT, message);
    site.edit("planish.toml", "\"dist\"", "\"blocked/dist\"");
    check(&site, &["build"], FAULT, message);
    site.tree("dist").assert_same(&before);
    assert_eq!(site.read("blocked"), "");
}

#[test]
fn a_folder_in_the_place_of_a_file_leaves_everything_as_it_was() {
    let site = built();
    site.edit("index.html", "<h1>", "<h1 class=\"changed\">");
    site.edit("src/main.js", "2026", "2027");
    let before = site.tree("dist");
    fs::remove_file(site.path("dist/index.html")).expect("it is there");
    site.write("dist/index.html/file", "in the way");
    let run = site.build(&[]).exits(FAULT);
    assert_eq!(run.stderr.trim_end(), "error[unwritable]: cannot replace `dist/index.html`: is a directory\n\n1 error");
    fs::remove_dir_all(site.path("dist/index.html")).expect("it is there");
    site.write("dist/index.html", before.bytes("index.html"));
    site.tree("dist").assert_same(&before);
}

#[test]
fn wrong_usage_builds_nothing() {
    let site = built();
    let before = site.tree("dist");
    for arguments in [
        &["build", "--jsn"][..],
        &["build", "--jobs", "0"],
        &["build", "--mode", "fast"],
        &["build", "--no-cache", "--cache-dir", "cache"],
        &["biuld"],
        &["cache"],
        &[],
    ] {
        let run = site.planish(arguments).exits(USAGE);
        assert!(run.stderr.contains("Usage:") || run.stderr.contains("--help"), "{arguments:?}: {}", run.stderr);
        assert_eq!(run.stdout, "");
    }
    check(&site, &["build", "nowhere"], USAGE, "error[missing-root]: the folder `nowhere` does not exist\n\n1 error");
    let message = "error[unreadable-config]: cannot read `no.toml`: no such file or directory\n\n1 error";
    check(&site, &["build", "--config", "no.toml"], USAGE, message);
    let message = "\
error[invalid-out]: the output folder `.` is the root itself
  help: choose a folder of its own, such as `dist`

1 error";
    check(&site, &["build", "--out", "."], USAGE, message);
    site.tree("dist").assert_same(&before);
}
