//! The list of the files that Planish wrote into an output folder: the only files that it ever removes from there.

use super::{Attempt, EmitError, Flush, Planned, folder, is_inside};
use crate::key::{Key, KeyBuilder};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// Where the ledger lies in the output folder.
pub(super) const PATH: &str = ".planish/ledger.json";

/// Its name while it is written. The lock on the folder makes one name enough.
pub(super) const UNFINISHED: &str = ".planish/ledger.new";

const VERSION: u32 = 1;

/// Paths of files with blake3 of their bytes, in hexadecimal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ledger {
    version: u32,
    files: BTreeMap<String, String>,
}

impl Ledger {
    /// The ledger of a release.
    pub(super) fn of(files: &[Planned<'_>]) -> Self {
        let hash = |file: &Planned<'_>| (file.path.to_owned(), Key::of_bytes(file.bytes).to_hex());
        Self { version: VERSION, files: files.par_iter().map(hash).collect::<Vec<_>>().into_iter().collect() }
    }

    /// The ledger in an output folder. One that is absent, broken or of another version lists nothing, so that nothing is removed
    /// for its sake; neither are files that it lists outside the folder. One that is there and cannot be read is an error:
    /// going on would forget the files it lists.
    pub(super) fn read(out: &Path) -> Result<Self, EmitError> {
        let path = out.join(PATH);
        let text = match std::fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            text => text.attempt("read", &path)?,
        };
        let mut ledger = serde_json::from_slice::<Self>(&text).unwrap_or_default();
        if ledger.version != VERSION {
            ledger.files.clear();
        }
        ledger.files.retain(|path, _| is_inside(path) && !folder::is_reserved(path));
        Ok(ledger)
    }

    /// What tells this ledger from others.
    pub(super) fn key(&self) -> Key {
        let mut key = KeyBuilder::new("ledger", VERSION);
        key.value(&self.files).finish()
    }

    /// Whether every file is there with the bytes that it had.
    pub(super) fn is_true(&self, out: &Path) -> bool {
        let files: Vec<(&String, &String)> = self.files.iter().collect();
        files.into_par_iter().all(|(path, hash)| {
            std::fs::read(out.join(path)).is_ok_and(|bytes| Key::of_bytes(&bytes).to_hex() == *hash)
        })
    }

    /// Everything that is in either, for the time when the folder may hold files of both.
    pub(super) fn union(&self, next: &Self) -> Self {
        let mut files = self.files.clone();
        files.extend(next.files.clone());
        Self { version: VERSION, files }
    }

    /// The paths that are in this ledger and not in the other.
    pub(super) fn without<'a>(&'a self, next: &'a Self) -> impl Iterator<Item = &'a str> {
        self.files.keys().filter(|path| !next.files.contains_key(*path)).map(String::as_str)
    }

    /// Adds a file of another ledger.
    pub(super) fn keep(&mut self, other: &Self, path: &str) {
        self.files.extend(other.files.get_key_value(path).map(|(path, hash)| (path.clone(), hash.clone())));
    }

    /// All paths, sorted.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// Writes the ledger, unless it is what the folder holds already.
    pub(super) fn write(&self, out: &Path, held: &Self, flush: Flush) -> Result<(), EmitError> {
        if self == held {
            return Ok(());
        }
        let path = out.join(PATH);
        self.replace(out, flush).attempt("write", &path)?;
        folder::sync(path.parent().unwrap_or(out), flush)
    }

    fn replace(&self, out: &Path, flush: Flush) -> io::Result<()> {
        let unfinished = out.join(UNFINISHED);
        let text = serde_json::to_string_pretty(self)? + "\n";
        let written =
            write(&unfinished, text.as_bytes(), flush).and_then(|()| std::fs::rename(&unfinished, out.join(PATH)));
        if written.is_err() {
            let _ = std::fs::remove_file(unfinished);
        }
        written
    }

    /// Puts the ledger of an earlier release back, as well as that is possible: the one it replaces is right too, only longer.
    pub(super) fn restore(&self, out: &Path) {
        let absent = self.version == 0;
        let _: io::Result<()> =
            if absent { std::fs::remove_file(out.join(PATH)) } else { self.replace(out, Flush::Always) };
    }
}

fn write(path: &Path, bytes: &[u8], flush: Flush) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    if flush == Flush::Always { file.sync_all() } else { Ok(()) }
}
