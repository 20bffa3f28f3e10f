//! cross: which symbols and helpers cross the borders of chunks, and by what names.

use crate::bind::Binder;
use crate::record::Format;
use crate::runtime::Helper;
use crate::tables::{Meaning, Module, Symbol, Tables, Wrap};
use crate::words;
use planish_pipeline::asset::DependencyKind;
use planish_pipeline::chunk::{Chunk, ChunkIdx, ChunkPlan};
use planish_pipeline::graph::{AssetGraph, AssetIdx};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// A symbol of a module.
pub(crate) type SymbolRef = (AssetIdx, Symbol);

/// What each chunk takes from others and gives to others; indexed by chunk.
#[derive(Default)]
pub(crate) struct Cross {
    /// By the chunk that gives.
    pub(crate) imports: Vec<BTreeMap<ChunkIdx, BTreeSet<SymbolRef>>>,
    /// With the name by which it is exported.
    pub(crate) exports: Vec<BTreeMap<SymbolRef, String>>,
    /// Helpers that it need not have itself, with the chunk that gives them.
    pub(crate) helper_imports: Vec<BTreeMap<Helper, ChunkIdx>>,
    /// With the name by which it is exported.
    pub(crate) helper_exports: Vec<BTreeMap<Helper, String>>,
}

/// Finds every reference from one chunk to a symbol of another.
pub(crate) fn cross(graph: &AssetGraph, tables: &Tables, plan: &ChunkPlan, short: bool) -> Cross {
    let count = plan.chunks.len();
    let imports = |at: usize| needed_symbols(graph, tables, plan, ChunkIdx(at as u32));
    let mut cross = Cross {
        imports: (0..count).into_par_iter().map(imports).collect(),
        exports: vec![BTreeMap::new(); count],
        helper_exports: vec![BTreeMap::new(); count],
        helper_imports: helper_imports(tables, plan),
    };
    let mut given: Vec<BTreeSet<SymbolRef>> = vec![BTreeSet::new(); count];
    for (owner, symbols) in cross.imports.iter().flatten() {
        given[owner.index()].extend(symbols.iter().cloned());
    }
    for (at, symbols) in given.into_iter().enumerate() {
        let mut taken = BTreeSet::new();
        let mut free = |readable: &dyn Fn() -> String| {
            let name = if short { short_name(taken.len()) } else { readable() };
            let mut numbered = (1..).map(|n| if n == 1 { name.clone() } else { format!("{name}${n}") });
            numbered.find(|name| taken.insert(name.clone())).expect("some number is free")
        };
        for symbol in symbols {
            let name = free(&|| readable_name(graph, symbol.0, &symbol.1));
            cross.exports[at].insert(symbol, name);
        }
        let wanted = cross.helper_imports.iter().flatten().filter(|(_, owner)| owner.index() == at);
        let wanted: BTreeSet<Helper> = wanted.map(|(helper, _)| *helper).collect();
        for helper in wanted {
            cross.helper_exports[at].insert(helper, free(&|| helper.name().to_owned()));
        }
    }
    cross
}

/// The symbols that a chunk needs of others, by these.
fn needed_symbols(
    graph: &AssetGraph,
    tables: &Tables,
    plan: &ChunkPlan,
    idx: ChunkIdx,
) -> BTreeMap<ChunkIdx, BTreeSet<SymbolRef>> {
    let mut needed: BTreeMap<ChunkIdx, BTreeSet<SymbolRef>> = BTreeMap::new();
    let mut need = |symbol: SymbolRef| {
        if let Some(owner) = plan.chunk_of(symbol.0).filter(|owner| *owner != idx) {
            needed.entry(owner).or_default().insert(symbol);
        }
    };
    let chunk = plan.chunk(idx);
    chunk.scripts.iter().for_each(|module| references(graph, tables, *module, &mut need));
    let last = tables.order.last(idx).iter();
    last.for_each(|evaluation| need((evaluation.module, Symbol::Evaluate)));
    root_references(tables, chunk, &mut need);
    needed
}

/// For each chunk the helpers that a chunk has which is loaded before it: a copy in each of a hundred chunks is a good part of the smaller
/// ones (MUI and antd with 40 lazy routes: 509.0 kB with Brotli 11, and 490.5 without the copies). The first that needs a helper has it, and
/// gives it to all after it; what makes namespaces of CommonJS modules comes with these.
fn helper_imports(tables: &Tables, plan: &ChunkPlan) -> Vec<BTreeMap<Helper, ChunkIdx>> {
    let needed: Vec<BTreeSet<Helper>> = plan.chunks.par_iter().map(|chunk| needed_helpers(tables, chunk)).collect();
    // Exports that matter are somebody's interface.
    let gives = |chunk: ChunkIdx, helper: &Helper| {
        let needed = &needed[chunk.index()];
        let has_modules = *helper == Helper::ToEsm && needed.contains(&Helper::CommonJs);
        !plan.chunk(chunk).exports_matter && (needed.contains(helper) || has_modules)
    };
    let imports = |(at, needed): (usize, &BTreeSet<Helper>)| {
        if needed.is_empty() {
            return BTreeMap::new();
        }
        let closure = plan.closure(ChunkIdx(at as u32));
        let giver = |helper: &Helper| {
            let giver = closure.iter().find(|chunk| gives(**chunk, helper))?;
            (giver.index() != at).then_some((*helper, *giver))
        };
        needed.iter().filter_map(giver).collect()
    };
    needed.par_iter().enumerate().map(imports).collect()
}

/// The helpers that many chunks need.
fn needed_helpers(tables: &Tables, chunk: &Chunk) -> BTreeSet<Helper> {
    let mut needed = BTreeSet::new();
    for module in chunk.scripts.iter().filter_map(|module| tables.get(*module)).filter(|module| module.is_included) {
        needed.extend(wrapper(module));
        if meanings(module).any(|meaning| matches!(meaning, Meaning::Property { .. })) {
            needed.insert(Helper::ToEsm);
        }
    }
    needed
}

/// The helper that makes the function around a wrapped module.
pub(crate) fn wrapper(module: &Module) -> Option<Helper> {
    match module.wrap {
        Wrap::None => None,
        Wrap::CommonJs => Some(Helper::CommonJs),
        Wrap::Esm if module.is_async => Some(Helper::EsmAsync),
        Wrap::Esm => Some(Helper::Esm),
    }
}

/// `a`, `b`, … `z`, `A`, … `Z`, `aa`: export names may be any word, reserved ones too.
fn short_name(mut number: usize) -> String {
    const LETTERS: &[u8; 52] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let mut name = String::new();
    loop {
        name.insert(0, char::from(LETTERS[number % 52]));
        if number < 52 {
            return name;
        }
        number = number / 52 - 1;
    }
}

/// What a reader of the output would like to see.
pub(crate) fn readable_name(graph: &AssetGraph, module: AssetIdx, symbol: &Symbol) -> String {
    let stem = || words::identifier(&module_name(graph, module));
    match symbol {
        Symbol::Local(name) if *name == crate::record::DEFAULT_LOCAL => format!("{}_default", stem()),
        Symbol::Local(name) => name.to_string(),
        Symbol::Namespace => format!("{}_exports", stem()),
        Symbol::Evaluate => format!("require_{}", stem()),
    }
}

/// The stem of a module's file, or of its folder if it is an `index`.
pub(crate) fn module_name(graph: &AssetGraph, module: AssetIdx) -> String {
    let id = &graph.node(module).id;
    match (id.stem(), id.path().rsplit('/').nth(1)) {
        ("index", Some(folder)) => folder.to_owned(),
        (stem, _) => stem.to_owned(),
    }
}

/// The symbol that a meaning needs, if it needs one.
pub(crate) fn symbol_of(meaning: &Meaning) -> Option<SymbolRef> {
    match meaning {
        Meaning::Symbol(module, symbol) => Some((*module, symbol.clone())),
        Meaning::Property { module, .. } => Some((*module, Symbol::Evaluate)),
        Meaning::NamespaceProperty(module, _) => Some((*module, Symbol::Namespace)),
        _ => None,
    }
}

/// The meanings of everything that a module's live parts use.
pub(crate) fn meanings(module: &Module) -> impl Iterator<Item = &Meaning> {
    let live = module.record.parts.iter().zip(&module.live).filter(|(_, live)| **live);
    live.flat_map(|(part, _)| {
        let names = part.uses.iter().filter_map(|name| module.bindings.get(name));
        let members = part.member_uses.iter().filter_map(|member| match module.members.get(member) {
            Some(member) => Some(&member.meaning),
            None => module.bindings.get(&member.0),
        });
        names.chain(members)
    })
}

/// Every symbol, of whatever module, that the code of a module mentions once it is rendered.
pub(crate) fn references(graph: &AssetGraph, tables: &Tables, idx: AssetIdx, found: &mut impl FnMut(SymbolRef)) {
    let Some(module) = tables.get(idx).filter(|module| module.is_included) else { return };
    let is_named = |meaning: &&Meaning| !matches!(meaning, Meaning::Symbol(module, Symbol::Local(name)) if tables.constant(*module, name).is_some());
    meanings(module).filter(is_named).filter_map(symbol_of).for_each(&mut *found);
    let targets = &graph.node(idx).targets;
    tables.order.before(idx).iter().for_each(|evaluation| found((evaluation.module, Symbol::Evaluate)));
    for (part, _) in module.record.parts.iter().zip(&module.live).filter(|(part, live)| **live && !part.is_linkage) {
        for number in &part.dependencies {
            if let Some(target) = targets[*number as usize].asset() {
                let kind = graph.node(idx).asset.dependencies[*number as usize].kind;
                demand(graph, tables, target, kind).into_iter().for_each(&mut *found);
            }
        }
    }
    if module.needs_namespace {
        module.exports.iter().filter_map(|(_, meaning)| symbol_of(meaning)).for_each(&mut *found);
        for star in binder(graph, tables).unknown_stars(idx) {
            if let Some(target) = targets[star as usize].asset() {
                let is_commonjs = tables.module(target).is_commonjs;
                found((target, if is_commonjs { Symbol::Evaluate } else { Symbol::Namespace }));
            }
        }
    }
}

/// The symbols by which a module is evaluated on demand.
pub(crate) fn demand(graph: &AssetGraph, tables: &Tables, target: AssetIdx, kind: DependencyKind) -> Vec<SymbolRef> {
    let Some(module) = tables.get(target) else { return Vec::new() };
    match kind {
        DependencyKind::DynamicImport if graph.splitting => Vec::new(),
        DependencyKind::Require if !module.is_commonjs && module.record.format == Format::Json => {
            vec![(target, Symbol::Local(crate::record::DEFAULT_LOCAL.into()))]
        }
        DependencyKind::Require | DependencyKind::DynamicImport => match module.wrap {
            Wrap::CommonJs => vec![(target, Symbol::Evaluate)],
            Wrap::Esm => vec![(target, Symbol::Evaluate), (target, Symbol::Namespace)],
            Wrap::None => vec![(target, Symbol::Namespace)],
        },
        _ => Vec::new(),
    }
}

/// What a chunk's end mentions to stand for its root.
fn root_references(tables: &Tables, chunk: &Chunk, found: &mut impl FnMut(SymbolRef)) {
    let Some((root, module)) = chunk.root.and_then(|root| Some((root, tables.get(root)?))) else { return };
    if gives_namespace(tables, chunk) {
        found((root, Symbol::Namespace));
    } else if chunk.exports_matter && module.is_commonjs {
        found((root, Symbol::Evaluate));
    } else if chunk.exports_matter {
        module.exports.iter().filter_map(|(_, meaning)| symbol_of(meaning)).for_each(found);
    }
}

/// Whether `import()` of a chunk's root gives the object that others have by `import *`: then this is all that the chunk exports.
pub(crate) fn gives_namespace(tables: &Tables, chunk: &Chunk) -> bool {
    let root = chunk.root.and_then(|root| tables.get(root));
    chunk.is_dynamic_entry && !chunk.is_entry && root.is_some_and(|root| root.needs_namespace)
}

fn binder<'a>(graph: &'a AssetGraph, tables: &'a Tables) -> Binder<'a> {
    Binder { graph, modules: &tables.modules }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_count_up() {
        assert_eq!([0, 25, 26, 51, 52, 53, 52 + 52 * 52].map(short_name), ["a", "z", "A", "Z", "aa", "ab", "aaa"]);
    }
}
