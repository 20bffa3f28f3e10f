//! Which chunks a page loads besides those that its tags name.

use crate::Integrity;
use crate::address::Addresses;
use crate::references::Role;
use crate::scan::Found;
use planish_pipeline::chunk::{ChunkIdx, ChunkPlan, Lookup};
use planish_pipeline::graph::Target;
use planish_pipeline::output::OutputId;
use std::collections::BTreeSet;

/// What a page's head is to load.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    /// Scripts that the page's module scripts import, dependencies first.
    pub(crate) preloads: Vec<OutputId>,
    /// Stylesheets of the page's module scripts, in the order of the cascade.
    pub(crate) styles: Vec<OutputId>,
    /// Files that its scripts look up, by key.
    pub(crate) looked_up: Vec<(String, OutputId)>,
    /// Scripts that are imported and that the import map is to check.
    pub(crate) checked: BTreeSet<OutputId>,
}

/// Collects what the scripts of a page need and no tag of the page loads.
pub(crate) fn page(plan: &ChunkPlan, found: &[Found], targets: &[Target], integrity: Integrity) -> Page {
    let roots = |role: Role| -> Vec<ChunkIdx> {
        let of_role = found.iter().zip(targets).filter(|(found, _)| found.role == role);
        of_role.filter_map(|(_, target)| plan.root_chunk(target.asset()?)).collect()
    };
    let script_of = |chunk: &ChunkIdx| plan.chunk(*chunk).script.clone();
    let style_of = |chunk: &ChunkIdx| plan.chunk(*chunk).style.clone();
    let scripts = roots(Role::Script);
    let closure: Vec<ChunkIdx> = scripts.iter().flat_map(|root| plan.closure(*root)).collect();
    let styles = scripts.iter().flat_map(|root| plan.styled(*root));
    let linked = roots(Role::Stylesheet).into_iter().flat_map(|root| plan.closure(root));
    let mut seen: BTreeSet<OutputId> = linked.filter_map(|chunk| style_of(&chunk)).collect();
    let preloaded = roots(Role::ScriptPreload);
    let looked_up = plan.looked_up(&[&*scripts, &*preloaded].concat(), Lookup::Map);
    let checked = match integrity {
        Integrity::None => BTreeSet::new(),
        Integrity::AtOnce => closure.iter().filter_map(script_of).collect(),
        Integrity::All => plan.chunks.iter().filter_map(|chunk| chunk.script.clone()).collect(),
    };
    let is_checked = |output: &&&OutputId| checked.contains(**output);
    seen.extend(scripts.iter().chain(&preloaded).filter_map(script_of));
    let mut new = |output: &OutputId| seen.insert(output.clone());
    Page {
        preloads: closure.iter().filter_map(script_of).filter(&mut new).collect(),
        styles: styles.filter_map(|chunk| style_of(&chunk)).filter(&mut new).collect(),
        checked: looked_up.values().filter(is_checked).map(|output| (*output).clone()).collect(),
        looked_up: looked_up.into_iter().map(|(key, output)| (key.to_owned(), output.clone())).collect(),
    }
}

impl Page {
    /// The `<link>`s, each on a line.
    pub(crate) fn links(&self, addresses: &mut Addresses<'_>) -> String {
        let mut links = String::new();
        for (rel, outputs) in [("modulepreload", &self.preloads), ("stylesheet", &self.styles)] {
            links.extend(outputs.iter().filter_map(|output| addresses.link(rel, output)));
        }
        links
    }
}
