//! A service worker that keeps a whole release, so that the site opens without a network.
//!
//! What the worker does is in `worker.js`; here its list of files is made.
//!
//! Invariants, held by tests:
//! - A release is kept as a whole or not at all: one file that does not load leaves the previous release in charge.
//! - The worker changes exactly if a file that it keeps changes.
//! - It keeps nothing but the listed files, and touches no other worker's caches.

mod list;
#[cfg(test)]
mod tests;

use planish_pipeline::diagnostic::{Diagnostic, Outcome};
use planish_pipeline::key::KeyBuilder;
use planish_pipeline::output::{FinalFile, OutputClass, OutputId, Release};
use planish_pipeline::plugin::Finisher;
use planish_pipeline::task::Tasks;
use serde_json::json;

const TEMPLATE: &str = include_str!("worker.js");

/// What the service worker keeps and where it lies.
#[derive(Clone, Debug)]
pub struct ServiceWorkerOptions {
    /// Its path relative to the output folder. It governs the pages of this folder.
    pub file: String,
    /// The document, relative to the output folder, that is shown without a network in place of one that is not kept.
    pub navigation_fallback: Option<String>,
    /// Files that are not kept: ends of paths relative to the output folder (`admin.html`), or whole paths with `*` for any text.
    pub exclude: Vec<String>,
    /// Keep images too.
    pub include_images: bool,
}

impl Default for ServiceWorkerOptions {
    /// `sw.js` at the root, which falls back to the site's first page.
    fn default() -> Self {
        Self {
            file: "sw.js".to_owned(),
            navigation_fallback: Some("index.html".to_owned()),
            exclude: Vec::new(),
            include_images: false,
        }
    }
}

/// Adds a service worker to a release. It belongs before the compressor.
#[derive(Clone, Debug)]
pub struct ServiceWorker {
    options: ServiceWorkerOptions,
}

impl ServiceWorker {
    /// A finisher that does as `options` say.
    pub fn new(options: ServiceWorkerOptions) -> Self {
        Self { options }
    }

    /// The fallback's URL, if the worker keeps it.
    fn fallback(&self, release: &Release, diagnostics: &mut Vec<Diagnostic>) -> Option<String> {
        let wanted = self.options.navigation_fallback.as_deref()?;
        let kept = release.files.iter().find(|file| file.path == wanted && list::is_kept(file, &self.options));
        if kept.is_none() {
            diagnostics.push(
                Diagnostic::warning("missing-fallback", format!("the service worker cannot fall back to `{wanted}`"))
                    .help("name a document of the build that is not excluded, relative to the output folder"),
            );
        }
        kept.map(|file| list::url(file, release, &self.options.file))
    }
}

impl Finisher for ServiceWorker {
    fn name(&self) -> &'static str {
        "service-worker"
    }

    fn finish(&self, release: &Release, _: &Tasks) -> Outcome<Vec<FinalFile>> {
        let file = &self.options.file;
        if release.files.iter().any(|other| other.path == *file) {
            let error = Diagnostic::error(
                "duplicate-output",
                format!("`{file}` exists beside the service worker of this name"),
            )
            .help("rename the file, or give the service worker another name");
            return Outcome::with(Vec::new(), vec![error]);
        }
        let mut diagnostics = Vec::new();
        let fallback = self.fallback(release, &mut diagnostics);
        let code = render(&list::entries(release, &self.options), fallback.as_deref());
        let worker = FinalFile {
            id: OutputId::new(format!("service-worker:{file}")),
            path: file.clone(),
            class: OutputClass::ServiceWorker,
            bytes: code.into_bytes().into(),
            immutable: false,
            asset: None,
            chunk: None,
        };
        Outcome::with(vec![worker], diagnostics)
    }
}

fn render(entries: &[list::Entry], fallback: Option<&str>) -> String {
    let lines: Vec<String> = entries.iter().map(|entry| json!([entry.url, entry.revision]).to_string()).collect();
    let version = KeyBuilder::new("precache", 1).text(TEMPLATE).value(&lines).value(&fallback).finish().to_name(8);
    // The entries come last: nothing in them is taken for a place to fill.
    TEMPLATE
        .replacen("\"__VERSION__\"", &json!(version).to_string(), 1)
        .replacen("\"__FALLBACK__\"", &json!(fallback).to_string(), 1)
        .replacen("\"__ENTRIES__\"", &format!("[\n{}\n]", lines.join(",\n")), 1)
}
