//! shake: which modules are evaluated and which parts of them are needed, by a worklist from the roots.

use crate::bind::{Binder, Bound};
use crate::commonjs;
use crate::purity::SymbolRef;
use crate::record::{DEFAULT_LOCAL, Export, Format, ImportName, Property, Receiver, RequireUse, property_local};
use crate::tables::{Meaning, Module, Symbol};
use planish_pipeline::asset::DependencyKind;
use planish_pipeline::graph::{AssetGraph, AssetIdx, Target};
use planish_pipeline::plugin::Edge;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;
use swc_core::atoms::Atom;

enum Work {
    /// Evaluate the module.
    Module(AssetIdx),
    /// Keep the part.
    Part(AssetIdx, usize),
    /// Keep an export.
    Export(AssetIdx, Atom),
    /// Keep every export.
    Exports(AssetIdx),
    /// Keep every export, and the object that holds them.
    Namespace(AssetIdx),
    /// Keep an export of a CommonJS module, or all.
    CommonJs(AssetIdx, Option<Atom>),
}

/// Where needing begins.
pub(crate) struct Roots {
    /// Only run.
    pub(crate) evaluated: Vec<AssetIdx>,
    /// Run, and all their exports are kept.
    pub(crate) exposed: Vec<AssetIdx>,
    /// The exports are handed out as an object.
    pub(crate) as_object: bool,
}

struct Shaker<'a> {
    graph: &'a AssetGraph,
    modules: Vec<Option<Module>>,
    /// By module: the parts that declare a name.
    parts_of: Vec<FxHashMap<Atom, Vec<usize>>>,
    /// By module: names that are used.
    used: Vec<FxHashSet<Atom>>,
    /// Parts that are needed once a name is used, because they change its value.
    waiting: FxHashMap<SymbolRef, Vec<(AssetIdx, usize)>>,
    queue: Vec<Work>,
}

/// Marks what is live.
pub(crate) fn shake(graph: &AssetGraph, modules: Vec<Option<Module>>, roots: &Roots) -> Vec<Option<Module>> {
    let parts_of = modules.par_iter().map(|module| module.as_ref().map_or_else(FxHashMap::default, parts_of)).collect();
    let used = vec![FxHashSet::default(); modules.len()];
    let mut shaker = Shaker { graph, modules, parts_of, used, waiting: FxHashMap::default(), queue: Vec::new() };
    for root in roots.evaluated.iter().chain(&roots.exposed) {
        shaker.queue.push(Work::Module(*root));
    }
    for root in &roots.exposed {
        shaker.queue.push(if roots.as_object { Work::Namespace(*root) } else { Work::Exports(*root) });
        shaker.queue.push(Work::CommonJs(*root, None));
    }
    shaker.run();
    let mut modules = shaker.modules;
    let needs: Vec<Vec<AssetIdx>> = graph.par_indices().map(|idx| imports(graph, &modules, idx)).collect();
    for (module, needs) in modules.iter_mut().zip(needs) {
        if let Some(module) = module {
            module.imports = needs;
        }
    }
    debug_assert!(graph.nodes.len() > 200 || graph.indices().all(|idx| reaches_what_it_uses(&modules, idx)));
    modules
}

/// Whether what a module uses is evaluated before it, or with it in a cycle: held wherever debug builds are tested.
fn reaches_what_it_uses(modules: &[Option<Module>], idx: AssetIdx) -> bool {
    let Some(module) = modules[idx.index()].as_ref().filter(|module| module.is_included) else { return true };
    let mut reached = FxHashSet::from_iter([idx]);
    let mut queue = vec![idx];
    while let Some(module) = queue.pop().and_then(|idx| modules[idx.index()].as_ref()) {
        queue.extend(module.imports.iter().filter(|import| reached.insert(**import)));
    }
    module.uses_modules.is_subset(&reached)
}

fn parts_of(module: &Module) -> FxHashMap<Atom, Vec<usize>> {
    let mut parts: FxHashMap<Atom, Vec<usize>> = FxHashMap::default();
    for (number, part) in module.record.parts.iter().enumerate() {
        for name in &part.declares {
            parts.entry(name.clone()).or_default().push(number);
        }
    }
    for (number, property) in module.record.properties() {
        parts.entry(property_local(&property.object, &property.name)).or_default().push(number);
    }
    parts
}

impl Shaker<'_> {
    fn run(&mut self) {
        while let Some(work) = self.queue.pop() {
            match work {
                Work::Module(idx) => self.include(idx),
                Work::Part(idx, part) => self.keep(idx, part),
                Work::Export(idx, name) => self.keep_export(idx, name),
                Work::Exports(idx) => self.keep_exports(idx),
                Work::Namespace(idx) => self.keep_namespace(idx),
                Work::CommonJs(idx, name) => self.keep_commonjs(idx, name),
            }
        }
    }

    fn binder(&self) -> Binder<'_> {
        Binder { graph: self.graph, modules: &self.modules }
    }

    fn include(&mut self, idx: AssetIdx) {
        let Some(module) = &mut self.modules[idx.index()] else { return };
        if std::mem::replace(&mut module.is_included, true) {
            return;
        }
        let everything = module.is_commonjs && !module.record.is_shakeable;
        for (number, effects) in module.effects.iter().enumerate() {
            if everything
                || effects.certain
                || effects.changes.iter().any(|(of, name)| self.used[of.index()].contains(name))
            {
                self.queue.push(Work::Part(idx, number));
                continue;
            }
            for symbol in &effects.changes {
                self.waiting.entry(symbol.clone()).or_default().push((idx, number));
            }
        }
        let imports = module.record.imports.clone();
        for number in imports {
            if let Some(target) = self.graph.target(idx, number as usize).asset()
                && self.binder().may_have_effects(target)
            {
                self.queue.push(Work::Module(target));
            }
        }
    }

    fn keep(&mut self, idx: AssetIdx, number: usize) {
        let Some(module) = &mut self.modules[idx.index()] else { return };
        if std::mem::replace(&mut module.live[number], true) {
            return;
        }
        let record = Arc::clone(&module.record);
        let part = &record.parts[number];
        for name in &part.uses {
            self.use_name(idx, name);
            // A declaration mentions what it declares.
            if !part.declares.contains(name) {
                self.use_required(idx, name, None);
            }
        }
        for member in &part.member_uses {
            match self.modules[idx.index()].as_ref().and_then(|module| module.members.get(member)).cloned() {
                Some(found) => {
                    match found.next(&member.1) {
                        Some(name) => self.use_member(idx, &found.meaning, &name),
                        None => self.use_meaning(idx, &found.meaning),
                    }
                    self.pass_on(idx, &found.meaning, &found.passed);
                }
                None => self.use_property(idx, member),
            }
        }
        if let Some(property) = &part.property
            && self.asks_object(idx, &property.receiver)
        {
            self.use_name(idx, &property.object);
        }
        for name in &part.declares {
            self.keep_name(idx, name);
        }
        if !part.is_linkage {
            for dependency in &part.dependencies {
                self.use_dependency(idx, *dependency);
            }
        }
    }

    fn keep_name(&mut self, idx: AssetIdx, name: &Atom) {
        if !self.used[idx.index()].insert(name.clone()) {
            return;
        }
        if let Some(waiting) = self.waiting.remove(&(idx, name.clone())) {
            self.queue.extend(waiting.into_iter().map(|(idx, part)| Work::Part(idx, part)));
        }
        if let Some(parts) = self.parts_of[idx.index()].get(name) {
            self.queue.extend(parts.iter().map(|part| Work::Part(idx, *part)));
        }
    }

    fn use_name(&mut self, idx: AssetIdx, name: &Atom) {
        match self.bound(idx, name) {
            Some(Bound { meaning, passed }) => {
                self.use_meaning(idx, &meaning);
                self.pass_on(idx, &meaning, &passed);
            }
            None => self.use_local(idx, name),
        }
    }

    /// What an import binding of a module means.
    fn bound(&self, idx: AssetIdx, local: &Atom) -> Option<Bound> {
        let module = self.modules[idx.index()].as_ref()?;
        let passed = module.passed.get(local).cloned().unwrap_or_default();
        Some(Bound { meaning: module.bindings.get(local)?.clone(), passed })
    }

    /// A name came to a module past others: each of them imports what declares it, past the others.
    fn pass_on(&mut self, user: AssetIdx, meaning: &Meaning, passed: &[AssetIdx]) {
        let Some(target) = declaring(meaning) else { return };
        for idx in passed.iter().chain([&user]).filter(|idx| **idx != target) {
            if let Some(module) = &mut self.modules[idx.index()] {
                module.uses_modules.insert(target);
                module.routes.extend(passed);
            }
        }
    }

    /// A name is used as a whole: of an object, every property.
    fn use_local(&mut self, idx: AssetIdx, name: &Atom) {
        self.keep_name(idx, name);
        let Some(module) = &mut self.modules[idx.index()] else { return };
        let Some(properties) = module.record.literals.get(name) else { return };
        if !module.whole_objects.insert(name.clone()) {
            return;
        }
        let properties: Vec<Atom> = properties.iter().map(|property| property_local(name, property)).collect();
        properties.iter().for_each(|property| self.keep_name(idx, property));
    }

    /// A member of a name is used: of an object whose properties are known, only that.
    fn use_local_member(&mut self, idx: AssetIdx, name: &Atom, member: &Atom) {
        let has_member = |module: &Module| {
            let properties = module.record.literals.get(name).filter(|_| !module.record.has_eval);
            properties.is_some_and(|properties| properties.contains(member))
        };
        if self.modules[idx.index()].as_ref().is_some_and(has_member) {
            self.keep_name(idx, name);
            self.keep_name(idx, &property_local(name, member));
        } else {
            self.use_local(idx, name);
        }
    }

    /// Whether a method may ask for the object of which it is a property.
    fn asks_object(&self, idx: AssetIdx, receiver: &Receiver) -> bool {
        let name = match receiver {
            Receiver::Nobody => return false,
            Receiver::Object => return true,
            Receiver::Of(name) => name,
        };
        let bindings = self.modules[idx.index()].as_ref().map(|module| &module.bindings);
        let (idx, name) = match bindings.and_then(|bindings| bindings.get(name)) {
            Some(Meaning::Symbol(target, Symbol::Local(name))) => (*target, name),
            Some(Meaning::Symbol(_, Symbol::Namespace)) => return false,
            Some(_) => return true,
            None => (idx, name),
        };
        let Some(module) = &self.modules[idx.index()] else { return true };
        let record = &module.record;
        match record.functions.get(name) {
            Some(function) => function.asks_this,
            // Other objects are no functions.
            None => {
                let is_data = record.format == Format::Json || record.constants.contains_key(name);
                !is_data && !record.objects.contains(name)
            }
        }
    }

    /// A member of what a name of another module stands for.
    fn use_member(&mut self, user: AssetIdx, meaning: &Meaning, member: &Atom) {
        match meaning {
            Meaning::Symbol(target, Symbol::Local(name)) => {
                self.use_local_member(*target, name, member);
                self.use_module(user, *target);
            }
            meaning => self.use_meaning(user, meaning),
        }
    }

    fn use_meaning(&mut self, user: AssetIdx, meaning: &Meaning) {
        let target = match meaning {
            Meaning::Symbol(target, symbol) => {
                match symbol {
                    Symbol::Local(name) => self.use_local(*target, name),
                    Symbol::Namespace => self.queue.push(Work::Namespace(*target)),
                    Symbol::Evaluate => {}
                }
                *target
            }
            Meaning::NamespaceProperty(target, _) => {
                self.queue.push(Work::Namespace(*target));
                *target
            }
            Meaning::Property { module, name, node } => {
                let name = name.clone().filter(|name| !self.binder().is_whole(*module, name, *node));
                self.queue.push(Work::CommonJs(*module, name));
                *module
            }
            Meaning::Url(file) => {
                if let Some(module) = &mut self.modules[user.index()]
                    && !module.uses_files.contains(file)
                {
                    module.uses_files.push(*file);
                }
                return;
            }
            Meaning::External(..)
            | Meaning::StaticUrl(_)
            | Meaning::Constant(_)
            | Meaning::Nothing
            | Meaning::Undefined => return,
        };
        self.use_module(user, target);
    }

    /// Something of another module is used.
    fn use_module(&mut self, user: AssetIdx, target: AssetIdx) {
        self.queue.push(Work::Module(target));
        if target != user
            && let Some(module) = &mut self.modules[user.index()]
        {
            module.uses_modules.insert(target);
        }
    }

    /// A property of an import that is no name of a module.
    fn use_property(&mut self, idx: AssetIdx, (local, path): &(Atom, Atom)) {
        let first: Atom = path.split('.').next().unwrap_or_default().into();
        match self.bound(idx, local) {
            Some(Bound { meaning, passed }) => {
                match &meaning {
                    Meaning::Property { module, name: Some(name), node }
                        if self.binder().is_whole(*module, name, *node) =>
                    {
                        let named = Meaning::Property { module: *module, name: Some(first), node: false };
                        self.use_meaning(idx, &named);
                    }
                    meaning => self.use_member(idx, meaning, &first),
                }
                self.pass_on(idx, &meaning, &passed);
            }
            None => {
                self.use_local_member(idx, local, &first);
                self.use_required(idx, local, Some(first));
            }
        }
    }

    /// A top-level variable of a CommonJS module that may hold what it requires: a property of it, or all, is used.
    fn use_required(&mut self, idx: AssetIdx, variable: &Atom, name: Option<Atom>) {
        let Some(module) = &self.modules[idx.index()] else { return };
        let wanted = RequireUse::Variable(variable.clone());
        let numbers =
            module.record.require_uses.iter().filter(|(_, other)| **other == wanted).map(|(number, _)| *number);
        let targets = numbers.filter_map(|number| self.graph.target(idx, number as usize).asset());
        let targets: Vec<AssetIdx> = targets.collect();
        self.queue.extend(targets.into_iter().map(|target| Work::CommonJs(target, name.clone())));
    }

    fn keep_commonjs(&mut self, idx: AssetIdx, name: Option<Atom>) {
        let Some(module) = &mut self.modules[idx.index()] else { return };
        if !module.is_commonjs {
            return;
        }
        self.queue.push(Work::Module(idx));
        let first = match &name {
            Some(name) => !self.used[idx.index()].contains(&commonjs::export_local(name)),
            None => !std::mem::replace(&mut module.is_exposed, true),
        };
        if !first || !module.record.is_shakeable {
            return;
        }
        match &name {
            Some(name) => self.keep_name(idx, &commonjs::export_local(name)),
            None => {
                let is_export = |name: &&Atom| name.starts_with("exports.");
                let all = module.record.parts.iter().flat_map(|part| &part.declares).filter(is_export);
                let all: Vec<Atom> = all.cloned().collect();
                all.iter().for_each(|name| self.keep_name(idx, name));
            }
        }
        if let Some(target) = self.binder().passed_on(idx) {
            self.queue.push(Work::CommonJs(target, name));
        }
    }

    fn use_dependency(&mut self, idx: AssetIdx, number: u32) {
        let dependency = &self.graph.node(idx).asset.dependencies[number as usize];
        let Target::Asset(target) = self.graph.target(idx, number as usize) else { return };
        match dependency.kind {
            DependencyKind::Require => self.use_require(idx, number, *target),
            DependencyKind::DynamicImport => self.use_lazily(idx, number, *target),
            DependencyKind::Worker => {}
            _ => return,
        }
        self.queue.push(Work::Module(*target));
    }

    fn use_require(&mut self, idx: AssetIdx, number: u32, target: AssetIdx) {
        let module = self.modules[idx.index()].as_ref();
        if module.is_none_or(|module| !module.record.require_uses.contains_key(&number)) {
            self.queue.push(Work::CommonJs(target, None));
        }
        let is_json = self.modules[target.index()].as_ref().is_some_and(|module| module.record.format == Format::Json);
        if is_json {
            self.use_local(target, &DEFAULT_LOCAL.into());
        } else {
            self.queue.push(Work::Namespace(target));
        }
    }

    fn use_lazily(&mut self, idx: AssetIdx, number: u32, target: AssetIdx) {
        let module = self.modules[idx.index()].as_ref();
        let Some(names) = module.and_then(|module| module.record.lazy_uses.get(&number)).cloned() else {
            self.queue.push(Work::CommonJs(target, None));
            // What a chunk exports is known beforehand, what an object has is not.
            let is_known = self.graph.splitting && self.binder().commonjs_stars(target).is_empty();
            self.queue.push(if is_known { Work::Exports(target) } else { Work::Namespace(target) });
            return;
        };
        let node = module.is_some_and(|module| module.node);
        for name in &names {
            let name = Some(name.clone()).filter(|name| !self.binder().is_whole(target, name, node));
            self.queue.push(Work::CommonJs(target, name));
        }
        if self.graph.splitting {
            // A module that exports `then` is asked for it.
            names.into_iter().chain([Atom::from("then")]).for_each(|name| self.queue.push(Work::Export(target, name)));
        } else {
            self.queue.push(Work::Namespace(target));
        }
    }

    fn keep_export(&mut self, idx: AssetIdx, name: Atom) {
        let is_kept = |module: &Module| module.is_commonjs || module.is_exposed || module.place_of(&name).is_ok();
        if self.modules[idx.index()].as_ref().is_none_or(is_kept) {
            return;
        }
        let Some(Bound { meaning, passed }) = self.binder().export(idx, &name) else { return };
        self.use_meaning(idx, &meaning);
        self.pass_on(idx, &meaning, &passed);
        if let Some(module) = &mut self.modules[idx.index()]
            && let Err(at) = module.place_of(&name)
        {
            module.exports.insert(at, (name, meaning));
        }
    }

    fn keep_exports(&mut self, idx: AssetIdx) {
        let Some(module) = &mut self.modules[idx.index()] else { return };
        if module.is_commonjs || std::mem::replace(&mut module.is_exposed, true) {
            return;
        }
        self.queue.push(Work::Module(idx));
        let names: Vec<Atom> = self.binder().export_names(idx).into_iter().collect();
        let exports: Vec<(Atom, Bound)> =
            names.into_iter().filter_map(|name| Some((name.clone(), self.binder().export(idx, &name)?))).collect();
        for (_, Bound { meaning, passed }) in &exports {
            self.use_meaning(idx, meaning);
            self.pass_on(idx, meaning, passed);
        }
        // Who asks for all exports asks the modules that they are said to come from, even if these only pass them on.
        let record = self.modules[idx.index()].as_ref().map(|module| Arc::clone(&module.record)).unwrap_or_default();
        for export in record.exports.values() {
            if let Export::From(binding) = export
                && let Some(target) = self.graph.target(idx, binding.dependency as usize).asset()
            {
                self.queue.push(Work::Module(target));
            }
        }
        if let Some(module) = &mut self.modules[idx.index()] {
            module.exports = exports.into_iter().map(|(name, bound)| (name, bound.meaning)).collect();
        }
    }

    fn keep_namespace(&mut self, idx: AssetIdx) {
        let Some(module) = &mut self.modules[idx.index()] else { return };
        if module.is_commonjs || std::mem::replace(&mut module.needs_namespace, true) {
            return;
        }
        self.queue.push(Work::Exports(idx));
        // `export *` from a module whose exports are not known passes on what that one turns out to have.
        for star in self.binder().unknown_stars(idx) {
            let Some(star) = self.graph.target(idx, star as usize).asset() else { continue };
            self.queue.push(Work::Module(star));
            self.queue.push(Work::Namespace(star));
            self.queue.push(Work::CommonJs(star, None));
            if let Some(module) = &mut self.modules[idx.index()] {
                module.uses_modules.insert(star);
            }
        }
    }
}

/// Finds the names that keep the value that they are declared with, because nothing that is left assigns to them.
pub(crate) fn settle_constants(modules: &mut [Option<Module>]) {
    for module in modules.iter_mut().flatten().filter(|module| !module.is_commonjs && !module.record.has_eval) {
        let record = Arc::clone(&module.record);
        let live = || record.parts.iter().zip(&module.live).filter(|(_, live)| **live).map(|(part, _)| part);
        let mut values: FxHashMap<Atom, String> = FxHashMap::default();
        let mut unsettled: FxHashSet<&Atom> = live().flat_map(|part| &part.assigns).collect();
        for name in live().flat_map(|part| &part.declares) {
            if let Some(text) = record.constants.get(name)
                && values.insert(name.clone(), text.clone()).is_some()
            {
                // Declared twice.
                unsettled.insert(name);
            }
        }
        values.retain(|name, _| !unsettled.contains(name));
        values.extend(constant_properties(module));
        module.constants = values;
    }
}

/// Properties of objects of which nobody has more than single properties.
fn constant_properties(module: &Module) -> Vec<(Atom, String)> {
    let is_settled =
        |part: usize, property: &Property| module.live[part] && !module.whole_objects.contains(&property.object);
    let settled = module.record.properties().filter(|(part, property)| is_settled(*part, property));
    let names = settled.map(|(_, property)| property_local(&property.object, &property.name));
    names.filter_map(|name| Some((name.clone(), module.record.constants.get(&name)?.clone()))).collect()
}

/// What a module needs evaluated before itself once unused code is gone, in order. In place of modules that are not evaluated, which only
/// pass names on, stand those of their imports that it uses.
fn imports(graph: &AssetGraph, modules: &[Option<Module>], idx: AssetIdx) -> Vec<AssetIdx> {
    let Some(module) = modules[idx.index()].as_ref().filter(|module| module.is_included) else { return Vec::new() };
    let mut found: Vec<AssetIdx> = Vec::new();
    let mut seen = FxHashSet::from_iter([idx]);
    let targets = |from: AssetIdx, of: &Module| -> Vec<(AssetIdx, AssetIdx)> {
        let numbers = of.record.imports.iter().rev();
        numbers.filter_map(|number| Some((from, graph.target(from, *number as usize).asset()?))).collect()
    };
    let mut stack = targets(idx, module);
    while let Some((from, target)) = stack.pop() {
        let is_direct = from == idx;
        match &modules[target.index()] {
            Some(other) if other.is_included => {
                if (is_direct || module.uses_modules.contains(&target)) && !found.contains(&target) {
                    found.push(target);
                }
            }
            Some(other) => {
                if module.routes.contains(&target) && seen.insert(target) {
                    stack.extend(targets(target, other));
                }
            }
            // A stylesheet is wanted whatever is imported from it.
            None => {
                if is_direct && graph.node(target).asset.outputs.is_empty() && !found.contains(&target) {
                    found.push(target);
                }
            }
        }
    }
    found
}

/// What a module needs once unused code is gone, in order of evaluation.
pub(crate) fn edges(graph: &AssetGraph, modules: &[Option<Module>], idx: AssetIdx) -> Vec<Edge> {
    let Some(module) = modules[idx.index()].as_ref().filter(|module| module.is_included) else { return Vec::new() };
    let node = graph.node(idx);
    let mut edges: Vec<Edge> = Vec::new();
    let push = |edges: &mut Vec<Edge>, kind, target| {
        if !edges.contains(&Edge { kind, target }) {
            edges.push(Edge { kind, target });
        }
    };
    for target in &module.imports {
        push(&mut edges, DependencyKind::Import, *target);
    }
    for file in &module.uses_files {
        push(&mut edges, DependencyKind::Url, *file);
    }
    for (part, _) in module.record.parts.iter().zip(&module.live).filter(|(part, live)| **live && !part.is_linkage) {
        for number in &part.dependencies {
            if let Some(target) = node.targets[*number as usize].asset() {
                push(&mut edges, node.asset.dependencies[*number as usize].kind, target);
            }
        }
    }
    edges
}

/// The module that a name comes from.
pub(crate) fn declaring(meaning: &Meaning) -> Option<AssetIdx> {
    match meaning {
        Meaning::Symbol(module, _) | Meaning::Property { module, .. } | Meaning::NamespaceProperty(module, _) => {
            Some(*module)
        }
        Meaning::External(_, ImportName::Named(_) | ImportName::Namespace) => None,
        Meaning::Url(_) | Meaning::StaticUrl(_) | Meaning::Constant(_) | Meaning::Nothing | Meaning::Undefined => None,
    }
}
