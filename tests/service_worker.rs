//! Service workers of real builds in Chromium. What happens in the browser is in `browser/worker`; here the sites are made.

mod support;

use support::{Site, node, run};

const PAGE: &str =
    "<!doctype html><title>TITLE</title><script type=module src=/src/main.js></script><body><h1>TITLE</h1></body>";

const MAIN: &str = r#"
import { apply, check, register, version } from "virtual:planish/sw";
import { release } from "./release.js";
const say = (name, text = "") => (document.body.dataset[name] = text);
say("release", release);
Object.assign(window, { apply, check, version, lazy: () => import("./lazy.js").then(({ text }) => text) });
register({ onReady: () => say("kept"), onUpdate: () => say("update"), onError: (error) => say("failed", error.message) });
say("ready");
"#;

/// A site of three pages, a lazy module and two large files. `configuration` is the section of the worker.
fn site(configuration: &str) -> Site {
    let page = |title: &str| PAGE.replace("TITLE", title);
    let settings = format!(
        "[build]\nentries = ['*.html']\n[compress]\ngzip = false\nbrotli = false\n[js]\nsplit.min_size = 0\n[service_worker]\nenabled = true\noffline = 'offline.html'\napp_shell = ['/app/*']\n{configuration}"
    );
    let lazy = "import { shared } from './shared.js';\nexport const text = shared + ' 1';";
    let site = Site::of(&[
        ("planish.toml", &settings),
        ("index.html", &page("Home")),
        ("about.html", &page("About")),
        ("offline.html", "<!doctype html><title>Offline</title><body data-ready>Offline</body>"),
        ("src/main.js", MAIN),
        ("src/release.js", "export const release = '1';"),
        ("src/lazy.js", lazy),
        ("src/shared.js", "export const shared = 'lazy';"),
    ]);
    for (name, byte) in [("a", 1_u32), ("b", 2), ("c", 3)] {
        // Text that is no smaller when a browser compresses it for its cache.
        let mut state = byte;
        let mut digit = || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            char::from(b'a' + (state % 26) as u8)
        };
        let text: String = (0..400_000).map(|_| digit()).collect();
        site.write(&format!("public/{name}.txt"), text);
    }
    site
}

/// Builds the site into a folder.
#[track_caller]
fn release(site: &Site, out: &str) -> String {
    site.build(&["--out", out]).good();
    site.path(out).to_string_lossy().into_owned()
}

/// The next release: another lazy module, another number in the main one.
#[track_caller]
fn next_release(site: &Site, out: &str) -> String {
    site.edit("src/release.js", "'1'", "'2'");
    site.edit("src/lazy.js", "' 1'", "' 2'");
    release(site, out)
}

#[track_caller]
fn visit(file: &str, scenario: &str, releases: &[String]) {
    let releases: Vec<&str> = releases.iter().map(String::as_str).collect();
    node("tests/browser/worker/run.mjs", &[&[file, scenario], &releases[..]].concat()).good();
}

const TOLERANT: &str = "precache.tolerant = ['a.txt', 'b.txt', 'c.txt']\n";

#[test]
fn a_site_opens_without_a_network() {
    let site = site(TOLERANT);
    visit("releases", "offline", &[release(&site, "1")]);
}

#[test]
fn the_app_shell_is_there_at_once() {
    let site = site("");
    visit("releases", "shell", &[release(&site, "1")]);
}

#[test]
fn an_update_loads_only_what_changed_and_waits() {
    let site = site(TOLERANT);
    visit("releases", "updates", &[release(&site, "1"), next_release(&site, "2")]);
}

#[test]
fn tabs_of_the_last_release_go_on() {
    let site = site("");
    visit("releases", "tabs", &[release(&site, "1"), next_release(&site, "2")]);
}

#[test]
fn a_release_that_does_not_load_is_not_kept() {
    let site = site("");
    visit("releases", "critical", &[release(&site, "1"), next_release(&site, "2")]);
}

#[test]
fn a_file_that_was_changed_on_its_way_is_not_kept() {
    let site = site("");
    visit("releases", "integrity", &[release(&site, "1")]);
}

#[test]
fn the_kill_switch_ends_a_worker() {
    let site = site(TOLERANT);
    let releases = [release(&site, "1"), next_release(&site, "2")];
    site.edit("planish.toml", "enabled = true", "kill = true");
    site.edit("src/release.js", "'2'", "'3'");
    let killing = release(&site, "3");
    visit("releases", "kill", &[&releases[..], &[killing]].concat());
}

#[test]
fn a_file_that_the_site_can_do_without_may_be_missing() {
    let site = site(TOLERANT);
    visit("tolerant", "missing", &[release(&site, "1")]);
}

#[test]
fn a_server_that_fails_is_asked_again() {
    let site = site("");
    visit("tolerant", "retried", &[release(&site, "1")]);
}

#[test]
fn too_little_space_leaves_what_fits() {
    let site = site(TOLERANT);
    visit("tolerant", "quota", &[release(&site, "1"), next_release(&site, "2")]);
}

/// Rules of every kind.
const RULES: &str = "navigation_preload = true
[[service_worker.runtime]]
urls = ['/first/never/*']
strategy = 'network-only'
[[service_worker.runtime]]
urls = ['/first/*', 'http://localhost:*/first/*']
strategy = 'cache-first'
max_age = '60s'
max_entries = 3
max_size = 1000
[[service_worker.runtime]]
urls = ['/asked/*', 'http://localhost:*/asked/*']
strategy = 'cache-first'
opaque = true
credentials = true
[[service_worker.runtime]]
urls = ['/network/*', '/articles/*']
strategy = 'network-first'
timeout = '4s'
[[service_worker.runtime]]
urls = ['/stale/*']
strategy = 'stale-while-revalidate'
";

#[test]
fn rules_ask_the_cache_and_the_network_in_their_order() {
    let site = site(RULES);
    visit("rules", "strategies", &[release(&site, "1")]);
}

#[test]
fn rules_keep_no_more_and_no_longer_than_they_may() {
    let site = site(RULES);
    visit("rules", "limits", &[release(&site, "1")]);
}

#[test]
fn rules_keep_what_is_for_one_user_only_if_they_say_so() {
    let site = site(RULES);
    visit("rules", "personal", &[release(&site, "1")]);
}

#[test]
fn rules_keep_pages_and_other_pages_are_asked_for_early() {
    let site = site(RULES);
    site.edit("planish.toml", "offline = 'offline.html'\n", "");
    visit("rules", "pages", &[release(&site, "1")]);
}

#[test]
#[cfg(unix)]
fn workbox_keeps_what_the_list_names() {
    let site = site("");
    site.edit("planish.toml", "offline = 'offline.html'\napp_shell = ['/app/*']\n", "inject = 'src/sw.ts'\n");
    let worker = "import { precacheAndRoute } from 'workbox-precaching';
declare const self: ServiceWorkerGlobalScope & { __WB_MANIFEST: Parameters<typeof precacheAndRoute>[0] };
self.addEventListener('message', ({ data }: MessageEvent) => void (data?.type === 'SKIP_WAITING' && self.skipWaiting()));
self.addEventListener('activate', (event: ExtendableEvent) => event.waitUntil(self.clients.claim()));
precacheAndRoute(self.__WB_MANIFEST);
";
    site.write("src/sw.ts", worker);
    let packages = support::repository("tests/setup/node_modules");
    assert!(packages.join("workbox-precaching").exists(), "`tests/run --setup` installs it");
    std::os::unix::fs::symlink(packages, site.path("node_modules")).expect("the site is writable");
    let more = "[cache]\ndir = 'cache'\n[manifest]\nformats = ['vite', 'flat']\n";
    site.write("planish.toml", site.read("planish.toml") + more);
    let releases = [release(&site, "1"), next_release(&site, "2")];
    let text = site.read("1/sw.js");
    assert!(!text.contains("__WB_MANIFEST") && !text.contains("import "), "{text}");
    assert!(!site.read("1/.vite/manifest.json").contains("sw"), "pages do not load it");
    assert!(site.read("1/manifest.json").contains("\"sw.js\": \"/sw.js\""), "{}", site.read("1/manifest.json"));
    visit("workbox", "precaching", &releases);
}

#[test]
fn workers_are_the_same_from_every_folder_and_every_cache() {
    let (site, other) = (site(RULES), site(RULES));
    release(&site, "1");
    next_release(&site, "2");
    next_release(&other, "2");
    site.tree("2").assert_same(&other.tree("2"));
    let mut single = site.command(&["build", "--no-cache", "--out", "3"]);
    single.env("RAYON_NUM_THREADS", "1");
    run(single).good();
    site.tree("2").assert_same(&site.tree("3"));
}

#[test]
fn a_worker_of_ones_own_that_cannot_be_used_is_an_error() {
    let check = |source: Option<&str>, code: i32, expected: &[&str]| {
        let site = site("");
        let keys = "offline = 'offline.html'\napp_shell = ['/app/*']\n";
        site.edit("planish.toml", keys, "inject = 'src/sw.js'\n");
        source.into_iter().for_each(|source| site.write("src/sw.js", source));
        let run = site.build(&[]).exits(code);
        for text in expected {
            assert!(run.stderr.contains(text), "{}", run.stderr);
        }
        assert!(!site.path("dist").exists());
    };
    check(None, 2, &["error[missing-entry]: the service worker `src/sw.js` does not exist", "planish.toml:"]);
    check(Some("self.x = 1"), 1, &["error[inject-place]: `src/sw.js` does not ask for the list of files"]);
    check(Some("self.__WB_MANIFEST; import './no.js'"), 1, &["error[missing-module]: cannot find `./no.js`"]);
    let with_file = "self.x = [self.__WB_MANIFEST, new URL('./lazy.js?url', import.meta.url)]";
    check(Some(with_file), 1, &["error[inject-files]: `src/sw.js` needs files beside it"]);
}

#[test]
fn without_a_worker_the_client_does_nothing() {
    let site = site("");
    site.edit("planish.toml", "enabled = true", "enabled = false");
    release(&site, "1");
    assert!(!site.tree("1").has("sw.js"));
    visit("releases", "absent", &[site.path("1").to_string_lossy().into_owned()]);
}

#[test]
fn a_build_for_any_folder_has_a_worker_too() {
    let site = site(TOLERANT);
    site.edit("planish.toml", "entries = ['*.html']", "entries = ['*.html']\nbase = './'");
    visit("releases", "offline", &[release(&site, "1")]);
}
