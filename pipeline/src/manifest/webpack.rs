//! The manifest of webpack's `ManifestPlugin`:
//! `{"entrypoints": {"main": {"imports": ["main.js"]}}, "assets": {"main.js": {"file": "/static/main.1234.js"}}}`.

use super::json;
use super::model::{File, Model};
use super::records::Record;
use serde_json::{Value, json as value};
use std::collections::BTreeMap;

/// The manifest's text.
pub(super) fn text(model: &Model<'_>) -> String {
    let names = Names::new(model);
    let entry = |record: &Record<'_>| value!({ "imports": loaded(model, record).map(|path| names.of(path)).collect::<Vec<_>>() });
    let entries: BTreeMap<&str, Value> = model.entries().map(|(name, record)| (name, entry(record))).collect();
    let assets: BTreeMap<&str, Value> =
        model.files.values().map(|file| (names.of(file.path), asset(model, &names, file))).collect();
    json(&value!({ "entrypoints": entries, "assets": assets }))
}

/// The scripts and stylesheets of an entry, dependencies first.
fn loaded<'a>(model: &Model<'a>, record: &Record<'a>) -> impl Iterator<Item = &'a str> {
    let mut paths: Vec<&str> = model.scripts(&record.imports).collect();
    paths.push(record.file);
    paths.extend(record.styles.iter().filter(|path| **path != record.file));
    paths.into_iter()
}

fn asset(model: &Model<'_>, names: &Names<'_>, file: &File<'_>) -> Value {
    let url = model.url(file.path);
    match names.sources.get(file.path) {
        Some(source) => value!({ "file": url, "src": source }),
        None => value!({ "file": url }),
    }
}

/// Names of files by their paths.
struct Names<'m> {
    /// Unique.
    names: BTreeMap<&'m str, &'m str>,
    sources: BTreeMap<&'m str, &'m str>,
}

impl<'m> Names<'m> {
    fn new(model: &'m Model<'_>) -> Self {
        let unique = model.names();
        let names = model.files.values().map(|file| {
            let is_own = unique.get(file.logical).is_some_and(|owner| owner.path == file.path);
            (file.path, if is_own { file.logical } else { file.path })
        });
        let sources = model.records.iter().filter(|(key, _)| unique.contains_key(key.as_str()));
        let sources = sources.map(|(key, record)| (record.file, key.as_str()));
        Self { names: names.collect(), sources: sources.collect() }
    }

    fn of(&self, path: &'m str) -> &'m str {
        self.names.get(path).copied().unwrap_or(path)
    }
}
