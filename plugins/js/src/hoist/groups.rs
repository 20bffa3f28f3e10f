//! groups: the statements of a large module -> lists of them that are made small beside each other, see [`crate::swc::Draft`].
//!
//! What one group declares and another assigns to is declared before all of them: to whoever makes a group small nothing is known of such a
//! variable.

use super::assign;
use crate::instruct::{Code, ModuleInstructions};
use crate::swc::{Cuts, Program, count_segments};
use crate::tables::Wrap;
use crate::words::occurs;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeSet;
use swc_core::atoms::Atom;
use swc_core::common::{Spanned, SyntaxContext};
use swc_core::ecma::ast::*;
use swc_core::ecma::utils::find_pat_ids;
use swc_core::ecma::visit::{Visit, VisitWith, noop_visit_type};

/// A module of fewer segments, without its comments, is minified as a whole: chart.js, of 3, is 96.6 kB so, and 98.2 in parts.
const LEAST: usize = 4;

/// What becomes of a module's statements.
pub(crate) struct Groups {
    /// Variables to declare before all groups, sorted.
    pub(crate) variables: Vec<String>,
    /// In their order, with the bytes of their sources.
    pub(crate) groups: Vec<(Vec<Stmt>, usize)>,
}

/// Whether a module is worth more than one group, and has no statement that must know what it is in.
pub(crate) fn is_divisible(program: &Program, instructions: &ModuleInstructions) -> bool {
    if instructions.wrap == Wrap::Esm || count_segments(program.text.len()) < LEAST {
        return false;
    }
    let mut needs = Needs {
        top_level: program.top_level_context(),
        unresolved: program.unresolved_context(),
        is_wrapped: instructions.wrap == Wrap::CommonJs,
        functions: 0,
        arrows: 0,
        found: false,
    };
    program.module.visit_with(&mut needs);
    !needs.found
}

/// The instructions of a module that is divided. A CommonJS module has names that are no other module's in the chunk: the groups of its function
/// are minified as parts of the chunk's scope.
pub(crate) fn with_own_names(program: &Program, instructions: &ModuleInstructions) -> ModuleInstructions {
    let mut instructions = ModuleInstructions { guards_throw: true, ..instructions.clone() };
    if let (Some((evaluate, _)), Wrap::CommonJs) = (&instructions.evaluate, instructions.wrap) {
        let mut names = TopLevelNames { top_level: program.top_level_context(), names: BTreeSet::new() };
        program.module.visit_with(&mut names);
        // No name of its own ends like this.
        let mut end = format!("$${evaluate}");
        while occurs(&program.text, &end) {
            end.push('$');
        }
        for name in names.names {
            let own = Code::Name(format!("{name}{end}"));
            instructions.names.entry(name).or_insert(own);
        }
    }
    instructions
}

/// Divides the hoisted statements of a module.
pub(crate) fn divide(program: &Program, statements: Vec<Stmt>, instructions: &ModuleInstructions) -> Groups {
    let size = |statement: &Stmt| program.code_size(statement.span()) as usize;
    let total: usize = statements.iter().map(size).sum();
    let count = count_segments(total);
    let mut cuts = Cuts::new(total, if count < LEAST { 1 } else { count });
    let mut groups: Vec<(Vec<Stmt>, usize)> = vec![(Vec::new(), 0)];
    for statement in statements {
        if cuts.is_due() {
            groups.push((Vec::new(), 0));
        }
        let (group, bytes) = groups.last_mut().expect("there is one");
        let size = size(&statement);
        group.push(statement);
        *bytes += size;
        cuts.pass(size);
    }
    if groups.len() == 1 {
        return Groups { variables: Vec::new(), groups };
    }
    let new_names = instructions.names.values().filter_map(|code| match code {
        Code::Name(name) => Some(Atom::from(name.as_str())),
        _ => None,
    });
    let scope = ModuleScope { top_level: program.top_level_context(), new_names: new_names.collect() };
    let writers: Vec<Vec<Writers<'_>>> = groups.iter().map(|(group, _)| Writers::of_each(&scope, group)).collect();
    let Some(moved) = moved(&writers) else {
        let whole = groups.into_iter().flat_map(|(group, _)| group).collect();
        return Groups { variables: Vec::new(), groups: vec![(whole, total)] };
    };
    let mut variables = Vec::new();
    if !moved.is_empty() {
        let mut declare = |statement: Stmt| declare_before(statement, &scope, &moved, &mut variables);
        for (group, _) in &mut groups {
            *group = std::mem::take(group).into_iter().flat_map(&mut declare).collect();
        }
    }
    variables.sort_unstable();
    variables.dedup();
    Groups { variables, groups }
}

/// The names that several groups declare or assign to, and those that are declared together with them. `None` if one of them is a function, a
/// class or a constant, which must stay where it is. `groups` has what each declarator or other statement writes.
fn moved(groups: &[Vec<Writers<'_>>]) -> Option<FxHashSet<Atom>> {
    let mut last: FxHashMap<&Atom, usize> = FxHashMap::default();
    let mut moved = FxHashSet::default();
    let all = || groups.iter().enumerate().flat_map(|(at, group)| group.iter().map(move |writers| (at, writers)));
    for (at, writers) in all() {
        for name in writers.declared.keys().chain(&writers.assigned) {
            if last.insert(name, at).is_some_and(|other| other != at) {
                moved.insert(name.clone());
            }
        }
    }
    let several: Vec<&Writers<'_>> =
        all().map(|(_, writers)| writers).filter(|writers| writers.declared.len() > 1).collect();
    let mut before = 0;
    while before < moved.len() {
        before = moved.len();
        for writers in &several {
            if writers.declares(&moved) {
                moved.extend(writers.declared.keys().cloned());
            }
        }
    }
    let is_fixed =
        |writers: &Writers<'_>| writers.declared.iter().any(|(name, is_movable)| !is_movable && moved.contains(name));
    (!all().any(|(_, writers)| is_fixed(writers))).then_some(moved)
}

/// The statements that assign what the declaration of moved variables gives them.
fn declare_before(
    statement: Stmt,
    scope: &ModuleScope,
    moved: &FxHashSet<Atom>,
    variables: &mut Vec<String>,
) -> Vec<Stmt> {
    if !Writers::of(scope, &statement).declares(moved) {
        return vec![statement];
    }
    match statement {
        Stmt::Decl(Decl::Var(declaration)) if declaration.decls.len() > 1 => {
            let VarDecl { ctxt, kind, declare, decls, .. } = *declaration;
            let alone = |declarator: VarDeclarator| {
                let span = declarator.span;
                Stmt::Decl(Decl::Var(Box::new(VarDecl { span, ctxt, kind, declare, decls: vec![declarator] })))
            };
            decls.into_iter().flat_map(|one| declare_before(alone(one), scope, moved, variables)).collect()
        }
        statement => vec![assign(statement, variables)],
    }
}

/// Tells the names of a module's own scope from others.
struct ModuleScope {
    top_level: SyntaxContext,
    /// Those that it was given.
    new_names: FxHashSet<Atom>,
}

impl ModuleScope {
    fn has(&self, name: &Ident) -> bool {
        name.ctxt == self.top_level || name.ctxt == SyntaxContext::empty() && self.new_names.contains(&name.sym)
    }
}

/// What gives variables of the module's scope their values.
struct Writers<'a> {
    scope: &'a ModuleScope,
    /// Whether they could be declared elsewhere.
    declared: FxHashMap<Atom, bool>,
    assigned: FxHashSet<Atom>,
}

impl<'a> Writers<'a> {
    fn of(scope: &'a ModuleScope, node: &impl VisitWith<Self>) -> Self {
        let mut writers = Self { scope, declared: FxHashMap::default(), assigned: FxHashSet::default() };
        node.visit_with(&mut writers);
        writers
    }

    /// Of each declarator and of each other statement.
    fn of_each(scope: &'a ModuleScope, statements: &[Stmt]) -> Vec<Self> {
        let mut all = Vec::new();
        for statement in statements {
            match statement {
                Stmt::Decl(Decl::Var(declaration)) => all.extend(declaration.decls.iter().map(|declarator| {
                    let mut writers = Self::of(scope, declarator);
                    let is_movable = declaration.kind != VarDeclKind::Const;
                    find_pat_ids(&declarator.name).iter().for_each(|name| writers.declare(name, is_movable));
                    writers
                })),
                statement => all.push(Self::of(scope, statement)),
            }
        }
        all
    }

    fn declares(&self, names: &FxHashSet<Atom>) -> bool {
        self.declared.keys().any(|name| names.contains(name))
    }

    fn declare(&mut self, name: &Ident, is_movable: bool) {
        if self.scope.has(name) {
            *self.declared.entry(name.sym.clone()).or_insert(true) &= is_movable;
        }
    }

    fn assign(&mut self, names: Vec<Ident>) {
        self.assigned.extend(names.into_iter().filter(|name| self.scope.has(name)).map(|name| name.sym));
    }
}

impl Visit for Writers<'_> {
    noop_visit_type!();

    fn visit_var_decl(&mut self, declaration: &VarDecl) {
        let is_movable = declaration.kind != VarDeclKind::Const;
        for name in find_pat_ids::<_, Ident>(&declaration.decls) {
            self.declare(&name, is_movable);
        }
        declaration.visit_children_with(self);
    }

    fn visit_using_decl(&mut self, declaration: &UsingDecl) {
        for name in find_pat_ids::<_, Ident>(&declaration.decls) {
            self.declare(&name, false);
        }
        declaration.visit_children_with(self);
    }

    fn visit_fn_decl(&mut self, function: &FnDecl) {
        self.declare(&function.ident, false);
        function.visit_children_with(self);
    }

    fn visit_class_decl(&mut self, class: &ClassDecl) {
        self.declare(&class.ident, false);
        class.visit_children_with(self);
    }

    fn visit_assign_expr(&mut self, assignment: &AssignExpr) {
        self.assign(find_pat_ids(&assignment.left));
        assignment.visit_children_with(self);
    }

    fn visit_update_expr(&mut self, update: &UpdateExpr) {
        self.assign(update.arg.as_ident().cloned().into_iter().collect());
        update.visit_children_with(self);
    }

    fn visit_for_head(&mut self, head: &ForHead) {
        if let ForHead::Pat(pattern) = head {
            self.assign(find_pat_ids(pattern));
        }
        head.visit_children_with(self);
    }
}

/// Looks for what only stands where it is: code that `eval` reads, and in a CommonJS module what belongs to the function that it becomes.
struct Needs {
    top_level: SyntaxContext,
    unresolved: SyntaxContext,
    is_wrapped: bool,
    /// Functions around the current node that have a `this` of their own.
    functions: usize,
    arrows: usize,
    found: bool,
}

impl Needs {
    fn note(&mut self) {
        self.found |= self.is_wrapped && self.functions == 0;
    }

    fn inside(&mut self, node: &impl VisitWith<Self>) {
        self.functions += 1;
        node.visit_children_with(self);
        self.functions -= 1;
    }
}

impl Visit for Needs {
    noop_visit_type!();

    fn visit_ident(&mut self, name: &Ident) {
        if name.ctxt == self.unresolved {
            match &*name.sym {
                "eval" => self.found = true,
                "arguments" => self.note(),
                _ => {}
            }
        } else if name.ctxt == self.top_level && self.is_wrapped {
            // Parameters that it declares again.
            self.found |= matches!(&*name.sym, "exports" | "module");
        }
    }

    fn visit_this_expr(&mut self, _: &ThisExpr) {
        self.note();
    }

    fn visit_meta_prop_expr(&mut self, _: &MetaPropExpr) {
        self.note();
    }

    fn visit_return_stmt(&mut self, statement: &ReturnStmt) {
        if self.arrows == 0 {
            self.note();
        }
        statement.visit_children_with(self);
    }

    fn visit_arrow_expr(&mut self, arrow: &ArrowExpr) {
        self.arrows += 1;
        arrow.visit_children_with(self);
        self.arrows -= 1;
    }

    fn visit_function(&mut self, function: &Function) {
        self.inside(function);
    }

    fn visit_constructor(&mut self, constructor: &Constructor) {
        self.inside(constructor);
    }

    fn visit_getter_prop(&mut self, getter: &GetterProp) {
        self.inside(getter);
    }

    // Keys belong to the function around.

    fn visit_class_prop(&mut self, field: &ClassProp) {
        field.key.visit_with(self);
        self.inside(&field.value);
    }

    fn visit_private_prop(&mut self, field: &PrivateProp) {
        self.inside(&field.value);
    }

    fn visit_static_block(&mut self, block: &StaticBlock) {
        self.inside(block);
    }

    fn visit_setter_prop(&mut self, setter: &SetterProp) {
        self.inside(setter);
    }
}

/// Collects the names of a module's scope.
struct TopLevelNames {
    top_level: SyntaxContext,
    names: BTreeSet<Atom>,
}

impl Visit for TopLevelNames {
    noop_visit_type!();

    fn visit_ident(&mut self, name: &Ident) {
        if name.ctxt == self.top_level && !self.names.contains(&name.sym) {
            self.names.insert(name.sym.clone());
        }
    }
}
