//! The link tables: one entry for each JavaScript module, filled by one pass after the other: [`crate::classify`], [`crate::bind`],
//! [`crate::shake`], and once the chunks are known [`crate::cross`].

use crate::record::{ImportName, ModuleRecord};
use crate::words::quoted;
use planish_pipeline::graph::{AssetGraph, AssetIdx, Target};
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;
use swc_core::atoms::Atom;

/// How a module's code stands in its chunk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub(crate) enum Wrap {
    /// Its statements stand in the chunk's scope.
    #[default]
    None,
    /// In a function that is called with `exports` and `module` when it is first required.
    CommonJs,
    /// Its declarations stand in the chunk's scope, its statements in a function that is called when it is first required.
    Esm,
}

/// Something of a module that has a name in the chunk that holds the module, and perhaps in others.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Symbol {
    /// A top-level name.
    Local(Atom),
    /// Its namespace object.
    Namespace,
    /// The function that evaluates a wrapped module: gives `module.exports`, or nothing for an ES module.
    Evaluate,
}

/// What a name or a namespace member turned out to mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// A name of an ES module.
    Symbol(AssetIdx, Symbol),
    /// A property of a CommonJS module's exports as an ES module sees them; all of them if there is no name.
    Property {
        module: AssetIdx,
        name: Option<Atom>,
        /// Imported from a file that Node takes for an ES module, for which `default` is always `module.exports`.
        node: bool,
    },
    /// A property of the namespace object of an ES module that passes on what another kind of module exports.
    NamespaceProperty(AssetIdx, Atom),
    /// Something of a module that is not bundled.
    External(External, ImportName),
    /// The URL of a file of the build.
    Url(AssetIdx),
    /// The URL of a file of the static folder.
    StaticUrl(Arc<str>),
    /// A value that is known, as code.
    Constant(Arc<str>),
    /// The namespace of an empty module.
    Nothing,
    /// `undefined`: a member that does not exist, or anything of an empty or broken module.
    Undefined,
}

/// A module that is not bundled, as an import names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct External {
    pub(crate) specifier: Arc<str>,
    /// The import attribute `type`.
    attribute: Option<Arc<str>>,
}

impl External {
    /// What a dependency names, if that is not bundled.
    pub(crate) fn of(graph: &AssetGraph, from: AssetIdx, dependency: u32) -> Option<Self> {
        let Target::External(specifier) = graph.target(from, dependency as usize) else { return None };
        let attribute = graph.node(from).asset.dependencies[dependency as usize].attribute.as_deref();
        Some(Self { specifier: specifier.as_str().into(), attribute: attribute.map(Into::into) })
    }

    /// What stands after `from` in an import.
    pub(crate) fn source(&self) -> String {
        let specifier = quoted(&self.specifier);
        match &self.attribute {
            Some(attribute) => format!("{specifier} with {{ type: {} }}", quoted(attribute)),
            None => specifier,
        }
    }
}

/// What the beginning of a path of members means.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) meaning: Meaning,
    /// The beginning; what comes after it are properties of a value.
    pub(crate) path: Atom,
    /// The modules that pass it on.
    pub(crate) passed: Vec<AssetIdx>,
}

impl Member {
    /// The name in a path after the beginning.
    pub(crate) fn next(&self, path: &Atom) -> Option<Atom> {
        path.strip_prefix(self.path.as_str())?.strip_prefix('.')?.split('.').next().map(Atom::from)
    }
}

/// A JavaScript module.
#[derive(Default)]
pub(crate) struct Module {
    pub(crate) record: Arc<ModuleRecord>,
    pub(crate) wrap: Wrap,
    pub(crate) is_commonjs: bool,
    /// Node takes it for an ES module because of its name or package.
    pub(crate) node: bool,
    /// Evaluating it may do something, as far as its package says.
    pub(crate) may_have_effects: bool,
    /// It or something it needs awaits at the top level; only followed for wrapped modules.
    pub(crate) is_async: bool,
    /// What its import bindings mean.
    pub(crate) bindings: FxHashMap<Atom, Meaning>,
    /// By import binding: the modules that pass the name on.
    pub(crate) passed: FxHashMap<Atom, Vec<AssetIdx>>,
    /// What members of its imports mean, as far as these are members of modules. Keyed as in [`crate::record::Part::member_uses`].
    pub(crate) members: FxHashMap<(Atom, Atom), Member>,
    /// What evaluating each part may do, now that everything is known.
    pub(crate) effects: Vec<crate::purity::Settled>,
    /// It is evaluated.
    pub(crate) is_included: bool,
    /// Indexed by part.
    pub(crate) live: Vec<bool>,
    /// Names of object literals that are used other than by single properties.
    pub(crate) whole_objects: FxHashSet<Atom>,
    /// Top-level names, and properties, that stand for a value, because nothing that is left assigns to them.
    pub(crate) constants: FxHashMap<Atom, String>,
    /// Someone uses its namespace object.
    pub(crate) needs_namespace: bool,
    /// All its exports are kept.
    pub(crate) is_exposed: bool,
    /// What those of its exports mean that are kept, those of `export *` included, sorted by name: all once it is exposed.
    pub(crate) exports: Vec<(Atom, Meaning)>,
    /// Modules whose names it uses, or passes on to those that use them.
    pub(crate) uses_modules: FxHashSet<AssetIdx>,
    /// Modules that pass these names on, on the way to it.
    pub(crate) routes: FxHashSet<AssetIdx>,
    /// What it needs evaluated before itself once unused code is gone, in order.
    pub(crate) imports: Vec<AssetIdx>,
    /// Files whose URLs it uses.
    pub(crate) uses_files: Vec<AssetIdx>,
}

impl Module {
    /// The position of a name among the exports that are kept, or the one that it would have.
    pub(crate) fn place_of(&self, name: &Atom) -> Result<usize, usize> {
        self.exports.binary_search_by(|(kept, _)| kept.cmp(name))
    }
}

/// All modules, by asset; `None` for assets of other kinds.
#[derive(Default)]
pub(crate) struct Tables {
    pub(crate) modules: Vec<Option<Module>>,
    pub(crate) order: crate::order::Order,
    pub(crate) cross: crate::cross::Cross,
    pub(crate) instructed: crate::instruct::Instructed,
}

impl Tables {
    pub(crate) fn get(&self, idx: AssetIdx) -> Option<&Module> {
        self.modules[idx.index()].as_ref()
    }

    /// Modules that are evaluated.
    pub(crate) fn included(&self) -> impl Iterator<Item = (AssetIdx, &Module)> {
        let numbered = self.modules.iter().enumerate();
        numbered.filter_map(|(at, module)| {
            Some((AssetIdx(at as u32), module.as_ref().filter(|module| module.is_included)?))
        })
    }

    /// The value that a name stands for, as code.
    pub(crate) fn constant(&self, idx: AssetIdx, name: &Atom) -> Option<&str> {
        Some(self.get(idx)?.constants.get(name)?)
    }

    /// A module that is known to be one.
    pub(crate) fn module(&self, idx: AssetIdx) -> &Module {
        self.get(idx).expect("the caller has it from a table of modules")
    }
}
