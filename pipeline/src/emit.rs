//! Writes a finished release into the output folder.
//!
//! Invariants, held by tests:
//! - A release is published only when all of it is in a staging folder beside it, and, but for [`EmitMode::Watched`], on the disk. Any
//!   failure until the last file is in place leaves the folder as it was.
//! - Files that never change under their name come first, then all others at the same moment, where there are links; elsewhere documents,
//!   then the service worker, then the manifest. Who reads the folder meanwhile finds every file that what he read first names.
//! - A process that dies at any moment leaves one release or the other, and the next one needs nothing to be cleaned.
//! - A file that holds the right bytes already is not touched.
//! - Only files in Planish's own ledger are removed. A file of someone else's under the name of an output is replaced, as esbuild
//!   and Vite do.

#![allow(clippy::disallowed_methods, reason = "emit is one of the engine's windows on the file system")]

mod files;
mod folder;
mod ledger;
mod publish;
mod release;
mod switch;

use crate::key::Key;
use crate::output::{FinalFile, OutputClass};
use crate::session::EmitMode;
use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What writing a release did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Emitted {
    /// Files written.
    pub written: usize,
    /// Files that were there already with the same bytes.
    pub unchanged: usize,
    /// Files of earlier releases removed.
    pub removed: usize,
    /// The key of the ledger that lists the release, if there is one.
    pub ledger: Option<Key>,
}

/// Why the output folder could not be updated.
#[derive(Debug)]
pub struct EmitError {
    /// The file or folder, below the output folder as it was given.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
    /// What was tried: `write`, `create`, `replace`, …
    pub action: &'static str,
}

impl EmitError {
    /// The error with its path relative to the root, as sources are named, if it lies there.
    pub(crate) fn below(self, root: &Path) -> Self {
        let path = self.path.strip_prefix(root).map(Path::to_owned).unwrap_or(self.path);
        Self { path, ..self }
    }
}

impl fmt::Display for EmitError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "cannot {} `{}`: {}", self.action, self.path.display(), reason(&self.source))
    }
}

impl std::error::Error for EmitError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

/// An error of the system as part of a message: `permission denied` for `Permission denied (os error 13)`.
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

/// Writes the files into the folder `out`, which is made if it does not exist.
pub fn emit(out: &Path, mode: EmitMode, files: &[FinalFile]) -> Result<Emitted, EmitError> {
    let files = in_order(out, files)?;
    match mode {
        EmitMode::Release => release::write(out, &files, Flush::Always),
        EmitMode::Watched => release::write(out, &files, Flush::Never),
        EmitMode::Files => files::write(out, &files),
    }
}

/// Whether the output folder holds the release with this ledger and nothing unfinished.
pub(crate) fn is_in_place(out: &Path, ledger: &Key) -> bool {
    release::is_in_place(out, ledger).unwrap_or(false)
}

/// Whether a release is to survive a loss of power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flush {
    /// Every step waits until the one before is on the disk.
    Always,
    /// The system writes when it likes. Who dies leaves one release or the other all the same, as long as the system lives.
    Never,
}

/// Held while a release is put in place.
static PUBLISHING: Mutex<()> = Mutex::new(());

/// Waits until this process is not putting a release in place, and lets it begin with none before the result is dropped: for who wants to end
/// the process and leave whole folders.
pub fn pause() -> MutexGuard<'static, ()> {
    // Nothing lies behind the lock that a panic could have broken.
    PUBLISHING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A file's place in the order of publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// New names, which nobody can have asked for yet.
    Immutable,
    /// Other files that refer to no or only to immutable files.
    Leaf,
    /// Pages.
    Document,
    /// It loads pages as soon as a browser sees it.
    ServiceWorker,
    /// Server templates read it and name any of the others.
    Manifest,
}

/// One file to write.
#[derive(Clone, Copy, Debug)]
struct Planned<'a> {
    rank: Rank,
    path: &'a str,
    bytes: &'a [u8],
    /// The file that this is a compressed form of.
    original: Option<&'a str>,
}

/// The files in the order of publication, each path once.
fn in_order<'a>(out: &Path, files: &'a [FinalFile]) -> Result<Vec<Planned<'a>>, EmitError> {
    let mut by_path: BTreeMap<&str, &FinalFile> = BTreeMap::new();
    for file in files {
        let refuse =
            |kind, text| EmitError { path: out.join(&file.path), source: io::Error::new(kind, text), action: "write" };
        if !is_inside(&file.path) {
            return Err(refuse(io::ErrorKind::InvalidInput, "the path leads out of the output folder"));
        }
        if folder::is_reserved(&file.path) {
            return Err(refuse(io::ErrorKind::InvalidInput, "the name is reserved"));
        }
        let earlier = by_path.insert(&file.path, file);
        if earlier.is_some_and(|earlier| earlier.bytes != file.bytes) {
            return Err(refuse(io::ErrorKind::AlreadyExists, "two different files have this path"));
        }
    }
    let mut planned: Vec<Planned<'_>> = by_path
        .values()
        .map(|file| {
            let original = original(file).and_then(|path| by_path.get(path));
            Planned {
                rank: rank(original.unwrap_or(file)),
                path: &file.path,
                bytes: &file.bytes,
                original: original.map(|original| original.path.as_str()),
            }
        })
        .collect();
    // An original sorts before its compressed forms, whose names it begins.
    planned.sort_by_key(|file| (file.rank, file.path));
    Ok(planned)
}

/// The path of the file that a compressed file is a form of: `a.js` of `a.js.br`.
fn original(file: &FinalFile) -> Option<&str> {
    (file.class == OutputClass::Compressed).then(|| file.path.rsplit_once('.'))?.map(|(original, _)| original)
}

fn rank(file: &FinalFile) -> Rank {
    match file.class {
        OutputClass::Manifest => Rank::Manifest,
        OutputClass::ServiceWorker => Rank::ServiceWorker,
        OutputClass::Document => Rank::Document,
        _ if file.immutable => Rank::Immutable,
        _ => Rank::Leaf,
    }
}

/// Whether a path relative to the output folder stays in it.
fn is_inside(path: &str) -> bool {
    let plain = path.split('/').all(|part| !matches!(part, "" | "." | ".."));
    // On Windows, components also tell backslashes and drives.
    plain && Path::new(path).components().all(|component| matches!(component, Component::Normal(_)))
}

/// Whether a file exists with exactly these bytes.
fn holds(path: &Path, bytes: &[u8]) -> bool {
    let has_size = |metadata: std::fs::Metadata| metadata.is_file() && metadata.len() == bytes.len() as u64;
    std::fs::metadata(path).is_ok_and(has_size) && is_same(path, bytes).unwrap_or(false)
}

/// Block by block: files can be as large as all sources together.
fn is_same(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    let mut file = std::fs::File::open(path)?;
    let mut block = [0; 64 << 10];
    for expected in bytes.chunks(block.len()) {
        let found = &mut block[..expected.len()];
        file.read_exact(found)?;
        if found != expected {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Names the file and the attempt that an error belongs to.
trait Attempt<T> {
    fn attempt(self, action: &'static str, path: &Path) -> Result<T, EmitError>;
}

impl<T> Attempt<T> for io::Result<T> {
    fn attempt(self, action: &'static str, path: &Path) -> Result<T, EmitError> {
        self.map_err(|source| EmitError { path: path.to_owned(), source, action })
    }
}
