//! All files of a folder with their bytes, to be compared with those of another.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::SystemTime;
use walkdir::WalkDir;

/// Paths relative to a folder, and what the files hold.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Tree {
    files: BTreeMap<String, Vec<u8>>,
}

impl Tree {
    /// The files below a folder, but for the lock, which is not part of a build. A folder that does not exist has none.
    pub(crate) fn read(folder: &Path) -> Self {
        let files = paths(folder).into_iter().filter(|path| path != ".planish/lock").map(|path| {
            let bytes = fs::read(folder.join(&path)).unwrap_or_else(|error| panic!("{path}: {error}"));
            (path, bytes)
        });
        Self { files: files.collect() }
    }

    /// The same for a folder that a process changes meanwhile: files that disappear are left out.
    pub(crate) fn read_while_changing(folder: &Path) -> Self {
        let read = |path: String| Some((path.clone(), fs::read(folder.join(path)).ok()?));
        Self { files: paths(folder).into_iter().filter_map(read).collect() }
    }

    /// Some of the files.
    pub(crate) fn filter(&self, is_wanted: impl Fn(&str) -> bool) -> Self {
        let files = self.files.iter().filter(|(path, _)| is_wanted(path));
        Self { files: files.map(|(path, bytes)| (path.clone(), bytes.clone())).collect() }
    }

    /// The paths, sorted.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// The paths that end so.
    pub(crate) fn ending(&self, suffix: &str) -> Vec<&str> {
        self.paths().filter(|path| path.ends_with(suffix)).collect()
    }

    /// Whether there is such a file.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    /// The bytes of a file.
    #[track_caller]
    pub(crate) fn bytes(&self, path: &str) -> &[u8] {
        self.files.get(path).unwrap_or_else(|| panic!("there is no {path} in {:#?}", self.files.keys()))
    }

    /// The text of a file.
    #[track_caller]
    pub(crate) fn text(&self, path: &str) -> &str {
        std::str::from_utf8(self.bytes(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// The one path with this beginning and this end, as hashed names have them.
    #[track_caller]
    pub(crate) fn one(&self, prefix: &str, suffix: &str) -> &str {
        let found: Vec<&str> = self.ending(suffix).into_iter().filter(|path| path.starts_with(prefix)).collect();
        let [path] = found[..] else { panic!("{prefix}*{suffix} finds {found:?} in {:#?}", self.files.keys()) };
        path
    }

    /// The files that are only in one of the two, or differ.
    pub(crate) fn differences(&self, other: &Self) -> Vec<String> {
        let all: std::collections::BTreeSet<&str> = self.paths().chain(other.paths()).collect();
        let differs = |path: &&str| self.files.get(*path) != other.files.get(*path);
        let describe = |path: &str| match (self.has(path), other.has(path)) {
            (true, true) => format!("{path} differs"),
            (true, false) => format!("{path} is only in the first"),
            _ => format!("{path} is only in the second"),
        };
        all.into_iter().filter(differs).map(describe).collect()
    }

    /// Fails and says which files differ, if any do.
    #[track_caller]
    pub(crate) fn assert_same(&self, other: &Self) {
        assert!(!self.files.is_empty(), "there are no files");
        let differences = self.differences(other);
        assert!(differences.is_empty(), "{differences:#?}");
    }
}

/// The paths of all files below a folder, sorted.
pub(crate) fn paths(folder: &Path) -> Vec<String> {
    let files =
        WalkDir::new(folder).sort_by_file_name().into_iter().flatten().filter(|entry| !entry.file_type().is_dir());
    let mut paths: Vec<String> = files
        .map(|entry| entry.path().strip_prefix(folder).expect("it lies there").to_string_lossy().into_owned())
        .collect();
    paths.sort();
    paths
}

/// When each file below a folder was last written, but for the lock.
pub(crate) fn times(folder: &Path) -> BTreeMap<String, SystemTime> {
    let time = |path: &str| fs::metadata(folder.join(path)).and_then(|metadata| metadata.modified());
    let paths = paths(folder).into_iter().filter(|path| path != ".planish/lock");
    paths.map(|path| (path.clone(), time(&path).expect("it has a time"))).collect()
}
