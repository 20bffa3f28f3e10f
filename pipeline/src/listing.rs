//! Files by patterns. What a folder lists is an input like any file: it is read anew by every build, and its text is what is keyed.

use crate::asset::relative_to_root;
use crate::files::asked::Asked;
use crate::resolve::normal;
use std::path::{Path, PathBuf};

/// A pattern, taken apart.
struct Pattern<'p> {
    /// The folder before the first wildcard, or the file itself if there is none.
    base: PathBuf,
    /// What a path below the folder must match; empty without a wildcard.
    rest: &'p str,
}

/// The files that match any of the patterns and none of those after a `!`, as seen from `importer`, sorted. Packages and hidden files
/// are left out unless a pattern names them.
pub(crate) fn list(
    asked: &Asked,
    root: &Path,
    importer: &Path,
    patterns: &[String],
    left_out: &[&Path],
) -> Vec<String> {
    let folder = importer.parent().unwrap_or(root);
    let parse = |text| Pattern::of(text, root, folder);
    let excluded: Vec<Pattern<'_>> = patterns.iter().filter_map(|text| text.strip_prefix('!')).map(parse).collect();
    let wanted = patterns.iter().filter(|text| !text.starts_with('!')).map(|text| parse(text));
    let mut found: Vec<String> = wanted
        .flat_map(|pattern| pattern.files(asked, left_out))
        .filter(|path| !excluded.iter().any(|pattern| pattern.matches(path)))
        .map(|path| as_specifier(folder, &path))
        .collect();
    found.sort();
    found.dedup();
    found
}

fn as_specifier(folder: &Path, path: &Path) -> String {
    let relative = relative_to_root(folder, path);
    if relative.starts_with("../") { relative } else { format!("./{relative}") }
}

impl<'p> Pattern<'p> {
    fn of(text: &'p str, root: &Path, folder: &Path) -> Self {
        let (from, text) = match text.strip_prefix('/') {
            Some(rest) => (root, rest),
            None if text.starts_with("**") => (Path::new("/"), text),
            None => (folder, text),
        };
        let special = text.find(['*', '?', '[', '{', '\\']);
        let literal = special.map_or(text.len(), |at| text[..at].rfind('/').map_or(0, |slash| slash + 1));
        Self { base: normal(&from.join(&text[..literal])), rest: &text[literal..] }
    }

    fn matches(&self, path: &Path) -> bool {
        match path.strip_prefix(&self.base) {
            Ok(below) if self.rest.is_empty() => below.as_os_str().is_empty(),
            Ok(_) => fast_glob::glob_match(self.rest, relative_to_root(&self.base, path)),
            Err(_) => false,
        }
    }

    fn files(&self, asked: &Asked, left_out: &[&Path]) -> Vec<PathBuf> {
        let mut found = Vec::new();
        if self.rest.is_empty() {
            found.extend(asked.is_file(&self.base).then(|| self.base.clone()));
        } else {
            self.walk(asked, &self.base, left_out, &mut Vec::new(), &mut found);
        }
        found
    }

    fn walk(
        &self,
        asked: &Asked,
        folder: &Path,
        left_out: &[&Path],
        above: &mut Vec<PathBuf>,
        found: &mut Vec<PathBuf>,
    ) {
        let Ok(real) = folder.canonicalize() else { return };
        if above.contains(&real) || left_out.contains(&folder) {
            return;
        }
        above.push(real);
        for name in asked.names_in(folder) {
            let path = folder.join(&name);
            if !self.may_name(&name) {
                continue;
            }
            if path.is_dir() {
                if self.is_deep() {
                    self.walk(asked, &path, left_out, above, found);
                }
            } else if self.matches(&path) {
                found.push(path);
            }
        }
        above.pop();
    }

    /// Whether anything below a folder of the base can match.
    fn is_deep(&self) -> bool {
        self.rest.contains('/') || self.rest.contains("**") || self.rest.contains('{')
    }

    fn may_name(&self, name: &str) -> bool {
        let names_it = || self.rest.contains(name);
        (!name.starts_with('.') || self.rest.starts_with('.') || self.rest.contains("/."))
            && (name != "node_modules" || names_it())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(patterns: &[&str], expected: &[&str]) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path().canonicalize().expect("it exists");
        for file in ["src/main.js", "src/p/a.js", "src/p/b.js", "src/p/c.ts", "src/p/d/e.js", "src/p/.h.js"] {
            let path = root.join(file);
            std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("writable");
            std::fs::write(path, "").expect("writable");
        }
        for file in ["lib/[x].js", "dist/o.js", "src/p/node_modules/n.js"] {
            let path = root.join(file);
            std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("writable");
            std::fs::write(path, "").expect("writable");
        }
        let patterns: Vec<String> = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
        let asked = Asked::new(false);
        assert_eq!(
            list(&asked, &root, &root.join("src/main.js"), &patterns, &[&root.join("dist")]),
            expected,
            "{patterns:?}"
        );
    }

    #[test]
    fn patterns_are_relative_to_the_file_or_to_the_root() {
        check(&["./p/*.js"], &["./p/a.js", "./p/b.js"]);
        check(&["./p/**/*.{js,ts}"], &["./p/a.js", "./p/b.js", "./p/c.ts", "./p/d/e.js"]);
        check(&["../lib/*.js"], &["../lib/[x].js"]);
        check(&["/src/p/?.js"], &["./p/a.js", "./p/b.js"]);
        check(&["./p/a.js", "./p/x.js"], &["./p/a.js"]);
        check(&["../lib/\\[x\\]*"], &["../lib/[x].js"]);
        check(&["/**/o.js"], &[]);
        check(&["./p/node_modules/*.js", "./p/.*.js"], &["./p/.h.js", "./p/node_modules/n.js"]);
    }

    #[test]
    fn patterns_take_files_away() {
        check(&["./p/**/*.js", "!**/b.js", "!./p/d/*"], &["./p/a.js"]);
        check(&["!./p/a.js"], &[]);
    }
}
