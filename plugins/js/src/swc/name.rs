//! Functions and classes keep the `name` that ECMAScript gives them, where something on the way to the output takes it away:
//!
//! ```text
//! function run$1() {}          __name(run$1, "run"); function run$1() {}
//! class Thing$1 {}             class Thing$1 { static { __name(this, "Thing"); } }
//! let arrow$1 = () => {};      let arrow$1 = /* @__PURE__ */ __name(() => {}, "arrow");
//! ```
//!
//! The names that the sources give are read in their text, at the positions of the identifiers. What is said here is said of statements
//! that are kept, so that nothing is kept because of its name.

use super::Settings;
use super::print::word_at;
use super::scopes::is_directive;
use swc_core::atoms::Atom;
use swc_core::common::util::take::Take;
use swc_core::common::{DUMMY_SP, Span, SyntaxContext, source_map::PURE_SP};
use swc_core::ecma::ast::*;
use swc_core::ecma::preset_env::Feature;
use swc_core::ecma::visit::{VisitMut, VisitMutWith, noop_visit_mut_type};

/// The free name that stands for the helper until the chunk's names are known. Nobody can write it.
pub const NAME_HELPER: &str = "*name*";

/// What takes names away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Passes that rewrite classes: those without a name of their own get another, and functions that are values of fields get none.
    Lowering,
    /// The linker, which calls some things otherwise.
    Renaming,
    /// The minifier, which leaves no name as it is.
    Minifying,
}

/// How names are given back.
#[derive(Clone, Debug)]
pub struct NameOptions {
    /// What to call: `(value, name) => value`.
    pub helper: Ident,
    /// Which names need it.
    pub loss: Loss,
    /// Whether classes may contain static blocks.
    pub static_blocks: bool,
}

impl NameOptions {
    /// For the statements of a chunk.
    pub fn in_chunk(helper: &str, minify: bool, settings: &Settings) -> Self {
        Self {
            helper: Ident::new_no_ctxt(helper.into(), DUMMY_SP),
            loss: if minify { Loss::Minifying } else { Loss::Renaming },
            static_blocks: settings.target.supports(Feature::ClassStaticBlock),
        }
    }
}

/// Gives names back to the functions and classes of one file.
pub struct Naming<'a> {
    text: &'a str,
    options: &'a NameOptions,
    /// What an anonymous default export is called by now.
    default: Option<Atom>,
    /// Whether anything was to be done.
    pub used: bool,
}

impl<'a> Naming<'a> {
    /// For a tree whose positions are those of `text`.
    pub fn new(text: &'a str, options: &'a NameOptions, default: Option<Atom>) -> Self {
        Self { text, options, default, used: false }
    }

    /// Changes the statements of a module; returns those that belong before them, because functions can be called before they are reached.
    pub fn name_all(&mut self, statements: &mut Vec<Stmt>) -> Vec<Stmt> {
        statements.iter_mut().for_each(|statement| statement.visit_mut_with(self));
        self.name_classes(statements);
        self.functions(statements)
    }

    fn functions(&mut self, statements: &[Stmt]) -> Vec<Stmt> {
        let calls = statements.iter().filter_map(|statement| {
            let Stmt::Decl(Decl::Fn(FnDecl { ident, .. })) = statement else { return None };
            let name = self.lost(ident)?;
            Some(self.statement(Expr::Ident(ident.clone()), &name))
        });
        calls.collect()
    }

    /// Names the classes that are declared among statements.
    fn name_classes(&mut self, statements: &mut Vec<Stmt>) {
        let taken = std::mem::take(statements);
        for mut statement in taken {
            let after = match &mut statement {
                Stmt::Decl(Decl::Class(declaration)) => self.name_class(declaration),
                _ => None,
            };
            statements.push(statement);
            statements.extend(after);
        }
    }

    /// Returns a statement that belongs after the declaration if the name cannot be given within.
    fn name_class(&mut self, declaration: &mut ClassDecl) -> Option<Stmt> {
        let name = self.lost(&declaration.ident).filter(|_| !has_own_name(&declaration.class))?;
        if self.options.static_blocks {
            self.name_inside(&mut declaration.class, &name);
            return None;
        }
        Some(self.statement(Expr::Ident(declaration.ident.clone()), &name))
    }

    /// The name in the sources of what an identifier stands for, if it gets lost.
    fn lost(&self, ident: &Ident) -> Option<Atom> {
        if ident.span.is_dummy() {
            return (self.default.as_ref() == Some(&ident.sym)).then(|| Atom::from("default"));
        }
        // Other names are those of what passes made of what is written there.
        let written = word_at(self.text, ident.span.lo).filter(|written| ident.sym.starts_with(*written))?;
        (*ident.sym != *written || self.options.loss != Loss::Renaming).then(|| written.into())
    }

    /// Gives a name to a function or class that has none of its own.
    fn give(&mut self, value: &mut Expr, name: Option<Atom>) {
        let Some(name) = name else { return };
        match value {
            Expr::Paren(inner) => self.give(&mut inner.expr, Some(name)),
            Expr::Class(ClassExpr { ident: None, .. }) => self.name_expression(value, &name),
            Expr::Arrow(_) | Expr::Fn(FnExpr { ident: None, .. }) if self.options.loss != Loss::Lowering => {
                self.wrap(value, &name);
            }
            _ => {}
        }
    }

    /// Gives a name to the value of a field, which is rewritten as an argument of a call.
    fn give_field(&mut self, value: &mut Option<Box<Expr>>, name: Option<Atom>) {
        let (Some(value), Some(name)) = (value, name) else { return };
        match &**value {
            Expr::Arrow(_) | Expr::Fn(FnExpr { ident: None, .. }) => self.wrap(value, &name),
            _ => self.give(value, Some(name)),
        }
    }

    fn name_expression(&mut self, expression: &mut Expr, name: &Atom) {
        let Expr::Class(ClassExpr { class, .. }) = expression else { return };
        let (inside, lowering) = (runs_code(class), self.options.loss == Loss::Lowering);
        if has_own_name(class) || lowering && !is_rewritten(class) {
            return;
        }
        if lowering || inside && self.options.static_blocks {
            self.name_inside(class, name);
        } else {
            self.wrap(expression, name);
        }
    }

    /// Names a class before its other static members are made.
    fn name_inside(&mut self, class: &mut Class, name: &Atom) {
        let statement = self.statement(Expr::This(ThisExpr { span: DUMMY_SP }), name);
        let body = BlockStmt { stmts: vec![statement], ..BlockStmt::dummy() };
        class.body.insert(0, ClassMember::StaticBlock(StaticBlock { span: DUMMY_SP, body }));
    }

    fn wrap(&mut self, value: &mut Expr, name: &Atom) {
        *value = self.call(PURE_SP, value.take(), name);
    }

    fn statement(&mut self, value: Expr, name: &Atom) -> Stmt {
        Stmt::Expr(ExprStmt { span: DUMMY_SP, expr: Box::new(self.call(DUMMY_SP, value, name)) })
    }

    fn call(&mut self, span: Span, value: Expr, name: &Atom) -> Expr {
        self.used = true;
        let argument = |expression: Expr| ExprOrSpread { spread: None, expr: Box::new(expression) };
        let name = Str { span: DUMMY_SP, value: name.as_str().into(), raw: None };
        Expr::Call(CallExpr {
            span,
            ctxt: SyntaxContext::empty(),
            callee: Callee::Expr(Box::new(Expr::Ident(self.options.helper.clone()))),
            args: vec![argument(value), argument(Expr::Lit(Lit::Str(name)))],
            type_args: None,
        })
    }
}

/// Whether a static member is called `name`, which counts more.
fn has_own_name(class: &Class) -> bool {
    let is_name = |key: &PropName| key_name(key).is_some_and(|name| name == "name");
    class.body.iter().any(|member| match member {
        ClassMember::Method(method) => method.is_static && is_name(&method.key),
        ClassMember::ClassProp(field) => field.is_static && is_name(&field.key),
        ClassMember::AutoAccessor(AutoAccessor { is_static: true, key: Key::Public(key), .. }) => is_name(key),
        _ => false,
    })
}

/// Whether making the class runs code that may ask for its name.
fn runs_code(class: &Class) -> bool {
    class.body.iter().any(|member| match member {
        ClassMember::StaticBlock(_) => true,
        ClassMember::ClassProp(field) => field.is_static && field.value.is_some(),
        ClassMember::PrivateProp(field) => field.is_static && field.value.is_some(),
        _ => false,
    })
}

/// Whether old targets need the class to be rewritten such that it becomes the value of a variable.
fn is_rewritten(class: &Class) -> bool {
    class.body.iter().any(|member| {
        matches!(
            member,
            ClassMember::StaticBlock(_)
                | ClassMember::ClassProp(_)
                | ClassMember::PrivateProp(_)
                | ClassMember::PrivateMethod(_)
        )
    })
}

fn key_name(key: &PropName) -> Option<Atom> {
    match key {
        PropName::Ident(name) => Some(name.sym.clone()),
        PropName::Str(text) => text.value.as_str().map(Atom::from),
        _ => None,
    }
}

fn bound(pattern: &Pat) -> Option<&Ident> {
    pattern.as_ident().map(|name| &name.id)
}

impl VisitMut for Naming<'_> {
    noop_visit_mut_type!();

    fn visit_mut_stmts(&mut self, statements: &mut Vec<Stmt>) {
        statements.visit_mut_children_with(self);
        if self.options.loss == Loss::Lowering {
            return;
        }
        self.name_classes(statements);
        let calls = self.functions(statements);
        let directives = directives(statements);
        statements.splice(directives..directives, calls);
    }

    fn visit_mut_expr(&mut self, expression: &mut Expr) {
        expression.visit_mut_children_with(self);
        if self.options.loss == Loss::Lowering {
            return;
        }
        let name = match expression {
            Expr::Fn(FnExpr { ident: Some(ident), .. }) | Expr::Class(ClassExpr { ident: Some(ident), .. }) => {
                self.lost(ident)
            }
            _ => None,
        };
        match name {
            Some(name) if expression.is_class() => self.name_expression(expression, &name),
            Some(name) => self.wrap(expression, &name),
            None => {}
        }
    }

    fn visit_mut_var_declarator(&mut self, declarator: &mut VarDeclarator) {
        declarator.visit_mut_children_with(self);
        if let (Some(name), Some(value)) = (bound(&declarator.name), &mut declarator.init) {
            let name = self.lost(name);
            self.give(value, name);
        }
    }

    fn visit_mut_assign_expr(&mut self, assignment: &mut AssignExpr) {
        assignment.visit_mut_children_with(self);
        let names = matches!(
            assignment.op,
            AssignOp::Assign | AssignOp::AndAssign | AssignOp::OrAssign | AssignOp::NullishAssign
        );
        if let (AssignTarget::Simple(SimpleAssignTarget::Ident(name)), true) = (&assignment.left, names) {
            let name = self.lost(&name.id);
            self.give(&mut assignment.right, name);
        }
    }

    fn visit_mut_assign_pat(&mut self, pattern: &mut AssignPat) {
        pattern.visit_mut_children_with(self);
        let name = bound(&pattern.left).and_then(|name| self.lost(name));
        self.give(&mut pattern.right, name);
    }

    fn visit_mut_assign_pat_prop(&mut self, property: &mut AssignPatProp) {
        property.visit_mut_children_with(self);
        let name = self.lost(&property.key.id);
        if let Some(value) = &mut property.value {
            self.give(value, name);
        }
    }

    /// The minifier makes variables of an object's members.
    fn visit_mut_key_value_prop(&mut self, property: &mut KeyValueProp) {
        property.visit_mut_children_with(self);
        let name = key_name(&property.key).filter(|name| name != "__proto__" && self.options.loss != Loss::Renaming);
        self.give(&mut property.value, name);
    }

    fn visit_mut_class_prop(&mut self, field: &mut ClassProp) {
        field.visit_mut_children_with(self);
        let name = key_name(&field.key).filter(|_| self.options.loss == Loss::Lowering);
        self.give_field(&mut field.value, name);
    }

    fn visit_mut_private_prop(&mut self, field: &mut PrivateProp) {
        field.visit_mut_children_with(self);
        let name = Some(format!("#{}", field.key.name).into()).filter(|_| self.options.loss != Loss::Renaming);
        self.give_field(&mut field.value, name);
    }

    fn visit_mut_export_default_expr(&mut self, export: &mut ExportDefaultExpr) {
        export.visit_mut_children_with(self);
        self.give(&mut export.expr, Some("default".into()));
    }

    fn visit_mut_export_default_decl(&mut self, export: &mut ExportDefaultDecl) {
        export.visit_mut_children_with(self);
        if let DefaultDecl::Class(ClassExpr { ident: None, class }) = &mut export.decl
            && is_rewritten(class)
            && !has_own_name(class)
        {
            self.name_inside(class, &"default".into());
        }
    }
}

/// How many statements at the beginning are directives.
pub fn directives(statements: &[Stmt]) -> usize {
    statements.iter().take_while(|statement| is_directive(statement)).count()
}
