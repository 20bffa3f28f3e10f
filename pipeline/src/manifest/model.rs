//! What all manifests are made from.

use super::records::{Record, Records, records};
use crate::asset::Asset;
use crate::chunk::{ChunkIdx, ChunkPlan, Lookup};
use crate::graph::AssetGraph;
use crate::integrity::integrity;
use crate::naming::Names;
use crate::output::{FinalFile, OutputClass, OutputId, Release};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

/// A finished build as manifests see it.
pub struct Model<'a> {
    pub(super) graph: &'a AssetGraph,
    pub(super) release: &'a Release,
    pub(super) records: Records<'a>,
    /// What is served under its own URL, by path: no manifests, no precompressed forms.
    pub(super) files: BTreeMap<&'a str, File<'a>>,
    /// Whether pages check what they load. Then readers are given integrity that can do without it, too.
    pub(super) integrity: bool,
    /// What the import map of every page has to hold: paths by what scripts import.
    pub(super) import_map: BTreeMap<&'a str, &'a str>,
}

/// A file with what is known of it.
pub(super) struct File<'a> {
    pub(super) path: &'a str,
    /// The path without its hash.
    pub(super) logical: &'a str,
    pub(super) class: OutputClass,
    pub(super) bytes: &'a [u8],
    pub(super) immutable: bool,
    integrity: OnceLock<String>,
}

impl File<'_> {
    /// Computed once, when somebody asks for it.
    pub(super) fn integrity(&self) -> &str {
        self.integrity.get_or_init(|| integrity(self.bytes))
    }
}

impl<'a> Model<'a> {
    /// A release with all its files but the manifests.
    pub fn new(
        graph: &'a AssetGraph,
        plan: &'a ChunkPlan,
        release: &'a Release,
        names: &'a Names,
        integrity: bool,
    ) -> Self {
        let is_served = |file: &&FinalFile| !matches!(file.class, OutputClass::Manifest | OutputClass::Compressed);
        let file = |file: &'a FinalFile| {
            // What has no hash in its name may have been renamed by a finisher.
            let logical = names.logical(&file.id).filter(|_| file.immutable).unwrap_or(&file.path);
            let FinalFile { path, class, bytes, immutable, .. } = file;
            (
                path.as_str(),
                File { path, logical, class: *class, bytes, immutable: *immutable, integrity: OnceLock::new() },
            )
        };
        let files = release.files.iter().filter(is_served).map(file).collect();
        let paths: BTreeMap<&OutputId, &str> =
            release.files.iter().map(|file| (&file.id, file.path.as_str())).collect();
        let chunks: Vec<ChunkIdx> = (0..plan.chunks.len() as u32).map(ChunkIdx).collect();
        let import_map = plan.looked_up(&chunks, Lookup::Map).into_iter();
        let import_map = import_map.filter_map(|(key, output)| Some((key, *paths.get(output)?))).collect();
        Self { graph, release, records: records(graph, plan, release), files, integrity, import_map }
    }

    /// The URL of a file.
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.release.base)
    }

    /// Whether a file is of a class.
    pub(super) fn is(&self, path: &str, class: OutputClass) -> bool {
        self.files.get(path).is_some_and(|file| file.class == class)
    }

    /// The scripts of records.
    pub(super) fn scripts<'m>(&'m self, keys: &'m [String]) -> impl Iterator<Item = &'a str> + use<'a, 'm> {
        let files = keys.iter().filter_map(|key| self.records.get(key)).map(|record| record.file);
        files.filter(|path| self.is(path, OutputClass::Script))
    }

    /// The entries of the configuration by name.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&str, &Record<'a>)> {
        self.records
            .values()
            .filter(|record| record.is_entry)
            .filter_map(|record| Some((record.name.as_deref()?, record)))
    }

    /// The files that templates ask for, by the names that they have there: the path without a hash, if no other file has the same one;
    /// and the path of the source.
    pub(super) fn names(&self) -> BTreeMap<&str, &File<'a>> {
        let mut names = BTreeMap::new();
        let mut ambiguous = BTreeSet::new();
        let is_asked_for = |file: &&File<'_>| !matches!(file.class, OutputClass::SourceMap | OutputClass::Licences);
        for file in self.files.values().filter(is_asked_for) {
            if names.insert(file.logical, file).is_some() {
                ambiguous.insert(file.logical);
            }
        }
        names.retain(|name, _| !ambiguous.contains(name));
        let is_source = |key: &&String| !key.starts_with('_') && !key.contains('?');
        for (key, record) in self.records.iter().filter(|(key, _)| is_source(key)) {
            if let Some(file) = self.files.get(record.file) {
                names.entry(key).or_insert(file);
            }
        }
        names
    }

    /// The precompressed forms of a file: what their names add to the file's, and their sizes in bytes.
    pub(super) fn compressed(&self) -> BTreeMap<&'a str, BTreeMap<String, u64>> {
        let mut compressed: BTreeMap<&str, BTreeMap<String, u64>> = BTreeMap::new();
        for file in self.release.files.iter().filter(|file| file.class == OutputClass::Compressed) {
            if let Some((original, suffix)) = file.path.rsplit_once('.') {
                compressed.entry(original).or_default().insert(suffix.to_owned(), file.bytes.len() as u64);
            }
        }
        compressed
    }

    /// What images are, by their sources.
    pub(super) fn images(&self) -> impl Iterator<Item = (&'a str, &'a Asset)> {
        let assets = self.graph.nodes.iter().map(|node| (node.id.as_str(), &*node.asset));
        assets.filter(|(_, asset)| asset.dimensions.is_some())
    }
}
