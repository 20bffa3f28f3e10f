//! scan: syntax tree -> module record and dependencies. Per file, parallel, cached.
//!
//! Also prepares the tree for rendering: declarations are split so that each top-level variable is a part of its own, and every
//! specifier's literal gets the number of its dependency as its `raw` text, by which rendering finds it again.

use crate::declare::Declared;
use crate::effects::{Analysed, analyse};
use crate::record::{DEFAULT_LOCAL, Effects, Export, Format, ImportBinding, ImportName, ModuleRecord, Part};
use crate::swc::{Goal, Program};
use planish_pipeline::asset::{Dependency, DependencyKind, Source};
use rustc_hash::FxHashSet;
use std::collections::BTreeSet;
use swc_core::atoms::Atom;
use swc_core::common::{Span, Spanned, SyntaxContext};
use swc_core::ecma::ast::*;
use swc_core::ecma::visit::{VisitMut, VisitMutWith};

/// What scanning gives.
#[derive(Default)]
pub(crate) struct Scanned {
    pub(crate) record: ModuleRecord,
    pub(crate) dependencies: Vec<Dependency>,
}

impl Scanned {
    /// Positions in a text that nobody wrote would point to anything.
    pub(crate) fn forget_places(&mut self) {
        self.dependencies.iter_mut().for_each(|dependency| dependency.range = 0..0);
        self.record.bindings.values_mut().for_each(|binding| binding.range = (0, 0));
        for export in self.record.exports.values_mut() {
            if let Export::From(binding) = export {
                binding.range = (0, 0);
            }
        }
    }
}

/// Scans a program and prepares its tree. Deterministic: scanning the same text again prepares the same tree.
pub(crate) fn scan(program: &mut Program, source: &Source) -> Scanned {
    let mut module =
        std::mem::replace(&mut program.module, Module { span: Span::default(), body: Vec::new(), shebang: None });
    split_declarations(&mut module);
    let mut scanner = Scanner::new(program);
    scanner.record.hashbang = module.shebang.as_ref().map(|text| text.to_string());
    scanner.statements(&mut module);
    let scanned = scanner.finish(source, program.goal);
    program.module = module;
    scanned
}

/// The number of the dependency that a specifier's literal was given, if it was.
pub(crate) fn dependency_of(literal: &Str) -> Option<u32> {
    literal.raw.as_ref()?.strip_prefix("dependency:")?.parse().ok()
}

/// `const a = 1, b = 2` becomes two statements, so that each lives or dies alone.
fn split_declarations(module: &mut Module) {
    let splits = |declaration: &VarDecl| declaration.decls.len() > 1;
    let needed = module.body.iter().any(|item| match item {
        ModuleItem::Stmt(Stmt::Decl(Decl::Var(declaration))) => splits(declaration),
        ModuleItem::ModuleDecl(ModuleDecl::ExportDecl(ExportDecl { decl: Decl::Var(declaration), .. })) => {
            splits(declaration)
        }
        _ => false,
    });
    if !needed {
        return;
    }
    let each = |declaration: VarDecl| {
        let VarDecl { span, ctxt, kind, declare, decls } = declaration;
        decls.into_iter().map(move |one| Box::new(VarDecl { span, ctxt, kind, declare, decls: vec![one] }))
    };
    let mut body = Vec::with_capacity(module.body.len() * 2);
    for item in module.body.drain(..) {
        match item {
            ModuleItem::Stmt(Stmt::Decl(Decl::Var(declaration))) => {
                body.extend(each(*declaration).map(|one| ModuleItem::Stmt(Stmt::Decl(Decl::Var(one)))));
            }
            ModuleItem::ModuleDecl(ModuleDecl::ExportDecl(ExportDecl { span, decl: Decl::Var(declaration) })) => {
                body.extend(each(*declaration).map(|one| {
                    ModuleItem::ModuleDecl(ModuleDecl::ExportDecl(ExportDecl { span, decl: Decl::Var(one) }))
                }));
            }
            other => body.push(other),
        }
    }
    module.body = body;
}

struct Scanner<'a> {
    program: &'a Program,
    top_level: SyntaxContext,
    unresolved: SyntaxContext,
    record: ModuleRecord,
    dependencies: Vec<Dependency>,
    /// Of the statement being scanned.
    part: Part,
    uses: BTreeSet<Atom>,
    member_uses: BTreeSet<(Atom, Atom)>,
    namespaces: FxHashSet<Atom>,
    is_esm: bool,
    functions: u32,
    tries: u32,
}

impl<'a> Scanner<'a> {
    fn new(program: &'a Program) -> Self {
        let (top_level, unresolved) = (program.top_level_context(), program.unresolved_context());
        Self {
            program,
            top_level,
            unresolved,
            record: ModuleRecord::default(),
            dependencies: Vec::new(),
            part: Part::default(),
            uses: BTreeSet::new(),
            member_uses: BTreeSet::new(),
            namespaces: FxHashSet::default(),
            is_esm: false,
            functions: 0,
            tries: 0,
        }
    }

    fn statements(&mut self, module: &mut Module) {
        for item in &module.body {
            if let ModuleItem::ModuleDecl(ModuleDecl::Import(import)) = item {
                let namespaces = import.specifiers.iter().filter_map(ImportSpecifier::as_namespace);
                self.namespaces.extend(namespaces.map(|namespace| namespace.local.sym.clone()));
            }
        }
        let Analysed { statements, functions, objects } = analyse(self.program, module);
        (self.record.functions, self.record.objects) = (functions, objects);
        for (item, effects) in module.body.iter_mut().zip(statements) {
            self.part = Part { effects, ..Part::default() };
            self.module_item(item);
            self.part.uses = std::mem::take(&mut self.uses).into_iter().collect();
            self.part.member_uses = std::mem::take(&mut self.member_uses).into_iter().collect();
            let part = std::mem::take(&mut self.part);
            self.record.parts.push(part);
        }
    }

    fn module_item(&mut self, item: &mut ModuleItem) {
        match item {
            ModuleItem::Stmt(statement) => {
                self.declare_statement(statement);
                statement.visit_mut_with(self);
            }
            ModuleItem::ModuleDecl(declaration) => {
                self.is_esm = true;
                self.module_declaration(declaration);
            }
        }
    }

    fn declare_statement(&mut self, statement: &Stmt) {
        let mut declared = Declared { top_level: self.top_level, names: Vec::new() };
        declared.statement(statement);
        self.part.declares = declared.names;
    }

    fn module_declaration(&mut self, declaration: &mut ModuleDecl) {
        match declaration {
            ModuleDecl::Import(import) => self.import(import),
            ModuleDecl::ExportDecl(export) => {
                let mut declared = Declared { top_level: self.top_level, names: Vec::new() };
                declared.declaration(&export.decl);
                for name in &declared.names {
                    self.record.exports.insert(name.clone(), Export::Local(name.clone()));
                }
                self.part.declares = declared.names;
                export.decl.visit_mut_with(self);
            }
            ModuleDecl::ExportDefaultDecl(export) => {
                let name = match &export.decl {
                    DefaultDecl::Fn(function) => function.ident.as_ref(),
                    DefaultDecl::Class(class) => class.ident.as_ref(),
                    DefaultDecl::TsInterfaceDecl(_) => None,
                };
                let local = name.map_or_else(|| Atom::from(DEFAULT_LOCAL), |name| name.sym.clone());
                self.part.declares = vec![local.clone()];
                self.record.exports.insert("default".into(), Export::Local(local));
                export.decl.visit_mut_with(self);
            }
            ModuleDecl::ExportDefaultExpr(export) => {
                self.part.declares = vec![DEFAULT_LOCAL.into()];
                self.record.exports.insert("default".into(), Export::Local(DEFAULT_LOCAL.into()));
                export.expr.visit_mut_with(self);
            }
            ModuleDecl::ExportNamed(export) => self.export_named(export),
            ModuleDecl::ExportAll(export) => {
                let dependency = self.depend(&mut export.src, DependencyKind::Import, export.with.as_deref());
                self.record.imports.push(dependency);
                self.record.stars.push(dependency);
                self.part.is_linkage = true;
            }
            ModuleDecl::TsImportEquals(_) | ModuleDecl::TsExportAssignment(_) | ModuleDecl::TsNamespaceExport(_) => {}
        }
    }

    fn import(&mut self, import: &mut ImportDecl) {
        let dependency = self.depend(&mut import.src, DependencyKind::Import, import.with.as_deref());
        self.record.imports.push(dependency);
        self.part.is_linkage = true;
        for specifier in &import.specifiers {
            let (local, name, span) = match specifier {
                ImportSpecifier::Named(named) => {
                    let imported = named.imported.as_ref().map_or_else(|| named.local.sym.clone(), export_name);
                    let span = named.imported.as_ref().map_or(named.local.span, Spanned::span);
                    (&named.local, ImportName::Named(imported), span)
                }
                ImportSpecifier::Default(default) => {
                    (&default.local, ImportName::Named("default".into()), default.local.span)
                }
                ImportSpecifier::Namespace(namespace) => {
                    (&namespace.local, ImportName::Namespace, namespace.local.span)
                }
            };
            let binding = ImportBinding { dependency, name, range: self.range(span) };
            self.record.bindings.insert(local.sym.clone(), binding);
        }
    }

    fn export_named(&mut self, export: &mut NamedExport) {
        self.part.is_linkage = true;
        let dependency =
            export.src.as_mut().map(|source| self.depend(source, DependencyKind::Import, export.with.as_deref()));
        self.record.imports.extend(dependency);
        for specifier in &export.specifiers {
            let (exported, name, span) = match specifier {
                ExportSpecifier::Named(named) => {
                    let local = export_name(&named.orig);
                    let exported = named.exported.as_ref().map_or_else(|| local.clone(), export_name);
                    (exported, ImportName::Named(local), named.orig.span())
                }
                ExportSpecifier::Namespace(namespace) => {
                    (export_name(&namespace.name), ImportName::Namespace, namespace.span)
                }
                ExportSpecifier::Default(default) => {
                    (default.exported.sym.clone(), ImportName::Named("default".into()), default.exported.span)
                }
            };
            let meaning = match (dependency, name) {
                (Some(dependency), name) => Export::From(ImportBinding { dependency, name, range: self.range(span) }),
                (None, ImportName::Named(local)) => Export::Local(local),
                (None, ImportName::Namespace) => continue,
            };
            self.record.exports.insert(exported, meaning);
        }
    }

    fn range(&self, span: Span) -> (u32, u32) {
        let range = self.program.offset(span);
        (range.start, range.end)
    }

    /// Notes a dependency and writes its number into the specifier's literal.
    fn depend(&mut self, literal: &mut Str, kind: DependencyKind, with: Option<&ObjectLit>) -> u32 {
        let number = self.dependencies.len() as u32;
        let mut dependency = Dependency::new(literal.value.to_string_lossy(), kind, self.program.offset(literal.span));
        dependency.attribute = with.and_then(attribute_type);
        dependency.optional = self.tries > 0 && matches!(kind, DependencyKind::Require) || kind == DependencyKind::Url;
        self.dependencies.push(dependency);
        literal.raw = Some(format!("dependency:{number}").into());
        self.part.dependencies.push(number);
        number
    }

    fn finish(mut self, source: &Source, goal: Goal) -> Scanned {
        let extension = source.id.extension();
        let says_module =
            matches!(extension.as_str(), "mjs" | "mts") || source.package.module_type.as_deref() == Some("module");
        let says_commonjs =
            matches!(extension.as_str(), "cjs" | "cts") || source.package.module_type.as_deref() == Some("commonjs");
        self.record.format = if self.is_esm || self.record.has_await {
            Format::Esm
        } else if says_commonjs || self.record.uses_module && !says_module {
            Format::CommonJs
        } else if says_module || goal == Goal::Module {
            Format::Esm
        } else {
            Format::Script
        };
        // In CommonJS every statement runs.
        if self.record.format == Format::CommonJs {
            self.record
                .parts
                .iter_mut()
                .for_each(|part| part.effects = Effects { certain: true, ..Effects::default() });
        }
        let bindings = &self.record.bindings;
        self.record.assigned_imports.retain(|(name, _)| bindings.contains_key(name));
        Scanned { record: self.record, dependencies: self.dependencies }
    }

    fn use_name(&mut self, name: &Ident) {
        if name.ctxt == self.top_level {
            self.uses.insert(name.sym.clone());
        } else if name.ctxt == self.unresolved {
            self.record.globals.insert(name.sym.clone());
            if matches!(name.sym.as_str(), "module" | "exports" | "require") {
                self.record.uses_module = true;
            }
            self.record.require_mentions += u32::from(name.sym == "require");
        } else {
            self.record.nested.insert(name.sym.clone());
        }
    }

    fn note_assigned(&mut self, name: &Ident) {
        if name.ctxt == self.top_level {
            let range = self.range(name.span);
            self.record.assigned_imports.push((name.sym.clone(), range));
        }
    }

    fn is_free(&self, expression: &Expr, name: &str) -> bool {
        matches!(expression, Expr::Ident(ident) if ident.ctxt == self.unresolved && ident.sym == name)
    }

    /// The literal of `new URL("literal", import.meta.url)`.
    fn url_literal<'e>(&self, new: &'e mut NewExpr) -> Option<&'e mut Str> {
        if !self.is_free(&new.callee, "URL") {
            return None;
        }
        let [first, second] = new.args.as_deref_mut()? else { return None };
        let Expr::Member(base) = &*second.expr else { return None };
        let is_base = matches!(&*base.obj, Expr::MetaProp(meta) if meta.kind == MetaPropKind::ImportMeta)
            && matches!(&base.prop, MemberProp::Ident(name) if name.sym == "url");
        match &mut *first.expr {
            Expr::Lit(Lit::Str(literal)) if is_base => {
                let text = literal.value.to_string_lossy();
                let is_file = !text.ends_with('/') && !text.ends_with('.') && !text.is_empty();
                is_file.then_some(literal)
            }
            _ => None,
        }
    }
}

impl VisitMut for Scanner<'_> {
    fn visit_mut_ident(&mut self, name: &mut Ident) {
        self.use_name(name);
    }

    fn visit_mut_expr(&mut self, expression: &mut Expr) {
        match expression {
            Expr::Member(member) => {
                if let (Expr::Ident(object), MemberProp::Ident(property)) = (&*member.obj, &member.prop)
                    && object.ctxt == self.top_level
                    && self.namespaces.contains(&object.sym)
                {
                    self.member_uses.insert((object.sym.clone(), property.sym.clone()));
                    return;
                }
            }
            Expr::Call(call) if matches!(call.callee, Callee::Import(_)) => {
                if let [first, rest @ ..] = &mut call.args[..]
                    && let Some(literal) = as_literal(&mut first.expr)
                {
                    let with = rest.first().and_then(|options| options.expr.as_object()).and_then(import_attributes);
                    let with = with.cloned();
                    self.depend(literal, DependencyKind::DynamicImport, with.as_ref());
                }
            }
            Expr::Call(call) => {
                let is_require = matches!(&call.callee, Callee::Expr(callee) if self.is_free(callee, "require"));
                if is_require
                    && let [first] = &mut call.args[..]
                    && let Some(literal) = as_literal(&mut first.expr)
                {
                    self.depend(literal, DependencyKind::Require, None);
                }
            }
            Expr::New(new) => {
                if matches!(&*new.callee, Expr::Ident(name) if name.ctxt == self.unresolved && matches!(name.sym.as_str(), "Worker" | "SharedWorker"))
                    && let Some([first, ..]) = new.args.as_deref_mut()
                    && let Expr::New(url) = &mut *first.expr
                    && let Some(literal) = self.url_literal(url)
                {
                    let mut taken = literal.clone();
                    self.depend(&mut taken, DependencyKind::Worker, None);
                    literal.clone_from(&taken);
                } else if let Some(literal) = self.url_literal(new)
                    && dependency_of(literal).is_none()
                {
                    let mut taken = literal.clone();
                    self.depend(&mut taken, DependencyKind::Url, None);
                    literal.clone_from(&taken);
                }
            }
            Expr::Await(_) if self.functions == 0 => self.record.has_await = true,
            Expr::MetaProp(meta) if meta.kind == MetaPropKind::ImportMeta => {
                self.is_esm = true;
                self.record.uses_import_meta = true;
            }
            _ => {}
        }
        // A worker's `new URL` has its number already and is not a file of its own.
        expression.visit_mut_children_with(self);
    }

    fn visit_mut_assign_expr(&mut self, assignment: &mut AssignExpr) {
        if let AssignTarget::Simple(SimpleAssignTarget::Ident(name)) = &assignment.left {
            self.note_assigned(&name.id);
        }
        if let AssignTarget::Pat(pattern) = &assignment.left {
            let mut declared = Declared { top_level: self.top_level, names: Vec::new() };
            declared.pattern(&pattern.clone().into());
            let range = self.range(assignment.span);
            self.record.assigned_imports.extend(declared.names.into_iter().map(|name| (name, range)));
        }
        assignment.visit_mut_children_with(self);
    }

    fn visit_mut_update_expr(&mut self, update: &mut UpdateExpr) {
        if let Expr::Ident(name) = &*update.arg {
            self.note_assigned(name);
        }
        update.visit_mut_children_with(self);
    }

    fn visit_mut_for_of_stmt(&mut self, statement: &mut ForOfStmt) {
        if statement.is_await && self.functions == 0 {
            self.record.has_await = true;
        }
        statement.visit_mut_children_with(self);
    }

    fn visit_mut_using_decl(&mut self, declaration: &mut UsingDecl) {
        if declaration.is_await && self.functions == 0 {
            self.record.has_await = true;
        }
        declaration.visit_mut_children_with(self);
    }

    fn visit_mut_try_stmt(&mut self, statement: &mut TryStmt) {
        // Only what the `catch` catches is optional.
        self.tries += u32::from(statement.handler.is_some());
        statement.block.visit_mut_with(self);
        self.tries -= u32::from(statement.handler.is_some());
        statement.handler.visit_mut_with(self);
        statement.finalizer.visit_mut_with(self);
    }

    fn visit_mut_function(&mut self, function: &mut Function) {
        self.functions += 1;
        function.visit_mut_children_with(self);
        self.functions -= 1;
    }

    fn visit_mut_arrow_expr(&mut self, arrow: &mut ArrowExpr) {
        self.functions += 1;
        arrow.visit_mut_children_with(self);
        self.functions -= 1;
    }

    fn visit_mut_constructor(&mut self, constructor: &mut Constructor) {
        self.functions += 1;
        constructor.visit_mut_children_with(self);
        self.functions -= 1;
    }
}

/// A string literal, or a template without holes, which becomes one.
fn as_literal(expression: &mut Expr) -> Option<&mut Str> {
    if let Expr::Tpl(template) = expression
        && let ([only], true) = (template.quasis.as_slice(), template.exprs.is_empty())
        && let Some(cooked) = &only.cooked
    {
        *expression = Expr::Lit(Lit::Str(Str { span: template.span, value: cooked.clone(), raw: None }));
    }
    match expression {
        Expr::Lit(Lit::Str(literal)) => Some(literal),
        _ => None,
    }
}

/// An exported or imported name; a string name must be well-formed, which the parser has checked.
pub(crate) fn export_name(name: &ModuleExportName) -> Atom {
    match name {
        ModuleExportName::Ident(name) => name.sym.clone(),
        ModuleExportName::Str(name) => name.value.to_string_lossy().into(),
    }
}

/// The `type` of import attributes.
fn attribute_type(with: &ObjectLit) -> Option<String> {
    with.props.iter().find_map(|property| {
        let Prop::KeyValue(pair) = &**property.as_prop()? else { return None };
        let is_type = match &pair.key {
            PropName::Ident(name) => name.sym == "type",
            PropName::Str(name) => name.value.to_string_lossy() == "type",
            _ => false,
        };
        match &*pair.value {
            Expr::Lit(Lit::Str(value)) if is_type => Some(value.value.to_string_lossy().into_owned()),
            _ => None,
        }
    })
}

/// The `with` object of the second argument of `import()`.
fn import_attributes(options: &ObjectLit) -> Option<&ObjectLit> {
    options.props.iter().find_map(|property| {
        let Prop::KeyValue(pair) = &**property.as_prop()? else { return None };
        let is_with = matches!(&pair.key, PropName::Ident(name) if name.sym == "with");
        pair.value.as_object().filter(|_| is_with)
    })
}
