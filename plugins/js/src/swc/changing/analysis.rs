//! Finds the variables that change, and the classes whose place matters.

use crate::runtime::Helper;
use crate::swc::segments::{is_changing, is_constant};
use rustc_hash::{FxHashMap, FxHashSet};
use swc_core::ecma::ast::*;
use swc_core::ecma::utils::find_pat_ids;
use swc_core::ecma::utils::ident::IdentLike;
use swc_core::ecma::visit::{Visit, VisitWith, noop_visit_type};

/// The names of which the compressor has to be told.
pub(super) fn changing(tree: &Program) -> FxHashSet<Id> {
    let mut analysis = Analysis::default();
    tree.visit_with(&mut analysis);
    analysis.changing()
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

    /// Whether it may have one value here and another one there.
    fn may_change(&self) -> bool {
        self.is_imported
            || self.assignments > 1
            || self.assignments == 1 && (self.is_late || self.declared != self.assigned)
    }
}

#[derive(Default)]
struct Analysis {
    variables: FxHashMap<Id, Variable>,
    /// Declared classes, with what evaluating them reads.
    classes: Vec<(Id, Vec<Id>)>,
    place: Place,
    /// In code of a module, which runs once.
    runs_once: bool,
}

impl Analysis {
    fn changing(self) -> FxHashSet<Id> {
        let may_change = |name: &Id| is_changing(&name.0) || self.variables.get(name).is_some_and(Variable::may_change);
        let held = self.classes.into_iter().filter(|(_, read)| read.iter().any(may_change)).map(|(name, _)| name);
        let mut changing: FxHashSet<Id> = held.collect();
        let variables = self.variables.into_iter().filter(|(_, variable)| variable.is_changing());
        changing.extend(variables.map(|(name, _)| name));
        changing
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
            Expr::Class(class) => read_by(&class.class).iter().for_each(|name| self.use_value(name, false)),
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
pub(super) fn variables_of<I: IdentLike>(head: &ForHead) -> Vec<I> {
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

/// The names that evaluating a class reads, or may read: functions in its values may be called at once.
fn read_by(class: &Class) -> Vec<Ident> {
    let mut read = Read(Vec::new());
    class.super_class.visit_with(&mut read);
    class.body.visit_with(&mut read);
    read.0
}

struct Read(Vec<Ident>);

impl Visit for Read {
    noop_visit_type!();

    fn visit_ident(&mut self, name: &Ident) {
        self.0.push(name.clone());
    }

    // What waits for a call of the class or of its members.

    fn visit_constructor(&mut self, _: &Constructor) {}

    fn visit_class_method(&mut self, method: &ClassMethod) {
        method.key.visit_with(self);
    }

    fn visit_private_method(&mut self, _: &PrivateMethod) {}

    fn visit_class_prop(&mut self, property: &ClassProp) {
        property.key.visit_with(self);
        if property.is_static {
            property.value.visit_with(self);
        }
    }

    fn visit_private_prop(&mut self, property: &PrivateProp) {
        if property.is_static {
            property.value.visit_with(self);
        }
    }
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

    fn visit_class_decl(&mut self, declaration: &ClassDecl) {
        let read = read_by(&declaration.class).iter().map(Ident::to_id).collect();
        self.classes.push((declaration.ident.to_id(), read));
        declaration.visit_children_with(self);
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
