//! Sprockets' `.sprockets-manifest-<32 hex>.json`: names, and facts about files.

use super::json;
use super::model::{File, Model};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rayon::prelude::*;
use serde_json::{Value, json as value};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The manifest's text.
pub(super) fn text(model: &Model<'_>) -> String {
    let names: Vec<(&str, &File<'_>)> = model.names().into_iter().collect();
    let assets: BTreeMap<&str, &str> = names.iter().map(|(name, file)| (*name, file.path)).collect();
    // A file has one name there: of its own and its source's, the one that sorts last here is the first to be replaced.
    let by_path: BTreeMap<&str, (&str, &File<'_>)> =
        names.iter().rev().map(|(name, file)| (file.path, (*name, *file))).collect();
    let files: Vec<(&str, (&str, &File<'_>))> = by_path.into_iter().collect();
    let files: BTreeMap<&str, Value> =
        files.into_par_iter().map(|(path, (name, file))| (path, facts(name, file))).collect();
    json(&value!({ "assets": assets, "files": files }))
}

fn facts(name: &str, file: &File<'_>) -> Value {
    let hash = Sha256::digest(file.bytes);
    value!({
        "logical_path": name,
        "mtime": "1970-01-01T00:00:00+00:00",
        "size": file.bytes.len(),
        "digest": format!("{hash:x}"),
        "integrity": format!("sha256-{}", BASE64_STANDARD.encode(hash)),
    })
}
