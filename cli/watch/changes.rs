//! From events of the file system to one set of changes that is worth a build.

use super::checkout::Checkout;
use crate::environment::is_file_name;
use notify::event::{AccessKind, AccessMode, EventKind, ModifyKind, RenameMode};
use planish_pipeline::resolve::PLUG_AND_PLAY;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// One file that was written and closed, or put in place, is built when nothing follows within this time: enough to tell it from the first of
/// many, too little to be felt.
const SAVED: Duration = Duration::from_millis(10);

/// Other changes that follow each other this quickly belong together.
const QUIET: Duration = Duration::from_millis(50);

/// The same for as many changes as only programs make, such as `git checkout`.
const QUIET_AFTER_MANY: Duration = Duration::from_millis(200);
const MANY: usize = 20;

/// All changes belong together while Git or Mercurial changes files, unless nothing happens for this long: such a process may be kept waiting.
const QUIET_IN_CHECKOUT: Duration = Duration::from_secs(2);

/// A stream of other changes that does not end is built this often.
const AT_MOST: Duration = Duration::from_secs(5);

/// What changed since the last build.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    /// Files and folders.
    pub(super) paths: BTreeSet<PathBuf>,
    /// Those that appeared, disappeared or got another name, among them what nobody asked for yet.
    pub(super) moved: BTreeSet<PathBuf>,
    /// Events were lost: any file may have changed.
    pub(super) everything: bool,
    /// The paths of which more is to be expected.
    unfinished: BTreeSet<PathBuf>,
}

impl Changes {
    /// Adds earlier ones.
    pub(super) fn append(&mut self, mut earlier: Self) {
        self.paths.append(&mut earlier.paths);
        self.moved.append(&mut earlier.moved);
        self.everything |= earlier.everything;
    }

    /// How long to wait for more.
    fn patience(&self) -> Duration {
        if self.everything || self.paths.len().max(self.moved.len()) > MANY {
            return QUIET_AFTER_MANY;
        }
        let is_saved = self.paths.len() == 1 && self.unfinished.is_disjoint(&self.paths);
        if is_saved { SAVED } else { QUIET }
    }
}

/// Which changes matter.
pub(super) struct Interest<'a> {
    /// Whether a build read a file, or looked for it.
    pub(super) concerns: &'a dyn Fn(&Path) -> bool,
    /// The configuration file.
    pub(super) config: &'a Path,
    /// Folders that builds write to.
    pub(super) leave_out: Vec<&'a Path>,
    /// Where the sources are.
    pub(super) checkout: Checkout,
}

/// Waits for changes that matter, and then until there are no more for a moment. `None` if nothing watches any longer.
pub(super) fn wait(events: &Receiver<notify::Result<notify::Event>>, interest: &Interest<'_>) -> Option<Changes> {
    let mut changes = Changes::default();
    // The moments of the first and of the last change.
    let mut span: Option<(Instant, Instant)> = None;
    // A checkout is not over before.
    let mut held = Instant::now();
    loop {
        let event = match span {
            None => events.recv().ok()?,
            Some((first, last)) => {
                let patience = changes.patience();
                let end = (last + patience).min(first + AT_MOST).max(held);
                match events.recv_timeout(end.saturating_duration_since(Instant::now())) {
                    Ok(event) => event,
                    Err(RecvTimeoutError::Timeout) => {
                        let now = Instant::now();
                        if now > last + QUIET_IN_CHECKOUT || !interest.checkout.is_changing() {
                            return Some(changes);
                        }
                        // Once more after the lock is gone: what was written before that may still be on its way.
                        held = now + patience;
                        continue;
                    }
                    Err(RecvTimeoutError::Disconnected) => return None,
                }
            }
        };
        if note(event, interest, &mut changes) {
            let now = Instant::now();
            span = Some((span.map_or(now, |(first, _)| first), now));
        }
    }
}

/// Whether the event matters.
fn note(event: notify::Result<notify::Event>, interest: &Interest<'_>, changes: &mut Changes) -> bool {
    let event = match event {
        Ok(event) if !event.need_rescan() => event,
        // The queue overflowed, or the watcher lost its grip on a folder.
        _ => {
            changes.everything = true;
            return true;
        }
    };
    let (moves, finishes) = match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => (false, true),
        EventKind::Access(_) => return false,
        EventKind::Modify(ModifyKind::Name(RenameMode::From)) => (true, false),
        EventKind::Modify(ModifyKind::Name(_)) => (true, true),
        EventKind::Modify(_) => (false, false),
        _ => (true, false),
    };
    let mut matters = false;
    for path in event.paths {
        // What happened in a folder is said of what lies in it.
        if !moves && !finishes && path.is_dir() {
            continue;
        }
        let is_wanted = interest.wants(&path);
        if !(is_wanted || moves && interest.may_want(&path)) {
            continue;
        }
        matters = true;
        if finishes {
            changes.unfinished.remove(&path);
        } else {
            changes.unfinished.insert(path.clone());
        }
        if moves {
            changes.moved.insert(path.clone());
        }
        if is_wanted {
            changes.paths.insert(path);
        }
    }
    matters
}

impl Interest<'_> {
    fn is_output(&self, path: &Path) -> bool {
        self.leave_out.iter().any(|folder| path.starts_with(folder))
    }

    /// Builds read it or looked for it, or it says how to build.
    fn wants(&self, path: &Path) -> bool {
        let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        !self.is_output(path)
            && (path == self.config || name == PLUG_AND_PLAY || is_file_name(&name) || (self.concerns)(path))
    }

    /// A file that appears may be an entry, but for those that editors leave.
    fn may_want(&self, path: &Path) -> bool {
        let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        !self.is_output(path) && !name.starts_with('.') && !name.ends_with('~')
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use notify::Event;
    use notify::event::{CreateKind, DataChange, Flag, RemoveKind};
    use std::sync::mpsc::channel;

    const WRITTEN: EventKind = EventKind::Modify(ModifyKind::Data(DataChange::Any));
    const CLOSED: EventKind = EventKind::Access(AccessKind::Close(AccessMode::Write));
    const CREATED: EventKind = EventKind::Create(CreateKind::File);

    fn interest() -> Interest<'static> {
        Interest {
            concerns: &|path| ["/s/src/a.js", "/s/src/c.js", "/s/package.json"].map(Path::new).contains(&path),
            config: Path::new("/s/planish.toml"),
            leave_out: vec![Path::new("/s/dist")],
            checkout: Checkout::default(),
        }
    }

    fn changes(events: &[(EventKind, &str)]) -> Changes {
        let mut changes = Changes::default();
        for (kind, path) in events {
            note(Ok(Event::new(*kind).add_path(path.into())), &interest(), &mut changes);
        }
        changes
    }

    /// The paths of those events that matter, and of those that may.
    #[track_caller]
    fn check(kind: EventKind, paths: &[&str], expected: &[&str], moved: &[&str]) {
        let events: Vec<(EventKind, &str)> = paths.iter().map(|path| (kind, *path)).collect();
        let found = changes(&events);
        assert_eq!(found.paths, expected.iter().map(PathBuf::from).collect::<BTreeSet<_>>());
        assert_eq!(found.moved, moved.iter().map(PathBuf::from).collect::<BTreeSet<_>>());
    }

    #[test]
    fn writing_matters_if_the_file_is_read() {
        check(
            WRITTEN,
            &["/s/src/a.js", "/s/README.md", "/s/dist/a.js", "/s/planish.toml", "/s/package.json", "/s/.env"],
            &["/s/src/a.js", "/s/planish.toml", "/s/package.json", "/s/.env"],
            &[],
        );
    }

    #[test]
    fn appearing_and_disappearing_may_matter_but_for_what_editors_leave() {
        check(CREATED, &["/s/src/b.js", "/s/src/.b.js.swp", "/s/src/b.js~"], &[], &["/s/src/b.js"]);
        let removed = EventKind::Remove(RemoveKind::File);
        check(removed, &["/s/src/a.js", "/s/dist/b.js"], &["/s/src/a.js"], &["/s/src/a.js"]);
        let renamed = EventKind::Modify(ModifyKind::Name(RenameMode::To));
        check(renamed, &["/s/src/a.js"], &["/s/src/a.js"], &["/s/src/a.js"]);
        check(EventKind::Access(AccessKind::Any), &["/s/src/a.js"], &[], &[]);
    }

    #[test]
    fn lost_events_may_mean_anything() {
        let mut changes = Changes::default();
        assert!(note(Ok(Event::new(EventKind::Other).set_flag(Flag::Rescan)), &interest(), &mut changes));
        assert!(changes.everything);
    }

    #[test]
    fn a_saved_file_waits_for_nothing_else() {
        let renamed = |mode| EventKind::Modify(ModifyKind::Name(mode));
        let (written, closed) = ((WRITTEN, "/s/src/a.js"), (CLOSED, "/s/src/a.js"));
        assert_eq!(changes(&[written, closed]).patience(), SAVED);
        // Written beside it and put in its place.
        let beside = "/s/src/a.js.tmp";
        let put = (renamed(RenameMode::To), "/s/src/a.js");
        let atomic = [(CREATED, beside), (CLOSED, beside), (renamed(RenameMode::From), beside), put];
        assert_eq!(changes(&atomic).patience(), SAVED);
        // Put aside and written anew: not before that is done.
        let aside = (renamed(RenameMode::From), "/s/src/a.js");
        assert_eq!(changes(&[aside]).patience(), QUIET);
        assert_eq!(changes(&[aside, (CREATED, "/s/src/a.js"), written]).patience(), QUIET);
        assert_eq!(changes(&[aside, (CREATED, "/s/src/a.js"), written, closed]).patience(), SAVED);
        // The second of many.
        assert_eq!(changes(&[written, closed, (CLOSED, "/s/src/c.js")]).patience(), QUIET);
    }

    #[test]
    fn changes_in_quick_succession_come_together() {
        let (sender, events) = channel();
        for path in ["/s/src/a.js", "/s/dist/a.js", "/s/src/new.js"] {
            sender.send(Ok(Event::new(CREATED).add_path(path.into()))).expect("the receiver lives");
        }
        let changes = wait(&events, &interest()).expect("the sender lives");
        assert_eq!((changes.paths.len(), changes.moved.len()), (1, 2));
        drop(sender);
        assert_eq!(wait(&events, &interest()), None);
    }
}
