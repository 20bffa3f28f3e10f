//! The output folder is whole at any moment: when builds die, when they run side by side, when they are interrupted.

mod support;

use serde_json::Value;
use std::collections::BTreeSet;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};
use support::{Site, Tree, signal};

const PAGES: usize = 30;

/// A site of pages with a script and a stylesheet each. Two versions of it have no hashed file in common.
fn write_version(site: &Site, version: &str) {
    site.write("planish.toml", "[build]\nentries = [\"*.html\"]\n[service_worker]\nenabled = true\n");
    site.write("src/shared.js", format!("export const version = 'version {version}';\n"));
    site.write("public/version.txt", version);
    for number in 0..PAGES {
        let head =
            format!("<link rel=stylesheet href=src/{number}.css><script type=module src=src/{number}.js></script>");
        site.write(
            &format!("{number}.html"),
            format!("<!doctype html><title>{version}</title>{head}<p>{version} {number}"),
        );
        let script =
            format!("import {{ version }} from './shared.js';\ndocument.title = version + ' of {version} {number}';\n");
        site.write(&format!("src/{number}.js"), script);
        site.write(&format!("src/{number}.css"), format!("p {{ content: \"{version} {number}\" }}\n"));
    }
}

/// A site in its first version, and what builds of its two versions make.
fn two_versions() -> (Site, [Tree; 2]) {
    let site = Site::empty();
    let trees = ["b", "a"].map(|version| {
        write_version(&site, version);
        site.build(&["--out", version]).good();
        site.tree(version)
    });
    let [b, a] = trees;
    assert!(named(&a).len() > 2 * PAGES, "every page names its script and its stylesheet");
    assert!(named(&a).intersection(&named(&b)).next().is_none(), "the versions share no file");
    (site, [a, b])
}

/// The hashed files that pages and the manifest name.
fn named(dist: &Tree) -> BTreeSet<String> {
    let texts = dist.ending(".html").into_iter().chain([".vite/manifest.json"]).map(|path| dist.text(path));
    let names = texts.flat_map(|text| text.split(['"', '\'', ' ', '>', '=']));
    let names = names.map(|name| name.trim_start_matches('/')).filter(|name| name.starts_with("assets/"));
    names.map(str::to_owned).collect()
}

fn is_unfinished(path: &str) -> bool {
    path.contains(".planish-tmp.") || path.ends_with("ledger.new")
}

fn start(site: &Site, arguments: &[&str]) -> Child {
    let mut command = site.command(arguments);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("the binary starts")
}

/// Builds that are killed while they write; `PLANISH_TEST_KILLS` says how many if it is set.
const KILLS: u32 = 12;

#[test]
#[allow(clippy::print_stdout, reason = "what was hit is a matter of chance, and worth knowing")]
fn a_build_that_is_killed_while_it_writes_leaves_one_release_or_the_other() {
    let kills = std::env::var("PLANISH_TEST_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(KILLS);
    let (site, [a, b]) = two_versions();
    site.build(&[]).good();
    let writing = time_of_writing(&site);
    let (mut old, mut new, mut linked, mut finished) = (0, 0, 0, 0);
    let mut state = 7;
    let (mut current, mut next) = (&b, &a);
    while old + new < kills {
        let version = if std::ptr::eq(next, &a) { "a" } else { "b" };
        write_version(&site, version);
        let mut build = start(&site, &["build"]);
        begin_of_writing(&site);
        std::thread::sleep(writing * random(&mut state) / 1000);
        build.kill().expect("it can be killed");
        let is_killed = build.wait().expect("it ends").code().is_none();
        let is_new = is_release(&site, next, current);
        let is_old = is_release(&site, current, next);
        assert!(is_old != is_new, "neither: old {is_old}, new {is_new}");
        linked += u32::from(site.path("dist/0.html").is_symlink());
        match (is_killed, is_new) {
            (false, _) => finished += 1,
            (true, true) => new += 1,
            (true, false) => old += 1,
        }
        if is_new {
            std::mem::swap(&mut current, &mut next);
        }
        assert!(finished < 10 * kills, "{finished} builds were finished before they could be killed");
    }
    println!("{old} showed the last release, {new} the next one, {linked} by links; {finished} were finished before");
    assert!(old > 0, "no build was killed before it showed the next release");
    write_version(&site, "a");
    site.build(&[]).good();
    site.tree("dist").assert_same(&a);
}

#[test]
fn a_build_that_is_interrupted_while_it_writes_leaves_exactly_one_release() {
    let (site, versions) = two_versions();
    site.build(&[]).good();
    let writing = time_of_writing(&site);
    let mut state = 7;
    let mut next = "a";
    for _ in 0..6 {
        write_version(&site, next);
        let mut build = start(&site, &["build"]);
        begin_of_writing(&site);
        std::thread::sleep(writing * random(&mut state) / 1000);
        signal(&build, "TERM");
        build.wait().expect("it ends");
        let differences = versions.each_ref().map(|version| site.tree("dist").differences(version));
        next = match differences.each_ref().map(Vec::is_empty) {
            [true, _] => "b",
            [_, true] => "a",
            _ => panic!("{differences:#?}"),
        };
    }
}

/// A number below 1000, the same in every run.
fn random(state: &mut u32) -> u32 {
    *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    (*state >> 16) % 1000
}

/// How long builds write at most: from the moment when unfinished files can be seen to the end.
fn time_of_writing(site: &Site) -> Duration {
    let time = |version| {
        write_version(site, version);
        let mut build = start(site, &["build"]);
        let begin = begin_of_writing(site);
        build.wait().expect("it ends");
        begin.elapsed()
    };
    ["b", "a", "b"].map(time).into_iter().max().expect("there are three")
}

/// Waits until a build writes: its staging folder is there.
fn begin_of_writing(site: &Site) -> Instant {
    let has_staging = || {
        let names = std::fs::read_dir(site.path("dist")).into_iter().flatten().flatten();
        names.map(|entry| entry.file_name()).any(|name| is_unfinished(&name.to_string_lossy()))
    };
    let deadline = Instant::now() + Duration::from_secs(60);
    while !has_staging() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_micros(100));
    }
    Instant::now()
}

/// Whether whoever opens files finds all of a release, and nothing of the other but what only that one names.
fn is_release(site: &Site, release: &Tree, other: &Tree) -> bool {
    let dist = site.path("dist");
    let is_own = |path: &&str| path.starts_with(".planish/");
    let mut all = release.paths().chain(other.paths()).filter(|path| !is_own(path));
    all.all(|path| match std::fs::read(dist.join(path)) {
        Ok(bytes) => {
            release.has(path) && bytes == release.bytes(path) || path.starts_with("assets/") && !release.has(path)
        }
        Err(_) => !release.has(path),
    })
}

#[test]
fn what_dead_builds_left_is_removed_by_the_next() {
    let (site, versions) = two_versions();
    site.build(&[]).good();
    site.write("dist/.planish-tmp.1/new/assets/half.js", "half");
    site.write("dist/.planish/ledger.new", "{");
    site.build(&[]).good();
    site.tree("dist").assert_same(&versions[0]);
}

#[test]
fn builds_side_by_side_all_succeed() {
    let (site, versions) = two_versions();
    for arguments in [&["build"][..], &["build", "--no-cache"]] {
        let builds: Vec<Child> = (0..3).map(|_| start(&site, arguments)).collect();
        for mut build in builds {
            assert_eq!(build.wait().expect("it ends").code(), Some(0));
        }
        site.tree("dist").assert_same(&versions[0]);
        write_version(&site, "b");
        site.build(&[]).good();
        write_version(&site, "a");
    }
}

#[test]
fn versions_that_are_built_side_by_side_do_not_mix() {
    let (site, versions) = two_versions();
    let other = Site::empty();
    write_version(&other, "b");
    let out = site.path("dist");
    let out = out.to_str().expect("the path is UTF-8");
    for _ in 0..3 {
        let mut builds = [start(&site, &["build", "--out", out]), start(&other, &["build", "--out", out])];
        for build in &mut builds {
            assert_eq!(build.wait().expect("it ends").code(), Some(0));
        }
        let dist = site.tree("dist");
        let is_one = versions.iter().any(|version| dist.differences(version).is_empty());
        assert!(is_one, "{:#?}", versions.each_ref().map(|version| dist.differences(version)));
    }
}

#[test]
fn an_interrupted_build_cleans_up_and_says_so_by_its_exit_code() {
    let site = Site::copy_of("storefront");
    site.write("dist/index.html", "the last good build");
    let before = site.tree("dist");
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        let mut build = start(&site, &["build", "--no-cache"]);
        std::thread::sleep(Duration::from_millis(700));
        signal(&build, name);
        let begin = Instant::now();
        assert_eq!(build.wait().expect("it ends").code(), Some(code), "{name}");
        assert!(begin.elapsed() < Duration::from_secs(5), "it takes {:?} to end", begin.elapsed());
        site.tree("dist").assert_same(&before);
    }
}

#[test]
fn the_result_as_json_has_this_shape() {
    let (site, _) = two_versions();
    let run = site.build(&["--json"]).good();
    assert_eq!(run.stdout.lines().count(), 1, "one object on one line");
    let result = run.json();
    let keys: Vec<&str> = result.as_object().expect("an object").keys().map(String::as_str).collect();
    let expected = ["success", "out", "files", "written", "assets", "diagnostics", "tasks", "ran", "duration_ms"];
    assert_eq!(keys, expected);
    assert_eq!(result["success"], true);
    assert_eq!(result["out"], "dist");
    assert_eq!(result["diagnostics"], serde_json::json!([]));
    let files = result["files"].as_array().expect("a list");
    assert_eq!(result["written"], files.len());
    let dist = site.tree("dist");
    for file in files {
        let path = file["path"].as_str().expect("a path");
        assert_eq!(file["size"], dist.bytes(path).len(), "{path}");
        assert!(file["class"].is_string(), "{path}");
    }
    let listed: BTreeSet<&str> = files.iter().filter_map(|file| file["path"].as_str()).collect();
    let there: BTreeSet<&str> = dist.paths().filter(|path| !path.starts_with(".planish/")).collect();
    assert_eq!(listed, there);
}

#[test]
fn the_trace_says_when_each_task_ran() {
    let (site, _) = two_versions();
    let result = site.build(&["--no-cache", "--json", "--trace", "trace.json"]).good().json();
    let trace: Vec<Value> = serde_json::from_str(&site.read("trace.json")).expect("the trace is JSON");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let (mut spans, names): (Vec<&Value>, Vec<&Value>) = trace.iter().partition(|event| event["ph"] == "X");
    assert!(names.iter().all(|event| event["ph"] == "M" && event["name"] == "thread_name"));
    let found: BTreeSet<String> = spans.iter().map(|event| text(&event["name"])).collect();
    for stage in ["check", "transform", "link", "render", "compress", "write", "link js", "chunk", "hash"] {
        assert!(found.contains(stage), "{stage} in {found:?}");
    }
    for ran in result["ran"].as_array().expect("a list") {
        let task = format!("{} {}", text(&ran[0]), text(&ran[1]));
        assert!(found.contains(&task), "{task} in {found:?}");
    }
    // As viewers need it: what is on one row lies in each other or apart.
    let time = |event: &Value, key: &str| event[key].as_f64().expect("a number");
    let row = |event: &Value| event["tid"].as_u64().expect("a number");
    spans.sort_by(|a, b| {
        (row(a), time(a, "ts"), time(b, "dur")).partial_cmp(&(row(b), time(b, "ts"), time(a, "dur"))).expect("numbers")
    });
    for thread in spans.chunk_by(|a, b| row(a) == row(b)) {
        let mut open: Vec<f64> = Vec::new();
        for span in thread {
            open.retain(|end| *end > time(span, "ts") + 0.01);
            let end = time(span, "ts") + time(span, "dur");
            assert!(open.last().is_none_or(|outer| end <= outer + 0.01), "{span} ends too late");
            open.push(end);
        }
    }
}

#[test]
fn the_cache_is_counted_checked_trimmed_and_removed() {
    let (site, versions) = two_versions();
    let cache = |action: &[&str]| site.planish(&[&["cache"], action].concat());
    let stats = |site: &Site| site.planish(&["cache", "stats", "--json"]).good().json();
    let full = stats(&site);
    let count = full["total"]["count"].as_u64().expect("a number");
    assert!(count > 4 * PAGES as u64, "{full}");
    assert!(full["by_task"]["js"]["count"].as_u64() > Some(PAGES as u64), "{full}");
    assert!(cache(&["stats"]).good().stdout.contains(&format!("{count} entries")));

    assert!(cache(&["verify"]).good().stdout.starts_with(&format!("{count} entries checked, 0 damaged")));
    let folder = site.path(".planish-cache/v2/js");
    let path = support::paths(&folder).into_iter().next().expect("an entry");
    std::fs::write(folder.join(&path), "damaged").expect("writable");
    let verified = cache(&["verify"]).exits(1).stdout;
    assert!(verified.contains(&path) && verified.contains("1 damaged"), "{verified}");
    assert!(cache(&["verify"]).good().stdout.starts_with(&format!("{} entries checked, 0 damaged", count - 1)));

    assert!(cache(&["gc"]).good().stdout.starts_with("0 entries removed"), "there is room for 2 GB");
    cache(&["gc", "--max-size", "20kB"]).good();
    let trimmed = stats(&site);
    assert!(trimmed["total"]["bytes"].as_u64() <= Some(20_000), "{trimmed}");
    assert!(trimmed["total"]["count"].as_u64() > Some(0), "{trimmed}");
    cache(&["clear"]).good();
    assert_eq!(stats(&site)["total"]["count"], 0);
    site.build(&[]).good();
    site.tree("dist").assert_same(&versions[0]);
}

#[test]
fn a_completion_script_is_one_that_bash_reads() {
    let site = Site::empty();
    let script = site.planish(&["completions", "bash"]).good().stdout;
    site.write("completions", &script);
    let program = "source ./completions && complete -p planish";
    let mut bash = std::process::Command::new("bash");
    bash.current_dir(site.root()).args(["-c", program]);
    assert!(support::run(bash).good().stdout.contains("planish"));
    for command in ["build", "watch", "bundle", "cache"] {
        assert!(script.contains(command), "{command}");
    }
}
