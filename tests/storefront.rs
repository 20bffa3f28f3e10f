//! The two example sites, built as a user would build them and opened in a browser.

mod support;

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use support::{Run, Site, Tree, node, planish, repository, run, storefront};

/// Opens a page of a build in headless Chromium; the report of `open.mjs`.
#[track_caller]
fn open(folder: &Path, page: &str, steps: &[&str]) -> Value {
    let folder = folder.to_str().expect("the path is UTF-8");
    let run = node("tests/browser/open.mjs", &[&[folder, page], steps].concat());
    let report = run.json();
    assert_eq!(report["errors"], serde_json::json!([]), "{page}");
    run.good();
    report
}

/// The paths of a list in a report.
fn list<'a>(report: &'a Value, key: &str) -> Vec<&'a str> {
    report[key].as_array().expect("a list").iter().map(|item| item.as_str().expect("a path")).collect()
}

#[test]
fn every_page_works_with_its_lazy_route_and_so_it_does_after_a_reload_without_a_network() {
    let (site, _) = storefront();
    let titles = [
        ("index.html", "Harrow Lake Pottery"),
        ("catalogue.html", "Catalogue - Harrow Lake Pottery"),
        ("about.html", "The workshop - Harrow Lake Pottery"),
        ("product.html?id=vase", "Ridge vase - Harrow Lake Pottery"),
    ];
    for (page, title) in titles {
        let report = open(&site.path("dist"), page, &["--lazy", "--service-worker", "--lazy"]);
        assert_eq!(report["title"], title);
        assert_eq!(report["body"]["lazy"], "true", "{page}");
        assert_eq!(report["body"]["money"], "browser-production", "{page}");
    }
}

#[test]
fn without_a_network_an_unknown_address_shows_the_first_page() {
    let (site, _) = storefront();
    let report = open(&site.path("dist"), "about.html", &["--service-worker", "--fallback", "never/was/here"]);
    assert_eq!(report["title"], "Harrow Lake Pottery");
}

#[test]
fn browsers_get_modern_images_and_the_font() {
    let (site, _) = storefront();
    let report = open(&site.path("dist"), "index.html", &[]);
    let images = list(&report, "images");
    assert!(images.iter().any(|image| image.starts_with("/assets/hero-") && image.ends_with(".avif")), "{images:?}");
    assert_eq!(list(&report, "fonts"), ["Harrow Figures"]);
}

#[test]
fn what_nobody_uses_is_not_in_the_scripts() {
    let (site, _) = storefront();
    let dist = site.tree("dist");
    let scripts = dist.ending(".js");
    assert!(scripts.len() > 4, "{scripts:?}");
    // Functions that no module calls, exports behind other conditions, code for development.
    let unused =
        ["0.2126", "translateX", "ja-JP", "node-import", "browser-development", "what was stored", "a whole number"];
    for script in scripts {
        for text in unused {
            assert!(!dist.text(script).contains(text), "`{text}` is in {script}");
        }
    }
    for text in unused {
        assert!(is_in_sources(&site, text), "`{text}` is not in the sources, so its absence says nothing");
    }
}

fn is_in_sources(site: &Site, text: &str) -> bool {
    ["node_modules", "src"].iter().map(|folder| site.tree(folder)).any(|tree| {
        tree.paths().any(|path| std::str::from_utf8(tree.bytes(path)).is_ok_and(|source| source.contains(text)))
    })
}

#[test]
fn every_name_in_the_manifest_is_a_file() {
    let (site, _) = storefront();
    let dist = site.tree("dist");
    let manifest: Value = serde_json::from_str(dist.text(".vite/manifest.json")).expect("the manifest is JSON");
    let chunks = manifest.as_object().expect("an object");
    let mut files = BTreeSet::new();
    for (key, chunk) in chunks {
        files.insert(chunk["file"].as_str().unwrap_or_else(|| panic!("{key} has no file")));
        for list in ["css", "assets"] {
            files.extend(chunk[list].as_array().into_iter().flatten().map(|file| file.as_str().expect("a path")));
        }
        for list in ["imports", "dynamicImports"] {
            for import in chunk[list].as_array().into_iter().flatten() {
                let import = import.as_str().expect("a key");
                assert!(chunks.contains_key(import), "{key} imports {import}, which is not in the manifest");
            }
        }
    }
    for file in &files {
        assert!(dist.has(file), "{file} does not exist");
    }
    for page in ["index.html", "catalogue.html", "about.html", "product.html"] {
        assert_eq!(chunks[page]["isEntry"], true, "{page}");
    }
    let unnamed: Vec<&str> =
        dist.ending(".js").into_iter().filter(|file| !files.contains(file) && *file != "sw.js").collect();
    assert!(unnamed.is_empty(), "the manifest does not name {unnamed:?}");
}

#[test]
fn every_local_address_in_pages_styles_and_scripts_is_a_file() {
    let (site, _) = storefront();
    let dist = site.tree("dist");
    let mut count = 0;
    for page in dist.ending(".html") {
        for address in attributes(dist.text(page)) {
            let path = address.trim_start_matches('/').split(['?', '#']).next().expect("a first part");
            assert!(dist.has(path), "{page} names {address}");
            count += 1;
        }
    }
    assert!(count > 60, "only {count} addresses were found");
    for style in dist.ending(".css") {
        for address in dist.text(style).split("url(").skip(1).filter_map(|rest| rest.split(')').next()) {
            let address = address.trim_matches(['"', '\'']).trim_start_matches("./");
            assert!(address.starts_with("data:") || dist.has(&format!("assets/{address}")), "{style} names {address}");
        }
    }
    for script in dist.ending(".js") {
        for name in dist.text(script).split(['"', '\'', '`']).filter_map(|text| text.strip_prefix("/assets/")) {
            assert!(dist.has(&format!("assets/{name}")), "{script} names {name}");
        }
    }
}

/// The addresses in a page's `href`, `src` and `srcset`.
fn attributes(page: &str) -> Vec<&str> {
    let values = |name: &'static str| page.split(name).skip(1).filter_map(|rest| rest.split('"').next());
    let sets = values(" srcset=\"").flat_map(|set| set.split(',')).filter_map(|item| item.split_whitespace().next());
    values(" href=\"").chain(values(" src=\"")).chain(sets).collect()
}

#[test]
fn every_compressed_file_decodes_to_its_original() {
    let (site, _) = storefront();
    let dist = site.tree("dist");
    for (suffix, program) in [
        (".gz", "process.stdout.write(require('zlib').gunzipSync(require('fs').readFileSync(process.argv[1])))"),
        (
            ".br",
            "process.stdout.write(require('zlib').brotliDecompressSync(require('fs').readFileSync(process.argv[1])))",
        ),
    ] {
        let compressed = dist.ending(suffix);
        assert!(compressed.len() > 10, "{compressed:?}");
        for path in compressed {
            let original = dist.bytes(path.strip_suffix(suffix).expect("it ends so"));
            assert!(dist.bytes(path).len() < original.len(), "{path} is no smaller than its original");
            let output = Command::new("node").args(["-e", program]).arg(site.path("dist").join(path)).output();
            assert!(output.expect("Node runs").stdout == original, "{path} decodes to something else");
        }
    }
    let output = Command::new("gzip").arg("-dc").arg(site.path("dist/index.html.gz")).output().expect("gzip runs");
    assert!(output.stdout == dist.bytes("index.html"), "gzip reads something else");
}

#[test]
fn the_static_folder_is_copied_as_it_is() {
    let (site, _) = storefront();
    let dist = site.tree("dist");
    let public = site.tree("public");
    for path in public.paths() {
        assert!(dist.bytes(path) == public.bytes(path), "{path}");
    }
}

#[test]
fn the_warm_build_reuses_everything_and_is_a_small_fraction_of_the_cold_one() {
    let (site, _) = storefront();
    let cache = support::cache();
    let arguments = ["--json", "--cache-dir", cache.to_str().expect("the path is UTF-8")];
    let warm = site.build(&arguments).good().json();
    for (task, count) in warm["tasks"].as_object().expect("an object") {
        assert_eq!(count["ran"], 0, "{task}: {}", warm["ran"]);
    }
    assert_eq!(warm["written"], 0);
    // A cold build takes twenty times as long at least; this leaves room for a machine that is busy with other tests.
    let duration = warm["duration_ms"].as_u64().expect("a number");
    assert!(duration < 5_000, "{duration} ms");
}

/// A build of the app with real libraries, which `tests/run --setup` installs.
fn react_shop() -> (Site, Run) {
    let app = repository("fixtures/apps/react-shop");
    assert!(app.join("node_modules/react").exists(), "`tests/run --setup` installs the app's packages");
    let target = Site::empty();
    let mut command = planish();
    command.current_dir(target.root()).arg("build").arg(app).args(["--json", "--out", "dist", "--cache-dir", "cache"]);
    (target, run(command).good())
}

#[test]
fn an_app_with_real_libraries_works() {
    let (target, built) = react_shop();
    assert_eq!(built.json()["diagnostics"], serde_json::json!([]));
    let dist = target.path("dist");
    let report = open(&dist, "index.html#/plant/attic-fern", &["--wait", "body[data-route=plant] article.plant"]);
    assert_eq!(report["title"], "Window Sill");
    assert_eq!(report["body"]["lazy"], "true");
    // By links, as a visitor goes: to a plant, into the cart, to the cart, to the other pages and home.
    let steps = [
        ["--wait", "body[data-route=home]"],
        ["--click", "[data-open-details]"],
        ["--wait", "body[data-route=plant] article.plant"],
        ["--click", "article.plant button"],
        ["--click", ".header-cart"],
        ["--wait", "body[data-route=cart] tr[data-line]"],
        ["--click", "nav a[href='#/calendar']"],
        ["--wait", "body[data-route=calendar] .calendar .today"],
        ["--click", "nav a[href='#/about']"],
        ["--wait", "body[data-route=about] dl"],
        ["--click", "nav a[href='#/home']"],
        ["--wait", "body[data-route=home] .grid"],
    ]
    .concat();
    open(&dist, "index.html", &steps);
    assert_no_development_code(&target.tree("dist"));
}

fn assert_no_development_code(dist: &Tree) {
    for script in dist.ending(".js") {
        let text = dist.text(script);
        assert!(!text.contains("process.env"), "{script} asks for the environment");
        assert!(!text.contains("react.development"), "{script} has React for development");
    }
}
