//! Branches that are never taken, whatever runs: `if (false) …`, `"" && …`. What they mention is not wanted.

use super::Scanner;
use crate::commonjs::is_free;
use crate::swc::Goal;
use swc_core::common::{DUMMY_SP, SyntaxContext};
use swc_core::ecma::ast::*;
use swc_core::ecma::utils::extract_var_ids;

/// Conditions are looked into this deep.
const DEEPEST: u32 = 32;

/// What is known of a value.
#[derive(Clone, Debug, PartialEq)]
enum Known {
    Undefined,
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    /// A text that is known in part, at best.
    SomeText,
    /// An object that nothing else is.
    Object,
    Function,
}

impl Known {
    fn truth(&self) -> Option<bool> {
        Some(match self {
            Self::Undefined | Self::Null => false,
            Self::Bool(value) => *value,
            Self::Number(value) => *value != 0.0 && !value.is_nan(),
            Self::Text(text) => !text.is_empty(),
            Self::SomeText => return None,
            Self::Object | Self::Function => true,
        })
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Undefined => "undefined",
            Self::Null | Self::Object => "object",
            Self::Bool(_) => "boolean",
            Self::Number(_) => "number",
            Self::Text(_) | Self::SomeText => "string",
            Self::Function => "function",
        }
    }

    fn is_nullish(&self) -> bool {
        matches!(self, Self::Undefined | Self::Null)
    }
}

impl Scanner<'_> {
    /// Empties the branch of a statement that is never taken.
    pub(super) fn empty_dead_statement(&self, statement: &mut IfStmt) {
        let Some(outcome) = self.judge().truth(&statement.test, 0) else { return };
        let dead = if outcome { statement.alt.as_mut() } else { Some(&mut statement.cons) };
        if let Some(dead) = dead
            && !(self.program.goal == Goal::Script && declares_functions(dead))
        {
            // Its `var`s are those of the function.
            let names = extract_var_ids(&**dead);
            **dead = if names.is_empty() { Stmt::Empty(EmptyStmt { span: DUMMY_SP }) } else { variables(names) };
        }
    }

    /// Empties the part of an expression that is never evaluated.
    pub(super) fn empty_dead_expression(&self, expression: &mut Expr) {
        let judge = self.judge();
        let dead = match expression {
            Expr::Cond(choice) => match judge.truth(&choice.test, 0) {
                Some(true) => &mut choice.alt,
                Some(false) => &mut choice.cons,
                None => return,
            },
            Expr::Bin(binary) => {
                let decides = match binary.op {
                    BinaryOp::LogicalAnd => judge.truth(&binary.left, 0) == Some(false),
                    BinaryOp::LogicalOr => judge.truth(&binary.left, 0) == Some(true),
                    BinaryOp::NullishCoalescing => {
                        judge.value(&binary.left, 0).is_some_and(|value| !value.is_nullish())
                    }
                    _ => false,
                };
                if !decides {
                    return;
                }
                &mut binary.right
            }
            _ => return,
        };
        **dead = *Expr::undefined(DUMMY_SP);
    }

    fn judge(&self) -> Judge {
        // Scripts are called with a `require`; modules have none.
        Judge { unresolved: self.unresolved, has_require: self.program.goal == Goal::Script && !self.is_esm }
    }
}

fn declares_functions(statement: &Stmt) -> bool {
    match statement {
        Stmt::Decl(Decl::Fn(_)) => true,
        Stmt::Block(block) => block.stmts.iter().any(declares_functions),
        _ => false,
    }
}

/// `var a, b;`
fn variables(names: Vec<Ident>) -> Stmt {
    let each = names.into_iter().map(|name| VarDeclarator {
        span: DUMMY_SP,
        name: Pat::Ident(name.into()),
        init: None,
        definite: false,
    });
    Stmt::Decl(Decl::Var(Box::new(VarDecl { kind: VarDeclKind::Var, decls: each.collect(), ..VarDecl::default() })))
}

/// Says what is known of values.
struct Judge {
    unresolved: SyntaxContext,
    has_require: bool,
}

impl Judge {
    /// Whether a value counts as true.
    fn truth(&self, expression: &Expr, depth: u32) -> Option<bool> {
        let depth = depth + 1;
        match expression {
            _ if depth > DEEPEST => None,
            Expr::Paren(inner) => self.truth(&inner.expr, depth),
            Expr::Seq(sequence) => self.truth(sequence.exprs.last()?, depth),
            Expr::Unary(unary) if unary.op == UnaryOp::Bang => Some(!self.truth(&unary.arg, depth)?),
            Expr::Bin(binary) if matches!(binary.op, BinaryOp::LogicalAnd | BinaryOp::LogicalOr) => {
                // One side may be enough.
                let decisive = binary.op == BinaryOp::LogicalOr;
                match (self.truth(&binary.left, depth), self.truth(&binary.right, depth)) {
                    (Some(left), _) if left == decisive => Some(decisive),
                    (_, Some(right)) if right == decisive => Some(decisive),
                    (Some(_), Some(_)) => Some(!decisive),
                    _ => None,
                }
            }
            expression => self.value(expression, depth)?.truth(),
        }
    }

    fn value(&self, expression: &Expr, depth: u32) -> Option<Known> {
        let depth = depth + 1;
        Some(match expression {
            _ if depth > DEEPEST => return None,
            Expr::Paren(inner) => self.value(&inner.expr, depth)?,
            Expr::Lit(literal) => literal_value(literal)?,
            Expr::Ident(_) if is_free(expression, "undefined", self.unresolved) => Known::Undefined,
            Expr::Array(_) | Expr::Object(_) => Known::Object,
            Expr::Fn(_) | Expr::Arrow(_) | Expr::Class(_) => Known::Function,
            Expr::Tpl(template) => match (&template.quasis[..], &template.exprs[..]) {
                ([only], []) => Known::Text(only.cooked.as_ref()?.as_str()?.to_owned()),
                _ => Known::SomeText,
            },
            Expr::TaggedTpl(template) => {
                let is_raw = template.tag.as_member().is_some_and(|member| {
                    is_free(&member.obj, "String", self.unresolved)
                        && matches!(&member.prop, MemberProp::Ident(name) if name.sym == "raw")
                });
                is_raw.then_some(Known::SomeText)?
            }
            Expr::Unary(unary) => self.unary(unary, depth)?,
            Expr::Bin(binary) => self.binary(binary, depth)?,
            Expr::Cond(choice) => {
                let taken = if self.truth(&choice.test, depth)? { &choice.cons } else { &choice.alt };
                self.value(taken, depth)?
            }
            _ => return None,
        })
    }

    fn unary(&self, unary: &UnaryExpr, depth: u32) -> Option<Known> {
        match unary.op {
            UnaryOp::Bang => Some(Known::Bool(!self.truth(&unary.arg, depth)?)),
            UnaryOp::Void => Some(Known::Undefined),
            UnaryOp::TypeOf if is_free(&unary.arg, "require", self.unresolved) => {
                self.has_require.then(|| Known::Text("function".to_owned()))
            }
            UnaryOp::TypeOf => Some(Known::Text(self.value(&unary.arg, depth)?.kind().to_owned())),
            _ => None,
        }
    }

    fn binary(&self, binary: &BinExpr, depth: u32) -> Option<Known> {
        let (left, right) = (&*binary.left, &*binary.right);
        let takes_left = match binary.op {
            BinaryOp::LogicalAnd => !self.truth(left, depth)?,
            BinaryOp::LogicalOr => self.truth(left, depth)?,
            BinaryOp::NullishCoalescing => !self.value(left, depth)?.is_nullish(),
            BinaryOp::EqEqEq | BinaryOp::EqEq => return Some(Known::Bool(self.are_equal(binary, depth)?)),
            BinaryOp::NotEqEq | BinaryOp::NotEq => return Some(Known::Bool(!self.are_equal(binary, depth)?)),
            _ => return None,
        };
        self.value(if takes_left { left } else { right }, depth)
    }

    fn are_equal(&self, binary: &BinExpr, depth: u32) -> Option<bool> {
        let (left, right) = (self.value(&binary.left, depth)?, self.value(&binary.right, depth)?);
        let is_strict = matches!(binary.op, BinaryOp::EqEqEq | BinaryOp::NotEqEq);
        match (&left, &right) {
            (Known::SomeText, Known::SomeText | Known::Text(_)) | (Known::Text(_), Known::SomeText) => {
                differ(&binary.left, &binary.right).then_some(false)
            }
            // Each literal makes an object of its own.
            _ if left.kind() == right.kind() => Some(match (&left, &right) {
                (Known::Object | Known::Function, _) | (_, Known::Object | Known::Function) => false,
                _ => left == right,
            }),
            _ if is_strict => Some(false),
            _ if left.is_nullish() || right.is_nullish() => Some(left.is_nullish() && right.is_nullish()),
            // It depends on how they are converted.
            _ => None,
        }
    }
}

fn literal_value(literal: &Lit) -> Option<Known> {
    Some(match literal {
        Lit::Null(_) => Known::Null,
        Lit::Bool(value) => Known::Bool(value.value),
        Lit::Num(number) => Known::Number(number.value),
        Lit::Str(text) => Known::Text(text.value.as_str()?.to_owned()),
        Lit::Regex(_) => Known::Object,
        _ => return None,
    })
}

/// Whether two texts begin or end differently, whatever the holes of templates give.
fn differ(left: &Expr, right: &Expr) -> bool {
    let (Some((left_head, left_tail)), Some((right_head, right_tail))) = (borders(left), borders(right)) else {
        return false;
    };
    let heads = left_head.starts_with(right_head) || right_head.starts_with(left_head);
    let tails = left_tail.ends_with(right_tail) || right_tail.ends_with(left_tail);
    !heads || !tails
}

/// The beginning and the end of a text, as far as they are known.
fn borders(expression: &Expr) -> Option<(&str, &str)> {
    match expression {
        Expr::Paren(inner) => borders(&inner.expr),
        Expr::Lit(Lit::Str(text)) => Some((text.value.as_str()?, text.value.as_str()?)),
        Expr::Tpl(template) => {
            let (first, last) = (template.quasis.first()?, template.quasis.last()?);
            Some((first.cooked.as_ref()?.as_str()?, last.cooked.as_ref()?.as_str()?))
        }
        _ => None,
    }
}
