//! Whether a version control system is changing files at this moment: quiet between two of them is not the end then.

use std::path::{Path, PathBuf};
use std::time::Duration;

/// A lock of an operation that takes longer was left by one that is no more, or waits for somebody's words.
const LONGEST: Duration = Duration::from_mins(1);

/// The files that Git and Mercurial have while they change the files of a checkout.
#[derive(Debug, Default)]
pub(super) struct Checkout {
    locks: Vec<PathBuf>,
}

impl Checkout {
    /// The one that a folder lies in.
    pub(super) fn around(folder: &Path) -> Self {
        let mut locks = Vec::new();
        for above in folder.ancestors() {
            locks.extend(git_folder(&above.join(".git")).map(|git| git.join("index.lock")));
            let mercurial = above.join(".hg");
            if mercurial.is_dir() {
                locks.push(mercurial.join("wlock"));
            }
            if !locks.is_empty() {
                break;
            }
        }
        Self { locks }
    }

    /// Whether its files are being changed.
    pub(super) fn is_changing(&self) -> bool {
        // Mercurial's may be a link that leads nowhere.
        let is_young = |lock: &PathBuf| {
            let made = std::fs::symlink_metadata(lock).and_then(|metadata| metadata.modified());
            made.is_ok_and(|made| made.elapsed().is_ok_and(|age| age < LONGEST))
        };
        self.locks.iter().any(is_young)
    }
}

/// The folder `.git`, or that which a file of this name leads to, as in worktrees and submodules.
fn git_folder(dot_git: &Path) -> Option<PathBuf> {
    if dot_git.is_dir() {
        return Some(dot_git.to_owned());
    }
    let text = std::fs::read_to_string(dot_git).ok()?;
    let path = text.strip_prefix("gitdir:")?.trim();
    Some(dot_git.parent()?.join(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (path, text) in files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().expect("it is in a folder")).expect("writable");
            std::fs::write(path, text).expect("writable");
        }
        folder
    }

    #[test]
    fn a_lock_of_the_nearest_checkout_counts_while_it_is_young() {
        let folder = files(&[(".git/index.lock", ""), ("inner/.git/HEAD", ""), ("inner/app/a.js", "")]);
        assert!(Checkout::around(folder.path()).is_changing());
        let inner = Checkout::around(&folder.path().join("inner/app"));
        assert!(!inner.is_changing());
        let lock = std::fs::File::create(folder.path().join("inner/.git/index.lock")).expect("writable");
        assert!(inner.is_changing());
        lock.set_modified(std::time::SystemTime::now() - 2 * LONGEST).expect("it is ours");
        assert!(!inner.is_changing());
    }

    #[test]
    fn a_worktree_has_its_lock_elsewhere() {
        let folder = files(&[("main/.git/worktrees/w/HEAD", ""), ("w/.git", "gitdir: ../main/.git/worktrees/w\n")]);
        let worktree = Checkout::around(&folder.path().join("w"));
        assert!(!worktree.is_changing());
        std::fs::write(folder.path().join("main/.git/worktrees/w/index.lock"), "").expect("writable");
        assert!(worktree.is_changing());
    }

    #[cfg(unix)]
    #[test]
    fn mercurial_s_lock_is_a_link_to_nothing() {
        let folder = files(&[(".hg/requires", "")]);
        let checkout = Checkout::around(folder.path());
        assert!(!checkout.is_changing());
        std::os::unix::fs::symlink("host:1", folder.path().join(".hg/wlock")).expect("there are links");
        assert!(checkout.is_changing());
    }
}
