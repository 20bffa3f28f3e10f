//! The folders that are watched: each alone and not what is below it, so that a storm in `node_modules` wakes nobody.

use crate::terminal::Terminal;
use notify::{Config, ErrorKind, PollWatcher, RecommendedWatcher, RecursiveMode, Watcher};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::time::Duration;

/// How often folders are looked at where the system cannot tell of changes.
const POLL: Duration = Duration::from_millis(400);

type Events = Sender<notify::Result<notify::Event>>;

/// Where a site's sources may appear.
#[derive(Clone, Debug)]
pub(super) struct Own {
    /// All of it, but for packages and hidden folders.
    pub(super) root: PathBuf,
    /// Folders that builds write to.
    pub(super) leave_out: Vec<PathBuf>,
    /// The configuration file.
    pub(super) config: PathBuf,
    /// All of it.
    pub(super) static_folder: Option<PathBuf>,
}

impl Own {
    /// All these folders.
    pub(super) fn folders(&self) -> BTreeSet<PathBuf> {
        let mut wanted = folders_below(&self.root, &self.leave_out);
        // A package that is installed appears here.
        wanted.insert(self.root.join("node_modules"));
        wanted.extend(self.config.parent().map(Path::to_owned));
        if let Some(folder) = &self.static_folder {
            wanted.extend(folders_below(folder, &[]));
        }
        wanted
    }
}

/// Watched folders.
pub(super) struct Folders {
    events: Events,
    terminal: Terminal,
    watcher: Box<dyn Watcher>,
    polls: bool,
    watched: BTreeSet<PathBuf>,
}

impl Folders {
    /// Watches nothing yet; what happens is sent to `events`.
    pub(super) fn new(events: Events, terminal: Terminal) -> Self {
        let watched = BTreeSet::new();
        match RecommendedWatcher::new(events.clone(), Config::default()) {
            Ok(watcher) => Self { events, terminal, watcher: Box::new(watcher), polls: false, watched },
            Err(error) => {
                say_that_it_polls(&terminal, &error);
                Self { watcher: poller(events.clone()), events, terminal, polls: true, watched }
            }
        }
    }

    /// Watches folders, those of them that exist.
    pub(super) fn cover(&mut self, wanted: BTreeSet<PathBuf>) {
        for folder in wanted {
            // By way of a link it is another name of a folder that is watched, and the system tells of changes under one name only.
            let is_real = || folder.canonicalize().is_ok_and(|real| real == folder);
            if !self.watched.contains(&folder) && folder.is_dir() && is_real() {
                self.watch(folder);
            }
        }
    }

    /// Stops watching folders that are gone or got another name; [`Self::cover`] finds the new ones.
    pub(super) fn forget(&mut self, moved: &BTreeSet<PathBuf>) {
        let is_gone = |folder: &&PathBuf| folder.ancestors().any(|above| moved.contains(above));
        let gone: Vec<PathBuf> = self.watched.iter().filter(is_gone).cloned().collect();
        for folder in gone {
            self.watched.remove(&folder);
            // Fails if the system noticed first.
            let _ = self.watcher.unwatch(&folder);
        }
    }

    fn watch(&mut self, folder: PathBuf) {
        let result = self.watcher.watch(&folder, RecursiveMode::NonRecursive);
        match result {
            Ok(()) => {
                self.watched.insert(folder);
            }
            Err(error) if is_gone(&error) => {}
            Err(error) if !self.polls => {
                say_that_it_polls(&self.terminal, &error);
                self.polls = true;
                self.watcher = poller(self.events.clone());
                for folder in std::mem::take(&mut self.watched).into_iter().chain([folder]) {
                    self.watch(folder);
                }
            }
            Err(error) => self.terminal.say(&format!("cannot watch `{}`: {error}", folder.display())),
        }
    }
}

fn poller(events: Events) -> Box<dyn Watcher> {
    match PollWatcher::new(events, Config::default().with_poll_interval(POLL)) {
        Ok(watcher) => Box::new(watcher),
        // It needs nothing but a thread; without one, rebuilds wait for the next start.
        Err(_) => Box::new(notify::NullWatcher),
    }
}

fn say_that_it_polls(terminal: &Terminal, error: &notify::Error) {
    let reason = match &error.kind {
        ErrorKind::MaxFilesWatch => "the system's limit of watched folders is reached".to_owned(),
        ErrorKind::Io(error) => planish_pipeline::emit::reason(error),
        _ => error.to_string(),
    };
    terminal.say(&format!("{reason}: looking for changes every {} ms instead", POLL.as_millis()));
}

fn is_gone(error: &notify::Error) -> bool {
    match &error.kind {
        ErrorKind::PathNotFound => true,
        ErrorKind::Io(error) => error.kind() == std::io::ErrorKind::NotFound,
        _ => false,
    }
}

/// A folder and those below it, but for packages, hidden folders and those to leave out.
fn folders_below(folder: &Path, leave_out: &[PathBuf]) -> BTreeSet<PathBuf> {
    let is_wanted = |entry: &walkdir::DirEntry| {
        let name = entry.file_name().to_string_lossy();
        let is_own =
            name != "node_modules" && !name.starts_with('.') && !leave_out.iter().any(|folder| folder == entry.path());
        entry.file_type().is_dir() && (entry.depth() == 0 || is_own)
    };
    let entries = walkdir::WalkDir::new(folder).into_iter().filter_entry(is_wanted).flatten();
    entries.map(walkdir::DirEntry::into_path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_and_hidden_folders_are_left_out() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path().to_owned();
        for name in ["src/deep", "node_modules/p/lib", "node_modules/q", ".git/objects", "dist/assets", "public/img"] {
            std::fs::create_dir_all(root.join(name)).expect("writable");
        }
        let own = Own {
            root: root.clone(),
            leave_out: vec![root.join("dist")],
            config: root.join("planish.toml"),
            static_folder: Some(root.join("public")),
        };
        let wanted = own.folders();
        let relative = |path: &PathBuf| path.strip_prefix(&root).map(|path| path.display().to_string()).ok();
        let names: Vec<String> = wanted.iter().filter_map(relative).collect();
        assert_eq!(names, ["", "node_modules", "public", "public/img", "src", "src/deep"]);
    }
}
