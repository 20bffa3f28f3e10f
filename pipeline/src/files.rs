//! The engine's window on the sources. Reads only; `cache` and `emit` write.

use oxc_resolver::{FileSystem, FileSystemOs};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// The bytes of a source file. It may lie in an archive, as packages do that Yarn does not install into `node_modules`.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    static WITH_ARCHIVES: LazyLock<FileSystemOs> = LazyLock::new(|| FileSystemOs::new(true));
    std::fs::read(path).or_else(|error| WITH_ARCHIVES.read(path).map_err(|_| error))
}

/// The file names in a folder, sorted; none if it cannot be read. Names that are not UTF-8 are left out.
pub fn names_in(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}

/// Whether `relative` names a file in `folder` without leaving it.
pub fn is_file_inside(folder: &Path, relative: &str) -> bool {
    !relative.split('/').any(|part| part == "..") && folder.join(relative).is_file()
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
