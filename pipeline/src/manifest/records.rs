//! What a build gave, for whoever asks for it by the name of a source: one record for each page, entry, lazy module, shared chunk,
//! stylesheet and asset. Every manifest is made of them.
//!
//! - Roots (entries, pages, targets of `import()`, workers) list all that they need, dependencies first. What is only imported statically
//!   lists no stylesheets.
//! - Every stylesheet has a record, because helpers look for facts about it by its file.
//! - Every key that a record names has a record. Every name is given once, and the entries of the configuration have theirs first.

use super::namer::Namer;
use crate::asset::{AssetId, DependencyKind};
use crate::chunk::{Chunk, ChunkIdx, ChunkPlan};
use crate::graph::{AssetGraph, AssetIdx, Node};
use crate::output::{FinalFile, OutputClass, OutputId, Release};
use std::collections::{BTreeMap, BTreeSet};

/// Records by key: the source's id, or `_main-B7PI925R.css` for what is no source's.
pub(super) type Records<'a> = BTreeMap<String, Record<'a>>;

/// What is known of one of them. Files are paths relative to the output folder.
#[derive(Clone, Debug)]
pub(super) struct Record<'a> {
    pub(super) kind: Kind<'a>,
    /// The file that stands for it: the script, or without one the last stylesheet.
    pub(super) file: &'a str,
    /// The scripts to evaluate, in this order. Only pages have more than one.
    pub(super) scripts: Vec<&'a str>,
    /// Unique among the records that have one.
    pub(super) name: Option<String>,
    /// An entry of the configuration.
    pub(super) is_entry: bool,
    /// The target of an `import()`.
    pub(super) is_dynamic_entry: bool,
    /// Keys of the scripts to load with it; all of them for roots, dependencies first.
    pub(super) imports: Vec<String>,
    /// Keys of the scripts that it imports itself.
    pub(super) direct_imports: Vec<String>,
    /// Keys.
    pub(super) dynamic_imports: Vec<String>,
    /// The stylesheets to apply, in the order of the cascade.
    pub(super) styles: Vec<&'a str>,
    /// The files that it refers to by URL.
    pub(super) assets: BTreeSet<&'a str>,
}

/// What a record stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    /// A page, with its own file.
    Page(&'a str),
    /// An entry that is no page, a page's script or stylesheet, the target of an `import()`, a worker.
    Root,
    /// Code that several roots share.
    Shared,
    /// A stylesheet that belongs to another record.
    Style,
    /// An image, font or other file.
    Asset,
}

impl<'a> Record<'a> {
    fn new(kind: Kind<'a>, file: &'a str) -> Self {
        Self {
            kind,
            file,
            scripts: Vec::new(),
            name: None,
            is_entry: false,
            is_dynamic_entry: false,
            imports: Vec::new(),
            direct_imports: Vec::new(),
            dynamic_imports: Vec::new(),
            styles: Vec::new(),
            assets: BTreeSet::new(),
        }
    }
}

/// The records of a build. The first one with a key has it.
pub(super) fn records<'a>(graph: &'a AssetGraph, plan: &'a ChunkPlan, release: &'a Release) -> Records<'a> {
    let build = Build::new(graph, plan, release);
    let mut names = Namer::new(graph);
    let mut records = Records::new();
    let mut add = |found: Vec<(String, Record<'a>)>| {
        for (key, record) in found {
            records.entry(key).or_insert(record);
        }
    };
    add(build.pages(&mut names));
    add(build.roots(&mut names));
    add(build.shared(&mut names));
    let of_code: BTreeSet<String> = records.keys().cloned().collect();
    for (key, record) in build.assets(&of_code) {
        records.entry(key).or_insert(record);
    }
    let known: BTreeSet<&str> = records.values().map(|record| record.file).collect();
    for (key, record) in build.stylesheets(&known) {
        records.entry(key).or_insert(record);
    }
    records
}

struct Build<'a> {
    graph: &'a AssetGraph,
    plan: &'a ChunkPlan,
    release: &'a Release,
    files: BTreeMap<&'a OutputId, &'a FinalFile>,
    /// Indexed by chunk: the record that stands for it; none if it has no files.
    keys: Vec<Option<String>>,
}

impl<'a> Build<'a> {
    fn new(graph: &'a AssetGraph, plan: &'a ChunkPlan, release: &'a Release) -> Self {
        let files = release.files.iter().map(|file| (&file.id, file)).collect();
        let mut build = Self { graph, plan, release, files, keys: Vec::new() };
        build.keys = plan.chunks.iter().map(|chunk| build.key(chunk)).collect();
        build
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
    fn pages(&self, names: &mut Namer) -> Vec<(String, Record<'a>)> {
        let documents = self.release.files.iter().filter(|file| file.class == OutputClass::Document);
        let by_id: BTreeMap<&AssetId, &FinalFile> =
            documents.filter_map(|file| Some((file.asset.as_ref()?, file))).collect();
        let nodes = self.graph.indices().zip(&self.graph.nodes);
        let pages = nodes.filter_map(|(asset, node)| Some((asset, node, by_id.get(&node.id)?)));
        let page = |(asset, node, file): (AssetIdx, &Node, &&'a FinalFile)| {
            let name = Some(names.of(Some(asset), node.id.stem()));
            (node.id.to_string(), Record { name, ..self.page(asset, &file.path) })
        };
        pages.map(page).collect()
    }

    fn page(&self, asset: AssetIdx, path: &'a str) -> Record<'a> {
        let wanted = |kind| matches!(kind, DependencyKind::Script | DependencyKind::Stylesheet);
        let edges = self.graph.node(asset).edges().filter(|(dependency, _)| wanted(dependency.kind));
        let roots: Vec<ChunkIdx> = edges.filter_map(|(_, target)| self.plan.root_chunk(target.asset()?)).collect();
        let needed = self.closure(&roots);
        let styles = self.styles(&roots);
        let main = roots.iter().find(|&&idx| self.script(self.plan.chunk(idx)).is_some());
        let scripts: Vec<&str> = roots.iter().filter_map(|&idx| self.script(self.plan.chunk(idx))).collect();
        // Without a script the page's last stylesheet stands for it, as for an entry that is a stylesheet.
        let file = scripts.first().or(styles.last()).copied().unwrap_or(path);
        let mut dynamic_imports = Vec::new();
        for &root in &roots {
            let new = self.dynamic_imports(self.plan.chunk(root)).into_iter();
            let new: Vec<String> = new.filter(|key| !dynamic_imports.contains(key)).collect();
            dynamic_imports.extend(new);
        }
        Record {
            scripts,
            is_entry: self.is_entry(asset),
            imports: self.imports(needed.iter().filter(|&idx| Some(idx) != main)),
            dynamic_imports,
            styles,
            assets: self.assets_of(&[asset]),
            ..Record::new(Kind::Page(path), file)
        }
    }

    /// Chunks that stand for an asset.
    fn roots(&self, names: &mut Namer) -> Vec<(String, Record<'a>)> {
        let root = |(idx, chunk, key): (ChunkIdx, &'a Chunk, &str)| {
            let root = chunk.root?;
            let styles = self.styles(&[idx]);
            let script = self.script(chunk);
            let file = script.or(styles.last().copied())?;
            let record = Record {
                scripts: script.into_iter().collect(),
                name: Some(names.of(Some(root), &chunk.name)),
                is_entry: self.is_entry(root),
                is_dynamic_entry: chunk.is_dynamic_entry,
                imports: self.imports(self.closure(&[idx]).iter().filter(|&&other| other != idx)),
                direct_imports: self.imports(chunk.imports.iter()),
                dynamic_imports: self.dynamic_imports(chunk),
                styles,
                assets: self.assets_of_chunk(chunk),
                ..Record::new(Kind::Root, file)
            };
            Some((key.to_owned(), record))
        };
        self.chunks().filter_map(root).collect()
    }

    /// Chunks that only exist because others share them.
    fn shared(&self, names: &mut Namer) -> Vec<(String, Record<'a>)> {
        let shared = |(_, chunk, key): (ChunkIdx, &'a Chunk, &str)| {
            let file = self.script(chunk).filter(|_| chunk.root.is_none())?;
            let record = Record {
                name: Some(names.of(None, &chunk.name)),
                scripts: vec![file],
                imports: self.imports(chunk.imports.iter()),
                direct_imports: self.imports(chunk.imports.iter()),
                dynamic_imports: self.dynamic_imports(chunk),
                assets: self.assets_of_chunk(chunk),
                ..Record::new(Kind::Shared, file)
            };
            Some((key.to_owned(), record))
        };
        self.chunks().filter_map(shared).collect()
    }

    /// Stylesheets that no record has as its file yet.
    fn stylesheets(&self, known: &BTreeSet<&str>) -> Vec<(String, Record<'a>)> {
        let styles = self.plan.chunks.iter().filter_map(|chunk| self.style(chunk));
        let unknown = styles.filter(|file| !known.contains(file));
        unknown.map(|file| (key_of_file(file), Record::new(Kind::Style, file))).collect()
    }

    /// Images, fonts and other files under their source's path. Another form of one adds `#` and its name, which no request for a
    /// source can hold: `img/a.png#avif`. That it was asked for its URL is said only if the source is code, too, and has a record as such.
    fn assets(&self, of_code: &BTreeSet<String>) -> Vec<(String, Record<'a>)> {
        let assets = self.release.files.iter().filter(|file| file.class == OutputClass::Asset);
        let asset = |file: &'a FinalFile| {
            let asset = file.asset.as_ref()?;
            let variant = file.id.as_str().strip_prefix(OutputId::of_asset(asset, "").as_str()).unwrap_or_default();
            let key = format!("{asset}{variant}");
            let plain = key.strip_suffix("?url").filter(|plain| !of_code.contains(*plain));
            let key = plain.map_or(key.clone(), str::to_owned);
            Some((key, Record::new(Kind::Asset, &file.path)))
        };
        assets.filter_map(asset).collect()
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
        self.assets_of(&self.plan.code_of(chunk).iter().chain(&chunk.styles).copied().collect::<Vec<_>>())
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
