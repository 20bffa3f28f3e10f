//! Vite's `.vite/manifest.json`, which the template helpers of most web frameworks read.
//!
//! Helpers differ in what they follow, so records say more than Vite's own, in Vite's own fields. Then all of them print the same
//! tags in the same order:
//! - Roots (entries, pages, targets of `import()`) list all that they need, dependencies first, in `imports` and `css`. Chunks that
//!   are only imported statically list no `css`.
//! - Every stylesheet has a record, because helpers look for facts about it by its file.
//! - Flags are present only when true: some helpers look only at whether they are there. Every name is given once.
//! - Only entries of the configuration are marked as entries: some helpers take the first or any marked record for the application.
//!
//! A page with several scripts, which Vite would join, has the first one as its `file` and the others among its `imports`.
//! `integrity` is an addition that Laravel reads.

use super::model::Model;
use super::records::{Kind, Record};
use crate::output::OutputClass;
use rayon::prelude::*;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What the manifest says of one file. Paths are relative to the output folder.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Chunk<'a> {
    file: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    /// Deprecated by Vite, and still there on stylesheets that are entries.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    names: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    src: Option<&'a str>,
    #[serde(skip_serializing_if = "is_false")]
    is_entry: bool,
    #[serde(skip_serializing_if = "is_false")]
    is_dynamic_entry: bool,
    /// Keys.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    imports: &'a [String],
    /// Keys.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    dynamic_imports: &'a [String],
    /// Files.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    css: &'a [&'a str],
    /// Files.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    assets: &'a BTreeSet<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    integrity: Option<&'a str>,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// The manifest's text: keys sorted, indented by two spaces, without a line break at the end, as Vite writes it.
pub(super) fn text(model: &Model<'_>) -> String {
    let records: Vec<_> = model.records.iter().collect();
    let chunks = records.par_iter().map(|(key, record)| (key.as_str(), chunk(model, key, record)));
    super::json(&chunks.collect::<BTreeMap<_, _>>())
}

fn chunk<'a>(model: &'a Model<'_>, key: &'a str, record: &'a Record<'_>) -> Chunk<'a> {
    let Record { kind, file, is_entry, is_dynamic_entry, .. } = *record;
    let is_style = model.is(file, OutputClass::Style);
    let is_checked = model.integrity && (is_style || model.is(file, OutputClass::Script));
    let name = record.name.as_deref();
    Chunk {
        file,
        name,
        names: name.filter(|_| is_style && kind == Kind::Root).map(|name| format!("{name}.css")).into_iter().collect(),
        src: (kind != Kind::Shared).then_some(key),
        is_entry,
        is_dynamic_entry,
        imports: &record.imports,
        dynamic_imports: &record.dynamic_imports,
        // The one that stands for the record is loaded as its file.
        css: if is_style { record.styles.split_last().map_or(&[], |(_, others)| others) } else { &record.styles },
        assets: &record.assets,
        integrity: model.files.get(file).filter(|_| is_checked).map(|file| file.integrity()),
    }
}
