//! Writes files one by one, each by rename: for output folders that belong to somebody else.

use super::{Attempt, EmitError, Emitted, Planned, folder, holds};
use rayon::prelude::*;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// Writes the files, those of one rank in parallel. Nothing is removed, and what was written before a failure stays.
pub(super) fn write(out: &Path, files: &[Planned<'_>]) -> Result<Emitted, EmitError> {
    fs::create_dir_all(out).attempt("create", out)?;
    folder::check_links(out, files)?;
    let mut emitted = Emitted::default();
    for group in files.chunk_by(|a, b| a.rank == b.rank) {
        let written: Vec<bool> = group.par_iter().map(|file| write_one(out, file)).collect::<Result<_, _>>()?;
        let count = written.iter().filter(|written| **written).count();
        emitted.written += count;
        emitted.unchanged += group.len() - count;
    }
    Ok(emitted)
}

/// Whether the file had to be written.
fn write_one(out: &Path, file: &Planned<'_>) -> Result<bool, EmitError> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let path = out.join(file.path);
    if holds(&path, file.bytes) {
        return Ok(false);
    }
    let parent = path.parent().expect("a file in a folder has a parent");
    fs::create_dir_all(parent).attempt("create", parent)?;
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let unfinished = parent.join(format!("{}{}.{number}", folder::STAGING, std::process::id()));
    let written = fs::write(&unfinished, file.bytes).and_then(|()| fs::rename(&unfinished, &path));
    if written.is_err() {
        remove_quietly(&unfinished);
    }
    written.attempt("write", &path)?;
    Ok(true)
}

/// The failure that led here is the one to report.
fn remove_quietly(path: &Path) {
    let _: io::Result<()> = fs::remove_file(path);
}
