//! The walk over statements; [`super::expression`] and [`super::call`] go on with it.

use super::{Code, Surroundings, Value};
use crate::record::{Effects, Held, Place};
use rustc_hash::FxHashMap;
use swc_core::atoms::Atom;
use swc_core::common::BytePos;
use swc_core::ecma::ast::*;

/// Judges one statement, or the body of one function.
pub(super) struct Walk<'a, 's> {
    pub(super) surroundings: &'s Surroundings<'a>,
    pub(super) effects: Effects,
    pub(super) this: Value,
    /// Values of names below the top level that keep them.
    pub(super) values: FxHashMap<Id, Value>,
    /// Functions and classes below the top level.
    pub(super) code: FxHashMap<Id, Code<'s>>,
    /// Names that have been tested and are not null here.
    pub(super) present: Vec<Id>,
    /// The class whose instance is being made.
    pub(super) class: Option<&'s Class>,
    /// Members of `this` that are relied on.
    pub(super) this_uses: std::collections::BTreeSet<Atom>,
    /// What the function returns, if that is something.
    pub(super) result: Option<Value>,
    /// A path leaves the function with nothing.
    gives_nothing: bool,
    /// Functions around the current place that are walked because they are called: where they begin.
    pub(super) entered: Vec<BytePos>,
    /// Names below the top level that have got other values, in order.
    pub(super) assigned: Vec<Id>,
    /// How many functions have been walked.
    pub(super) followed: u32,
    /// `try` blocks with a `catch` around the current place.
    tries: u32,
}

impl<'a, 's> Walk<'a, 's>
where
    'a: 's,
{
    pub(super) fn new(surroundings: &'s Surroundings<'a>, this: Value) -> Self {
        Self {
            surroundings,
            effects: Effects::default(),
            this,
            values: FxHashMap::default(),
            code: FxHashMap::default(),
            present: Vec::new(),
            class: None,
            this_uses: Default::default(),
            result: None,
            gives_nothing: false,
            entered: Vec::new(),
            assigned: Vec::new(),
            followed: 0,
            tries: 0,
        }
    }

    /// The effects found.
    pub(super) fn finish(self) -> Effects {
        if self.effects.certain { Effects { certain: true, ..Effects::default() } } else { self.effects }
    }

    /// Whether the function, of which this is the body if it has statements, always gives an object that it has made.
    pub(super) fn gives_object(&self, body: Option<&[Stmt]>) -> bool {
        let comes_to_an_end = body.is_some_and(|statements| !statements.last().is_some_and(leaves));
        matches!(self.result, Some(Value::Fresh | Value::Collection)) && !self.gives_nothing && !comes_to_an_end
    }

    /// Notes something that can be seen.
    pub(super) fn certain(&mut self) -> Value {
        self.effects.certain = true;
        Value::Unknown
    }

    /// A property of the value is read.
    pub(super) fn read(&mut self, value: &Value) {
        match value {
            Value::Unknown | Value::Primitive => self.effects.certain = true,
            Value::Of(place) => {
                self.note_read(place.clone());
            }
            Value::Present | Value::Text | Value::Fresh | Value::Collection => {}
        }
    }

    fn note_read(&mut self, place: Place) {
        // What a module's own name holds is known here, mostly.
        let Surroundings { imports, held, .. } = self.surroundings;
        let is_given = |name| matches!(held.get(name), Some(Held::GivenBy(_)));
        let own = matches!(&place, Place::Name(name) if !imports.contains(name) && !is_given(name));
        if !own {
            self.effects.reads.insert(place);
        }
    }

    /// A property of the value is changed.
    pub(super) fn change(&mut self, value: &Value) {
        match value {
            Value::Fresh | Value::Collection => {}
            Value::Of(place) => {
                self.note_read(place.clone());
                self.effects.changes.insert(place.clone());
            }
            _ => self.effects.certain = true,
        }
    }

    // Statements

    pub(super) fn statements(&mut self, statements: &'s [Stmt]) {
        for statement in statements {
            if let Stmt::Decl(Decl::Fn(function)) = statement {
                self.code.insert(function.ident.to_id(), Code::Function(&function.function));
            }
        }
        // What a statement that leaves says of those after it holds no longer than the block.
        let before = self.present.len();
        for statement in statements {
            if self.effects.certain {
                return;
            }
            self.statement(statement);
        }
        self.present.truncate(before);
    }

    /// What a `return`, or an arrow function without a block, gives.
    pub(super) fn return_value(&mut self, expression: &'s Expr) {
        let value = self.expression(expression);
        self.result = Some(match self.result.take() {
            Some(other) => other.or(value),
            None => value,
        });
    }

    pub(super) fn statement(&mut self, statement: &'s Stmt) {
        match statement {
            Stmt::Empty(_) | Stmt::Break(_) | Stmt::Continue(_) => {}
            Stmt::Expr(statement) => {
                // Nobody reads a property for nothing: it has a getter.
                self.effects.certain |= statement.expr.is_member();
                self.expression(&statement.expr);
            }
            Stmt::Block(block) => self.statements(&block.stmts),
            Stmt::If(statement) => {
                self.expression(&statement.test);
                self.where_outcome(true, &statement.test, |walk| walk.statement(&statement.cons));
                if let Some(alternative) = &statement.alt {
                    self.where_outcome(false, &statement.test, |walk| walk.statement(alternative));
                }
                // `if (!x) return;`
                if leaves(&statement.cons) {
                    self.tested(&statement.test, false);
                }
            }
            Stmt::Return(statement) => match &statement.arg {
                Some(argument) => self.return_value(argument),
                None => self.gives_nothing |= self.entered.is_empty(),
            },
            Stmt::Throw(statement) => {
                self.expression(&statement.arg);
                self.effects.certain |= self.tries == 0;
            }
            Stmt::Try(statement) => {
                self.tries += u32::from(statement.handler.is_some());
                self.perhaps(|walk| walk.statements(&statement.block.stmts));
                self.tries -= u32::from(statement.handler.is_some());
                if let Some(handler) = &statement.handler {
                    self.perhaps(|walk| walk.statements(&handler.body.stmts));
                }
                if let Some(finalizer) = &statement.finalizer {
                    self.statements(&finalizer.stmts);
                }
            }
            Stmt::Labeled(statement) => self.perhaps(|walk| walk.statement(&statement.body)),
            Stmt::While(_) | Stmt::DoWhile(_) | Stmt::For(_) | Stmt::ForIn(_) | Stmt::ForOf(_) => {
                self.forget_assigned_in(statement);
                self.perhaps(|walk| walk.a_loop(statement));
            }
            Stmt::Switch(statement) => {
                self.expression(&statement.discriminant);
                for case in &statement.cases {
                    if let Some(test) = &case.test {
                        self.perhaps(|walk| walk.expression(test));
                    }
                    self.perhaps(|walk| walk.statements(&case.cons));
                }
            }
            Stmt::Decl(declaration) => self.declaration(declaration),
            Stmt::With(_) | Stmt::Debugger(_) => self.effects.certain = true,
        }
    }

    fn a_loop(&mut self, statement: &'s Stmt) {
        match statement {
            Stmt::While(statement) => {
                self.expression(&statement.test);
                self.where_outcome(true, &statement.test, |walk| walk.statement(&statement.body));
            }
            Stmt::DoWhile(statement) => {
                self.statement(&statement.body);
                self.expression(&statement.test);
            }
            Stmt::For(statement) => {
                match &statement.init {
                    Some(VarDeclOrExpr::VarDecl(declaration)) => self.variables(declaration),
                    Some(VarDeclOrExpr::Expr(expression)) => {
                        self.expression(expression);
                    }
                    None => {}
                }
                for expression in statement.test.iter().chain(&statement.update) {
                    self.expression(expression);
                }
                self.statement(&statement.body);
            }
            Stmt::ForIn(statement) => {
                self.expression(&statement.right);
                self.loop_head(&statement.left);
                self.statement(&statement.body);
            }
            Stmt::ForOf(statement) => {
                let iterated = self.expression(&statement.right);
                self.iterate(&statement.right, &iterated);
                self.effects.certain |= statement.is_await;
                self.loop_head(&statement.left);
                self.statement(&statement.body);
            }
            _ => self.effects.certain = true,
        }
    }

    pub(super) fn declaration(&mut self, declaration: &'s Decl) {
        match declaration {
            Decl::Fn(function) => {
                self.code.insert(function.ident.to_id(), Code::Function(&function.function));
            }
            Decl::Class(declaration) => {
                self.class(&declaration.class);
                self.code.insert(declaration.ident.to_id(), Code::Class(&declaration.class));
            }
            Decl::Var(declaration) => self.variables(declaration),
            _ => self.effects.certain = true,
        }
    }

    fn variables(&mut self, declaration: &'s VarDecl) {
        for declarator in &declaration.decls {
            let Some(init) = &declarator.init else { continue };
            let value = self.expression(init);
            if let (Pat::Ident(name), Some(code)) = (&declarator.name, super::code_of(init)) {
                self.code.insert(name.to_id(), code);
            }
            self.bind(&declarator.name, value);
        }
    }

    /// Declares names with a value.
    pub(super) fn bind(&mut self, pattern: &'s Pat, value: Value) {
        match pattern {
            Pat::Ident(name) => self.hold(name.to_id(), value),
            Pat::Assign(pattern) => {
                let default = self.perhaps(|walk| walk.expression(&pattern.right));
                // Only what is missing has the default.
                let value =
                    if matches!(value, Value::Primitive | Value::Unknown) { Value::Unknown } else { value.or(default) };
                self.bind(&pattern.left, value);
            }
            Pat::Rest(pattern) => self.bind(&pattern.arg, Value::Collection),
            Pat::Object(pattern) => {
                self.read(&value);
                for property in &pattern.props {
                    match property {
                        ObjectPatProp::KeyValue(pair) => {
                            self.key(&pair.key);
                            self.bind(&pair.value, Value::Unknown);
                        }
                        ObjectPatProp::Assign(assignment) => {
                            if let Some(default) = &assignment.value {
                                self.perhaps(|walk| walk.expression(default));
                            }
                            self.hold(assignment.key.to_id(), Value::Unknown);
                        }
                        ObjectPatProp::Rest(rest) => self.bind(&rest.arg, Value::Fresh),
                    }
                }
            }
            Pat::Array(pattern) => {
                if value != Value::Collection {
                    self.effects.certain = true;
                }
                pattern.elems.iter().flatten().for_each(|element| self.bind(element, Value::Unknown));
            }
            Pat::Expr(_) | Pat::Invalid(_) => self.effects.certain = true,
        }
    }

    fn loop_head(&mut self, head: &'s ForHead) {
        match head {
            ForHead::VarDecl(declaration) => {
                declaration.decls.iter().for_each(|declarator| self.bind(&declarator.name, Value::Unknown));
            }
            ForHead::Pat(pattern) => match &**pattern {
                Pat::Ident(name) => self.assign_name(name, Value::Unknown),
                _ => self.effects.certain = true,
            },
            ForHead::UsingDecl(_) => self.effects.certain = true,
        }
    }
}

/// Whether control does not come out at the end of a statement.
fn leaves(statement: &Stmt) -> bool {
    match statement {
        Stmt::Return(_) | Stmt::Throw(_) | Stmt::Continue(_) | Stmt::Break(_) => true,
        Stmt::Block(block) => block.stmts.last().is_some_and(leaves),
        _ => false,
    }
}
