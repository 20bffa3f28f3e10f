//! What crosses the borders of segments: names that one declares and another uses.

use rustc_hash::{FxHashMap, FxHashSet};
use swc_core::atoms::Atom;
use swc_core::common::{DUMMY_SP, SyntaxContext};
use swc_core::ecma::ast::{
    AssignExpr, AssignPat, AssignPatProp, Decl, ExportNamedSpecifier, ExportSpecifier, Expr, ForHead, Ident, IdentName,
    ImportDecl, ImportNamedSpecifier, ImportPhase, ImportSpecifier, KeyValuePatProp, KeyValueProp, ModuleDecl,
    ModuleExportName, ModuleItem, NamedExport, ObjectPatProp, Pat, Program as Tree, Prop, PropName, Stmt, Str,
    UpdateExpr, VarDecl, VarDeclKind,
};
use swc_core::ecma::utils::find_pat_ids;
use swc_core::ecma::visit::{Visit, VisitMut, VisitMutWith, VisitWith, noop_visit_mut_type, noop_visit_type};

/// The specifier of the other segments: no file has this name.
const OTHERS: &str = "\0others";

/// The specifier of what other segments import: a name whose value its module may change.
const LIVE: &str = "\0live";

/// What names end with that change, while a segment that does not declare them is compressed.
const CHANGING: &str = "$$changing";

/// The names of a segment's scope.
pub(super) struct Border {
    unresolved: SyntaxContext,
    top_level: SyntaxContext,
    pub(super) declared: FxHashSet<Atom>,
    pub(super) free: FxHashSet<Atom>,
    /// Those declared names whose values are imported, but for namespaces, which stay the same.
    imported: FxHashSet<Atom>,
    /// Those of both that get values more than once: that code assigns to, and variables whose declarations run again or are several.
    assigned: FxHashSet<Atom>,
    /// Those that a declaration at the top has given a value.
    given: FxHashSet<Atom>,
    /// It has no code but `var a, b;`.
    is_bare: bool,
}

impl Border {
    pub(super) fn of(tree: &Tree, unresolved: SyntaxContext, top_level: SyntaxContext) -> Self {
        let [declared, free, imported, assigned, given] = Default::default();
        let is_bare = tree.as_module().is_some_and(|module| module.body.iter().all(is_bare));
        let mut border = Self { unresolved, top_level, declared, free, imported, assigned, given, is_bare };
        tree.visit_with(&mut border);
        border
    }

    fn assign(&mut self, names: Vec<Ident>) {
        let is_outer = |name: &Ident| name.ctxt == self.unresolved || name.ctxt == self.top_level;
        self.assigned.extend(names.into_iter().filter(is_outer).map(|name| name.sym));
    }

    /// A declaration that runs once gives names their values.
    fn give(&mut self, names: Vec<Ident>) {
        for name in names.into_iter().filter(|name| name.ctxt == self.top_level) {
            if !self.given.insert(name.sym.clone()) {
                self.assigned.insert(name.sym);
            }
        }
    }
}

/// It declares variables and does nothing.
fn is_bare(item: &ModuleItem) -> bool {
    let declaration = item.as_stmt().and_then(|statement| statement.as_decl()).and_then(|decl| decl.as_var());
    declaration.is_some_and(|declaration| {
        declaration.kind == VarDeclKind::Var && declaration.decls.iter().all(|declarator| declarator.init.is_none())
    })
}

impl Visit for Border {
    noop_visit_type!();

    fn visit_ident(&mut self, name: &Ident) {
        let names = match name.ctxt {
            context if context == self.top_level => &mut self.declared,
            context if context == self.unresolved => &mut self.free,
            _ => return,
        };
        if !names.contains(&name.sym) {
            names.insert(name.sym.clone());
        }
    }

    fn visit_module_item(&mut self, item: &ModuleItem) {
        match item.as_stmt().and_then(Stmt::as_decl) {
            Some(Decl::Var(declaration)) => {
                let given = declaration.decls.iter().filter(|declarator| declarator.init.is_some());
                self.give(given.flat_map(|declarator| find_pat_ids(&declarator.name)).collect());
                declaration.decls.visit_with(self);
            }
            Some(Decl::Fn(function)) => {
                self.give(vec![function.ident.clone()]);
                function.visit_with(self);
            }
            _ => item.visit_children_with(self),
        }
    }

    /// Inside of statements, which may run more than once.
    fn visit_var_decl(&mut self, declaration: &VarDecl) {
        let given = declaration.decls.iter().filter(|declarator| declarator.init.is_some());
        self.assign(given.flat_map(|declarator| find_pat_ids(&declarator.name)).collect());
        declaration.decls.visit_with(self);
    }

    fn visit_import_decl(&mut self, import: &ImportDecl) {
        let values = import.specifiers.iter().filter(|clause| !clause.is_namespace());
        self.imported.extend(values.map(|clause| clause.local().sym.clone()));
        import.visit_children_with(self);
    }

    // The outer names of clauses are no variables, though the resolver takes them for such.

    fn visit_export_named_specifier(&mut self, clause: &ExportNamedSpecifier) {
        clause.orig.visit_with(self);
    }

    fn visit_import_named_specifier(&mut self, clause: &ImportNamedSpecifier) {
        clause.local.visit_with(self);
    }

    fn visit_assign_expr(&mut self, assignment: &AssignExpr) {
        self.assign(find_pat_ids(&assignment.left));
        assignment.visit_children_with(self);
    }

    fn visit_update_expr(&mut self, update: &UpdateExpr) {
        self.assign(update.arg.as_ident().cloned().into_iter().collect());
        update.visit_children_with(self);
    }

    fn visit_for_head(&mut self, head: &ForHead) {
        match head {
            ForHead::Pat(pattern) => self.assign(find_pat_ids(pattern)),
            ForHead::VarDecl(declaration) => self.assign(find_pat_ids(&declaration.decls)),
            ForHead::UsingDecl(_) => {}
        }
        head.visit_children_with(self);
    }
}

/// What a segment has to do with the others.
pub(super) struct Crossing {
    /// What others declare and gets its value once. A name that changes is left free: nothing is known of it.
    imports: FxHashSet<Atom>,
    /// What others import.
    live: FxHashSet<Atom>,
    /// Those names, with what they are called meanwhile: `Set` would be taken for the global of that name, of which much is known.
    changing: FxHashMap<Atom, Atom>,
    /// What others use, sorted.
    exports: Vec<Atom>,
}

/// Brings the segments of a chunk together. `None` if one cannot stand alone: its text is evaluated, or others assign to the variables of its
/// own code.
pub(super) fn cross(borders: &[Border]) -> Option<Vec<Crossing>> {
    let mut owners: FxHashMap<&Atom, usize> = FxHashMap::default();
    for (at, border) in borders.iter().enumerate() {
        if border.declared.iter().any(|name| owners.insert(name, at).is_some()) {
            return None;
        }
    }
    let mut exports: Vec<FxHashSet<Atom>> = vec![FxHashSet::default(); borders.len()];
    let mut imports: Vec<FxHashSet<Atom>> = vec![FxHashSet::default(); borders.len()];
    let mut live = imports.clone();
    let mut changing: Vec<FxHashMap<Atom, Atom>> = vec![FxHashMap::default(); borders.len()];
    for (at, border) in borders.iter().enumerate() {
        if border.free.contains(&Atom::from("eval")) {
            return None;
        }
        for (name, owner) in border.free.iter().filter_map(|name| Some((name, *owners.get(name)?))) {
            let is_bare = borders[owner].is_bare;
            if border.assigned.contains(name) && !is_bare {
                return None;
            }
            exports[owner].insert(name.clone());
            if is_bare || borders[owner].assigned.contains(name) {
                changing[at].insert(name.clone(), format!("{name}{CHANGING}").into());
            } else if borders[owner].imported.contains(name) {
                live[at].insert(name.clone());
            } else {
                imports[at].insert(name.clone());
            }
        }
    }
    let crossings =
        exports.into_iter().zip(imports).zip(live).zip(changing).map(|(((exports, imports), live), changing)| {
            let mut exports: Vec<Atom> = exports.into_iter().collect();
            exports.sort_unstable();
            Crossing { imports, live, changing, exports }
        });
    Some(crossings.collect())
}

/// Makes a segment a module while it is compressed.
pub(super) struct Neighbours<'a> {
    crossing: &'a Crossing,
    unresolved: SyntaxContext,
    top_level: SyntaxContext,
    /// The chunk's own exports.
    exports: Vec<ModuleItem>,
}

impl<'a> Neighbours<'a> {
    pub(super) fn new(crossing: &'a Crossing, unresolved: SyntaxContext, top_level: SyntaxContext) -> Self {
        Self { crossing, unresolved, top_level, exports: Vec::new() }
    }

    fn is_changing(&self, name: &Ident) -> bool {
        name.ctxt == self.unresolved && self.crossing.changing.contains_key(&name.sym)
    }

    /// Adds imports and exports of the other segments.
    pub(super) fn begin(&mut self, tree: &mut Tree) {
        tree.visit_mut_with(self);
        let Tree::Module(module) = tree else { return };
        let (exports, others) = std::mem::take(&mut module.body).into_iter().partition(is_export);
        (self.exports, module.body) = (exports, others);
        let name = |name: &Atom| Ident::new(name.clone(), DUMMY_SP, self.top_level);
        let import = |names: &FxHashSet<Atom>, specifier| {
            let mut names: Vec<&Atom> = names.iter().collect();
            names.sort_unstable();
            ModuleItem::ModuleDecl(ModuleDecl::Import(import(names.into_iter().map(name), specifier)))
        };
        module.body.splice(..0, [import(&self.crossing.imports, OTHERS), import(&self.crossing.live, LIVE)]);
        let mut kept: Vec<ExportSpecifier> = self.crossing.exports.iter().map(|export| clause(name(export))).collect();
        let own = self.exports.iter().filter_map(|item| item.as_module_decl()?.as_export_named());
        kept.extend(own.flat_map(|export| &export.specifiers).cloned());
        module.body.push(ModuleItem::ModuleDecl(ModuleDecl::ExportNamed(NamedExport {
            span: DUMMY_SP,
            specifiers: kept,
            src: None,
            type_only: false,
            with: None,
        })));
    }

    /// Removes them.
    pub(super) fn end(self, tree: &mut Tree) {
        let Tree::Module(module) = tree else { return };
        module.body.retain(|item| !is_export(item) && !is_import_of_others(item));
        module.body.extend(self.exports);
        if !self.crossing.changing.is_empty() {
            let names = self.crossing.changing.iter().map(|(name, meanwhile)| (meanwhile, name)).collect();
            module.visit_mut_with(&mut Restored { unresolved: self.unresolved, names });
        }
    }
}

fn import(names: impl Iterator<Item = Ident>, specifier: &str) -> ImportDecl {
    let clause = |local| {
        let clause = ImportNamedSpecifier { span: DUMMY_SP, local, imported: None, is_type_only: false };
        ImportSpecifier::Named(clause)
    };
    let (specifiers, src) =
        (names.map(clause).collect(), Box::new(Str { span: DUMMY_SP, value: specifier.into(), raw: None }));
    ImportDecl { span: DUMMY_SP, specifiers, src, type_only: false, with: None, phase: ImportPhase::Evaluation }
}

fn clause(name: Ident) -> ExportSpecifier {
    let orig = ModuleExportName::Ident(name);
    ExportSpecifier::Named(ExportNamedSpecifier { span: DUMMY_SP, orig, exported: None, is_type_only: false })
}

/// `export { a }`.
fn is_export(item: &ModuleItem) -> bool {
    matches!(item, ModuleItem::ModuleDecl(ModuleDecl::ExportNamed(NamedExport { src: None, .. })))
}

fn is_import_of_others(item: &ModuleItem) -> bool {
    let import = item.as_module_decl().and_then(|declaration| declaration.as_import());
    import.is_some_and(|import| is_constant(import) || import.src.value == *LIVE)
}

/// Whether what another segment declares is imported, which gets its value once.
pub(in super::super) fn is_constant(import: &ImportDecl) -> bool {
    import.src.value == *OTHERS
}

/// Whether another segment declares a name and changes what it stands for.
pub(in super::super) fn is_changing(name: &str) -> bool {
    name.ends_with(CHANGING)
}

/// Free names become those that are imported.
impl VisitMut for Neighbours<'_> {
    noop_visit_mut_type!();

    fn visit_mut_ident(&mut self, name: &mut Ident) {
        if name.ctxt != self.unresolved {
            return;
        }
        if self.crossing.imports.contains(&name.sym) || self.crossing.live.contains(&name.sym) {
            name.ctxt = self.top_level;
        } else if let Some(meanwhile) = self.crossing.changing.get(&name.sym) {
            name.sym = meanwhile.clone();
        }
    }

    // The key of a property is what it is.

    fn visit_mut_prop(&mut self, property: &mut Prop) {
        if let Prop::Shorthand(name) = property
            && self.is_changing(name)
        {
            let key = PropName::Ident(IdentName::new(name.sym.clone(), name.span));
            let value = Box::new(Expr::Ident(name.clone()));
            *property = Prop::KeyValue(KeyValueProp { key, value });
        }
        property.visit_mut_children_with(self);
    }

    fn visit_mut_object_pat_prop(&mut self, property: &mut ObjectPatProp) {
        if let ObjectPatProp::Assign(AssignPatProp { span, key, value }) = property
            && self.is_changing(&key.id)
        {
            let name = Pat::Ident(key.clone());
            let value = match value.take() {
                Some(right) => Pat::Assign(AssignPat { span: *span, left: Box::new(name), right }),
                None => name,
            };
            let key = PropName::Ident(IdentName::new(key.id.sym.clone(), key.id.span));
            *property = ObjectPatProp::KeyValue(KeyValuePatProp { key, value: Box::new(value) });
        }
        property.visit_mut_children_with(self);
    }
}

/// Gives names that change their texts back.
struct Restored<'a> {
    unresolved: SyntaxContext,
    names: FxHashMap<&'a Atom, &'a Atom>,
}

impl VisitMut for Restored<'_> {
    noop_visit_mut_type!();

    fn visit_mut_ident(&mut self, name: &mut Ident) {
        if name.ctxt == self.unresolved
            && let Some(restored) = self.names.get(&name.sym)
        {
            name.sym = (*restored).clone();
        }
    }
}
