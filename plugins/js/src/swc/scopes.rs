//! Declarations whose scope the resolver does not see as ECMAScript has it, or that strict code has not, rewritten:
//!
//! ```text
//! catch (e) { var e = 1 }            var e; … catch (e) { e = 1 }            the parameter is assigned, the variable declared
//! if (a) { function f() {} }         var f; … if (a) { function f() {} f = f }     the variable gets the block's function
//! if (a) function f() {}             if (a) { function f() {} }
//! for (var a = 1 in b);              { var a = 1; for (var a in b); }
//! a: function f() {}                 function f() {}
//! ```
//!
//! The second is for sloppy scripts, whose output is strict code in which the name of a block's function ends with the block. Both `f` have
//! contexts of their own.

use super::targets::Targets;
use rustc_hash::{FxHashMap, FxHashSet};
use swc_core::atoms::Atom;
use swc_core::common::util::take::Take;
use swc_core::common::{BytePos, DUMMY_SP, Span, SyntaxContext};
use swc_core::ecma::ast::*;
use swc_core::ecma::utils::find_pat_ids;
use swc_core::ecma::visit::{VisitMut, VisitMutWith, noop_visit_mut_type};

/// What there is to rewrite.
#[derive(Default)]
pub(super) struct Rewrites {
    /// A `var` has the name of the `catch` parameter around it.
    pub(super) caught: bool,
    /// `for (var a = 1 in b)`.
    pub(super) for_in: bool,
    /// `a: function f() {}`.
    pub(super) labelled_functions: bool,
    /// A function stands in a block of sloppy code.
    pub(super) block_functions: bool,
    /// A name stands in parentheses, where something may be assigned to it.
    pub(super) parentheses: bool,
    /// Positions of the names of such functions that are also variables of the function around.
    pub(super) functions: FxHashSet<BytePos>,
}

impl Rewrites {
    /// Rewrites a program before its names are resolved.
    pub(super) fn prepare(&self, program: &mut Program) {
        if self.caught || self.for_in || self.labelled_functions || self.block_functions {
            program.visit_mut_with(&mut Declarations { rewrites: self, caught: Vec::new(), variables: Vec::new() });
        }
        if self.parentheses {
            program.visit_mut_with(&mut Targets);
        }
        // In strict code the resolver keeps functions in their blocks.
        if let (true, Program::Script(script)) = (self.block_functions, program) {
            script.body.insert(0, directive());
        }
    }

    /// Sets the variables of block functions once names are resolved; returns whether there are two names of one text now.
    pub(super) fn finish(&self, program: &mut Program) -> bool {
        let Program::Script(script) = program else { return false };
        if self.block_functions {
            script.body.remove(0);
            script.visit_mut_with(&mut Assignments { functions: &self.functions, variables: FxHashMap::default() });
        }
        self.block_functions
    }
}

fn directive() -> Stmt {
    // The resolver looks at the text as it is written.
    let literal = Str { span: DUMMY_SP, value: "use strict".into(), raw: Some("\"use strict\"".into()) };
    Stmt::Expr(ExprStmt { span: DUMMY_SP, expr: Box::new(Expr::Lit(Lit::Str(literal))) })
}

/// Rewrites declarations, by their text alone.
struct Declarations<'a> {
    rewrites: &'a Rewrites,
    /// Names of the `catch` parameters around, within the same function.
    caught: Vec<Atom>,
    /// What the function around has to declare.
    variables: Vec<Ident>,
}

impl Declarations<'_> {
    fn body<T: AsStatement>(&mut self, items: &mut Vec<T>)
    where
        Vec<T>: VisitMutWith<Self>,
    {
        let (caught, variables) = (std::mem::take(&mut self.caught), std::mem::take(&mut self.variables));
        items.visit_mut_with(self);
        self.caught = caught;
        let mut new = std::mem::replace(&mut self.variables, variables);
        new.sort_by(|a, b| a.sym.cmp(&b.sym));
        new.dedup_by(|a, b| a.sym == b.sym);
        if !new.is_empty() {
            let directives = items.iter().take_while(|item| item.statement().is_some_and(is_directive)).count();
            items.insert(directives, T::from(variables_of(new)));
        }
    }

    fn is_caught(&self, declarator: &VarDeclarator) -> bool {
        find_pat_ids::<_, Ident>(&declarator.name).iter().any(|name| self.caught.contains(&name.sym))
    }

    fn has_caught(&self, declaration: &VarDecl) -> bool {
        declaration.kind == VarDeclKind::Var && declaration.decls.iter().any(|declarator| self.is_caught(declarator))
    }

    /// The names are declared by the function; what is left is the assignment.
    fn assignment(&mut self, declarator: VarDeclarator) -> Option<Box<Expr>> {
        self.declare(&declarator.name);
        let left = AssignTarget::try_from(declarator.name).ok()?;
        let is_pattern = left.is_pat();
        let assignment = AssignExpr { span: declarator.span, op: AssignOp::Assign, left, right: declarator.init? };
        let expression = Box::new(Expr::Assign(assignment));
        // A statement that begins with `{` is a block.
        Some(if is_pattern {
            Box::new(Expr::Paren(ParenExpr { span: DUMMY_SP, expr: expression }))
        } else {
            expression
        })
    }

    fn declare(&mut self, pattern: &Pat) {
        let names = find_pat_ids::<_, Ident>(pattern).into_iter();
        self.variables.extend(names.map(|name| Ident::new_no_ctxt(name.sym, DUMMY_SP)));
    }

    fn assignments(&mut self, declaration: VarDecl) -> Stmt {
        let VarDecl { span, ctxt, kind, declare, decls } = declaration;
        let statements = decls.into_iter().filter_map(|declarator| {
            if self.is_caught(&declarator) {
                let expr = self.assignment(declarator)?;
                return Some(Stmt::Expr(ExprStmt { span, expr }));
            }
            Some(Stmt::Decl(Decl::Var(Box::new(VarDecl { span, ctxt, kind, declare, decls: vec![declarator] }))))
        });
        block(statements.collect())
    }
}

/// One statement of several: `var` leaves the block.
fn block(mut statements: Vec<Stmt>) -> Stmt {
    if statements.len() == 1
        && let Some(only) = statements.pop()
    {
        return only;
    }
    Stmt::Block(BlockStmt { stmts: statements, ..BlockStmt::dummy() })
}

fn variables_of(names: Vec<Ident>) -> Stmt {
    let declarator =
        |name: Ident| VarDeclarator { span: DUMMY_SP, name: Pat::Ident(name.into()), init: None, definite: false };
    let decls = names.into_iter().map(declarator).collect();
    Stmt::Decl(Decl::Var(Box::new(VarDecl { kind: VarDeclKind::Var, decls, ..VarDecl::dummy() })))
}

/// A string alone, at the beginning of a function or file.
pub(super) fn is_directive(statement: &Stmt) -> bool {
    matches!(statement, Stmt::Expr(statement) if matches!(&*statement.expr, Expr::Lit(Lit::Str(_))))
}

/// Takes the initial value out of the head of a `for`-`in`, whatever labels that has.
fn initial_value(statement: &mut Stmt) -> Option<VarDecl> {
    match statement {
        Stmt::Labeled(labelled) => initial_value(&mut labelled.body),
        Stmt::ForIn(ForInStmt { left: ForHead::VarDecl(head), .. }) => {
            let before = (**head).clone();
            let had = head.decls.iter_mut().any(|declarator| declarator.init.take().is_some());
            had.then_some(before)
        }
        _ => None,
    }
}

/// Of a sloppy block's functions of one name the last one counts; strict blocks may have only one.
fn keep_last_functions(statements: &mut Vec<Stmt>) {
    let name = |statement: &Stmt| match statement {
        Stmt::Decl(Decl::Fn(function)) => Some(function.ident.sym.clone()),
        _ => None,
    };
    let mut later = FxHashSet::default();
    let is_last: Vec<bool> =
        statements.iter().rev().map(|statement| name(statement).is_none_or(|name| later.insert(name))).collect();
    let mut is_last = is_last.into_iter().rev();
    statements.retain(|_| is_last.next().unwrap_or(true));
}

fn braced(branch: &mut Box<Stmt>) {
    if matches!(&**branch, Stmt::Decl(Decl::Fn(_))) {
        **branch = Stmt::Block(BlockStmt { stmts: vec![*branch.take()], ..BlockStmt::dummy() });
    }
}

impl VisitMut for Declarations<'_> {
    noop_visit_mut_type!();

    fn visit_mut_function_body(&mut self, body: &mut FunctionBody) {
        self.body(&mut body.stmts);
    }

    fn visit_mut_static_block(&mut self, block: &mut StaticBlock) {
        self.body(&mut block.body.stmts);
    }

    fn visit_mut_script(&mut self, script: &mut Script) {
        self.body(&mut script.body);
    }

    fn visit_mut_module(&mut self, module: &mut Module) {
        self.body(&mut module.body);
    }

    fn visit_mut_ts_module_block(&mut self, block: &mut TsModuleBlock) {
        self.body(&mut block.body);
    }

    fn visit_mut_catch_clause(&mut self, clause: &mut CatchClause) {
        let outside = self.caught.len();
        if let Some(Pat::Ident(name)) = &clause.param {
            self.caught.push(name.sym.clone());
        }
        clause.body.visit_mut_with(self);
        self.caught.truncate(outside);
    }

    fn visit_mut_block_stmt(&mut self, block: &mut BlockStmt) {
        if self.rewrites.block_functions {
            keep_last_functions(&mut block.stmts);
        }
        block.visit_mut_children_with(self);
    }

    fn visit_mut_stmt(&mut self, statement: &mut Stmt) {
        if let Stmt::Labeled(labelled) = statement
            && matches!(&*labelled.body, Stmt::Decl(Decl::Fn(_)))
        {
            *statement = *labelled.body.take();
        }
        if let Some(before) = initial_value(statement) {
            let declaration = Stmt::Decl(Decl::Var(Box::new(before)));
            *statement = block(vec![declaration, statement.take()]);
        }
        statement.visit_mut_children_with(self);
        if let Stmt::Decl(Decl::Var(declaration)) = statement
            && self.has_caught(declaration)
        {
            *statement = self.assignments(*declaration.take());
        }
    }

    fn visit_mut_if_stmt(&mut self, statement: &mut IfStmt) {
        braced(&mut statement.cons);
        statement.alt.iter_mut().for_each(braced);
        statement.visit_mut_children_with(self);
    }

    fn visit_mut_for_head(&mut self, head: &mut ForHead) {
        head.visit_mut_children_with(self);
        if let ForHead::VarDecl(declaration) = head
            && self.has_caught(declaration)
            && let [declarator] = declaration.decls.as_mut_slice()
            && declarator.init.is_none()
        {
            self.declare(&declarator.name);
            *head = ForHead::Pat(Box::new(declarator.name.take()));
        }
    }

    fn visit_mut_for_stmt(&mut self, statement: &mut ForStmt) {
        statement.visit_mut_children_with(self);
        if let Some(VarDeclOrExpr::VarDecl(declaration)) = &mut statement.init
            && self.has_caught(declaration)
        {
            let exprs: Vec<Box<Expr>> =
                declaration.decls.take().into_iter().filter_map(|declarator| self.assignment(declarator)).collect();
            let sequence = |exprs| VarDeclOrExpr::Expr(Box::new(Expr::Seq(SeqExpr { span: DUMMY_SP, exprs })));
            statement.init = (!exprs.is_empty()).then(|| sequence(exprs));
        }
    }

    fn visit_mut_fn_decl(&mut self, declaration: &mut FnDecl) {
        if self.rewrites.functions.contains(&declaration.ident.span.lo) {
            self.variables.push(Ident::new_no_ctxt(declaration.ident.sym.clone(), DUMMY_SP));
        }
        declaration.function.visit_mut_with(self);
    }
}

/// Puts the assignment behind each function of a block.
struct Assignments<'a> {
    functions: &'a FxHashSet<BytePos>,
    /// Of the function around: what [`Declarations`] declared, with its context.
    variables: FxHashMap<Atom, SyntaxContext>,
}

impl Assignments<'_> {
    fn body(&mut self, statements: &mut Vec<Stmt>) {
        let outside = std::mem::take(&mut self.variables);
        let first = statements.iter().find(|statement| !is_directive(statement));
        if let Some(Stmt::Decl(Decl::Var(declaration))) = first
            && declaration.span == Span::default()
        {
            let names = declaration.decls.iter().filter_map(|declarator| declarator.name.as_ident());
            self.variables = names.map(|name| (name.sym.clone(), name.ctxt)).collect();
        }
        statements.visit_mut_with(self);
        self.variables = outside;
    }

    fn assignment(&self, statement: &Stmt) -> Option<Stmt> {
        let Stmt::Decl(Decl::Fn(FnDecl { ident, .. })) = statement else { return None };
        let context = self.variables.get(&ident.sym).filter(|_| self.functions.contains(&ident.span.lo))?;
        let name = |ctxt| Ident { span: DUMMY_SP, ctxt, sym: ident.sym.clone(), optional: false };
        let (left, right) = (name(*context), Box::new(Expr::Ident(name(ident.ctxt))));
        let assignment = AssignExpr { span: DUMMY_SP, op: AssignOp::Assign, left: left.into(), right };
        Some(Stmt::Expr(ExprStmt { span: DUMMY_SP, expr: Box::new(Expr::Assign(assignment)) }))
    }
}

impl VisitMut for Assignments<'_> {
    noop_visit_mut_type!();

    fn visit_mut_function_body(&mut self, body: &mut FunctionBody) {
        self.body(&mut body.stmts);
    }

    fn visit_mut_static_block(&mut self, block: &mut StaticBlock) {
        self.body(&mut block.body.stmts);
    }

    fn visit_mut_script(&mut self, script: &mut Script) {
        self.body(&mut script.body);
    }

    fn visit_mut_stmts(&mut self, statements: &mut Vec<Stmt>) {
        statements.visit_mut_children_with(self);
        if statements.iter().any(|statement| self.assignment(statement).is_some()) {
            let taken = std::mem::take(statements);
            for statement in taken {
                let assignment = self.assignment(&statement);
                statements.push(statement);
                statements.extend(assignment);
            }
        }
    }
}

/// A statement among others, or among the items of a module.
trait AsStatement: From<Stmt> {
    fn statement(&self) -> Option<&Stmt>;
}

impl AsStatement for Stmt {
    fn statement(&self) -> Option<&Stmt> {
        Some(self)
    }
}

impl AsStatement for ModuleItem {
    fn statement(&self) -> Option<&Stmt> {
        self.as_stmt()
    }
}
