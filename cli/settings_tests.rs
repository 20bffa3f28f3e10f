//! How flags and configuration are joined, and what is refused.

use super::*;
use std::fs;

struct Site(tempfile::TempDir);

impl Site {
    fn new(config: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir_all(folder.path().join("src")).expect("writable");
        fs::write(folder.path().join("index.html"), "").expect("writable");
        fs::write(folder.path().join("src/main.js"), "").expect("writable");
        fs::write(folder.path().join("planish.toml"), config).expect("writable");
        Self(folder)
    }

    fn root(&self) -> PathBuf {
        self.0.path().canonicalize().expect("it exists")
    }

    fn load(&self, change: impl FnOnce(&mut BuildFlags)) -> Result<Settings, Vec<String>> {
        let mut flags = BuildFlags { root: self.0.path().to_owned(), ..BuildFlags::default() };
        change(&mut flags);
        load(&flags, Usual { mode: Mode::Production, repeats: false })
            .map_err(|refused| refused.diagnostics.into_iter().map(|error| error.message).collect())
    }

    #[track_caller]
    fn refuses(config: &str, expected: &[&str]) {
        assert_eq!(Self::new(config).load(|_| {}).expect_err("it is refused"), expected);
    }
}

#[test]
fn the_usual_site_needs_no_configuration() {
    let site = Site::new("");
    let settings = site.load(|_| {}).expect("good");
    let options = settings.session;
    assert_eq!(options.out, site.root().join("dist"));
    assert_eq!(options.base, "/");
    assert_eq!(options.cache, Some(site.root().join(".planish-cache")));
    let paths: Vec<&str> = options.manifests.iter().map(|manifest| manifest.path.as_str()).collect();
    assert_eq!(paths, [".vite/manifest.json"]);
    assert_eq!(options.static_folder, None);
    assert!(options.resolve.production && settings.plugins.compress.is_some() && settings.plugins.js.minify);
}

#[test]
fn flags_win() {
    let site = Site::new("[build]\nbase = '/a'\nout = 'o'\nmode = 'production'\n[cache]\ndir = 'c'\n");
    let settings = site.load(|_| {}).expect("good");
    assert_eq!((settings.session.base.as_str(), settings.session.out), ("/a/", site.root().join("o")));
    assert_eq!(settings.session.cache, Some(site.root().join("c")));
    let settings = site.load(|flags| {
        flags.base = "/b".parse().ok();
        flags.out = Some(site.root().join("p"));
        flags.mode = Some(Mode::Development);
        flags.cache.no_cache = true;
    });
    let settings = settings.expect("good");
    assert_eq!((settings.session.base.as_str(), settings.session.out), ("/b/", site.root().join("p")));
    assert_eq!(settings.session.cache, None);
    assert!(!settings.session.resolve.production && settings.plugins.compress.is_none() && !settings.plugins.js.minify);
}

#[test]
fn the_cache_is_beside_the_packages() {
    let site = Site::new("");
    fs::create_dir(site.root().join("node_modules")).expect("writable");
    let settings = site.load(|_| {}).expect("good");
    assert_eq!(settings.session.cache, Some(site.root().join("node_modules/.cache/planish")));
}

#[test]
fn an_output_folder_that_holds_sources_is_refused() {
    Site::refuses("[build]\nout = '.'", &["the output folder `.` is the root itself"]);
    Site::refuses("[build]\nout = 'a/../..'", &["the output folder `a/../..` contains the root"]);
    Site::refuses("[build]\nout = 'index.html'", &["the output folder `index.html` is a file"]);
    Site::refuses(
        "[build]\nout = 'src'\nentries = ['src/main.js']",
        &["the entry `main.js` lies in the output folder"],
    );
}

#[test]
fn the_static_folder_must_be_there_if_it_is_named() {
    Site::refuses("[build]\nstatic = 'assets'", &["the static folder `assets` does not exist"]);
    let site = Site::new("[build]\nout = 'public/dist'");
    fs::create_dir(site.root().join("public")).expect("writable");
    assert_eq!(site.load(|_| {}).expect_err("refused"), ["the static folder `public` and the output folder overlap"]);
}

#[test]
fn errors_of_several_keys_come_together() {
    Site::refuses(
        "[build]\nout = '.'\nentries = ['x.js']",
        &["the output folder `.` is the root itself", "the entry `x.js` does not exist"],
    );
}

#[test]
fn what_is_not_there_is_named() {
    let site = Site::new("");
    let missing = site.load(|flags| flags.root = site.root().join("nowhere")).expect_err("refused");
    assert!(missing[0].starts_with("the folder `") && missing[0].ends_with("nowhere` does not exist"), "{missing:?}");
    let missing = site.load(|flags| flags.config = Some(site.root().join("x.toml"))).expect_err("refused");
    assert!(missing[0].ends_with("x.toml`: no such file or directory"), "{missing:?}");
}
