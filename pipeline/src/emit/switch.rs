//! The moment at which one release becomes the next.
//!
//! A rename is atomic, but a release is many files. So each file that is to change first becomes a link that leads, by way of one link in
//! the staging folder, to what the file was. Then that one link is turned, and all files are those of the next release at once. Then each
//! becomes a file again.
//!
//! ```text
//! dist/index.html -> .planish-tmp.7/now/index.html        dist/.planish-tmp.7/now -> old, and then -> new
//! ```
//!
//! Whoever opens files finds those of one release or those of the other, even if the process dies on the way: the next one settles what is
//! left. The output folder itself stays the same one, which servers, containers and watchers hold on to.

use super::{Attempt, EmitError};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The link that is turned, in a staging folder.
const NOW: &str = "now";

/// The part of a staging folder that the links lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// What the release replaces.
    Old,
    /// What is published.
    New,
}

impl Side {
    /// The name of its folder.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Old => "old",
            Self::New => "new",
        }
    }
}

/// Turns the links of a staging folder to one side. Not every system or file system has links.
pub(super) fn turn(staging: &Path, side: Side) -> io::Result<()> {
    replace_by_link(Path::new(side.name()), &staging.join(NOW), staging)
}

/// Makes a link of the file at `path` in the output folder, or of nothing.
pub(super) fn link(out: &Path, staging: &Path, path: &str) -> io::Result<()> {
    replace_by_link(&target(staging, path), &out.join(path), staging)
}

/// What such a link says: relative, because the output folder may have other names for others.
fn target(staging: &Path, path: &str) -> PathBuf {
    let up: PathBuf = path.split('/').skip(1).map(|_| "..").collect();
    up.join(staging.file_name().unwrap_or_default()).join(NOW).join(path)
}

fn replace_by_link(target: &Path, place: &Path, staging: &Path) -> io::Result<()> {
    let unfinished = staging.join("link");
    symlink(target, &unfinished)?;
    fs::rename(unfinished, place)
}

#[cfg(unix)]
fn symlink(target: &Path, place: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, place)
}

/// Elsewhere not everybody may make links.
#[cfg(not(unix))]
fn symlink(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Makes files of the links that lead to the staging folder of a dead process: each becomes what it leads to.
pub(super) fn settle(out: &Path, staging: &Path) -> Result<(), EmitError> {
    let Ok(side) = fs::read_link(staging.join(NOW)) else { return Ok(()) };
    for part in [Side::New, Side::Old].map(|side| staging.join(side.name())).iter().filter(|part| part.is_dir()) {
        for (path, _) in crate::files::walk(part).attempt("read", part)? {
            let place = out.join(&path);
            if fs::read_link(&place).is_ok_and(|found| found == target(staging, &path)) {
                let settled = match fs::rename(staging.join(&side).join(&path), &place) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => fs::remove_file(&place),
                    settled => settled,
                };
                settled.attempt("write", &place)?;
            }
        }
    }
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn write(path: &Path, text: &str) {
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("writable");
        fs::write(path, text).expect("writable");
    }

    /// What a process leaves that died with its links turned to `side`: `a` and `d/b` are to be replaced, `c` removed, `d/e` added.
    #[track_caller]
    fn check(side: Side, expected: &[(&str, &str)]) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (out, staging) = (folder.path(), folder.path().join(".planish-tmp.7"));
        for path in ["a", "d/b", "c"] {
            write(&staging.join("old").join(path), "old");
        }
        for path in ["a", "d/b", "d/e"] {
            write(&staging.join("new").join(path), "new");
        }
        write(&out.join("f"), "same");
        fs::create_dir_all(out.join("d")).expect("writable");
        turn(&staging, side).expect("there are links");
        for path in ["a", "d/b", "c", "d/e"] {
            link(out, &staging, path).expect("there are links");
        }
        let found = |path: &str| fs::read_to_string(out.join(path)).ok();
        let state = || ["a", "c", "d/b", "d/e", "f"].map(|path| (path, found(path)));
        let before = state();
        settle(out, &staging).expect("settled");
        fs::remove_dir_all(&staging).expect("writable");
        assert_eq!(state(), before, "what is there stays as it looks");
        let files: Vec<(&str, String)> = state().into_iter().filter_map(|(path, text)| Some((path, text?))).collect();
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        assert_eq!(files, expected);
        let left = |path: &str| fs::symlink_metadata(out.join(path)).is_ok_and(|metadata| metadata.is_symlink());
        assert!(!["a", "c", "d/b", "d/e"].into_iter().any(left));
    }

    #[test]
    fn what_a_dead_process_left_becomes_the_release_that_it_shows() {
        check(Side::Old, &[("a", "old"), ("c", "old"), ("d/b", "old"), ("f", "same")]);
        check(Side::New, &[("a", "new"), ("d/b", "new"), ("d/e", "new"), ("f", "same")]);
    }

    #[test]
    fn a_staging_folder_without_links_is_left_alone() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        write(&folder.path().join(".planish-tmp.7/new/a"), "new");
        settle(folder.path(), &folder.path().join(".planish-tmp.7")).expect("nothing to do");
        assert!(!folder.path().join("a").exists());
    }
}
