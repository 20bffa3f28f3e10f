//! `planish watch`: what it follows, what it keeps, how it ends.

mod support;

use std::time::Duration;
use support::{Site, Watch, signal, wait_for};

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

/// A site of many small files, and how to change them all.
fn many_files(count: usize) -> Site {
    let site = Site::of(&[
        ("planish.toml", "[build]\nentries = [\"index.html\"]\n[compress]\ngzip = false\nbrotli = false\n"),
        ("index.html", "<!doctype html><title>Many</title><script type=\"module\" src=\"src/main.js\"></script>\n"),
        ("src/main.js", "console.log(import.meta.glob(\"./parts/*/*.js\", { eager: true }));\n"),
        (".gitignore", "dist\n.planish-cache\n"),
    ]);
    write_parts(&site, count, "first");
    site
}

fn write_parts(site: &Site, count: usize, text: &str) {
    for number in 0..count {
        site.write(
            &format!("src/parts/f{}/p{number}.js", number % 20),
            format!("export default \"{text} {number}\";\n"),
        );
    }
}

fn git(site: &Site, arguments: &[&str]) {
    let mut git = std::process::Command::new("git");
    git.current_dir(site.root()).args(["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "gc.auto=0"]);
    support::run({
        git.args(arguments);
        git
    })
    .good();
}

#[test]
fn a_checkout_of_thousands_of_files_is_one_build() {
    const COUNT: usize = 2_000;
    let site = many_files(COUNT);
    git(&site, &["init", "--quiet", "--initial-branch", "first"]);
    git(&site, &["add", "."]);
    git(&site, &["commit", "--quiet", "-m", "first"]);
    git(&site, &["checkout", "--quiet", "-b", "second"]);
    write_parts(&site, COUNT, "second");
    std::fs::remove_file(site.path("src/parts/f1/p1.js")).expect("it is there");
    git(&site, &["add", "."]);
    git(&site, &["commit", "--quiet", "-m", "second"]);
    let watch = Watch::start(&site, &["--json"]);
    watch.result();
    git(&site, &["checkout", "--quiet", "first"]);
    let result = watch.result();
    assert_eq!((result["success"].as_bool(), result["assets"].as_u64()), (Some(true), Some(COUNT as u64 + 3)));
    assert!(watch.results_within(Duration::from_millis(500)).is_empty(), "one build");
    let watched = watch.settled();
    site.build(&["--no-cache", "--out", "clean", "--mode", "development"]).good();
    watched.assert_same(&site.tree("clean"));
}

#[test]
fn a_checkout_that_is_kept_waiting_is_one_build() {
    let site = many_files(3);
    git(&site, &["init", "--quiet"]);
    let watch = Watch::start(&site, &["--json"]);
    watch.result();
    // As Git does between its first file and its last.
    site.write(".git/index.lock", "");
    site.write("src/parts/f0/p0.js", "export default \"second 0\";\n");
    assert!(watch.results_within(Duration::from_millis(300)).is_empty(), "it is not done");
    site.write("src/parts/f1/p1.js", "export default \"second 1\";\n");
    std::fs::remove_file(site.path(".git/index.lock")).expect("it is there");
    assert_eq!(watch.result()["success"], true);
    watch.until_written("second 0");
    watch.until_written("second 1");
    assert!(watch.results_within(Duration::from_millis(300)).is_empty(), "one build");
    // A lock that somebody left only makes it later.
    site.write(".git/index.lock", "");
    site.write("src/parts/f2/p2.js", "export default \"second 2\";\n");
    watch.until_written("second 2");
}

#[test]
fn every_way_to_save_a_file_is_one_build() {
    let site = Site::copy_of("errors/good");
    let watch = Watch::start(&site, &["--json"]);
    watch.result();
    let once = |colour: &str, save: &dyn Fn(&str)| {
        save(&format!("h1 {{ color: {colour} }}\n"));
        assert_eq!(watch.result()["success"], true);
        watch.until_written(colour);
        assert!(watch.results_within(Duration::from_millis(300)).is_empty(), "{colour}: one build");
    };
    let style = site.path("src/style.css");
    once("#101112", &|text| std::fs::write(&style, text).expect("writable"));
    // Beside it, and renamed.
    once("#202122", &|text| {
        site.write("src/style.css.tmp", text);
        std::fs::rename(site.path("src/style.css.tmp"), &style).expect("both are in one folder");
    });
    // The old one put aside, as Vim does.
    once("#303132", &|text| {
        std::fs::rename(&style, site.path("src/style.css~")).expect("both are in one folder");
        std::fs::write(&style, text).expect("writable");
        std::fs::remove_file(site.path("src/style.css~")).expect("it is there");
    });
    // In two steps.
    once("#404142", &|text| {
        use std::io::Write;
        let mut file = std::fs::File::create(&style).expect("writable");
        file.write_all(&text.as_bytes()[..5]).expect("writable");
        file.flush().expect("writable");
        file.write_all(&text.as_bytes()[5..]).expect("writable");
    });
    // Deleted and made anew.
    once("#505152", &|text| {
        std::fs::remove_file(&style).expect("it is there");
        std::fs::write(&style, text).expect("writable");
    });
}

#[test]
fn watching_follows_a_linked_package_and_its_link() {
    let site = Site::of(&[
        ("index.html", "<!doctype html><title>Linked</title><script type=\"module\" src=\"main.js\"></script>\n"),
        ("main.js", "import { linked } from \"@scope/linked\";\nconsole.log(linked);\n"),
        ("node_modules/@scope/other/package.json", "{ \"name\": \"@scope/other\" }\n"),
    ]);
    let packages = Site::of(&[
        ("a/package.json", "{ \"name\": \"@scope/linked\", \"main\": \"lib/a.js\" }\n"),
        ("a/lib/a.js", "export const linked = \"the first\";\n"),
        ("a/lib/other.js", "export const linked = \"the other\";\n"),
        ("b/package.json", "{ \"name\": \"@scope/linked\", \"main\": \"b.js\" }\n"),
        ("b/b.js", "export const linked = \"the second\";\n"),
    ]);
    let link = site.path("node_modules/@scope/linked");
    std::os::unix::fs::symlink(packages.path("a"), &link).expect("there are links");
    let watch = Watch::start(&site, &[]);
    watch.until_written("the first");
    packages.edit("a/lib/a.js", "the first", "the edited");
    watch.until_written("the edited");
    packages.edit("a/package.json", "lib/a.js", "lib/other.js");
    watch.until_written("the other");
    std::fs::remove_file(&link).expect("it is there");
    std::os::unix::fs::symlink(packages.path("b"), &link).expect("there are links");
    watch.until_written("the second");
}

#[test]
fn watching_does_not_react_to_what_it_writes() {
    let site = Site::copy_of("errors/good");
    let watch = Watch::start(&site, &["--json", "--trace", "trace.json", "--cache-dir", "here/cache"]);
    watch.result();
    for colour in ["#111213", "#212223"] {
        site.write("src/style.css", format!("h1 {{ color: {colour} }}\n"));
        watch.result();
        watch.until_written(colour);
        assert!(watch.results_within(Duration::from_millis(400)).is_empty(), "{}", watch.log());
    }
}

#[test]
fn a_site_with_more_folders_than_the_system_watches_is_polled() {
    let limited = "echo 3 > /proc/sys/user/max_inotify_watches && exec \"$0\" \"$@\"";
    let mut allowed = std::process::Command::new("unshare");
    allowed.args(["--user", "--map-root-user", "sh", "-c", limited, "true"]);
    if !allowed.output().is_ok_and(|output| output.status.success()) {
        // Some systems let nobody do so.
        return;
    }
    let site = Site::copy_of("errors/good");
    for number in 0..5 {
        site.write(&format!("folder{number}/a.txt"), "");
    }
    let wrapper = ["unshare", "--user", "--map-root-user", "sh", "-c", limited];
    let watch = Watch::start_in(&wrapper, &site, &["--json"]);
    assert!(watch.log().contains("looking for changes every"), "{}", watch.log());
    watch.result();
    // A file's time has to be another one.
    std::thread::sleep(Duration::from_millis(1_100));
    site.write("src/style.css", "h1 { color: #987654 }\n");
    watch.until_written("#987654");
    std::fs::remove_file(site.path("src/dates.js")).expect("it is there");
    watch.until("the error is shown", |_| watch.log().contains("error[missing-module]"));
    let results = watch.results_within(Duration::from_millis(1_000));
    assert!(results.len() <= 2, "one for each change: {results:?}");
}

#[test]
fn a_folder_in_the_place_of_another_is_read_anew() {
    let site = Site::copy_of("errors/good");
    let watch = Watch::start(&site, &[]);
    let styles = "h1 { color: #556677 }\n";
    std::fs::rename(site.path("src"), site.path("old")).expect("both are in one folder");
    support::copy(&site.path("old"), &site.path("new"));
    site.write("new/style.css", styles);
    std::fs::rename(site.path("new"), site.path("src")).expect("both are in one folder");
    watch.until_written("#556677");
}
