//! The engine's window on the sources. Reads only; `cache` and `emit` write.

pub(crate) mod asked;

use oxc_resolver::{FileSystem, FileSystemOs};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::SystemTime;

/// The bytes of a source file. It may lie in an archive, as packages do that Yarn does not install into `node_modules`.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    static WITH_ARCHIVES: LazyLock<FileSystemOs> = LazyLock::new(|| FileSystemOs::new(true));
    std::fs::read(path).or_else(|error| WITH_ARCHIVES.read(path).map_err(|_| error))
}

/// What tells a file from another version of it without reading it: its size and its time. Only for what nobody edits.
pub(crate) fn identity(path: &Path) -> Option<(u64, SystemTime)> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.len(), metadata.modified().ok()?))
}

/// The file names in a folder, sorted; none if it cannot be read. Names that are not UTF-8 are left out.
pub fn names_in(folder: &Path) -> Vec<String> {
    names_with_kinds(folder).into_iter().map(|(name, _)| name).collect()
}

/// The same, with which of them are folders themselves. A link is none.
fn names_with_kinds(folder: &Path) -> Vec<(String, bool)> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let named = |entry: std::fs::DirEntry| {
        Some((entry.file_name().into_string().ok()?, entry.file_type().is_ok_and(|kind| kind.is_dir())))
    };
    let mut names: Vec<(String, bool)> = entries.flatten().filter_map(named).collect();
    names.sort();
    names
}

/// Every file below a folder as `(path relative to it with forward slashes, path)`, sorted. Symbolic links to folders are followed
/// unless they lead to a folder above themselves.
pub fn walk(folder: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    let mut above = Vec::new();
    walk_into(folder, "", &mut above, &mut found)?;
    found.sort();
    Ok(found)
}

fn walk_into(
    folder: &Path,
    prefix: &str,
    above: &mut Vec<PathBuf>,
    found: &mut Vec<(String, PathBuf)>,
) -> io::Result<()> {
    let real = folder.canonicalize()?;
    if above.contains(&real) {
        return Ok(());
    }
    above.push(real);
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidData, format!("the name of `{}` is not UTF-8", path.display()))
        })?;
        let relative = format!("{prefix}{name}");
        if path.is_dir() {
            walk_into(&path, &format!("{relative}/"), above, found)?;
        } else if path.is_file() {
            found.push((relative, path));
        }
    }
    above.pop();
    Ok(())
}
