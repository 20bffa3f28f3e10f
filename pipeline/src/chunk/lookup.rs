//! How scripts find the files of other chunks, whose names hold hashes.
//!
//! A script that names others by URL changes with each of them, so that one edit renames all that import what was edited, however
//! indirectly. Keys stay the same:
//!
//! ```text
//! Map     scripts import keys; each page has an import map with what it can reach
//! Table   lazy imports look keys up in a table, which a script sets before those of the entry run:
//!
//!         main.js, a facade  ->  lazy-main.js, the table;  code-main.js, the entry
//! ```
//!
//! Neither reaches a worker, so what one may load names files by URL.

use super::{Chunk, ChunkIdx, ChunkPlan, PlanInput, connect, names};
use crate::asset::DependencyKind;
use crate::graph::{AssetGraph, AssetIdx};
use crate::key::KeyBuilder;
use crate::output::OutputId;
use crate::plugin::Grouping;
use std::collections::{BTreeMap, BTreeSet};

/// How a script finds the files of other chunks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lookup {
    /// By URL, relative to itself.
    #[default]
    Url,
    /// By key, which the page's import map turns into a URL.
    Map,
    /// What it imports by URL; what it loads lazily by key, in the table of the entry.
    Table,
}

/// What a lazy chunk needs besides its own script.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ahead {
    /// Stylesheets, in the order of the cascade.
    pub styles: Vec<OutputId>,
    /// Scripts that a browser would find only once it has read the chunk's own. That one is asked for at once, unless stylesheets come
    /// first.
    pub scripts: Vec<OutputId>,
}

impl ChunkPlan {
    /// What a lazy chunk needs beyond what is there already where it is asked for.
    pub fn ahead(&self, here: ChunkIdx, lazy: ChunkIdx) -> Ahead {
        let here = self.closure(here);
        let is_new = |needed: &ChunkIdx| !here.contains(needed);
        let styles = self.styled(lazy).into_iter().filter(is_new);
        let styles: Vec<OutputId> = styles.filter_map(|styled| self.chunk(styled).style.clone()).collect();
        let waits = !styles.is_empty();
        let scripts = self.closure(lazy).into_iter().filter(is_new).filter(|needed| waits || *needed != lazy);
        Ahead { scripts: scripts.filter_map(|needed| self.chunk(needed).script.clone()).collect(), styles }
    }

    /// The files that scripts look up by key in one way, of all that some chunks can load.
    pub fn looked_up(&self, roots: &[ChunkIdx], lookup: Lookup) -> BTreeMap<&str, &OutputId> {
        let mut found: BTreeSet<OutputId> = BTreeSet::new();
        for idx in self.reached(roots).into_iter().filter(|idx| self.chunk(*idx).lookup == lookup) {
            if lookup == Lookup::Map {
                let imported = self.closure(idx).into_iter().filter(|import| *import != idx);
                found.extend(imported.filter_map(|import| self.chunk(import).script.clone()));
            }
            for lazy in &self.chunk(idx).dynamic_imports {
                let Ahead { styles, scripts } = self.ahead(idx, *lazy);
                found.extend(styles.into_iter().chain(scripts).chain(self.chunk(*lazy).script.clone()));
            }
        }
        self.keys.iter().filter(|(output, _)| found.contains(output)).map(|(output, key)| (&**key, output)).collect()
    }

    /// Some chunks and everything that they load, at once or lazily.
    fn reached(&self, roots: &[ChunkIdx]) -> BTreeSet<ChunkIdx> {
        let mut reached = BTreeSet::new();
        let mut queue = roots.to_vec();
        while let Some(idx) = queue.pop() {
            if reached.insert(idx) {
                let chunk = self.chunk(idx);
                queue.extend(chunk.imports.iter().chain(&chunk.dynamic_imports));
            }
        }
        reached
    }
}

/// Decides how each chunk finds others, and makes the tables that this needs.
pub(super) fn set_up(input: &PlanInput<'_>, plan: &mut ChunkPlan, order: &[AssetIdx]) {
    if input.lookup == Lookup::Url {
        return;
    }
    let workers = plan.reached(&workers(input, plan));
    for (at, chunk) in plan.chunks.iter_mut().enumerate() {
        if !workers.contains(&ChunkIdx(at as u32)) {
            chunk.lookup = input.lookup;
        }
    }
    if input.lookup == Lookup::Table {
        add_tables(input, plan, order);
    }
    plan.keys = keys(input, plan);
}

fn workers(input: &PlanInput<'_>, plan: &ChunkPlan) -> Vec<ChunkIdx> {
    let edges = input.graph.indices().flat_map(|asset| (input.edges)(asset));
    let started = edges.filter(|edge| edge.kind == DependencyKind::Worker);
    started.filter_map(|edge| plan.root_chunk(edge.target)).collect()
}

/// Puts a table before the code of every entry that loads something lazily.
fn add_tables(input: &PlanInput<'_>, plan: &mut ChunkPlan, order: &[AssetIdx]) {
    let is_script = |chunk: &Chunk| chunk.root.is_some_and(|root| (input.grouping)(root) == Grouping::Script);
    let looks_up = |chunk: &Chunk| chunk.lookup == Lookup::Table && !chunk.dynamic_imports.is_empty();
    let loads = |entry: ChunkIdx| plan.reached(&[entry]).into_iter().any(|idx| looks_up(plan.chunk(idx)));
    let numbered = (0..).map(ChunkIdx).zip(&plan.chunks);
    let entries = numbered.filter(|(_, chunk)| chunk.is_entry && chunk.lookup == Lookup::Table && is_script(chunk));
    let entries: Vec<ChunkIdx> = entries.map(|(idx, _)| idx).filter(|idx| loads(*idx)).collect();
    let mut tables: Vec<(ChunkIdx, ChunkIdx)> = Vec::new();
    for entry in entries {
        move_code(plan, entry);
        let table = ChunkIdx(plan.chunks.len() as u32);
        let chunk = plan.chunk(entry);
        plan.chunks.push(Chunk {
            name: format!("lazy-{}", chunk.name),
            script: chunk.script.as_ref().map(|script| OutputId::new(format!("{}:table", script.as_str()))),
            table_of: Some(entry),
            ..Chunk::default()
        });
        tables.push((entry, table));
    }
    if tables.is_empty() {
        return;
    }
    names::name_chunks(input.graph, plan);
    connect::connect(input, plan, order);
    for (entry, table) in tables {
        plan.chunks[entry.index()].imports.insert(0, table);
    }
}

/// Leaves a facade of an entry, unless it is one already.
fn move_code(plan: &mut ChunkPlan, entry: ChunkIdx) {
    if plan.chunk(entry).scripts.is_empty() {
        return;
    }
    let code = super::facades::move_members(plan, entry);
    let chunk = &mut plan.chunks[code.index()];
    chunk.name = format!("code-{}", chunk.name);
}

/// A key for every script and stylesheet. It says which module the chunk stands for, or which is its first, and depends on no other
/// chunk as long as these have different names.
fn keys(input: &PlanInput<'_>, plan: &ChunkPlan) -> BTreeMap<OutputId, String> {
    let prefix = if input.lookup == Lookup::Map { "~" } else { "" };
    let named: Vec<(&Chunk, String)> = plan.chunks.iter().map(|chunk| (chunk, name(input.graph, chunk))).collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    named.iter().for_each(|(_, name)| *counts.entry(name).or_default() += 1);
    let mut keys = BTreeMap::new();
    for (chunk, name) in &named {
        let key = match counts[&**name] {
            1 => format!("{prefix}{name}"),
            _ => format!("{prefix}{name}.{}", digits(input.graph, chunk)),
        };
        keys.extend(chunk.style.clone().map(|style| (style, format!("{key}/css"))));
        keys.extend(chunk.script.clone().map(|script| (script, key)));
    }
    keys
}

fn name(graph: &AssetGraph, chunk: &Chunk) -> String {
    let first = chunk.scripts.first().or(chunk.styles.first()).copied();
    chunk.root.or(first).map_or_else(|| chunk.name.clone(), |asset| names::root_name(graph, asset))
}

/// Tells chunks apart whose modules have the same name.
fn digits(graph: &AssetGraph, chunk: &Chunk) -> String {
    let first = chunk.scripts.first().or(chunk.styles.first());
    let (what, module) = match (&chunk.root_id, first) {
        (Some(root), _) => ("root", root.as_str()),
        (None, Some(first)) => ("first", graph.node(*first).id.as_str()),
        (None, None) => ("name", &*chunk.name),
    };
    KeyBuilder::new("key of a chunk", 1).text(what).text(module).finish().to_name(6)
}
