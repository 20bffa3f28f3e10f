//! The module by which pages register the worker and learn of updates.

use crate::{ServiceWorkerOptions, WorkerKind};
use serde_json::json;

/// What pages import it by.
pub const CLIENT_MODULE: &str = "virtual:planish/sw";

const CLIENT: &str = include_str!("worker/client.js");

/// The module's text. Without a worker its functions do nothing. `base` is the URL prefix of the output folder; `from_scripts` leads from
/// the folder of the scripts to the output folder (`../`), for prefixes that are relative.
pub fn client_module(options: Option<&ServiceWorkerOptions>, base: &str, from_scripts: &str) -> String {
    let url = options.map(|options| {
        let file = &options.file;
        if base.starts_with('.') {
            // Not written as bundlers know files by.
            format!("((path) => new URL(path, import.meta.url).href)({})", json!(format!("{from_scripts}{file}")))
        } else if base.starts_with("http") || base.starts_with("//") {
            // Browsers take workers from the page's own host only, where the documents are.
            json!(format!("/{file}")).to_string()
        } else {
            json!(format!("{base}{file}")).to_string()
        }
    });
    let scope = options.and_then(|options| options.scope.as_deref());
    let is_killed = options.is_some_and(|options| options.kind == WorkerKind::Kill);
    format!(
        "const WORKER = {}, SCOPE = {}, IS_KILLED = {is_killed};\n{CLIENT}",
        url.unwrap_or_else(|| "undefined".to_owned()),
        scope.map_or_else(|| "undefined".to_owned(), |scope| json!(scope).to_string()),
    )
}
