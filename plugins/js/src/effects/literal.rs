//! Object literals of the top level of which unused properties can go: `const api = { a() {}, b() {} }`.

use super::{Surroundings, Value, Walk, property_name};
use crate::record::{DEFAULT_LOCAL, Effects, Receiver};
use rustc_hash::FxHashMap;
use swc_core::atoms::Atom;
use swc_core::ecma::ast::*;

/// What is known of one.
pub(crate) type Literal = FxHashMap<Atom, Property>;

/// What is known of a property.
pub(crate) struct Property {
    /// Making its value does nothing that can be seen.
    pub(crate) is_pure: bool,
    /// Whether its value, called as a method, asks for the object.
    pub(crate) receiver: Receiver,
}

/// The variable that a statement declares by an object literal, with the literal.
pub(crate) fn declared_literal(item: &ModuleItem) -> Option<(Atom, &ObjectLit)> {
    let declaration = match item {
        ModuleItem::ModuleDecl(ModuleDecl::ExportDefaultExpr(export)) => {
            return Some((DEFAULT_LOCAL.into(), as_object(&export.expr)?));
        }
        ModuleItem::ModuleDecl(ModuleDecl::ExportDecl(ExportDecl { decl: Decl::Var(declaration), .. }))
        | ModuleItem::Stmt(Stmt::Decl(Decl::Var(declaration))) => declaration,
        _ => return None,
    };
    let [declarator] = &declaration.decls[..] else { return None };
    Some((declarator.name.as_ident()?.sym.clone(), as_object(declarator.init.as_deref()?)?))
}

fn as_object(expression: &Expr) -> Option<&ObjectLit> {
    match expression {
        Expr::Paren(inner) => as_object(&inner.expr),
        expression => expression.as_object(),
    }
}

/// Looks through a module.
pub(super) fn literals(surroundings: &Surroundings<'_>, module: &Module) -> FxHashMap<Atom, Literal> {
    let literals = module.body.iter().filter_map(declared_literal);
    let known = literals.filter(|(name, _)| *name == DEFAULT_LOCAL || surroundings.objects.contains_key(name));
    known.filter_map(|(name, object)| Some((name, literal(surroundings, object)?))).collect()
}

/// The properties, if each is known by name.
fn literal(surroundings: &Surroundings<'_>, object: &ObjectLit) -> Option<Literal> {
    let mut literal = Literal::default();
    for property in &object.props {
        let property = property.as_prop()?;
        let name = property_key(property)?;
        let is_plain = name != "__proto__" && !name.contains('.');
        let known = Property { is_pure: is_pure(surroundings, property), receiver: receiver(surroundings, property) };
        // What stays in any case may ask for the others.
        let asks = !known.is_pure && known.receiver != Receiver::Nobody;
        if !is_plain || asks || literal.insert(name, known).is_some() {
            return None;
        }
    }
    Some(literal)
}

/// The name of a property that has a value of its own.
pub(crate) fn property_key(property: &Prop) -> Option<Atom> {
    match property {
        Prop::Shorthand(name) => Some(name.sym.clone()),
        Prop::KeyValue(KeyValueProp { key, .. }) | Prop::Method(MethodProp { key, .. }) => property_name(key),
        _ => None,
    }
}

fn is_pure(surroundings: &Surroundings<'_>, property: &Prop) -> bool {
    let mut walk = Walk::new(surroundings, Value::Primitive);
    match property {
        Prop::KeyValue(pair) => {
            walk.expression(&pair.value);
        }
        Prop::Shorthand(name) => {
            walk.name(name);
        }
        _ => {}
    }
    walk.finish() == Effects::default()
}

fn receiver(surroundings: &Surroundings<'_>, property: &Prop) -> Receiver {
    let asks = |function: &Function| match surroundings.asks_this.contains(&function.ctxt) {
        true => Receiver::Object,
        false => Receiver::Nobody,
    };
    match property {
        Prop::Method(method) => asks(&method.function),
        Prop::Shorthand(name) => named(surroundings, name),
        Prop::KeyValue(pair) => match &*pair.value {
            Expr::Fn(function) => asks(&function.function),
            Expr::Ident(name) => named(surroundings, name),
            Expr::Lit(_) | Expr::Tpl(_) | Expr::Array(_) | Expr::Object(_) | Expr::Arrow(_) | Expr::Class(_) => {
                Receiver::Nobody
            }
            Expr::Unary(_) | Expr::Bin(BinExpr { op: BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul, .. }) => {
                Receiver::Nobody
            }
            _ => Receiver::Object,
        },
        _ => Receiver::Object,
    }
}

fn named(surroundings: &Surroundings<'_>, name: &Ident) -> Receiver {
    if name.ctxt == surroundings.top_level { Receiver::Of(name.sym.clone()) } else { Receiver::Object }
}
