//! `planish watch`: what it follows, what it keeps, how it ends.

mod support;

use std::process::{Child, Stdio};
use std::time::Duration;
use support::{Site, Tree, signal, wait_for};

/// `planish watch` with what it prints in a file.
struct Watch<'a> {
    site: &'a Site,
    process: Child,
}

impl<'a> Watch<'a> {
    fn start(site: &'a Site, arguments: &[&str]) -> Self {
        let log = std::fs::File::create(site.path("log")).expect("writable");
        let mut command = site.command(&[&["watch"], arguments].concat());
        command.stdout(Stdio::null()).stderr(log);
        let watch = Self { site, process: command.spawn().expect("the binary starts") };
        watch.until("it watches", |_| watch.log().contains("watching for changes"));
        watch
    }

    fn log(&self) -> String {
        self.site.read("log")
    }

    /// Waits until the output folder is as it should be.
    #[track_caller]
    fn until(&self, what: &str, is_so: impl Fn(&Tree) -> bool) {
        let so = wait_for(Duration::from_secs(20), || is_so(&Tree::read_while_changing(&self.site.path("dist"))));
        assert!(so, "{what}: not so; the log:\n{}", self.log());
    }

    /// Waits until a stylesheet or script has this text.
    #[track_caller]
    fn until_written(&self, text: &str) {
        self.until(text, |dist| {
            let mut assets = dist.paths().filter(|path| path.starts_with("assets/"));
            assets.any(|path| String::from_utf8_lossy(dist.bytes(path)).contains(text))
        });
    }

    /// The output folder when nothing is written to it for a moment.
    fn settled(&self) -> Tree {
        let mut last = None;
        wait_for(Duration::from_secs(10), || {
            std::thread::sleep(Duration::from_millis(200));
            let now = Tree::read_while_changing(&self.site.path("dist"));
            last.replace(now.clone()) == Some(now)
        });
        last.expect("it was read").filter(|path| path != ".planish/lock")
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn watching_follows_edits_and_errors_keep_the_last_good_build() {
    let site = Site::copy_of("errors/good");
    let watch = Watch::start(&site, &[]);
    site.edit("src/style.css", "#23413f", "#abcdef");
    watch.until_written("#abcdef");

    let before = watch.settled();
    site.edit("src/dates.js", "date.getDate()", "date.getDate(");
    watch.until("the error is shown", |_| watch.log().contains("error[syntax-error]"));
    assert!(watch.log().contains("--> src/dates.js:2:"), "{}", watch.log());
    watch.settled().assert_same(&before);

    site.edit("src/dates.js", "date.getDate(", "\"repaired\" + date.getDate()");
    watch.until_written("repaired");
}

#[test]
fn watching_sees_new_files_renamed_files_and_the_configuration() {
    let site = Site::copy_of("errors/good");
    let watch = Watch::start(&site, &[]);
    // A file that is missing until later.
    site.edit("src/main.js", "import { total }", "import \"./later.js\";\nimport { total }");
    watch.until("the error is shown", |_| watch.log().contains("error[missing-module]"));
    site.write("src/later.js", "console.log(\"it came later\");\n");
    watch.until_written("it came later");
    // Most editors write beside the file and rename.
    site.write("src/style.css.tmp", "h1 { color: #123456 }\n");
    std::fs::rename(site.path("src/style.css.tmp"), site.path("src/style.css")).expect("it is there");
    watch.until_written("#123456");
    // Another entry, by the configuration.
    site.write("about.html", "<!doctype html><title>About</title>\n");
    site.edit("planish.toml", "\"index.html\"", "\"index.html\", \"about.html\"");
    watch.until("the new page", |dist| dist.has("about.html"));
    // A static folder's file.
    site.write("public/robots.txt", "User-agent: *\n");
    site.edit("planish.toml", "out = ", "static = \"public\"\nout = ");
    watch.until("the static file", |dist| dist.has("robots.txt"));
    site.write("public/robots.txt", "User-agent: nobody\n");
    watch.until("the changed static file", |dist| dist.text("robots.txt").contains("nobody"));
}

#[test]
fn watching_ends_with_the_signal_s_exit_code() {
    let site = Site::copy_of("errors/good");
    let mut watch = Watch::start(&site, &[]);
    let before = site.tree("dist");
    signal(&watch.process, "INT");
    let ended = wait_for(Duration::from_secs(10), || matches!(watch.process.try_wait(), Ok(Some(_))));
    assert!(ended, "it goes on");
    assert_eq!(watch.process.wait().expect("it has ended").code(), Some(130));
    site.tree("dist").assert_same(&before);
    assert!(!before.paths().any(|path| path.contains(".planish-tmp.")), "nothing is unfinished");
}

#[test]
fn what_watching_made_is_what_a_clean_build_makes() {
    let site = Site::copy_of("errors/good");
    let watch = Watch::start(&site, &["--mode", "production"]);
    for colour in ["#111213", "#212223", "#313233"] {
        let style = format!("h1 {{ color: {colour} }}\n");
        site.write("src/style.css", style);
        watch.until_written(colour);
    }
    let watched = watch.settled();
    drop(watch);
    site.build(&["--no-cache", "--out", "clean"]).good();
    watched.assert_same(&site.tree("clean"));
}

#[test]
fn watching_follows_the_service_worker_of_a_site() {
    let site = Site::copy_of("errors/good");
    let settings = site.read("planish.toml");
    site.write("planish.toml", settings + "[service_worker]\nenabled = true\ninject = \"src/sw.js\"\n");
    site.write("src/sw.js", "import { version } from './version.js';\nself.kept = [version, self.__WB_MANIFEST];\n");
    site.write("src/version.js", "export const version = 'first';\n");
    let watch = Watch::start(&site, &[]);
    let says = |text: &str| watch.until(text, |dist| dist.has("sw.js") && dist.text("sw.js").contains(text));
    says("first");
    site.write("src/version.js", "export const version = 'second';\n");
    says("second");
    site.edit("src/sw.js", "self.kept", "self.list");
    says("self.list");
    site.edit("src/style.css", "#23413f", "#abcdef");
    watch.until_written("#abcdef");
    watch.until("the list names the stylesheet", |dist| {
        let styles = dist.ending(".css");
        styles.len() == 1 && dist.has("sw.js") && dist.text("sw.js").contains(styles[0])
    });
}
