//! bind: what every import binding and every member of a namespace import means.
//!
//! ECMAScript's ResolveExport, extended to modules that are not ES modules.

mod commonjs;

use crate::record::{Export, Format, ImportBinding, ImportName, ModuleRecord};
use crate::tables::{External, Meaning, Member, Module, Symbol};
use planish_pipeline::diagnostic::{Diagnostic, Outcome, Severity};
use planish_pipeline::graph::{AssetGraph, AssetIdx, Target};
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;
use swc_core::atoms::Atom;

/// What looking an export up gave.
#[derive(Clone, Debug, PartialEq)]
enum Found {
    Meaning(Meaning),
    /// Two `export *` give different things by this name: the modules.
    Ambiguous(AssetIdx, AssetIdx),
    Missing,
    /// The name is defined in terms of itself.
    Circular,
}

/// What a name means, and who says so.
pub(crate) struct Bound {
    pub(crate) meaning: Meaning,
    /// The modules that pass the name on, or declare it, in no particular order.
    pub(crate) passed: Vec<AssetIdx>,
}

/// The state of looking a name up.
#[derive(Default)]
struct Search {
    /// What has been asked for.
    visited: Vec<(AssetIdx, Atom)>,
    /// The modules that had an answer.
    passed: Vec<AssetIdx>,
}

/// Looks names up. Borrowed by the passes that need meanings.
pub(crate) struct Binder<'a> {
    pub(crate) graph: &'a AssetGraph,
    pub(crate) modules: &'a [Option<Module>],
}

/// What the names of a module mean.
#[derive(Default)]
struct Names {
    bindings: FxHashMap<Atom, Meaning>,
    passed: FxHashMap<Atom, Vec<AssetIdx>>,
    members: FxHashMap<(Atom, Atom), Member>,
}

/// Binds all modules. Names that cannot be bound are errors and mean `undefined`.
pub(crate) fn bind(graph: &AssetGraph, modules: &mut [Option<Module>]) -> Vec<Diagnostic> {
    let binder = Binder { graph, modules };
    let names =
        |idx: AssetIdx| modules[idx.index()].as_ref().map(|module| binder.names(idx, module)).unwrap_or_default();
    let names: Vec<Outcome<Names>> = graph.par_indices().map(names).collect();
    let mut diagnostics = Vec::new();
    for (module, names) in modules.iter_mut().zip(names) {
        let Names { bindings, passed, members } = names.take(&mut diagnostics);
        if let Some(module) = module {
            (module.bindings, module.passed, module.members) = (bindings, passed, members);
        }
    }
    diagnostics
}

/// A name that does not exist is no error where nobody uses it: libraries of several versions are imported from that way.
fn as_used(diagnostic: Diagnostic, is_used: bool) -> Diagnostic {
    let is_missing = diagnostic.code == "missing-export";
    Diagnostic { severity: if is_missing && !is_used { Severity::Warning } else { diagnostic.severity }, ..diagnostic }
}

fn missing_member(graph: &AssetGraph, idx: AssetIdx, namespace: &Atom, name: &str, range: (u32, u32)) -> Diagnostic {
    Diagnostic::warning(
        "missing-member",
        format!("`{namespace}.{name}` is always undefined: the module has no export `{name}`"),
    )
    .at(&graph.node(idx).id, range.0..range.1, "the namespace is imported here")
}

/// TypeScript re-exports types by the same syntax as values, so a name that is missing is taken for a type.
pub(crate) fn is_typed(extension: &str) -> bool {
    matches!(extension, "ts" | "tsx" | "mts" | "cts")
}

impl Binder<'_> {
    /// What the names of a module mean, and what is wrong with them.
    fn names(&self, idx: AssetIdx, module: &Module) -> Outcome<Names> {
        let mut diagnostics = Vec::new();
        let mut names = Names::default();
        let is_typed = is_typed(&self.graph.node(idx).id.extension());
        for (local, binding) in &module.record.bindings {
            let bound = self.binding(idx, binding).unwrap_or_else(|diagnostic| {
                let diagnostic = diagnostic.filter(|_| !self.may_be_metadata(idx, binding));
                let is_used = module.record.mentions(local);
                diagnostics.extend(diagnostic.map(|diagnostic| as_used(*diagnostic, is_used)));
                Bound { meaning: Meaning::Undefined, passed: Vec::new() }
            });
            names.bindings.insert(local.clone(), bound.meaning);
            names.passed.insert(local.clone(), bound.passed);
        }
        for export in module.record.exports.values() {
            if let Export::From(binding) = export
                && let Err(Some(diagnostic)) = self.binding(idx, binding)
                && !is_typed
            {
                // Other modules that ask for it have their own errors.
                let is_exposed = self.graph.library && self.graph.entries.iter().any(|entry| entry.asset == idx);
                diagnostics.push(as_used(*diagnostic, is_exposed));
            }
        }
        for (local, path) in module.record.parts.iter().flat_map(|part| &part.member_uses) {
            let Some(meaning) = names.bindings.get(local) else { continue };
            let missing = |name: &str| {
                let range = module.record.bindings.get(local).map(|binding| binding.range).unwrap_or_default();
                missing_member(self.graph, idx, local, name, range)
            };
            let member = self.member(meaning, path, is_typed, |name| diagnostics.push(missing(name)));
            // A function that asks for the namespace as `this` stays its member, whatever else is asked of it.
            let is_called = |path: &Atom| module.record.method_calls.contains(&(local.clone(), path.clone()));
            let member = member.filter(|member| !is_called(&member.path) || !self.asks_this(member));
            if let Some(mut member) = member {
                member.passed.extend(names.passed.get(local).into_iter().flatten());
                names.members.insert((local.clone(), path.clone()), member);
            }
        }
        for (name, range) in &module.record.assigned_imports {
            diagnostics.push(
                Diagnostic::error("assign-to-import", format!("`{name}` is an import, which cannot be assigned to"))
                    .at(&self.graph.node(idx).id, range.0..range.1, "assigned here")
                    .help("assign where it is declared: export a function that does it"),
            );
        }
        Outcome::with(names, diagnostics)
    }

    /// What an import binding of a module means; the diagnostic if it means nothing, or none if that has been reported elsewhere.
    fn binding(&self, importer: AssetIdx, binding: &ImportBinding) -> Result<Bound, Option<Box<Diagnostic>>> {
        let mut search = Search::default();
        match self.follow(importer, binding, &mut search) {
            Found::Meaning(meaning) => Ok(Bound { meaning, passed: search.passed }),
            failed => Err(self.explain(importer, binding, &failed).map(Box::new)),
        }
    }

    /// Whether the name may be a type that is imported for `emitDecoratorMetadata` only, whose code asks whether the name exists.
    fn may_be_metadata(&self, importer: AssetIdx, binding: &ImportBinding) -> bool {
        let node = self.graph.node(importer);
        let target = self.graph.target(importer, binding.dependency as usize).asset();
        node.source.package.compiler.emit_decorator_metadata
            && target.is_some_and(|target| is_typed(&self.graph.node(target).id.extension()))
    }

    /// What an export of an ES module means, if there is one.
    pub(crate) fn export(&self, module: AssetIdx, name: &Atom) -> Option<Bound> {
        let mut search = Search::default();
        match self.look_up(module, name, &mut search) {
            Found::Meaning(meaning) => Some(Bound { meaning, passed: search.passed }),
            _ => None,
        }
    }

    /// What the beginning of a path of members of an import means. Members of enums are their values if the code that `inlines` them cannot
    /// change them. `missing` hears of names that a module does not export.
    fn member(&self, import: &Meaning, path: &Atom, inlines: bool, mut missing: impl FnMut(&str)) -> Option<Member> {
        let mut meaning = import.clone();
        let mut passed = Vec::new();
        let mut taken = 0;
        for name in path.split('.') {
            let next = match &meaning {
                Meaning::Symbol(target, Symbol::Namespace) => match self.export(*target, &name.into()) {
                    Some(bound) => {
                        passed.extend(bound.passed);
                        bound.meaning
                    }
                    None => {
                        missing(name);
                        Meaning::Undefined
                    }
                },
                Meaning::Property { module, name: None, node } => {
                    Meaning::Property { module: *module, name: Some(name.into()), node: *node }
                }
                Meaning::Symbol(target, Symbol::Local(local)) if inlines => {
                    match self.enum_member(*target, local, name) {
                        Some(value) => Meaning::Constant(value.into()),
                        None => break,
                    }
                }
                _ => break,
            };
            meaning = next;
            taken += name.len() + 1;
        }
        let path = path.get(..taken.checked_sub(1)?)?.into();
        Some(Member { meaning, path, passed })
    }

    /// Whether a member is a function that asks for `this`.
    fn asks_this(&self, member: &Member) -> bool {
        let Meaning::Symbol(module, Symbol::Local(name)) = &member.meaning else { return false };
        let function = self.modules[module.index()].as_ref().and_then(|module| module.record.functions.get(name));
        function.is_some_and(|function| function.asks_this)
    }

    fn enum_member(&self, module: AssetIdx, local: &Atom, name: &str) -> Option<&str> {
        let record = &self.modules[module.index()].as_ref()?.record;
        record.enums.get(local)?.get(&Atom::from(name)).map(String::as_str)
    }

    fn follow(&self, importer: AssetIdx, binding: &ImportBinding, search: &mut Search) -> Found {
        if let Some(external) = External::of(self.graph, importer, binding.dependency) {
            return Found::Meaning(Meaning::External(external, binding.name.clone()));
        }
        let meaning = match self.graph.target(importer, binding.dependency as usize) {
            Target::Static(path) if is_default(&binding.name) => Meaning::StaticUrl(path.as_str().into()),
            Target::Empty if binding.name == ImportName::Namespace => Meaning::Nothing,
            Target::Empty => Meaning::Undefined,
            Target::Static(_) => return Found::Missing,
            Target::Missing | Target::External(_) => Meaning::Undefined,
            Target::Asset(target) => return self.of_asset(importer, *target, &binding.name, search),
        };
        Found::Meaning(meaning)
    }

    fn of_asset(&self, importer: AssetIdx, target: AssetIdx, name: &ImportName, search: &mut Search) -> Found {
        if self.graph.node(target).broken {
            return Found::Meaning(Meaning::Undefined);
        }
        let Some(module) = &self.modules[target.index()] else {
            let is_file = !self.graph.node(target).asset.outputs.is_empty();
            return match name {
                ImportName::Named(_) if is_file && is_default(name) => Found::Meaning(Meaning::Url(target)),
                ImportName::Namespace if !is_file => Found::Meaning(Meaning::Nothing),
                _ => Found::Missing,
            };
        };
        if module.is_commonjs {
            let node = self.modules[importer.index()].as_ref().is_some_and(|importer| importer.node);
            let name = match name {
                ImportName::Named(name) => Some(name.clone()),
                ImportName::Namespace => None,
            };
            return Found::Meaning(Meaning::Property { module: target, name, node });
        }
        match name {
            ImportName::Namespace => Found::Meaning(Meaning::Symbol(target, Symbol::Namespace)),
            ImportName::Named(name) => self.look_up(target, name, search),
        }
    }

    fn look_up(&self, idx: AssetIdx, name: &Atom, search: &mut Search) -> Found {
        // So it is with most modules that `export *` asks.
        let knows = |record: &ModuleRecord| record.exports.contains_key(name) || !record.stars.is_empty();
        if !self.modules[idx.index()].as_ref().is_some_and(|module| knows(&module.record)) {
            return Found::Missing;
        }
        if search.visited.iter().any(|(seen, of)| *seen == idx && of == name) {
            return Found::Circular;
        }
        search.visited.push((idx, name.clone()));
        let found = self.resolve(idx, name, search);
        if matches!(found, Found::Meaning(_)) {
            search.passed.push(idx);
        }
        found
    }

    fn resolve(&self, idx: AssetIdx, name: &Atom, search: &mut Search) -> Found {
        let Some(module) = &self.modules[idx.index()] else { return Found::Missing };
        let record = &module.record;
        match record.exports.get(name) {
            Some(Export::Local(local)) => match record.bindings.get(local) {
                Some(binding) => return self.follow(idx, binding, search),
                None => return Found::Meaning(Meaning::Symbol(idx, Symbol::Local(local.clone()))),
            },
            Some(Export::From(binding)) => return self.follow(idx, binding, search),
            None if *name == "default" => return Found::Missing,
            None => {}
        }
        let mut found: Option<(AssetIdx, Found)> = None;
        // Names of modules whose exports are known only when they run are taken where nothing is known.
        let mut guesses: Vec<Found> = Vec::new();
        let mut known: Option<Meaning> = None;
        let mut passes_on_others = false;
        for star in &record.stars {
            let target = match self.graph.target(idx, *star as usize) {
                Target::Asset(target) => *target,
                Target::External(_) => {
                    passes_on_others = true;
                    continue;
                }
                _ => continue,
            };
            if self.modules[target.index()].as_ref().is_some_and(|module| module.is_commonjs) {
                let (names, are_all) = self.commonjs_names(target);
                if names.contains(name) {
                    let meaning = Meaning::Property { module: target, name: Some(name.clone()), node: module.node };
                    known.get_or_insert(meaning);
                }
                passes_on_others |= !are_all && !names.contains(name);
                continue;
            }
            match self.look_up(target, name, search) {
                Found::Missing | Found::Circular => {}
                Found::Ambiguous(a, b) => return Found::Ambiguous(a, b),
                guess @ Found::Meaning(Meaning::NamespaceProperty(..)) => guesses.push(guess),
                new => match &found {
                    Some((first, old)) if *old != new => return Found::Ambiguous(*first, target),
                    Some(_) => {}
                    None => found = Some((target, new)),
                },
            }
        }
        match (found, guesses.as_slice()) {
            (Some((_, found)), _) => found,
            (None, _) if known.is_some() => known.map_or(Found::Missing, Found::Meaning),
            (None, []) if !passes_on_others => Found::Missing,
            (None, [guess]) if !passes_on_others => guess.clone(),
            (None, _) => Found::Meaning(Meaning::NamespaceProperty(idx, name.clone())),
        }
    }

    /// Modules whose exports a module passes on without knowing them: of other kinds, or ES modules that do the same. The dependencies.
    pub(crate) fn unknown_stars(&self, idx: AssetIdx) -> Vec<u32> {
        let Some(module) = &self.modules[idx.index()] else { return Vec::new() };
        let is_unknown = |star: &&u32| match self.graph.target(idx, **star as usize) {
            Target::External(_) => true,
            Target::Asset(target) => self.is_open(*target, &mut Vec::new()),
            _ => false,
        };
        module.record.stars.iter().filter(is_unknown).copied().collect()
    }

    /// Whether a module has exports that are known only when it runs.
    fn is_open(&self, idx: AssetIdx, visited: &mut Vec<AssetIdx>) -> bool {
        let Some(module) = &self.modules[idx.index()] else { return false };
        if visited.contains(&idx) {
            return false;
        }
        visited.push(idx);
        module.is_commonjs
            || module.record.stars.iter().any(|star| match self.graph.target(idx, *star as usize) {
                Target::External(_) => true,
                Target::Asset(target) => self.is_open(*target, visited),
                _ => false,
            })
    }

    /// The names that a module exports, `default` of others' stars apart, sorted.
    pub(crate) fn export_names(&self, idx: AssetIdx) -> BTreeSet<Atom> {
        let mut names = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut queue = vec![idx];
        while let Some(current) = queue.pop() {
            let Some(module) = &self.modules[current.index()] else { continue };
            if !seen.insert(current) {
                continue;
            }
            let own = module.record.exports.keys().filter(|name| current == idx || **name != "default");
            names.extend(own.cloned());
            if module.is_commonjs && current != idx {
                names.extend(self.commonjs_names(current).0);
            }
            queue.extend(
                module.record.stars.iter().filter_map(|star| self.graph.target(current, *star as usize).asset()),
            );
        }
        names
    }

    fn explain(&self, importer: AssetIdx, binding: &ImportBinding, failed: &Found) -> Option<Diagnostic> {
        let node = self.graph.node(importer);
        let ImportName::Named(name) = &binding.name else { return None };
        let target = self.graph.target(importer, binding.dependency as usize).asset()?;
        let target_id = &self.graph.node(target).id;
        let range = binding.range.0..binding.range.1;
        Some(match failed {
            Found::Ambiguous(first, second) => {
                let (first, second) = (&self.graph.node(*first).id, &self.graph.node(*second).id);
                Diagnostic::error(
                    "ambiguous-export",
                    format!(
                        "`{name}` is exported twice by `{target_id}`: by `export *` from `{first}` and from `{second}`"
                    ),
                )
                .at(&node.id, range, "imported here")
                .help(format!("export it by name in `{target_id}`"))
            }
            Found::Circular => {
                Diagnostic::error("circular-export", format!("`{name}` of `{target_id}` is defined in terms of itself"))
                    .at(&node.id, range, "imported here")
            }
            _ => {
                // A name that is exported but stands for nothing has its own error where it is exported.
                let mut names = self.export_names(target);
                names.remove(name);
                let diagnostic = Diagnostic::error(
                    "missing-export",
                    format!("`{name}` is not exported by `{target_id}`"),
                )
                .at(&node.id, range, "imported here");
                match similar(name, names.iter()) {
                    Some(similar) => diagnostic.help(format!("`{target_id}` exports `{similar}`; did you mean that?")),
                    None if names.is_empty() => diagnostic.help(format!("`{target_id}` exports nothing")),
                    None if names.len() <= 8 => {
                        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
                        diagnostic.help(format!("`{target_id}` exports {}", names.join(", ")))
                    }
                    None => diagnostic,
                }
            }
        })
    }

    /// Whether evaluating a module on its own account matters.
    pub(crate) fn may_have_effects(&self, idx: AssetIdx) -> bool {
        self.modules[idx.index()]
            .as_ref()
            .is_some_and(|module| module.may_have_effects && module.record.format != Format::Json)
    }
}

fn is_default(name: &ImportName) -> bool {
    matches!(name, ImportName::Named(name) if *name == "default")
}

/// The name with the smallest edit distance, if it is small compared with the name's length.
fn similar<'n>(name: &Atom, names: impl Iterator<Item = &'n Atom>) -> Option<&'n Atom> {
    let limit = name.chars().count().div_ceil(3).max(1);
    names
        .map(|candidate| {
            (planish_pipeline::resolve::edit_distance(&candidate.to_lowercase(), &name.to_lowercase()), candidate)
        })
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}
