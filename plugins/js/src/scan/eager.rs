//! What evaluating a module certainly reads, and which of its names cannot be read before they are set. Only what runs in any case counts:
//! no functions, branches or loops, and nothing that a `try` may catch.

use super::member_path;
use crate::record::EagerRead;
use rustc_hash::FxHashSet;
use std::collections::BTreeSet;
use std::ops::Range;
use swc_core::atoms::Atom;
use swc_core::common::{Span, SyntaxContext};
use swc_core::ecma::ast::*;
use swc_core::ecma::utils::find_pat_ids;
use swc_core::ecma::visit::{Visit, VisitWith, noop_visit_type};

/// Top-level names that are not to be read before their declarations are evaluated.
pub(super) fn lexical_names(module: &Module) -> BTreeSet<Atom> {
    let mut names = BTreeSet::new();
    let mut declaration = |declaration: &Decl| match declaration {
        Decl::Class(class) => {
            names.insert(class.ident.sym.clone());
        }
        Decl::Var(variables) if variables.kind != VarDeclKind::Var => {
            names.extend(find_pat_ids::<_, Ident>(&variables.decls).into_iter().map(|name| name.sym));
        }
        _ => {}
    };
    for item in &module.body {
        match item {
            ModuleItem::Stmt(Stmt::Decl(declared)) => declaration(declared),
            ModuleItem::ModuleDecl(ModuleDecl::ExportDecl(export)) => declaration(&export.decl),
            _ => {}
        }
    }
    names
}

/// The imports that a top-level item certainly reads.
pub(super) fn eager_reads(
    item: &ModuleItem,
    imported: &FxHashSet<Atom>,
    top_level: SyntaxContext,
    offset: impl Fn(Span) -> Range<u32>,
) -> Vec<EagerRead> {
    let mut reads = Reads { imported, top_level, found: Vec::new() };
    item.visit_with(&mut reads);
    let mut seen = BTreeSet::new();
    let first = reads.found.into_iter().filter(|(name, path, _)| seen.insert((name.clone(), path.clone())));
    let read = |(name, path, span)| {
        let range = offset(span);
        EagerRead { name, path, range: (range.start, range.end) }
    };
    first.map(read).collect()
}

struct Reads<'a> {
    imported: &'a FxHashSet<Atom>,
    top_level: SyntaxContext,
    found: Vec<(Atom, Option<Atom>, Span)>,
}

impl Reads<'_> {
    fn is_import(&self, name: &Ident) -> bool {
        name.ctxt == self.top_level && self.imported.contains(&name.sym)
    }

    fn note(&mut self, name: &Ident) {
        if self.is_import(name) {
            self.found.push((name.sym.clone(), None, name.span));
        }
    }
}

impl Visit for Reads<'_> {
    noop_visit_type!();

    fn visit_expr(&mut self, expression: &Expr) {
        match expression {
            Expr::Ident(name) => self.note(name),
            Expr::Member(member) => match member_path(member).filter(|(object, _)| self.is_import(object)) {
                Some((object, path)) => self.found.push((object.sym.clone(), Some(path), member.span)),
                None => member.visit_children_with(self),
            },
            Expr::Cond(condition) => condition.test.visit_with(self),
            Expr::Bin(binary) if binary.op.may_short_circuit() => binary.left.visit_with(self),
            Expr::Assign(assignment) if assignment.op.may_short_circuit() => {}
            Expr::OptChain(_) | Expr::Fn(_) | Expr::Arrow(_) => {}
            other => other.visit_children_with(self),
        }
    }

    fn visit_prop(&mut self, property: &Prop) {
        match property {
            Prop::Shorthand(name) => self.note(name),
            Prop::Getter(_) | Prop::Setter(_) | Prop::Method(_) => {}
            other => other.visit_children_with(self),
        }
    }

    fn visit_stmt(&mut self, statement: &Stmt) {
        match statement {
            Stmt::Expr(_) | Stmt::Decl(_) | Stmt::Block(_) | Stmt::Throw(_) => statement.visit_children_with(self),
            Stmt::If(statement) => statement.test.visit_with(self),
            _ => {}
        }
    }

    /// Patterns have defaults, which may not be wanted.
    fn visit_pat(&mut self, _: &Pat) {}

    fn visit_class(&mut self, class: &Class) {
        class.super_class.visit_with(self);
    }

    fn visit_function(&mut self, _: &Function) {}

    fn visit_named_export(&mut self, _: &NamedExport) {}
}
