//! rename: the names of one chunk's scope. A name is changed only where it would collide or be hidden.

use crate::cross::{SymbolRef, readable_name, references};
use crate::record::DEFAULT_LOCAL;
use crate::tables::{Symbol, Tables, Wrap};
use crate::words::{identifier, is_reserved};
use planish_pipeline::graph::{AssetGraph, AssetIdx};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use swc_core::atoms::Atom;

/// The scope of a chunk.
pub(crate) struct Scope<'a> {
    tables: &'a Tables,
    /// Included modules of the chunk, in order of evaluation.
    members: &'a [AssetIdx],
    /// Free names of the members: globals, which nothing in the scope may hide.
    globals: FxHashSet<Atom>,
    taken: FxHashSet<String>,
    /// By base: the number from which on names may be free.
    numbers: FxHashMap<String, u32>,
    names: FxHashMap<SymbolRef, String>,
}

impl<'a> Scope<'a> {
    /// The scope of a chunk with these members, in which all their symbols and the `imported` ones have names.
    pub(crate) fn new<'s>(
        graph: &AssetGraph,
        tables: &'a Tables,
        members: &'a [AssetIdx],
        imported: impl Iterator<Item = &'s SymbolRef>,
    ) -> Self {
        let globals = members.iter().flat_map(|module| tables.module(*module).record.globals.iter().cloned()).collect();
        let mut scope = Self {
            tables,
            members,
            globals,
            taken: FxHashSet::default(),
            numbers: FxHashMap::default(),
            names: FxHashMap::default(),
        };
        scope.name_symbols(graph, imported);
        scope
    }

    /// The name that a module's own top-level name has, if it is declared.
    pub(crate) fn local(&self, module: AssetIdx, name: &Atom) -> Option<&String> {
        self.names.get(&(module, Symbol::Local(name.clone())))
    }

    /// The name of a symbol; `undefined` for one that nothing declares.
    pub(crate) fn symbol(&self, symbol: &SymbolRef) -> String {
        self.names.get(symbol).cloned().unwrap_or_else(|| "undefined".to_owned())
    }

    /// A free name: `base`, else with a number. `users` are the modules in whose inner scopes it must not be hidden.
    pub(crate) fn allocate(&mut self, base: &str, users: &[AssetIdx]) -> String {
        let hidden = |name: &Atom| users.iter().any(|user| self.tables.module(*user).record.nested.contains(name));
        // Where the last search for this base ended: the same name in thousands of modules must not be counted up again each time.
        let first = self.numbers.get(base).copied().unwrap_or(1);
        let numbered = |number: u32| if number == 1 { base.to_owned() } else { format!("{base}${number}") };
        let is_free = |name: &str| {
            let atom = Atom::from(name);
            !self.taken.contains(name) && !is_reserved(name) && !self.globals.contains(&atom) && !hidden(&atom)
        };
        let number = (first..).find(|number| is_free(&numbered(*number))).expect("some number is free");
        let name = numbered(number);
        if number > 1 {
            self.numbers.insert(base.to_owned(), number);
        }
        self.taken.insert(name.clone());
        name
    }

    /// Names every symbol that the chunk's modules declare, and those of `imported` chunks.
    fn name_symbols<'s>(&mut self, graph: &AssetGraph, imported: impl Iterator<Item = &'s SymbolRef>) {
        let mentioned: Vec<Vec<SymbolRef>> =
            self.members.par_iter().map(|module| self.mentioned(graph, *module)).collect();
        let mut users: FxHashMap<SymbolRef, Vec<AssetIdx>> = FxHashMap::default();
        users.reserve(mentioned.iter().map(Vec::len).sum());
        for (module, mentioned) in self.members.iter().zip(mentioned) {
            mentioned.into_iter().for_each(|symbol| users.entry(symbol).or_default().push(*module));
        }
        // Text that is evaluated mentions names as they were written.
        let mut modules = self.members.to_vec();
        modules.sort_by_key(|module| !self.tables.module(*module).record.has_eval);
        let declared: Vec<Vec<SymbolRef>> = modules.par_iter().map(|module| self.declared(*module)).collect();
        // Tables that grow cost more than what is put into them.
        let count = declared.iter().map(Vec::len).sum();
        self.names.reserve(count);
        self.taken.reserve(count);
        for (module, declared) in modules.iter().zip(declared) {
            for symbol in declared {
                // A module is among the users of its own names if it imports them from itself.
                let users = users.remove(&symbol).unwrap_or_default();
                self.name_declared(graph, *module, symbol, users);
            }
        }
        for symbol in imported {
            let users = users.get(symbol).map_or(&[][..], Vec::as_slice);
            let name = self.allocate(&identifier(&readable_name(graph, symbol)), users);
            self.names.insert(symbol.clone(), name);
        }
    }

    /// A name that the module's own code declares keeps its text if it can: the code's inner scopes cannot hide it then. Under
    /// another name they could, so then the module is one of the users.
    fn name_declared(&mut self, graph: &AssetGraph, module: AssetIdx, symbol: SymbolRef, mut users: Vec<AssetIdx>) {
        let base = readable_name(graph, &symbol);
        let keeps = matches!(&symbol.1, Symbol::Local(name) if *name != DEFAULT_LOCAL);
        let atom = Atom::from(base.as_str());
        let hidden = users.iter().any(|user| self.tables.module(*user).record.nested.contains(&atom));
        if !keeps || self.taken.contains(&base) || self.globals.contains(&atom) || hidden {
            users.push(module);
        }
        let name = self.allocate(&base, &users);
        self.names.insert(symbol, name);
    }

    /// The symbols that a module mentions, each once.
    fn mentioned(&self, graph: &AssetGraph, module: AssetIdx) -> Vec<SymbolRef> {
        let mut mentioned = Vec::new();
        references(graph, self.tables, module, &mut |symbol| mentioned.push(symbol));
        mentioned.sort_unstable();
        mentioned.dedup();
        mentioned
    }

    /// Symbols that a module's code declares in the chunk's scope, in a stable order.
    fn declared(&self, idx: AssetIdx) -> Vec<SymbolRef> {
        let module = self.tables.module(idx);
        let mut symbols = Vec::new();
        if module.wrap != Wrap::CommonJs {
            let mut seen = FxHashSet::default();
            let live = module.record.parts.iter().zip(&module.live).filter(|(_, live)| **live);
            for name in live.flat_map(|(part, _)| &part.declares) {
                if seen.insert(name) {
                    symbols.push((idx, Symbol::Local(name.clone())));
                }
            }
        }
        if module.needs_namespace {
            symbols.push((idx, Symbol::Namespace));
        }
        if module.wrap != Wrap::None {
            symbols.push((idx, Symbol::Evaluate));
        }
        symbols
    }
}
