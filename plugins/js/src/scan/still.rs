//! Statements of which it does not matter when they are evaluated.

use swc_core::ecma::ast::*;

/// Whether a statement reads nothing that may change and does nothing that can be seen: functions, and variables that hold literals,
/// functions, or objects of these.
pub(super) fn is_still(item: &ModuleItem) -> bool {
    match item {
        ModuleItem::Stmt(statement) => is_still_statement(statement),
        ModuleItem::ModuleDecl(declaration) => match declaration {
            ModuleDecl::ExportDecl(export) => is_still_declaration(&export.decl),
            ModuleDecl::ExportDefaultDecl(export) => match &export.decl {
                DefaultDecl::Class(class) => is_still_class(&class.class),
                DefaultDecl::Fn(_) | DefaultDecl::TsInterfaceDecl(_) => true,
            },
            ModuleDecl::ExportDefaultExpr(export) => is_still_value(&export.expr),
            _ => true,
        },
    }
}

fn is_still_statement(statement: &Stmt) -> bool {
    match statement {
        Stmt::Empty(_) => true,
        Stmt::Expr(statement) => statement.expr.is_lit(),
        Stmt::Decl(declaration) => is_still_declaration(declaration),
        _ => false,
    }
}

fn is_still_declaration(declaration: &Decl) -> bool {
    match declaration {
        Decl::Fn(_) => true,
        Decl::Class(class) => is_still_class(&class.class),
        Decl::Var(variables) => variables.decls.iter().all(|variable| {
            let value = variable.init.as_deref();
            variable.name.is_ident() && value.is_none_or(is_still_value)
        }),
        _ => false,
    }
}

fn is_still_value(value: &Expr) -> bool {
    match value {
        Expr::Lit(_) | Expr::Fn(_) | Expr::Arrow(_) => true,
        Expr::Class(class) => is_still_class(&class.class),
        Expr::Tpl(template) => template.exprs.is_empty(),
        Expr::Paren(inner) => is_still_value(&inner.expr),
        Expr::Unary(unary) => unary.arg.is_lit(),
        Expr::Array(array) => {
            array.elems.iter().flatten().all(|element| element.spread.is_none() && is_still_value(&element.expr))
        }
        Expr::Object(object) => object.props.iter().all(is_still_property),
        _ => false,
    }
}

fn is_still_property(property: &PropOrSpread) -> bool {
    let PropOrSpread::Prop(property) = property else { return false };
    match &**property {
        Prop::KeyValue(property) => is_still_key(&property.key) && is_still_value(&property.value),
        Prop::Method(method) => is_still_key(&method.key),
        Prop::Getter(getter) => is_still_key(&getter.key),
        Prop::Setter(setter) => is_still_key(&setter.key),
        Prop::Shorthand(_) | Prop::Assign(_) => false,
    }
}

fn is_still_class(class: &Class) -> bool {
    class.super_class.is_none() && class.decorators.is_empty() && class.body.iter().all(is_still_member)
}

fn is_still_member(member: &ClassMember) -> bool {
    match member {
        ClassMember::Constructor(_) | ClassMember::Empty(_) | ClassMember::TsIndexSignature(_) => true,
        ClassMember::Method(method) => is_still_key(&method.key) && method.function.decorators.is_empty(),
        ClassMember::PrivateMethod(method) => method.function.decorators.is_empty(),
        ClassMember::ClassProp(field) => {
            is_still_key(&field.key) && field.decorators.is_empty() && is_still_field(field.is_static, &field.value)
        }
        ClassMember::PrivateProp(field) => field.decorators.is_empty() && is_still_field(field.is_static, &field.value),
        ClassMember::AutoAccessor(_) | ClassMember::StaticBlock(_) => false,
    }
}

/// The values of instances' fields are evaluated when there are instances.
fn is_still_field(is_static: bool, value: &Option<Box<Expr>>) -> bool {
    !is_static || value.as_deref().is_none_or(is_still_value)
}

fn is_still_key(key: &PropName) -> bool {
    !key.is_computed()
}
