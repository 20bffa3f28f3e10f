//! What the last build of a session linked, for the next one: it holds if nothing is another that linking looks at, which most edits leave
//! as it is.

use crate::asset::{Asset, Dependency};
use crate::chunk::ChunkPlan;
use crate::graph::{AssetGraph, AssetIdx, Entry, Node};
use crate::plugin::{AssetPlugin, Linked, Plugins};
use std::sync::{Arc, Mutex};

/// The last link without messages.
#[derive(Default)]
pub(crate) struct LastLink(Mutex<Option<Link>>);

/// A graph with all that was made of it.
pub(crate) struct Link {
    pub(crate) graph: Arc<AssetGraph>,
    /// In the order of the plugins.
    pub(crate) linked: Vec<Linked>,
    pub(crate) plan: ChunkPlan,
    /// Indexed by asset: whether it is in the output.
    pub(crate) live: Vec<bool>,
}

impl LastLink {
    /// The last link, with what it leaves out brought up to date, if it holds for a graph; and the assets that have another size than then.
    pub(crate) fn take(&self, plugins: &Plugins, graph: &AssetGraph) -> Option<(Link, Vec<AssetIdx>)> {
        let mut last = self.0.lock().expect("no panic while locked").take()?;
        let plugin = |node: &Node| plugins.assets.iter().position(|plugin| plugin.kind() == node.kind);
        let is_alike =
            |(old, new): (&Node, &Node)| plugin(new).is_some_and(|plugin| is_alike(&*plugins.assets[plugin], old, new));
        let same_entry = |(old, new): (&Entry, &Entry)| (&old.name, old.asset) == (&new.name, new.asset);
        let holds = last.graph.nodes.len() == graph.nodes.len()
            && last.graph.entries.len() == graph.entries.len()
            && last.graph.entries.iter().zip(&graph.entries).all(same_entry)
            && last.graph.nodes.iter().zip(&graph.nodes).all(is_alike);
        if !holds {
            return None;
        }
        let mut resized = Vec::new();
        for (idx, node) in graph.indices().zip(&graph.nodes) {
            if !Arc::ptr_eq(&last.graph.node(idx).asset, &node.asset)
                && let Some(plugin) = plugin(node)
            {
                let linked = &mut last.linked[plugin];
                let size = |linked: &Linked| linked.loads.get(idx.index()).map(|load| load.size);
                let before = size(linked);
                plugins.assets[plugin].refresh(node, idx, linked);
                resized.extend((size(linked) != before).then_some(idx));
            }
        }
        Some((last, resized))
    }

    /// Keeps a link about which there is nothing to say.
    pub(crate) fn keep(&self, link: Link) {
        *self.0.lock().expect("no panic while locked") = Some(link);
    }
}

/// Whether linking cannot tell one from the other.
fn is_alike(plugin: &dyn AssetPlugin, old: &Node, new: &Node) -> bool {
    let is_same = old.id == new.id && old.kind == new.kind && old.targets == new.targets && old.broken == new.broken;
    is_same
        && (Arc::ptr_eq(&old.asset, &new.asset)
            || looks_alike(&old.asset, &new.asset) && plugin.links_alike(&old.asset, &new.asset))
        && (Arc::ptr_eq(&old.source, &new.source) || old.source.package == new.source.package)
}

fn looks_alike(old: &Asset, new: &Asset) -> bool {
    let same_dependency = |(old, new): (&Dependency, &Dependency)| {
        Dependency { range: 0..0, ..old.clone() } == Dependency { range: 0..0, ..new.clone() }
    };
    let outputs = |asset: &Asset| -> Vec<(String, String, bool)> {
        let outputs = asset.outputs.iter();
        outputs.map(|output| (output.variant.clone(), output.extension.clone(), output.bytes.is_some())).collect()
    };
    old.dependencies.len() == new.dependencies.len()
        && old.dependencies.iter().zip(&new.dependencies).all(same_dependency)
        && outputs(old) == outputs(new)
}
