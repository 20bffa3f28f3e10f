//! Symfony's AssetMapper: `manifest.json` with URLs by names, and beside it `importmap.json` and an `entrypoint.<name>.json` for each entry,
//! which lists what is loaded with it.
//!
//! Planish's scripts import each other by URL, so what an entry needs is in the import map under its own URL: to be loaded ahead.

use super::model::Model;
use super::records::Record;
use super::{flat, json};
use crate::output::OutputClass;
use serde_json::{Value, json as value};
use std::collections::BTreeMap;

/// The files with their paths.
pub(super) fn texts(model: &Model<'_>, path: &str) -> Vec<(String, String)> {
    let folder = path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    let mut import_map: BTreeMap<String, Value> = BTreeMap::new();
    let mut texts = vec![(path.to_owned(), flat::text(model))];
    for (name, record) in model.entries() {
        let imported = |path: &str, kind: &str| value!({ "path": model.url(path), "type": kind });
        import_map.insert(name.to_owned(), imported(record.file, kind(model, record.file)));
        let needed: Vec<&str> = needed(model, record);
        import_map.extend(needed.iter().map(|path| (model.url(path), imported(path, kind(model, path)))));
        let urls: Vec<String> = needed.iter().map(|path| model.url(path)).collect();
        texts.push((format!("{folder}entrypoint.{name}.json"), json(&urls)));
    }
    texts.push((format!("{folder}importmap.json"), json(&import_map)));
    texts
}

fn needed<'a>(model: &Model<'a>, record: &Record<'a>) -> Vec<&'a str> {
    let scripts: Vec<&str> = model.scripts(&record.imports).collect();
    scripts.into_iter().chain(record.styles.iter().copied()).filter(|path| *path != record.file).collect()
}

fn kind(model: &Model<'_>, path: &str) -> &'static str {
    if model.is(path, OutputClass::Style) { "css" } else { "js" }
}
