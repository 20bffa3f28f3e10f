//! What the statements of CommonJS modules export, as far as it can be read off them. Modules that use `exports` in these ways only can
//! lose what nobody asks them for.

use crate::record::RequireUse;
use swc_core::atoms::Atom;
use swc_core::common::SyntaxContext;
use swc_core::ecma::ast::*;
use swc_core::ecma::utils::contains_this_expr;
use swc_core::ecma::visit::{Visit, VisitWith, noop_visit_type};

/// The name under which a part declares an export: no variable can have it.
pub(crate) fn export_local(name: &str) -> Atom {
    format!("exports.{name}").into()
}

/// What stands for all exports: statements that only prepare them.
pub(crate) const ALL: &str = "exports.*";

/// What a top-level statement does with exports.
pub(crate) enum Form<'a> {
    /// `exports.a = exports.b = value`
    Export { names: Vec<Atom>, value: &'a Expr },
    /// `exports.a = exports.b = void 0`, before these get their values.
    Prepare,
    /// `exports.__esModule = true`
    Flag,
    /// `module.exports = require("x")`
    PassOn,
}

/// Reads a statement.
pub(crate) fn form(statement: &Stmt, unresolved: SyntaxContext) -> Option<Form<'_>> {
    let Stmt::Expr(statement) = statement else { return None };
    match &*statement.expr {
        Expr::Assign(assignment) if assignment.op == AssignOp::Assign => assigned(assignment, unresolved),
        Expr::Call(call) => defined(call, unresolved),
        _ => None,
    }
}

fn assigned(assignment: &AssignExpr, unresolved: SyntaxContext) -> Option<Form<'_>> {
    let AssignTarget::Simple(SimpleAssignTarget::Member(target)) = &assignment.left else { return None };
    if is_module_exports(target, unresolved) {
        return required(&assignment.right, unresolved).map(|_| Form::PassOn);
    }
    let mut names = Vec::new();
    let mut current = assignment;
    loop {
        let AssignTarget::Simple(SimpleAssignTarget::Member(target)) = &current.left else { return None };
        names.push(export_name(target, unresolved)?);
        match &*current.right {
            Expr::Assign(next) if next.op == AssignOp::Assign && is_export(&next.left, unresolved) => current = next,
            Expr::Unary(unary) if unary.op == UnaryOp::Void && unary.arg.is_lit() => return Some(Form::Prepare),
            _ if names.iter().any(|name| name == "__esModule") => return Some(Form::Flag),
            value => return Some(Form::Export { names, value }),
        }
    }
}

/// The names that `module.exports = { … }` gives, as far as they are plain.
pub(crate) fn literal_names(statement: &Stmt, unresolved: SyntaxContext) -> Vec<Atom> {
    let Stmt::Expr(statement) = statement else { return Vec::new() };
    let Expr::Assign(assignment) = &*statement.expr else { return Vec::new() };
    let (AssignTarget::Simple(SimpleAssignTarget::Member(target)), Expr::Object(object)) =
        (&assignment.left, &*assignment.right)
    else {
        return Vec::new();
    };
    if !is_module_exports(target, unresolved) {
        return Vec::new();
    }
    // As Node.js reads them: up to the first value that is more than a name.
    let mut names = Vec::new();
    for property in &object.props {
        let PropOrSpread::Prop(property) = property else { continue };
        match &**property {
            Prop::Shorthand(name) => names.push(name.sym.clone()),
            Prop::KeyValue(KeyValueProp { key: PropName::Ident(name), value }) => {
                names.push(name.sym.clone());
                if !value.is_ident() {
                    break;
                }
            }
            _ => break,
        }
    }
    names
}

/// `Object.defineProperty(exports, "name", { … })`.
fn defined(call: &CallExpr, unresolved: SyntaxContext) -> Option<Form<'_>> {
    let Callee::Expr(callee) = &call.callee else { return None };
    let Expr::Member(callee) = &**callee else { return None };
    let is_define = matches!(&callee.prop, MemberProp::Ident(name) if name.sym == "defineProperty");
    if !is_define || !is_free(&callee.obj, "Object", unresolved) {
        return None;
    }
    let [target, name, descriptor] = &call.args[..] else { return None };
    let is_target = match &*target.expr {
        Expr::Member(member) => is_module_exports(member, unresolved),
        target => is_free(target, "exports", unresolved),
    };
    let Expr::Lit(Lit::Str(name)) = &*name.expr else { return None };
    if !is_target || !descriptor.expr.is_object() {
        return None;
    }
    let name: Atom = name.value.to_string_lossy().into();
    Some(if name == "__esModule" { Form::Flag } else { Form::Export { names: vec![name], value: &descriptor.expr } })
}

/// Whether a call is `Object.defineProperty(exports, "name", { … })`.
pub(crate) fn is_definition(call: &CallExpr, unresolved: SyntaxContext) -> bool {
    defined(call, unresolved).is_some()
}

fn is_export(target: &AssignTarget, unresolved: SyntaxContext) -> bool {
    matches!(target, AssignTarget::Simple(SimpleAssignTarget::Member(member)) if export_name(member, unresolved).is_some())
}

/// The name of `exports.name` and `module.exports.name`.
pub(crate) fn export_name(member: &MemberExpr, unresolved: SyntaxContext) -> Option<Atom> {
    let MemberProp::Ident(name) = &member.prop else { return None };
    let is_exports = match &*member.obj {
        Expr::Member(object) => is_module_exports(object, unresolved),
        object => is_free(object, "exports", unresolved),
    };
    is_exports.then(|| name.sym.clone())
}

/// The variable of a CommonJS module by which exports are reached: `exports` itself, or `module.exports`.
pub(crate) fn variable_of(object: &Expr) -> &'static str {
    if object.is_member() { "module" } else { "exports" }
}

fn is_module_exports(member: &MemberExpr, unresolved: SyntaxContext) -> bool {
    matches!(&member.prop, MemberProp::Ident(name) if name.sym == "exports")
        && is_free(&member.obj, "module", unresolved)
}

/// Whether an expression is a name that nothing in the file declares.
pub(crate) fn is_free(expression: &Expr, name: &str, unresolved: SyntaxContext) -> bool {
    matches!(expression, Expr::Ident(ident) if ident.ctxt == unresolved && ident.sym == name)
}

/// Whether an expression is `import.meta.url`.
pub(crate) fn is_meta_url(expression: &Expr) -> bool {
    let Expr::Member(MemberExpr { obj, prop: MemberProp::Ident(name), .. }) = expression else { return false };
    name.sym == "url" && matches!(&**obj, Expr::MetaProp(meta) if meta.kind == MetaPropKind::ImportMeta)
}

/// The call, if an expression is one of `require` with one argument.
fn required(expression: &Expr, unresolved: SyntaxContext) -> Option<&CallExpr> {
    match expression {
        Expr::Paren(inner) => required(&inner.expr, unresolved),
        Expr::Call(call) => match &call.callee {
            Callee::Expr(callee) if is_free(callee, "require", unresolved) && call.args.len() == 1 => Some(call),
            _ => None,
        },
        _ => None,
    }
}

/// What a top-level statement wants of the module that it requires, if that can be told.
pub(crate) fn require_use(statement: &Stmt, unresolved: SyntaxContext) -> Option<(&CallExpr, RequireUse)> {
    match statement {
        Stmt::Expr(statement) => match &*statement.expr {
            Expr::Assign(assignment) if assignment.op == AssignOp::Assign => match &assignment.left {
                AssignTarget::Simple(SimpleAssignTarget::Member(target)) if is_module_exports(target, unresolved) => {
                    Some((required(&assignment.right, unresolved)?, RequireUse::PassOn))
                }
                _ => None,
            },
            expression => Some((required(expression, unresolved)?, RequireUse::Nothing)),
        },
        Stmt::Decl(Decl::Var(declaration)) => {
            let [declarator] = &declaration.decls[..] else { return None };
            let name = declarator.name.as_ident()?;
            let init = declarator.init.as_deref()?;
            Some((required(init, unresolved)?, RequireUse::Variable(name.sym.clone())))
        }
        _ => None,
    }
}

/// Whether a function asks `this` for something, other than one that fills `this`, as constructors do.
pub(crate) fn is_method(function: &Function) -> bool {
    #[derive(Default)]
    struct Fills(bool);
    impl Visit for Fills {
        noop_visit_type!();
        fn visit_assign_expr(&mut self, assignment: &AssignExpr) {
            self.0 |= matches!(&assignment.left, AssignTarget::Simple(SimpleAssignTarget::Member(target)) if target.obj.is_this());
            assignment.visit_children_with(self);
        }
    }
    let mut fills = Fills::default();
    function.body.visit_with(&mut fills);
    contains_this_expr(&function.body) && !fills.0
}
