//! purity: what evaluating each part may do, now that it is known which function each name calls. A least fixed point over calls: a
//! function has the effects of its own body and those of the functions that it calls.

use crate::record::{Argument, Call, Effects, Function, Place};
use crate::tables::{Meaning, Module, Symbol};
use planish_pipeline::graph::{AssetGraph, AssetIdx};
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;
use swc_core::atoms::Atom;

/// A top-level name of a module.
pub(crate) type SymbolRef = (AssetIdx, Atom);

/// What evaluating a part may do.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settled {
    /// Something that can be seen whoever uses what.
    pub(crate) certain: bool,
    /// Names of which it changes the values.
    pub(crate) changes: Vec<SymbolRef>,
}

/// Settles the effects of all parts.
pub(crate) fn settle(graph: &AssetGraph, modules: &mut [Option<Module>]) {
    let summaries = summarise(modules);
    for idx in graph.indices() {
        let Some(module) = &modules[idx.index()] else { continue };
        let judge = Judge { modules, summaries: &summaries };
        let settled = module.record.parts.iter().map(|part| {
            let Summary { certain, changes, .. } = judge.judge(idx, &part.effects);
            let symbol = |target| match target {
                Target::Symbol(symbol) => Some(symbol),
                Target::Parameter(_) | Target::This => None,
            };
            Settled { certain, changes: changes.into_iter().filter_map(symbol).collect() }
        });
        let settled = settled.collect();
        if let Some(module) = &mut modules[idx.index()] {
            module.effects = settled;
        }
    }
}

/// What a function does to values.
#[derive(Clone, Debug, Default, PartialEq)]
struct Summary {
    certain: bool,
    changes: BTreeSet<Target>,
    reads: BTreeSet<Target>,
    /// Members of `this` that making an instance relies on.
    this_uses: BTreeSet<Atom>,
}

impl Summary {
    fn certain() -> Self {
        Self { certain: true, ..Self::default() }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Target {
    Parameter(u32),
    This,
    Symbol(SymbolRef),
}

type Summaries = FxHashMap<SymbolRef, Summary>;

/// The effects of every function that the top level of some module calls, directly or not.
fn summarise(modules: &[Option<Module>]) -> Summaries {
    let order = reachable(modules);
    let mut summaries: Summaries = order.iter().map(|symbol| (symbol.clone(), Summary::default())).collect();
    loop {
        let mut changed = false;
        for symbol in &order {
            let judge = Judge { modules, summaries: &summaries };
            let new = judge.function(symbol);
            if summaries.get(symbol) != Some(&new) {
                summaries.insert(symbol.clone(), new);
                changed = true;
            }
        }
        if !changed {
            return summaries;
        }
    }
}

/// The functions that parts call, directly or not; mostly after those that they call.
fn reachable(modules: &[Option<Module>]) -> Vec<SymbolRef> {
    let mut found: Vec<SymbolRef> = Vec::new();
    let mut seen: rustc_hash::FxHashSet<SymbolRef> = Default::default();
    let mut queue: Vec<SymbolRef> = Vec::new();
    for (at, module) in modules.iter().enumerate() {
        let Some(module) = module else { continue };
        let calls = module.record.parts.iter().flat_map(|part| &part.effects.calls);
        queue.extend(calls.filter_map(|call| callee(modules, AssetIdx(at as u32), call)));
    }
    while let Some(symbol) = queue.pop() {
        if !seen.insert(symbol.clone()) {
            continue;
        }
        if let Some(function) = function(modules, &symbol) {
            queue.extend(function.effects.calls.iter().filter_map(|call| callee(modules, symbol.0, call)));
        }
        found.push(symbol);
    }
    found.reverse();
    found
}

fn function<'m>(modules: &'m [Option<Module>], (module, name): &SymbolRef) -> Option<&'m Function> {
    modules[module.index()].as_ref()?.record.functions.get(name)
}

/// The function that a call of a module calls, if it is known.
fn callee(modules: &[Option<Module>], module: AssetIdx, call: &Call) -> Option<SymbolRef> {
    let symbol = match &call.member {
        Some(member) => {
            let members = &modules[module.index()].as_ref()?.members;
            symbol_of(&members.get(&(call.name.clone(), member.clone()))?.meaning)?
        }
        None => declared(modules, module, &call.name)?,
    };
    function(modules, &symbol).is_some().then_some(symbol)
}

/// What a name of a module stands for.
fn declared(modules: &[Option<Module>], module: AssetIdx, name: &Atom) -> Option<SymbolRef> {
    match modules[module.index()].as_ref()?.bindings.get(name) {
        Some(meaning) => symbol_of(meaning),
        None => Some((module, name.clone())),
    }
}

fn symbol_of(meaning: &Meaning) -> Option<SymbolRef> {
    match meaning {
        Meaning::Symbol(module, Symbol::Local(name)) => Some((*module, name.clone())),
        _ => None,
    }
}

struct Judge<'a> {
    modules: &'a [Option<Module>],
    summaries: &'a Summaries,
}

impl Judge<'_> {
    fn function(&self, symbol: &SymbolRef) -> Summary {
        let Some(function) = function(self.modules, symbol) else { return Summary::certain() };
        let mut summary = self.judge(symbol.0, &function.effects);
        if let Some(parent) = &function.parent {
            let inherited = declared(self.modules, symbol.0, parent).and_then(|parent| self.summaries.get(&parent));
            let inherited = inherited.map(|summary| &summary.this_uses);
            // What the parent's constructor relies on may be another method here.
            if inherited.is_some_and(|uses| !uses.is_disjoint(&function.members)) {
                return Summary::certain();
            }
            summary.this_uses.extend(inherited.into_iter().flatten().cloned());
        }
        summary.this_uses.extend(function.this_uses.iter().cloned());
        if summary.certain { Summary::certain() } else { summary }
    }

    /// What something of a module does, calls included.
    fn judge(&self, module: AssetIdx, effects: &Effects) -> Summary {
        let mut summary = Summary { certain: effects.certain, ..Summary::default() };
        for place in &effects.changes {
            self.change(module, place, &mut summary);
        }
        for place in &effects.reads {
            self.read(module, place, &mut summary);
        }
        for call in &effects.calls {
            if summary.certain {
                break;
            }
            self.call(module, call, &mut summary);
        }
        if summary.certain { Summary::certain() } else { summary }
    }

    fn call(&self, module: AssetIdx, call: &Call, summary: &mut Summary) {
        let Some(symbol) = callee(self.modules, module, call) else { return summary.certain = true };
        let (Some(function), Some(called)) = (function(self.modules, &symbol), self.summaries.get(&symbol)) else {
            return summary.certain = true;
        };
        if called.certain || call.constructs && !function.constructs || !call.constructs && function.is_class {
            return summary.certain = true;
        }
        for target in &called.changes {
            match target {
                Target::Parameter(position) => match call.arguments.get(*position as usize) {
                    Some(Argument::Fresh) => {}
                    Some(Argument::Of(place)) => self.change(module, place, summary),
                    _ => summary.certain = true,
                },
                Target::This => summary.certain |= !call.constructs,
                Target::Symbol(symbol) => {
                    summary.changes.insert(Target::Symbol(symbol.clone()));
                }
            }
        }
        for target in &called.reads {
            match target {
                Target::Parameter(position) => match call.arguments.get(*position as usize) {
                    Some(Argument::Fresh | Argument::Present) => {}
                    Some(Argument::Of(place)) => self.read(module, place, summary),
                    Some(Argument::Unknown) | None => summary.certain = true,
                },
                Target::This => summary.certain |= !call.constructs,
                Target::Symbol(_) => {}
            }
        }
    }

    fn change(&self, module: AssetIdx, place: &Place, summary: &mut Summary) {
        let target = match place {
            Place::Parameter(position) => Target::Parameter(*position),
            Place::This => Target::This,
            Place::Name(name) if self.is_import(module, name) => match self.imported_object(module, name) {
                Some(symbol) => Target::Symbol(symbol),
                None => return summary.certain = true,
            },
            Place::Name(name) => Target::Symbol((module, name.clone())),
        };
        summary.changes.insert(target);
    }

    fn read(&self, module: AssetIdx, place: &Place, summary: &mut Summary) {
        match place {
            Place::Parameter(position) => {
                summary.reads.insert(Target::Parameter(*position));
            }
            Place::This => {
                summary.reads.insert(Target::This);
            }
            Place::Name(name) if self.is_import(module, name) => {
                let module = self.modules[module.index()].as_ref();
                let meaning = module.and_then(|module| module.bindings.get(name));
                let is_namespace = matches!(meaning, Some(Meaning::Symbol(_, Symbol::Namespace)));
                let is_object = || meaning.and_then(symbol_of).is_some_and(|symbol| self.is_object(&symbol));
                summary.certain |= !is_namespace && !is_object();
            }
            Place::Name(_) => {}
        }
    }

    fn is_import(&self, module: AssetIdx, name: &Atom) -> bool {
        self.modules[module.index()].as_ref().is_some_and(|module| module.bindings.contains_key(name))
    }

    fn imported_object(&self, module: AssetIdx, name: &Atom) -> Option<SymbolRef> {
        declared(self.modules, module, name).filter(|symbol| self.is_object(symbol))
    }

    fn is_object(&self, (module, name): &SymbolRef) -> bool {
        self.modules[module.index()].as_ref().is_some_and(|module| module.record.objects.contains(name))
    }
}
