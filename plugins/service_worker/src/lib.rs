//! A service worker that keeps a whole release, so that the site opens without a network.
//!
//! What the worker does is in `worker/precache.js` and `worker/runtime.js`; here its list of files and its rules are made.
//!
//! Invariants, held by tests:
//! - The critical tier of a release is kept as a whole or not at all: one file of it that does not load leaves the previous release
//!   in charge. What fails in the tolerant tier is tried again later and disturbs nothing.
//! - The worker changes exactly if a file that it keeps changes, or its configuration.
//! - It keeps nothing but the listed files and what rules name, and touches no other worker's caches.
//! - An update loads what the last release did not have; what that one had is kept while a page of it is open.

mod client;
mod inject;
mod list;
mod pattern;
mod rule;
#[cfg(test)]
mod tests;
mod worker;

pub use client::{CLIENT_MODULE, client_module};
pub use inject::{ENTRY_QUERY, InjectPlugin};
pub use rule::{Rule, Strategy};

use planish_pipeline::diagnostic::{Diagnostic, Outcome};
use planish_pipeline::output::{FinalFile, OutputClass, OutputId, Release};
use planish_pipeline::plugin::Finisher;
use planish_pipeline::task::Tasks;

/// What the service worker does and where it lies.
#[derive(Clone, Debug)]
pub struct ServiceWorkerOptions {
    /// What is written.
    pub kind: WorkerKind,
    /// Its path relative to the output folder. It governs the pages of this folder.
    pub file: String,
    /// The part of the site that it governs, as a path from the root of its host; its own folder if absent.
    pub scope: Option<String>,
    /// The document, relative to the output folder, that is shown without a network in place of one that is not kept.
    pub navigation_fallback: Option<String>,
    /// Addresses that the fallback answers at once, without asking the network. Patterns as in [`Rule::urls`].
    pub app_shell: Vec<String>,
    /// The document that is shown without a network instead of the fallback, but for addresses of the app shell.
    pub offline: Option<String>,
    /// Files that are kept before the worker takes over, whatever their class: ends of paths relative to the output folder
    /// (`admin.html`), or whole paths with `*` for any text.
    pub critical: Vec<String>,
    /// Files that are kept as far as they can be had.
    pub tolerant: Vec<String>,
    /// Files that are not kept.
    pub exclude: Vec<String>,
    /// Keep images too.
    pub include_images: bool,
    /// Compare what is loaded with what was built.
    pub integrity: bool,
    /// Ask the network for a page while the worker starts.
    pub navigation_preload: bool,
    /// What else is kept. The first rule that matches counts.
    pub rules: Vec<Rule>,
}

/// Which service worker is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkerKind {
    /// One that does all that the options say.
    Generated,
    /// The user's own, which gets the list of files; see [`InjectPlugin`].
    Injected,
    /// One that ends an earlier one.
    Kill,
}

impl Default for ServiceWorkerOptions {
    /// `sw.js` at the root, which falls back to the site's first page.
    fn default() -> Self {
        Self {
            kind: WorkerKind::Generated,
            file: "sw.js".to_owned(),
            scope: None,
            navigation_fallback: Some("index.html".to_owned()),
            app_shell: Vec::new(),
            offline: None,
            critical: Vec::new(),
            tolerant: Vec::new(),
            exclude: Vec::new(),
            include_images: false,
            integrity: true,
            navigation_preload: false,
            rules: Vec::new(),
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

    /// The URL of a document, if the worker keeps it.
    fn document(&self, wanted: Option<&str>, release: &Release, diagnostics: &mut Vec<Diagnostic>) -> Option<String> {
        let wanted = wanted?;
        let is_kept = |file: &&FinalFile| file.path == wanted && list::tier(file, &self.options).is_some();
        let kept = release.files.iter().find(is_kept);
        if kept.is_none() {
            diagnostics.push(
                Diagnostic::warning("missing-fallback", format!("the service worker cannot fall back to `{wanted}`"))
                    .help("name a document of the build that is not excluded, relative to the output folder"),
            );
        }
        kept.map(|file| list::url(file, release, &self.options.file))
    }

    /// Browsers refuse a worker that would govern more than its folder, unless the server allows it.
    fn wide_scope(&self, release: &Release) -> Option<Diagnostic> {
        let (scope, file) = (self.options.scope.as_deref()?, &self.options.file);
        let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
        let folder = format!("{}{folder}", if release.base.starts_with('/') { &release.base } else { "/" });
        let message = format!("the scope `{scope}` is wider than the folder of `{file}`");
        (!scope.starts_with(&folder)).then(|| {
            Diagnostic::warning("wide-scope", message)
                .help(format!("send `Service-Worker-Allowed: {scope}` with the service worker"))
        })
    }

    fn generated(&self, release: &Release, diagnostics: &mut Vec<Diagnostic>) -> String {
        let options = &self.options;
        let pages = worker::Pages {
            fallback: self.document(options.navigation_fallback.as_deref(), release, diagnostics),
            offline: self.document(options.offline.as_deref(), release, diagnostics),
        };
        worker::render(&list::tiers(release, options), &pages, options)
    }
}

impl Finisher for ServiceWorker {
    fn name(&self) -> &'static str {
        "service-worker"
    }

    fn finish(&self, release: &Release, _: &Tasks) -> Outcome<Vec<FinalFile>> {
        let path = &self.options.file;
        if release.files.iter().any(|other| other.path == *path) {
            let error = Diagnostic::error(
                "duplicate-output",
                format!("`{path}` exists beside the service worker of this name"),
            )
            .help("rename the file, or give the service worker another name");
            return Outcome::with(Vec::new(), vec![error]);
        }
        let mut diagnostics: Vec<Diagnostic> = self.wide_scope(release).into_iter().collect();
        let own = OutputId::new(format!("service-worker:{path}"));
        let (id, code) = match self.options.kind {
            WorkerKind::Generated => (own, self.generated(release, &mut diagnostics)),
            WorkerKind::Kill => (own, worker::kill()),
            WorkerKind::Injected => match inject::worker(release, &self.options) {
                Ok(injected) => injected,
                Err(error) => return Outcome::with(Vec::new(), vec![*error]),
            },
        };
        let worker = FinalFile::made(id, path.clone(), OutputClass::ServiceWorker, code.into_bytes());
        Outcome::with(vec![worker], diagnostics)
    }
}
