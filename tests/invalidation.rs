//! What each kind of change makes `watch` do again, by its log of what ran: what depends on it, and nothing else.

mod support;

use serde_json::Value;
use std::fs;
use std::time::Duration;
use support::{Site, Watch};

/// Two chunks, a package, an alias of tsconfig.json, a glob and a stylesheet.
fn site() -> Site {
    Site::of(&[
        ("planish.toml", "[build]\nentries = [\"index.html\"]\n[compress]\ngzip = false\nbrotli = false\n"),
        ("index.html", "<!doctype html><title>Site</title><script type=\"module\" src=\"src/main.js\"></script>\n"),
        (
            "src/main.js",
            "import \"./style.css\";\nimport { a } from \"./parts/a.js\";\nimport { typed } from \"./typed.ts\";\n\
             const pages = import.meta.glob(\"./pages/*.js\", { eager: true });\n\
             console.log(a(), typed, pages, import(\"./lazy.js\"));\n",
        ),
        ("src/style.css", "h1 { color: red }\n"),
        ("src/parts/a.js", "import { b } from \"./b.js\";\nexport const a = () => b() + 1;\n"),
        ("src/parts/b.js", "export const b = () => \"b\";\n"),
        ("src/typed.ts", "import { aliased } from \"@/aliased\";\nexport const typed: string = aliased;\n"),
        ("src/one/aliased.ts", "export const aliased: string = \"one\";\n"),
        ("src/two/aliased.ts", "export const aliased: string = \"two\";\n"),
        ("src/pages/p.js", "export default \"p\";\n"),
        ("src/lazy.js", "import { packaged } from \"packaged\";\nconsole.log(packaged, \"lazy\");\n"),
        ("tsconfig.json", "{ \"compilerOptions\": { \"paths\": { \"@/*\": [\"./src/one/*\"] } } }\n"),
        ("package.json", "{ \"name\": \"site\", \"private\": true }\n"),
        (
            "node_modules/packaged/package.json",
            "{ \"name\": \"packaged\", \"main\": \"one.js\", \"type\": \"module\" }\n",
        ),
        ("node_modules/packaged/one.js", "import \"./shared.js\";\nexport const packaged = \"one\";\n"),
        ("node_modules/packaged/two.js", "import \"./shared.js\";\nexport const packaged = \"two\";\n"),
        ("node_modules/packaged/shared.js", "console.log(\"shared\");\n"),
        ("notes/read.txt", "nothing that is read\n"),
    ])
}

/// What a build computed: `task subject`, sorted.
fn ran(result: &Value) -> Vec<String> {
    let pairs = result["ran"].as_array().expect("a list").iter();
    let text = |value: &Value| value.as_str().expect("a name").to_owned();
    pairs.map(|pair| format!("{} {}", text(&pair[0]), text(&pair[1]))).collect()
}

/// A change makes `watch` build once, and run these tasks; and the result is that of a clean build.
#[track_caller]
fn check(change: impl FnOnce(&Site), expected: &[&str]) {
    let site = site();
    let watch = Watch::start(&site, &["--json"]);
    assert_eq!(watch.result()["success"], true);
    change(&site);
    let result = watch.result();
    assert_eq!(result["success"], true, "{result}");
    assert_eq!(ran(&result), expected);
    assert!(watch.results_within(Duration::from_millis(300)).is_empty(), "it builds once");
    assert_same_as_clean(&site);
}

#[track_caller]
fn assert_same_as_clean(site: &Site) {
    site.build(&["--no-cache", "--out", "clean", "--mode", "development"]).good();
    site.tree("dist").assert_same(&site.tree("clean"));
}

#[test]
fn an_edited_module_runs_its_own_tasks_and_those_of_its_chunk() {
    check(|site| site.edit("src/parts/b.js", "\"b\"", "\"edited\""), &["js src/parts/b.js", "js-chunk main"]);
    check(|site| site.edit("src/lazy.js", "\"lazy\"", "\"edited\""), &["js src/lazy.js", "js-chunk lazy"]);
}

#[test]
fn an_edited_stylesheet_runs_its_own_tasks() {
    check(|site| site.edit("src/style.css", "red", "blue"), &["css src/style.css", "css-render main"]);
}

#[test]
fn an_edited_page_runs_its_own_tasks() {
    check(|site| site.edit("index.html", "<title>Site", "<title>Other"), &["html index.html"]);
}

#[test]
fn a_file_that_is_written_anew_with_the_same_bytes_runs_nothing() {
    check(|site| site.write("src/parts/b.js", site.read("src/parts/b.js")), &[]);
}

#[test]
fn an_added_file_runs_what_lists_it() {
    let listed = ["js src/main.js?inline=0.glob", "js src/pages/q.js", "js-chunk main"];
    check(|site| site.write("src/pages/q.js", "export default \"q\";\n"), &listed);
}

#[test]
fn a_module_that_goes_with_the_import_of_it_runs_the_importer() {
    let change = |site: &Site| {
        site.write("src/parts/a.js", "export const a = () => \"alone\";\n");
        fs::remove_file(site.path("src/parts/b.js")).expect("it is there");
    };
    check(change, &["js src/parts/a.js", "js-chunk main"]);
}

#[test]
fn a_renamed_folder_runs_what_lies_in_it_and_who_names_it() {
    let moved = ["js src/main.js", "js src/pieces/a.js", "js src/pieces/b.js", "js-chunk main"];
    let rename = |site: &Site| {
        fs::rename(site.path("src/parts"), site.path("src/pieces")).expect("both are in one folder");
        site.edit("src/main.js", "./parts/", "./pieces/");
    };
    check(rename, &moved);
}

#[test]
fn a_package_json_runs_what_it_says_something_about() {
    let package = "node_modules/packaged/package.json";
    // Another file of the package.
    let other = ["js node_modules/packaged/two.js", "js-chunk lazy"];
    check(|site| site.edit(package, "one.js", "two.js"), &other);
    // Another fact about all files of the package.
    let all = ["js node_modules/packaged/one.js", "js node_modules/packaged/shared.js", "js-chunk lazy"];
    check(|site| site.edit(package, "\"type\"", "\"sideEffects\": false, \"type\""), &all);
    // Something that nobody asks for.
    check(|site| site.edit("package.json", "\"private\"", "\"description\": \"a site\", \"private\""), &[]);
}

#[test]
fn a_tsconfig_json_runs_what_it_says_something_about() {
    let other = ["js src/two/aliased.ts", "js-chunk main"];
    check(|site| site.edit("tsconfig.json", "/one/", "/two/"), &other);
    let typed = ["js src/one/aliased.ts", "js src/typed.ts", "js-chunk main"];
    check(|site| site.edit("tsconfig.json", "\"paths\"", "\"verbatimModuleSyntax\": true, \"paths\""), &typed);
}

#[test]
fn the_configuration_runs_what_has_the_option() {
    let configure = |site: &Site, text: &str| site.write("planish.toml", site.read("planish.toml") + text);
    check(|site| configure(site, "[js]\nsplit.min_size = 0\n"), &[]);
    check(|site| configure(site, "[css]\nminify = true\n"), &["css-render main"]);
}

#[test]
fn an_entry_that_is_missing_stays_an_error_after_other_edits() {
    let site = site();
    site.edit("planish.toml", "[\"index.html\"]", "[\"index.html\", \"other.html\"]");
    site.write("other.html", "<!doctype html><title>Other</title>\n");
    let watch = Watch::start(&site, &["--json"]);
    assert_eq!(watch.result()["success"], true);
    fs::remove_file(site.path("other.html")).expect("it is there");
    assert_eq!(watch.result()["success"], false);
    site.edit("src/parts/b.js", "\"b\"", "\"edited\"");
    assert_eq!(watch.result()["success"], false, "the entry is still missing");
    site.write("other.html", "<!doctype html><title>Other</title>\n");
    let repaired = watch.result();
    assert_eq!(
        (repaired["success"].as_bool(), ran(&repaired)),
        (Some(true), vec!["js src/parts/b.js".into(), "js-chunk main".into()])
    );
    assert_same_as_clean(&site);
}

#[test]
fn a_deleted_file_is_an_error_and_its_return_runs_nothing() {
    let site = site();
    let watch = Watch::start(&site, &["--json"]);
    assert_eq!(watch.result()["success"], true);
    let (before, text) = (watch.settled(), site.read("src/parts/b.js"));
    fs::remove_file(site.path("src/parts/b.js")).expect("it is there");
    let broken = watch.result();
    assert_eq!(broken["diagnostics"][0]["code"], "missing-module", "{broken}");
    assert_eq!(ran(&broken), [""; 0]);
    site.write("src/parts/b.js", text);
    let repaired = watch.result();
    assert_eq!((repaired["success"].as_bool(), ran(&repaired)), (Some(true), Vec::new()));
    watch.settled().assert_same(&before);
}

#[test]
fn what_nobody_reads_wakes_nobody() {
    let site = site();
    let watch = Watch::start(&site, &["--json"]);
    assert_eq!(watch.result()["success"], true);
    site.write("notes/read.txt", "something else\n");
    site.write("notes/new.txt", "a new file\n");
    site.write("src/parts/unused.js", "console.log(\"nobody imports it\");\n");
    site.write("node_modules/packaged/README.md", "of a package\n");
    fs::remove_file(site.path("src/parts/unused.js")).expect("it is there");
    assert_eq!(watch.results_within(Duration::from_millis(700)), [Value::Null; 0]);
}
