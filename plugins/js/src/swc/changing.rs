//! Tells the compressor which variables change.
//!
//! swc takes a variable for constant if one place of the text gives it its value, also where that place runs again, in a loop or in a function
//! that others call, and puts it in the place of what is copied from it. An imported name is constant to it as well:
//!
//! ```text
//! for (var k of list) { const v = k; later(() => v) }        for (var k of list) later(() => k)
//! const before = count; count_up(); log(before)              count_up(), log(count)
//! ```
//!
//! It keeps its hands off variables that two places assign to. So each such place gets a second one while code is compressed, which never runs:
//!
//! ```text
//! k = value                      (NEVER && (k = 0), k = value)
//! var k = value                  var k = (NEVER && (k = 0), value)
//! for (var k of list)            for (var k of (NEVER && (k = 0), list))
//! import { count }               NEVER && (count = 0), at the end of the module
//! class A extends k {}           class A extends k {} NEVER && (A = 0)
//! ```
//!
//! The last because it puts a class that is used once in the place of its use, whatever evaluating it reads and however often that changes.
//!
//! A variable that nothing is copied from or computed with is left alone: the compressor may merge its only use with its value.

mod analysis;

use self::analysis::{changing, variables_of};
use rustc_hash::FxHashSet;
use swc_core::common::util::take::Take;
use swc_core::common::{DUMMY_SP, SyntaxContext};
use swc_core::ecma::ast::*;
use swc_core::ecma::utils::{ExprFactory, StmtLike, find_pat_ids};
use swc_core::ecma::visit::{VisitMut, VisitMutWith, noop_visit_mut_type};

/// What is false, but not to the compressor: a free name that no code can have.
const NEVER: &str = "\0never";

/// Adds what [`unmark`] removes, to a tree whose names are resolved and which has no parentheses. Whether there is any.
pub(super) fn mark(tree: &mut Program, unresolved: SyntaxContext) -> bool {
    let changing = changing(tree);
    if changing.is_empty() {
        return false;
    }
    tree.visit_mut_with(&mut Marker { changing, unresolved });
    true
}

/// Removes it.
pub(super) fn unmark(tree: &mut Program) {
    tree.visit_mut_with(&mut Remover);
}

struct Marker {
    /// The variables, and the classes that have to stay before them.
    changing: FxHashSet<Id>,
    unresolved: SyntaxContext,
}

impl Marker {
    /// `NEVER && (name = 0)` for those of these names.
    fn marks(&self, names: impl IntoIterator<Item = Ident>) -> Vec<Expr> {
        let changing = names.into_iter().filter(|name| self.changing.contains(&name.to_id()));
        let mark = |name: Ident| {
            let never = Ident::new(NEVER.into(), DUMMY_SP, self.unresolved);
            let assignment = Expr::from(0.0).make_assign_to(op!("="), AssignTarget::from(BindingIdent::from(name)));
            Expr::from(never).make_bin(op!("&&"), assignment)
        };
        changing.map(mark).collect()
    }

    /// Puts marks behind classes.
    fn put_behind<S: StmtLike>(&self, statements: &mut Vec<S>) {
        let mark = |statement: &S| {
            let class = statement.as_stmt()?.as_decl()?.as_class()?;
            self.marks([class.ident.clone()]).pop()
        };
        if statements.iter().any(|statement| mark(statement).is_some()) {
            let marked = |statement| {
                let mark = mark(&statement).map(|mark| S::from(mark.into_stmt()));
                std::iter::once(statement).chain(mark)
            };
            *statements = std::mem::take(statements).into_iter().flat_map(marked).collect();
        }
    }

    fn put_before(&self, names: impl IntoIterator<Item = Ident>, value: &mut Expr) {
        let mut values = self.marks(names);
        if !values.is_empty() {
            values.push(value.take());
            let exprs = values.into_iter().map(Box::new).collect();
            *value = Expr::Seq(SeqExpr { span: DUMMY_SP, exprs });
        }
    }
}

impl VisitMut for Marker {
    noop_visit_mut_type!();

    fn visit_mut_module_items(&mut self, items: &mut Vec<ModuleItem>) {
        items.visit_mut_children_with(self);
        self.put_behind(items);
    }

    fn visit_mut_stmts(&mut self, statements: &mut Vec<Stmt>) {
        statements.visit_mut_children_with(self);
        self.put_behind(statements);
    }

    fn visit_mut_module(&mut self, module: &mut Module) {
        module.visit_mut_children_with(self);
        let imports = module.body.iter().filter_map(|item| item.as_module_decl()?.as_import());
        let names: Vec<Ident> =
            imports.flat_map(|import| &import.specifiers).map(|clause| clause.local().clone()).collect();
        let marks = self.marks(names).into_iter().map(|mark| ModuleItem::Stmt(mark.into_stmt()));
        module.body.extend(marks);
    }

    fn visit_mut_var_declarator(&mut self, declarator: &mut VarDeclarator) {
        declarator.visit_mut_children_with(self);
        if let Some(init) = &mut declarator.init {
            self.put_before(find_pat_ids::<_, Ident>(&declarator.name), init);
        }
    }

    fn visit_mut_expr(&mut self, expression: &mut Expr) {
        expression.visit_mut_children_with(self);
        let names: Vec<Ident> = match expression {
            Expr::Assign(assignment) => find_pat_ids(&assignment.left),
            Expr::Update(update) => update.arg.as_ident().cloned().into_iter().collect(),
            _ => return,
        };
        self.put_before(names, expression);
    }

    fn visit_mut_for_in_stmt(&mut self, statement: &mut ForInStmt) {
        statement.visit_mut_children_with(self);
        self.put_before(variables_of(&statement.left), &mut statement.right);
    }

    fn visit_mut_for_of_stmt(&mut self, statement: &mut ForOfStmt) {
        statement.visit_mut_children_with(self);
        self.put_before(variables_of(&statement.left), &mut statement.right);
    }
}

/// Removes marks, wherever the compressor put them. Their values are of no use.
struct Remover;

/// A chain of `&&` that begins with [`NEVER`], or what is left of it.
fn is_mark(expression: &Expr) -> bool {
    match expression {
        Expr::Ident(name) => name.sym == *NEVER,
        Expr::Bin(BinExpr { op: op!("&&"), left, .. }) => is_mark(left),
        Expr::Paren(inner) => is_mark(&inner.expr),
        Expr::Seq(sequence) => sequence.exprs.iter().all(|part| is_mark(part)),
        _ => false,
    }
}

/// Parts that are sequences become their parts.
fn flatten(sequence: &mut SeqExpr) {
    for part in std::mem::take(&mut sequence.exprs) {
        if part.is_seq() {
            let mut inner = part.expect_seq();
            flatten(&mut inner);
            sequence.exprs.append(&mut inner.exprs);
        } else {
            sequence.exprs.push(part);
        }
    }
}

/// Where it matters whether an expression is a reference, it stays none: `(NEVER && …, object.method)()`.
fn keep_value(expression: &mut Expr) {
    match expression {
        Expr::Paren(inner) => keep_value(&mut inner.expr),
        Expr::Seq(sequence) if sequence.exprs.iter().filter(|part| !is_mark(part)).count() == 1 => {
            sequence.exprs.insert(0, Box::new(Expr::from(0.0)));
        }
        _ => {}
    }
}

fn is_mark_statement(statement: &Stmt) -> bool {
    matches!(statement, Stmt::Expr(statement) if is_mark(&statement.expr))
}

impl VisitMut for Remover {
    noop_visit_mut_type!();

    fn visit_mut_module_items(&mut self, items: &mut Vec<ModuleItem>) {
        items.retain(|item| !item.as_stmt().is_some_and(is_mark_statement));
        items.visit_mut_children_with(self);
    }

    fn visit_mut_stmts(&mut self, statements: &mut Vec<Stmt>) {
        statements.retain(|statement| !is_mark_statement(statement));
        statements.visit_mut_children_with(self);
    }

    fn visit_mut_stmt(&mut self, statement: &mut Stmt) {
        if is_mark_statement(statement) {
            *statement = EmptyStmt { span: DUMMY_SP }.into();
        }
        statement.visit_mut_children_with(self);
    }

    fn visit_mut_callee(&mut self, callee: &mut Callee) {
        if let Callee::Expr(expression) = callee {
            keep_value(expression);
        }
        callee.visit_mut_children_with(self);
    }

    fn visit_mut_opt_call(&mut self, call: &mut OptCall) {
        keep_value(&mut call.callee);
        call.visit_mut_children_with(self);
    }

    fn visit_mut_tagged_tpl(&mut self, template: &mut TaggedTpl) {
        keep_value(&mut template.tag);
        template.visit_mut_children_with(self);
    }

    fn visit_mut_unary_expr(&mut self, operation: &mut UnaryExpr) {
        if operation.op == op!("delete") {
            keep_value(&mut operation.arg);
        }
        operation.visit_mut_children_with(self);
    }

    fn visit_mut_expr(&mut self, expression: &mut Expr) {
        if let Expr::Seq(sequence) = expression
            && sequence.exprs.iter().any(|part| is_mark(part) || part.is_seq())
        {
            flatten(sequence);
            sequence.exprs.retain(|part| !is_mark(part));
            match sequence.exprs.len() {
                0 => *expression = Expr::from(0.0),
                1 => *expression = *sequence.exprs.remove(0),
                _ => {}
            }
        }
        match expression {
            // Where else it is, it is what it says: never.
            Expr::Ident(name) if name.sym == *NEVER => *expression = Expr::from(0.0),
            _ => expression.visit_mut_children_with(self),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::options::Format;
    use crate::swc::tests::settings;
    use crate::swc::{Draft, minify};

    #[track_caller]
    fn check(code: &str, expected: &str) {
        let mut draft = Draft::default();
        draft.push(code);
        let small = minify(draft, Format::Esm, &settings(|_| ()), false).expect("it parses");
        assert_eq!(small.code, expected);
    }

    #[test]
    fn copies_of_what_changes_stay() {
        check("for (var k of f()) { const v = k; g(() => v); }", "for(var e of f()){let r=e;g(()=>r)}");
        check(
            "let i = 0; while (i < 3) { var k = f(i++); g(((v) => () => v)(k)); }",
            "let e=0;for(;e<3;){let l;var r=f(e++);g((l=r,()=>l))}",
        );
    }

    #[test]
    fn classes_are_evaluated_before_what_they_read_changes() {
        check(
            "let a = f(); class A extends a {} a = g(); h(new A(), a);",
            "let e=f();class n extends e{}e=g(),h(new n,e);",
        );
        check(
            "import { a, b } from './a.js'; class A { static [a] = 1; } b(); h(A);",
            "import{a as s,b as a}from\"./a.js\";class r{static [s]=1}a(),h(r);",
        );
        check(
            "const a = f(); class A extends a { b() { return c } } let c = 1; c = g(); h(A);",
            "let e=f(),s=1;s=g(),h(class extends e{b(){return s}});",
        );
        check(
            "let a = f(); class A extends (() => a)() {} a = g(); h(new A(), a);",
            "let e=f();class n extends e{}e=g(),h(new n,e);",
        );
    }

    #[test]
    fn what_nobody_copies_is_merged_with_its_use() {
        check("for (const a of f()) { var k = a.b; k.g(); }", "for(let o of f())o.b.g();");
    }

    #[test]
    fn what_runs_once_is_constant() {
        check("var a = f(); const b = a; g(() => b, () => b);", "var a=f();g(()=>a,()=>a);");
        let wrapped =
            |helper| format!("var a, b, init = {helper}(() => {{ a = f(); b = a; }}); init(); h(a, b, () => b);");
        check(&wrapped("__esm"), "var _,a;__esm(()=>{a=_=f()})(),h(_,a,()=>a);");
        check(&wrapped("often"), "var e,n;often(()=>{e=f(),n=e})(),h(e,n,()=>n);");
    }
}
