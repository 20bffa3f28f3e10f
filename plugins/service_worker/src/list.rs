//! Which files a service worker keeps, and by what URLs.

use crate::ServiceWorkerOptions;
use crate::pattern::matches_path;
use planish_pipeline::integrity::integrity;
use planish_pipeline::naming::relative_path;
use planish_pipeline::output::{FinalFile, OutputClass, Release};
use serde_json::{Value, json};

/// A file to keep.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    /// Relative to the worker unless the release is served from elsewhere.
    pub(crate) url: String,
    /// `sha384-` and the hash of its bytes.
    pub(crate) integrity: String,
    /// The name holds no hash, so that something else must tell versions of the file apart.
    pub(crate) is_revised: bool,
}

impl Entry {
    /// As the generated worker reads it.
    pub(crate) fn to_json(&self) -> Value {
        let hash = self.integrity.trim_start_matches("sha384-");
        if self.is_revised { json!([self.url, hash, 1]) } else { json!([self.url, hash]) }
    }

    /// As Workbox reads it.
    pub(crate) fn to_workbox(&self, with_integrity: bool) -> Value {
        let revision = self.is_revised.then(|| self.integrity.trim_start_matches("sha384-").get(..16)).flatten();
        if with_integrity {
            json!({ "url": self.url, "revision": revision, "integrity": self.integrity })
        } else {
            json!({ "url": self.url, "revision": revision })
        }
    }
}

/// How much depends on a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tier {
    /// Without it the release is not kept.
    Critical,
    /// The release works without it.
    Tolerant,
}

/// Everything that the worker keeps, each list sorted by URL.
#[derive(Debug, Default)]
pub(crate) struct Tiers {
    pub(crate) critical: Vec<Entry>,
    pub(crate) tolerant: Vec<Entry>,
}

/// What the worker keeps of a release.
pub(crate) fn tiers(release: &Release, options: &ServiceWorkerOptions) -> Tiers {
    let mut tiers = Tiers::default();
    for file in &release.files {
        let list = match tier(file, options) {
            Some(Tier::Critical) => &mut tiers.critical,
            Some(Tier::Tolerant) => &mut tiers.tolerant,
            None => continue,
        };
        list.push(Entry {
            url: url(file, release, &options.file),
            integrity: integrity(&file.bytes),
            is_revised: !file.immutable,
        });
    }
    tiers.critical.sort();
    tiers.tolerant.sort();
    tiers
}

/// Whether the worker keeps a file, and how much depends on it.
pub(crate) fn tier(file: &FinalFile, options: &ServiceWorkerOptions) -> Option<Tier> {
    let is_one_of = |patterns: &[String]| patterns.iter().any(|pattern| matches_path(pattern, &file.path));
    if is_one_of(&options.exclude) {
        return None;
    }
    match file.class {
        OutputClass::Manifest | OutputClass::ServiceWorker | OutputClass::Compressed => None,
        _ if is_one_of(&options.critical) => Some(Tier::Critical),
        _ if is_one_of(&options.tolerant) => Some(Tier::Tolerant),
        OutputClass::Script | OutputClass::Style | OutputClass::Document => Some(Tier::Critical),
        OutputClass::Asset => match extension(&file.path).as_str() {
            // Scripts do nothing without it.
            "wasm" => Some(Tier::Critical),
            "woff2" => Some(Tier::Tolerant),
            "avif" | "webp" | "png" | "jpg" | "jpeg" | "gif" | "svg" | "ico" => {
                options.include_images.then_some(Tier::Tolerant)
            }
            _ => None,
        },
        OutputClass::SourceMap | OutputClass::Licences | OutputClass::Static => None,
    }
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
