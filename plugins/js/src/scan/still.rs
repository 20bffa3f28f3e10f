//! Statements of which it does not matter when they are evaluated.

use crate::record::Function;
use std::collections::BTreeMap;
use swc_core::atoms::Atom;
use swc_core::common::SyntaxContext;
use swc_core::ecma::ast::*;

/// Judges statements of a module.
pub(super) struct Stillness<'a> {
    pub(super) top_level: SyntaxContext,
    /// Top-level functions and classes that keep their names.
    pub(super) functions: &'a BTreeMap<Atom, Function>,
}

impl Stillness<'_> {
    /// Whether a statement reads nothing that may change and does nothing that can be seen: functions, and variables that hold literals,
    /// functions, or objects of these.
    pub(super) fn is_still(&self, item: &ModuleItem) -> bool {
        match item {
            ModuleItem::Stmt(statement) => self.is_still_statement(statement),
            ModuleItem::ModuleDecl(declaration) => match declaration {
                ModuleDecl::ExportDecl(export) => self.is_still_declaration(&export.decl),
                ModuleDecl::ExportDefaultDecl(export) => match &export.decl {
                    DefaultDecl::Class(class) => self.is_still_class(&class.class),
                    DefaultDecl::Fn(_) | DefaultDecl::TsInterfaceDecl(_) => true,
                },
                ModuleDecl::ExportDefaultExpr(export) => self.is_still_value(&export.expr),
                _ => true,
            },
        }
    }

    fn is_still_statement(&self, statement: &Stmt) -> bool {
        match statement {
            Stmt::Empty(_) => true,
            Stmt::Expr(statement) => statement.expr.is_lit(),
            Stmt::Decl(declaration) => self.is_still_declaration(declaration),
            _ => false,
        }
    }

    fn is_still_declaration(&self, declaration: &Decl) -> bool {
        match declaration {
            Decl::Fn(_) => true,
            Decl::Class(class) => self.is_still_class(&class.class),
            Decl::Var(variables) => variables.decls.iter().all(|variable| {
                let value = variable.init.as_deref();
                variable.name.is_ident() && value.is_none_or(|value| self.is_still_value(value))
            }),
            _ => false,
        }
    }

    fn is_still_value(&self, value: &Expr) -> bool {
        match value {
            Expr::Lit(_) | Expr::Fn(_) | Expr::Arrow(_) => true,
            Expr::Class(class) => self.is_still_class(&class.class),
            Expr::Tpl(template) => template.exprs.is_empty(),
            Expr::Ident(name) => name.ctxt == self.top_level && self.functions.contains_key(&name.sym),
            Expr::Paren(inner) => self.is_still_value(&inner.expr),
            Expr::Unary(unary) => unary.arg.is_lit(),
            Expr::Array(array) => array
                .elems
                .iter()
                .flatten()
                .all(|element| element.spread.is_none() && self.is_still_value(&element.expr)),
            Expr::Object(object) => object.props.iter().all(|part| self.is_still_property(part)),
            _ => false,
        }
    }

    fn is_still_property(&self, property: &PropOrSpread) -> bool {
        let PropOrSpread::Prop(property) = property else { return false };
        match &**property {
            Prop::KeyValue(property) => is_still_key(&property.key) && self.is_still_value(&property.value),
            Prop::Method(method) => is_still_key(&method.key),
            Prop::Getter(getter) => is_still_key(&getter.key),
            Prop::Setter(setter) => is_still_key(&setter.key),
            Prop::Shorthand(_) | Prop::Assign(_) => false,
        }
    }

    fn is_still_class(&self, class: &Class) -> bool {
        class.super_class.is_none()
            && class.decorators.is_empty()
            && class.body.iter().all(|part| self.is_still_member(part))
    }

    fn is_still_member(&self, member: &ClassMember) -> bool {
        match member {
            ClassMember::Constructor(_) | ClassMember::Empty(_) | ClassMember::TsIndexSignature(_) => true,
            ClassMember::Method(method) => is_still_key(&method.key) && method.function.decorators.is_empty(),
            ClassMember::PrivateMethod(method) => method.function.decorators.is_empty(),
            ClassMember::ClassProp(field) => {
                is_still_key(&field.key)
                    && field.decorators.is_empty()
                    && self.is_still_field(field.is_static, &field.value)
            }
            ClassMember::PrivateProp(field) => {
                field.decorators.is_empty() && self.is_still_field(field.is_static, &field.value)
            }
            ClassMember::AutoAccessor(_) | ClassMember::StaticBlock(_) => false,
        }
    }

    /// The values of instances' fields are evaluated when there are instances.
    fn is_still_field(&self, is_static: bool, value: &Option<Box<Expr>>) -> bool {
        !is_static || value.as_deref().is_none_or(|value| self.is_still_value(value))
    }
}

fn is_still_key(key: &PropName) -> bool {
    !key.is_computed()
}
