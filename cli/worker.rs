//! What the service worker asks of a build besides its plugin: a module for the pages, and an entry if the user has written it.

use crate::config::read::ConfigFile;
use planish_pipeline::asset::Fragment;
use planish_pipeline::diagnostic::Diagnostic;
use planish_pipeline::naming::Naming;
use planish_pipeline::resolve::normal;
use planish_pipeline::session::EntryRequest;
use planish_plugins::service_worker::{self, ServiceWorkerOptions};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The modules that are made for this site.
pub(crate) fn modules(
    worker: Option<&ServiceWorkerOptions>,
    base: &str,
    naming: &Naming,
) -> BTreeMap<String, Fragment> {
    let folders = naming.directory().split('/').filter(|name| !name.is_empty()).count();
    let client = service_worker::client_module(worker, base, &"../".repeat(folders));
    let client = Fragment { extension: "js".to_owned(), text: client, files: Vec::new() };
    BTreeMap::from([(service_worker::CLIENT_MODULE.to_owned(), client)])
}

/// The entry that is the user's own service worker, if there is one to be built.
pub(crate) fn entry(root: &Path, file: &ConfigFile) -> Result<Option<EntryRequest>, Diagnostic> {
    let config = &file.config.service_worker.0;
    let Some(source) = config.inject.as_ref().filter(|_| config.enabled && !config.kill) else { return Ok(None) };
    let path = normal(&root.join(source));
    if !path.is_file() {
        let error = Diagnostic::error("missing-entry", format!("the service worker `{source}` does not exist"));
        return Err(file.point(error, "service_worker.inject"));
    }
    let path = PathBuf::from(format!("{}?{}", path.display(), service_worker::ENTRY_QUERY));
    Ok(Some(EntryRequest { name: None, path }))
}
