//! Any sequence of edits: what `watch` makes of it, and what builds with a cache do, is what a clean build makes.
//!
//! The site is a model that random steps change. `PLANISH_TEST_STEPS` makes the sequence longer, `PLANISH_TEST_SEED` makes it another one.

mod support;

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use support::{Random, Site, Watch};

/// Another file after every step.
const STEP: &str = "src/step.js";

/// A module of the model, named by its number.
#[derive(Clone)]
struct Module {
    folder: usize,
    typed: bool,
    value: u64,
    /// Modules that it imports; one that is not there any more is an error.
    imports: BTreeSet<usize>,
    lazy: BTreeSet<usize>,
    broken: bool,
}

/// A site, from which all of its files follow.
#[derive(Clone)]
struct Model {
    folders: Vec<String>,
    modules: BTreeMap<usize, Module>,
    pages: BTreeSet<u64>,
    colour: u64,
    data: u64,
    title: u64,
    icon: u64,
    text: Option<u64>,
    note: u64,
    package: (bool, bool),
    alias: bool,
    define: u64,
    split: bool,
    linked: bool,
    step: u64,
    next: usize,
}

impl Model {
    fn new() -> Self {
        let module = |number: usize| Module {
            folder: number % 3,
            typed: number.is_multiple_of(2),
            value: number as u64,
            imports: (0..number).rev().take(2).collect(),
            lazy: if number % 5 == 4 { BTreeSet::from([number / 2]) } else { BTreeSet::new() },
            broken: false,
        };
        Self {
            folders: ["a", "b", "c"].map(str::to_owned).into(),
            modules: (0..12).map(|number| (number, module(number))).collect(),
            pages: (0..3).collect(),
            colour: 0,
            data: 0,
            title: 0,
            icon: 0,
            text: Some(0),
            note: 0,
            package: (false, false),
            alias: false,
            define: 0,
            split: false,
            linked: false,
            step: 0,
            next: 12,
        }
    }

    /// Changes something.
    fn change(&mut self, random: &mut Random) {
        let some = random.pick(&self.modules.keys().copied().collect::<Vec<_>>());
        let other = random.pick(&self.modules.keys().copied().collect::<Vec<_>>());
        let fresh = random.next();
        let (number, count) = (self.next, self.modules.len());
        let module = self.modules.get_mut(&some).expect("it was picked");
        match random.below(24) {
            0..6 => module.value = fresh,
            6 => module.broken = !module.broken,
            7 => drop(module.imports.insert(other)),
            8 => drop(module.imports.pop_first()),
            9 => drop(if !module.lazy.remove(&other) { module.lazy.insert(other) } else { true }),
            10 => {
                module.imports.insert(number);
                let folder = random.below(self.folders.len() as u64) as usize;
                let imports = BTreeSet::from([other]);
                let lazy = BTreeSet::new();
                self.modules.insert(
                    number,
                    Module { folder, typed: fresh.is_multiple_of(2), value: 1, imports, lazy, broken: false },
                );
                self.next += 1;
            }
            // Who imports it may be left with an error, until he stops.
            11 if count > 8 && some != 0 => {
                self.modules.remove(&some);
                let forgets = !fresh.is_multiple_of(3);
                for module in self.modules.values_mut().filter(|_| forgets) {
                    module.imports.remove(&some);
                    module.lazy.remove(&some);
                }
            }
            12 => {
                let at = random.below(self.folders.len() as u64) as usize;
                self.folders[at] = format!("f{}", fresh % 1000);
            }
            13 => module.folder = random.below(self.folders.len() as u64) as usize,
            14 => module.typed = !module.typed,
            15 => drop(if !self.pages.remove(&(fresh % 6)) { self.pages.insert(fresh % 6) } else { true }),
            16 => self.colour = fresh % 0x100_0000,
            17 => self.data = fresh,
            18 => (self.title, self.icon) = (fresh % 7, fresh),
            19 => self.text = (!fresh.is_multiple_of(3)).then_some(fresh),
            20 => self.package = (fresh.is_multiple_of(2), fresh % 4 < 2),
            21 => self.alias = !self.alias,
            22 => (self.define, self.split) = (fresh % 9, fresh.is_multiple_of(2)),
            _ => (self.linked, self.note) = (!self.linked, fresh),
        }
        // What nobody can import any more is imported by nobody in the end.
        if self.modules.values().any(|module| module.broken) && random.below(3) == 0 {
            self.modules.values_mut().for_each(|module| module.broken = false);
        }
        let there: BTreeSet<usize> = self.modules.keys().copied().collect();
        if random.below(4) == 0 {
            self.modules.values_mut().for_each(|module| {
                module.imports.retain(|import| there.contains(import));
                module.lazy.retain(|import| there.contains(import));
            });
        }
    }

    fn path(&self, number: usize) -> String {
        match self.modules.get(&number) {
            Some(module) => {
                format!("src/{}/m{number}.{}", self.folders[module.folder], if module.typed { "ts" } else { "js" })
            }
            None => format!("src/gone/m{number}.js"),
        }
    }

    fn module(&self, number: usize, module: &Module) -> String {
        let mut text = String::new();
        for import in &module.imports {
            let _ = writeln!(text, "import {{ give{import} }} from \"../../{}\";", self.path(*import));
        }
        let typed = if module.typed { ": unknown[]" } else { "" };
        let _ = write!(text, "export function give{number}(){typed} {{\n  return [{}", module.value);
        for import in &module.imports {
            let _ = write!(text, ", give{import}");
        }
        for import in &module.lazy {
            let _ = write!(text, ", () => import(\"../../{}\")", self.path(*import));
        }
        text + if module.broken { "];\n" } else { "];\n}\n" }
    }

    /// Every file with its text.
    fn files(&self) -> BTreeMap<String, String> {
        let mut files = BTreeMap::new();
        let mut add = |path: &str, text: String| drop(files.insert(path.to_owned(), text));
        for (number, module) in &self.modules {
            add(&self.path(*number), self.module(*number, module));
        }
        let first = *self.modules.keys().next().expect("module 0 stays");
        let last = *self.modules.keys().next_back().expect("module 0 stays");
        let main = format!(
            "import {{ give{first} }} from \"../{}\";\nimport {{ give{last} }} from \"../{}\";\n",
            self.path(first),
            self.path(last)
        );
        let main = if first == last { main.lines().take(1).collect() } else { main };
        add(
            "src/main.js",
            main + "import \"./style.css\";\nimport { from } from \"./from.ts\";\nimport data from \"./data.json\";\n\
                import icon from \"./icon.svg?url\";\nimport { linked } from \"linked\";\nimport { packaged, unused } from \"packaged\";\n\
                const pages = import.meta.glob(\"./pages/*.js\");\n"
                + &format!(
                    "console.log(give{first}, give{last}, from, data, icon, linked, packaged, pages, __DEFINED__);\n"
                ),
        );
        add("src/from.ts", "export { aliased as from } from \"@alias/aliased\";\n".to_owned());
        add(STEP, format!("console.log({});\n", self.step));
        add("src/style.css", format!("h1 {{ color: #{:06x}; background: url(./icon.svg) }}\n", self.colour));
        add("src/data.json", format!("{{ \"data\": {} }}\n", self.data));
        add("src/icon.svg", format!("<svg xmlns=\"http://www.w3.org/2000/svg\" id=\"i{}\"/>\n", self.icon));
        add("src/one/aliased.js", "export const aliased = \"one\";\n".to_owned());
        add("src/two/aliased.js", "export const aliased = \"two\";\n".to_owned());
        for page in &self.pages {
            add(&format!("src/pages/p{page}.js"), format!("export default {page};\n"));
        }
        add(
            "index.html",
            format!(
                "<!doctype html><title>{}</title><script type=\"module\" src=\"src/main.js\"></script>\
                 <script type=\"module\">console.log({});</script>\n",
                self.title, self.title
            ),
        );
        let folder = if self.alias { "two" } else { "one" };
        add(
            "tsconfig.json",
            format!("{{ \"compilerOptions\": {{ \"paths\": {{ \"@alias/*\": [\"./src/{folder}/*\"] }} }} }}\n"),
        );
        let (main, effects) = (if self.package.0 { "a.js" } else { "b.js" }, self.package.1);
        add(
            "node_modules/packaged/package.json",
            format!(
                "{{ \"name\": \"packaged\", \"main\": \"{main}\", \"sideEffects\": {effects}, \"type\": \"module\" }}\n"
            ),
        );
        for name in ["a", "b"] {
            let text =
                format!("import \"./effect.js\";\nexport const packaged = \"{name}\";\nexport const unused = 1;\n");
            add(&format!("node_modules/packaged/{name}.js"), text);
            add(&format!("packages/{name}/index.js"), format!("export const linked = \"{name}\";\n"));
            add(
                &format!("packages/{name}/package.json"),
                "{ \"name\": \"linked\", \"main\": \"index.js\" }\n".to_owned(),
            );
        }
        add("node_modules/packaged/effect.js", "console.log(\"effect\");\n".to_owned());
        if let Some(text) = self.text {
            add("public/text.txt", format!("{text}\n"));
        }
        add("public/robots.txt", "User-agent: *\n".to_owned());
        add("notes/note.txt", format!("{}\n", self.note));
        let split = if self.split { "split.min_size = 0\n" } else { "" };
        add(
            "planish.toml",
            format!(
                "[build]\nentries = [\"index.html\", \"src/step.js\"]\n[js]\ndefine = {{ \"__DEFINED__\" = \"{}\" }}\n{split}[compress]\nbrotli = false\n",
                self.define
            ),
        );
        files
    }

    /// Makes the files in a folder those of this model, in one of the ways in which editors and people do that.
    fn write(&self, site: &Site, before: Option<&Self>, random: &mut Random) {
        let (mut old, new) = (before.map(Self::files).unwrap_or_default(), self.files());
        let moved: Vec<(String, String)> = before.map_or_else(Vec::new, |before| {
            let names = before.folders.iter().zip(&self.folders).filter(|(old, new)| old != new);
            names.map(|(old, new)| (format!("src/{old}"), format!("src/{new}"))).collect()
        });
        for (from, to) in moved.iter().filter(|(from, to)| site.path(from).is_dir() && !site.path(to).exists()) {
            fs::rename(site.path(from), site.path(to)).expect("both are in one folder");
            let inside: Vec<String> =
                old.keys().filter(|path| path.starts_with(&format!("{from}/"))).cloned().collect();
            for path in inside {
                let text = old.remove(&path).expect("it is listed");
                old.insert(path.replacen(from.as_str(), to, 1), text);
            }
        }
        for path in old.keys().filter(|path| !new.contains_key(*path)) {
            fs::remove_file(site.path(path)).expect("it is there");
        }
        let changed = new.iter().filter(|(path, text)| old.get(*path) != Some(text));
        for (path, text) in changed.filter(|(path, _)| *path != STEP) {
            match random.below(3) {
                0 if old.contains_key(path) => {
                    site.write(&format!("{path}.tmp"), text);
                    fs::rename(site.path(&format!("{path}.tmp")), site.path(path)).expect("both are in one folder");
                }
                1 if old.contains_key(path) => {
                    fs::remove_file(site.path(path)).expect("it is there");
                    site.write(path, text);
                }
                _ => site.write(path, text),
            }
        }
        if before.is_none_or(|before| before.linked != self.linked) {
            let link = site.path("node_modules/linked");
            let _ = fs::remove_file(&link);
            let target = format!("../packages/{}", if self.linked { "a" } else { "b" });
            std::os::unix::fs::symlink(target, link).expect("there are links");
        }
        // Last: the build that has seen it has seen all of them.
        site.write(STEP, &new[STEP]);
    }
}

fn from_environment(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| text.parse().expect("a number"))
}

/// What a build says of its errors and warnings, without what they cost.
fn messages(result: &Value) -> &Value {
    &result["diagnostics"]
}

/// A clean build says the same and, if it is good, leaves the same files.
#[track_caller]
fn assert_as_clean(site: &Site, result: &Value, mode: &str, trail: &str) {
    let out = Site::empty();
    let out_path = out.path("clean");
    let clean =
        site.build(&["--no-cache", "--out", out_path.to_str().expect("the path is UTF-8"), "--mode", mode, "--json"]);
    let expected = clean.json();
    assert_eq!(messages(result), messages(&expected), "{trail}");
    assert_eq!(result["success"], expected["success"], "{trail}");
    if expected["success"] == true {
        let differences = site.tree("dist").differences(&out.tree("clean"));
        assert!(differences.is_empty(), "{trail}: {differences:#?}");
    }
}

#[test]
fn watching_any_sequence_of_edits_ends_with_what_a_clean_build_makes() {
    let (steps, seed) = (from_environment("PLANISH_TEST_STEPS", 500), from_environment("PLANISH_TEST_SEED", 1));
    let mut random = Random::new(seed);
    let site = Site::empty();
    let mut model = Model::new();
    model.write(&site, None, &mut random);
    let watch = Watch::start(&site, &["--json"]);
    watch.result_with("js", STEP);
    let mut good = 0;
    for step in 1..=steps {
        let before = model.clone();
        model.change(&mut random);
        model.step = step;
        model.write(&site, Some(&before), &mut random);
        let result = watch.result_with("js", STEP);
        good += u64::from(result["success"] == true);
        if random.below(8) == 0 || step == steps {
            assert_as_clean(&site, &result, "development", &format!("step {step} of seed {seed}"));
        }
    }
    assert!(good > steps / 3 && good < steps, "{good} of {steps} builds were good");
}

#[test]
fn builds_after_any_sequence_of_edits_are_as_clean_ones() {
    let seed = from_environment("PLANISH_TEST_SEED", 1);
    let mut random = Random::new(seed);
    let site = Site::empty();
    let mut model = Model::new();
    model.write(&site, None, &mut random);
    for step in 1..=from_environment("PLANISH_TEST_STEPS", 500) / 10 {
        let before = model.clone();
        for _ in 0..=random.below(3) {
            model.change(&mut random);
        }
        model.write(&site, Some(&before), &mut random);
        let result = site.build(&["--json"]).json();
        assert_as_clean(&site, &result, "production", &format!("step {step} of seed {seed}"));
        let again = site.build(&["--json"]).json();
        assert_eq!(messages(&again), messages(&result), "step {step} of seed {seed}");
        assert_eq!(again["ran"].as_array().map(Vec::len), Some(0), "step {step} of seed {seed}: nothing changed");
    }
}
