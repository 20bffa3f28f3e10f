//! A chunk that is too large to be compressed in one piece does what its sources do, and has the same bytes whatever the number of
//! threads.

mod support;

use std::fmt::Write;
use support::{Site, run};

/// Their text is that of three segments.
const MODULES: usize = 1200;

/// Every module uses the one before it, one from far before and one from far behind: names that change, classes, functions that call each
/// other in circles, variables of loops.
fn module(at: usize) -> String {
    let (before, far, behind) = (at.saturating_sub(1), at.saturating_sub(301), (at + 350).min(MODULES - 1));
    let base = if far == at { "Object".to_owned() } else { format!("Part{far}") };
    let mut imports = String::new();
    if before != at {
        writeln!(imports, "import {{ raise as raiseBefore, changes as changesBefore }} from './m{before}.js';")
            .expect("memory");
    }
    if far != at {
        writeln!(imports, "import {{ Part{far}, limit{far}, settings as farSettings }} from './m{far}.js';")
            .expect("memory");
    }
    writeln!(imports, "import {{ depth as depthBehind }} from './m{behind}.js';").expect("memory");
    let limit = if far == at { "0".to_owned() } else { format!("limit{far}") };
    let settings = if far == at { "{}" } else { "farSettings" };
    let earlier = if before == at { "[]" } else { "[raiseBefore(2), changesBefore, raiseBefore(), changesBefore]" };
    format!(
        "{imports}
export let changes = {start};
export function raise(by = 1) {{
  changes += by;
  return changes;
}}
export const limit{at} = {limit} + {own};
export const settings = {{ ...{settings}, name: 'part {at}', nested: {{ limit: limit{at} }} }};
export class Part{at} extends {base} {{
  constructor(entries = []) {{
    super(entries);
    this.own{kind} = entries.length + {at};
  }}
  describe(prefix) {{
    const own = `${{prefix}}:${{this.own{kind}}}`;
    return super.describe ? super.describe(own) : own;
  }}
}}
export function depth(level) {{
  return level <= 0 ? {at} : depthBehind(level - 1) + 1;
}}
for (var turn = 0; turn < {turns}; turn++) {{
  var seen = turn * 2;
  changes += seen;
}}
export default [turn, seen, ...{earlier}, new Part{at}([1, 2]).describe('part'), settings.nested.limit];
",
        start = at % 11,
        own = at % 7,
        kind = at % 5,
        turns = at % 4 + 1,
    )
}

fn site() -> Site {
    let site = Site::empty();
    // The last one asks for the one before, and so on, so that they run from the first to the last.
    let mut main = format!("import './m{}.js';\n", MODULES - 1);
    for at in 0..MODULES {
        site.write(&format!("m{at}.js"), module(at));
        if at % 3 == 0 {
            writeln!(main, "import list{at}, {{ depth as depth{at}, changes as changes{at} }} from './m{at}.js';")
                .expect("memory");
        }
    }
    for at in (0..MODULES).step_by(3) {
        writeln!(main, "console.log({at}, ...list{at}, depth{at}(3), changes{at});").expect("memory");
    }
    site.write("main.js", main);
    site.write("package.json", "{ \"type\": \"module\" }");
    site
}

fn bundle(site: &Site, threads: &str) -> String {
    let mut command =
        site.command(&["bundle", "main.js", "--out-dir", threads, "--format", "esm", "--minify", "--sourcemap"]);
    command.env("RAYON_NUM_THREADS", threads);
    run(command).good();
    site.read(&format!("{threads}/main.js"))
}

fn printed(site: &Site, path: &str) -> String {
    let mut command = std::process::Command::new("node");
    command.arg(site.path(path));
    run(command).good().stdout
}

#[test]
fn large_chunks_do_what_their_sources_do_with_any_number_of_threads() {
    let site = site();
    let with_one = bundle(&site, "1");
    assert!(with_one.lines().count() > 3, "there are several segments");
    assert_eq!(printed(&site, "1/main.js"), printed(&site, "main.js"));
    for threads in ["2", "8"] {
        assert_eq!(bundle(&site, threads), with_one);
        let map = |threads: &str| site.read(&format!("{threads}/main.js.map"));
        assert!(map(threads) == map("1"), "the map is another one");
    }
}

/// Statements of one module that depend on each other from afar: variables that others assign, by all forms of assignment, functions that
/// are called before they stand, constants, classes, names that occur further inside.
const STATEMENTS: &[&str] = &[
    "log('early', typeof late, late(2), counted);",
    "var counted = 0, label = 'a', kept = [1, 2];",
    "function count(by = 1) { counted += by; return counted; }",
    "for (var turn = 0; turn < 3; turn++) { var seen = turn * 2; count(seen); }",
    "var { first, rest: [second, ...others] } = { first: 1, rest: [2, 3, 4] };",
    "function swap() { [first, second] = [second, first]; ({ label } = { label: label + '!' }); return [first, second, label]; }",
    "const limit = counted + 5, table = { limit, label, count };",
    "class Base { constructor(name) { this.name = name; made++; } who() { return `${this.name} of ${limit}`; } }",
    "var made = 10;",
    "class Derived extends Base { who() { return super.who() + kept.length; } }",
    "log('swapped', swap(), swap(), first, second, label, others);",
    "for (turn of kept) log('turn', turn, seen);",
    "if (made > 5) { var inBlock = late(3); function block() { return inBlock; } log(block()); }",
    "label = table.label + typeof missing; seen ??= 4; seen **= 2;",
    "log('made', new Derived('d').who(), new Base('b').who(), made, table.count(5), counted, inBlock);",
    "function late(level) { var counted = 'inner'; return level <= 0 ? counted : late(level - 1) + level; }",
    "var counted, again = counted, made = made + 1;",
    "log('end', again, made, label, seen, turn, [1, 2].map((turn) => turn + limit), typeof late);",
];

/// Statements that take room, so that the module is cut after each of them.
fn with_room(statements: &[&str]) -> Vec<String> {
    let room = |at: usize| {
        let entries: Vec<String> = (0..5_000).map(|entry| format!("'{at}:{entry}:{}'", entry * at)).collect();
        format!("log([{}].length);", entries.join(", "))
    };
    statements.iter().enumerate().map(|(at, statement)| format!("{statement}\n{}", room(at + 1))).collect()
}

/// A script with a module of these statements does what that does in Node, and the module is cut if it can be. `segment`: the bytes of one.
#[track_caller]
fn check_module(name: &str, statements: &[impl AsRef<str>], segment: Option<&str>, is_cut: bool) {
    let site = Site::empty();
    let mut text = String::from("globalThis.log ??= (...values) => console.log(JSON.stringify(values));\n");
    statements.iter().for_each(|statement| writeln!(text, "{}", statement.as_ref()).expect("memory"));
    site.write(name, text);
    site.write(
        "main.mjs",
        format!("import * as all from './{name}';\nlog(Object.keys(all.default ?? {{}}), all.default);\n"),
    );
    let mut command =
        site.command(&["bundle", "main.mjs", "--out-dir", "out", "--format", "esm", "--minify", "--sourcemap"]);
    if let Some(bytes) = segment {
        command.env("PLANISH_TEST_SEGMENT", bytes);
    }
    run(command).good();
    site.write("package.json", "{ \"type\": \"module\" }");
    assert_eq!(printed(&site, "out/main.js"), printed(&site, "main.mjs"));
    let script = site.read("out/main.js");
    assert_eq!(script.lines().count() > 8, is_cut, "{name}: {script}");
}

#[test]
fn a_large_module_is_cut_between_its_statements() {
    check_module("large.mjs", &with_room(STATEMENTS), None, true);
    let exports = "exports.count = count, exports.Derived = Derived, exports.state = () => [counted, made];";
    check_module("large.cjs", &with_room(&[STATEMENTS, &[exports]].concat()), None, true);
}

/// As small segments as only builds for tests have.
#[test]
#[cfg(debug_assertions)]
fn what_must_know_where_it_stands_is_not_cut() {
    let check = |last: &str, is_cut: bool| {
        let statements = [STATEMENTS, &[last, "exports.state = () => [counted, count()];"]].concat();
        check_module("large.cjs", &statements, Some("40"), is_cut);
    };
    check("module.exports = { count, Derived }; exports = module.exports;", true);
    check(
        "const own = function () { return [this === exports, arguments.length, typeof new.target]; }; log(own(1));",
        true,
    );
    check("log([() => { return counted; }].length);", true);
    check("log(this === exports);", false);
    check("log(arguments.length > 1, (() => arguments.length)() > 1);", false);
    check("if (counted < 0) return;", false);
    check("log(eval('counted + limit'));", false);
    check("var exports = module.exports = { counted };", false);
    check("if (made) count = () => 7;", false);
    check("log(typeof new.target);", false);
}

/// Modules that are cut almost anywhere do what they do in Node.
#[cfg(debug_assertions)]
#[track_caller]
fn check_cut(modules: &[(&str, &str)]) {
    for segment in ["20", "60", "130"] {
        let site = Site::of(modules);
        let mut command = site.command(&["bundle", "main.mjs", "--out-dir", "out", "--format", "esm", "--minify"]);
        command.env("PLANISH_TEST_SEGMENT", segment);
        run(command).good();
        site.write("package.json", "{ \"type\": \"module\" }");
        assert_eq!(printed(&site, "out/main.js"), printed(&site, "main.mjs"), "{}", site.read("out/main.js"));
    }
}

#[test]
#[cfg(debug_assertions)]
fn variables_that_their_declarations_change_are_no_constants() {
    for text in [
        "const all = []; function make() { const own = late; all.push(() => own); } make();
         for (var i = 0; i < 3; i++) { var late = i; make(); } console.log(all.map((one) => one()));",
        "const all = []; function make() { const own = twice; all.push(() => own); } make();
         var twice = 1; make(); var twice = 2; make(); console.log(all.map((one) => one()));",
        "var j; function next() { return j++; } for (var i = 0, j = 0; i < 2; i++) console.log(i, next());
         for (var i = 5; i < 7; i++) console.log(i, j); console.log('end', i, j);",
        "let a = 1; const before = a; (a) = 10; (a)++; [(a), ((a))] = [a + 1, a + 2]; for ((a) of [4, 5]) console.log(a);
         let f; (f) = () => 1; console.log(before, a, f());",
    ] {
        check_cut(&[("main.mjs", text)]);
        check_cut(&[("main.mjs", "import './module.cjs';"), ("module.cjs", text)]);
    }
}

#[test]
#[cfg(debug_assertions)]
fn variables_with_the_names_of_globals_are_not_those() {
    let text = "let Set = globalThis.nope ?? class { constructor() { console.log('own set'); } };
         function replace(by) { Set = by; }
         console.log('apart', { Set }.Set.name.length > 0);
         new Set(); replace(class Other { constructor() { console.log('other set'); } }); new Set();
         ({ Set } = { Set: class Third { constructor() { console.log('third set'); } } }); new Set();
         export { Set as Own };";
    let main = "import { Own } from './own.mjs'; export let Map = class { constructor() { console.log('own map'); } };
         globalThis.change = () => { Map = class { constructor() { console.log('other map'); } }; };
         import './other.mjs'; new Own();";
    let other =
        "import { Map } from './main.mjs'; setTimeout(() => { new Map(); globalThis.change(); new Map(); }, 0);";
    check_cut(&[("main.mjs", main), ("own.mjs", text), ("other.mjs", other)]);
}

#[test]
#[cfg(debug_assertions)]
fn names_that_are_used_while_a_chunk_is_made_small_are_free() {
    let module = "var foo = globalThis.q ?? 'outer';
         function g() { var foo$$require_module = 'inner'; exports.x = foo$$require_module; return foo; }
         exports.g = g; exports.made = class { field = () => this.own; own = 3; };";
    let main = "import module from './module.cjs'; function $$body$$() { return module.g(); }
         console.log($$body$$(), module.x, new module.made().field()); export { $$body$$ };";
    check_cut(&[("main.mjs", main), ("module.cjs", module)]);
}

#[test]
#[cfg(debug_assertions)]
fn functions_after_a_throw_are_there() {
    // Node tells of it twice if it is CommonJS.
    let before = "process.on('uncaughtException', (error) => {
         if (!globalThis.told) console.log(error.message, globalThis.call());
         globalThis.told = true;
         });";
    let module = "globalThis.call = function () { return late(); }; console.log('apart from what follows');
         throw new Error('stop'); function late() { return 'late'; }";
    for name in ["module.cjs", "module.mjs"] {
        let main = format!("import './before.mjs'; import './{name}';");
        check_cut(&[("main.mjs", &main), ("before.mjs", before), (name, module)]);
    }
}
