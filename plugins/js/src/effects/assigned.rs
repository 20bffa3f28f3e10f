//! Names that are assigned to, or given a setter that a later assignment to a property would run.

use super::property_name;
use crate::commonjs;
use rustc_hash::FxHashSet;
use swc_core::common::SyntaxContext;
use swc_core::ecma::ast::*;
use swc_core::ecma::utils::find_pat_ids;
use swc_core::ecma::visit::{Visit, VisitWith, noop_visit_type};

/// Collects them.
pub(super) struct Assigned {
    top_level: SyntaxContext,
    unresolved: SyntaxContext,
    pub(super) names: FxHashSet<Id>,
    /// Of these, those to which another function than that which declares them may assign.
    pub(super) captured: FxHashSet<Id>,
    /// Scopes of functions that ask for `this`.
    pub(super) asks_this: FxHashSet<SyntaxContext>,
    /// Names to which nothing can be assigned.
    pub(super) constants: FxHashSet<Id>,
    /// `var`s that have had a value.
    declared: FxHashSet<Id>,
    /// Scopes of the current function around the current place.
    scopes: Vec<SyntaxContext>,
    /// The scope of the function of which `this` is here.
    this_scope: SyntaxContext,
}

impl Assigned {
    pub(super) fn new(top_level: SyntaxContext, unresolved: SyntaxContext) -> Self {
        Self {
            top_level,
            unresolved,
            names: FxHashSet::default(),
            captured: FxHashSet::default(),
            asks_this: FxHashSet::default(),
            constants: FxHashSet::default(),
            declared: FxHashSet::default(),
            scopes: Vec::new(),
            this_scope: top_level,
        }
    }

    fn assign(&mut self, name: Id) {
        if !self.scopes.contains(&name.1) {
            self.captured.insert(name.clone());
        }
        self.names.insert(name);
    }

    fn pattern(&mut self, pattern: &Pat) {
        find_pat_ids::<_, Id>(pattern).into_iter().for_each(|name| self.assign(name));
    }

    /// `exports.a` has one value if it is assigned once.
    fn export(&mut self, target: &MemberExpr) {
        if let Some(name) = commonjs::export_name(target, self.unresolved) {
            let id = (commonjs::export_local(&name), self.top_level);
            if !self.declared.insert(id.clone()) {
                self.names.insert(id);
            }
        }
    }

    fn function(&mut self, scope: SyntaxContext, function: &impl VisitWith<Self>) {
        let outer = std::mem::replace(&mut self.scopes, vec![scope]);
        function.visit_children_with(self);
        self.scopes = outer;
    }
}

impl Visit for Assigned {
    noop_visit_type!();

    fn visit_function(&mut self, function: &Function) {
        let outer = std::mem::replace(&mut self.this_scope, function.ctxt);
        self.function(function.ctxt, function);
        self.this_scope = outer;
    }

    fn visit_this_expr(&mut self, _: &ThisExpr) {
        self.asks_this.insert(self.this_scope);
    }

    fn visit_super(&mut self, _: &Super) {
        self.asks_this.insert(self.this_scope);
    }

    fn visit_arrow_expr(&mut self, arrow: &ArrowExpr) {
        self.function(arrow.ctxt, arrow);
    }

    fn visit_constructor(&mut self, constructor: &Constructor) {
        self.function(constructor.ctxt, constructor);
    }

    fn visit_block_stmt(&mut self, block: &BlockStmt) {
        self.scopes.push(block.ctxt);
        block.visit_children_with(self);
        self.scopes.pop();
    }

    fn visit_stmt(&mut self, statement: &Stmt) {
        if !matches!(commonjs::form(statement, self.unresolved), Some(commonjs::Form::Prepare)) {
            statement.visit_children_with(self);
        }
    }

    fn visit_assign_expr(&mut self, assignment: &AssignExpr) {
        match &assignment.left {
            AssignTarget::Simple(SimpleAssignTarget::Ident(name)) => self.assign(name.to_id()),
            AssignTarget::Simple(SimpleAssignTarget::Member(member)) => self.export(member),
            AssignTarget::Simple(_) => {}
            AssignTarget::Pat(pattern) => self.pattern(&pattern.clone().into()),
        }
        assignment.visit_children_with(self);
    }

    fn visit_update_expr(&mut self, update: &UpdateExpr) {
        if let Expr::Ident(name) = &*update.arg {
            self.assign(name.to_id());
        }
        update.visit_children_with(self);
    }

    fn visit_for_head(&mut self, head: &ForHead) {
        match head {
            ForHead::Pat(pattern) => self.pattern(pattern),
            // A loop's own variable has another value each time.
            ForHead::VarDecl(declaration) => {
                declaration.decls.iter().for_each(|declarator| self.pattern(&declarator.name));
            }
            ForHead::UsingDecl(_) => {}
        }
        head.visit_children_with(self);
    }

    fn visit_var_decl(&mut self, declaration: &VarDecl) {
        if declaration.kind == VarDeclKind::Const {
            let names = declaration.decls.iter().flat_map(|declarator| find_pat_ids::<_, Id>(&declarator.name));
            self.constants.extend(names);
        }
        if declaration.kind == VarDeclKind::Var {
            for declarator in declaration.decls.iter().filter(|declarator| declarator.init.is_some()) {
                for name in find_pat_ids::<_, Id>(&declarator.name) {
                    if !self.declared.insert(name.clone()) {
                        self.assign(name);
                    }
                }
            }
        }
        declaration.visit_children_with(self);
    }

    /// A function's name that a `var` declares too, or that is declared twice.
    fn visit_fn_decl(&mut self, function: &FnDecl) {
        if !self.declared.insert(function.ident.to_id()) {
            self.assign(function.ident.to_id());
        }
        function.visit_children_with(self);
    }

    fn visit_call_expr(&mut self, call: &CallExpr) {
        if let Callee::Expr(callee) = &call.callee
            && let Expr::Member(member) = &**callee
            && matches!(&*member.obj, Expr::Ident(object) if object.ctxt == self.unresolved && object.sym == "Object")
            && matches!(&member.prop, MemberProp::Ident(name) if matches!(name.sym.as_str(), "defineProperty" | "defineProperties"))
            && let [target, descriptors @ ..] = &call.args[..]
            && let Expr::Ident(target) = &*target.expr
            && defines_setter(descriptors)
        {
            // From then on nothing is known of what assigning to a property does.
            self.names.insert(target.to_id());
            self.captured.insert(target.to_id());
        }
        call.visit_children_with(self);
    }
}

/// Whether the arguments of `Object.defineProperty` after the first define a setter.
pub(super) fn defines_setter(descriptors: &[ExprOrSpread]) -> bool {
    struct Setter(bool);
    impl Visit for Setter {
        noop_visit_type!();
        fn visit_prop_name(&mut self, name: &PropName) {
            self.0 |= property_name(name).is_some_and(|name| name == "set");
            name.visit_children_with(self);
        }
    }
    let mut found = Setter(false);
    descriptors.iter().for_each(|descriptor| descriptor.visit_with(&mut found));
    found.0
}
