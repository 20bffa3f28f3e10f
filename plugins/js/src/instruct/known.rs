//! What of a module's instructions needs no new name: most of them, and made of all modules at once.

use super::Code;
use crate::record::property_local;
use crate::rename::Scope;
use crate::tables::{Meaning, Member, Module, Symbol, Tables, Wrap};
use crate::words::property;
use planish_pipeline::graph::AssetIdx;
use std::collections::{BTreeMap, BTreeSet};
use swc_core::atoms::Atom;

/// See [`super::ModuleInstructions::names`] and [`super::ModuleInstructions::members`].
#[derive(Default)]
pub(super) struct Known<'a> {
    pub(super) names: BTreeMap<Atom, Code>,
    pub(super) members: BTreeMap<(Atom, Atom), Code>,
    /// Those that may need a new name, in their order.
    pub(super) open_names: Vec<(&'a Atom, &'a Meaning)>,
    pub(super) open_members: Vec<(&'a Atom, &'a Member)>,
}

impl<'a> Known<'a> {
    pub(super) fn of(tables: &'a Tables, scope: &Scope<'_>, idx: AssetIdx) -> Self {
        let mut known = Self::default();
        known.add_names(tables, scope, idx);
        known.add_members(tables, scope, idx);
        known
    }

    fn add_names(&mut self, tables: &'a Tables, scope: &Scope<'_>, idx: AssetIdx) {
        let module = tables.module(idx);
        for name in mentioned(module) {
            let code = match module.bindings.get(name) {
                Some(meaning) => {
                    let code = known_code(tables, scope, meaning);
                    self.open_names.extend(code.is_none().then_some((name, meaning)));
                    code
                }
                None if module.wrap == Wrap::CommonJs => None,
                None => scope.get(idx, &Symbol::Local(name.clone())).cloned().map(Code::Name),
            };
            if let Some(code) = code.filter(|code| !code.is_name(name)) {
                self.names.insert(name.clone(), code);
            }
        }
    }

    fn add_members(&mut self, tables: &'a Tables, scope: &Scope<'_>, idx: AssetIdx) {
        let module = tables.module(idx);
        let live = module.record.parts.iter().zip(&module.live).filter(|(_, live)| **live);
        let used: BTreeSet<&(Atom, Atom)> = live.flat_map(|(part, _)| &part.member_uses).collect();
        for used in used {
            if let Some(member) = module.members.get(used) {
                match known_code(tables, scope, &member.meaning) {
                    Some(code) => _ = self.members.insert((used.0.clone(), member.path.clone()), code),
                    None => self.open_members.push((&used.0, member)),
                }
            }
            if let Some((path, text)) = constant_member(tables, idx, module, used) {
                self.members.insert((used.0.clone(), path), Code::Value(text));
            }
        }
    }
}

/// The code for a meaning, if it needs no name that is not given yet, and no output.
pub(super) fn known_code(tables: &Tables, scope: &Scope<'_>, meaning: &Meaning) -> Option<Code> {
    Some(match meaning {
        Meaning::Symbol(module, symbol) => {
            let constant = match symbol {
                Symbol::Local(name) => tables.constant(*module, name),
                Symbol::Namespace | Symbol::Evaluate => None,
            };
            match constant {
                Some(text) => Code::Value(text.to_owned()),
                None => Code::Name(scope.symbol(*module, symbol)),
            }
        }
        Meaning::NamespaceProperty(module, name) => {
            Code::Property(property(&scope.symbol(*module, &Symbol::Namespace), name))
        }
        Meaning::Nothing => Code::Value("{}".to_owned()),
        Meaning::Constant(value) => Code::Value(value.to_string()),
        Meaning::Undefined => Code::Value("void 0".to_owned()),
        Meaning::Property { .. } | Meaning::External(..) | Meaning::Url(_) | Meaning::StaticUrl(_) => return None,
    })
}

/// The value of a property of an object literal that keeps it, and the path to it.
fn constant_member(tables: &Tables, idx: AssetIdx, module: &Module, used: &(Atom, Atom)) -> Option<(Atom, String)> {
    let (name, path) = used;
    let own = Meaning::Symbol(idx, Symbol::Local(name.clone()));
    let (meaning, property, path) = match module.members.get(used) {
        Some(member) => {
            let property = member.next(path)?;
            let path = property_local(&member.path, &property);
            (&member.meaning, property, path)
        }
        None => {
            let property: Atom = path.split('.').next()?.into();
            (module.bindings.get(name).unwrap_or(&own), property.clone(), property)
        }
    };
    let Meaning::Symbol(owner, Symbol::Local(object)) = meaning else { return None };
    let text = tables.constant(*owner, &property_local(object, &property))?;
    Some((path, text.to_owned()))
}

/// The names that the live parts of a module mention, sorted.
fn mentioned(module: &Module) -> Vec<&Atom> {
    let mut mentioned = Vec::new();
    for (part, _) in module.record.parts.iter().zip(&module.live).filter(|(_, live)| **live) {
        let unresolved = part.member_uses.iter().filter(|member| !module.members.contains_key(member));
        mentioned.extend(part.uses.iter().chain(&part.declares).chain(unresolved.map(|(name, _)| name)));
    }
    mentioned.sort_unstable();
    mentioned.dedup();
    mentioned
}
