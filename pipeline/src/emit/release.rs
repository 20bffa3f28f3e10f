//! Replaces one release by the next, all or nothing.

use super::ledger::Ledger;
use super::publish::{Publication, Staging};
use super::{Attempt, EmitError, Emitted, Flush, Planned, Rank, folder, holds};
use crate::files::names_in;
use crate::key::Key;
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Writes what differs, removes what the release no longer has.
pub(super) fn write(out: &Path, files: &[Planned<'_>], flush: Flush) -> Result<Emitted, EmitError> {
    let _lock = folder::lock(out)?;
    folder::check_links(out, files)?;
    let previous = Ledger::read(out)?;
    let next = Ledger::of(files);
    let changed: Vec<Planned<'_>> =
        files.par_iter().filter(|file| !holds(&out.join(file.path), file.bytes)).copied().collect();
    let mut removed = 0;
    let staging = if changed.is_empty() { None } else { Some(Staging::fill(out, &changed, flush)?) };
    let _publishing = super::pause();
    if let Some(staging) = staging {
        // From here on the folder may hold files of both: if this process is killed, the next one finds what to remove.
        let published = previous.union(&next).write(out, &previous, flush);
        let published = published.and_then(|()| publish(&staging, &changed, &previous, &next));
        removed += published.inspect_err(|_| previous.restore(out))?;
        align_times(out, files, &changed);
    }
    let pruned = prune(out, &previous, &next);
    let key = next.key();
    let mut ledger = next;
    pruned.stuck.iter().for_each(|(path, _)| ledger.keep(&previous, path));
    ledger.write(out, &Ledger::read(out)?, flush)?;
    if let Some((path, error)) = pruned.stuck.into_iter().next() {
        return Err(error).attempt("remove", &out.join(path));
    }
    Ok(Emitted {
        written: changed.len(),
        unchanged: files.len() - changed.len(),
        removed: removed + pruned.removed,
        ledger: Some(key),
    })
}

/// See [`super::is_in_place`].
pub(super) fn is_in_place(out: &Path, ledger: &Key) -> Result<bool, EmitError> {
    let found = Ledger::read(out)?;
    Ok(found.key() == *ledger && !folder::has_leftovers(out) && found.is_true(out))
}

/// Puts the staged files in place; the number of files that had to go first. A failure leaves the folder as it was.
///
/// Files under new names come first: nobody has asked for them yet. All others change at once. Only where a file becomes a folder or a folder
/// a file, something must go before that.
fn publish(
    staging: &Staging<'_>,
    changed: &[Planned<'_>],
    previous: &Ledger,
    next: &Ledger,
) -> Result<usize, EmitError> {
    let mut publication = Publication::begin(staging);
    let obstacles = obstacles(publication.out(), previous, next);
    for path in &obstacles {
        publication.remove(path)?;
    }
    let (immutable, others) = changed.split_at(changed.partition_point(|file| file.rank == Rank::Immutable));
    publication.replace_in_order(immutable)?;
    if !others.is_empty() {
        publication.switch(others, &outdated(publication.out(), previous, next))?;
    }
    publication.finish();
    Ok(obstacles.len())
}

/// Files of the previous release where the next one has a folder, or in a folder where the next one has a file.
fn obstacles<'a>(out: &Path, previous: &'a Ledger, next: &'a Ledger) -> Vec<&'a str> {
    let folders: BTreeSet<&Path> = next.paths().flat_map(folder::folders_above).collect();
    let files: BTreeSet<&Path> = next.paths().map(Path::new).collect();
    let is_obstacle = |path: &&str| {
        folders.contains(Path::new(path)) || folder::folders_above(path).any(|folder| files.contains(folder))
    };
    previous.without(next).filter(is_obstacle).filter(|path| is_own(out, &out.join(path))).collect()
}

/// Files of the previous release that the next one does not have.
fn outdated<'a>(out: &'a Path, previous: &'a Ledger, next: &'a Ledger) -> Vec<&'a str> {
    // Where case does not count, `App.js` is also the `app.js` of the new release.
    let lower: BTreeSet<String> = next.paths().map(str::to_lowercase).collect();
    let is_gone = |path: &&str| !lower.contains(&path.to_lowercase()) && is_own(out, &out.join(path));
    previous.without(next).filter(is_gone).collect()
}

/// Gives compressed forms that were right already the new time of their rewritten originals: servers and proxies take a form that
/// is older than its original for outdated.
fn align_times(out: &Path, files: &[Planned<'_>], changed: &[Planned<'_>]) {
    let changed: BTreeSet<&str> = changed.iter().map(|file| file.path).collect();
    for file in files.iter().filter(|file| !changed.contains(file.path)) {
        if let Some(original) = file.original.filter(|original| changed.contains(original)) {
            let time = fs::metadata(out.join(original)).and_then(|metadata| metadata.modified());
            // The release is complete without it.
            let _: io::Result<()> =
                time.and_then(|time| File::options().append(true).open(out.join(file.path))?.set_modified(time));
        }
    }
}

#[derive(Default)]
struct Pruned {
    removed: usize,
    /// Files that could not be removed, and why.
    stuck: Vec<(String, io::Error)>,
}

/// Removes the files of the previous release that the next one does not have.
fn prune(out: &Path, previous: &Ledger, next: &Ledger) -> Pruned {
    let mut pruned = Pruned::default();
    let lower: BTreeSet<String> = next.paths().map(str::to_lowercase).collect();
    for path in previous.without(next) {
        let place = out.join(path);
        let is_renamed = lower.contains(&path.to_lowercase()) && !is_spelled_so(&place);
        if is_renamed || !is_own(out, &place) {
            continue;
        }
        match fs::remove_file(&place) {
            Ok(()) => {
                pruned.removed += 1;
                folder::remove_empty_above(out, path);
            }
            Err(error) => pruned.stuck.push((path.to_owned(), error)),
        }
    }
    pruned
}

/// Whether there still is what Planish wrote: a file, in the output folder.
fn is_own(out: &Path, place: &Path) -> bool {
    let is_file = fs::symlink_metadata(place).is_ok_and(|metadata| !metadata.is_dir());
    is_file && !place.parent().is_some_and(|folder| folder::leads_outside(out, folder))
}

/// Whether the folder spells the name like this. Where case does not count, `App.js` also opens the `app.js` of the new release.
fn is_spelled_so(place: &Path) -> bool {
    let (Some(folder), Some(name)) = (place.parent(), place.file_name()) else { return false };
    names_in(folder).iter().any(|existing| name == existing.as_str())
}
