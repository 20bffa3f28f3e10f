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
