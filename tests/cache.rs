//! The cache folder: shared by builds at once, moved to another place, kept small.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};
use support::{Random, Run, Site, copy, paths};

const MODULES: usize = 40;

/// So many that most of what is cached is packed.
const MANY: usize = 200;

/// A site of modules that import each other, which differ between variants in some.
fn site(variant: usize) -> Site {
    site_of(variant, MODULES)
}

fn site_of(variant: usize, modules: usize) -> Site {
    let site = Site::of(&[
        ("planish.toml", "[build]\nentries = [\"index.html\"]\n[compress]\nbrotli = 5\n"),
        ("index.html", "<!doctype html><title>Site</title><script type=\"module\" src=\"src/0.js\"></script>\n"),
        ("src/style.css", "h1 { color: red }\n"),
    ]);
    for number in 0..modules {
        let own = if number % 8 == variant % 8 { variant } else { 0 };
        let mut text = format!("export const value{number} = () => [{number}, \"variant {own}\"];\n");
        for import in [2 * number + 1, 2 * number + 2].into_iter().filter(|import| *import < modules) {
            text = format!("import {{ value{import} }} from \"./{import}.js\";\n{text}console.log(value{import}());\n");
        }
        site.write(&format!("src/{number}.js"), text);
    }
    site.edit("src/0.js", "export const value0", "import \"./style.css\";\nexport const value0");
    site
}

fn text(path: &Path) -> &str {
    path.to_str().expect("the path is UTF-8")
}

/// What a build of a fresh copy without a cache makes.
fn clean(variant: usize) -> support::Tree {
    let site = site_of(variant, MANY);
    site.build(&["--no-cache"]).good();
    site.tree("dist")
}

fn ran(run: &Run) -> usize {
    run.json()["ran"].as_array().expect("a list").len()
}

#[test]
fn eight_builds_at_once_share_a_cache() {
    let cache = Site::empty();
    let folder = cache.path("cache");
    let expected: Vec<_> = (0..4).map(clean).collect();
    for round in 0..3 {
        // Two of each kind, so that some want the same entries at the same moment.
        let sites: Vec<Site> = (0..8).map(|number| site_of(number % 4, MANY)).collect();
        let builds: Vec<_> = sites
            .iter()
            .map(|site| site.command(&["build", "--cache-dir", text(&folder)]).spawn().expect("the binary starts"))
            .collect();
        // Somebody cleans up meanwhile.
        cache.planish(&["cache", "gc", "--cache-dir", text(&folder), "--max-size", "40kB"]).good();
        for mut build in builds {
            assert!(build.wait().expect("it ends").success(), "round {round}");
        }
        for (number, site) in sites.iter().enumerate() {
            site.tree("dist").assert_same(&expected[number % 4]);
        }
        cache.planish(&["cache", "verify", "--cache-dir", text(&folder)]).good();
        let unfinished = paths(&folder).into_iter().filter(|path| path.ends_with(".tmp")).count();
        assert_eq!(unfinished, 0, "nothing is half written");
    }
}

/// What CI does: it restores the folder, builds, and saves the folder, each time in another place.
#[test]
fn a_cache_that_was_copied_serves_another_checkout() {
    let first = site_of(1, MANY);
    let cold = first.build(&["--json"]).good();
    assert!(ran(&cold) > MANY);
    let files = paths(&first.path(".planish-cache")).len();
    assert!(files < 100, "{files} files");
    let second = Site::empty();
    copy(first.root(), &second.path("a/longer/path/to/the/site"));
    copy(&first.path(".planish-cache"), &second.path("a/longer/path/to/the/site/.planish-cache"));
    let build = |arguments: &[&str]| {
        let mut command = second.command(&[&["build", "a/longer/path/to/the/site", "--json"], arguments].concat());
        command.env("RAYON_NUM_THREADS", "3");
        support::run(command).good()
    };
    let warm = build(&[]);
    assert_eq!(ran(&warm), 0, "{}", warm.stdout);
    second.tree("a/longer/path/to/the/site/dist").assert_same(&first.tree("dist"));
    // One edit later, the same again.
    let edited = second.read("a/longer/path/to/the/site/src/7.js").replace("variant", "edition");
    second.write("a/longer/path/to/the/site/src/7.js", edited);
    assert!((1..10).contains(&ran(&build(&[]))));
    second.planish(&["cache", "verify", "a/longer/path/to/the/site"]).good();
}

#[test]
fn a_cache_that_may_only_be_read_serves_too() {
    let site = site_of(1, MANY);
    site.build(&[]).good();
    let before = site.tree("dist");
    let folder = site.path(".planish-cache");
    let set_writable = |is_writable: bool| {
        for path in walkdir::WalkDir::new(&folder).into_iter().flatten() {
            let mut permissions = path.metadata().expect("it is there").permissions();
            std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, if is_writable { 0o755 } else { 0o555 });
            fs::set_permissions(path.path(), permissions).expect("it is ours");
        }
    };
    set_writable(false);
    let run = site.build(&["--json", "--out", "again"]);
    set_writable(true);
    assert_eq!(ran(&run.good()), 0);
    site.tree("again").assert_same(&before);
}

#[test]
fn a_cache_beyond_its_size_loses_what_was_not_used_for_the_longest_time() {
    let site = site(0);
    site.build(&[]).good();
    let size = |site: &Site| {
        site.planish(&["cache", "stats", "--json"]).good().json()["total"]["bytes"].as_u64().expect("a number")
    };
    let all = size(&site);
    // Entries of a week ago, of which the next build uses all but those of one module.
    let week = SystemTime::now() - Duration::from_secs(7 * 24 * 60 * 60);
    let folder = site.path(".planish-cache/v2");
    for path in paths(&folder) {
        fs::File::options()
            .append(true)
            .open(folder.join(path))
            .and_then(|file| file.set_modified(week))
            .expect("it is ours");
    }
    let before: BTreeSet<String> = paths(&folder).into_iter().collect();
    let limit = all + 1_000;
    let config = site.read("planish.toml");
    site.write("planish.toml", format!("{config}[cache]\nmax_size = \"{limit}B\"\n"));
    let edited = site.read("src/7.js").replace("variant", "another text that is somewhat longer than before");
    site.write("src/7.js", edited);
    site.build(&["--out", "again"]).good();
    assert!(size(&site) <= limit);
    let after: BTreeSet<String> = paths(&folder).into_iter().collect();
    let removed: Vec<&String> = before.difference(&after).collect();
    assert!(!removed.is_empty() && removed.len() < before.len() / 2, "{removed:?}");
    // What is in use is still there.
    let again = site.build(&["--json", "--out", "once-more"]).good();
    assert_eq!(ran(&again), 0, "{}", again.stdout);
}

#[test]
fn any_damage_to_the_cache_is_repaired() {
    let site = site_of(2, MANY);
    site.build(&[]).good();
    let expected = site.tree("dist");
    let folder = site.path(".planish-cache/v2");
    let mut random = Random::new(7);
    for round in 0..5 {
        let entries = paths(&folder);
        for number in 0..20 {
            let pack = entries.iter().find(|path| number == 0 && path.starts_with("packs/"));
            let path = folder.join(pack.unwrap_or(&entries[random.below(entries.len() as u64) as usize]));
            let mut bytes = fs::read(&path).expect("it is there");
            match random.below(5) {
                0 => bytes.truncate(random.below(bytes.len() as u64 + 1) as usize),
                1 => bytes.extend([0; 3]),
                2 => bytes.iter_mut().for_each(|byte| *byte = 0),
                // Another sound entry.
                3 => {
                    bytes = fs::read(folder.join(&entries[random.below(entries.len() as u64) as usize]))
                        .expect("it is there")
                }
                _ if bytes.is_empty() => bytes.push(1),
                _ => {
                    let at = random.below(bytes.len() as u64) as usize;
                    bytes[at] ^= 1 << random.below(8);
                }
            }
            fs::write(&path, bytes).expect("it is ours");
        }
        fs::remove_dir_all(site.path("dist")).expect("it is ours");
        site.build(&[]).good();
        site.tree("dist").assert_same(&expected);
        let verified = site.planish(&["cache", "verify"]);
        assert!(matches!(verified.code, Some(0 | 1)), "round {round}: {}", verified.stderr);
        site.planish(&["cache", "verify"]).good();
    }
}

/// What the last build saw is kept under the same key each time, unlike all else.
#[test]
fn nothing_changed_is_seen_after_an_edit_too() {
    let site = site_of(0, MANY);
    let build = || {
        site.build(&["--trace", "trace.json"]).good();
        site.read("trace.json").contains("\"link\"")
    };
    assert!(build());
    assert!(!build(), "nothing changed");
    site.edit("src/7.js", "variant", "edition");
    assert!(build());
    assert!(!build(), "nothing changed after the edit");
    assert!(!build(), "nor then");
}
