//! The real readers of manifests: each renders a page whose tags load in Chromium, in the right order.

mod support;

use serde_json::Value;
use std::process::Command;
use support::{Site, Tree, node, repository, run};

/// The colours of the three stylesheets of an entry, each of which the next one overrides: text, background, border, and who wins.
const CASCADE: &str = "rgb(1, 0, 0) rgb(2, 0, 0) rgb(3, 0, 0) main";

/// The site of the fixture, built.
fn build(naming: &str) -> Site {
    let site = Site::copy_of("readers");
    site.edit("planish.toml", "[build]\n", &format!("[build]\nnaming = \"{naming}\"\n"));
    site.build(&[]).good();
    site
}

/// Runs a reader of `tests/readers` and returns what it prints.
#[track_caller]
fn read(program: &str, script: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(program);
    command.arg(repository("tests/readers").join(script)).args(arguments);
    run(command).good().stdout
}

/// The interpreter with the packages of `tests/setup/requirements.txt`.
fn python() -> String {
    repository("tests/setup/.venv/bin/python").display().to_string()
}

/// Puts tags into a page beside the build and opens it: nothing may fail, and the stylesheets must be in order.
#[track_caller]
fn assert_works(site: &Site, tags: &str) {
    let page = std::fs::read_to_string(repository("tests/readers/page.html")).expect("it is there");
    site.write("dist/page.html", page.replace("TAGS", tags));
    let dist = site.path("dist");
    let dist = dist.to_str().expect("the path is UTF-8");
    let report = node(
        "tests/browser/open.mjs",
        &[dist, "page.html", "--base", "/static/", "--click", "body", "--wait", "body[data-lazy]"],
    );
    let report = report.json();
    assert_eq!(report["errors"], serde_json::json!([]), "{tags}");
    assert_eq!(report["body"]["cascade"], CASCADE, "{tags}");
    assert_eq!(report["body"]["entry"], "main on base", "{tags}");
}

#[track_caller]
fn assert_order(tags: &str, dist: &Tree) {
    let place = |stem: &str| {
        let path = dist.one(&format!("assets/{stem}-"), ".css");
        tags.find(path).unwrap_or_else(|| panic!("{path} is not in {tags}"))
    };
    let places = ["base", "shared", "main"].map(place);
    assert!(places.is_sorted(), "{tags}");
}

#[test]
fn django_vite() {
    let site = build("vite");
    let dist = site.path("dist").display().to_string();
    for manifest in [".vite/manifest.json", "laravel.json"] {
        let tags = read(&python(), "django_vite_page.py", &[&dist, manifest, "src/main.js"]);
        assert_order(&tags, &site.tree("dist"));
        assert_works(&site, &tags);
    }
}

#[test]
fn django_and_whitenoise_resolve_names_and_mark_hashed_files_immutable() {
    let site = build("django");
    let dist = site.path("dist").display().to_string();
    let names = ["assets/main.js", "src/main.js", "assets/shared.css", "src/logo.svg", "robots.txt"];
    let answers: Value =
        serde_json::from_str(&read(&python(), "whitenoise_page.py", &[&[&*dist], &names[..]].concat())).expect("JSON");
    for name in names {
        let answer = &answers[name];
        assert_eq!(answer["status"], 200, "{name}: {answer}");
        let cache = answer["cache"].as_str().expect("a header");
        assert_eq!(cache.contains("immutable"), name != "robots.txt", "{name}: {answer}");
    }
    let url = |name: &str| answers[name]["url"].as_str().expect("a URL").to_owned();
    assert_eq!(url("assets/main.js"), url("src/main.js"));
    assert!(url("assets/main.js").starts_with("/static/assets/main."));
    // The page of a template without a helper: names by hand.
    let names = ["assets/base.css", "assets/shared.css", "assets/main.css"];
    let answers: Value =
        serde_json::from_str(&read(&python(), "whitenoise_page.py", &[&[&*dist], &names[..]].concat())).expect("JSON");
    let styles =
        names.map(|name| format!("<link rel=stylesheet href={}>", answers[name]["url"].as_str().expect("a URL")));
    assert_works(&site, &format!("{}<script type=module src={}></script>", styles.concat(), url("src/main.js")));
}

#[test]
fn flask_with_the_helper_and_minijinja_write_the_same_tags() {
    let site = build("vite");
    let dist = site.path("dist").display().to_string();
    let tags = read(&python(), "flask_page.py", &[&dist, "planish.json", "src/main.js"]);
    assert_order(&tags, &site.tree("dist"));
    assert_works(&site, &tags);
    let manifest = planish_tags::Manifest::read(&site.read("dist/planish.json")).expect("it is good");
    assert_eq!(manifest.tags("src/main.js", &planish_tags::Options::default()).expect("it is there"), tags.trim());
    assert_eq!(tags.matches(" integrity=\"sha384-").count(), 8, "{tags}");
}

#[test]
fn express() {
    let site = build("vite");
    let dist = site.path("dist").display().to_string();
    let tags = node("tests/readers/express_page.mjs", &[&dist, ".vite/manifest.json", "src/main.js"]).good().stdout;
    assert_order(&tags, &site.tree("dist"));
    assert_works(&site, &tags);
}

const NAMES: [&str; 4] = ["assets/base.css", "assets/shared.css", "assets/main.css", "assets/main.js"];

#[test]
fn symfony_with_twig() {
    let site = build("vite");
    let dist = site.path("dist").display().to_string();
    assert_works(&site, &read("php", "symfony_page.php", &[&[&*dist, "flat.json"], &NAMES[..]].concat()));
}

#[test]
fn sprockets_rails() {
    let site = build("vite");
    let dist = site.path("dist").display().to_string();
    assert_works(&site, &read("ruby", "sprockets_page.rb", &[&[&*dist], &NAMES[..]].concat()));
}

/// Readers whose packages cannot be had, by the rules that they read by.
#[test]
fn rules_of_other_readers_give_the_same_order() {
    let site = build("vite");
    let dist = site.path("dist").display().to_string();
    let pages = node("tests/readers/rules.mjs", &[&dist, "main", "src/main.js"]).good().json();
    let pages = pages.as_object().expect("an object");
    let names: Vec<&str> = pages.keys().map(String::as_str).collect();
    let expected = [
        "laravel",
        "laravel-mix",
        "vite-ruby",
        "olivere-vite",
        "vite-go",
        "pentatrion",
        "asset-mapper",
        "webpack",
        "propshaft",
        "phoenix",
    ];
    assert_eq!(names, expected);
    for (name, tags) in pages {
        let tags = tags.as_str().expect("text");
        assert_order(tags, &site.tree("dist"));
        assert!(tags.contains(site.tree("dist").one("assets/main-", ".js")), "{name}: {tags}");
    }
    // Those that differ in where they put the script.
    for name in ["laravel", "vite-ruby", "olivere-vite", "webpack"] {
        assert_works(&site, pages[name].as_str().expect("text"));
    }
}

#[test]
fn planish_json_is_as_its_schema_says() {
    let site = Site::copy_of("storefront");
    site.edit("planish.toml", "[service_worker]", "[manifest]\nformats = [\"planish\"]\n\n[service_worker]");
    site.build(&["--mode", "development"]).good();
    for site in [&site, &build("phoenix")] {
        let manifest = site.path("dist/planish.json").display().to_string();
        let schema = repository("pipeline/tags/planish.schema.json").display().to_string();
        read(&python(), "validate.py", &[&schema, &manifest]);
        let dist = site.tree("dist");
        let manifest: Value = serde_json::from_str(dist.text("planish.json")).expect("JSON");
        for (path, file) in manifest["files"].as_object().expect("an object") {
            assert_eq!(file["size"], dist.bytes(path).len(), "{path}");
            for (suffix, size) in file["compressed"].as_object().into_iter().flatten() {
                assert_eq!(*size, dist.bytes(&format!("{path}.{suffix}")).len(), "{path}");
            }
        }
        let images = manifest["sources"].as_object().expect("an object").iter();
        for (path, image) in images.filter(|(_, source)| source["width"].as_u64() > Some(32)) {
            assert!(image["placeholder"].is_string(), "{path}");
        }
    }
}

#[test]
fn every_manifest_names_only_what_is_there_and_is_the_same_again() {
    let site = build("phoenix");
    let first = site.tree("dist");
    let manifests: Vec<&str> =
        first.ending(".json").into_iter().filter(|path| !path.starts_with(".planish/")).collect();
    assert_eq!(manifests.len(), 17, "{manifests:?}");
    for path in &manifests {
        let text = first.text(path);
        for part in
            text.split('"').filter(|part| part.contains("assets/") && part.contains('.') && !part.contains("sha"))
        {
            let file = part.trim_start_matches("/static/").trim_start_matches('/');
            let is_name = file.split(['-', '.']).all(|part| part.len() != 32);
            assert!(is_name || first.has(file), "{path} names {part}");
        }
    }
    assert!(first.one("assets/main-", ".js").len() == "assets/main-.js".len() + 32);
    let again = Site::copy_of("readers");
    again.edit("planish.toml", "[build]\n", "[build]\nnaming = \"phoenix\"\n");
    again.build(&["--jobs", "1", "--no-cache"]).good();
    again.tree("dist").assert_same(&first);
    // A build after an edit is the same as one from nothing.
    for site in [&site, &again] {
        site.edit("src/base.css", "--order: base", "--order: bottom");
        site.write("public/new.txt", "new");
    }
    site.build(&[]).good();
    std::fs::remove_dir_all(again.path("dist")).expect("it is there");
    again.build(&["--no-cache"]).good();
    site.tree("dist").assert_same(&again.tree("dist"));
    assert!(!site.tree("dist").differences(&first).is_empty());
}

#[test]
fn manifests_of_one_name_are_an_error() {
    let site = Site::copy_of("readers");
    site.edit("planish.toml", "\"mix\", ", "\"mix\", \"flat\", \"webpack\", ");
    let run = site.build(&[]).exits(1);
    assert!(
        run.stderr.contains("error[duplicate-output]: the manifest `manifest.json` has the name of another file"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("`{ format = \"…\", path = \"…\" }` in `manifest.formats`"), "{}", run.stderr);
}

#[test]
fn a_name_that_two_files_would_share_is_no_name() {
    let picture = |colour: &str| format!("<svg xmlns=\"http://www.w3.org/2000/svg\"><path fill=\"{colour}\"/></svg>");
    let site = Site::of(&[
        ("planish.toml", "[manifest]\nformats = [\"flat\"]\n[build]\nentries = [\"index.html\"]\n"),
        ("index.html", "<img src=a/logo.svg><img src=b/logo.svg><img src=c.svg>"),
        ("a/logo.svg", &picture("red")),
        ("b/logo.svg", &picture("blue")),
        ("c.svg", &picture("green")),
    ]);
    site.build(&[]).good();
    let manifest: Value = serde_json::from_str(&site.read("dist/manifest.json")).expect("JSON");
    let names: Vec<&str> = manifest.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(names, ["a/logo.svg", "assets/c.svg", "b/logo.svg", "c.svg", "index.html"]);
}
