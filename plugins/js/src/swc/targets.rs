//! Takes away the parentheses around names that are assigned to: `(a) = 1`, `(a)++`, `[(a)] = b`, so that whoever looks for assignments sees
//! them.
//!
//! An anonymous function that is assigned to a name in parentheses does not get it, and still does not.

use swc_core::common::util::take::Take;
use swc_core::common::{DUMMY_SP, Spanned};
use swc_core::ecma::ast::*;
use swc_core::ecma::visit::{VisitMut, VisitMutWith, noop_visit_mut_type};

pub(super) struct Targets;

impl VisitMut for Targets {
    noop_visit_mut_type!();

    fn visit_mut_assign_expr(&mut self, assignment: &mut AssignExpr) {
        if let AssignTarget::Simple(SimpleAssignTarget::Paren(target)) = &mut assignment.left
            && let Expr::Ident(name) = inner(&mut target.expr)
        {
            assignment.left = name.clone().into();
            if is_anonymous(&assignment.right) {
                let span = assignment.right.span();
                let zero = Box::new(Expr::Lit(Lit::Num(Number::from(0))));
                let exprs = vec![zero, assignment.right.take()];
                let sequence = Box::new(Expr::Seq(SeqExpr { span, exprs }));
                *assignment.right = Expr::Paren(ParenExpr { span: DUMMY_SP, expr: sequence });
            }
        }
        assignment.visit_mut_children_with(self);
    }

    fn visit_mut_update_expr(&mut self, update: &mut UpdateExpr) {
        if let Expr::Paren(argument) = &mut *update.arg
            && let Expr::Ident(name) = inner(&mut argument.expr)
        {
            *update.arg = Expr::Ident(name.clone());
        }
        update.visit_mut_children_with(self);
    }

    fn visit_mut_pat(&mut self, pattern: &mut Pat) {
        if let Pat::Expr(target) = pattern
            && let Expr::Ident(name) = inner(target)
        {
            *pattern = Pat::Ident(name.clone().into());
        }
        pattern.visit_mut_children_with(self);
    }
}

fn inner(expression: &mut Expr) -> &mut Expr {
    match expression {
        Expr::Paren(paren) => inner(&mut paren.expr),
        expression => expression,
    }
}

/// It would be named after what it is assigned to.
fn is_anonymous(expression: &Expr) -> bool {
    match expression {
        Expr::Arrow(_) => true,
        Expr::Fn(function) => function.ident.is_none(),
        Expr::Class(class) => class.ident.is_none(),
        _ => false,
    }
}
