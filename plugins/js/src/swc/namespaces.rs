//! Namespaces that are declared in parts see what the other parts export:
//!
//! ```text
//! namespace A { export const a = 1 }     namespace A { export const a = 1 }
//! namespace A { f(a) }                   namespace A { f(A.a) }
//! ```

use rustc_hash::{FxHashMap, FxHashSet};
use swc_core::atoms::Atom;
use swc_core::common::DUMMY_SP;
use swc_core::ecma::ast::*;
use swc_core::ecma::utils::{QueryRef, RefRewriter, collect_decls, find_pat_ids};
use swc_core::ecma::visit::{VisitMut, VisitMutWith, noop_visit_mut_type};

/// Makes names that other parts of a namespace export members of it. Names are resolved already.
pub(super) fn join_parts(program: &mut Program) {
    program.visit_mut_with(&mut Parts);
}

struct Parts;

impl VisitMut for Parts {
    noop_visit_mut_type!();

    fn visit_mut_module_items(&mut self, items: &mut Vec<ModuleItem>) {
        items.visit_mut_children_with(self);
        join(items, |item| match item {
            ModuleItem::Stmt(Stmt::Decl(declaration))
            | ModuleItem::ModuleDecl(ModuleDecl::ExportDecl(ExportDecl { decl: declaration, .. })) => Some(declaration),
            _ => None,
        });
    }

    fn visit_mut_stmts(&mut self, statements: &mut Vec<Stmt>) {
        statements.visit_mut_children_with(self);
        join(statements, Stmt::as_mut_decl);
    }
}

/// Joins the parts among declarations of one scope.
fn join<T>(items: &mut [T], declaration: impl Fn(&mut T) -> Option<&mut Decl>) {
    let mut parts: Vec<(Ident, &mut TsModuleBlock)> =
        items.iter_mut().filter_map(|item| part(declaration(item)?)).collect();
    let mut exports: FxHashMap<Id, FxHashSet<Atom>> = FxHashMap::default();
    let mut counts: FxHashMap<Id, u32> = FxHashMap::default();
    for (name, block) in &parts {
        exports.entry(name.to_id()).or_default().extend(exported(block));
        *counts.entry(name.to_id()).or_default() += 1;
    }
    for (namespace, block) in &mut parts {
        let id = namespace.to_id();
        if counts.get(&id).is_none_or(|count| *count < 2) {
            continue;
        }
        let mut names = exports.get(&id).cloned().unwrap_or_default();
        exported(block).iter().for_each(|own| {
            names.remove(own);
        });
        let declared: FxHashSet<Id> = collect_decls(*block);
        block.visit_mut_with(&mut RefRewriter { query: Foreign { namespace: namespace.clone(), names, declared } });
    }
}

fn part(declaration: &mut Decl) -> Option<(Ident, &mut TsModuleBlock)> {
    let module = declaration.as_mut_ts_module().filter(|module| !module.declare)?;
    match (&module.id, &mut module.body) {
        (TsModuleName::Ident(name), Some(TsNamespaceBody::TsModuleBlock(block))) => Some((name.clone(), block)),
        _ => None,
    }
}

/// The names of the values that a part exports.
fn exported(block: &TsModuleBlock) -> Vec<Atom> {
    let names = block.body.iter().filter_map(|item| match item {
        ModuleItem::ModuleDecl(ModuleDecl::ExportDecl(export)) => Some(match &export.decl {
            Decl::Var(variables) => find_pat_ids::<_, Ident>(variables).into_iter().map(|name| name.sym).collect(),
            Decl::Fn(function) => vec![function.ident.sym.clone()],
            Decl::Class(class) => vec![class.ident.sym.clone()],
            Decl::TsEnum(one) => vec![one.id.sym.clone()],
            Decl::TsModule(module) => module.id.as_ident().map(|name| name.sym.clone()).into_iter().collect(),
            Decl::Using(_) | Decl::TsInterface(_) | Decl::TsTypeAlias(_) => Vec::new(),
        }),
        ModuleItem::ModuleDecl(ModuleDecl::TsImportEquals(import)) if import.is_export => {
            Some(vec![import.id.sym.clone()])
        }
        _ => None,
    });
    names.flatten().collect()
}

/// Names that stand for exports of other parts.
struct Foreign {
    namespace: Ident,
    names: FxHashSet<Atom>,
    /// What this part declares, at any depth.
    declared: FxHashSet<Id>,
}

impl Foreign {
    fn member(&self, name: &Ident) -> Option<Box<Expr>> {
        if !self.names.contains(&name.sym) || self.declared.contains(&name.to_id()) {
            return None;
        }
        let object = Ident { span: DUMMY_SP, ..self.namespace.clone() };
        let prop = MemberProp::Ident(IdentName::new(name.sym.clone(), name.span));
        Some(Box::new(Expr::Member(MemberExpr { span: name.span, obj: Box::new(object.into()), prop })))
    }
}

impl QueryRef for Foreign {
    fn query_ref(&self, name: &Ident) -> Option<Box<Expr>> {
        self.member(name)
    }

    fn query_lhs(&self, name: &Ident) -> Option<Box<Expr>> {
        self.member(name)
    }
}
