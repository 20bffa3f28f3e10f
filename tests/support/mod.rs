//! What tests of the binary share: a site in a temporary folder, a run of `planish`, the files that it left, and Node.

#![allow(dead_code, unused_imports, reason = "no test file needs all of it")]

mod random;
mod shared;
mod tree;
mod watch;

pub(crate) use random::Random;
pub(crate) use shared::{cache, small_storefront, storefront};
pub(crate) use tree::{Tree, paths, times};
pub(crate) use watch::Watch;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use walkdir::{DirEntry, WalkDir};

/// A folder of the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A folder with sources, removed with all that was built in it when the test ends.
pub(crate) struct Site {
    folder: TempDir,
}

impl Site {
    /// An empty folder.
    pub(crate) fn empty() -> Self {
        let folder = tempfile::Builder::new().prefix("planish-test-").tempdir().expect("a temporary folder");
        Self { folder }
    }

    /// A folder with these files, each a path and its text.
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let site = Self::empty();
        for (path, text) in files {
            site.write(path, text);
        }
        site
    }

    /// A copy of a folder below `fixtures`, without what builds leave there.
    pub(crate) fn copy_of(fixture: &str) -> Self {
        let site = Self::empty();
        copy(&repository("fixtures").join(fixture), site.root());
        site
    }

    /// The folder.
    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    /// A path in the folder.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }

    /// Writes a file, and makes its folder if need be.
    pub(crate) fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("the site is writable");
        fs::write(path, bytes).expect("the site is writable");
    }

    /// The text of a file.
    #[track_caller]
    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Replaces a part of a file that occurs once.
    #[track_caller]
    pub(crate) fn edit(&self, path: &str, old: &str, new: &str) {
        let text = self.read(path);
        assert_eq!(text.matches(old).count(), 1, "`{old}` in {path}");
        self.write(path, text.replacen(old, new, 1));
    }

    /// The files below a folder of the site.
    pub(crate) fn tree(&self, folder: &str) -> Tree {
        Tree::read(&self.path(folder))
    }

    /// Runs `planish` in the folder.
    pub(crate) fn planish(&self, arguments: &[&str]) -> Run {
        run(self.command(arguments))
    }

    /// Runs `planish build`.
    pub(crate) fn build(&self, arguments: &[&str]) -> Run {
        self.planish(&[&["build"], arguments].concat())
    }

    /// `planish` in the folder, for tests that add to its environment or need it to run meanwhile.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = planish();
        command.current_dir(self.root()).args(arguments);
        command
    }
}

/// The binary, without what the environment of a developer or of CI would change.
pub(crate) fn planish() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_planish"));
    for name in ["RAYON_NUM_THREADS", "NO_COLOR", "CLICOLOR_FORCE", "BROWSERSLIST", "NODE_ENV"] {
        command.env_remove(name);
    }
    command.stdin(Stdio::null());
    command
}

/// Runs a command to its end.
#[track_caller]
pub(crate) fn run(mut command: Command) -> Run {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    Run::from(output)
}

/// Runs Node with a script of the repository.
#[track_caller]
pub(crate) fn node(script: &str, arguments: &[&str]) -> Run {
    let mut command = Command::new("node");
    command.arg(repository(script)).args(arguments);
    run(command)
}

/// Sends a signal, such as `INT`, to a process.
#[track_caller]
pub(crate) fn signal(process: &Child, name: &str) {
    let mut kill = Command::new("kill");
    kill.args([format!("-{name}"), process.id().to_string()]);
    run(kill).good();
}

/// Waits until something is so; whether it became so in time.
pub(crate) fn wait_for(patience: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + patience;
    while !is_so() {
        if Instant::now() > deadline {
            return false;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    true
}

/// What a process printed, and how it ended.
#[derive(Debug)]
pub(crate) struct Run {
    /// The exit code; `None` if a signal ended it.
    pub(crate) code: Option<i32>,
    /// The standard output.
    pub(crate) stdout: String,
    /// The standard error, without the lines that a slow machine adds to it.
    pub(crate) stderr: String,
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("messages are UTF-8");
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: without_progress(&text(output.stderr)) }
    }
}

impl Run {
    /// The same, if the exit code is as expected.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// The same, if the process succeeded.
    #[track_caller]
    pub(crate) fn good(self) -> Self {
        self.exits(0)
    }

    /// The standard output as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}\nstderr:\n{}", self.stdout, self.stderr))
    }
}

/// Removes lines such as `3 of 12 assets, ...`, which only builds of some length print.
fn without_progress(text: &str) -> String {
    let is_progress = |line: &&str| {
        let words: Vec<&str> = line.split([' ', ',']).take(4).collect();
        matches!(words[..], [done, "of", found, "assets"] if done.parse::<u32>().is_ok() && found.parse::<u32>().is_ok())
    };
    text.split_inclusive('\n').filter(|line| !is_progress(&line.trim_end())).collect()
}

/// Copies a folder without its `dist`, its `.cache` and its `.planish-cache`.
pub(crate) fn copy(from: &Path, to: &Path) {
    let is_source = |entry: &DirEntry| {
        let name = entry.file_name();
        entry.depth() == 0 || !["dist", ".cache", ".planish-cache"].iter().any(|left_out| name == *left_out)
    };
    for entry in WalkDir::new(from).into_iter().filter_entry(is_source) {
        let entry = entry.expect("the fixture is readable");
        let target = to.join(entry.path().strip_prefix(from).expect("an entry lies in the folder that is walked"));
        if entry.file_type().is_dir() {
            fs::create_dir_all(target).expect("the copy is writable");
        } else {
            fs::copy(entry.path(), target).expect("the copy is writable");
        }
    }
}
