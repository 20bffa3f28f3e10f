//! A build does again only what a change makes necessary, and ends with what a clean build would have made.

mod support;

use serde_json::Value;
use std::fs::{self, File};
use std::time::{Duration, SystemTime};
use support::{Site, small_storefront, times};

/// A build's result.
#[track_caller]
fn build(site: &Site) -> Value {
    site.build(&["--json"]).good().json()
}

/// What a build computed: `task subject`, without the compressed siblings, which follow from everything else.
fn ran(result: &Value) -> Vec<String> {
    let pairs = result["ran"].as_array().expect("a list").iter();
    let text = |value: &Value| value.as_str().expect("a name").to_owned();
    let pairs = pairs.map(|pair| (text(&pair[0]), text(&pair[1]))).filter(|(task, _)| task != "compress");
    pairs.map(|(task, subject)| format!("{task} {subject}")).collect()
}

/// The output folder holds exactly what a clean build of the same sources makes.
#[track_caller]
fn assert_as_clean(site: &Site) {
    site.build(&["--no-cache", "--out", "clean"]).good();
    site.tree("dist").assert_same(&site.tree("clean"));
}

#[track_caller]
fn assert_nothing_was_done(result: &Value) {
    let tasks = result["tasks"].as_object().expect("an object");
    assert!(tasks.len() > 5, "{tasks:?}");
    for (task, count) in tasks {
        assert_eq!(count["ran"], 0, "{task} ran: {}", result["ran"]);
        assert_ne!(count["disk"], 0, "{task}");
    }
    assert_eq!(result["written"], 0);
}

#[test]
fn a_second_build_does_nothing() {
    let site = small_storefront();
    let first = build(&site);
    assert!(ran(&first).len() > 70, "the first does everything: {:?}", ran(&first));
    let (before, written) = (site.tree("dist"), times(&site.path("dist")));
    assert_nothing_was_done(&build(&site));
    assert_eq!(times(&site.path("dist")), written);
    site.tree("dist").assert_same(&before);
}

#[test]
fn a_new_time_of_the_same_file_is_no_change() {
    let site = small_storefront();
    build(&site);
    let written = times(&site.path("dist"));
    for path in ["index.html", "src/shell.ts", "src/styles/cards.css", "src/photos/mug.jpg", "public/robots.txt"] {
        let file = File::options().append(true).open(site.path(path)).expect("it is there");
        file.set_modified(SystemTime::now() + Duration::from_secs(60)).expect("it is ours");
    }
    assert_nothing_was_done(&build(&site));
    assert_eq!(times(&site.path("dist")), written);
}

#[test]
fn another_folder_reuses_everything_of_a_shared_cache() {
    let (site, other) = (small_storefront(), small_storefront());
    let cache = Site::empty();
    let arguments = ["--json", "--cache-dir", cache.root().to_str().expect("the path is UTF-8")];
    site.build(&arguments).good();
    let second = other.build(&arguments).good().json();
    assert_eq!(ran(&second), [""; 0]);
    other.tree("dist").assert_same(&site.tree("dist"));
}

#[test]
fn an_edited_stylesheet_is_transformed_and_its_chunk_rendered() {
    let site = small_storefront();
    build(&site);
    site.edit("src/styles/product.css", "opacity: 0.7", "outline: 3px solid");
    let second = build(&site);
    assert_eq!(ran(&second), ["css src/styles/product.css", "css-render product"]);
    assert!(site.tree("dist").text(site.tree("dist").one("assets/product-", ".css")).contains("outline:3px solid"));
    assert_as_clean(&site);
}

#[test]
fn an_edited_module_is_transformed_and_its_chunk_rendered() {
    let site = small_storefront();
    build(&site);
    site.edit("src/care/advice.ts", "Let it stain.", "Let it be stained.");
    let second = build(&site);
    assert_eq!(second["tasks"]["js"]["ran"], 1, "{:?}", ran(&second));
    let ran = ran(&second);
    assert!(ran.contains(&"js src/care/advice.ts".to_owned()) && ran.contains(&"js-chunk care".to_owned()), "{ran:?}");
    let others = ran.iter().filter(|name| !name.starts_with("js")).count();
    assert_eq!(others, 0, "{ran:?}");
    let chunks = ran.iter().filter(|name| name.starts_with("js-chunk")).count();
    assert_eq!(chunks, 1, "no other chunk holds any of it: {ran:?}");
    assert_as_clean(&site);
}

#[test]
fn an_edited_page_is_transformed_alone() {
    let site = small_storefront();
    build(&site);
    site.edit("about.html", "invented.", "made up.");
    assert_eq!(ran(&build(&site)), ["html about.html"]);
    assert_as_clean(&site);
}

#[test]
fn another_mode_or_base_is_another_build() {
    let site = small_storefront();
    build(&site);
    site.build(&["--base", "/shop/"]).good();
    assert!(site.tree("dist").text("index.html").contains("\"/shop/assets/"));
    build(&site);
    assert_as_clean(&site);
    let production = site.tree("dist");
    site.build(&["--mode", "development"]).good();
    assert!(!site.tree("dist").differences(&production).is_empty());
    let back = build(&site);
    assert_eq!(ran(&back), [""; 0], "the first mode's work is still there");
    site.tree("dist").assert_same(&production);
}

#[test]
fn files_that_are_not_needed_any_more_are_removed_and_files_of_others_stay() {
    let site = small_storefront();
    build(&site);
    let before = site.tree("dist");
    let removed: Vec<String> =
        [".avif", ".jpg", ".webp"].iter().map(|end| before.one("assets/studio-small-", end).to_owned()).collect();
    site.write("dist/assets/studio-small-00000000.jpg", "somebody else's");
    site.write("dist/uploads/letter.txt", "somebody else's too");
    for page in ["about.html", "product.html"] {
        site.write(page, site.read(page).replace("studio-small.jpg", "studio.jpg"));
    }
    build(&site);
    let after = site.tree("dist");
    for path in &removed {
        assert!(!after.has(path), "{path} is still there");
    }
    assert_eq!(after.text("assets/studio-small-00000000.jpg"), "somebody else's");
    assert_eq!(after.text("uploads/letter.txt"), "somebody else's too");
    fs::remove_file(site.path("dist/assets/studio-small-00000000.jpg")).expect("it is there");
    fs::remove_dir_all(site.path("dist/uploads")).expect("it is there");
    assert_as_clean(&site);
}

#[test]
fn what_somebody_did_to_the_output_is_put_right() {
    let site = small_storefront();
    build(&site);
    let before = site.tree("dist");
    let script = before.one("assets/product-", ".js");
    site.write(&format!("dist/{script}"), "broken");
    fs::remove_file(site.path("dist/index.html")).expect("it is there");
    assert_eq!(build(&site)["written"], 2);
    site.tree("dist").assert_same(&before);
}

#[test]
fn a_damaged_cache_is_computed_anew() {
    let site = small_storefront();
    build(&site);
    let before = site.tree("dist");
    let folder = "node_modules/.cache/planish";
    let cache = site.tree(folder);
    let stats = site.planish(&["cache", "stats", "--json"]).good().json();
    assert!(stats["total"]["count"].as_u64() > Some(100), "{stats}");
    assert!(cache.paths().any(|path| path.contains("/packs/")));
    for (number, path) in cache.paths().enumerate() {
        let bytes = cache.bytes(path);
        let mut damaged = bytes.to_vec();
        match number % 3 {
            0 => damaged.truncate(bytes.len() / 2),
            1 => damaged.clear(),
            _ => damaged.iter_mut().rev().take(1).for_each(|byte| *byte ^= 1),
        }
        site.write(&format!("{folder}/{path}"), damaged);
    }
    let run = site.build(&["--out", "again"]).good();
    assert!(run.stderr.contains("warning[cache-damaged]: "), "{}", run.stderr);
    site.tree("again").assert_same(&before);
}
