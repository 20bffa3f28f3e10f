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
//! ```
//!
//! A variable that nothing is copied from or computed with is left alone: the compressor may merge its only use with its value.

use super::segments::is_constant;
use crate::runtime::Helper;
use rustc_hash::{FxHashMap, FxHashSet};
use swc_core::common::util::take::Take;
use swc_core::common::{DUMMY_SP, SyntaxContext};
use swc_core::ecma::ast::*;
use swc_core::ecma::utils::ident::IdentLike;
use swc_core::ecma::utils::{ExprFactory, find_pat_ids};
use swc_core::ecma::visit::{Visit, VisitMut, VisitMutWith, VisitWith, noop_visit_mut_type, noop_visit_type};

/// What is false, but not to the compressor: a free name that no code can have.
const NEVER: &str = "\0never";

/// Adds what [`unmark`] removes, to a tree whose names are resolved and which has no parentheses. Whether there is any.
pub(super) fn mark(tree: &mut Program, unresolved: SyntaxContext) -> bool {
    let mut analysis = Analysis::default();
    tree.visit_with(&mut analysis);
    let changing = analysis.changing();
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

/// Where code stands: how many functions are around it, and how many loops of the innermost of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    functions: u32,
    loops: u32,
}

/// What is known of one name.
#[derive(Default)]
struct Variable {
    /// Where it begins anew.
    declared: Option<Place>,
    is_imported: bool,
    /// Where it gets its value, if one place gives it one.
    assigned: Option<Place>,
    assignments: u32,
    /// It gets its value after its declaration.
    is_late: bool,
    /// Something has its value, or one that comes of it, such as `name + 1`.
    is_used: bool,
    /// Something has its very value.
    is_copied: bool,
    /// How many functions are around these uses, at most.
    functions: u32,
}

impl Variable {
    /// Whether the compressor has to be told that it changes.
    fn is_changing(&self) -> bool {
        if self.is_imported {
            return self.is_used;
        }
        let (1, Some(assigned)) = (self.assignments, self.assigned) else { return false };
        match self.declared {
            // A function may run before and after the assignment.
            Some(declared) if declared == assigned => {
                self.is_late && self.is_used && self.functions > declared.functions
            }
            // Others may call what assigns while something is computed.
            Some(declared) if declared.functions < assigned.functions => self.is_used,
            // In a loop. What is computed is used before the next turn, or kept.
            Some(declared) => declared < assigned && self.is_copied,
            // Parameters and the like begin anew with what is around a loop.
            None => assigned.loops > 0 && self.is_copied,
        }
    }
}

#[derive(Default)]
struct Analysis {
    variables: FxHashMap<Id, Variable>,
    place: Place,
    /// In code of a module, which runs once.
    runs_once: bool,
}

impl Analysis {
    fn changing(self) -> FxHashSet<Id> {
        self.variables.into_iter().filter(|(_, variable)| variable.is_changing()).map(|(name, _)| name).collect()
    }

    fn of(&mut self, name: Id) -> &mut Variable {
        self.variables.entry(name).or_default()
    }

    fn assign(&mut self, names: impl IntoIterator<Item = Id>, is_late: bool) {
        let place = self.place;
        for name in names {
            let variable = self.of(name);
            variable.is_late |= is_late;
            variable.assignments += 1;
            variable.assigned = Some(place);
        }
    }

    fn use_value(&mut self, name: &Ident, is_copy: bool) {
        let functions = self.place.functions;
        let variable = self.of(name.to_id());
        variable.is_used = true;
        variable.is_copied |= is_copy;
        variable.functions = variable.functions.max(functions);
    }

    /// Something gets this value.
    fn copy(&mut self, value: &Expr) {
        self.note(value, true);
    }

    /// Notes the names that a value comes of as long as no other code runs: a call, say, is not put in another place. `a` and `b` of
    /// `c ? a : [b]` may be the value or a part of it.
    fn note(&mut self, value: &Expr, is_copy: bool) {
        match value {
            Expr::Ident(name) => self.use_value(name, is_copy),
            Expr::Seq(sequence) => sequence.exprs.last().into_iter().for_each(|last| self.note(last, is_copy)),
            // What is assigned to a name is seen where that is.
            Expr::Assign(assignment) if is_member(&assignment.left) => self.note(&assignment.right, is_copy),
            Expr::Cond(choice) => {
                self.note(&choice.test, false);
                self.note(&choice.cons, is_copy);
                self.note(&choice.alt, is_copy);
            }
            Expr::Bin(operation) => {
                let is_copy = is_copy && matches!(operation.op, op!("&&") | op!("||") | op!("??"));
                self.note(&operation.left, is_copy);
                self.note(&operation.right, is_copy);
            }
            Expr::Unary(operation) => self.note(&operation.arg, false),
            Expr::Tpl(template) => template.exprs.iter().for_each(|value| self.note(value, false)),
            Expr::Member(MemberExpr { obj, .. }) if matches!(**obj, Expr::Array(_) | Expr::Object(_)) => {
                self.note(obj, is_copy);
            }
            Expr::Array(array) => array.elems.iter().flatten().for_each(|value| self.note(&value.expr, is_copy)),
            Expr::Object(object) => object.props.iter().for_each(|property| self.note_property(property, is_copy)),
            _ => {}
        }
    }

    fn note_property(&mut self, property: &PropOrSpread, is_copy: bool) {
        match property {
            PropOrSpread::Spread(spread) => self.note(&spread.expr, is_copy),
            PropOrSpread::Prop(property) => match &**property {
                Prop::Shorthand(name) => self.use_value(name, is_copy),
                Prop::KeyValue(property) => {
                    if let PropName::Computed(key) = &property.key {
                        self.note(&key.expr, false);
                    }
                    self.note(&property.value, is_copy);
                }
                _ => {}
            },
        }
    }

    fn copy_all<'a>(&mut self, values: impl IntoIterator<Item = &'a ExprOrSpread>) {
        values.into_iter().for_each(|value| self.copy(&value.expr));
    }

    fn in_function<T: VisitWith<Self> + ?Sized>(&mut self, function: &T) {
        let place = Place { functions: self.place.functions + 1, loops: 0 };
        let outer = (std::mem::replace(&mut self.place, place), std::mem::take(&mut self.runs_once));
        function.visit_children_with(self);
        (self.place, self.runs_once) = outer;
    }

    fn in_loop(&mut self, visit: impl FnOnce(&mut Self)) {
        self.place.loops += 1;
        visit(self);
        self.place.loops -= 1;
    }

    fn in_for_each(&mut self, head: &ForHead, right: &Expr, body: &Stmt) {
        right.visit_with(self);
        self.in_loop(|own| {
            own.assign(variables_of(head), false);
            head.visit_with(own);
            body.visit_with(own);
        });
    }
}

/// What each turn of a loop gives a value, but for constants, which are the turn's own.
fn variables_of<I: IdentLike>(head: &ForHead) -> Vec<I> {
    match head {
        ForHead::VarDecl(declaration) if declaration.kind != VarDeclKind::Const => find_pat_ids(&declaration.decls),
        ForHead::Pat(pattern) => find_pat_ids(pattern),
        _ => Vec::new(),
    }
}

/// Whether a call of it makes a function that evaluates a module, once: its variables, which stand outside of that, change no more than those
/// of other modules.
fn is_wrapper(callee: &Ident) -> bool {
    [Helper::Esm, Helper::EsmAsync].into_iter().any(|helper| {
        let rest = callee.sym.strip_prefix(helper.name());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('$'))
    })
}

fn is_member(target: &AssignTarget) -> bool {
    matches!(target, AssignTarget::Simple(SimpleAssignTarget::Member(_)))
}

impl Visit for Analysis {
    noop_visit_type!();

    fn visit_import_decl(&mut self, import: &ImportDecl) {
        if is_constant(import) {
            return;
        }
        for clause in import.specifiers.iter().filter(|clause| !clause.is_namespace()) {
            self.of(clause.local().to_id()).is_imported = true;
        }
    }

    fn visit_var_decl(&mut self, declaration: &VarDecl) {
        let place = match declaration.kind {
            VarDeclKind::Var => Place { loops: 0, ..self.place },
            VarDeclKind::Let => self.place,
            VarDeclKind::Const => return declaration.visit_children_with(self),
        };
        for name in find_pat_ids(&declaration.decls) {
            self.of(name).declared = Some(place);
        }
        for declarator in declaration.decls.iter().filter(|declarator| declarator.init.is_some()) {
            self.assign(find_pat_ids(&declarator.name), false);
        }
        declaration.visit_children_with(self);
    }

    fn visit_var_declarator(&mut self, declarator: &VarDeclarator) {
        // Of an object that is taken apart there is no copy.
        if let Some(init) = declarator.init.as_deref().filter(|init| declarator.name.is_ident() || !init.is_ident()) {
            self.copy(init);
        }
        declarator.visit_children_with(self);
    }

    fn visit_assign_expr(&mut self, assignment: &AssignExpr) {
        self.assign(find_pat_ids(&assignment.left), !self.runs_once);
        if !is_member(&assignment.left) {
            self.copy(&assignment.right);
        }
        assignment.visit_children_with(self);
    }

    fn visit_update_expr(&mut self, update: &UpdateExpr) {
        self.assign(update.arg.as_ident().map(Ident::to_id), !self.runs_once);
        update.visit_children_with(self);
    }

    fn visit_assign_pat(&mut self, pattern: &AssignPat) {
        self.copy(&pattern.right);
        pattern.visit_children_with(self);
    }

    fn visit_assign_pat_prop(&mut self, property: &AssignPatProp) {
        property.value.iter().for_each(|value| self.copy(value));
        property.visit_children_with(self);
    }

    fn visit_call_expr(&mut self, call: &CallExpr) {
        self.copy_all(&call.args);
        call.callee.visit_with(self);
        let callee = call.callee.as_expr().and_then(|callee| callee.as_ident());
        let is_wrapper = callee.is_some_and(is_wrapper);
        for argument in &call.args {
            match &*argument.expr {
                Expr::Arrow(arrow) if is_wrapper => {
                    let outer = std::mem::replace(&mut self.runs_once, true);
                    arrow.visit_children_with(self);
                    self.runs_once = outer;
                }
                argument => argument.visit_with(self),
            }
        }
    }

    fn visit_new_expr(&mut self, new: &NewExpr) {
        self.copy_all(new.args.iter().flatten());
        new.visit_children_with(self);
    }

    fn visit_tagged_tpl(&mut self, template: &TaggedTpl) {
        template.tpl.exprs.iter().for_each(|value| self.copy(value));
        template.visit_children_with(self);
    }

    fn visit_opt_call(&mut self, call: &OptCall) {
        self.copy_all(&call.args);
        call.visit_children_with(self);
    }

    fn visit_return_stmt(&mut self, statement: &ReturnStmt) {
        statement.arg.iter().for_each(|value| self.copy(value));
        statement.visit_children_with(self);
    }

    fn visit_function(&mut self, function: &Function) {
        self.in_function(function);
    }

    fn visit_arrow_expr(&mut self, arrow: &ArrowExpr) {
        if let ArrowFunctionBody::Expr(value) = &*arrow.body {
            self.copy(value);
        }
        self.in_function(arrow);
    }

    fn visit_constructor(&mut self, constructor: &Constructor) {
        self.in_function(constructor);
    }

    fn visit_getter_prop(&mut self, getter: &GetterProp) {
        self.in_function(getter);
    }

    fn visit_setter_prop(&mut self, setter: &SetterProp) {
        self.in_function(setter);
    }

    fn visit_class_prop(&mut self, property: &ClassProp) {
        self.in_function(property);
    }

    fn visit_private_prop(&mut self, property: &PrivateProp) {
        self.in_function(property);
    }

    fn visit_auto_accessor(&mut self, property: &AutoAccessor) {
        self.in_function(property);
    }

    fn visit_static_block(&mut self, block: &StaticBlock) {
        self.in_function(block);
    }

    fn visit_for_in_stmt(&mut self, statement: &ForInStmt) {
        self.in_for_each(&statement.left, &statement.right, &statement.body);
    }

    fn visit_for_of_stmt(&mut self, statement: &ForOfStmt) {
        self.in_for_each(&statement.left, &statement.right, &statement.body);
    }

    fn visit_for_stmt(&mut self, statement: &ForStmt) {
        statement.init.visit_with(self);
        self.in_loop(|own| {
            statement.test.visit_with(own);
            statement.update.visit_with(own);
            statement.body.visit_with(own);
        });
    }

    fn visit_while_stmt(&mut self, statement: &WhileStmt) {
        self.in_loop(|own| statement.visit_children_with(own));
    }

    fn visit_do_while_stmt(&mut self, statement: &DoWhileStmt) {
        self.in_loop(|own| statement.visit_children_with(own));
    }
}

struct Marker {
    changing: FxHashSet<Id>,
    unresolved: SyntaxContext,
}

impl Marker {
    /// `NEVER && (name = 0)` for each of these names that changes.
    fn marks(&self, names: impl IntoIterator<Item = Ident>) -> Vec<Expr> {
        let changing = names.into_iter().filter(|name| self.changing.contains(&name.to_id()));
        let mark = |name: Ident| {
            let never = Ident::new(NEVER.into(), DUMMY_SP, self.unresolved);
            let assignment = Expr::from(0.0).make_assign_to(op!("="), AssignTarget::from(BindingIdent::from(name)));
            Expr::from(never).make_bin(op!("&&"), assignment)
        };
        changing.map(mark).collect()
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
