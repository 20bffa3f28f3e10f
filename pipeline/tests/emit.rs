//! The output folder: what is written, kept, removed, and what a failure leaves.

use planish_pipeline::emit::{EmitError, Emitted, emit};
use planish_pipeline::output::{FinalFile, OutputClass, OutputId};
use planish_pipeline::session::EmitMode;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::Path;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

fn file(path: &str, text: &str, class: OutputClass) -> FinalFile {
    let immutable = path.starts_with("assets/");
    let bytes = text.to_owned().into();
    FinalFile { id: OutputId::new(path), path: path.to_owned(), class, bytes, immutable, asset: None, chunk: None }
}

fn leaf(path: &str, text: &str) -> FinalFile {
    file(path, text, OutputClass::Static)
}

/// A release of one script, one page and a manifest.
fn site(version: &str) -> Vec<FinalFile> {
    vec![
        leaf("robots.txt", version),
        file(&format!("assets/main-{version}.js"), version, OutputClass::Script),
        file("index.html", version, OutputClass::Document),
        file("manifest.json", version, OutputClass::Manifest),
    ]
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder can be made")
}

/// Files written, unchanged, removed.
fn counts(emitted: &Emitted) -> [usize; 3] {
    [emitted.written, emitted.unchanged, emitted.removed]
}

fn release(out: &Path, files: &[FinalFile]) -> Result<Emitted, EmitError> {
    emit(out, EmitMode::Release, files)
}

/// All files in a folder but the lock, with their bytes.
fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fn visit(folder: &Path, prefix: &str, found: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(folder).expect("the folder can be read") {
            let path = entry.expect("the folder can be read").path();
            let name = format!("{prefix}{}", path.file_name().expect("named").to_string_lossy());
            if path.is_dir() {
                visit(&path, &format!("{name}/"), found);
                found.insert(format!("{name}/"), Vec::new());
            } else {
                found.insert(name, fs::read(path).expect("the file can be read"));
            }
        }
    }
    let mut found = BTreeMap::new();
    visit(folder, "", &mut found);
    found.remove(".planish/lock");
    found
}

fn names(folder: &Path) -> Vec<String> {
    tree(folder).into_keys().filter(|name| !name.starts_with(".planish/")).collect()
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a file has a folder")).expect("folder made");
    fs::write(path, text).expect("file written");
}

fn modified(path: &Path) -> SystemTime {
    fs::metadata(path).and_then(|metadata| metadata.modified()).expect("the file exists")
}

fn set_modified(path: &Path, time: SystemTime) {
    File::options().append(true).open(path).and_then(|file| file.set_modified(time)).expect("the time can be set");
}

fn long_ago() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000)
}

#[test]
fn the_next_release_replaces_the_last() {
    let out = folder();
    let first = release(out.path(), &site("1")).expect("written");
    assert_eq!(counts(&first), [4, 0, 0]);
    let second = release(out.path(), &site("2")).expect("written");
    assert_eq!(counts(&second), [4, 0, 1]);
    assert_eq!(names(out.path()), ["assets/", "assets/main-2.js", "index.html", "manifest.json", "robots.txt"]);
    assert_eq!(fs::read_to_string(out.path().join("index.html")).expect("there"), "2");
}

#[test]
fn the_folder_does_not_depend_on_what_was_there_before() {
    let (clean, used) = (folder(), folder());
    release(used.path(), &site("1")).expect("written");
    release(used.path(), &site("2")).expect("written");
    release(clean.path(), &site("2")).expect("written");
    assert_eq!(tree(used.path()), tree(clean.path()));
}

#[test]
fn what_is_right_already_is_not_touched() {
    let out = folder();
    release(out.path(), &site("1")).expect("written");
    for path in ["index.html", "manifest.json", "assets/main-1.js", ".planish/ledger.json"] {
        set_modified(&out.path().join(path), long_ago());
    }
    assert_eq!(counts(&release(out.path(), &site("1")).expect("written")), [0, 4, 0]);
    for path in ["index.html", "manifest.json", "assets/main-1.js", ".planish/ledger.json"] {
        assert_eq!(modified(&out.path().join(path)), long_ago(), "{path}");
    }
}

#[test]
fn a_damaged_output_of_the_same_size_is_replaced() {
    let out = folder();
    release(out.path(), &site("1")).expect("written");
    write(&out.path().join("assets/main-1.js"), "x");
    assert_eq!(release(out.path(), &site("1")).expect("written").written, 1);
    assert_eq!(fs::read_to_string(out.path().join("assets/main-1.js")).expect("there"), "1");
}

#[test]
fn only_own_files_are_removed() {
    let out = folder();
    write(&out.path().join("assets/notes.txt"), "mine");
    write(&out.path().join("CNAME"), "mine");
    release(out.path(), &[leaf("assets/a.js", "1"), leaf("deep/er/b.js", "1")]).expect("written");
    let emitted = release(out.path(), &[leaf("c.js", "1")]).expect("written");
    assert_eq!(emitted.removed, 2);
    assert_eq!(names(out.path()), ["CNAME", "assets/", "assets/notes.txt", "c.js"]);
}

#[test]
fn a_foreign_file_under_an_outputs_name_is_replaced() {
    let out = folder();
    write(&out.path().join("index.html"), "mine");
    assert_eq!(release(out.path(), &site("1")).expect("written").written, 4);
    assert_eq!(fs::read_to_string(out.path().join("index.html")).expect("there"), "1");
}

#[test]
fn a_broken_ledger_removes_nothing() {
    for ledger in ["", "{", "[]", "{\"version\":1}", "{\"version\":99,\"files\":{\"mine.txt\":\"\"}}"] {
        let out = folder();
        write(&out.path().join("mine.txt"), "mine");
        write(&out.path().join(".planish/ledger.json"), ledger);
        assert_eq!(release(out.path(), &site("1")).expect("written").removed, 0, "{ledger}");
        assert!(out.path().join("mine.txt").exists(), "{ledger}");
        assert_eq!(release(out.path(), &[]).expect("written").removed, 4, "the ledger is good again");
    }
}

#[test]
fn a_ledger_cannot_name_files_outside_the_folder() {
    let root = folder();
    let out = root.path().join("dist");
    let victim = root.path().join("victim.txt");
    write(&victim, "mine");
    let listed = [victim.to_string_lossy().replace('\\', "/"), "../victim.txt".into(), "a/../../victim.txt".into()];
    let files: BTreeMap<&String, &str> = listed.iter().map(|path| (path, "")).collect();
    let ledger = serde_json::json!({ "version": 1, "files": files });
    write(&out.join(".planish/ledger.json"), &ledger.to_string());
    assert_eq!(release(&out, &site("1")).expect("written").removed, 0);
    assert!(victim.exists());
}

#[test]
fn the_ledger_lists_files_with_hashes() {
    let out = folder();
    release(out.path(), &[leaf("b", "2"), leaf("a", "1")]).expect("written");
    let text = fs::read_to_string(out.path().join(".planish/ledger.json")).expect("there");
    let (a, b) = (blake3::hash(b"1"), blake3::hash(b"2"));
    assert_eq!(
        text,
        format!("{{\n  \"version\": 1,\n  \"files\": {{\n    \"a\": \"{a}\",\n    \"b\": \"{b}\"\n  }}\n}}\n")
    );
}

#[test]
fn what_a_killed_build_left_is_removed() {
    let out = folder();
    let left = [".planish-tmp.1/new/index.html", ".planish/ledger.new"].map(|path| out.path().join(path));
    left.iter().for_each(|path| write(path, "half"));
    release(out.path(), &site("1")).expect("written");
    assert!(left.iter().all(|path| !path.exists()));
    assert!(!out.path().join(".planish-tmp.1").exists());
}

#[test]
fn what_is_watched_becomes_the_same_folder() {
    let (released, watched) = (folder(), folder());
    for version in ["1", "2", "2", "3"] {
        let counted = release(released.path(), &site(version)).expect("written");
        let emitted = emit(watched.path(), EmitMode::Watched, &site(version)).expect("written");
        assert_eq!(emitted, counted);
        assert_eq!(tree(watched.path()), tree(released.path()));
    }
}

#[test]
fn paths_stay_in_the_folder() {
    let root = folder();
    for path in ["../a.js", "/a.js", "a/../../b.js", "a//b.js", "", ".", ".planish/ledger.json", ".planish-tmp.1/a.js"]
    {
        for mode in [EmitMode::Release, EmitMode::Watched, EmitMode::Files] {
            let error = emit(&root.path().join("dist"), mode, &[leaf("ok.js", "1"), leaf(path, "1")]).expect_err(path);
            assert_eq!(error.source.kind(), ErrorKind::InvalidInput, "{path}");
        }
    }
    assert!(names(root.path()).is_empty());
}

#[test]
fn two_files_of_one_path_must_be_equal() {
    let out = folder();
    let equal = [leaf("a.js", "1"), leaf("a.js", "1")];
    assert_eq!(release(out.path(), &equal).expect("written").written, 1);
    let error = release(out.path(), &[leaf("a.js", "1"), leaf("a.js", "2")]).expect_err("different");
    assert_eq!(error.source.kind(), ErrorKind::AlreadyExists);
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error_that_names_it() {
    let root = folder();
    let out = root.path().join("dist");
    write(&out, "a file");
    let error = release(&out, &site("1")).expect_err("a file is in the way");
    assert_eq!(error.to_string(), format!("cannot create `{}`: file exists", out.display()));
    assert_eq!(fs::read_to_string(&out).expect("there"), "a file");
}

#[test]
fn a_failure_before_publication_leaves_the_last_release() {
    let out = folder();
    release(out.path(), &site("1")).expect("written");
    let before = tree(out.path());
    // No file system takes a name this long, and staging meets it first.
    let mut next = site("2");
    next.push(leaf(&"n".repeat(300), "2"));
    let error = release(out.path(), &next).expect_err("the name is too long");
    assert_eq!(error.path, out.path().join("n".repeat(300)));
    assert_eq!(tree(out.path()), before);
}

#[test]
fn a_failure_during_publication_leaves_the_last_release() {
    let out = folder();
    release(out.path(), &site("1")).expect("written");
    // The last file of all has a folder in its way.
    write(&out.path().join("z/manifest.json/mine.txt"), "mine");
    let before = tree(out.path());
    let mut next = site("2");
    next.push(leaf("new/a.txt", "2"));
    next.push(file("z/manifest.json", "2", OutputClass::Manifest));
    let error = release(out.path(), &next).expect_err("a folder is in the way");
    assert_eq!(error.path, out.path().join("z/manifest.json"));
    assert_eq!(tree(out.path()), before);
}

#[test]
fn a_file_may_become_a_folder_and_a_folder_a_file() {
    let out = folder();
    release(out.path(), &[leaf("a", "1"), leaf("b/c", "1"), leaf("b/d", "1")]).expect("written");
    let emitted = release(out.path(), &[leaf("a/x", "2"), leaf("b", "2")]).expect("written");
    assert_eq!(counts(&emitted), [2, 0, 3]);
    assert_eq!(names(out.path()), ["a/", "a/x", "b"]);
}

#[test]
fn a_file_that_becomes_a_folder_comes_back_if_the_release_fails() {
    let out = folder();
    release(out.path(), &[leaf("a", "1"), leaf("b/c", "1")]).expect("written");
    write(&out.path().join("z/mine.txt"), "mine");
    let before = tree(out.path());
    release(out.path(), &[leaf("a/x", "2"), leaf("b", "2"), leaf("z", "2")]).expect_err("a folder is in the way");
    assert_eq!(tree(out.path()), before);
}

#[test]
fn compressed_forms_are_as_old_as_their_originals() {
    let out = folder();
    let (page, form) = (out.path().join("index.html"), out.path().join("index.html.br"));
    let files = |page: &str, form: &str| {
        [file("index.html", page, OutputClass::Document), file("index.html.br", form, OutputClass::Compressed)]
    };
    release(out.path(), &files("1", "1")).expect("written");
    assert_eq!(modified(&form), modified(&page));
    // Only the form is new.
    set_modified(&page, long_ago());
    release(out.path(), &files("1", "2")).expect("written");
    assert_eq!((modified(&page), modified(&form)), (long_ago(), long_ago()));
    // Only the original is.
    release(out.path(), &files("2", "2")).expect("written");
    assert_ne!(modified(&page), long_ago());
    assert_eq!(modified(&form), modified(&page));
}

#[test]
fn a_second_build_waits_for_the_first() {
    let out = folder();
    release(out.path(), &site("1")).expect("written");
    let lock = File::open(out.path().join(".planish/lock")).expect("there");
    lock.lock().expect("free");
    std::thread::scope(|scope| {
        let second = scope.spawn(|| release(out.path(), &site("2")));
        std::thread::sleep(Duration::from_millis(100));
        assert!(!second.is_finished());
        assert!(out.path().join("assets/main-1.js").exists());
        lock.unlock().expect("held");
        assert_eq!(second.join().expect("no panic").expect("written").written, 4);
    });
}

#[test]
fn builds_at_the_same_time_leave_one_whole_release() {
    let out = folder();
    std::thread::scope(|scope| {
        for version in ["1", "2", "3", "4"] {
            let out = out.path();
            scope.spawn(move || {
                for _ in 0..5 {
                    release(out, &site(version)).expect("written");
                }
            });
        }
    });
    let winner = fs::read_to_string(out.path().join("manifest.json")).expect("there");
    let clean = folder();
    release(clean.path(), &site(&winner)).expect("written");
    assert_eq!(tree(out.path()), tree(clean.path()));
}

#[cfg(unix)]
mod links {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn nothing_is_written_or_removed_through_a_link_that_leads_out() {
        let root = folder();
        let out = root.path().join("dist");
        write(&root.path().join("img/a.png"), "source");
        release(&out, &[leaf("img/a.png", "1")]).expect("written");
        fs::remove_dir_all(out.join("img")).expect("removed");
        symlink(root.path().join("img"), out.join("img")).expect("linked");
        for mode in [EmitMode::Release, EmitMode::Watched, EmitMode::Files] {
            let error = emit(&out, mode, &[leaf("img/a.png", "2")]).expect_err("leads out");
            assert_eq!(error.source.kind(), ErrorKind::InvalidInput);
        }
        assert_eq!(release(&out, &site("1")).expect("written").removed, 0);
        assert_eq!(fs::read_to_string(root.path().join("img/a.png")).expect("there"), "source");
    }

    #[test]
    fn the_folder_itself_may_be_a_link() {
        let root = folder();
        fs::create_dir(root.path().join("real")).expect("made");
        symlink(root.path().join("real"), root.path().join("dist")).expect("linked");
        release(&root.path().join("dist"), &site("1")).expect("written");
        release(&root.path().join("dist"), &site("2")).expect("written");
        assert_eq!(names(&root.path().join("real")).len(), 5);
    }

    #[test]
    fn a_link_in_an_outputs_place_is_replaced_and_its_target_kept() {
        let root = folder();
        let (out, source) = (root.path().join("dist"), root.path().join("source.html"));
        write(&source, "source");
        fs::create_dir(&out).expect("made");
        symlink(&source, out.join("index.html")).expect("linked");
        release(&out, &site("1")).expect("written");
        assert_eq!(fs::read_to_string(source).expect("there"), "source");
        assert_eq!(fs::read_to_string(out.join("index.html")).expect("there"), "1");
    }

    /// Whether permissions count; they do not for the superuser.
    fn is_refused(folder: &Path) -> bool {
        let probe = folder.join("probe");
        File::create(&probe).map(|_| fs::remove_file(probe)).is_err()
    }

    #[test]
    fn a_read_only_folder_is_an_error_and_keeps_the_last_release() {
        use std::os::unix::fs::PermissionsExt;
        for read_only in ["", "assets"] {
            let out = folder();
            release(out.path(), &site("1")).expect("written");
            let before = tree(out.path());
            let place = out.path().join(read_only);
            fs::set_permissions(&place, fs::Permissions::from_mode(0o555)).expect("allowed");
            let refused = is_refused(&place);
            let result = release(out.path(), &site("2"));
            fs::set_permissions(&place, fs::Permissions::from_mode(0o755)).expect("allowed");
            if refused {
                assert!(result.expect_err("read-only").to_string().ends_with(": permission denied"));
                assert_eq!(tree(out.path()), before);
            }
        }
    }
}

#[test]
fn single_files_are_replaced_and_nothing_else_happens() {
    let out = folder();
    write(&out.path().join("mine.js"), "mine");
    let files = |text| [leaf("a.js", "1"), leaf("b/c.js", text)];
    let first = emit(out.path(), EmitMode::Files, &files("1")).expect("written");
    assert_eq!(counts(&first), [2, 0, 0]);
    let second = emit(out.path(), EmitMode::Files, &files("2")).expect("written");
    assert_eq!(counts(&second), [1, 1, 0]);
    emit(out.path(), EmitMode::Files, &[]).expect("written");
    assert_eq!(tree(out.path()).into_keys().collect::<Vec<_>>(), ["a.js", "b/", "b/c.js", "mine.js"]);
}

#[test]
fn a_single_file_that_fails_leaves_nothing_unfinished() {
    let out = folder();
    write(&out.path().join("a.js/mine.txt"), "mine");
    let before = tree(out.path());
    let error = emit(out.path(), EmitMode::Files, &[leaf("a.js", "1")]).expect_err("a folder is in the way");
    assert_eq!(error.path, out.path().join("a.js"));
    assert_eq!(tree(out.path()), before);
}
