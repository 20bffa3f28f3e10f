//! What evaluating a statement may do that can be seen from elsewhere: the reason to keep a statement whose names nobody uses.
//!
//! One walk over a module, without other modules' help, gives [`Effects`] for each top-level statement and for each call of a top-level
//! function or class. What depends on another function, or on whether a value is used at all (`Button.displayName = "Button"`,
//! `list.push(1)`), is noted as data, and [`crate::purity`] settles it once all modules are known.
//!
//! What is taken for granted, as minifiers do: reading a property of a value that is not null runs nothing that anyone waits for, and
//! neither does converting a value, other than an object literal that is being converted on the spot. What counts as an effect: everything
//! else that is not known to be harmless, above all calls of unknown functions, changes of values that others may hold, `throw`, and reads
//! of properties of what may be null.

mod call;
mod expression;
mod globals;
mod narrow;
mod walk;

use crate::commonjs;
use crate::effects::walk::Walk;
use crate::record::{DEFAULT_LOCAL, Effects, Function, Place};
use crate::swc::Program;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::{BTreeMap, BTreeSet};
use swc_core::atoms::Atom;
use swc_core::common::{Span, Spanned, SyntaxContext};
use swc_core::ecma::ast::{self as ast, *};
use swc_core::ecma::utils::find_pat_ids;
use swc_core::ecma::visit::{Visit, VisitWith, noop_visit_type};

/// What the walk over a module gives.
#[derive(Default)]
pub(crate) struct Analysed {
    /// Indexed by top-level statement.
    pub(crate) statements: Vec<Effects>,
    pub(crate) functions: BTreeMap<Atom, Function>,
    pub(crate) objects: BTreeSet<Atom>,
}

/// What is known of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    /// Nothing: reading a property may fail, changing one may be seen.
    Unknown,
    /// It is not null.
    Present,
    /// A primitive, perhaps null.
    Primitive,
    /// A string or a template.
    Text,
    /// An object that was made here and that nobody else holds.
    Fresh,
    /// The same, with the methods of a built-in collection.
    Collection,
    /// An object that only this name, parameter or instance is known to hold.
    Of(Place),
}

impl Value {
    /// What it may be if it is one of two.
    fn or(self, other: Self) -> Self {
        // What a parameter or an import holds may be null.
        let may_be_null = |value: &Self| matches!(value, Self::Unknown | Self::Primitive | Self::Of(_));
        if self == other {
            return self;
        }
        if may_be_null(&self) || may_be_null(&other) { Self::Unknown } else { Self::Present }
    }

    /// What is known of it where it is not null.
    fn if_present(self) -> Self {
        match self {
            Self::Unknown | Self::Primitive | Self::Of(_) => Self::Present,
            value => value,
        }
    }
}

/// A class or function that a local name stands for.
#[derive(Clone, Copy)]
enum Code<'a> {
    Function(&'a ast::Function),
    Arrow(&'a ArrowExpr),
    Class(&'a Class),
}

/// What the walk knows of the module as a whole.
struct Surroundings<'a> {
    program: &'a Program,
    unresolved: SyntaxContext,
    top_level: SyntaxContext,
    /// Names, of whatever scope, that something assigns to after their declaration.
    reassigned: FxHashSet<Id>,
    /// Names to which nothing can be assigned.
    constants: FxHashSet<Id>,
    imports: FxHashSet<Atom>,
    /// Top-level names that hold one object of their own for ever.
    objects: FxHashMap<Atom, Object>,
    /// Top-level names of strings.
    texts: FxHashSet<Atom>,
    /// Top-level names of parts of such objects: those that hold them.
    aliases: FxHashMap<Atom, Place>,
    /// Top-level names of functions of globals: `Object` and `assign` of `const assign = Object.assign`.
    globals: FxHashMap<Atom, (Atom, Atom)>,
    /// Top-level functions and classes that keep their names.
    functions: FxHashMap<Atom, Code<'a>>,
    /// Of these, those annotated `/*#__NO_SIDE_EFFECTS__*/`.
    pure_functions: FxHashSet<Atom>,
}

/// What kind of object a top-level name holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Object {
    Plain,
    Collection,
    /// A class whose instances have setters: its prototype is not its own.
    Class,
}

/// Walks over a module.
pub(crate) fn analyse(program: &Program, module: &ast::Module) -> Analysed {
    let surroundings = survey(program, module);
    let statements = module.body.iter().map(|item| statement(&surroundings, item)).collect();
    let functions =
        surroundings.functions.iter().map(|(name, code)| (name.clone(), function(&surroundings, name, *code)));
    let functions = functions.collect();
    let objects = surroundings.objects.keys().cloned().collect();
    Analysed { statements, functions, objects }
}

fn statement(surroundings: &Surroundings<'_>, item: &ModuleItem) -> Effects {
    let mut walk = Walk::new(surroundings, Value::Primitive);
    match item {
        ModuleItem::Stmt(statement) => match commonjs::form(statement, surroundings.unresolved) {
            // The assignment itself matters to those who use the export.
            Some(commonjs::Form::Export { value, .. }) => {
                walk.expression(value);
            }
            Some(commonjs::Form::Prepare) => {}
            Some(commonjs::Form::Flag | commonjs::Form::PassOn) | None => walk.statement(statement),
        },
        ModuleItem::ModuleDecl(ModuleDecl::ExportDecl(export)) => walk.declaration(&export.decl),
        ModuleItem::ModuleDecl(ModuleDecl::ExportDefaultDecl(export)) => {
            if let DefaultDecl::Class(class) = &export.decl {
                walk.class(&class.class);
            }
        }
        ModuleItem::ModuleDecl(ModuleDecl::ExportDefaultExpr(export)) => {
            walk.expression(&export.expr);
        }
        ModuleItem::ModuleDecl(_) => {}
    }
    walk.finish()
}

fn function(surroundings: &Surroundings<'_>, name: &Atom, code: Code<'_>) -> Function {
    let mut walk = Walk::new(surroundings, Value::Of(Place::This));
    let mut function = Function::default();
    if surroundings.pure_functions.contains(name) {
        function.constructs = !matches!(code, Code::Arrow(_));
        return function;
    }
    match code {
        Code::Function(code) => {
            walk.parameters(code.params.iter().map(|parameter| &parameter.pat), None);
            walk.function_body(code);
            function.constructs = walk.result.is_none() && !code.is_async && !code.is_generator;
        }
        Code::Arrow(code) => {
            // An arrow function at the top level has the module's `this`.
            walk.this = Value::Primitive;
            walk.parameters(code.params.iter(), None);
            walk.arrow_body(code);
        }
        Code::Class(class) => {
            walk.construct(class, None);
            function.constructs = true;
            function.is_class = true;
            function.parent = class.super_class.as_ref().and_then(|parent| surroundings.top_level_name(parent));
            function.members = class.body.iter().filter_map(member_name).collect();
            function.this_uses = std::mem::take(&mut walk.this_uses);
        }
    }
    function.effects = walk.finish();
    function
}

/// The name of a member of instances.
fn member_name(member: &ClassMember) -> Option<Atom> {
    match member {
        ClassMember::Method(method) if !method.is_static => property_name(&method.key),
        _ => None,
    }
}

/// The name of a property that is known without evaluating anything.
fn property_name(key: &PropName) -> Option<Atom> {
    match key {
        PropName::Ident(name) => Some(name.sym.clone()),
        PropName::Str(text) => Some(text.value.to_string_lossy().into()),
        _ => None,
    }
}

impl Surroundings<'_> {
    /// The top-level name or import that an expression is.
    fn top_level_name(&self, expression: &Expr) -> Option<Atom> {
        match expression {
            Expr::Ident(name) if name.ctxt == self.top_level => Some(name.sym.clone()),
            Expr::Paren(inner) => self.top_level_name(&inner.expr),
            _ => None,
        }
    }
}

/// Notes what the walk needs to know of all statements before it judges one.
fn survey<'a>(program: &'a Program, module: &'a ast::Module) -> Surroundings<'a> {
    let (top_level, unresolved) = (program.top_level_context(), program.unresolved_context());
    let mut assigned = Assigned { unresolved, ..Assigned::default() };
    module.visit_with(&mut assigned);
    let mut surroundings = Surroundings {
        program,
        unresolved,
        top_level,
        reassigned: assigned.names,
        constants: assigned.constants,
        imports: FxHashSet::default(),
        objects: FxHashMap::default(),
        texts: FxHashSet::default(),
        aliases: FxHashMap::default(),
        globals: FxHashMap::default(),
        functions: FxHashMap::default(),
        pure_functions: FxHashSet::default(),
    };
    for item in &module.body {
        surroundings.note(item);
    }
    surroundings
}

impl<'a> Surroundings<'a> {
    fn note(&mut self, item: &'a ModuleItem) {
        match item {
            ModuleItem::ModuleDecl(ModuleDecl::Import(import)) => {
                self.imports.extend(import.specifiers.iter().map(|specifier| specifier.local().sym.clone()));
            }
            ModuleItem::ModuleDecl(ModuleDecl::ExportDecl(export)) => self.note_declaration(item.span(), &export.decl),
            ModuleItem::Stmt(Stmt::Decl(declaration)) => self.note_declaration(item.span(), declaration),
            ModuleItem::ModuleDecl(ModuleDecl::ExportDefaultDecl(export)) => {
                let (name, code) = match &export.decl {
                    DefaultDecl::Fn(function) => (&function.ident, Code::Function(&function.function)),
                    DefaultDecl::Class(class) => (&class.ident, Code::Class(&class.class)),
                    DefaultDecl::TsInterfaceDecl(_) => return,
                };
                let name = name.as_ref().map_or_else(|| Atom::from(DEFAULT_LOCAL), |name| name.sym.clone());
                self.note_code(&[item.span()], name, code);
            }
            ModuleItem::ModuleDecl(ModuleDecl::ExportDefaultExpr(export)) => {
                if let Some(code) = code_of(&export.expr) {
                    self.note_code(&[item.span(), export.expr.span()], DEFAULT_LOCAL.into(), code);
                }
            }
            _ => {}
        }
    }

    fn note_declaration(&mut self, item: Span, declaration: &'a Decl) {
        match declaration {
            Decl::Fn(function) => {
                let spans = [item, function.function.span, function.ident.span];
                self.note_code(&spans, function.ident.sym.clone(), Code::Function(&function.function));
            }
            Decl::Class(class) => self.note_code(&[item], class.ident.sym.clone(), Code::Class(&class.class)),
            Decl::Var(declaration) => {
                for declarator in &declaration.decls {
                    let (Pat::Ident(name), Some(init)) = (&declarator.name, &declarator.init) else { continue };
                    if self.reassigned.contains(&name.to_id()) || name.ctxt != self.top_level {
                        continue;
                    }
                    match code_of(init) {
                        Some(code) => {
                            let spans = [item, declaration.span, declarator.span, init.span()];
                            self.note_code(&spans, name.sym.clone(), code);
                        }
                        None => self.note_object(&name.sym, init),
                    }
                }
            }
            _ => {}
        }
    }

    fn note_code(&mut self, spans: &[Span], name: Atom, code: Code<'a>) {
        if self.reassigned.contains(&(name.clone(), self.top_level)) {
            return;
        }
        if spans.iter().any(|span| self.program.has_no_side_effects_comment(*span)) {
            self.pure_functions.insert(name.clone());
        }
        let object = match code {
            Code::Class(class) => self.own_class(class),
            Code::Function(_) | Code::Arrow(_) => Some(Object::Plain),
        };
        if let Some(object) = object {
            self.objects.insert(name.clone(), object);
        }
        self.functions.insert(name, code);
    }

    /// A class on which setting a property runs no setter, because neither it nor its parents have static accessors.
    fn own_class(&self, class: &Class) -> Option<Object> {
        let parent = match &class.super_class {
            None => Object::Plain,
            Some(parent) => {
                let name = self.top_level_name(parent)?;
                matches!(self.functions.get(&name), Some(Code::Class(_)))
                    .then(|| self.objects.get(&name).copied())??
            }
        };
        let accessors = class.body.iter().filter_map(|member| match member {
            ClassMember::Method(method) if method.kind != MethodKind::Method => Some(method),
            _ => None,
        });
        let mut object = parent;
        for accessor in accessors {
            match (accessor.is_static, accessor.kind) {
                (true, _) => return None,
                (false, MethodKind::Setter) => object = Object::Class,
                (false, _) => {}
            }
        }
        Some(object)
    }

    /// A variable whose value is made by its declaration and held by nobody else.
    fn note_object(&mut self, name: &Atom, init: &Expr) {
        if let Expr::Member(member) = init
            && let (Expr::Ident(global), MemberProp::Ident(method)) = (&*member.obj, &member.prop)
            && global.ctxt == self.unresolved
        {
            self.globals.insert(name.clone(), (global.sym.clone(), method.sym.clone()));
            return;
        }
        let mut walk = Walk::new(self, Value::Primitive);
        let object = match walk.expression(init) {
            Value::Fresh => Object::Plain,
            Value::Collection => Object::Collection,
            Value::Text => {
                self.texts.insert(name.clone());
                return;
            }
            Value::Of(place @ Place::Name(_)) => {
                self.aliases.insert(name.clone(), place);
                return;
            }
            _ => return,
        };
        self.objects.insert(name.clone(), object);
    }
}

fn is_named(property: &MemberProp, wanted: &str) -> bool {
    matches!(property, MemberProp::Ident(name) if name.sym == wanted)
}

fn code_of(expression: &Expr) -> Option<Code<'_>> {
    match expression {
        Expr::Fn(function) => Some(Code::Function(&function.function)),
        Expr::Arrow(arrow) => Some(Code::Arrow(arrow)),
        Expr::Class(class) => Some(Code::Class(&class.class)),
        Expr::Paren(inner) => code_of(&inner.expr),
        _ => None,
    }
}

/// Collects names that are assigned to, or given a setter that a later assignment to a property would run.
#[derive(Default)]
struct Assigned {
    unresolved: SyntaxContext,
    names: FxHashSet<Id>,
    /// `var`s that have had a value.
    declared: FxHashSet<Id>,
    constants: FxHashSet<Id>,
}

impl Assigned {
    fn pattern(&mut self, pattern: &Pat) {
        self.names.extend(find_pat_ids::<_, Id>(pattern));
    }
}

impl Visit for Assigned {
    noop_visit_type!();

    fn visit_assign_expr(&mut self, assignment: &AssignExpr) {
        match &assignment.left {
            AssignTarget::Simple(SimpleAssignTarget::Ident(name)) => {
                self.names.insert(name.to_id());
            }
            AssignTarget::Simple(_) => {}
            AssignTarget::Pat(pattern) => self.pattern(&pattern.clone().into()),
        }
        assignment.visit_children_with(self);
    }

    fn visit_update_expr(&mut self, update: &UpdateExpr) {
        if let Expr::Ident(name) = &*update.arg {
            self.names.insert(name.to_id());
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
                        self.names.insert(name);
                    }
                }
            }
        }
        declaration.visit_children_with(self);
    }

    /// A function's name that a `var` declares too, or that is declared twice.
    fn visit_fn_decl(&mut self, function: &FnDecl) {
        if !self.declared.insert(function.ident.to_id()) {
            self.names.insert(function.ident.to_id());
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
            self.names.insert(target.to_id());
        }
        call.visit_children_with(self);
    }
}

/// Whether the arguments of `Object.defineProperty` after the first define a setter.
fn defines_setter(descriptors: &[ExprOrSpread]) -> bool {
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
