//! Bundles are run: each folder of `fixtures/bundle/<topic>/<case>` is one idea, and its bundle must do what its sources do.
//!
//! Node runs the sources; where it cannot (TypeScript, JSX, bundler semantics), `expected.txt` is what they should print. A case's `main.*`
//! is its entry. A `case.json` may say more, see [`Settings`].

use rayon::prelude::*;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fmt, fs};

/// Cases that fail, and why. One that passes must leave this list.
const KNOWN: &[(&str, &str)] = &[
    ("side-effects/default-in-an-unused-pattern", "minified: the call of a default that nobody uses is removed"),
    ("cycles/var-is-undefined-first", "minified: a `var` is inlined where it is still undefined"),
    ("tree-shaking/prototype-chain-setter-stays", "minified: an assignment to a static setter is removed"),
    ("tree-shaking/setters-and-aliases-stay", "minified: an assignment to a static setter is removed"),
    ("tree-shaking/spread-of-getter-stays", "minified: a getter is not run"),
];

/// Imports its arguments one after the other and prints, last, the names that each exports.
const DRIVER: &str = "
const names = [];
process.on('exit', () => console.log(`exports: ${JSON.stringify(names)}`));
for (const url of process.argv.slice(1)) names.push(Object.keys(await import(url)).sort());
";

/// How a case differs from the usual.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    /// Formats of the output.
    formats: Vec<String>,
    /// Further arguments of `planish bundle`.
    arguments: Vec<String>,
    /// Entries, if there are others than `main.*`.
    entries: Vec<String>,
    platform: String,
    /// Running it fails.
    throws: bool,
    /// Bundling it warns.
    warnings: bool,
    /// Whether it means the same when minified: the minifier takes it that nobody relies on errors, nor on effects of conversions.
    minify: bool,
    /// Texts that the output must not contain.
    absent: Vec<String>,
    /// Texts that the output must contain.
    present: Vec<String>,
    /// The number of scripts.
    scripts: Option<usize>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            formats: vec!["esm".to_owned()],
            arguments: Vec::new(),
            entries: Vec::new(),
            platform: "node".to_owned(),
            throws: false,
            warnings: false,
            minify: true,
            absent: Vec::new(),
            present: Vec::new(),
            scripts: None,
        }
    }
}

/// What running something showed.
#[derive(Debug, PartialEq)]
struct Run {
    printed: String,
    failed: bool,
    /// Names of the exports of each entry, if they are known.
    exports: Option<String>,
    /// For reading only: messages name other files.
    errors: Aside,
}

/// A text that does not count in comparisons.
struct Aside(String);

impl fmt::Debug for Aside {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl PartialEq for Aside {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

macro_rules! topics {
    ($($test:ident: $folder:literal),* $(,)?) => {
        const TOPICS: &[&str] = &[$($folder),*];
        $(#[test] fn $test() { check_topic($folder); })*
    };
}

topics! {
    classes: "classes", commonjs: "commonjs", cycles: "cycles", default_exports: "default-exports", dynamic_import: "dynamic-import",
    entries: "entries", export_star: "export-star", formats: "formats", globs: "globs", import_attributes: "import-attributes", json: "json", jsx: "jsx", live_bindings: "live-bindings",
    misc: "misc", namespaces: "namespaces", options: "options", packages: "packages", positions: "positions", queries: "queries", renaming: "renaming",
    side_effects: "side-effects", text: "text", top_level_await: "top-level-await", tree_shaking: "tree-shaking",
    typescript: "typescript", wasm: "wasm",
}

#[test]
fn every_folder_is_a_topic() {
    let folders: Vec<String> = folders(&fixtures()).iter().map(|folder| name(folder)).collect();
    assert_eq!(folders, TOPICS);
}

#[test]
fn every_known_failure_is_a_case() {
    for (case, _) in KNOWN {
        assert!(fixtures().join(case).is_dir(), "there is no case `{case}`");
    }
}

fn check_topic(topic: &str) {
    let cases = folders(&fixtures().join(topic));
    assert!(!cases.is_empty(), "`{topic}` has no cases");
    let failures: Vec<String> = cases.par_iter().filter_map(|case| check_case(topic, case).err()).collect();
    assert!(failures.is_empty(), "{} of {} cases failed\n\n{}", failures.len(), cases.len(), failures.join("\n"));
}

fn check_case(topic: &str, case: &Path) -> Result<(), String> {
    let title = format!("{topic}/{}", name(case));
    let result = run_case(case).map_err(|message| format!("## {title}: {message}"));
    match (KNOWN.iter().any(|(known, _)| *known == title), result) {
        (false, result) => result,
        (true, Err(_)) => Ok(()),
        (true, Ok(())) => Err(format!("## {title} passes: take it out of KNOWN")),
    }
}

fn run_case(case: &Path) -> Result<(), String> {
    let settings = settings(case);
    let entries = if settings.entries.is_empty() { vec![main_file(case)] } else { settings.entries.clone() };
    let expected = expected(case, &entries);
    if expected.failed != settings.throws {
        return Err(format!("the sources do not do what `throws` says: {expected:#?}"));
    }
    for format in &settings.formats {
        for minify in [false, true].into_iter().filter(|minify| settings.minify || !minify) {
            check_bundle(case, &entries, &settings, &expected, format, minify)
                .map_err(|message| format!("{format}{}: {message}", if minify { ", minified" } else { "" }))?;
        }
    }
    Ok(())
}

fn check_bundle(
    case: &Path,
    entries: &[String],
    settings: &Settings,
    expected: &Run,
    format: &str,
    minify: bool,
) -> Result<(), String> {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let out = folder.path().join("out");
    let mut command = planish(case, &out, entries);
    command.args(["--platform", &settings.platform, "--format", format]).args(&settings.arguments);
    if minify {
        command.arg("--minify");
    }
    let output = command.output().expect("planish can be started");
    let messages = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() || messages.contains("panicked") || (messages.contains("warning") && !settings.warnings)
    {
        return Err(format!("planish said {}\n{messages}", output.status));
    }
    let kind = if format == "esm" { "module" } else { "commonjs" };
    fs::write(out.join("package.json"), format!("{{ \"type\": \"{kind}\" }}"))
        .expect("the output folder can be written to");
    let scripts: Vec<PathBuf> = entries.iter().map(|entry| out.join(Path::new(entry).with_extension("js"))).collect();
    let mut got = node(&scripts);
    if format != "esm" || expected.exports.is_none() {
        got.exports.clone_from(&expected.exports);
    }
    if got != *expected {
        return Err(format!("the bundle differs\nsources: {expected:#?}\nbundle: {got:#?}"));
    }
    check_text(&out, settings)
}

fn check_text(out: &Path, settings: &Settings) -> Result<(), String> {
    let scripts: Vec<PathBuf> = walkdir::WalkDir::new(out)
        .into_iter()
        .map(|entry| entry.expect("the output folder can be read").into_path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "js"))
        .collect();
    let text: String = scripts.iter().map(|script| fs::read_to_string(script).expect("a script is text")).collect();
    if let Some(marker) = settings.absent.iter().find(|marker| text.contains(*marker)) {
        return Err(format!("`{marker}` is still there\n{text}"));
    }
    if let Some(marker) = settings.present.iter().find(|marker| !text.contains(*marker)) {
        return Err(format!("`{marker}` is gone\n{text}"));
    }
    match settings.scripts {
        Some(count) if count != scripts.len() => Err(format!("{} scripts instead of {count}", scripts.len())),
        _ => Ok(()),
    }
}

fn expected(case: &Path, entries: &[String]) -> Run {
    if let Ok(printed) = fs::read_to_string(case.join("expected.txt")) {
        return Run { printed, failed: false, exports: None, errors: Aside(String::new()) };
    }
    let sources: Vec<PathBuf> = entries.iter().map(|entry| case.join(entry)).collect();
    let mut run = node(&sources);
    // Node guesses what a CommonJS module exports; a bundle of it exports `default`.
    let package = fs::read_to_string(case.join("package.json")).unwrap_or_default();
    let is_module = entries[0].ends_with(".mjs") || (package.contains("\"module\"") && !entries[0].ends_with(".cjs"));
    run.exports = run.exports.filter(|_| is_module);
    run
}

fn node(scripts: &[PathBuf]) -> Run {
    let urls = scripts.iter().map(|script| format!("file://{}", script.display()));
    let output = Command::new("node")
        .args(["--no-warnings", "--input-type=module", "--eval", DRIVER])
        .args(urls)
        .output()
        .expect("Node.js is installed");
    let text = String::from_utf8_lossy(&output.stdout);
    let (printed, exports) = match text.rsplit_once("exports: ") {
        Some((printed, exports)) => (printed.to_owned(), Some(exports.trim().to_owned())),
        None => (text.into_owned(), None),
    };
    let errors = Aside(String::from_utf8_lossy(&output.stderr).into_owned());
    Run { printed, failed: !output.status.success(), exports, errors }
}

fn planish(folder: &Path, out: &Path, entries: &[String]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_planish"));
    command.current_dir(folder).arg("bundle").args(entries).arg("--out-dir").arg(out);
    command
}

fn settings(case: &Path) -> Settings {
    match fs::read_to_string(case.join("case.json")) {
        Ok(text) => serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", case.display())),
        Err(_) => Settings::default(),
    }
}

fn main_file(case: &Path) -> String {
    let files =
        fs::read_dir(case).expect("a case is a folder").map(|entry| entry.expect("a case can be listed").path());
    let mut mains: Vec<String> = files.map(|file| name(&file)).filter(|file| file.starts_with("main.")).collect();
    assert_eq!(mains.len(), 1, "{} must have one `main.*`", case.display());
    mains.remove(0)
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/bundle")
}

fn folders(parent: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(parent)
        .expect("the fixtures are there")
        .map(|entry| entry.expect("a fixture can be listed").path());
    let sorted: BTreeSet<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    sorted.into_iter().collect()
}

fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Bundles modules that a test makes, plain and minified, and compares with what Node says of the sources.
fn check_made(modules: impl IntoIterator<Item = (String, String)>) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    fs::write(folder.path().join("package.json"), "{ \"type\": \"module\" }").expect("the folder can be written to");
    for (file, text) in modules {
        fs::write(folder.path().join(file), text).expect("the folder can be written to");
    }
    run_case(folder.path()).unwrap_or_else(|message| panic!("{message}"));
}

/// The minifier inlines functions into each other, which takes it longer than a straight line: it does not get this one.
#[test]
fn long_import_chain() {
    let last = 2000;
    let settings = ("case.json".to_owned(), "{ \"minify\": false }".to_owned());
    check_made([settings].into_iter().chain((0..=last).map(|number| match number {
        0 => ("main.js".to_owned(), "import { sum } from \"./m1.js\";\nconsole.log(sum(0));\n".to_owned()),
        _ if number == last => (format!("m{number}.js"), "export const sum = (n) => n;\n".to_owned()),
        _ => {
            let next = number + 1;
            (
                format!("m{number}.js"),
                format!(
                    "import {{ sum as next }} from \"./m{next}.js\";\nexport const sum = (n) => next(n + {number});\n"
                ),
            )
        }
    })));
}

#[test]
fn long_reexport_chain() {
    let last = 1000;
    check_made((0..=last).map(|number| match number {
        0 => (
            "main.js".to_owned(),
            "import { value, bump } from \"./m1.js\";\nbump();\nconsole.log(value);\n".to_owned(),
        ),
        _ if number == last => {
            (format!("m{number}.js"), "export let value = 1;\nexport const bump = () => value++;\n".to_owned())
        }
        _ => (format!("m{number}.js"), format!("export * from \"./m{}.js\";\n", number + 1)),
    }));
}

#[test]
fn big_cycle() {
    let count = 500;
    check_made((0..count).map(|number| {
        let next = (number + 1) % count;
        let file = |number| if number == 0 { "main.js".to_owned() } else { format!("m{number}.js") };
        let start = if number == 0 { "console.log(f0(0), order.length);\n" } else { "" };
        let order = if number == count - 1 { "export const order = [];\n" } else { "export { order };\n" };
        let import = if number == count - 1 { String::new() } else { format!("import {{ order }} from \"./{}\";\n", file(next)) };
        let text = format!(
            "import {{ f{next} }} from \"./{}\";\n{import}{order}export function f{number}(n) {{ return n > 1234 ? {number} : f{next}(n + 1); }}\n\
             order.push({number});\n{start}",
            file(next)
        );
        (file(number), text)
    }));
}

#[test]
fn the_same_name_in_many_modules() {
    let count = 300;
    let imports: String =
        (1..count).map(|number| format!("import {{ value as v{number} }} from \"./m{number}.js\";\n")).collect();
    let sum = (1..count).map(|number| format!("v{number}()")).collect::<Vec<_>>().join(" + ");
    let main = ("main.js".to_owned(), format!("{imports}const value = {sum};\nconsole.log(value);\n"));
    check_made((1..count).map(|number| {
        let text = format!("const inner = {number};\nconst value$1 = inner + 1;\nexport function value(inner$1 = 1) {{ return inner * inner$1 + value$1; }}\n");
        (format!("m{number}.js"), text)
    }).chain([main]));
}
