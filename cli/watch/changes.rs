//! From events of the file system to one set of changes that is worth a build.

use crate::environment::is_file_name;
use notify::event::{EventKind, ModifyKind};
use planish_pipeline::resolve::PLUG_AND_PLAY;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// Changes that follow each other this quickly belong together.
const QUIET: Duration = Duration::from_millis(30);

/// A stream of changes that does not end is built this often.
const AT_MOST: Duration = Duration::from_millis(300);

/// What changed since the last build.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    /// Files and folders.
    pub(super) paths: BTreeSet<PathBuf>,
    /// Those of them that appeared, disappeared or got another name.
    pub(super) moved: BTreeSet<PathBuf>,
    /// Events were lost: any file may have changed.
    pub(super) everything: bool,
}

/// Which changes matter.
#[derive(Debug, Default)]
pub(super) struct Interest {
    /// What the last build read.
    pub(super) inputs: BTreeSet<PathBuf>,
    /// The configuration file.
    pub(super) config: PathBuf,
    /// Everything in here is read.
    pub(super) static_folder: Option<PathBuf>,
    /// Folders that builds write to.
    pub(super) leave_out: Vec<PathBuf>,
}

/// Waits for changes that matter, and then until there are no more for a moment. `None` if nothing watches any longer.
pub(super) fn wait(events: &Receiver<notify::Result<notify::Event>>, interest: &Interest) -> Option<Changes> {
    let mut changes = Changes::default();
    let mut deadline: Option<Instant> = None;
    loop {
        let event = match deadline {
            None => events.recv().ok()?,
            Some(deadline) => {
                match events.recv_timeout(QUIET.min(deadline.saturating_duration_since(Instant::now()))) {
                    Ok(event) => event,
                    Err(RecvTimeoutError::Timeout) => return Some(changes),
                    Err(RecvTimeoutError::Disconnected) => return None,
                }
            }
        };
        if note(event, interest, &mut changes) {
            deadline.get_or_insert_with(|| Instant::now() + AT_MOST);
        }
    }
}

/// Whether the event matters.
fn note(event: notify::Result<notify::Event>, interest: &Interest, changes: &mut Changes) -> bool {
    let event = match event {
        Ok(event) if !event.need_rescan() => event,
        // The queue overflowed, or the watcher lost its grip on a folder.
        _ => {
            changes.everything = true;
            return true;
        }
    };
    let moves = match event.kind {
        EventKind::Access(_) => return false,
        EventKind::Modify(ModifyKind::Name(_)) => true,
        EventKind::Modify(_) => false,
        _ => true,
    };
    let mut matters = false;
    for path in event.paths {
        if interest.includes(&path, moves) {
            matters = true;
            if moves {
                changes.moved.insert(path.clone());
            }
            changes.paths.insert(path);
        }
    }
    matters
}

impl Interest {
    /// A file that appears may be the one that an import looked for; a file that is written to matters only if it is read.
    fn includes(&self, path: &Path, moves: bool) -> bool {
        if self.leave_out.iter().any(|folder| path.starts_with(folder)) {
            return false;
        }
        let is_read = self.inputs.contains(path) || path == self.config;
        let is_static = self.static_folder.as_ref().is_some_and(|folder| path.starts_with(folder));
        let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        is_read || is_static || is_resolver_input(&name) || (moves && !name.starts_with('.') && !name.ends_with('~'))
    }
}

/// Files that say what specifiers mean, or what is defined.
fn is_resolver_input(name: &str) -> bool {
    name == "package.json"
        || name == PLUG_AND_PLAY
        || (name.starts_with("tsconfig") && name.ends_with(".json"))
        || is_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use notify::Event;
    use notify::event::{AccessKind, CreateKind, DataChange, Flag, RemoveKind, RenameMode};
    use std::sync::mpsc::channel;

    fn interest() -> Interest {
        Interest {
            inputs: [PathBuf::from("/s/src/a.js")].into(),
            config: "/s/planish.toml".into(),
            static_folder: Some("/s/public".into()),
            leave_out: vec!["/s/dist".into()],
        }
    }

    /// The paths of those events that matter.
    #[track_caller]
    fn check(kind: EventKind, paths: &[&str], expected: &[&str]) {
        let mut changes = Changes::default();
        for path in paths {
            note(Ok(Event::new(kind).add_path(path.into())), &interest(), &mut changes);
        }
        assert_eq!(changes.paths, expected.iter().map(PathBuf::from).collect::<BTreeSet<_>>());
    }

    #[test]
    fn writing_matters_if_the_file_is_read() {
        let written = EventKind::Modify(ModifyKind::Data(DataChange::Any));
        check(
            written,
            &[
                "/s/src/a.js",
                "/s/README.md",
                "/s/dist/a.js",
                "/s/public/x/y.txt",
                "/s/planish.toml",
                "/s/package.json",
                "/s/.pnp.cjs",
            ],
            &["/s/src/a.js", "/s/public/x/y.txt", "/s/planish.toml", "/s/package.json", "/s/.pnp.cjs"],
        );
    }

    #[test]
    fn appearing_and_disappearing_matters_but_for_what_editors_leave() {
        check(
            EventKind::Create(CreateKind::File),
            &["/s/src/b.js", "/s/src/.b.js.swp", "/s/src/b.js~"],
            &["/s/src/b.js"],
        );
        check(EventKind::Remove(RemoveKind::File), &["/s/src/a.js", "/s/dist/b.js"], &["/s/src/a.js"]);
        check(EventKind::Modify(ModifyKind::Name(RenameMode::To)), &["/s/src/a.js"], &["/s/src/a.js"]);
        check(EventKind::Access(AccessKind::Any), &["/s/src/a.js"], &[]);
    }

    #[test]
    fn lost_events_may_mean_anything() {
        let mut changes = Changes::default();
        assert!(note(Ok(Event::new(EventKind::Other).set_flag(Flag::Rescan)), &interest(), &mut changes));
        assert!(changes.everything);
    }

    #[test]
    fn changes_in_quick_succession_come_together() {
        let (sender, events) = channel();
        for path in ["/s/src/a.js", "/s/README.md", "/s/src/new.js"] {
            sender
                .send(Ok(Event::new(EventKind::Create(CreateKind::File)).add_path(path.into())))
                .expect("the receiver lives");
        }
        let changes = wait(&events, &interest()).expect("the sender lives");
        assert_eq!(changes.paths.len(), 3);
        drop(sender);
        assert_eq!(wait(&events, &interest()), None);
    }
}
