//! The module record: all that linking needs to know of a module, without its syntax tree. Serialised into the cache.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use swc_core::atoms::Atom;

/// The local name that stands for an anonymous `export default`.
pub(crate) const DEFAULT_LOCAL: &str = "*default*";

/// What a module's syntax says about its kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Format {
    /// It has `import`, `export`, `import.meta` or a top-level `await`, or its name or package says so.
    Esm,
    /// It uses `module`, `exports` or `require`, or its name or package says so.
    CommonJs,
    /// Neither: a script that only has effects.
    #[default]
    Script,
    /// A JSON file, as a module that exports its value and its members.
    Json,
}

/// What is imported from another module.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum ImportName {
    /// An export by name, `default` included.
    Named(Atom),
    /// `* as x`.
    Namespace,
}

/// A local name that stands for something of another module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ImportBinding {
    /// Number of the dependency.
    pub(crate) dependency: u32,
    pub(crate) name: ImportName,
    /// Byte range of the imported name, for messages.
    pub(crate) range: (u32, u32),
}

/// What an exported name stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Export {
    /// A top-level name of the module; may be an import binding.
    Local(Atom),
    /// `export { a as b } from "x"`, `export * as b from "x"`.
    From(ImportBinding),
}

/// A top-level statement: the unit of liveness. Parts are numbered like the statements of the module's tree; after them come properties.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Part {
    /// Top-level names that it declares.
    pub(crate) declares: Vec<Atom>,
    /// Top-level names and import bindings that it uses as a whole, sorted.
    pub(crate) uses: Vec<Atom>,
    /// Members used of import bindings: `(a, "b.c")` for `a.b.c`, sorted.
    pub(crate) member_uses: Vec<(Atom, Atom)>,
    /// What it certainly reads of import bindings when it is evaluated.
    pub(crate) eager: Vec<EagerRead>,
    /// Top-level names to which it assigns.
    pub(crate) assigns: Vec<Atom>,
    /// What evaluating it may do.
    pub(crate) effects: Effects,
    /// `require`, `import()`, `new URL` and the like in it: numbers of dependencies.
    pub(crate) dependencies: Vec<u32>,
    /// It is an `import` or `export … from`, which leaves no code.
    pub(crate) is_linkage: bool,
    /// It is the same whenever it is evaluated: a function, a variable of literals.
    pub(crate) is_still: bool,
    /// It is no statement, but a property of an object literal.
    pub(crate) property: Option<Property>,
    /// Bytes of its source, without comments.
    pub(crate) size: u32,
}

/// A property of an object literal that can be left out if nobody uses it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Property {
    /// The top-level name of the object.
    pub(crate) object: Atom,
    pub(crate) name: Atom,
    pub(crate) receiver: Receiver,
}

/// The name that stands for a property of a top-level name: no variable can have it.
pub(crate) fn property_local(object: &Atom, name: &Atom) -> Atom {
    format!("{object}.{name}").into()
}

/// Which object a method asks for by `this`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Receiver {
    /// None.
    Nobody,
    /// It may be the one of which it is a property.
    Object,
    /// As the function does that this name stands for.
    Of(Atom),
}

/// A use of an import binding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EagerRead {
    pub(crate) name: Atom,
    /// The member that is used of it, as in [`Part::member_uses`].
    pub(crate) path: Option<Atom>,
    /// Byte range, for messages.
    pub(crate) range: (u32, u32),
}

/// What evaluating something may do that can be seen from elsewhere. What is said of names, and of the parameters and `this` of a function,
/// is settled once all modules are known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Effects {
    /// Something that can be seen whoever uses what. The rest does not matter then.
    pub(crate) certain: bool,
    /// Values that it changes, which is only seen if these are used.
    pub(crate) changes: BTreeSet<Place>,
    /// Values of which it reads properties, which fails if they are null.
    pub(crate) reads: BTreeSet<Place>,
    /// Functions that it calls.
    pub(crate) calls: BTreeSet<Call>,
}

/// Where a value is held.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Place {
    /// A top-level name or an import binding.
    Name(Atom),
    /// A parameter of the function, by position.
    Parameter(u32),
    /// `this` of the function.
    This,
}

/// A function or class that is known by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct FunctionName {
    pub(crate) name: Atom,
    /// It is a property of what the name stands for: a namespace.
    pub(crate) member: Option<Atom>,
}

/// Why a name holds an object that nobody else holds, if another function is what it seems to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Held {
    /// The function has made it: `const Theme = createContext(null)`.
    GivenBy(FunctionName),
    /// A class without static accessors of its own that extends another: `class App extends Component {}`.
    ChildOf(FunctionName),
}

impl Held {
    /// The other function.
    pub(crate) fn callee(&self) -> &FunctionName {
        let (Self::GivenBy(callee) | Self::ChildOf(callee)) = self;
        callee
    }
}

/// A call of a function that is known by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Call {
    pub(crate) callee: FunctionName,
    /// Called by `new`, or by `super` on the same `this`.
    pub(crate) constructs: bool,
    pub(crate) arguments: Vec<Argument>,
}

/// What is known of an argument.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Argument {
    /// Nothing; it may be null.
    Unknown,
    /// It is not null, and others may hold it.
    Present,
    /// An object that nobody else holds.
    Fresh,
    /// The value of this place.
    Of(Place),
}

/// A function or class of the top level, for those who call it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Function {
    /// What a call does; for a class, what making an instance does.
    pub(crate) effects: Effects,
    /// It can be called by `new`, and gives the new object then.
    pub(crate) constructs: bool,
    pub(crate) is_class: bool,
    /// It asks for `this`.
    pub(crate) asks_this: bool,
    /// It gives an object that it has made.
    pub(crate) gives_object: bool,
    /// The class that it extends, if that is known by name.
    pub(crate) parent: Option<FunctionName>,
    /// Methods and accessors of instances.
    pub(crate) members: BTreeSet<Atom>,
    /// Members of `this` that making an instance relies on; a derived class may replace them.
    pub(crate) this_uses: BTreeSet<Atom>,
}

/// What a module wants of one that it requires. Where nothing is noted it wants everything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum RequireUse {
    /// That it is evaluated.
    Nothing,
    /// What the uses of this top-level variable say.
    Variable(Atom),
    /// What others want of the module itself: `module.exports = require("x")`.
    PassOn,
}

/// See the head of this file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ModuleRecord {
    pub(crate) format: Format,
    pub(crate) parts: Vec<Part>,
    /// Import bindings by local name.
    pub(crate) bindings: BTreeMap<Atom, ImportBinding>,
    /// Of the members that parts use, those that are called.
    pub(crate) method_calls: BTreeSet<(Atom, Atom)>,
    /// By exported name.
    pub(crate) exports: BTreeMap<Atom, Export>,
    /// Dependencies of `export * from`, in order.
    pub(crate) stars: Vec<u32>,
    /// Dependencies of import and export statements, in order of evaluation.
    pub(crate) imports: Vec<u32>,
    /// Short texts of the values that variables are declared with, for those that keep these if nothing assigns to them. Those of
    /// properties are there by [`property_local`].
    pub(crate) constants: BTreeMap<Atom, String>,
    /// Top-level enums of TypeScript, with those of their members whose values are known, as code.
    pub(crate) enums: BTreeMap<Atom, BTreeMap<Atom, String>>,
    /// Top-level functions and classes that keep their names.
    pub(crate) functions: BTreeMap<Atom, Function>,
    /// Top-level names that cannot be read before their declarations are evaluated.
    pub(crate) lexical: BTreeSet<Atom>,
    /// Top-level names that hold one object, with no accessors, that nobody else holds.
    pub(crate) objects: BTreeSet<Atom>,
    /// Those of object literals, with the names of all properties, of which some are parts.
    pub(crate) literals: BTreeMap<Atom, BTreeSet<Atom>>,
    /// Top-level names of which the same may turn out.
    pub(crate) held: BTreeMap<Atom, Held>,
    /// Of a CommonJS module: the names of the functions and classes that it exports, by exported name.
    pub(crate) exported_functions: BTreeMap<Atom, Atom>,
    /// Names that are free in the module: globals.
    pub(crate) globals: BTreeSet<Atom>,
    /// Names declared anywhere below the top level.
    pub(crate) nested: BTreeSet<Atom>,
    /// Its first statements are directives, and one is `"use strict"`.
    pub(crate) is_strict: bool,
    /// Has a top-level `await`.
    pub(crate) has_await: bool,
    /// Uses `exports`, `module` or `require` without declaring them.
    pub(crate) uses_module: bool,
    /// A CommonJS module whose exports can be told apart: parts declare them by [`crate::commonjs::export_local`].
    pub(crate) is_shakeable: bool,
    /// A CommonJS module that says of itself that it was an ES module.
    pub(crate) is_flagged: bool,
    /// By number of the dependency.
    pub(crate) require_uses: BTreeMap<u32, RequireUse>,
    /// By number of the dependency: the exports that are used of what `import()` loads, where not all are.
    pub(crate) lazy_uses: BTreeMap<u32, BTreeSet<Atom>>,
    /// Calls `eval` directly, which may mention any name of the module.
    pub(crate) has_eval: bool,
    /// Of a CommonJS module: whether it wants the variables `exports` and `module`. If not, it may declare its own.
    pub(crate) wants: [bool; 2],
    /// Mentions `import.meta`.
    pub(crate) uses_import_meta: bool,
    /// How often it mentions `require`.
    pub(crate) require_mentions: u32,
    /// `(local name, byte range)` of assignments to import bindings, which must fail.
    pub(crate) assigned_imports: Vec<(Atom, (u32, u32))>,
    /// `#!…`, without the line end.
    pub(crate) hashbang: Option<String>,
}

impl ModuleRecord {
    /// Whether some statement mentions a name, or exports it.
    pub(crate) fn mentions(&self, name: &Atom) -> bool {
        let by_part = |part: &Part| {
            part.uses.binary_search(name).is_ok() || part.member_uses.iter().any(|(object, _)| object == name)
        };
        self.has_eval
            || self.parts.iter().any(by_part)
            || self.exports.values().any(|export| matches!(export, Export::Local(local) if local == name))
    }

    /// The same without places in the source, and without sizes: what linking goes by, and the instructions of chunks.
    pub(crate) fn in_essence(&self) -> Self {
        let mut essence = self.clone();
        for part in &mut essence.parts {
            part.size = 0;
            part.eager.iter_mut().for_each(|read| read.range = (0, 0));
        }
        essence.bindings.values_mut().for_each(|binding| binding.range = (0, 0));
        for export in essence.exports.values_mut() {
            if let Export::From(binding) = export {
                binding.range = (0, 0);
            }
        }
        essence.assigned_imports.iter_mut().for_each(|(_, range)| *range = (0, 0));
        essence
    }

    /// Properties of object literals, by part.
    pub(crate) fn properties(&self) -> impl Iterator<Item = (usize, &Property)> {
        self.parts.iter().enumerate().filter_map(|(number, part)| Some((number, part.property.as_ref()?)))
    }

    /// The dependency of `module.exports = require("x")`.
    pub(crate) fn passed_on(&self) -> Option<u32> {
        self.require_uses.iter().find(|(_, wanted)| **wanted == RequireUse::PassOn).map(|(number, _)| *number)
    }
}
