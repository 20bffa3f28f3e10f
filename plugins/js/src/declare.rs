//! Which top-level names a statement declares.

use swc_core::atoms::Atom;
use swc_core::common::SyntaxContext;
use swc_core::ecma::ast::*;
use swc_core::ecma::utils::find_pat_ids;

/// Collects the top-level names that a statement declares, `var`s of inner blocks included.
pub(crate) struct Declared {
    pub(crate) top_level: SyntaxContext,
    /// In source order, each once.
    pub(crate) names: Vec<Atom>,
}

impl Declared {
    pub(crate) fn statement(&mut self, statement: &Stmt) {
        match statement {
            Stmt::Decl(declaration) => self.declaration(declaration),
            Stmt::Block(block) => self.block(block),
            Stmt::If(statement) => {
                self.statement(&statement.cons);
                if let Some(alternative) = &statement.alt {
                    self.statement(alternative);
                }
            }
            Stmt::For(statement) => {
                if let Some(VarDeclOrExpr::VarDecl(declaration)) = &statement.init {
                    self.variables(declaration);
                }
                self.statement(&statement.body);
            }
            Stmt::ForIn(statement) => {
                self.head(&statement.left);
                self.statement(&statement.body);
            }
            Stmt::ForOf(statement) => {
                self.head(&statement.left);
                self.statement(&statement.body);
            }
            Stmt::While(statement) => self.statement(&statement.body),
            Stmt::DoWhile(statement) => self.statement(&statement.body),
            Stmt::With(statement) => self.statement(&statement.body),
            Stmt::Labeled(statement) => self.statement(&statement.body),
            Stmt::Try(statement) => {
                self.block(&statement.block);
                if let Some(handler) = &statement.handler {
                    self.block(&handler.body);
                }
                if let Some(finalizer) = &statement.finalizer {
                    self.block(finalizer);
                }
            }
            Stmt::Switch(statement) => {
                statement.cases.iter().flat_map(|case| &case.cons).for_each(|statement| self.statement(statement));
            }
            _ => {}
        }
    }

    fn block(&mut self, block: &BlockStmt) {
        block.stmts.iter().for_each(|statement| self.statement(statement));
    }

    fn head(&mut self, head: &ForHead) {
        if let ForHead::VarDecl(declaration) = head {
            self.variables(declaration);
        }
    }

    pub(crate) fn declaration(&mut self, declaration: &Decl) {
        match declaration {
            Decl::Fn(function) => self.name(&function.ident),
            Decl::Class(class) => self.name(&class.ident),
            Decl::Var(declaration) => self.variables(declaration),
            Decl::Using(declaration) => declaration.decls.iter().for_each(|declarator| self.pattern(&declarator.name)),
            _ => {}
        }
    }

    fn variables(&mut self, declaration: &VarDecl) {
        declaration.decls.iter().for_each(|declarator| self.pattern(&declarator.name));
    }

    fn name(&mut self, name: &Ident) {
        if name.ctxt == self.top_level && !self.names.contains(&name.sym) {
            self.names.push(name.sym.clone());
        }
    }

    pub(crate) fn pattern(&mut self, pattern: &Pat) {
        find_pat_ids::<_, Ident>(pattern).iter().for_each(|name| self.name(name));
    }
}
