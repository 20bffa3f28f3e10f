//! Formats that only say what a name stands for.

use super::json;
use super::model::Model;
use crate::key::KeyBuilder;
use serde_json::json as value;
use std::collections::BTreeMap;

/// URLs by names.
pub(super) fn text(model: &Model<'_>) -> String {
    let names = model.names();
    json(&names.iter().map(|(name, file)| (*name, model.url(file.path))).collect::<BTreeMap<_, _>>())
}

/// Laravel's `mix()` puts the URL of the folder before what it finds, and both begin with a slash.
pub(super) fn mix(model: &Model<'_>) -> String {
    let names = model.names();
    let paths = names.iter().map(|(name, file)| (format!("/{name}"), format!("/{}", file.path)));
    json(&paths.collect::<BTreeMap<_, _>>())
}

/// Django's `staticfiles.json`. Its `hash` is for whoever wants to know whether the rest changed; Django takes it from MD5, and reads any.
pub(super) fn django(model: &Model<'_>) -> String {
    let paths: BTreeMap<&str, &str> = model.names().into_iter().map(|(name, file)| (name, file.path)).collect();
    let hash = &KeyBuilder::new("staticfiles", 1).value(&paths).finish().to_hex()[..12];
    json(&value!({ "paths": paths, "version": "1.1", "hash": hash }))
}
