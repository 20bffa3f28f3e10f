//! Statements of the top level taken apart, so that each lives or dies alone.

use swc_core::ecma::ast::*;

/// What stands in a block that declares nothing of its own, as dead branches leave them, stands as well without it.
pub(super) fn open_blocks(module: &mut Module) {
    let is_open = |statement: &Stmt| match statement {
        Stmt::Decl(Decl::Var(declaration)) => declaration.kind == VarDeclKind::Var,
        Stmt::Decl(_) => false,
        _ => true,
    };
    let opens =
        |item: &ModuleItem| matches!(item, ModuleItem::Stmt(Stmt::Block(block)) if block.stmts.iter().all(is_open));
    while module.body.iter().any(opens) {
        let items = std::mem::take(&mut module.body);
        for item in items {
            match item {
                ModuleItem::Stmt(Stmt::Block(block)) if block.stmts.iter().all(is_open) => {
                    module.body.extend(block.stmts.into_iter().map(ModuleItem::Stmt));
                }
                item => module.body.push(item),
            }
        }
    }
}

/// `const a = 1, b = 2` becomes two statements, so that each lives or dies alone.
pub(super) fn split_declarations(module: &mut Module) {
    let splits = |declaration: &VarDecl| declaration.decls.len() > 1;
    let needed = module.body.iter().any(|item| match item {
        ModuleItem::Stmt(Stmt::Decl(Decl::Var(declaration))) => splits(declaration),
        ModuleItem::ModuleDecl(ModuleDecl::ExportDecl(ExportDecl { decl: Decl::Var(declaration), .. })) => {
            splits(declaration)
        }
        _ => false,
    });
    if !needed {
        return;
    }
    let each = |declaration: VarDecl| {
        let VarDecl { span, ctxt, kind, declare, decls } = declaration;
        decls.into_iter().map(move |one| Box::new(VarDecl { span, ctxt, kind, declare, decls: vec![one] }))
    };
    let mut body = Vec::with_capacity(module.body.len() * 2);
    for item in module.body.drain(..) {
        match item {
            ModuleItem::Stmt(Stmt::Decl(Decl::Var(declaration))) => {
                body.extend(each(*declaration).map(|one| ModuleItem::Stmt(Stmt::Decl(Decl::Var(one)))));
            }
            ModuleItem::ModuleDecl(ModuleDecl::ExportDecl(ExportDecl { span, decl: Decl::Var(declaration) })) => {
                body.extend(each(*declaration).map(|one| {
                    ModuleItem::ModuleDecl(ModuleDecl::ExportDecl(ExportDecl { span, decl: Decl::Var(one) }))
                }));
            }
            other => body.push(other),
        }
    }
    module.body = body;
}
