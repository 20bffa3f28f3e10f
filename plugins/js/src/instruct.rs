//! instruct: everything that rendering a chunk needs, as plain data: its key is the key of the rendered chunk.
//!
//! Names are settled here (a name is renamed only where it would collide), imports and exports become text, and every place in a
//! module that refers to another module gets the code that stands for it. The syntax trees are not touched yet.

mod borders;
mod evaluate;
mod inline;
mod kept;
mod known;
mod lazy;
mod lookup;
mod worker;

pub(crate) use self::kept::Instructed;
use self::known::{Known, known_code};
use crate::bind::Binder;
use crate::cross::{self, module_name};
use crate::options::{Format, JsOptions};
use crate::record::{DEFAULT_LOCAL, Format as ModuleFormat, ImportName};
use crate::rename::Scope;
use crate::runtime::Helper;
use crate::swc::NAME_HELPER;
use crate::tables::{External, Meaning, Module, Symbol, Tables, Wrap};
use crate::words::{identifier, property, property_key, quoted};
use planish_pipeline::asset::DependencyKind;
use planish_pipeline::chunk::{Chunk, ChunkIdx};
use planish_pipeline::diagnostic::Diagnostic;
use planish_pipeline::graph::{AssetGraph, AssetIdx, Target};
use planish_pipeline::key::{Key, KeyBuilder};
use planish_pipeline::output::OutputId;
use planish_pipeline::plugin::RenderContext;
use planish_pipeline::resolve::Platform;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use swc_core::atoms::Atom;

/// The code that stands for a name or a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Code {
    /// A variable.
    Name(String),
    /// A property of a variable: a call of it must not pass the variable as `this`.
    Property(String),
    /// Another expression, of which only reading makes sense.
    Value(String),
}

impl Code {
    pub(crate) fn text(&self) -> &str {
        let (Self::Name(text) | Self::Property(text) | Self::Value(text)) = self;
        text
    }

    /// Whether it is this very name.
    fn is_name(&self, name: &str) -> bool {
        matches!(self, Self::Name(text) if text == name)
    }
}

/// How to render one module.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ModuleInstructions {
    #[serde(skip)]
    pub(crate) asset: AssetIdx,
    /// Of all else: with the key of the asset it names the code that comes of it.
    #[serde(skip)]
    pub(crate) digest: Key,
    pub(crate) wrap: Wrap,
    /// Of a wrapped ES module that waits: the list that evaluates what it imports and gives what of that it waits for.
    pub(crate) begin: Option<String>,
    /// Its own code awaits.
    pub(crate) awaits: bool,
    /// See [`crate::record::ModuleRecord::wants`].
    pub(crate) parameters: [bool; 2],
    pub(crate) live: Vec<bool>,
    /// Top-level names and import bindings.
    pub(crate) names: BTreeMap<Atom, Code>,
    /// Top-level names that stand for a value.
    pub(crate) constants: BTreeMap<Atom, String>,
    /// Properties of object literals that are left out, by the name of the object.
    pub(crate) unused: BTreeMap<Atom, BTreeSet<Atom>>,
    /// Members of namespace imports.
    pub(crate) members: BTreeMap<(Atom, Atom), Code>,
    /// Requires, `import()`s and URLs by number of the dependency.
    pub(crate) dependencies: BTreeMap<u32, Code>,
    /// Dependencies whose scripts are workers and can only be modules.
    pub(crate) module_workers: BTreeSet<u32>,
    /// Free names that become others.
    pub(crate) free: BTreeMap<Atom, String>,
    /// Node takes it for an ES module, so that the type of `require` is none.
    pub(crate) has_no_require: bool,
    /// What stands for `import.meta` where the output is no ES module.
    pub(crate) import_meta: Option<&'static str>,
    /// The function that evaluates it, if it is wrapped, and the helper that makes that function.
    pub(crate) evaluate: Option<(String, String)>,
    /// Variables that a wrapped module's code assigns and that no declaration of its own declares.
    pub(crate) variables: Vec<String>,
    /// Its `throw` statements are not to be taken for the end of the chunk, or of what is minified with them.
    pub(crate) guards_throw: bool,
    /// Statements before the module's own, in its scope.
    pub(crate) prelude: Vec<String>,
}

/// How to render one chunk.
#[derive(Debug, Serialize)]
pub(crate) struct ChunkInstructions {
    pub(crate) hashbang: Option<String>,
    /// All of it may be strict: it has no module that was sloppy.
    pub(crate) is_strict: bool,
    /// Imports, helpers and namespace objects.
    pub(crate) header: Vec<String>,
    /// What the helper that gives names is called, if names are kept.
    pub(crate) name_helper: Option<String>,
    #[serde(skip)]
    pub(crate) modules: Vec<ModuleInstructions>,
    /// Exports.
    pub(crate) footer: Vec<String>,
    /// Texts of other kinds of assets became part of the chunk.
    #[serde(skip)]
    inlines: bool,
    /// Outputs whose placeholders occur in the text.
    #[serde(skip)]
    pub(crate) references: BTreeSet<OutputId>,
    /// About texts of other kinds of assets that became part of the chunk.
    #[serde(skip)]
    pub(crate) diagnostics: Vec<Diagnostic>,
}

impl ChunkInstructions {
    /// The key of what is rendered, of the modules as they are.
    pub(crate) fn key(&self, graph: &AssetGraph, key: &mut KeyBuilder) {
        key.value(self);
        for module in &self.modules {
            key.key(&module.digest).key(&graph.node(module.asset).key);
        }
    }
}

/// Makes the instructions for one chunk.
pub(crate) fn instruct(
    context: &RenderContext<'_>,
    tables: &Tables,
    options: &JsOptions,
    idx: ChunkIdx,
) -> ChunkInstructions {
    let chunk = context.plan.chunk(idx);
    let included = |module: &&AssetIdx| tables.get(**module).is_some_and(|module| module.is_included);
    // The functions around wrapped modules are there before anything is evaluated, and so is the data that they may ask for.
    let is_first = |module: &AssetIdx| {
        let module = tables.module(*module);
        module.wrap != Wrap::None || module.record.format == ModuleFormat::Json
    };
    let (mut members, mut unwrapped): (Vec<AssetIdx>, Vec<AssetIdx>) =
        chunk.scripts.iter().filter(included).copied().partition(is_first);
    unwrapped.sort_by_key(|module| tables.order.is_late(*module));
    members.extend(unwrapped);
    let imported = tables.cross.imports[idx.index()].values().flatten();
    let mut instructor = Instructor {
        context,
        tables,
        options,
        idx,
        chunk,
        script: chunk.script.as_ref().expect("only chunks with a script are rendered"),
        members: &members,
        scope: Scope::new(context.graph, tables, &members, imported),
        helpers: BTreeMap::new(),
        externals: BTreeMap::new(),
        interop: FxHashMap::default(),
        unset: FxHashSet::default(),
        loads: FxHashMap::default(),
        references: BTreeSet::new(),
        diagnostics: Vec::new(),
        namespaces: Vec::new(),
        ahead: Vec::new(),
        name_helper: None,
        inlines: false,
    };
    if options.keep_names {
        instructor.name_helper = Some(instructor.scope.allocate(Helper::Name.name(), &members));
    }
    let of = |module: &AssetIdx| Known::of(tables, &instructor.scope, *module);
    let known: Vec<Known<'_>> = members.par_iter().with_min_len(16).map(of).collect();
    let modules = known.into_iter().enumerate().map(|(at, known)| instructor.module(at, known));
    let mut modules: Vec<ModuleInstructions> = modules.collect();
    let digest = |module: &ModuleInstructions| KeyBuilder::new("js-module", 1).value(module).finish();
    modules.par_iter_mut().with_min_len(64).for_each(|module| module.digest = digest(module));
    let footer = instructor.footer();
    let header = instructor.header();
    ChunkInstructions {
        hashbang: chunk.root.and_then(|root| tables.module(root).record.hashbang.clone()),
        is_strict: members.iter().all(|module| is_strict(tables.module(*module))),
        header,
        name_helper: instructor.name_helper,
        modules,
        footer,
        inlines: instructor.inlines,
        references: instructor.references,
        diagnostics: instructor.diagnostics,
    }
}

struct Instructor<'a> {
    context: &'a RenderContext<'a>,
    tables: &'a Tables,
    options: &'a JsOptions,
    idx: ChunkIdx,
    chunk: &'a Chunk,
    script: &'a OutputId,
    /// Included modules of the chunk, in order of evaluation.
    members: &'a [AssetIdx],
    scope: Scope<'a>,
    helpers: BTreeMap<Helper, String>,
    /// Imports of modules that are not bundled: imported name -> variable.
    externals: BTreeMap<External, BTreeMap<ImportName, String>>,
    /// Variables that hold a CommonJS module as unwrapped ES modules see it.
    interop: FxHashMap<(AssetIdx, bool), String>,
    /// Those of them that a later module sets.
    unset: FxHashSet<(AssetIdx, bool)>,
    /// Functions that give CommonJS modules to `import()` where that makes no chunk.
    loads: FxHashMap<(AssetIdx, bool), String>,
    references: BTreeSet<OutputId>,
    diagnostics: Vec<Diagnostic>,
    /// Declarations of namespace objects.
    namespaces: Vec<String>,
    /// Files that are loaded before an `import()` of the chunk finds out that it needs them.
    ahead: Vec<OutputId>,
    /// See [`ChunkInstructions::name_helper`].
    name_helper: Option<String>,
    /// See [`ChunkInstructions::inlines`].
    inlines: bool,
}

impl Instructor<'_> {
    fn helper(&mut self, helper: Helper) -> String {
        if let Some(name) = self.helpers.get(&helper) {
            return name.clone();
        }
        // A helper is mentioned by any module, so no inner scope may hide it.
        let name = self.scope.allocate(helper.name(), self.members);
        self.helpers.insert(helper, name.clone());
        name
    }

    fn evaluate(&self, module: AssetIdx) -> String {
        self.scope.symbol(module, &Symbol::Evaluate)
    }

    /// The instructions for the member at a position.
    fn module(&mut self, at: usize, known: Known<'_>) -> ModuleInstructions {
        let tables = self.tables;
        let idx = self.members[at];
        let module = tables.module(idx);
        let later = &self.members[at + 1..];
        let mut own = OwnCode { later, is_cyclic: tables.order.is_cyclic(idx), ..OwnCode::default() };
        self.order_imports(idx, module, &mut own);
        let Known { mut names, mut members, open_names, open_members } = known;
        for (name, meaning) in open_names {
            let code = self.code(meaning, module, &mut own);
            if !code.is_name(name) {
                names.insert(name.clone(), code);
            }
        }
        for (name, member) in open_members {
            members.insert((name.clone(), member.path.clone()), self.code(&member.meaning, module, &mut own));
        }
        let dependencies = self.dependency_table(idx, module);
        self.namespace(idx, module, &mut own);
        self.pass_on(idx, module, &mut own);
        let helper = cross::wrapper(module).map(|helper| self.helper(helper));
        let mut free = BTreeMap::new();
        if module.record.format == ModuleFormat::Esm && !module.node {
            self.module_object(module, &mut free, &mut own);
        }
        if module.record.globals.contains(&Atom::from("require")) && self.needs_require(idx, module) {
            let helper = match (self.options.platform, self.options.format) {
                (Platform::Node, Format::Esm) => Some(Helper::NodeRequire),
                (Platform::Node, _) => None,
                (Platform::Browser, _) => Some(Helper::Require),
            };
            if let Some(helper) = helper {
                free.insert("require".into(), self.helper(helper));
            }
        }
        if let Some(helper) =
            self.name_helper.as_ref().filter(|_| module.record.globals.contains(&Atom::from(NAME_HELPER)))
        {
            free.insert(NAME_HELPER.into(), helper.clone());
        }
        ModuleInstructions {
            asset: idx,
            digest: Key::default(),
            wrap: module.wrap,
            begin: own.begin,
            awaits: module.record.has_await,
            parameters: module.record.wants,
            live: module.live.clone(),
            unused: unused_properties(module),
            constants: module.constants.clone().into_iter().collect(),
            names,
            members,
            dependencies,
            module_workers: self.module_workers(idx, module),
            free,
            has_no_require: module.node && module.record.format == ModuleFormat::Esm,
            import_meta: import_meta(self.options),
            evaluate: helper.map(|helper| (self.evaluate(idx), helper)),
            variables: own.variables,
            guards_throw: self.options.minify && module.wrap == Wrap::None,
            prelude: own.prelude,
        }
    }

    /// An ES module that mentions `module` or `exports`, as code does that runs elsewhere too, has them, for nobody to see.
    fn module_object(&mut self, module: &Module, free: &mut BTreeMap<Atom, String>, own: &mut OwnCode<'_>) {
        for (name, value) in [("module", "{ exports: {} }"), ("exports", "{}")] {
            if module.record.globals.contains(&Atom::from(name)) {
                let variable = self.scope.allocate(&format!("{name}$1"), self.members);
                own.prelude.push(format!("var {variable} = {value};"));
                free.insert(name.into(), variable);
            }
        }
    }

    /// `require` is mentioned other than in calls that were resolved.
    fn needs_require(&self, idx: AssetIdx, module: &Module) -> bool {
        let node = self.context.graph.node(idx);
        let resolved = node.edges().filter(|(dependency, target)| {
            dependency.kind == DependencyKind::Require && matches!(target, Target::Asset(_) | Target::Empty)
        });
        module.record.require_mentions > resolved.count() as u32
    }

    /// What a CommonJS module that a function gives is to ES modules.
    fn as_esm(&mut self, evaluate: &str, node: bool) -> String {
        format!("{}({evaluate}{})", self.helper(Helper::ToEsm), if node { ", 1" } else { "" })
    }

    fn code(&mut self, meaning: &Meaning, user: &Module, own: &mut OwnCode<'_>) -> Code {
        if let Some(code) = known_code(self.tables, &self.scope, meaning) {
            return code;
        }
        match meaning {
            Meaning::Property { module, name, node } => {
                let variable = self.interop(*module, *node, user, own);
                match name {
                    Some(name) => Code::Property(property(&variable, name)),
                    None => Code::Name(variable),
                }
            }
            Meaning::External(external, name) => self.external(external, name),
            Meaning::Url(file) => {
                let output = OutputId::of_asset(&self.context.graph.node(*file).id, "");
                Code::Value(self.url(&output))
            }
            Meaning::StaticUrl(path) => {
                Code::Value(self.expression_of(&self.context.names.static_url(self.script, path)))
            }
            Meaning::Symbol(..)
            | Meaning::NamespaceProperty(..)
            | Meaning::Constant(_)
            | Meaning::Nothing
            | Meaning::Undefined => unreachable!("these need no new name"),
        }
    }

    fn external(&mut self, external: &External, name: &ImportName) -> Code {
        // Only ES modules import names; elsewhere the whole module is a variable.
        let as_module = self.options.format == Format::Esm;
        let wanted = if as_module { name.clone() } else { ImportName::Namespace };
        let known = self.externals.get(external).and_then(|names| names.get(&wanted)).cloned();
        let variable = known.unwrap_or_else(|| {
            let base = match &wanted {
                ImportName::Named(name) if *name != "default" => identifier(name),
                _ => format!("import_{}", identifier(external.specifier.rsplit('/').next().unwrap_or_default())),
            };
            let variable = self.scope.allocate(&base, self.members);
            self.externals.entry(external.clone()).or_default().insert(wanted, variable.clone());
            variable
        });
        match name {
            ImportName::Named(name) if !as_module => Code::Property(property(&variable, name)),
            _ => Code::Name(variable),
        }
    }

    /// The URL of an output as an expression.
    fn url(&mut self, output: &OutputId) -> String {
        self.references.insert(output.clone());
        self.expression_of(&self.context.names.url(self.script, output).unwrap_or_default())
    }

    /// A URL as an expression: one that is relative to the script must not be taken for relative to the page.
    fn expression_of(&self, url: &str) -> String {
        if self.context.names.has_relative_base() {
            format!("new URL({}, import.meta.url).href", quoted(url))
        } else {
            quoted(url)
        }
    }

    fn dependency_table(&mut self, idx: AssetIdx, module: &Module) -> BTreeMap<u32, Code> {
        let live = module.record.parts.iter().zip(&module.live).filter(|(part, live)| **live && !part.is_linkage);
        let numbers: Vec<u32> = live.flat_map(|(part, _)| part.dependencies.iter().copied()).collect();
        let mut table = BTreeMap::new();
        for number in numbers {
            let kind = self.context.graph.node(idx).asset.dependencies[number as usize].kind;
            let code = match self.context.graph.target(idx, number as usize) {
                Target::Asset(target) => self.dependency(module, *target, kind),
                Target::Empty if kind == DependencyKind::Require => Some(Code::Value("({})".to_owned())),
                Target::Empty if kind == DependencyKind::DynamicImport => {
                    Some(Code::Value("Promise.resolve({})".to_owned()))
                }
                _ => None,
            };
            if let Some(code) = code {
                table.insert(number, code);
            }
        }
        table
    }

    fn dependency(&mut self, user: &Module, target: AssetIdx, kind: DependencyKind) -> Option<Code> {
        let graph = self.context.graph;
        let is_file = !graph.node(target).asset.outputs.is_empty();
        let output = OutputId::of_asset(&graph.node(target).id, "");
        match kind {
            DependencyKind::Require if is_file => Some(Code::Value(self.url(&output))),
            DependencyKind::DynamicImport if is_file => {
                let url = self.url(&output);
                Some(Code::Value(format!("Promise.resolve({{ default: {url} }})")))
            }
            DependencyKind::Require => Some(Code::Value(self.require(target))),
            DependencyKind::DynamicImport if graph.splitting => Some(Code::Value(self.dynamic_import(user, target))),
            DependencyKind::DynamicImport => Some(Code::Value(self.inline_import(user, target))),
            // The literal of `new URL` becomes the path to the file, relative to this script.
            DependencyKind::Url => self.relative(&output).map(Code::Value),
            DependencyKind::Inline => Some(Code::Value(self.inline(target))),
            DependencyKind::Worker => {
                let chunk = self.context.plan.root_chunk(target)?;
                let script = self.context.plan.chunk(chunk).script.clone()?;
                self.relative(&script).map(Code::Value)
            }
            _ => None,
        }
    }

    fn relative(&mut self, output: &OutputId) -> Option<String> {
        let relative = self.context.names.relative(self.script, output)?;
        self.references.insert(output.clone());
        Some(relative)
    }

    fn require(&mut self, target: AssetIdx) -> String {
        let Some(module) = self.tables.get(target) else { return "({})".to_owned() };
        match module.wrap {
            Wrap::CommonJs => format!("{}()", self.evaluate(target)),
            Wrap::Esm => {
                let namespace = self.scope.symbol(target, &Symbol::Namespace);
                format!("({}(), {}({namespace}))", self.evaluate(target), self.helper(Helper::ToCommonJs))
            }
            Wrap::None if module.record.format == ModuleFormat::Json => {
                self.scope.symbol(target, &Symbol::Local(DEFAULT_LOCAL.into()))
            }
            Wrap::None => self.scope.symbol(target, &Symbol::Namespace),
        }
    }

    /// `import()` of a module in this very chunk.
    fn inline_import(&mut self, user: &Module, target: AssetIdx) -> String {
        let Some(module) = self.tables.get(target) else { return "Promise.resolve({})".to_owned() };
        let namespace = match module.wrap {
            Wrap::CommonJs => return format!("Promise.resolve().then({})", self.load(target, user.node)),
            _ => self.scope.symbol(target, &Symbol::Namespace),
        };
        match module.wrap {
            Wrap::Esm => format!("Promise.resolve().then(() => {}()).then(() => {namespace})", self.evaluate(target)),
            _ => format!("Promise.resolve({namespace})"),
        }
    }

    /// The function that gives a CommonJS module as `import()` does: one that fails is not evaluated again.
    fn load(&mut self, target: AssetIdx, node: bool) -> String {
        if let Some(load) = self.loads.get(&(target, node)) {
            return load.clone();
        }
        let value = self.as_esm(&self.evaluate(target), node);
        let base = format!("load_{}", identifier(&module_name(self.context.graph, target)));
        let name = self.scope.allocate(&base, self.members);
        let helper = self.helper(Helper::Esm);
        self.namespaces.push(format!("var {name} = /* @__PURE__ */ {helper}(() => {value});"));
        self.loads.insert((target, node), name.clone());
        name
    }

    /// `export *` from modules whose names are known only when they run.
    fn pass_on(&mut self, idx: AssetIdx, module: &Module, own: &mut OwnCode<'_>) {
        if !module.needs_namespace {
            return;
        }
        let namespace = self.scope.symbol(idx, &Symbol::Namespace);
        let graph = self.context.graph;
        for star in (Binder { graph, modules: &self.tables.modules }).unknown_stars(idx) {
            let value = match (graph.target(idx, star as usize), External::of(graph, idx, star)) {
                (Target::Asset(target), _) if self.tables.module(*target).is_commonjs => {
                    format!("{}()", self.evaluate(*target))
                }
                (Target::Asset(target), _) => self.scope.symbol(*target, &Symbol::Namespace),
                (_, Some(external)) => self.external(&external, &ImportName::Namespace).text().to_owned(),
                _ => continue,
            };
            let helper = self.helper(Helper::ReExport);
            own.prelude.push(format!("{helper}({namespace}, {value});"));
        }
    }

    /// The object of a module's exports. What its getters need is set in the module's own code.
    fn namespace(&mut self, idx: AssetIdx, module: &Module, own: &mut OwnCode<'_>) {
        if !module.needs_namespace {
            return;
        }
        let mut getters = Vec::new();
        for (name, meaning) in &module.exports {
            let code = self.code(meaning, module, own);
            getters.push(format!("{}: () => {}", property_key(name), code.text()));
        }
        let helper = self.helper(Helper::Namespace);
        let namespace = self.scope.symbol(idx, &Symbol::Namespace);
        let binder = Binder { graph: self.context.graph, modules: &self.tables.modules };
        let open = if binder.unknown_stars(idx).is_empty() { "" } else { ", 1" };
        let line = format!("var {namespace} = /* @__PURE__ */ {helper}({{ {} }}{open});", getters.join(", "));
        self.namespaces.push(line);
    }
}

/// See [`ModuleInstructions::unused`].
fn unused_properties(module: &Module) -> BTreeMap<Atom, BTreeSet<Atom>> {
    let mut unused: BTreeMap<Atom, BTreeSet<Atom>> = BTreeMap::new();
    for (_, property) in module.record.properties().filter(|(part, _)| !module.live[*part]) {
        unused.entry(property.object.clone()).or_default().insert(property.name.clone());
    }
    unused
}

/// ES modules are strict, JSON does not care, and others say so.
fn is_strict(module: &Module) -> bool {
    module.record.is_strict || matches!(module.record.format, ModuleFormat::Esm | ModuleFormat::Json)
}

/// See [`ModuleInstructions::import_meta`].
fn import_meta(options: &JsOptions) -> Option<&'static str> {
    match (options.format, options.platform) {
        (Format::Esm, _) => None,
        (Format::Cjs, Platform::Node) => Some("({ url: require(\"url\").pathToFileURL(__filename).href })"),
        _ => Some("({})"),
    }
}

/// What a module's code needs beside its statements.
#[derive(Default)]
struct OwnCode<'a> {
    /// The modules after it in the chunk.
    later: &'a [AssetIdx],
    is_cyclic: bool,
    /// See [`ModuleInstructions::begin`].
    begin: Option<String>,
    variables: Vec<String>,
    prelude: Vec<String>,
    interop: FxHashMap<(AssetIdx, bool), String>,
}
