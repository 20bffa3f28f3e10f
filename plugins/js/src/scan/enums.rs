//! Members of TypeScript's enums whose values are known, so that these can stand wherever they are used.

use crate::swc::Program;
use crate::words::quoted;
use std::collections::BTreeMap;
use swc_core::atoms::Atom;
use swc_core::ecma::ast::*;

/// The members of an enum, as code, if `value` is what an enum becomes:
///
/// ```text
/// /* @__PURE__ */ function(A) { A[A["a"] = 1] = "a"; A["b"] = "c"; return A; }({})
/// ```
pub(super) fn members(program: &Program, value: &Expr) -> Option<BTreeMap<Atom, String>> {
    let call = value.as_call().filter(|call| program.is_pure(call.span))?;
    let Callee::Expr(callee) = &call.callee else { return None };
    let function = &unparenthesised(callee).as_fn_expr()?.function;
    let [Param { pat: Pat::Ident(object), .. }] = function.params.as_slice() else { return None };
    let (last, assignments) = function.body.as_ref()?.stmts.split_last()?;
    let returned = last.as_return_stmt()?.arg.as_ref()?;
    if returned.as_ident()?.sym != object.sym {
        return None;
    }
    assignments.iter().map(|statement| assigned(statement, &object.sym)).collect::<Option<Vec<_>>>().map(|members| {
        // Of two members of one name the last one counts, which nobody may write.
        members.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    })
}

fn unparenthesised(expression: &Expr) -> &Expr {
    match expression {
        Expr::Paren(inner) => unparenthesised(&inner.expr),
        other => other,
    }
}

/// What one statement assigns: a name, and a value if that is known.
fn assigned(statement: &Stmt, object: &Atom) -> Option<(Atom, Option<String>)> {
    let outer = unparenthesised(&statement.as_expr()?.expr).as_assign()?;
    let key = key_of(&outer.left, object)?;
    match key {
        Expr::Lit(Lit::Str(name)) => Some((name.value.as_str()?.into(), text_of(&outer.right))),
        // The name of a value, too.
        Expr::Assign(inner) => {
            let name = key_of(&inner.left, object)?.as_lit()?.as_str()?;
            Some((name.value.as_str()?.into(), text_of(&inner.right)))
        }
        _ => None,
    }
}

/// `key` in `object[key]`.
fn key_of<'a>(target: &'a AssignTarget, object: &Atom) -> Option<&'a Expr> {
    let member = target.as_simple()?.as_member()?;
    let is_object = member.obj.as_ident().is_some_and(|name| name.sym == *object);
    let MemberProp::Computed(key) = &member.prop else { return None };
    is_object.then(|| unparenthesised(&key.expr))
}

fn text_of(value: &Expr) -> Option<String> {
    match unparenthesised(value) {
        Expr::Lit(Lit::Str(text)) => Some(quoted(text.value.as_str()?)),
        Expr::Lit(Lit::Num(number)) => Some(format!("{}", number.value)).filter(|_| number.value.is_finite()),
        Expr::Unary(unary) if unary.op == UnaryOp::Minus => Some(format!("-{}", text_of(&unary.arg)?)),
        _ => None,
    }
}
