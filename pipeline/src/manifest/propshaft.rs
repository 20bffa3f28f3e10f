//! Propshaft's `.manifest.json`: `{"app.js": {"digested_path": "app-1a2b3c4d.digested.js", "integrity": "sha384-…"}}`.

use super::json;
use super::model::{File, Model};
use rayon::prelude::*;
use serde_json::{Value, json as value};
use std::collections::BTreeMap;

/// The manifest's text.
pub(super) fn text(model: &Model<'_>) -> String {
    let names: Vec<_> = model.names().into_iter().collect();
    let asset = |(name, file): (&str, &File<'_>)| -> (String, Value) {
        (name.to_owned(), value!({ "digested_path": file.path, "integrity": file.integrity() }))
    };
    json(&names.into_par_iter().map(asset).collect::<BTreeMap<_, _>>())
}
