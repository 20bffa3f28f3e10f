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

mod assigned;
mod call;
mod expression;
mod flow;
mod globals;
mod literal;
mod narrow;
mod walk;

pub(crate) use crate::effects::literal::{Literal, declared_literal, property_key};

use crate::commonjs;
use crate::effects::assigned::{Assigned, defines_setter};
use crate::effects::literal::literals;
use crate::effects::walk::Walk;
use crate::record::{DEFAULT_LOCAL, Effects, Function, FunctionName, Held, Place};
use crate::swc::Program;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::{BTreeMap, BTreeSet};
use swc_core::atoms::Atom;
use swc_core::common::{Span, Spanned, SyntaxContext};
use swc_core::ecma::ast::{self as ast, *};
use swc_core::ecma::visit::VisitWith;

/// What the walk over a module gives.
#[derive(Default)]
pub(crate) struct Analysed {
    /// Indexed by top-level statement.
    pub(crate) statements: Vec<Effects>,
    pub(crate) functions: BTreeMap<Atom, Function>,
    pub(crate) objects: BTreeSet<Atom>,
    pub(crate) held: BTreeMap<Atom, Held>,
    pub(crate) exported_functions: BTreeMap<Atom, Atom>,
    pub(crate) literals: FxHashMap<Atom, Literal>,
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

impl Code<'_> {
    fn span(self) -> Span {
        match self {
            Self::Function(function) => function.span,
            Self::Arrow(arrow) => arrow.span,
            Self::Class(class) => class.span,
        }
    }
}

/// What the walk knows of the module as a whole.
struct Surroundings<'a> {
    program: &'a Program,
    unresolved: SyntaxContext,
    top_level: SyntaxContext,
    /// Names, of whatever scope, that something assigns to after their declaration.
    reassigned: FxHashSet<Id>,
    /// Of these, those to which another function than that which declares them may assign.
    captured: FxHashSet<Id>,
    /// Scopes of functions that ask for `this`.
    asks_this: FxHashSet<SyntaxContext>,
    /// Names to which nothing can be assigned.
    constants: FxHashSet<Id>,
    imports: FxHashSet<Atom>,
    /// Top-level names that hold one object of their own for ever.
    objects: FxHashMap<Atom, Object>,
    /// Top-level names that do if another function is what it seems to be.
    held: FxHashMap<Atom, Held>,
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
    /// What a CommonJS module exports: the names of functions, or of other things, by exported name.
    exported: BTreeMap<Atom, Atom>,
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
    let literals = literals(&surroundings, module);
    let objects = surroundings.objects.keys().cloned().collect();
    let Surroundings { held, mut exported, functions: known, .. } = surroundings;
    exported.retain(|_, local| known.contains_key(local));
    let held = held.into_iter().collect();
    Analysed { statements, functions, objects, held, exported_functions: exported, literals }
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
            function.asks_this = surroundings.asks_this.contains(&code.ctxt);
            let body = code.body.as_ref().map(|body| &body.stmts[..]);
            function.gives_object = walk.gives_object(body) && !code.is_async && !code.is_generator;
        }
        Code::Arrow(code) => {
            // An arrow function at the top level has the module's `this`.
            walk.this = Value::Primitive;
            walk.parameters(code.params.iter(), None);
            walk.arrow_body(code);
            let body = code.body.as_function_body().map(|body| &body.stmts[..]);
            function.gives_object = walk.gives_object(body) && !code.is_async;
        }
        Code::Class(class) => {
            walk.construct(class, None);
            function.constructs = true;
            function.is_class = true;
            function.parent = class.super_class.as_ref().and_then(|parent| surroundings.callee(parent));
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
pub(crate) fn property_name(key: &PropName) -> Option<Atom> {
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

    /// The function that an expression names: a top-level name, an import, or a member of one.
    fn callee(&self, expression: &Expr) -> Option<FunctionName> {
        match expression {
            Expr::Paren(inner) => self.callee(&inner.expr),
            Expr::Member(MemberExpr { obj, prop: MemberProp::Ident(member), .. }) => {
                let name = self.top_level_name(obj).filter(|name| self.imports.contains(name))?;
                Some(FunctionName { name, member: Some(member.sym.clone()) })
            }
            _ => Some(FunctionName { name: self.top_level_name(expression)?, member: None }),
        }
    }
}

/// Notes what the walk needs to know of all statements before it judges one.
fn survey<'a>(program: &'a Program, module: &'a ast::Module) -> Surroundings<'a> {
    let (top_level, unresolved) = (program.top_level_context(), program.unresolved_context());
    let mut assigned = Assigned::new(top_level, unresolved);
    module.visit_with(&mut assigned);
    let mut surroundings = Surroundings {
        program,
        unresolved,
        top_level,
        reassigned: assigned.names,
        captured: assigned.captured,
        asks_this: assigned.asks_this,
        constants: assigned.constants,
        imports: FxHashSet::default(),
        objects: FxHashMap::default(),
        held: FxHashMap::default(),
        texts: FxHashSet::default(),
        aliases: FxHashMap::default(),
        globals: FxHashMap::default(),
        functions: FxHashMap::default(),
        pure_functions: FxHashSet::default(),
        exported: BTreeMap::new(),
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
            ModuleItem::Stmt(statement) => self.note_export(statement),
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

    /// `exports.a = function () {}`, `exports.a = a`
    fn note_export(&mut self, statement: &'a Stmt) {
        let Some(commonjs::Form::Export { names, value }) = commonjs::form(statement, self.unresolved) else { return };
        let Some(first) = names.first().map(|name| commonjs::export_local(name)) else { return };
        let local = match code_of(value) {
            Some(code) => {
                self.note_code(&[statement.span(), value.span()], first.clone(), code);
                Some(first)
            }
            None => self.top_level_name(value),
        };
        for name in names {
            let is_final = !self.reassigned.contains(&(commonjs::export_local(&name), self.top_level));
            if let Some(local) = local.clone().filter(|_| is_final) {
                self.exported.insert(name, local);
            }
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
        match object {
            Some(object) => {
                self.objects.insert(name.clone(), object);
            }
            None => {
                let parent = self.foreign_parent(code);
                self.held.extend(parent.map(|parent| (name.clone(), Held::ChildOf(parent))));
            }
        }
        self.functions.insert(name, code);
    }

    /// The parent of a class that has no static accessors, if others know it.
    fn foreign_parent(&self, code: Code<'_>) -> Option<FunctionName> {
        let Code::Class(class) = code else { return None };
        let is_static_accessor = |member: &ClassMember| matches!(member, ClassMember::Method(method) if method.is_static && method.kind != MethodKind::Method);
        let parent = self.callee(class.super_class.as_ref()?)?;
        (self.imports.contains(&parent.name) && !class.body.iter().any(is_static_accessor)).then_some(parent)
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
            _ => {
                let giver = self.giver(init);
                self.held.extend(giver.map(|giver| (name.clone(), Held::GivenBy(giver))));
                return;
            }
        };
        self.objects.insert(name.clone(), object);
    }
}

impl Surroundings<'_> {
    /// The function that a call calls.
    fn giver(&self, expression: &Expr) -> Option<FunctionName> {
        match expression {
            Expr::Paren(inner) => self.giver(&inner.expr),
            Expr::Call(CallExpr { callee: Callee::Expr(callee), .. }) => self.callee(callee),
            _ => None,
        }
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
