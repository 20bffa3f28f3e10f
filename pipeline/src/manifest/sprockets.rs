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
    // By path, because a file has two names.
    let files: BTreeMap<&str, &File<'_>> = names.iter().map(|(_, file)| (file.path, *file)).collect();
    let files: BTreeMap<&str, Value> = files.into_par_iter().map(|(path, file)| (path, facts(file))).collect();
    json(&value!({ "assets": assets, "files": files }))
}

fn facts(file: &File<'_>) -> Value {
    let hash = Sha256::digest(file.bytes);
    value!({
        "logical_path": file.logical,
        "mtime": "1970-01-01T00:00:00+00:00",
        "size": file.bytes.len(),
        "digest": format!("{hash:x}"),
        "integrity": format!("sha256-{}", BASE64_STANDARD.encode(hash)),
    })
}
