//! The staging folder, and the step from there into the output folder that can be undone.

use super::switch::{self, Side};
use super::{Attempt, EmitError, Flush, Planned, folder};
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::SystemTime;

const FLUSHING_THREADS: usize = 16;

/// A folder in the output folder, so on the same file system: `new` holds what will be published, `old` what it replaces.
/// Removed when dropped.
pub(super) struct Staging<'a> {
    out: &'a Path,
    path: PathBuf,
    flushing: Flush,
}

impl<'a> Staging<'a> {
    /// Writes files into a new staging folder, and flushes them to the disk if they are to be.
    pub(super) fn fill(out: &'a Path, files: &[Planned<'_>], flush: Flush) -> Result<Self, EmitError> {
        let path = out.join(format!("{}{}", folder::STAGING, std::process::id()));
        fs::create_dir(&path).attempt("create", &path)?;
        let staging = Self { out, path, flushing: flush };
        let folders: BTreeSet<PathBuf> =
            files.iter().filter_map(|file| Some(staging.staged(file.path).parent()?.to_owned())).collect();
        for folder in &folders {
            fs::create_dir_all(folder).attempt("create", folder)?;
        }
        let times = Times { now: SystemTime::now(), out, written: files.iter().map(|file| file.path).collect() };
        files.par_iter().try_for_each(|file| {
            // The place that the file is meant for says more than the one where it is now.
            write(&staging.staged(file.path), file.bytes, times.of(file)).attempt("write", &out.join(file.path))
        })?;
        if flush == Flush::Always {
            staging.flush(files)?;
        }
        Ok(staging)
    }

    /// Waits until nothing of the files can be lost any more.
    ///
    /// Threads of its own, more than there are cores, because they only wait, and the disk does what they wait for at once: 300
    /// files on ext4 take 1,100 ms one after the other, 150 ms on two threads, 30 ms on sixteen.
    fn flush(&self, files: &[Planned<'_>]) -> Result<(), EmitError> {
        let share = files.len().div_ceil(FLUSHING_THREADS).max(1);
        let flush = |files: &[Planned<'_>]| {
            files.iter().try_for_each(|file| {
                let flushed =
                    File::options().append(true).open(self.staged(file.path)).and_then(|file| file.sync_all());
                flushed.attempt("write", &self.out.join(file.path))
            })
        };
        thread::scope(|scope| {
            let threads: Vec<_> = files.chunks(share).map(|files| scope.spawn(move || flush(files))).collect();
            threads.into_iter().try_for_each(|thread| thread.join().expect("flushing does not panic"))
        })
    }

    fn staged(&self, path: &str) -> PathBuf {
        self.path.join(Side::New.name()).join(path)
    }

    fn replaced(&self, path: &str) -> PathBuf {
        self.path.join(Side::Old.name()).join(path)
    }
}

impl Drop for Staging<'_> {
    fn drop(&mut self) {
        // If this fails, the next build removes it.
        let _ = fs::remove_dir_all(&self.path);
    }
}

fn write(path: &Path, bytes: &[u8], modified: SystemTime) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.set_modified(modified)
}

/// The times that files get: one for all, so that a compressed form is as old as its original.
struct Times<'a> {
    now: SystemTime,
    out: &'a Path,
    written: BTreeSet<&'a str>,
}

impl Times<'_> {
    fn of(&self, file: &Planned<'_>) -> SystemTime {
        let kept = file.original.filter(|original| !self.written.contains(original));
        let time = |original| fs::metadata(self.out.join(original)).and_then(|metadata| metadata.modified()).ok();
        kept.and_then(time).unwrap_or(self.now)
    }
}

/// Changes to the output folder, undone when dropped unfinished.
pub(super) struct Publication<'a> {
    staging: &'a Staging<'a>,
    /// Paths that were or were about to be changed, and whether `old` holds what was there.
    changed: Vec<(String, bool)>,
    /// Folders with names that are not flushed yet.
    unflushed: BTreeSet<PathBuf>,
}

impl<'a> Publication<'a> {
    /// Nothing is changed yet.
    pub(super) fn begin(staging: &'a Staging<'a>) -> Self {
        Self { staging, changed: Vec::new(), unflushed: BTreeSet::new() }
    }

    /// The output folder.
    pub(super) fn out(&self) -> &'a Path {
        self.staging.out
    }

    /// Puts a staged file in its place.
    fn replace(&mut self, path: &str) -> Result<(), EmitError> {
        let place = self.prepare(path)?;
        fs::rename(self.staging.staged(path), &place).attempt("write", &place)
    }

    /// Puts staged files in their places and makes others unreadable, all at the same moment. Where that cannot be, files are replaced one
    /// after the other, and the others are left.
    pub(super) fn switch(&mut self, replaced: &[Planned<'_>], removed: &[&str]) -> Result<(), EmitError> {
        let (out, staging) = (self.staging.out, &*self.staging.path);
        if switch::turn(staging, Side::Old).is_err() {
            return self.replace_in_order(replaced);
        }
        for path in replaced.iter().map(|file| file.path).chain(removed.iter().copied()) {
            let place = self.prepare(path)?;
            switch::link(out, staging, path).attempt("write", &place)?;
        }
        self.sync()?;
        switch::turn(staging, Side::New).attempt("write", out)?;
        folder::sync(staging, self.staging.flushing)?;
        for file in replaced {
            let place = out.join(file.path);
            fs::rename(self.staging.staged(file.path), &place).attempt("write", &place)?;
            self.unflushed.extend(place.parent().map(Path::to_owned));
        }
        self.sync()
    }

    /// Puts staged files in their places, those of one rank after those of another.
    pub(super) fn replace_in_order(&mut self, files: &[Planned<'_>]) -> Result<(), EmitError> {
        for group in files.chunk_by(|a, b| a.rank == b.rank) {
            for file in group {
                self.replace(file.path)?;
            }
            // What is published next may refer to this group.
            self.sync()?;
        }
        Ok(())
    }

    /// Removes a file, and the folders that it leaves empty.
    pub(super) fn remove(&mut self, path: &str) -> Result<(), EmitError> {
        let place = self.prepare(path)?;
        match fs::remove_file(&place) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error).attempt("remove", &place),
            _ => {
                folder::remove_empty_above(self.staging.out, path);
                Ok(())
            }
        }
    }

    /// Flushes what was done so far to the disk.
    fn sync(&mut self) -> Result<(), EmitError> {
        std::mem::take(&mut self.unflushed).iter().try_for_each(|folder| folder::sync(folder, self.staging.flushing))
    }

    /// Makes the changes final.
    pub(super) fn finish(mut self) {
        self.changed.clear();
    }

    /// Makes a file's folder and keeps what is in its place.
    fn prepare(&mut self, path: &str) -> Result<PathBuf, EmitError> {
        let place = self.staging.out.join(path);
        let parent = place.parent().expect("a file in a folder has a parent");
        fs::create_dir_all(parent).attempt("create", parent)?;
        let kept = keep(&place, &self.staging.replaced(path)).attempt("replace", &place)?;
        self.changed.push((path.to_owned(), kept));
        self.unflushed.extend(folder::folders_above(path).map(|folder| self.staging.out.join(folder)));
        self.unflushed.insert(self.staging.out.to_owned());
        Ok(place)
    }

    fn undo(&self, path: &str, kept: bool) -> io::Result<()> {
        let place = self.staging.out.join(path);
        if kept {
            fs::create_dir_all(place.parent().unwrap_or(self.staging.out))?;
            fs::rename(self.staging.replaced(path), place)
        } else {
            // The file may not have got there, but its folder may have.
            let removed = fs::remove_file(place);
            folder::remove_empty_above(self.staging.out, path);
            removed
        }
    }
}

impl Drop for Publication<'_> {
    fn drop(&mut self) {
        if !self.changed.is_empty() {
            // What is a link shows the last release again at once.
            let _ = switch::turn(&self.staging.path, Side::Old);
        }
        for (path, kept) in self.changed.iter().rev() {
            // The failure that led here is the one to report.
            let _ = self.undo(path, *kept);
        }
    }
}

/// Keeps a file under a second name, so that it never is missing under its first; whether there was one.
fn keep(place: &Path, old: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(place) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
        Ok(metadata) if metadata.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
        Ok(_) => {}
    }
    fs::create_dir_all(old.parent().unwrap_or(old))?;
    // Not every file system has second names.
    fs::hard_link(place, old).or_else(|_| fs::copy(place, old).map(drop))?;
    Ok(true)
}
