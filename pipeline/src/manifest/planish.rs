//! `planish.json`: all that Planish knows of a build. What its members mean is said where they are declared, in `planish-tags`.

use super::json;
use super::model::{File, Model};
use super::records::{Kind, Record};
use crate::asset::Asset;
use crate::output::OutputClass;
use planish_tags::{Entry, Manifest, Source, VERSION};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// The manifest's text.
pub(super) fn text(model: &Model<'_>) -> String {
    let entries = model.records.iter().filter(|(_, record)| matches!(record.kind, Kind::Root | Kind::Page(_)));
    json(&Manifest {
        version: VERSION,
        base: model.release.base.clone(),
        entries: entries.map(|(key, record)| (key.clone(), entry(model, record))).collect(),
        sources: sources(model),
        files: files(model),
        import_map: model.import_map.iter().map(|(key, path)| ((*key).to_owned(), (*path).to_owned())).collect(),
    })
}

fn entry(model: &Model<'_>, record: &Record<'_>) -> Entry {
    let scripts = record.scripts.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>();
    let preloads = model.scripts(&record.imports).filter(|path| !record.scripts.contains(path));
    Entry {
        name: record.name.clone().unwrap_or_default(),
        is_entry: record.is_entry,
        is_dynamic: record.is_dynamic_entry,
        page: match record.kind {
            Kind::Page(path) => Some(path.to_owned()),
            _ => None,
        },
        preloads: preloads.map(str::to_owned).collect(),
        scripts,
        styles: record.styles.iter().map(|path| (*path).to_owned()).collect(),
        dynamic_imports: record.dynamic_imports.clone(),
        assets: record.assets.iter().map(|path| (*path).to_owned()).collect(),
    }
}

fn sources(model: &Model<'_>) -> BTreeMap<String, Source> {
    let mut sources: BTreeMap<String, Source> = BTreeMap::new();
    let images: BTreeMap<&str, &Asset> = model.images().collect();
    for (key, record) in model.records.iter().filter(|(_, record)| record.kind == Kind::Asset) {
        let (source, variant) = key.rsplit_once('#').unwrap_or((key, ""));
        let known = sources.entry(source.to_owned()).or_default();
        if variant.is_empty() {
            known.file = record.file.to_owned();
            if let Some(image) = images.get(source) {
                (known.width, known.height) = image.dimensions.unzip();
                known.placeholder.clone_from(&image.placeholder);
            }
        } else {
            known.variants.insert(variant.to_owned(), record.file.to_owned());
        }
    }
    sources
}

fn files(model: &Model<'_>) -> BTreeMap<String, planish_tags::File> {
    let compressed = model.compressed();
    let imports: BTreeMap<&str, Vec<String>> = model
        .records
        .values()
        .filter(|record| !record.direct_imports.is_empty())
        .map(|record| (record.file, model.scripts(&record.direct_imports).map(str::to_owned).collect()))
        .collect();
    let file = |file: &File<'_>| {
        let known = planish_tags::File {
            class: class(file.class),
            logical: file.logical.to_owned(),
            size: file.bytes.len() as u64,
            integrity: file.integrity().to_owned(),
            immutable: file.immutable,
            compressed: compressed.get(file.path).cloned().unwrap_or_default(),
            imports: imports.get(file.path).cloned().unwrap_or_default(),
        };
        (file.path.to_owned(), known)
    };
    model.files.values().collect::<Vec<_>>().into_par_iter().map(file).collect()
}

fn class(class: OutputClass) -> String {
    serde_json::to_value(class).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}
