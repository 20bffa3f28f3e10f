//! `const require = createRequire(import.meta.url)`: the `require` that an ES module makes for itself, with Node's own function.

use crate::commonjs::is_meta_url;
use rustc_hash::FxHashSet;
use swc_core::atoms::Atom;
use swc_core::common::SyntaxContext;
use swc_core::ecma::ast::*;

/// The top-level constants of a module that hold such a function.
pub(super) fn created_requires(module: &Module, top_level: SyntaxContext) -> FxHashSet<Atom> {
    let makers = Makers::of(module);
    let declarations = module.body.iter().filter_map(|item| match item {
        ModuleItem::Stmt(Stmt::Decl(Decl::Var(declaration))) if declaration.kind == VarDeclKind::Const => {
            declaration.decls.first()
        }
        _ => None,
    });
    let made =
        declarations.filter(|declarator| declarator.init.as_deref().is_some_and(|init| makers.make(init, top_level)));
    made.filter_map(|declarator| Some(declarator.name.as_ident()?.sym.clone())).collect()
}

/// What a module imports that can make a `require`.
#[derive(Default)]
struct Makers {
    /// `createRequire` itself.
    functions: FxHashSet<Atom>,
    /// The module that has it.
    modules: FxHashSet<Atom>,
}

impl Makers {
    fn of(module: &Module) -> Self {
        let mut makers = Self::default();
        let imports = module.body.iter().filter_map(|item| item.as_module_decl()?.as_import());
        let is_node = |import: &&ImportDecl| matches!(&*import.src.value.to_string_lossy(), "module" | "node:module");
        for specifier in imports.filter(is_node).flat_map(|import| &import.specifiers) {
            let local = specifier.local().sym.clone();
            match specifier {
                ImportSpecifier::Named(named) => {
                    let name = named.imported.as_ref().map_or_else(|| local.clone(), super::export_name);
                    match name.as_str() {
                        "createRequire" => makers.functions.insert(local),
                        "default" | "Module" => makers.modules.insert(local),
                        _ => continue,
                    };
                }
                ImportSpecifier::Default(_) | ImportSpecifier::Namespace(_) => {
                    makers.modules.insert(local);
                }
            }
        }
        makers
    }

    /// Whether an expression is `createRequire(import.meta.url)`.
    fn make(&self, expression: &Expr, top_level: SyntaxContext) -> bool {
        let Expr::Call(CallExpr { callee: Callee::Expr(callee), args, .. }) = expression else { return false };
        let is_maker = match &**callee {
            Expr::Ident(name) => name.ctxt == top_level && self.functions.contains(&name.sym),
            Expr::Member(MemberExpr { obj, prop: MemberProp::Ident(property), .. }) => {
                property.sym == "createRequire"
                    && obj.as_ident().is_some_and(|name| name.ctxt == top_level && self.modules.contains(&name.sym))
            }
            _ => false,
        };
        is_maker && matches!(&args[..], [only] if is_meta_url(&only.expr))
    }
}
