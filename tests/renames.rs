//! An edit renames the files that hold what was edited and, where something lists them, the list: nothing else.

mod support;

use serde_json::{Value, json};
use std::process::Command;
use support::{Site, Tree, node, repository, run};

const PAGE: &str = "<!doctype html><meta charset=utf-8><title>t</title><script type=module src=src/main.js></script>";

/// Two lazy pages that share a module and a stylesheet, a package that all need, and a worker that shares a module with them.
fn app() -> Site {
    let main = "import { log } from \"log\";
import { double } from \"./double.js\";
import { title } from \"./title.js\";
import \"./main.css\";
const pages = { one: () => import(\"./pages/one.js\"), two: () => import(\"./pages/two.js\") };
log(\"main\");
const { default: text } = await pages.one();
document.body.dataset.text = text + (await pages.two()).default;
document.body.dataset.style = getComputedStyle(document.body).color + getComputedStyle(document.body).margin + title();
const worker = new Worker(new URL(\"./work.js\", import.meta.url), { type: \"module\" });
document.body.dataset.worker = await new Promise((resolve, reject) => {
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = (event) => reject(new Error(event.message));
});
document.body.dataset.log = log() + double(1);
document.body.dataset.ready = \"true\";
";
    let page = |name: &str, more: &str| {
        format!(
            "import {{ log }} from \"log\";\nimport {{ both }} from \"../both.js\";\nimport \"./{name}.css\";\n{more}\
             log(\"{name}\");\nexport default both(\"{name}\");\n"
        )
    };
    Site::of(&[
        ("planish.toml", "[js]\nsplit.min_size = 0\n"),
        ("index.html", PAGE),
        ("src/main.js", main),
        ("src/pages/one.js", &page("one", "import { title } from \"../title.js\";\nlog(title());\n")),
        ("src/pages/two.js", &page("two", "")),
        ("src/pages/one.css", "body { color: rgb(1 2 3) }\n"),
        ("src/pages/two.css", "body { margin: 2px }\n"),
        ("src/main.css", "body { color: red; margin: 1px }\n"),
        ("src/title.js", "export const title = () => document.title;\n"),
        ("src/both.js", "import { log } from \"log\";\nlog(\"both\");\nexport const both = (n) => `page ${n},`;\n"),
        ("src/double.js", "export const double = (n) => 2 * n + [].length;\nglobalThis.doubled = double(2);\n"),
        (
            "src/work.js",
            "import { double } from \"./double.js\";\nimport(\"./more.js\").then(({ more }) => postMessage(more(double(20))));\n",
        ),
        ("src/more.js", "export const more = (n) => n + 2;\n"),
        ("node_modules/log/package.json", "{ \"name\": \"log\", \"type\": \"module\", \"exports\": \"./log.js\" }"),
        (
            "node_modules/log/log.js",
            "const lines = [];\nexport const log = (line) => line ? lines.push(line) : lines.join();\nlog(\"package\");\n",
        ),
    ])
}

/// Edits, each of one file: old text, new text.
const EDITS: [(&str, &str, &str); 9] = [
    ("src/pages/one.js", "both(\"one\")", "both(\"1\")"),
    ("src/pages/two.css", "2px", "3px"),
    ("src/both.js", "page $", "side $"),
    ("src/main.css", "1px", "4px"),
    ("src/main.js", "log(\"main\")", "log(\"entry\")"),
    ("node_modules/log/log.js", "log(\"package\")", "log(\"pack\")"),
    ("src/double.js", "double(2)", "double(3)"),
    ("src/more.js", "n + 2", "n + 3"),
    ("src/work.js", "double(20)", "double(21)"),
];

/// What a file of `assets` is called without its hash.
fn plain(path: &str) -> Option<String> {
    let (name, extension) = path.strip_prefix("assets/")?.rsplit_once('.')?;
    let is_hashed = matches!(extension, "js" | "css");
    is_hashed.then(|| format!("{}.{extension}", &name[..name.len() - "-12345678".len()]))
}

/// The names of the files that only the second folder has, sorted.
fn new_names(before: &Tree, after: &Tree) -> String {
    let mut names: Vec<String> = after.paths().filter(|path| !before.has(path)).filter_map(plain).collect();
    names.sort();
    names.join(" ")
}

/// Edits the site in each of the ways and builds it again: the new names after each edit.
fn renamed(site: &Site) -> Vec<String> {
    site.build(&[]).good();
    let mut before = site.tree("dist");
    let edit = |(path, old, new): (&str, &str, &str)| {
        site.edit(path, old, new);
        site.build(&[]).good();
        let after = site.tree("dist");
        site.build(&["--no-cache", "--out", "clean"]).good();
        after.assert_same(&site.tree("clean"));
        let new = new_names(&before, &after);
        before = after;
        format!("{path}: {new}")
    };
    EDITS.into_iter().map(edit).collect()
}

/// Opens a page of the output folder, without anything going wrong: what its body says.
#[track_caller]
fn open(site: &Site, page: &str) -> Value {
    let dist = site.path("dist");
    let report = node("tests/browser/open.mjs", &[dist.to_str().expect("UTF-8"), page]).json();
    assert_eq!(report["errors"], json!([]), "{report}");
    report["body"].clone()
}

/// The same for a page of a template, with these tags.
#[track_caller]
fn open_with(site: &Site, tags: &str) -> Value {
    site.write("dist/page.html", PAGE.replace("<script type=module src=src/main.js></script>", tags));
    let body = open(site, "page.html");
    std::fs::remove_file(site.path("dist/page.html")).expect("it is there");
    body
}

#[track_caller]
fn assert_works(body: &Value) {
    assert_eq!(body["text"], "page one,page two,");
    assert_eq!(body["style"], "rgb(1, 2, 3)2pxt");
    assert_eq!(body["worker"], "42");
    assert_eq!(body["log"], "package,main,both,t,one,two2");
}

#[test]
fn through_the_import_map_of_a_page_an_edit_renames_what_it_changes_alone() {
    let site = app();
    let expected = [
        "src/pages/one.js: one.js",
        "src/pages/two.css: two.css",
        "src/both.js: both.js",
        "src/main.css: main.css",
        "src/main.js: main.js",
        "node_modules/log/log.js: vendor.js",
        // What a worker loads is named by URL, and so is a worker.
        "src/double.js: double.js main.js work.js",
        "src/more.js: main.js more.js work.js",
        "src/work.js: main.js work.js",
    ];
    site.build(&[]).good();
    assert_works(&open(&site, "index.html"));
    assert_eq!(renamed(&site), expected);
}

#[test]
fn through_manifests_an_edit_of_a_lazy_page_renames_its_own_files_and_the_table() {
    let site = app();
    site.write("planish.toml", "[build]\nentries = [\"src/main.js\"]\n[js]\nsplit.min_size = 0\n");
    site.build(&[]).good();
    let dist = site.path("dist");
    let tags =
        node("tests/readers/express_page.mjs", &[dist.to_str().expect("UTF-8"), ".vite/manifest.json", "src/main.js"])
            .good()
            .stdout;
    assert_works(&open_with(&site, &tags.replace("/static/", "/")));
    let expected = [
        "src/pages/one.js: lazy-main.js main.js one.js",
        "src/pages/two.css: lazy-main.js main.js two.css",
        "src/both.js: both.js lazy-main.js main.js one.js two.js",
        "src/main.css: main.css",
        "src/main.js: code-main.js main.js",
        "node_modules/log/log.js: both.js code-main.js lazy-main.js main.js one.js two.js vendor.js",
        "src/double.js: code-main.js double.js main.js work.js",
        "src/more.js: code-main.js main.js more.js work.js",
        "src/work.js: code-main.js main.js work.js",
    ];
    assert_eq!(renamed(&site), expected);
}

#[test]
fn templates_that_read_planish_json_have_the_import_map() {
    let site = app();
    let config =
        "[build]\nentries = [\"src/main.js\"]\n[js]\nsplit.min_size = 0\n[manifest]\nformats = [\"planish\"]\n";
    site.write("planish.toml", config);
    site.build(&[]).good();
    let mut command = Command::new(repository("tests/setup/.venv/bin/python"));
    command.arg(repository("tests/readers/flask_page.py")).args([
        &site.path("dist").display().to_string(),
        "planish.json",
        "main",
    ]);
    let tags = run(command).good().stdout;
    assert!(tags.starts_with("<script type=\"importmap\">{\"imports\":{\"~both\":\"/assets/both-"), "{tags}");
    let manifest = planish_tags::Manifest::read(&site.read("dist/planish.json")).expect("it is good");
    assert_eq!(manifest.tags("main", &planish_tags::Options::default()).expect("it is there"), tags.trim());
    assert_works(&open_with(&site, &tags));
    let renamed = renamed(&site);
    assert_eq!(renamed[..2], ["src/pages/one.js: one.js", "src/pages/two.css: two.css"]);
}

#[test]
fn older_browsers_get_tables() {
    let site = app();
    site.write("planish.toml", "[build]\ntarget = \"safari 16.3\"\n[js]\nsplit.min_size = 0\n");
    site.build(&[]).good();
    assert!(!site.read("dist/index.html").contains("importmap"));
    assert_works(&open(&site, "index.html"));
    assert_eq!(renamed(&site)[0], "src/pages/one.js: lazy-main.js main.js one.js");
}

#[test]
fn without_keys_a_page_works_as_well() {
    let site = app();
    site.write("planish.toml", "[js.split]\nmin_size = 0\nlookup = \"none\"\n");
    site.build(&[]).good();
    assert_works(&open(&site, "index.html"));
    assert_eq!(renamed(&site)[0], "src/pages/one.js: main.js one.js");
}

#[test]
fn builds_for_development_have_no_keys() {
    let site = app();
    site.build(&["--mode", "development"]).good();
    assert!(!site.read("dist/index.html").contains("importmap"));
    assert_works(&open(&site, "index.html"));
}

#[test]
fn builds_for_development_keep_their_names() {
    let site = app();
    site.build(&["--mode", "development"]).good();
    assert_works(&open(&site, "index.html"));
    let before = site.tree("dist");
    site.edit("src/pages/one.js", "both(\"one\")", "both(\"1\")");
    site.build(&["--mode", "development"]).good();
    assert_eq!(new_names(&before, &site.tree("dist")), "");
    // Who says how files are named means it.
    site.write("planish.toml", "[build]\nnaming = \"vite\"\n");
    site.build(&["--mode", "development"]).good();
    let before = site.tree("dist");
    site.edit("src/pages/one.js", "both(\"1\")", "both(\"one\")");
    site.build(&["--mode", "development"]).good();
    assert!(new_names(&before, &site.tree("dist")).contains("one.js"));
}

#[test]
fn a_lazy_page_may_import_what_the_entry_holds() {
    let site = Site::of(&[
        ("planish.toml", "[js.split]\nmin_size = 0\nlookup = \"table\"\n"),
        ("index.html", PAGE),
        (
            "src/main.js",
            "import { count } from \"./count.js\";\nimport \"./main.css\";\ncount();\nimport(\"./lazy.js\");\n",
        ),
        ("src/main.css", "body { margin: 7px }\n"),
        ("src/count.js", "let counted = 0;\nexport const count = () => ++counted;\n"),
        (
            "src/lazy.js",
            "import { count } from \"./count.js\";\nconst { margin } = getComputedStyle(document.body);\n\
             Object.assign(document.body.dataset, { count: count(), margin, ready: true });\n",
        ),
    ]);
    site.build(&[]).good();
    let body = open(&site, "index.html");
    assert_eq!((&body["count"], &body["margin"]), (&json!("2"), &json!("7px")));
    let before = site.tree("dist");
    site.edit("src/lazy.js", "count: count()", "count: 1 * count()");
    site.build(&[]).good();
    assert_eq!(new_names(&before, &site.tree("dist")), "lazy-main.js lazy.js main.js");
}

/// A script that waits for a lazy module, and one after it that does not wait for the first.
#[test]
fn the_order_of_evaluation_is_that_of_the_sources() {
    let script = |name: &str, more: &str| format!("import {{ say }} from \"./say.js\";\nsay(\"{name}\");\n{more}");
    let end = "document.body.dataset.said = say();\ndocument.body.dataset.ready = true;\n";
    let site = Site::of(&[
        (
            "index.html",
            "<!doctype html><title>t</title><script type=module src=one.js></script><script type=module src=two.js></script>",
        ),
        ("one.js", &script("one", &format!("(await import(\"./lazy.js\")).run();\nsay(\"one goes on\");\n{end}"))),
        ("two.js", &script("two", "addEventListener(\"click\", () => import(\"./other.js\"));\n")),
        ("lazy.js", &script("lazy", "await new Promise(setTimeout);\nexport const run = () => say(\"lazy runs\");\n")),
        ("other.js", &script("other", "")),
        ("say.js", "const said = [];\nexport const say = (text) => text ? said.push(text) : said.join();\n"),
    ]);
    let said = |folder: &str| {
        let folder = site.path(folder);
        let report = node("tests/browser/open.mjs", &[folder.to_str().expect("UTF-8"), "index.html"]).good().json();
        let said = report["body"]["said"].as_str().expect("it ran").to_owned();
        // When the second script has come is chance.
        assert!(said.contains("one,") && said.contains("two"), "{said}");
        said.replace(",two", "")
    };
    let native = said("");
    assert_eq!(native, "one,lazy,lazy runs,one goes on");
    for lookup in ["table", "import-map", "none"] {
        site.write("planish.toml", format!("[js.split]\nmin_size = 0\nlookup = \"{lookup}\"\n"));
        site.build(&[]).good();
        assert_eq!(said("dist"), native, "{lookup}");
    }
}

#[test]
fn a_page_s_own_import_map_is_kept() {
    let own = "<script type=importmap>{ \"imports\": { \"outside\": \"/outside.js\" }, \"scopes\": {} }</script>";
    let site = Site::of(&[
        ("planish.toml", "[js]\nexternal = [\"outside\"]\nsplit.min_size = 0\n"),
        ("index.html", &PAGE.replace("<script type=module", &format!("{own}<script type=module"))),
        ("src/main.js", "import { value } from \"outside\";\nimport(\"./lazy.js\").then(({ show }) => show(value));\n"),
        (
            "src/lazy.js",
            "export const show = (value) => Object.assign(document.body.dataset, { value, ready: true });\n",
        ),
        ("public/outside.js", "export const value = \"from outside\";\n"),
    ]);
    site.build(&[]).good();
    let page = site.read("dist/index.html");
    assert_eq!(page.matches("importmap").count(), 1, "{page}");
    assert!(page.contains("{\"imports\":{\"outside\":\"/outside.js\",\"~lazy\":\"/assets/lazy-"), "{page}");
    assert_eq!(open(&site, "index.html")["value"], "from outside");
    site.edit("index.html", "\"scopes\": {}", "\"scopes\": {},");
    let check = |message: &str| {
        let run = site.build(&[]).exits(1);
        assert!(run.stderr.contains(&format!("error[invalid-import-map]: {message}")), "{}", run.stderr);
    };
    check("the scripts of the page need its import map, which cannot be read: trailing comma");
    site.write("index.html", PAGE.replace("<script", "<noscript><script type=importmap>{}</script></noscript><script"));
    check("the page has an import map where browsers do not read it");
}
