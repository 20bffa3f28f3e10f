//! purity: what evaluating each part may do, now that it is known which function each name calls. A least fixed point over calls: a
//! function has the effects of its own body and those of the functions that it calls.

use crate::bind::Binder;
use crate::record::{Argument, Call, Effects, Function, FunctionName, Held, Place};
use crate::tables::{Meaning, Module, Symbol};
use planish_pipeline::graph::{AssetGraph, AssetIdx};
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;
use swc_core::atoms::Atom;

/// Classes extend each other no further than this.
const DEEPEST: u32 = 32;

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
    let summaries = summarise(&Binder { graph, modules });
    for idx in graph.indices() {
        let Some(module) = &modules[idx.index()] else { continue };
        let judge = Judge { binder: &Binder { graph, modules }, summaries: &summaries };
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
fn summarise(binder: &Binder<'_>) -> Summaries {
    let order = reachable(binder);
    let mut summaries: Summaries = order.iter().map(|symbol| (symbol.clone(), Summary::default())).collect();
    loop {
        let mut changed = false;
        for symbol in &order {
            let judge = Judge { binder, summaries: &summaries };
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

/// The functions that parts call, directly or not, and those that give what names hold; mostly after those that they call.
fn reachable(binder: &Binder<'_>) -> Vec<SymbolRef> {
    let mut found: Vec<SymbolRef> = Vec::new();
    let mut seen: rustc_hash::FxHashSet<SymbolRef> = Default::default();
    let mut queue: Vec<SymbolRef> = Vec::new();
    for (at, module) in binder.modules.iter().enumerate() {
        let Some(module) = module else { continue };
        let calls = module.record.parts.iter().flat_map(|part| &part.effects.calls).map(|call| &call.callee);
        let callees = calls.chain(module.record.held.values().map(Held::callee));
        queue.extend(callees.filter_map(|callee| declared(binder, AssetIdx(at as u32), callee)));
    }
    while let Some(symbol) = queue.pop() {
        if !seen.insert(symbol.clone()) {
            continue;
        }
        if let Some(function) = function(binder, &symbol) {
            let calls = function.effects.calls.iter().map(|call| &call.callee);
            queue.extend(calls.filter_map(|callee| declared(binder, symbol.0, callee)));
            found.push(symbol);
        }
    }
    found.reverse();
    found
}

fn function<'m>(binder: &Binder<'m>, (module, name): &SymbolRef) -> Option<&'m Function> {
    binder.modules[module.index()].as_ref()?.record.functions.get(name)
}

/// What a name of a module, or a member of it, stands for.
fn declared(binder: &Binder<'_>, idx: AssetIdx, FunctionName { name, member }: &FunctionName) -> Option<SymbolRef> {
    let module = binder.modules[idx.index()].as_ref()?;
    let Some(member) = member else {
        return match module.bindings.get(name) {
            Some(meaning) => symbol_of(binder, meaning),
            None => Some((idx, name.clone())),
        };
    };
    match module.members.get(&(name.clone(), member.clone())) {
        Some(member) => symbol_of(binder, &member.meaning),
        None => match module.bindings.get(name)? {
            Meaning::Property { module, name: Some(name), node } if binder.is_whole(*module, name, *node) => {
                binder.exported_function(*module, member)
            }
            _ => None,
        },
    }
}

fn symbol_of(binder: &Binder<'_>, meaning: &Meaning) -> Option<SymbolRef> {
    match meaning {
        Meaning::Symbol(module, Symbol::Local(name)) => Some((*module, name.clone())),
        Meaning::Property { module, name: Some(name), .. } => binder.exported_function(*module, name),
        _ => None,
    }
}

struct Judge<'a> {
    binder: &'a Binder<'a>,
    summaries: &'a Summaries,
}

impl Judge<'_> {
    fn function(&self, symbol: &SymbolRef) -> Summary {
        let Some(function) = function(self.binder, symbol) else { return Summary::certain() };
        let mut summary = self.judge(symbol.0, &function.effects);
        if let Some(parent) = &function.parent {
            let inherited = declared(self.binder, symbol.0, parent).and_then(|parent| self.summaries.get(&parent));
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
        let symbol = declared(self.binder, module, &call.callee);
        let known = symbol.and_then(|symbol| Some((function(self.binder, &symbol)?, self.summaries.get(&symbol)?)));
        let Some((function, called)) = known else { return summary.certain = true };
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
            Place::Name(name) if self.is_known_there(module, name) => Target::Symbol((module, name.clone())),
            Place::Name(name) => match self.object(module, name) {
                Some(symbol) => Target::Symbol(symbol),
                None => return summary.certain = true,
            },
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
            Place::Name(name) => {
                let meaning = self.module(module).and_then(|module| module.bindings.get(name));
                let is_there = meaning.is_some_and(|meaning| self.binder.is_module_object(meaning));
                let held = self.module(module).and_then(|module| module.record.held.get(name));
                let is_there = is_there || matches!(held, Some(Held::ChildOf(_)));
                summary.certain |= !is_there && self.object(module, name).is_none();
            }
        }
    }

    fn module(&self, idx: AssetIdx) -> Option<&Module> {
        self.binder.modules[idx.index()].as_ref()
    }

    /// Whether the module itself knows what a name holds: what it says of it is settled then.
    fn is_known_there(&self, module: AssetIdx, name: &Atom) -> bool {
        self.module(module)
            .is_some_and(|module| !module.bindings.contains_key(name) && !module.record.held.contains_key(name))
    }

    /// What a name stands for, if that holds an object of its own.
    fn object(&self, module: AssetIdx, name: &Atom) -> Option<SymbolRef> {
        let symbol = declared(self.binder, module, &FunctionName { name: name.clone(), member: None })?;
        self.is_object(&symbol, 0).then_some(symbol)
    }

    fn is_object(&self, (idx, name): &SymbolRef, depth: u32) -> bool {
        let Some(module) = self.module(*idx).filter(|_| depth < DEEPEST) else { return false };
        let Some(held) = module.record.held.get(name) else { return module.record.objects.contains(name) };
        let Some(other) = declared(self.binder, *idx, held.callee()) else { return false };
        match held {
            Held::GivenBy(_) => self.gives_object(&other),
            Held::ChildOf(_) => function(self.binder, &other).is_some() && self.is_object(&other, depth + 1),
        }
    }

    /// Whether a function makes an object, and leaves it to nobody but its caller.
    fn gives_object(&self, giver: &SymbolRef) -> bool {
        let keeps_nothing = |summary: &Summary| !summary.certain && summary.changes.is_empty();
        function(self.binder, giver).is_some_and(|function| function.gives_object)
            && self.summaries.get(giver).is_some_and(keeps_nothing)
    }
}
