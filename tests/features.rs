//! What only a build of a site or a browser shows: workers, WebAssembly, texts of stylesheets, lists of files, variables.

mod support;

use support::{Site, node};

/// A page whose script says that it is ready.
const PAGE: &str = "<!doctype html><title>Page</title><script type=\"module\" src=\"./main.js\"></script>";

/// What follows what a script found out.
const READY: &str = "document.body.dataset.found = JSON.stringify(found);\ndocument.body.dataset.ready = \"true\";\n";

/// Builds the site, opens its page, and compares what it found out.
#[track_caller]
fn check(site: &Site, arguments: &[&str], expected: &str) {
    site.build(arguments).good();
    let dist = site.path("dist");
    let report = node("tests/browser/open.mjs", &[dist.to_str().expect("the path is UTF-8"), "index.html"]).json();
    assert_eq!(report["errors"], serde_json::json!([]));
    assert_eq!(report["body"]["found"], expected);
}

fn site(main: &str, others: &[(&str, &str)]) -> Site {
    let main = format!("{main}\n{READY}");
    let site = Site::of(&[("index.html", PAGE), ("main.js", &main)]);
    for (path, text) in others {
        site.write(path, text);
    }
    site
}

#[test]
fn workers_run_from_files_and_from_texts() {
    let main = "import File from \"./work.js?worker\";
import Text from \"./work.js?worker&inline\";
import Shared from \"./shared.js?sharedworker\";
import SharedText from \"./shared.js?sharedworker&inline\";
const answer = (port) => new Promise((resolve) => { port.onmessage = (event) => resolve(event.data); port.postMessage(4); });
const found = [
  ...(await Promise.all([new File({ name: \"a\" }), new Text({ name: \"b\" })].map(answer))),
  ...(await Promise.all([new Shared().port, new SharedText().port].map(answer))),
];";
    let work = "import { square } from \"./square.js\";
onmessage = async (event) => postMessage(self.name + (await import(\"./lazy.js\")).shift(square(event.data)));";
    let shared = "import { square } from \"./square.js\";\nonconnect = ({ ports: [port] }) => { port.onmessage = (event) => port.postMessage(square(event.data)); };\n";
    let site = site(
        main,
        &[
            ("work.js", work),
            ("shared.js", shared),
            ("square.js", "export const square = (x) => x * x;"),
            ("lazy.js", "export const shift = (x) => x + 1;"),
        ],
    );
    check(&site, &[], "[\"a17\",\"b17\",16,16]");
}

#[test]
fn a_worker_in_a_script_has_no_files() {
    let site = site(
        "import Text from \"./work.js?worker&inline\";\nconst found = [Text];",
        &[("work.js", "self.url = new URL(\"./data.bin\", import.meta.url);"), ("data.bin", "x")],
    );
    let run = site.build(&[]).exits(1);
    assert!(run.stderr.contains("error[inline-worker]: `work.js` needs files beside it"), "{}", run.stderr);
}

#[test]
fn the_text_of_a_stylesheet_is_processed_and_not_a_file() {
    let main = "import css from \"./a.css?inline\";
const sheet = new CSSStyleSheet();
sheet.replaceSync(css);
document.adoptedStyleSheets = [sheet];
const url = css.match(/url\\(\"?([^\")]*)/)[1];
const found = [getComputedStyle(document.body).color, (await fetch(url)).ok, document.querySelectorAll(\"link\").length];";
    let others = [
        ("a.css", "@import \"./b.css\"; html { background: url(./dot.svg) }"),
        ("b.css", "body { color: rgb(1 2 3) }"),
        ("dot.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>"),
    ];
    let site = site(main, &others);
    check(&site, &[], "[\"rgb(1, 2, 3)\",true,0]");
    assert_eq!(site.tree("dist").ending(".css"), [""; 0]);
    check(&site, &["--base", "./"], "[\"rgb(1, 2, 3)\",true,0]");
}

/// `(module (func (export "seven") (result i32) i32.const 7))`
const WASM: &[u8] =
    b"\0asm\x01\0\0\0\x01\x05\x01\x60\0\x01\x7f\x03\x02\x01\0\x07\x09\x01\x05seven\0\0\x0a\x06\x01\x04\0\x41\x07\x0b";

#[test]
fn web_assembly_is_a_module() {
    let main = "import { seven } from \"./seven.wasm\";
import init from \"./seven.wasm?init\";
const found = [seven(), (await init()).exports.seven()];";
    let site = site(main, &[]);
    site.write("seven.wasm", WASM);
    check(&site, &[], "[7,7]");
    site.write("seven.wasm", &WASM[..20]);
    let run = site.build(&[]).exits(1);
    assert!(run.stderr.contains("error[invalid-wasm]: `seven.wasm` is not a WebAssembly module"), "{}", run.stderr);
}

#[test]
fn licences_of_a_small_script_lie_beside_it() {
    let site = site(
        "import { one } from \"./lib.js\";\nconst found = one;",
        &[("lib.js", "/*! by somebody */\nexport const one = [document.readyState.length > 0];")],
    );
    site.write("planish.toml", "[js]\nlegal_comments = \"linked\"\n[compress]\nminimum_size = 1\n");
    check(&site, &[], "[true]");
    let dist = site.tree("dist");
    let [licences] = dist.ending(".LEGAL.txt")[..] else { panic!("{:?}", dist.paths().collect::<Vec<_>>()) };
    assert_eq!(dist.text(licences), "/*! by somebody */\n");
    let script = dist.text(licences.trim_end_matches(".LEGAL.txt"));
    let name = licences.rsplit('/').next().expect("a path has a last part");
    assert!(script.ends_with(&format!("/*! licences: {name} */\n")) && !script.contains("somebody"), "{script}");
}

#[test]
fn data_is_a_module_and_a_file() {
    let main = "import { one } from \"./data.json\";
const found = [one, await (await fetch(new URL(\"./data.json\", import.meta.url))).json()];";
    let site = site(main, &[("data.json", "{ \"one\": 1 }")]);
    check(&site, &[], "[1,{\"one\":1}]");
    let dist = site.tree("dist");
    let manifest = dist.text(".vite/manifest.json");
    assert!(manifest.contains("\"data.json\": {"), "{manifest}");
}

#[test]
fn a_new_file_joins_a_glob() {
    let main = "const found = Object.keys(import.meta.glob(\"./pages/*.js\"));";
    let site = site(main, &[("pages/a.js", "export default 1;")]);
    check(&site, &[], "[\"./pages/a.js\"]");
    site.write("pages/b.js", "export default 2;");
    check(&site, &[], "[\"./pages/a.js\",\"./pages/b.js\"]");
    site.build(&["--no-cache", "--out", "clean"]).good();
    site.tree("dist").assert_same(&site.tree("clean"));
}

#[test]
fn a_glob_is_read_when_the_site_is_built() {
    for (call, message) in [
        ("import.meta.glob(name)", "the first argument of `import.meta.glob` is no text and no list of texts"),
        ("import.meta.glob(\"pages/*.js\")", "the pattern `pages/*.js` begins with neither `./`, `../`, `/` nor `**`"),
        ("import.meta.glob(\"./*.js\", { lazy: true })", "`import.meta.glob` has no option `lazy`"),
    ] {
        let site = site(&format!("const found = {call};"), &[]);
        let run = site.build(&[]).exits(1);
        assert!(run.stderr.contains(&format!("error[invalid-glob]: {message}\n  --> main.js:1:15")), "{}", run.stderr);
    }
}

#[test]
fn public_variables_of_env_files_reach_scripts() {
    let main = "const env = import.meta.env;
const found = [env.PLANISH_PUBLIC_API, env.PLANISH_PUBLIC_NAME, env.SECRET, import.meta.env.SSR];
if (import.meta.env.PLANISH_PUBLIC_DEBUG === \"yes\") found.push(\"debugging\");";
    let site = site(main, &[]);
    site.write(".env", "SECRET=hidden\nPLANISH_PUBLIC_API=https://$HOST/\nHOST=a.example\nPLANISH_PUBLIC_DEBUG=no\n");
    site.write(".env.production", "PLANISH_PUBLIC_NAME='production'");
    site.write(".env.development", "PLANISH_PUBLIC_NAME='development'\nPLANISH_PUBLIC_DEBUG=yes");
    check(&site, &[], "[\"https://a.example/\",\"production\",null,false]");
    let dist = site.tree("dist");
    for script in dist.ending(".js") {
        assert!(!dist.text(script).contains("hidden") && !dist.text(script).contains("debugging"), "{script}");
    }
    site.write(".env", "PLANISH_PUBLIC_API");
    let run = site.build(&[]).exits(2);
    assert!(
        run.stderr.contains("error[invalid-env]: line 1 of `.env` is not of the form `NAME=value`"),
        "{}",
        run.stderr
    );
}
