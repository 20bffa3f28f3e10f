//! The output folder itself: its lock, its reserved names, its links, its empty folders.

use super::{Attempt, EmitError, Flush, Planned, ledger, switch};
use crate::files::names_in;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::Path;

/// What the names of folders and files that are not published yet begin with.
pub(super) const STAGING: &str = ".planish-tmp.";

/// The folder of the ledger and the lock.
const OWN: &str = ".planish";

/// Whether a path of the output folder is for Planish's own use.
pub(super) fn is_reserved(path: &str) -> bool {
    let first = path.split('/').next().unwrap_or_default();
    first == OWN || first.starts_with(STAGING)
}

/// Makes the output folder, waits until no other process writes to it, and removes what dead ones left unfinished.
///
/// The lock is the file's, until the result is dropped: the system frees it however a process ends.
pub(super) fn lock(out: &Path) -> Result<File, EmitError> {
    fs::create_dir_all(out).attempt("create", out)?;
    let own = out.join(OWN);
    fs::create_dir_all(&own).attempt("create", &own)?;
    let path = own.join("lock");
    let file = File::options().create(true).truncate(false).write(true).open(&path).attempt("write", &path)?;
    match file.lock() {
        // Who holds the lock is alone, so every staging folder is a dead process's.
        Ok(()) => remove_leftovers(out)?,
        // Some network file systems have no locks. One build at a time is then the user's to see to.
        Err(error) if error.kind() == io::ErrorKind::Unsupported => {}
        error => error.attempt("lock", &path)?,
    }
    Ok(file)
}

/// Whether a process left something unfinished, or is at it.
pub(super) fn has_leftovers(out: &Path) -> bool {
    names_in(out).iter().any(|name| name.starts_with(STAGING)) || out.join(ledger::UNFINISHED).exists()
}

fn remove_leftovers(out: &Path) -> Result<(), EmitError> {
    let ledger = out.join(ledger::UNFINISHED);
    if ledger.exists() {
        fs::remove_file(&ledger).attempt("remove", &ledger)?;
    }
    for entry in fs::read_dir(out).attempt("read", out)? {
        let path = entry.attempt("read", out)?.path();
        let is_staging = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(STAGING));
        if is_staging && fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_dir()) {
            switch::settle(out, &path)?;
            fs::remove_dir_all(&path).attempt("remove", &path)?;
        }
    }
    Ok(())
}

/// Refuses to write through a link that leads out of the output folder: `dist/img -> ../img` would overwrite sources.
pub(super) fn check_links(out: &Path, files: &[Planned<'_>]) -> Result<(), EmitError> {
    let folders: BTreeSet<&Path> = files.iter().flat_map(|file| folders_above(file.path)).collect();
    for folder in folders.into_iter().map(|folder| out.join(folder)) {
        if leads_outside(out, &folder) {
            let text = "the folder is a link that leads out of the output folder";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text)).attempt("write to", &folder);
        }
    }
    Ok(())
}

/// Whether a folder exists and lies, after following links, elsewhere than in `out`.
pub(super) fn leads_outside(out: &Path, folder: &Path) -> bool {
    match (out.canonicalize(), folder.canonicalize()) {
        (Ok(out), Ok(folder)) => !folder.starts_with(out),
        _ => false,
    }
}

/// The folders that a path of the output folder passes, innermost first: `a/b` and `a` of `a/b/c`.
pub(super) fn folders_above(path: &str) -> impl Iterator<Item = &Path> {
    Path::new(path).ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty())
}

/// Removes the folders that a removed file leaves empty.
pub(super) fn remove_empty_above(out: &Path, path: &str) {
    for folder in folders_above(path) {
        // A folder that is not empty cannot be removed like this, which is the usual end.
        if fs::remove_dir(out.join(folder)).is_err() {
            break;
        }
    }
}

/// Makes the names in a folder survive a loss of power.
pub(super) fn sync(folder: &Path, flush: Flush) -> Result<(), EmitError> {
    // Elsewhere folders cannot be opened, and the system orders these changes itself.
    if cfg!(unix) && flush == Flush::Always {
        let synced = File::open(folder).and_then(|folder| folder.sync_all());
        // Some file systems know no such thing.
        let is_known =
            |error: &io::Error| !matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput);
        if let Err(error) = synced
            && is_known(&error)
        {
            return Err(error).attempt("write to", folder);
        }
    }
    Ok(())
}
