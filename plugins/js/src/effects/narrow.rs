//! What tests say of names: `if (a)`, `a && a.b`, `typeof a === "function"`.

use super::walk::Walk;
use swc_core::ecma::ast::*;

impl<'a, 's> Walk<'a, 's>
where
    'a: 's,
{
    /// Walks where a test has had an outcome, which it may not have.
    pub(super) fn where_outcome(&mut self, outcome: bool, test: &Expr, work: impl FnOnce(&mut Self)) {
        let before = self.present.len();
        self.tested(test, outcome);
        self.perhaps(work);
        self.present.truncate(before);
    }

    /// Notes what is not null if a test has this outcome.
    pub(super) fn tested(&mut self, test: &Expr, outcome: bool) {
        match test {
            Expr::Paren(inner) => self.tested(&inner.expr, outcome),
            Expr::Ident(name) if outcome => self.note_present(name),
            Expr::Unary(unary) if unary.op == UnaryOp::Bang => self.tested(&unary.arg, !outcome),
            Expr::Bin(binary) => self.tested_sides(binary, outcome),
            _ => {}
        }
    }

    fn tested_sides(&mut self, binary: &BinExpr, outcome: bool) {
        let (left, right) = (&*binary.left, &*binary.right);
        match binary.op {
            BinaryOp::LogicalAnd if outcome => {
                self.tested(left, true);
                self.tested(right, true);
            }
            BinaryOp::LogicalOr if !outcome => {
                self.tested(left, false);
                self.tested(right, false);
            }
            BinaryOp::EqEqEq | BinaryOp::EqEq | BinaryOp::NotEqEq | BinaryOp::NotEq => {
                let is_equality = matches!(binary.op, BinaryOp::EqEqEq | BinaryOp::EqEq);
                let is_loose = matches!(binary.op, BinaryOp::EqEq | BinaryOp::NotEq);
                self.compared(left, right, outcome == is_equality, is_loose);
            }
            // `typeof x < "u"`, as minifiers write that it exists.
            BinaryOp::Lt | BinaryOp::Gt => {
                if let (Some(name), Some("u")) = (type_of(left), text_of(right))
                    && outcome == (binary.op == BinaryOp::Lt)
                {
                    self.note_defined(name);
                }
            }
            _ => {}
        }
    }

    /// What it says if both sides of a comparison are, or are not, the same.
    fn compared(&mut self, left: &Expr, right: &Expr, same: bool, is_loose: bool) {
        match (left, right) {
            // Only the loose question is about `undefined` too.
            (Expr::Ident(name), Expr::Lit(Lit::Null(_))) if !same && is_loose => self.note_present(name),
            _ => match (type_of(left), text_of(right), same) {
                (Some(name), Some("undefined"), false) | (Some(name), Some("object"), true) => self.note_defined(name),
                (Some(name), Some(kind), true) if kind != "undefined" => self.note_present(name),
                _ => {}
            },
        }
    }

    /// A global that exists is there; another name may still be null.
    fn note_defined(&mut self, name: &Ident) {
        if name.ctxt == self.surroundings.unresolved {
            self.note_present(name);
        }
    }

    /// A name that is assigned to may be null again.
    fn note_present(&mut self, name: &Ident) {
        if !self.surroundings.reassigned.contains(&name.to_id()) {
            self.present.push(name.to_id());
        }
    }

    /// Whether a name has been tested and is not null here.
    pub(super) fn is_present(&self, name: &Ident) -> bool {
        self.present.iter().any(|(sym, ctxt)| *sym == name.sym && *ctxt == name.ctxt)
    }
}

/// The name of which the type is asked.
fn type_of(expression: &Expr) -> Option<&Ident> {
    match expression {
        Expr::Unary(unary) if unary.op == UnaryOp::TypeOf => unary.arg.as_ident(),
        _ => None,
    }
}

fn text_of(expression: &Expr) -> Option<&str> {
    match expression {
        Expr::Lit(Lit::Str(text)) => text.value.as_str(),
        _ => None,
    }
}
