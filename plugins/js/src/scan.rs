//! scan: syntax tree -> module record and dependencies. Per file, parallel, cached.
//!
//! Also prepares the tree for rendering: declarations are split so that each top-level variable is a part of its own, and every
//! specifier's literal gets the number of its dependency as its `raw` text, by which rendering finds it again.

mod commonjs;
mod created;
mod dead;
mod eager;
mod enums;
mod lazy;
mod linkage;
mod properties;
mod specifier;
mod split;
mod still;

use self::lazy::{LazyUses, lazy_uses};
pub(crate) use self::specifier::dependency_of;
use self::specifier::{as_literal, import_attributes};
use self::split::{open_blocks, split_declarations};
use self::still::Stillness;
use crate::bind::is_typed;
use crate::commonjs::{export_local, export_name as exported_name, is_free, variable_of};
use crate::declare::Declared;
use crate::effects::{Analysed, Literal, analyse, declared_literal};
use crate::record::{Effects, Export, Format, ModuleRecord, Part};
use crate::swc::{Goal, Program};
use crate::words::occurs;
use planish_pipeline::asset::{Dependency, DependencyKind, Source};
use rustc_hash::FxHashSet;
use std::collections::BTreeSet;
use swc_core::atoms::Atom;
use swc_core::common::{Span, Spanned, SyntaxContext};
use swc_core::ecma::ast::*;
use swc_core::ecma::utils::find_pat_ids;
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
        self.record.parts.iter_mut().for_each(|part| part.eager.clear());
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
    open_blocks(&mut module);
    split_declarations(&mut module);
    let mut scanner = Scanner::new(program);
    scanner.is_typed = is_typed(&source.id.extension());
    scanner.record.hashbang = module.shebang.as_ref().map(|text| text.to_string());
    scanner.statements(&mut module);
    let scanned = scanner.finish(source, program.goal);
    program.module = module;
    scanned
}

/// The name at the beginning of a chain of members, and the others joined by dots: `a` and `b.c` of `a.b["c"]`.
pub(crate) fn member_path(member: &MemberExpr) -> Option<(&Ident, Atom)> {
    let last = member_name(&member.prop)?;
    match &*member.obj {
        Expr::Ident(object) => Some((object, last)),
        Expr::Member(inner) => {
            let (object, path) = member_path(inner)?;
            Some((object, format!("{path}.{last}").into()))
        }
        _ => None,
    }
}

/// The name in `.name` or `["name"]`, if it can be part of a path.
fn member_name(property: &MemberProp) -> Option<Atom> {
    match property {
        MemberProp::Ident(name) => Some(name.sym.clone()),
        MemberProp::Computed(key) => match &*key.expr {
            Expr::Lit(Lit::Str(text)) => text.value.as_str().filter(|text| !text.contains('.')).map(Atom::from),
            _ => None,
        },
        MemberProp::PrivateName(_) => None,
    }
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
    assigned: BTreeSet<Atom>,
    /// See [`ModuleRecord::nested`].
    nested: FxHashSet<Atom>,
    /// Names of which members count for themselves: those of imports and of object literals.
    imported: FxHashSet<Atom>,
    /// The object literal that the statement declares.
    literal: Option<(Atom, Literal)>,
    properties: Vec<Part>,
    lazy_uses: LazyUses,
    is_esm: bool,
    /// It is TypeScript, which lets nobody change an enum.
    is_typed: bool,
    /// Mentions `module` or `exports` without declaring them.
    uses_exports: bool,
    /// Mentions them other than by an export's name.
    whole_exports: bool,
    /// `module.exports = require("x")`
    passes_on: bool,
    /// Function declarations that ask `this` for something.
    methods: FxHashSet<Atom>,
    /// How often the type of `require` is asked for.
    require_types: u32,
    /// See [`created`].
    created_requires: FxHashSet<Atom>,
    /// Parts that are directives, or look like it.
    directives: Vec<usize>,
    functions: u32,
    /// Functions with a `this` of their own around the current place.
    this_scopes: u32,
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
            assigned: BTreeSet::new(),
            nested: FxHashSet::default(),
            imported: FxHashSet::default(),
            literal: None,
            properties: Vec::new(),
            lazy_uses: LazyUses::default(),
            is_esm: false,
            is_typed: false,
            uses_exports: false,
            whole_exports: false,
            passes_on: false,
            methods: FxHashSet::default(),
            require_types: 0,
            created_requires: FxHashSet::default(),
            directives: Vec::new(),
            this_scopes: 0,
            functions: 0,
            tries: 0,
        }
    }

    fn statements(&mut self, module: &mut Module) {
        for item in &module.body {
            if let ModuleItem::ModuleDecl(ModuleDecl::Import(import)) = item {
                self.imported.extend(import.specifiers.iter().map(|specifier| specifier.local().sym.clone()));
            }
        }
        self.survey_commonjs(module);
        self.record.lexical = eager::lexical_names(module);
        self.created_requires = created::created_requires(module, self.top_level);
        if occurs(&self.program.text, "import(") {
            self.lazy_uses = lazy_uses(module);
        }
        let Analysed { statements, functions, objects, held, exported_functions, mut literals } =
            analyse(self.program, module);
        self.imported.extend(literals.keys().cloned());
        let properties = |literal: &Literal| literal.keys().cloned().collect();
        let names = literals.iter().map(|(name, literal)| (name.clone(), properties(literal))).collect();
        self.record = ModuleRecord {
            functions,
            objects,
            held,
            exported_functions,
            literals: names,
            ..std::mem::take(&mut self.record)
        };
        for (item, effects) in module.body.iter_mut().zip(statements) {
            let is_still = Stillness { top_level: self.top_level, functions: &self.record.functions }.is_still(item);
            let eager = eager::eager_reads(item, &self.imported, self.top_level, |span| self.program.offset(span));
            let size = self.program.code_size(item.span());
            self.part = Part { effects, eager, is_still, size, ..Part::default() };
            self.note_directive(item);
            let declared = declared_literal(item);
            self.literal = declared.and_then(|(name, _)| Some((name.clone(), literals.remove(&name)?)));
            self.module_item(item);
            let part = self.finish_part();
            self.record.parts.push(part);
        }
        self.record.parts.append(&mut self.properties);
    }

    /// The part that has been scanned.
    fn finish_part(&mut self) -> Part {
        self.part.uses = std::mem::take(&mut self.uses).into_iter().collect();
        self.part.assigns = std::mem::take(&mut self.assigned).into_iter().collect();
        self.part.member_uses = std::mem::take(&mut self.member_uses).into_iter().collect();
        std::mem::take(&mut self.part)
    }

    fn module_item(&mut self, item: &mut ModuleItem) {
        match item {
            ModuleItem::Stmt(statement) => {
                self.declare_statement(statement);
                if !self.commonjs_statement(statement) {
                    statement.visit_mut_with(self);
                }
            }
            ModuleItem::ModuleDecl(declaration) => {
                self.is_esm = true;
                self.module_declaration(declaration);
            }
        }
    }

    fn note_directive(&mut self, item: &ModuleItem) {
        let ModuleItem::Stmt(Stmt::Expr(statement)) = item else { return };
        let Expr::Lit(literal) = &*statement.expr else { return };
        let number = self.record.parts.len();
        let is_first = self.directives.len() == number;
        self.record.is_strict |=
            is_first && matches!(literal, Lit::Str(text) if text.value.to_string_lossy() == "use strict");
        self.directives.push(number);
    }

    /// Notes the value of a variable that is declared with a short literal, or without a value, and the members of enums.
    fn note_constants(&mut self, declaration: &VarDecl) {
        for declarator in &declaration.decls {
            let Pat::Ident(name) = &declarator.name else { continue };
            if let Some(members) = declarator.init.as_ref().and_then(|init| enums::members(self.program, init))
                && self.is_typed
                && name.ctxt == self.top_level
            {
                self.record.enums.insert(name.sym.clone(), members);
                continue;
            }
            let text = match declarator.init.as_deref() {
                None => Some("void 0".to_owned()),
                // A `var` is undefined before its declaration is reached.
                Some(_) if declaration.kind == VarDeclKind::Var => None,
                Some(init) => constant_text(init, self.unresolved),
            };
            if let Some(text) = text.filter(|_| name.ctxt == self.top_level) {
                self.record.constants.insert(name.sym.clone(), text);
            }
        }
    }

    fn declare_statement(&mut self, statement: &Stmt) {
        if let Stmt::Decl(Decl::Var(declaration)) = statement {
            self.note_constants(declaration);
        }
        let mut declared = Declared { top_level: self.top_level, names: Vec::new() };
        declared.statement(statement);
        self.part.declares = declared.names;
        // `var exports` declares what is there already.
        if matches!(statement, Stmt::Decl(Decl::Var(declaration)) if declaration.kind == VarDeclKind::Var) {
            self.note_wanted(|name, part| part.declares.iter().any(|declared| declared == name));
        }
    }

    fn range(&self, span: Span) -> (u32, u32) {
        let range = self.program.offset(span);
        (range.start, range.end)
    }

    fn finish(mut self, source: &Source, goal: Goal) -> Scanned {
        let extension = source.id.extension();
        let says_module =
            matches!(extension.as_str(), "mjs" | "mts") || source.package.module_type.as_deref() == Some("module");
        let says_commonjs =
            matches!(extension.as_str(), "cjs" | "cts") || source.package.module_type.as_deref() == Some("commonjs");
        // A file that imports like an ES module and exports like a CommonJS module is the latter.
        let is_mixed =
            self.uses_exports && self.record.exports.is_empty() && self.record.stars.is_empty() && !says_module;
        self.record.format = if is_mixed && !self.record.uses_import_meta && !self.record.has_await {
            Format::CommonJs
        } else if self.is_esm || self.record.has_await {
            Format::Esm
        } else if says_commonjs || self.record.uses_module && !says_module {
            Format::CommonJs
        } else if says_module || goal == Goal::Module {
            Format::Esm
        } else {
            Format::Script
        };
        if self.record.has_eval {
            self.record.lazy_uses.clear();
        }
        // Node has no `require` there, and tells those that ask.
        if says_module && self.record.format == Format::Esm {
            self.record.require_mentions -= self.require_types;
        }
        let (globals, has_eval) = (self.record.globals.clone(), self.record.has_eval);
        self.note_wanted(|name, _| has_eval || globals.contains(&Atom::from(name)));
        self.finish_commonjs();
        // Otherwise every statement of a CommonJS module runs.
        if self.record.format == Format::CommonJs && !self.record.is_shakeable {
            self.record
                .parts
                .iter_mut()
                .for_each(|part| part.effects = Effects { certain: true, ..Effects::default() });
        }
        let bindings = &self.record.bindings;
        self.record.assigned_imports.retain(|(name, _)| bindings.contains_key(name));
        self.record.nested = self.nested.into_iter().collect();
        Scanned { record: self.record, dependencies: self.dependencies }
    }

    fn use_name(&mut self, name: &Ident) {
        if name.ctxt == self.top_level {
            self.uses.insert(name.sym.clone());
        } else if name.ctxt == self.unresolved {
            self.record.globals.insert(name.sym.clone());
            match name.sym.as_str() {
                "module" | "exports" => {
                    self.mention(&name.sym);
                    self.whole_exports = true;
                }
                "require" => {
                    self.record.uses_module = true;
                    self.record.require_mentions += 1;
                }
                _ => {}
            }
        } else if !self.nested.contains(&name.sym) {
            self.nested.insert(name.sym.clone());
        }
    }

    /// Scans what is written to: a member of an object is no mere use of that member.
    fn written(&mut self, target: &mut Expr) {
        match target {
            Expr::Member(member) => member.visit_mut_with(self),
            target => target.visit_mut_with(self),
        }
    }

    /// A member that is called gets its object as `this`.
    fn note_method(&mut self, callee: &Expr) {
        if let Expr::Member(member) = callee
            && let Some((object, path)) = member_path(member)
            && object.ctxt == self.top_level
            && self.imported.contains(&object.sym)
        {
            self.record.method_calls.insert((object.sym.clone(), path));
        }
    }

    fn note_assigned(&mut self, name: &Ident) {
        if name.ctxt == self.top_level {
            let range = self.range(name.span);
            self.assigned.insert(name.sym.clone());
            self.record.assigned_imports.push((name.sym.clone(), range));
        }
    }
}

impl VisitMut for Scanner<'_> {
    fn visit_mut_ident(&mut self, name: &mut Ident) {
        self.use_name(name);
    }

    fn visit_mut_member_expr(&mut self, member: &mut MemberExpr) {
        match exported_name(member, self.unresolved) {
            Some(name) => {
                self.mention(variable_of(&member.obj));
                self.uses.insert(export_local(&name));
            }
            None => member.visit_mut_children_with(self),
        }
    }

    /// The name of an object literal is not used by its own declaration.
    fn visit_mut_var_declarator(&mut self, declarator: &mut VarDeclarator) {
        if self.literal.is_none() {
            declarator.name.visit_mut_with(self);
        }
        declarator.init.visit_mut_with(self);
    }

    fn visit_mut_callee(&mut self, callee: &mut Callee) {
        if let Callee::Expr(callee) = callee {
            self.note_method(callee);
        }
        callee.visit_mut_children_with(self);
    }

    fn visit_mut_opt_call(&mut self, call: &mut OptCall) {
        self.note_method(&call.callee);
        call.visit_mut_children_with(self);
    }

    fn visit_mut_tagged_tpl(&mut self, template: &mut TaggedTpl) {
        self.note_method(&template.tag);
        template.visit_mut_children_with(self);
    }

    /// A text that is no directive, because it does not come first, does nothing.
    fn visit_mut_stmts(&mut self, statements: &mut Vec<Stmt>) {
        let is_text = |statement: &Stmt| matches!(statement, Stmt::Expr(statement) if matches!(&*statement.expr, Expr::Lit(Lit::Str(_))));
        let directives = statements.iter().take_while(|statement| is_text(statement)).count();
        let mut number = 0;
        statements.retain(|statement| {
            number += 1;
            number <= directives || !is_text(statement)
        });
        statements.visit_mut_children_with(self);
    }

    fn visit_mut_if_stmt(&mut self, statement: &mut IfStmt) {
        self.empty_dead_statement(statement);
        statement.visit_mut_children_with(self);
    }

    fn visit_mut_expr(&mut self, expression: &mut Expr) {
        self.empty_dead_expression(expression);
        match expression {
            Expr::Object(object) => {
                if let Some((name, literal)) = self.literal.take() {
                    return self.literal(object, &name, literal);
                }
            }
            Expr::Member(member) => {
                if let Some((object, path)) = member_path(member)
                    && object.ctxt == self.top_level
                    && self.imported.contains(&object.sym)
                {
                    self.member_uses.insert((object.sym.clone(), path));
                    return;
                }
            }
            Expr::Call(call) if matches!(call.callee, Callee::Import(_)) => {
                if let [first, rest @ ..] = &mut call.args[..]
                    && let Some(literal) = as_literal(&mut first.expr)
                {
                    let with = rest.first().and_then(|options| options.expr.as_object()).and_then(import_attributes);
                    let with = with.cloned();
                    let number = self.depend(literal, DependencyKind::DynamicImport, with.as_ref());
                    let uses = self.lazy_uses.remove(&call.span.lo);
                    self.record.lazy_uses.extend(uses.map(|uses| (number, uses)));
                }
            }
            Expr::Call(call) => {
                self.record.has_eval |=
                    matches!(&call.callee, Callee::Expr(callee) if is_free(callee, "eval", self.unresolved));
                self.required(call);
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
            Expr::Unary(unary) if unary.op == UnaryOp::TypeOf => {
                self.require_types += u32::from(is_free(&unary.arg, "require", self.unresolved));
            }
            // It is `module.exports`.
            Expr::This(_) if self.this_scopes == 0 => self.whole_exports = true,
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
            self.assigned.extend(declared.names.iter().cloned());
            self.record.assigned_imports.extend(declared.names.into_iter().map(|name| (name, range)));
        }
        assignment.visit_mut_children_with(self);
    }

    fn visit_mut_update_expr(&mut self, update: &mut UpdateExpr) {
        if let Expr::Ident(name) = &*update.arg {
            self.note_assigned(name);
        }
        self.written(&mut update.arg);
    }

    fn visit_mut_unary_expr(&mut self, unary: &mut UnaryExpr) {
        if unary.op == UnaryOp::Delete {
            self.written(&mut unary.arg);
        } else {
            unary.visit_mut_children_with(self);
        }
    }

    fn visit_mut_pat(&mut self, pattern: &mut Pat) {
        match pattern {
            Pat::Expr(target) => self.written(target),
            pattern => pattern.visit_mut_children_with(self),
        }
    }

    fn visit_mut_for_head(&mut self, head: &mut ForHead) {
        let names = match head {
            ForHead::Pat(pattern) => find_pat_ids::<_, Ident>(&**pattern),
            ForHead::VarDecl(declaration) => find_pat_ids::<_, Ident>(&**declaration),
            ForHead::UsingDecl(_) => Vec::new(),
        };
        names.iter().for_each(|name| self.note_assigned(name));
        head.visit_mut_children_with(self);
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

    /// Only the body of a function, which CommonJS modules become, can be left.
    fn visit_mut_return_stmt(&mut self, statement: &mut ReturnStmt) {
        self.record.uses_module |= self.functions == 0;
        statement.visit_mut_children_with(self);
    }

    fn visit_mut_function(&mut self, function: &mut Function) {
        self.functions += 1;
        self.this_scopes += 1;
        function.visit_mut_children_with(self);
        self.this_scopes -= 1;
        self.functions -= 1;
    }

    fn visit_mut_class_member(&mut self, member: &mut ClassMember) {
        self.this_scopes += 1;
        member.visit_mut_children_with(self);
        self.this_scopes -= 1;
    }

    fn visit_mut_arrow_expr(&mut self, arrow: &mut ArrowExpr) {
        self.functions += 1;
        arrow.visit_mut_children_with(self);
        self.functions -= 1;
    }

    fn visit_mut_constructor(&mut self, constructor: &mut Constructor) {
        self.functions += 1;
        self.this_scopes += 1;
        constructor.visit_mut_children_with(self);
        self.this_scopes -= 1;
        self.functions -= 1;
    }
}

/// The text of a literal that is not longer than most names.
fn constant_text(expression: &Expr, unresolved: SyntaxContext) -> Option<String> {
    match expression {
        Expr::Lit(Lit::Bool(value)) => Some(if value.value { "!0" } else { "!1" }.to_owned()),
        Expr::Lit(Lit::Null(_)) => Some("null".to_owned()),
        Expr::Lit(Lit::Num(number)) if number.value.fract() == 0.0 && (0.0..1e6).contains(&number.value) => {
            Some(format!("{}", number.value as u32))
        }
        Expr::Unary(unary) if unary.op == UnaryOp::Void && unary.arg.is_lit() => Some("void 0".to_owned()),
        Expr::Ident(_) if is_free(expression, "undefined", unresolved) => Some("void 0".to_owned()),
        Expr::Paren(inner) => constant_text(&inner.expr, unresolved),
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
