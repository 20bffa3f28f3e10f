//! Which files a build starts from: what the configuration names, else where a site usually starts.

use crate::config::Entries;
use globset::{GlobBuilder, GlobMatcher};
use planish_pipeline::diagnostic::Diagnostic;
use planish_pipeline::resolve::normal;
use planish_pipeline::session::EntryRequest;
use std::path::{Path, PathBuf};

/// Where a site starts if it does not say so, in the order of preference.
const USUAL: [&str; 9] = [
    "index.html",
    "src/main.ts",
    "src/main.tsx",
    "src/main.js",
    "src/main.jsx",
    "src/index.ts",
    "src/index.tsx",
    "src/index.js",
    "src/index.jsx",
];

/// What the names of scripts end with.
pub(crate) const SCRIPTS: [&str; 8] = ["js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx"];

/// Finds the entries of the site in `root`. Folders in `leave_out` are not searched. The errors have no places.
pub(crate) fn find(
    root: &Path,
    entries: Option<&Entries>,
    leave_out: &[PathBuf],
) -> Result<Vec<EntryRequest>, Vec<Diagnostic>> {
    let (found, errors) = match entries {
        None => return usual(root).map_err(|error| vec![error]),
        Some(Entries::List(patterns)) => listed(root, patterns, leave_out),
        Some(Entries::Named(named)) => {
            let (found, errors): (Vec<_>, Vec<_>) = named
                .iter()
                .map(|(name, path)| file(root, path).map(|path| EntryRequest { name: Some(name.clone()), path }))
                .partition(Result::is_ok);
            (found.into_iter().flatten().collect(), errors.into_iter().filter_map(Result::err).collect())
        }
    };
    match (errors.is_empty(), found.is_empty()) {
        (false, _) => Err(errors),
        (true, true) => Err(vec![Diagnostic::error("no-entries", "`build.entries` is empty")]),
        (true, false) => Ok(found),
    }
}

/// `index.html`, or the first of the usual scripts.
fn usual(root: &Path) -> Result<Vec<EntryRequest>, Diagnostic> {
    match USUAL.iter().map(|name| root.join(name)).find(|path| path.is_file()) {
        Some(path) => Ok(vec![EntryRequest { name: None, path }]),
        None => Err(Diagnostic::error(
            "no-entries",
            "nothing to build: looked for `index.html`, `src/main.{ts,tsx,js,jsx}` and `src/index.{ts,tsx,js,jsx}`",
        )
        .help("name the files in `planish.toml`: `[build]` `entries = [\"src/app.ts\"]`")),
    }
}

/// Each file once, in the order of the patterns; what one pattern finds is sorted.
fn listed(root: &Path, patterns: &[String], leave_out: &[PathBuf]) -> (Vec<EntryRequest>, Vec<Diagnostic>) {
    let mut found: Vec<EntryRequest> = Vec::new();
    let mut errors = Vec::new();
    let mut tree = None;
    for pattern in patterns {
        let is_glob = pattern.contains(['*', '?', '[', '{']) && !root.join(pattern).is_file();
        let paths = match is_glob {
            false => file(root, pattern).map(|path| vec![path]),
            true => glob(root, pattern, tree.get_or_insert_with(|| files_below(root, leave_out))),
        };
        match paths {
            Ok(paths) => {
                let new = paths.into_iter().map(|path| EntryRequest { name: None, path });
                let new: Vec<_> = new.filter(|entry| !found.contains(entry)).collect();
                found.extend(new);
            }
            Err(error) => errors.push(error),
        }
    }
    (found, errors)
}

fn file(root: &Path, name: &str) -> Result<PathBuf, Diagnostic> {
    let path = normal(&root.join(name));
    if path.is_file() {
        return Ok(path);
    }
    let message = if path.is_dir() {
        format!("the entry `{name}` is a folder")
    } else {
        format!("the entry `{name}` does not exist")
    };
    let error = Diagnostic::error("missing-entry", message);
    let siblings = siblings(&path);
    let wanted = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    Err(match crate::config::read::similar(wanted, &siblings) {
        Some(best) if !path.is_dir() => {
            let folder = name.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
            error.help(format!("did you mean `{folder}{best}`?"))
        }
        _ => error,
    })
}

fn siblings(path: &Path) -> Vec<String> {
    let Some(entries) = path.parent().and_then(|folder| std::fs::read_dir(folder).ok()) else { return Vec::new() };
    let files = entries.flatten().filter(|entry| entry.path().is_file());
    let mut names: Vec<String> = files.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}

fn glob(root: &Path, pattern: &str, tree: &[String]) -> Result<Vec<PathBuf>, Diagnostic> {
    let plain = pattern.strip_prefix("./").unwrap_or(pattern);
    let matcher: GlobMatcher = GlobBuilder::new(plain)
        .literal_separator(true)
        .build()
        .map_err(|error| Diagnostic::error("invalid-glob", format!("`{pattern}` is not a glob: {}", error.kind())))?
        .compile_matcher();
    let found: Vec<PathBuf> = tree.iter().filter(|path| matcher.is_match(path)).map(|path| root.join(path)).collect();
    if found.is_empty() {
        return Err(Diagnostic::error("missing-entry", format!("no file matches `{pattern}`")));
    }
    Ok(found)
}

/// Every file of the root, relative to it and sorted; without packages, hidden folders and those to be left out.
fn files_below(root: &Path, leave_out: &[PathBuf]) -> Vec<String> {
    let is_wanted = |entry: &walkdir::DirEntry| {
        let name = entry.file_name().to_string_lossy();
        entry.depth() == 0
            || !entry.file_type().is_dir()
            || (name != "node_modules"
                && !name.starts_with('.')
                && !leave_out.iter().any(|folder| folder == entry.path()))
    };
    let entries = walkdir::WalkDir::new(root).follow_links(true).into_iter().filter_entry(is_wanted).flatten();
    let files = entries.filter(|entry| entry.file_type().is_file());
    let mut paths: Vec<String> = files
        .filter_map(|entry| {
            let parts = entry.path().strip_prefix(root).ok()?.components();
            let parts: Option<Vec<&str>> = parts.map(|part| part.as_os_str().to_str()).collect();
            Some(parts?.join("/"))
        })
        .collect();
    paths.sort();
    paths
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn site(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().expect("a file has a folder")).expect("writable");
            fs::write(path, "").expect("writable");
        }
        folder
    }

    /// The entries relative to the root, or the messages.
    #[track_caller]
    fn check(files: &[&str], entries: Option<&[&str]>, expected: Result<&[&str], &[&str]>) {
        let folder = site(files);
        let entries = entries.map(|list| Entries::List(list.iter().map(|&entry| entry.to_owned()).collect()));
        let found = find(folder.path(), entries.as_ref(), &[folder.path().join("dist")]);
        let found = found.map(|found| {
            let relative =
                |entry: EntryRequest| entry.path.strip_prefix(folder.path()).map(|path| path.display().to_string());
            found.into_iter().map(|entry| relative(entry).expect("below the root")).collect::<Vec<_>>()
        });
        let found = found.map_err(|errors| errors.into_iter().map(|error| error.message).collect::<Vec<_>>());
        let own = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        assert_eq!(found, expected.map(own).map_err(own));
    }

    #[test]
    fn a_page_goes_before_a_script() {
        check(&["index.html", "about.html", "src/main.js"], None, Ok(&["index.html"]));
        check(&["src/index.js", "src/main.jsx"], None, Ok(&["src/main.jsx"]));
    }

    #[test]
    fn without_a_start_the_error_says_what_was_looked_for() {
        let message =
            "nothing to build: looked for `index.html`, `src/main.{ts,tsx,js,jsx}` and `src/index.{ts,tsx,js,jsx}`";
        check(&["src/app.js"], None, Err(&[message]));
    }

    #[test]
    fn globs_are_sorted_and_each_file_comes_once() {
        check(
            &["pages/b.html", "pages/a.html", "pages/deep/c.html", "pages/x.css", "z.js"],
            Some(&["z.js", "pages/b.html", "pages/*.html", "./pages/**/*.html"]),
            Ok(&["z.js", "pages/b.html", "pages/a.html", "pages/deep/c.html"]),
        );
    }

    #[test]
    fn packages_outputs_and_hidden_folders_are_not_searched() {
        check(
            &["a.html", "node_modules/p/b.html", "dist/c.html", ".git/d.html"],
            Some(&["**/*.html"]),
            Ok(&["a.html"]),
        );
    }

    #[test]
    fn a_file_may_be_named_like_a_glob() {
        check(&["pages/[id].html", "pages/i.html"], Some(&["pages/[id].html"]), Ok(&["pages/[id].html"]));
    }

    #[test]
    fn every_missing_entry_is_named() {
        check(
            &["src/main.js"],
            Some(&["src/mian.js", "src", "*.html", "a["]),
            Err(&[
                "the entry `src/mian.js` does not exist",
                "the entry `src` is a folder",
                "no file matches `*.html`",
                "`a[` is not a glob: unclosed character class; missing ']'",
            ]),
        );
    }

    #[test]
    fn a_similar_name_is_suggested() {
        let folder = site(&["src/main.js"]);
        let errors = find(folder.path(), Some(&Entries::List(vec!["src/mian.js".into()])), &[]).expect_err("missing");
        assert_eq!(errors[0].help.as_deref(), Some("did you mean `src/main.js`?"));
    }

    #[test]
    fn entries_may_have_names() {
        let folder = site(&["src/admin.ts"]);
        let entries = Entries::Named([("back-office".to_owned(), "src/admin.ts".to_owned())].into());
        let found = find(folder.path(), Some(&entries), &[]).expect("it is there");
        assert_eq!(
            found,
            [EntryRequest { name: Some("back-office".into()), path: folder.path().join("src/admin.ts") }]
        );
    }
}
