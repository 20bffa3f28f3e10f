//! Phoenix's `cache_manifest.json`. `mix phx.digest` would leave out files that have a digest in their names already.

use super::json;
use super::model::{File, Model};
use crate::key::Key;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rayon::prelude::*;
use serde_json::{Value, json as value};
use sha2::{Digest, Sha512};
use std::collections::BTreeMap;

/// 1970 in seconds since the year 0, as Erlang counts them.
const EPOCH: u64 = 62_167_219_200;

/// The manifest's text. `digests` are what `mix phx.digest.clean` goes by, which leaves the latest of each alone. Phoenix has MD5 there and
/// reads nothing but the keys.
pub(super) fn text(model: &Model<'_>) -> String {
    let names: Vec<(&str, &File<'_>)> = model.names().into_iter().collect();
    let latest: BTreeMap<&str, &str> = names.iter().map(|(name, file)| (*name, file.path)).collect();
    let hashed = model.files.values().filter(|file| file.immutable).collect::<Vec<_>>();
    let digests: BTreeMap<&str, Value> = hashed.into_par_iter().map(|file| (file.path, facts(file))).collect();
    json(&value!({ "!comment!": "written by planish", "version": 1, "latest": latest, "digests": digests }))
}

fn facts(file: &File<'_>) -> Value {
    value!({
        "logical_path": file.logical,
        "mtime": EPOCH,
        "size": file.bytes.len(),
        "digest": &Key::of_bytes(file.bytes).to_hex()[..32],
        "sha512": BASE64_STANDARD.encode(Sha512::digest(file.bytes)),
    })
}
