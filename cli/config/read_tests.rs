//! What the reader says about good and bad files.

use super::*;
use crate::config::value::GzipLevel;
use crate::config::{Entries, Level, Size, VendorGroups};
use crate::report::render;
use crate::terminal::Paint;
use planish_plugins::compress::Gzip;

/// The messages about a file, as they are printed, separated by empty lines.
#[track_caller]
fn check(text: &str, expected: &str) {
    let errors = read("planish.toml", text).expect_err("the file is bad");
    let source: Arc<str> = text.into();
    let printed: Vec<String> =
        errors.iter().map(|error| render(error, &|_| Some(source.clone()), Paint::default())).collect();
    assert_eq!(printed.join("\n\n"), expected.trim_matches('\n'));
}

#[test]
fn every_section_and_key_is_optional() {
    let file = read("planish.toml", "").expect("empty is good");
    assert!(file.config.build.entries.is_none());
    let file =
        read("planish.toml", "[build]\nentries = { admin = 'src/admin.ts' }\n[compress]\ngzip = false\nbrotli = 5")
            .expect("good");
    assert_eq!(file.config.build.entries, Some(Entries::Named([("admin".into(), "src/admin.ts".into())].into())));
    assert_eq!(file.config.compress.gzip, Some(GzipLevel(None)));
    assert_eq!(file.config.compress.brotli, Some(Level(Some(5))));
}

#[test]
fn an_unknown_key_is_an_error_with_a_suggestion() {
    check(
        "[build]\nout = \"dist\"\nentires = [\"a.js\"]\n",
        r#"
error[unknown-key]: `[build]` has no key `entires`
  --> planish.toml:3:1
   |
 3 | entires = ["a.js"]
   | ^^^^^^^
   |
  help: did you mean `entries`?
"#,
    );
}

#[test]
fn an_unknown_section_is_an_error_with_a_suggestion() {
    check(
        "[service-worker]\nenabled = true\n",
        r#"
error[unknown-key]: the configuration has no key or section `service-worker`
  --> planish.toml:1:2
   |
 1 | [service-worker]
   |  ^^^^^^^^^^^^^^
   |
  help: did you mean `service_worker`?
"#,
    );
}

#[test]
fn a_key_like_no_other_lists_what_there_is() {
    check(
        "[html]\nxyz = 1\n",
        r#"
error[unknown-key]: `[html]` has no key `xyz`
  --> planish.toml:2:1
   |
 2 | xyz = 1
   | ^^^
   |
  help: it has `picture`, `minify`, `integrity`
"#,
    );
}

#[test]
fn a_wrong_type_says_what_is_wanted() {
    check(
        "[build]\nout = 3\n[js]\nsplit = { vendor = \"two\" }\nexternal = \"a\"",
        r#"
error[invalid-value]: `build.out` must be a string, not integer `3`
  --> planish.toml:2:7
   |
 2 | out = 3
   |       ^

error[invalid-value]: `js.split.vendor` must be `none` or `one` or `large` or `per-package`, not `two`
  --> planish.toml:4:20
   |
 4 | split = { vendor = "two" }
   |                    ^^^^^

error[invalid-value]: `js.external` must be a list, not string "a"
  --> planish.toml:5:12
   |
 5 | external = "a"
   |            ^^^
"#,
    );
}

#[test]
fn a_value_that_cannot_be_right_is_pointed_at() {
    check(
        "[build]\nbase = \"static\"\nentries = 1\n[compress]\ngzip = 12\n[images]\nquality = { avif = 0 }",
        r#"
error[invalid-value]: `build.base` must be a path such as `/static/`, a URL, or `./`, not `static`
  --> planish.toml:2:8
   |
 2 | base = "static"
   |        ^^^^^^^^

error[invalid-value]: `build.entries` must be a list of files, or a table of names and files
  --> planish.toml:3:11
   |
 3 | entries = 1
   |           ^

error[invalid-value]: `compress.gzip` must be from 1 to 9, or `false`, not 12
  --> planish.toml:5:8
   |
 5 | gzip = 12
   |        ^^

error[invalid-value]: `images.quality` must be from 1 to 100, not 0
  --> planish.toml:7:11
   |
 7 | quality = { avif = 0 }
   |           ^^^^^^^^^^^^
"#,
    );
}

#[test]
fn groups_keep_their_order() {
    let text = "[js.split]\nvendor = 'per-package'\nmin_size = '4KB'\ngroups = { z = ['z/**'], a = ['a.js', 'b.js'] }";
    let split = read("planish.toml", text).expect("good").config.js.split;
    let names: Vec<&str> = split.groups.0.iter().map(|group| group.name.as_str()).collect();
    assert_eq!((names, split.groups.0[1].globs.len()), (vec!["z", "a"], 2));
    assert_eq!((split.vendor, split.min_size), (VendorGroups::PerPackage, Some(Size(4000))));
    check(
        "[js.split]\ngroups = [\"d3\"]\nminimum_size = 1",
        r#"
error[invalid-value]: `js.split.groups` must be a table of names and lists of globs, not sequence
  --> planish.toml:2:10
   |
 2 | groups = ["d3"]
   |          ^^^^^^

error[unknown-key]: `[js.split]` has no key `minimum_size`
  --> planish.toml:3:1
   |
 3 | minimum_size = 1
   | ^^^^^^^^^^^^
   |
  help: did you mean `min_size`?
"#,
    );
}

#[test]
fn what_is_planned_but_not_built_is_not_ignored() {
    check(
        "[images]\nwidths = [320]\n",
        r#"
error[not-supported-yet]: `images.widths` is not supported yet
  --> planish.toml:2:10
   |
 2 | widths = [320]
   |          ^^^^^
"#,
    );
}

#[test]
fn compression_has_levels_and_a_largest_effort() {
    let compress = |text: &str| read("planish.toml", &format!("[compress]\n{text}")).map(|file| file.config.compress);
    let gzip = |text: &str| compress(&format!("gzip = {text}")).expect("good").gzip.expect("given").0;
    assert_eq!(gzip("\"max\""), Some(Gzip::Smallest));
    assert_eq!(gzip("6"), Some(Gzip::Level(6)));
    assert_eq!(compress("zstd = 19").expect("good").zstd, Some(Level(Some(19))));
    for bad in ["gzip = 10", "gzip = \"best\"", "zstd = 23"] {
        let errors = compress(bad).expect_err(bad);
        assert!(errors[0].message.contains("must be "), "{}", errors[0].message);
    }
}

#[test]
fn manifests_are_named_or_placed() {
    let text = "[manifest]\nformats = [\"vite\", { format = \"laravel\", path = \"build/manifest.json\" }]\n";
    let manifests = read("planish.toml", text).expect("good").config.manifest.formats.expect("given");
    let paths: Vec<&str> = manifests.iter().map(|manifest| manifest.0.path.as_str()).collect();
    assert_eq!(paths, [".vite/manifest.json", "build/manifest.json"]);
    check(
        "[manifest]\nformats = [\"vite\", \"rails\"]\n",
        r#"
error[invalid-value]: `manifest.formats` must hold no other formats than `vite`, `laravel`, `mix`, `django`, `propshaft`, `sprockets`, `phoenix`, `asset-mapper`, `symfony`, `webpack`, `flat`, `planish`, but has `rails`
  --> planish.toml:2:11
   |
 2 | formats = ["vite", "rails"]
   |           ^^^^^^^^^^^^^^^^^
"#,
    );
}

#[test]
fn a_section_that_is_not_built_is_an_error_too() {
    let errors = read("planish.toml", "[dev]\nport = 1\n[budgets]\nmain = 2\n").expect_err("not supported");
    let messages: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
    assert_eq!(messages, ["`dev` is not supported yet", "`budgets` is not supported yet"]);
}

#[test]
fn a_syntax_error_has_a_place() {
    let errors = read("planish.toml", "[build]\nout = \n").expect_err("not TOML");
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].code, "invalid-config");
    assert_eq!(errors[0].labels[0].range.start, 14);
}
