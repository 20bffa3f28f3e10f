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
    globals: FxHashSet<&'a str>,
    /// Those names of the members' inner scopes that end in a number, as names do that are given here. They are few.
    numbered: FxHashSet<&'a str>,
    taken: FxHashSet<String>,
    /// By base: the number from which on names may be free.
    numbers: FxHashMap<String, u32>,
    names: FxHashMap<AssetIdx, FxHashMap<Symbol, String>>,
}

/// By symbol of one module: the modules that mention it.
type Users = FxHashMap<Symbol, Vec<AssetIdx>>;

impl<'a> Scope<'a> {
    /// The scope of a chunk with these members, in which all their symbols and the `imported` ones have names.
    pub(crate) fn new<'s>(
        graph: &AssetGraph,
        tables: &'a Tables,
        members: &'a [AssetIdx],
        imported: impl Iterator<Item = &'s SymbolRef>,
    ) -> Self {
        let globals = |module: &AssetIdx| tables.module(*module).record.globals.iter().map(Atom::as_str);
        let nested = |module: &AssetIdx| tables.module(*module).record.nested.iter().map(Atom::as_str);
        let mut scope = Self {
            tables,
            members,
            globals: members.iter().flat_map(globals).collect(),
            numbered: members.par_iter().flat_map_iter(nested).filter(|name| is_numbered(name)).collect(),
            taken: FxHashSet::default(),
            numbers: FxHashMap::default(),
            names: FxHashMap::default(),
        };
        scope.name_symbols(graph, imported);
        scope
    }

    /// The name of a symbol, if something declares it.
    pub(crate) fn get(&self, module: AssetIdx, symbol: &Symbol) -> Option<&String> {
        self.names.get(&module)?.get(symbol)
    }

    /// The name of a symbol; `undefined` for one that nothing declares.
    pub(crate) fn symbol(&self, module: AssetIdx, symbol: &Symbol) -> String {
        self.get(module, symbol).cloned().unwrap_or_else(|| "undefined".to_owned())
    }

    /// A free name: `base`, else with a number. `users` are the members in whose inner scopes it must not be hidden.
    pub(crate) fn allocate(&mut self, base: &str, users: &[AssetIdx]) -> String {
        // Where the last search for this base ended: the same name in thousands of modules must not be counted up again each time.
        let known = self.numbers.get(base).copied();
        let numbered = |number: u32| if number == 1 { base.to_owned() } else { format!("{base}${number}") };
        let mut names = (known.unwrap_or(1)..).map(|number| (number, numbered(number)));
        let (number, name) = names.find(|(_, name)| self.is_free(name, users)).expect("some number is free");
        match self.numbers.get_mut(base) {
            Some(known) => *known = number,
            None if number > 1 => _ = self.numbers.insert(base.to_owned(), number),
            None => {}
        }
        self.taken.insert(name.clone());
        name
    }

    /// Whether a name means nothing else in the scope, nor in the inner scopes of these members.
    fn is_free(&self, name: &str, users: &[AssetIdx]) -> bool {
        !self.taken.contains(name)
            && !is_reserved(name)
            && !self.globals.contains(name)
            && (is_numbered(name) && !self.numbered.contains(name) || !self.is_hidden(name, users))
    }

    fn is_hidden(&self, name: &str, users: &[AssetIdx]) -> bool {
        let name = Atom::from(name);
        users.iter().any(|user| self.tables.module(*user).record.nested.contains(&name))
    }

    /// Names every symbol that the chunk's modules declare, and those of `imported` chunks.
    fn name_symbols<'s>(&mut self, graph: &AssetGraph, imported: impl Iterator<Item = &'s SymbolRef>) {
        let mut users = self.users(graph);
        // Text that is evaluated mentions names as they were written.
        let mut modules = self.members.to_vec();
        modules.sort_by_key(|module| !self.tables.module(*module).record.has_eval);
        let declared: Vec<Vec<Symbol>> = modules.par_iter().map(|module| self.declared(*module)).collect();
        // Tables that grow cost more than what is put into them.
        self.names.reserve(modules.len());
        self.taken.reserve(declared.iter().map(Vec::len).sum());
        for (module, declared) in modules.into_iter().zip(declared) {
            let mut users = users.remove(&module).unwrap_or_default();
            let mut names = FxHashMap::with_capacity_and_hasher(declared.len(), Default::default());
            for symbol in declared {
                // A module is among the users of its own names if it imports them from itself.
                let users = users.remove(&symbol).unwrap_or_default();
                let name = self.name_declared(graph, module, &symbol, users);
                names.insert(symbol, name);
            }
            self.names.insert(module, names);
        }
        for symbol in imported {
            let users = users.get(&symbol.0).and_then(|users| users.get(&symbol.1)).map_or(&[][..], Vec::as_slice);
            let name = self.allocate(&identifier(&readable_name(graph, symbol.0, &symbol.1)), users);
            self.names.entry(symbol.0).or_default().insert(symbol.1.clone(), name);
        }
    }

    /// By module that declares them: who mentions its symbols.
    fn users(&self, graph: &AssetGraph) -> FxHashMap<AssetIdx, Users> {
        let mentioned: Vec<Vec<SymbolRef>> =
            self.members.par_iter().map(|module| self.mentioned(graph, *module)).collect();
        let mut mentions: FxHashMap<AssetIdx, Vec<(Symbol, AssetIdx)>> = FxHashMap::default();
        mentions.reserve(self.members.len());
        for (user, mentioned) in self.members.iter().zip(mentioned) {
            for (module, symbol) in mentioned {
                mentions.entry(module).or_default().push((symbol, *user));
            }
        }
        let users = |mentions: Vec<(Symbol, AssetIdx)>| {
            let mut users = Users::default();
            mentions.into_iter().for_each(|(symbol, user)| users.entry(symbol).or_default().push(user));
            users
        };
        mentions.into_par_iter().map(|(module, mentions)| (module, users(mentions))).collect()
    }

    /// A name that the module's own code declares keeps its text if it can: the code's inner scopes cannot hide it then. Under
    /// another name they could, so then the module is one of the users.
    fn name_declared(
        &mut self,
        graph: &AssetGraph,
        module: AssetIdx,
        symbol: &Symbol,
        mut users: Vec<AssetIdx>,
    ) -> String {
        let base = readable_name(graph, module, symbol);
        let is_written = matches!(symbol, Symbol::Local(name) if *name != DEFAULT_LOCAL);
        if !is_written || !self.is_free(&base, &users) {
            users.push(module);
            return self.allocate(&base, &users);
        }
        self.taken.insert(base.clone());
        base
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
    fn declared(&self, idx: AssetIdx) -> Vec<Symbol> {
        let module = self.tables.module(idx);
        let mut symbols = Vec::new();
        if module.wrap != Wrap::CommonJs {
            let mut seen = FxHashSet::default();
            let live = module.record.parts.iter().zip(&module.live).filter(|(_, live)| **live);
            for name in live.flat_map(|(part, _)| &part.declares) {
                if seen.insert(name) {
                    symbols.push(Symbol::Local(name.clone()));
                }
            }
        }
        if module.needs_namespace {
            symbols.push(Symbol::Namespace);
        }
        if module.wrap != Wrap::None {
            symbols.push(Symbol::Evaluate);
        }
        symbols
    }
}

/// Whether a name may be one that was given here: `name$2`.
fn is_numbered(name: &str) -> bool {
    name.rsplit_once('$').is_some_and(|(_, number)| number.bytes().all(|digit| digit.is_ascii_digit()))
}
