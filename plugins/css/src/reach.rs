//! Which files a chunk's stylesheet consists of, and what their dependencies stand for: everything that decides its bytes, apart from
//! options.

use crate::address::Address;
use crate::inline::marker;
use planish_pipeline::asset::DependencyKind;
use planish_pipeline::graph::{AssetGraph, AssetIdx, Node, Target};
use planish_pipeline::key::KeyBuilder;
use planish_pipeline::naming::Names;
use planish_pipeline::output::OutputId;
use serde::Serialize;
use std::collections::BTreeMap;

/// The plugin's name.
pub(crate) const KIND: &str = "css";

/// What a dependency stands for in one stylesheet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Link {
    /// An imported stylesheet that is bundled: its place among [`Reach::files`].
    Sheet(usize),
    /// The URL of another file as the stylesheet has to name it.
    Url(String),
    /// Left as it is written.
    Kept,
    /// There is nothing: an import is dropped.
    Nothing,
}

/// One file.
pub(crate) struct File<'a> {
    /// The asset.
    pub(crate) node: &'a Node,
    /// Parallel to its dependencies.
    pub(crate) links: Vec<Link>,
}

impl File<'_> {
    /// What a URL or an import in the file stands for.
    pub(crate) fn link(&self, kind: DependencyKind, url: &str) -> &Link {
        let Some(specifier) = Address::of(url).specifier() else { return &Link::Kept };
        let mut dependencies = self.node.asset.dependencies.iter().zip(&self.links);
        let found = dependencies.find(|(dependency, _)| dependency.kind == kind && dependency.specifier == specifier);
        found.map_or(&Link::Kept, |(_, link)| link)
    }
}

/// All files of a stylesheet, each once, depth-first from the roots.
pub(crate) struct Reach<'a> {
    /// The files.
    pub(crate) files: Vec<File<'a>>,
    /// The chunk's own members among the files, in cascade order.
    pub(crate) roots: Vec<usize>,
    outputs: Vec<OutputId>,
}

impl Reach<'_> {
    /// Adds everything to the key of a task.
    pub(crate) fn add_to(&self, key: &mut KeyBuilder) {
        key.value(&self.roots);
        for file in &self.files {
            key.text(file.node.id.as_str()).key(&file.node.key).value(&file.links);
        }
    }

    /// The outputs that the files' URLs name.
    pub(crate) fn outputs(&self) -> Vec<OutputId> {
        self.outputs.clone()
    }
}

/// Collects the files of the stylesheet `style` from its roots.
pub(crate) fn reach<'a>(graph: &'a AssetGraph, names: &Names, style: &OutputId, roots: &[AssetIdx]) -> Reach<'a> {
    let mut search = Search::new(graph, names, style);
    let roots = roots.iter().map(|root| search.visit(*root)).collect();
    search.finish(roots)
}

/// The same for a stylesheet that becomes a text in the script `into`; with the URLs that its markers stand for.
pub(crate) fn reach_inline<'a>(
    graph: &'a AssetGraph,
    names: &Names,
    into: &OutputId,
    root: AssetIdx,
) -> (Reach<'a>, Vec<String>) {
    let mut search = Search::new(graph, names, into);
    search.marked = Some(Vec::new());
    let roots = vec![search.visit(root)];
    let urls = search.marked.take().unwrap_or_default();
    (search.finish(roots), urls)
}

struct Search<'a, 'b> {
    graph: &'a AssetGraph,
    names: &'b Names,
    style: &'b OutputId,
    index: BTreeMap<AssetIdx, usize>,
    files: Vec<File<'a>>,
    outputs: Vec<OutputId>,
    /// The URLs so far, if markers stand for them.
    marked: Option<Vec<String>>,
}

impl<'a, 'b> Search<'a, 'b> {
    fn new(graph: &'a AssetGraph, names: &'b Names, style: &'b OutputId) -> Self {
        let (index, files, outputs) = (BTreeMap::new(), Vec::new(), Vec::new());
        Self { graph, names, style, index, files, outputs, marked: None }
    }

    fn finish(mut self, roots: Vec<usize>) -> Reach<'a> {
        self.outputs.sort();
        self.outputs.dedup();
        Reach { files: self.files, roots, outputs: self.outputs }
    }

    /// A URL as it stands in the stylesheet for now.
    fn link(&mut self, url: String) -> Link {
        let Some(marked) = &mut self.marked else { return Link::Url(url) };
        marked.push(url);
        Link::Url(marker(marked.len() - 1))
    }

    fn visit(&mut self, asset: AssetIdx) -> usize {
        if let Some(&at) = self.index.get(&asset) {
            return at;
        }
        let at = self.files.len();
        self.index.insert(asset, at);
        let node: &'a Node = self.graph.node(asset);
        self.files.push(File { node, links: Vec::new() });
        let links = node
            .edges()
            .map(|(dependency, target)| match dependency.kind {
                DependencyKind::StyleImport => self.import(target),
                _ => self.url(target),
            })
            .collect();
        self.files[at].links = links;
        at
    }

    fn import(&mut self, target: &Target) -> Link {
        match target {
            Target::Asset(idx) if self.graph.node(*idx).kind == KIND => Link::Sheet(self.visit(*idx)),
            Target::External(_) => Link::Kept,
            Target::Static(path) => self.link(self.names.static_url(self.style, path)),
            Target::Asset(_) | Target::Empty | Target::Missing => Link::Nothing,
        }
    }

    fn url(&mut self, target: &Target) -> Link {
        match target {
            Target::Asset(idx) => {
                let output = OutputId::of_asset(&self.graph.node(*idx).id, "");
                // A text in a script is used by a page, wherever that is.
                let url = match self.marked {
                    Some(_) => self.names.url(self.style, &output),
                    None => self.names.relative(self.style, &output),
                };
                let Some(url) = url else { return Link::Kept };
                self.outputs.push(output);
                self.link(url)
            }
            Target::Static(path) => self.link(self.names.static_url(self.style, path)),
            Target::External(_) | Target::Empty | Target::Missing => Link::Kept,
        }
    }
}
