//! `entrypoints.json` of pentatrion/vite-bundle, for Symfony.

use super::json;
use super::model::Model;
use super::records::Record;
use crate::output::OutputClass;
use rayon::prelude::*;
use serde_json::{Value, json as value};
use std::collections::{BTreeMap, BTreeSet};

/// The manifest's text. That `viteServer` is null says that the site is built.
pub(super) fn text(model: &Model<'_>) -> String {
    let entries: BTreeMap<&str, Value> = model.entries().map(|(name, record)| (name, entry(model, record))).collect();
    let checked = model.files.values().filter(|file| matches!(file.class, OutputClass::Script | OutputClass::Style));
    let checked: Vec<_> = checked.collect();
    let metadata: BTreeMap<String, Value> =
        checked.into_par_iter().map(|file| (model.url(file.path), value!({ "hash": file.integrity() }))).collect();
    json(&value!({
        "base": model.release.base,
        "entryPoints": entries,
        "legacy": false,
        "metadatas": metadata,
        "viteServer": null,
    }))
}

fn entry(model: &Model<'_>, record: &Record<'_>) -> Value {
    let urls = |paths: Vec<&str>| paths.into_iter().map(|path| model.url(path)).collect::<Vec<_>>();
    let script = [record.file].into_iter().filter(|path| model.is(path, OutputClass::Script)).collect();
    let assets: BTreeSet<&str> = record.assets.clone();
    value!({
        "js": urls(script),
        "css": urls(record.styles.clone()),
        "preload": urls(model.scripts(&record.imports).collect()),
        "dynamic": urls(model.scripts(&record.dynamic_imports).collect()),
        "assets": urls(assets.into_iter().collect()),
        "legacy": false,
    })
}
