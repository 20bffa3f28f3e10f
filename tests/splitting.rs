//! What is loaded when: chunks, what is asked for ahead, and the order of stylesheets, as a browser sees them.

mod support;

use serde_json::{Value, json};
use support::{Site, Tree, node};

const PAGE: &str = "<!doctype html><title>Page</title><script type=\"module\" src=\"./main.js\"></script>";

/// Builds a site, and opens its page at a slow server that refuses some requests.
#[track_caller]
fn open(site: &Site, refused: &[&str]) -> Value {
    site.build(&[]).good();
    let dist = site.path("dist");
    let folder = dist.to_str().expect("the path is UTF-8");
    let report = node("tests/browser/requests.mjs", &[&[folder, "index.html"], refused].concat()).good().json();
    assert_eq!(report["errors"], json!([]));
    report
}

/// When each file whose name begins so was asked for, and when it came.
fn times(report: &Value, name: &str) -> Vec<(u64, u64)> {
    let requests = report["requests"].as_array().expect("a list");
    let prefix = format!("/assets/{name}-");
    let is_it = |request: &&Value| request["path"].as_str().is_some_and(|path| path.starts_with(&prefix));
    let time = |request: &Value, key: &str| request[key].as_u64().expect("a time");
    let found = requests.iter().filter(is_it);
    found.map(|request| (time(request, "asked"), time(request, "answered"))).collect()
}

/// Two lazy pages that share a module and a stylesheet.
fn lazy_pages() -> Site {
    let main = "const pages = { one: () => import(\"./one.js\"), two: () => import(\"./two.js\") };
const { default: text } = await pages.one();
document.body.textContent = text;
document.body.dataset.colour = getComputedStyle(document.body).color;
document.body.dataset.again = (await pages.one()).default + (await pages.two()).default;
document.body.dataset.links = document.querySelectorAll(\"link\").length;
document.body.dataset.ready = \"true\";
";
    Site::of(&[
        ("index.html", PAGE),
        ("main.js", main),
        ("one.js", "import { both } from \"./both.js\";\nimport \"./one.css\";\nexport default both(1);\n"),
        ("two.js", "import { both } from \"./both.js\";\nexport default both(2);\n"),
        ("both.js", "import \"./both.css\";\nconsole.log(\"both\");\nexport const both = (n) => `page ${n}`;\n"),
        ("both.css", "body { color: rgb(9 9 9); margin: 3px }\n"),
        ("one.css", "body { color: rgb(1 2 3) }\n"),
    ])
}

#[test]
fn what_a_lazy_chunk_imports_is_asked_for_with_it() {
    let report = open(&lazy_pages(), &[]);
    assert_eq!(report["body"]["colour"], "rgb(1, 2, 3)");
    assert_eq!(report["body"]["again"], "page 1page 2");
    let (own, shared) = (times(&report, "one"), times(&report, "both"));
    assert_eq!((own.len(), shared.len()), (2, 2), "a script and a stylesheet of each, once: {report}");
    let came = own.iter().map(|(_, came)| *came).min().expect("there are two");
    assert!(own.iter().chain(&shared).all(|(asked, _)| *asked < came), "{report}");
}

#[test]
fn what_cannot_be_loaded_ahead_fails_nothing() {
    let report = open(&lazy_pages(), &[".css"]);
    assert_eq!(report["body"]["again"], "page 1page 2");
    assert_eq!(report["body"]["colour"], "rgb(0, 0, 0)");
}

#[test]
fn stylesheets_of_lazy_chunks_keep_the_order_of_the_sources() {
    let main = "await import(\"./one.js\");
const style = getComputedStyle(document.body);
document.body.dataset.found = [style.color, style.marginTop, style.paddingTop].join();
document.body.onclick = () => import(\"./two.js\");
document.body.dataset.ready = \"true\";
";
    let site = Site::of(&[
        ("index.html", PAGE),
        ("main.js", main),
        ("one.js", "import \"./first.css\";\nimport \"./one.css\";\nimport \"./last.css\";\n"),
        ("two.js", "import \"./first.css\";\nimport \"./last.css\";\n"),
        ("first.css", "body { color: rgb(1 1 1); margin: 1px; padding: 1px }\n"),
        ("one.css", "body { margin: 2px; padding: 2px }\n"),
        ("last.css", "body { padding: 3px }\n"),
    ]);
    assert_eq!(open(&site, &[])["body"]["found"], "rgb(1, 1, 1),2px,3px");
}

#[test]
fn a_page_links_stylesheets_of_shared_chunks_in_the_order_of_the_sources() {
    let main = |name: &str| {
        format!(
            "import \"./first.css\";\nimport \"./{name}.css\";\nimport \"./last.css\";
const style = getComputedStyle(document.body);
document.body.dataset.found = [style.color, style.marginTop, style.paddingTop].join();
document.body.dataset.ready = \"true\";\n"
        )
    };
    let site = Site::of(&[
        ("planish.toml", "[build]\nentries = [\"*.html\"]\n"),
        ("index.html", PAGE),
        ("other.html", &PAGE.replace("main", "other")),
        ("main.js", &main("main")),
        ("other.js", &main("other")),
        ("first.css", "body { color: rgb(1 1 1); margin: 1px; padding: 1px }\n"),
        ("main.css", "body { margin: 2px; padding: 2px }\n"),
        ("other.css", "body { margin: 4px; padding: 4px }\n"),
        ("last.css", "body { padding: 3px }\n"),
    ]);
    assert_eq!(open(&site, &[])["body"]["found"], "rgb(1, 1, 1),2px,3px");
}

#[test]
fn a_worker_shares_chunks_with_the_page() {
    let main = "import { names } from \"./names.js\";
const worker = new Worker(new URL(\"./work.js\", import.meta.url), { name: \"w\" });
document.body.dataset.found = await new Promise((resolve, reject) => {
  worker.onmessage = ({ data }) => resolve(data + names.length);
  worker.onerror = (event) => reject(new Error(event.message));
});
document.body.dataset.ready = \"true\";
";
    let site = Site::of(&[
        ("index.html", PAGE),
        ("main.js", main),
        ("work.js", "import { names } from \"./names.js\";\nnames.push(self.name);\npostMessage(names.join());\n"),
        ("names.js", "export const names = [\"shared by both\"];\n"),
    ]);
    let report = open(&site, &[]);
    assert_eq!(report["body"]["found"], "shared by both,w1");
    let dist = site.tree("dist");
    let with_it = dist.ending(".js").into_iter().filter(|path| dist.text(path).contains("shared by both"));
    assert_eq!(with_it.count(), 1);
}

#[test]
fn a_classic_worker_without_imports_stays_one() {
    let main = "const worker = new Worker(new URL(\"./work.js\", import.meta.url));
document.body.dataset.found = await new Promise((resolve) => { worker.onmessage = ({ data }) => resolve(data); });
document.body.dataset.ready = \"true\";
";
    let site = Site::of(&[
        ("index.html", PAGE),
        ("main.js", main),
        ("work.js", "importScripts(\"data:text/javascript,self.number = 7\");\npostMessage(self.number);\n"),
    ]);
    assert_eq!(open(&site, &[])["body"]["found"], "7");
}

/// The names of scripts without their hashes, sorted.
fn scripts(dist: &Tree) -> Vec<&str> {
    let names = dist.ending(".js").into_iter().map(|path| path.trim_start_matches("assets/"));
    let mut names: Vec<&str> = names.map(|name| &name[..name.len() - "-12345678.js".len()]).collect();
    names.sort_unstable();
    names
}

/// A package, whose only module is this.
fn package(site: &Site, name: &str, text: &str) {
    site.write(
        &format!("node_modules/{name}/package.json"),
        format!("{{ \"name\": \"{name}\", \"main\": \"index.js\" }}"),
    );
    site.write(&format!("node_modules/{name}/index.js"), text);
}

#[test]
fn large_packages_have_chunks_of_their_own() {
    let site = Site::of(&[
        ("index.html", PAGE),
        (
            "main.js",
            "import { above } from \"above\";\nimport \"aside\";\nlog(above);\nimport(\"./lazy.js\");\nlog(\"main\");
function log(text) { (globalThis.seen ??= []).push(text); document.body.dataset.seen = seen.join(); }\n",
        ),
        ("lazy.js", "import { later } from \"later\";\ndocument.body.dataset.ready = later.length > 9;\n"),
    ]);
    let long = |name: &str| format!("export const {name} = \"{}\";\n", "0123456789abcdef".repeat(9 << 10));
    let seen = |name: &str| format!("(globalThis.seen ??= []).push(\"{name}\");\n");
    package(&site, "below", &format!("export const below = \"b\";\n{}", seen("below")));
    package(
        &site,
        "large",
        &format!(
            "import {{ below }} from \"below\";\n{}export const large = text + below;\n{}",
            long("text"),
            seen("large")
        ),
    );
    package(
        &site,
        "above",
        &format!("import {{ large }} from \"large\";\nexport const above = large.length;\n{}", seen("above")),
    );
    package(&site, "aside", &seen("aside"));
    package(&site, "later", &long("later"));
    let report = open(&site, &[]);
    assert_eq!(report["body"]["seen"], "below,large,above,aside,147457,main");
    let dist = site.tree("dist");
    assert_eq!(scripts(&dist), ["large", "lazy", "main", "vendor", "vendor-2"], "`later` is needed by nothing at once");
    assert!(dist.bytes(dist.one("assets/vendor-2-", ".js")).len() < 2000);
    // An edit of a small one leaves the large one as it is.
    let before = dist.one("assets/large-", ".js").to_owned();
    site.edit("node_modules/below/index.js", "\"b\"", "\"c\"");
    site.build(&[]).good();
    assert_eq!(site.tree("dist").one("assets/large-", ".js"), before);
}

#[test]
fn helpers_are_those_of_a_chunk_that_is_loaded_before() {
    let page = |number: u32| {
        format!(
            "import {{ name }} from \"old\";\nimport {{ other }} from \"older\";\nexport default `{number} ${{name}} ${{other}}`;\n"
        )
    };
    let main = "import { name } from \"old\";
const pages = await Promise.all([import(\"./one.js\"), import(\"./two.js\")]);
document.body.dataset.text = [name, ...pages.map((page) => page.default)].join();
document.body.dataset.ready = \"true\";
";
    let site = Site::of(&[("index.html", PAGE), ("main.js", main), ("one.js", &page(1)), ("two.js", &page(2))]);
    package(&site, "old", "exports.name = \"old\";\n");
    package(&site, "older", "exports.other = \"older\";\n");
    assert_eq!(open(&site, &[])["body"]["text"], "old,1 old older,2 old older");
    let dist = site.tree("dist");
    assert_eq!(scripts(&dist), ["main", "older", "one", "two", "vendor"]);
    let having = |part: &str| dist.ending(".js").into_iter().filter(|path| dist.text(path).contains(part)).count();
    assert_eq!(
        having("getPrototypeOf"),
        1,
        "what makes namespaces comes with the first module of which there are some"
    );
    assert_eq!(having("finally"), 2, "`older` needs no chunk that has what makes CommonJS modules");
}

#[test]
fn groups_and_small_chunks_are_as_the_configuration_says() {
    let site = Site::of(&[
        ("index.html", PAGE),
        ("main.js", "import \"tool\";\nfor (const page of [1, 2]) import(`./pages/${page}.js`);\n"),
        (
            "pages/1.js",
            "import { add } from \"../add.js\";\nimport { bar } from \"../charts/bar.js\";\nbar(add(1, 2));\n",
        ),
        (
            "pages/2.js",
            "import { add } from \"../add.js\";\nimport { bar } from \"../charts/bar.js\";\nbar(add(3, 4));\n",
        ),
        ("add.js", "export const add = (a, b) => [a, b].map((n) => n + document.title.length).join(\"+\");\n"),
        ("charts/bar.js", "export const bar = (value) => console.log(`bar ${value}`, value);\n"),
        ("node_modules/tool/package.json", "{ \"name\": \"tool\", \"main\": \"index.js\" }"),
        ("node_modules/tool/index.js", "console.log(\"tool\");\n"),
    ]);
    let check = |config: &str, expected: &[&str]| {
        site.write("planish.toml", format!("[js.split]\n{config}\n"));
        site.build(&[]).good();
        assert_eq!(scripts(&site.tree("dist")), expected, "{config}");
    };
    check("vendor = \"none\"\nmin_size = 0", &["1", "2", "main", "shared"]);
    check("vendor = \"none\"", &["1", "2", "main"]);
    check("vendor = \"one\"\nmin_size = 0", &["1", "2", "main", "shared", "vendor"]);
    check("vendor = \"large\"\nmin_size = 0", &["1", "2", "main", "shared", "vendor"]);
    check("vendor = \"per-package\"", &["1", "2", "main", "tool"]);
    check("groups = { charts = [\"charts/**\"] }", &["1", "2", "charts", "main", "vendor"]);
    site.write("planish.toml", "[js.split.groups]\ncharts = [\"chart/**\"]\n");
    let run = site.build(&[]).good();
    let message = "warning[unused-group]: nothing is in the group `charts` of `js.split.groups`";
    assert!(run.stderr.contains(message), "{}", run.stderr);
}
