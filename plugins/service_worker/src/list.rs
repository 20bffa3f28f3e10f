//! Which files a service worker keeps, and by what URLs.

use crate::ServiceWorkerOptions;
use planish_pipeline::key::Key;
use planish_pipeline::naming::relative_path;
use planish_pipeline::output::{FinalFile, OutputClass, Release};

/// A file to keep.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    /// Relative to the worker unless the release is served from elsewhere.
    pub(crate) url: String,
    /// What tells versions of the file apart; `None` if its name does.
    pub(crate) revision: Option<String>,
}

/// Everything that the worker keeps, sorted by URL.
pub(crate) fn entries(release: &Release, options: &ServiceWorkerOptions) -> Vec<Entry> {
    let kept = release.files.iter().filter(|file| is_kept(file, options));
    let mut entries: Vec<Entry> = kept
        .map(|file| Entry {
            url: url(file, release, &options.file),
            revision: (!file.immutable).then(|| Key::of_bytes(&file.bytes).to_name(8)),
        })
        .collect();
    entries.sort();
    entries
}

/// Whether the worker keeps a file.
pub(crate) fn is_kept(file: &FinalFile, options: &ServiceWorkerOptions) -> bool {
    let is_wanted = match file.class {
        OutputClass::Script | OutputClass::Style | OutputClass::Document => true,
        OutputClass::Asset => match extension(&file.path).as_str() {
            "woff2" => true,
            "avif" | "webp" | "png" | "jpg" | "jpeg" | "gif" | "svg" | "ico" => options.include_images,
            _ => false,
        },
        OutputClass::SourceMap
        | OutputClass::Licences
        | OutputClass::Static
        | OutputClass::Manifest
        | OutputClass::ServiceWorker
        | OutputClass::Compressed => false,
    };
    is_wanted && !options.exclude.iter().any(|pattern| is_matched(pattern, &file.path))
}

/// A file's URL as the worker names it. Documents are beside the worker even if everything else is served from another place.
pub(crate) fn url(file: &FinalFile, release: &Release, worker: &str) -> String {
    let base = release.base.as_str();
    let is_beside = base.is_empty() || base == "/" || base.starts_with('.') || file.class == OutputClass::Document;
    escaped(&if is_beside { relative_path(worker, &file.path) } else { release.url(file) })
}

/// Names of files may hold what would end the path of a URL.
fn escaped(path: &str) -> String {
    path.replace('%', "%25").replace('?', "%3F").replace('#', "%23")
}

fn extension(path: &str) -> String {
    path.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase()).unwrap_or_default()
}

fn is_matched(pattern: &str, path: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(last) = parts.next_back() else { return path.ends_with(pattern) };
    let Some(mut rest) = path.strip_prefix(first) else { return false };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_ends_of_paths_or_hold_stars() {
        for (pattern, path) in
            [("a.html", "b/a.html"), ("assets/*.css", "assets/x.css"), ("*", "a"), ("a*b*c", "a1b2c")]
        {
            assert!(is_matched(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in
            [("b/", "b/a.html"), ("assets/*.css", "x/assets/x.css"), ("a*ba", "aba.js"), ("ab*bc", "abc")]
        {
            assert!(!is_matched(pattern, path), "{pattern} {path}");
        }
    }
}
