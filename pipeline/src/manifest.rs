//! Vite's `.vite/manifest.json`, which the template helpers of most web frameworks read.
//!
//! Helpers differ in what they follow, so records say more than Vite's own, in Vite's own fields. Then all of them print the same
//! tags in the same order:
//! - Roots (entries, pages, targets of `import()`) list all that they need, dependencies first, in `imports` and `css`. Chunks that
//!   are only imported statically list no `css`.
//! - Every stylesheet has a record, because helpers look for facts about it by its file.
//! - Every key in `imports` and `dynamicImports` has a record. Flags are present only when true. Every name is given once, and
//!   the entries of the configuration have theirs first.
//! - Only those entries are marked as entries: some helpers take the first or any marked record for the application.
//!
//! A page with several scripts, which Vite would join, has the first one as its `file` and the others among its `imports`.

use crate::asset::{AssetId, DependencyKind};
use crate::chunk::{Chunk, ChunkIdx, ChunkPlan};
use crate::graph::{AssetGraph, AssetIdx};
use crate::output::{FinalFile, OutputClass, OutputId, Release};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What the manifest says of one file. Paths are relative to the output folder.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    file: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Deprecated by Vite, and still there on stylesheets that are entries.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    names: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    src: Option<String>,
    /// Some helpers look only at whether the flag is there.
    #[serde(skip_serializing_if = "is_false")]
    is_entry: bool,
    #[serde(skip_serializing_if = "is_false")]
    is_dynamic_entry: bool,
    /// Keys.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    imports: Vec<String>,
    /// Keys.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dynamic_imports: Vec<String>,
    /// Files.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    css: Vec<&'a str>,
    /// Files.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    assets: BTreeSet<&'a str>,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// The manifest's text: keys sorted, indented by two spaces, without a line break at the end, as Vite writes it.
pub fn vite(graph: &AssetGraph, plan: &ChunkPlan, release: &Release) -> String {
    let manifest = Manifest::new(graph, plan, release);
    let mut records = Records::default();
    let mut names = Namer::new(graph);
    manifest.documents(&mut records, &mut names);
    manifest.roots(&mut records, &mut names);
    manifest.shared(&mut records, &mut names);
    manifest.stylesheets(&mut records);
    manifest.assets(&mut records);
    serde_json::to_string_pretty(&records.0).expect("text and lists of text always serialise")
}

/// Records by key; the first one with a key has it.
#[derive(Default)]
struct Records<'a>(BTreeMap<String, Record<'a>>);

impl<'a> Records<'a> {
    fn add(&mut self, key: String, record: Record<'a>) {
        self.0.entry(key).or_insert(record);
    }
}

struct Manifest<'a> {
    graph: &'a AssetGraph,
    plan: &'a ChunkPlan,
    release: &'a Release,
    files: BTreeMap<&'a OutputId, &'a FinalFile>,
    /// Indexed by chunk: the record that stands for it; none if it has no files.
    keys: Vec<Option<String>>,
}

impl<'a> Manifest<'a> {
    fn new(graph: &'a AssetGraph, plan: &'a ChunkPlan, release: &'a Release) -> Self {
        let files = release.files.iter().map(|file| (&file.id, file)).collect();
        let mut manifest = Self { graph, plan, release, files, keys: Vec::new() };
        manifest.keys = plan.chunks.iter().map(|chunk| manifest.key(chunk)).collect();
        manifest
    }

    fn key(&self, chunk: &Chunk) -> Option<String> {
        let file = self.script(chunk).or_else(|| self.style(chunk))?;
        Some(chunk.root_id.as_ref().map_or_else(|| key_of_file(file), AssetId::to_string))
    }

    fn script(&self, chunk: &Chunk) -> Option<&'a str> {
        self.files.get(chunk.script.as_ref()?).map(|file| file.path.as_str())
    }

    fn style(&self, chunk: &Chunk) -> Option<&'a str> {
        self.files.get(chunk.style.as_ref()?).map(|file| file.path.as_str())
    }

    fn is_entry(&self, asset: AssetIdx) -> bool {
        self.graph.entries.iter().any(|entry| entry.asset == asset)
    }

    /// Pages: what their scripts and stylesheets need, in the page's order.
    fn documents(&self, records: &mut Records<'a>, names: &mut Namer) {
        let documents = self.release.files.iter().filter(|file| file.class == OutputClass::Document);
        let by_id: BTreeMap<&AssetId, &FinalFile> =
            documents.filter_map(|file| Some((file.asset.as_ref()?, file))).collect();
        for (asset, node) in self.graph.indices().zip(&self.graph.nodes) {
            if let Some(file) = by_id.get(&node.id) {
                let mut record = self.document(asset, &file.path);
                record.name = Some(names.of(Some(asset), node.id.stem()));
                record.src = Some(node.id.to_string());
                records.add(node.id.to_string(), record);
            }
        }
    }

    fn document(&self, asset: AssetIdx, path: &'a str) -> Record<'a> {
        let wanted = |kind| matches!(kind, DependencyKind::Script | DependencyKind::Stylesheet);
        let edges = self.graph.node(asset).edges().filter(|(dependency, _)| wanted(dependency.kind));
        let roots: Vec<ChunkIdx> = edges.filter_map(|(_, target)| self.plan.root_chunk(target.asset()?)).collect();
        let needed = self.closure(&roots);
        let mut css = self.styles(&roots);
        let main = roots.iter().find(|&&idx| self.script(self.plan.chunk(idx)).is_some());
        let script = main.and_then(|&idx| self.script(self.plan.chunk(idx)));
        // Without a script the page's last stylesheet stands for it, as in the record of an entry that is a stylesheet.
        let file = script.or_else(|| css.pop()).unwrap_or(path);
        let mut dynamic_imports = Vec::new();
        for &root in &roots {
            let new = self.dynamic_imports(self.plan.chunk(root)).into_iter();
            let new: Vec<String> = new.filter(|key| !dynamic_imports.contains(key)).collect();
            dynamic_imports.extend(new);
        }
        Record {
            file,
            is_entry: self.is_entry(asset),
            imports: self.imports(needed.iter().filter(|&idx| Some(idx) != main)),
            dynamic_imports,
            css,
            assets: self.assets_of(&[asset]),
            ..Record::default()
        }
    }

    /// Chunks that stand for an asset: entries, a page's scripts and stylesheets, targets of `import()`, workers.
    fn roots(&self, records: &mut Records<'a>, names: &mut Namer) {
        for (idx, chunk, key) in self.chunks() {
            let Some(root) = chunk.root else { continue };
            let needed = self.closure(&[idx]);
            let mut css = self.styles(&[idx]);
            let script = self.script(chunk);
            let Some(file) = script.or_else(|| css.pop()) else { continue };
            let name = names.of(Some(root), &chunk.name);
            let record = Record {
                file,
                names: if script.is_none() { vec![format!("{name}.css")] } else { Vec::new() },
                name: Some(name),
                src: Some(key.to_owned()),
                is_entry: self.is_entry(root),
                is_dynamic_entry: chunk.is_dynamic_entry,
                imports: self.imports(needed.iter().filter(|&&other| other != idx)),
                dynamic_imports: self.dynamic_imports(chunk),
                css,
                assets: self.assets_of_chunk(chunk),
            };
            records.add(key.to_owned(), record);
        }
    }

    /// Chunks that only exist because others share them.
    fn shared(&self, records: &mut Records<'a>, names: &mut Namer) {
        for (_, chunk, key) in self.chunks() {
            let Some(file) = self.script(chunk).filter(|_| chunk.root.is_none()) else { continue };
            let record = Record {
                file,
                name: Some(names.of(None, &chunk.name)),
                imports: self.imports(chunk.imports.iter()),
                dynamic_imports: self.dynamic_imports(chunk),
                assets: self.assets_of_chunk(chunk),
                ..Record::default()
            };
            records.add(key.to_owned(), record);
        }
    }

    /// Stylesheets that no record has as its file yet.
    fn stylesheets(&self, records: &mut Records<'a>) {
        let known: BTreeSet<&str> = records.0.values().map(|record| record.file).collect();
        for chunk in &self.plan.chunks {
            if let Some(file) = self.style(chunk).filter(|file| !known.contains(file)) {
                let key = key_of_file(file);
                records.add(key.clone(), Record { file, src: Some(key), ..Record::default() });
            }
        }
    }

    /// Images, fonts and other files under their source's path. Another form of one adds `#` and its name, which no request for a
    /// source can hold: `img/a.png#avif`.
    fn assets(&self, records: &mut Records<'a>) {
        for file in self.release.files.iter().filter(|file| file.class == OutputClass::Asset) {
            let Some(asset) = &file.asset else { continue };
            let variant = file.id.as_str().strip_prefix(OutputId::of_asset(asset, "").as_str()).unwrap_or_default();
            let key = format!("{asset}{variant}");
            // A copy of data is known by the data's own name, which no module has here.
            let key = key.strip_suffix(".json?url").map_or(key.clone(), |stem| format!("{stem}.json"));
            records.add(key.clone(), Record { file: &file.path, src: Some(key), ..Record::default() });
        }
    }

    /// The chunks that have a record.
    fn chunks(&self) -> impl Iterator<Item = (ChunkIdx, &'a Chunk, &str)> {
        let numbered = (0..).map(ChunkIdx).zip(&self.plan.chunks).zip(&self.keys);
        numbered.filter_map(|((idx, chunk), key)| Some((idx, chunk, key.as_deref()?)))
    }

    /// Some chunks and all that they statically import, dependencies first, each once.
    fn closure(&self, roots: &[ChunkIdx]) -> Vec<ChunkIdx> {
        let mut seen = BTreeSet::new();
        roots.iter().flat_map(|&root| self.plan.closure(root)).filter(|&idx| seen.insert(idx)).collect()
    }

    /// The stylesheets that some chunks need, in the order of the cascade, each once.
    fn styles(&self, roots: &[ChunkIdx]) -> Vec<&'a str> {
        let mut seen = BTreeSet::new();
        let styled = roots.iter().flat_map(|&root| self.plan.styled(root)).filter(|&idx| seen.insert(idx));
        styled.filter_map(|idx| self.style(self.plan.chunk(idx))).collect()
    }

    /// Keys of those chunks that have a script: helpers preload what they find here as modules.
    fn imports<'b>(&self, chunks: impl Iterator<Item = &'b ChunkIdx>) -> Vec<String> {
        chunks
            .filter(|idx| self.script(self.plan.chunk(**idx)).is_some())
            .filter_map(|idx| self.keys[idx.index()].clone())
            .collect()
    }

    fn dynamic_imports(&self, chunk: &Chunk) -> Vec<String> {
        chunk.dynamic_imports.iter().filter_map(|idx| self.keys[idx.index()].clone()).collect()
    }

    fn assets_of_chunk(&self, chunk: &Chunk) -> BTreeSet<&'a str> {
        let members: Vec<AssetIdx> = chunk.scripts.iter().chain(&chunk.styles).copied().collect();
        self.assets_of(&members)
    }

    /// The files that assets refer to by URL, and the scripts of their workers.
    fn assets_of(&self, members: &[AssetIdx]) -> BTreeSet<&'a str> {
        let edges = members.iter().flat_map(|&member| self.graph.node(member).edges());
        let file = |kind: DependencyKind, target: AssetIdx| match kind {
            DependencyKind::Worker => self.script(self.plan.chunk(self.plan.root_chunk(target)?)),
            _ => self.asset_file(target),
        };
        edges.filter_map(|(dependency, target)| file(dependency.kind, target.asset()?)).collect()
    }

    fn asset_file(&self, asset: AssetIdx) -> Option<&'a str> {
        let id = OutputId::of_asset(&self.graph.node(asset).id, "");
        self.files.get(&id).filter(|file| file.class == OutputClass::Asset).map(|file| file.path.as_str())
    }
}

/// The key of a record that stands for an output only: `_shared-B7PI925R.js`.
fn key_of_file(path: &str) -> String {
    format!("_{}", path.rsplit('/').next().unwrap_or(path))
}

/// Gives every name once.
struct Namer {
    /// The names of the configuration's entries.
    reserved: BTreeMap<AssetIdx, String>,
    taken: BTreeSet<String>,
}

impl Namer {
    fn new(graph: &AssetGraph) -> Self {
        let mut namer = Self { reserved: BTreeMap::new(), taken: BTreeSet::new() };
        for entry in &graph.entries {
            if !namer.reserved.contains_key(&entry.asset) {
                let name = namer.free(&entry.name);
                namer.reserved.insert(entry.asset, name);
            }
        }
        namer
    }

    /// The name of what stands for an asset, or of a chunk that stands for none.
    fn of(&mut self, asset: Option<AssetIdx>, wanted: &str) -> String {
        match asset.and_then(|asset| self.reserved.get(&asset)) {
            Some(name) => name.clone(),
            None => self.free(wanted),
        }
    }

    fn free(&mut self, wanted: &str) -> String {
        let numbered = (2_u32..).map(|number| format!("{wanted}-{number}"));
        let mut candidates = std::iter::once(wanted.to_owned()).chain(numbered);
        candidates.find(|name| self.taken.insert(name.clone())).expect("some number is free")
    }
}
