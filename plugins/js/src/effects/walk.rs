//! The walk over statements and expressions.

use super::globals::GLOBALS;
use super::{Code, Object, Surroundings, Value};
use crate::record::{Effects, Place};
use rustc_hash::FxHashMap;
use swc_core::atoms::Atom;
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
    present: Vec<Id>,
    /// The class whose instance is being made.
    pub(super) class: Option<&'s Class>,
    /// Members of `this` that are relied on.
    pub(super) this_uses: std::collections::BTreeSet<Atom>,
    /// The function returns something other than nothing.
    pub(super) returned: bool,
    /// What it returns.
    pub(super) result: Option<Value>,
    /// Functions around the current place that are walked because they are called.
    pub(super) depth: u32,
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
            returned: false,
            result: None,
            depth: 0,
            followed: 0,
            tries: 0,
        }
    }

    /// The effects found.
    pub(super) fn finish(self) -> Effects {
        if self.effects.certain { Effects { certain: true, ..Effects::default() } } else { self.effects }
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
        // What a module's own name holds is known here.
        let own = matches!(&place, Place::Name(name) if !self.surroundings.imports.contains(name));
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
        for statement in statements {
            if self.effects.certain {
                return;
            }
            self.statement(statement);
        }
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
                self.where_true(&statement.test, |walk| walk.statement(&statement.cons));
                if let Some(alternative) = &statement.alt {
                    self.where_false(&statement.test, |walk| walk.statement(alternative));
                }
                // `if (!x) return;`
                if leaves(&statement.cons) {
                    self.tested(&statement.test, false);
                }
            }
            Stmt::Return(statement) => {
                if let Some(argument) = &statement.arg {
                    let value = self.expression(argument);
                    self.returned = true;
                    self.result = Some(self.result.take().map_or(value.clone(), |result| result.or(value)));
                }
            }
            Stmt::Throw(statement) => {
                self.expression(&statement.arg);
                self.effects.certain |= self.tries == 0;
            }
            Stmt::Try(statement) => {
                self.tries += u32::from(statement.handler.is_some());
                self.statements(&statement.block.stmts);
                self.tries -= u32::from(statement.handler.is_some());
                if let Some(handler) = &statement.handler {
                    self.statements(&handler.body.stmts);
                }
                if let Some(finalizer) = &statement.finalizer {
                    self.statements(&finalizer.stmts);
                }
            }
            Stmt::Labeled(statement) => self.statement(&statement.body),
            Stmt::While(statement) => {
                self.expression(&statement.test);
                self.where_true(&statement.test, |walk| walk.statement(&statement.body));
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
            Stmt::Switch(statement) => {
                self.expression(&statement.discriminant);
                for case in &statement.cases {
                    if let Some(test) = &case.test {
                        self.expression(test);
                    }
                    self.statements(&case.cons);
                }
            }
            Stmt::Decl(declaration) => self.declaration(declaration),
            Stmt::With(_) | Stmt::Debugger(_) => self.effects.certain = true,
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
            Pat::Ident(name) => {
                if !self.surroundings.reassigned.contains(&name.to_id()) {
                    self.values.insert(name.to_id(), value);
                }
            }
            Pat::Assign(pattern) => {
                let default = self.expression(&pattern.right);
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
                                self.expression(default);
                            }
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
                Pat::Ident(name) => self.assign_name(name),
                _ => self.effects.certain = true,
            },
            ForHead::UsingDecl(_) => self.effects.certain = true,
        }
    }

    // Tests

    fn where_true(&mut self, test: &Expr, work: impl FnOnce(&mut Self)) {
        self.within(test, true, work);
    }

    fn where_false(&mut self, test: &Expr, work: impl FnOnce(&mut Self)) {
        self.within(test, false, work);
    }

    fn within(&mut self, test: &Expr, outcome: bool, work: impl FnOnce(&mut Self)) {
        let before = self.present.len();
        self.tested(test, outcome);
        work(self);
        self.present.truncate(before);
    }

    /// Notes what is not null if a test has this outcome.
    fn tested(&mut self, test: &Expr, outcome: bool) {
        match test {
            Expr::Paren(inner) => self.tested(&inner.expr, outcome),
            Expr::Ident(name) if outcome => self.present.push(name.to_id()),
            Expr::Unary(unary) if unary.op == UnaryOp::Bang => self.tested(&unary.arg, !outcome),
            Expr::Bin(binary) => match binary.op {
                BinaryOp::LogicalAnd if outcome => {
                    self.tested(&binary.left, true);
                    self.tested(&binary.right, true);
                }
                BinaryOp::LogicalOr if !outcome => {
                    self.tested(&binary.left, false);
                    self.tested(&binary.right, false);
                }
                BinaryOp::EqEqEq | BinaryOp::EqEq => self.compared(&binary.left, &binary.right, outcome),
                BinaryOp::NotEqEq | BinaryOp::NotEq => self.compared(&binary.left, &binary.right, !outcome),
                BinaryOp::Lt | BinaryOp::Gt => {
                    // `typeof x < "u"`, as minifiers write it.
                    if let (Expr::Unary(unary), Expr::Lit(Lit::Str(text))) = (&*binary.left, &*binary.right)
                        && unary.op == UnaryOp::TypeOf
                        && text.value.to_string_lossy() == "u"
                        && outcome == (binary.op == BinaryOp::Lt)
                    {
                        self.present.extend(unary.arg.as_ident().map(Ident::to_id));
                    }
                }
                _ => {}
            },
            _ => {}
        }
    }

    /// `typeof x === "function"`, and the like: what it says of `x` if both sides are, or are not, the same.
    fn compared(&mut self, left: &Expr, right: &Expr, same: bool) {
        let (Expr::Unary(unary), Expr::Lit(Lit::Str(text))) = (left, right) else {
            if let (Expr::Ident(name), Expr::Lit(Lit::Null(_))) = (left, right)
                && !same
            {
                self.present.push(name.to_id());
            }
            return;
        };
        let name = unary.arg.as_ident().filter(|_| unary.op == UnaryOp::TypeOf);
        let text = text.value.to_string_lossy();
        // An object may be null, but it exists.
        let exists = if same { text != "undefined" } else { text == "undefined" };
        if exists && (text != "object" || name.is_some_and(|name| name.ctxt == self.surroundings.unresolved)) {
            self.present.extend(name.map(Ident::to_id));
        }
    }

    // Expressions

    /// Walks over an expression and says what its value is.
    pub(super) fn expression(&mut self, expression: &'s Expr) -> Value {
        if self.effects.certain {
            return Value::Unknown;
        }
        match expression {
            Expr::Lit(Lit::Str(_)) => Value::Text,
            Expr::Lit(Lit::Regex(_)) => Value::Fresh,
            Expr::Lit(_) => Value::Primitive,
            Expr::Fn(_) | Expr::Arrow(_) => Value::Fresh,
            Expr::This(_) => self.this.clone(),
            Expr::MetaProp(_) => Value::Present,
            Expr::Ident(name) => self.name(name),
            Expr::Paren(inner) => self.expression(&inner.expr),
            Expr::Class(class) => {
                self.class(&class.class);
                Value::Fresh
            }
            Expr::Array(array) => {
                for element in array.elems.iter().flatten() {
                    let value = self.expression(&element.expr);
                    if element.spread.is_some() {
                        self.iterate(&element.expr, &value);
                    }
                }
                Value::Collection
            }
            Expr::Object(object) => self.object(object),
            Expr::Tpl(template) => {
                template.exprs.iter().for_each(|part| {
                    self.converted(part);
                });
                Value::Text
            }
            Expr::Seq(sequence) => {
                let mut value = Value::Primitive;
                for part in &sequence.exprs {
                    value = self.expression(part);
                }
                value
            }
            Expr::Cond(choice) => {
                self.expression(&choice.test);
                let mut value = Value::Unknown;
                self.where_true(&choice.test, |walk| value = walk.expression(&choice.cons));
                let mut other = Value::Unknown;
                self.where_false(&choice.test, |walk| other = walk.expression(&choice.alt));
                value.or(other)
            }
            Expr::Unary(unary) => self.unary(unary),
            Expr::Bin(binary) => self.binary(binary),
            Expr::Assign(assignment) => self.assignment(assignment),
            Expr::Update(update) => {
                match &*update.arg {
                    Expr::Ident(name) => self.assign_name(name),
                    Expr::Member(member) => {
                        self.assign_member(member);
                    }
                    _ => self.effects.certain = true,
                }
                Value::Primitive
            }
            Expr::Member(member) => self.member(member),
            Expr::OptChain(chain) => match &*chain.base {
                OptChainBase::Member(member) => {
                    let object = self.expression(&member.obj);
                    self.property(&member.prop);
                    // Beyond the question mark a link is only read if what is before it is there.
                    if !chain.optional && !matches!(&*member.obj, Expr::OptChain(_)) {
                        self.read(&object);
                    }
                    Value::Unknown
                }
                OptChainBase::Call(_) => self.certain(),
            },
            Expr::Call(call) => self.call(call),
            Expr::New(new) => self.new_expression(new),
            Expr::TaggedTpl(template) => {
                if !self.surroundings.program.is_pure(template.span) {
                    return self.certain();
                }
                template.tpl.exprs.iter().for_each(|part| {
                    self.expression(part);
                });
                Value::Unknown
            }
            _ => self.certain(),
        }
    }

    /// Whether an expression has been tested and is not null here.
    fn is_present(&self, expression: &Expr) -> bool {
        matches!(expression, Expr::Ident(name) if self.present.iter().any(|(sym, ctxt)| *sym == name.sym && *ctxt == name.ctxt))
    }

    fn name(&mut self, name: &Ident) -> Value {
        let surroundings = self.surroundings;
        let present = || self.present.iter().any(|(sym, ctxt)| *sym == name.sym && *ctxt == name.ctxt);
        if name.ctxt == surroundings.top_level {
            if let Some(place) = surroundings.aliases.get(&name.sym) {
                return Value::Of(place.clone());
            }
            return if surroundings.imports.contains(&name.sym) || surroundings.objects.contains_key(&name.sym) {
                Value::Of(Place::Name(name.sym.clone()))
            } else if surroundings.texts.contains(&name.sym) {
                Value::Text
            } else if surroundings.functions.contains_key(&name.sym) || present() {
                Value::Present
            } else {
                Value::Unknown
            };
        }
        if name.ctxt == surroundings.unresolved {
            return match name.sym.as_str() {
                "undefined" | "NaN" | "Infinity" => Value::Primitive,
                global if GLOBALS.contains(&global) || present() => Value::Present,
                _ => self.certain(),
            };
        }
        match self.values.get(&name.to_id()) {
            Some(value) if !matches!(value, Value::Unknown) => value.clone(),
            _ if self.code.contains_key(&name.to_id()) => Value::Fresh,
            _ if present() => Value::Present,
            _ => Value::Unknown,
        }
    }

    fn unary(&mut self, unary: &'s UnaryExpr) -> Value {
        match unary.op {
            UnaryOp::Delete => match &*unary.arg {
                Expr::Member(member) => {
                    self.assign_member(member);
                }
                _ => self.effects.certain = true,
            },
            // The mere question does not throw, even for a name that does not exist.
            UnaryOp::TypeOf if unary.arg.is_ident() => return Value::Text,
            UnaryOp::Bang | UnaryOp::Void | UnaryOp::TypeOf => {
                self.expression(&unary.arg);
            }
            UnaryOp::Minus | UnaryOp::Plus | UnaryOp::Tilde => self.converted(&unary.arg),
        }
        Value::Primitive
    }

    fn binary(&mut self, binary: &'s BinExpr) -> Value {
        let (left, right) = (&binary.left, &binary.right);
        match binary.op {
            BinaryOp::LogicalAnd => {
                self.expression(left);
                let mut value = Value::Unknown;
                self.where_true(left, |walk| value = walk.expression(right));
                Value::Unknown.or(value)
            }
            BinaryOp::LogicalOr | BinaryOp::NullishCoalescing => {
                let value = self.expression(left);
                let mut other = Value::Unknown;
                self.where_false(left, |walk| other = walk.expression(right));
                // The left one is only taken if it is not null.
                let value = if matches!(value, Value::Unknown | Value::Primitive) { Value::Present } else { value };
                value.or(other)
            }
            BinaryOp::EqEqEq | BinaryOp::NotEqEq => {
                self.expression(left);
                self.expression(right);
                Value::Primitive
            }
            BinaryOp::In => {
                if !left.is_private_name() {
                    self.converted(left);
                }
                let object = self.expression(right);
                // A proxy may be asked.
                self.effects.certain |= !matches!(object, Value::Fresh | Value::Collection | Value::Of(_));
                self.read(&object);
                Value::Primitive
            }
            BinaryOp::InstanceOf => {
                self.expression(left);
                let class = self.expression(right);
                let is_global = matches!(&**right, Expr::Ident(name) if name.ctxt == self.surroundings.unresolved);
                self.effects.certain |= !is_global && !matches!(class, Value::Of(_));
                Value::Primitive
            }
            BinaryOp::Add => {
                let text = [left, right].map(|side| {
                    self.converted(side);
                    side.is_lit() || side.is_tpl()
                });
                if text.contains(&true) { Value::Primitive.or_text(left, right) } else { Value::Primitive }
            }
            _ => {
                self.converted(left);
                self.converted(right);
                Value::Primitive
            }
        }
    }

    /// An expression whose value becomes a primitive: an object's own `valueOf` and `toString` may be anything.
    fn converted(&mut self, expression: &'s Expr) {
        let value = self.expression(expression);
        let is_own_object = match value {
            Value::Fresh => !matches!(expression, Expr::Lit(_)),
            Value::Of(Place::Name(name)) => !self.surroundings.imports.contains(&name),
            _ => false,
        };
        self.effects.certain |= is_own_object;
    }

    fn object(&mut self, object: &'s ObjectLit) -> Value {
        let mut value = Value::Fresh;
        for property in &object.props {
            let property = match property {
                PropOrSpread::Spread(spread) => {
                    // Spreading runs getters. Spreading nothing is nothing.
                    let spread = self.expression(&spread.expr);
                    if spread != Value::Primitive {
                        self.read(&spread);
                    }
                    continue;
                }
                PropOrSpread::Prop(property) => property,
            };
            match &**property {
                Prop::Shorthand(name) => {
                    self.name(name);
                }
                Prop::KeyValue(pair) => {
                    self.key(&pair.key);
                    self.expression(&pair.value);
                    if super::property_name(&pair.key).is_none_or(|name| name == "__proto__") {
                        value = Value::Present;
                    }
                }
                Prop::Method(method) => self.key(&method.key),
                Prop::Getter(GetterProp { key, .. }) | Prop::Setter(SetterProp { key, .. }) => {
                    self.key(key);
                    value = Value::Unknown;
                }
                Prop::Assign(_) => self.effects.certain = true,
            }
        }
        value
    }

    pub(super) fn key(&mut self, key: &'s PropName) {
        if let PropName::Computed(computed) = key {
            self.converted(&computed.expr);
        }
    }

    fn property(&mut self, property: &'s MemberProp) {
        if let MemberProp::Computed(computed) = property {
            self.converted(&computed.expr);
        }
    }

    fn member(&mut self, member: &'s MemberExpr) -> Value {
        let object = self.expression(&member.obj);
        self.property(&member.prop);
        if let (Value::Of(Place::This), MemberProp::Ident(name)) = (&object, &member.prop) {
            return self.read_of_this(&name.sym);
        }
        if !self.is_present(&member.obj) {
            self.read(&object);
        }
        match object {
            Value::Of(Place::Name(name))
                if is_named(&member.prop, "prototype")
                    && self.surroundings.objects.get(&name) == Some(&Object::Class) =>
            {
                Value::Present
            }
            Value::Fresh | Value::Of(_) if is_named(&member.prop, "prototype") => object,
            // What is known of the globals is that these lead somewhere.
            Value::Present if self.is_global_path(&member.obj) && is_named(&member.prop, "prototype") => Value::Present,
            Value::Fresh if matches!(&*member.obj, Expr::Lit(Lit::Regex(_))) => Value::Text,
            _ => Value::Unknown,
        }
    }

    /// A property of the instance that is being made; an accessor runs.
    fn read_of_this(&mut self, name: &Atom) -> Value {
        self.effects.reads.insert(Place::This);
        self.this_uses.insert(name.clone());
        if self.has_accessor(name) { self.certain() } else { Value::Unknown }
    }

    fn has_accessor(&self, name: &Atom) -> bool {
        self.class.is_some_and(|class| {
            class.body.iter().any(|member| {
                matches!(member, ClassMember::Method(method) if !method.is_static && method.kind != MethodKind::Method
                    && super::property_name(&method.key).as_ref() == Some(name))
            })
        })
    }

    fn assignment(&mut self, assignment: &'s AssignExpr) -> Value {
        // `a ||= b` reads before it writes.
        let value = match &assignment.left {
            AssignTarget::Simple(SimpleAssignTarget::Ident(name)) => {
                let value = self.expression(&assignment.right);
                if assignment.op != AssignOp::Assign {
                    self.name(name);
                }
                self.assign_name(name);
                value
            }
            AssignTarget::Simple(SimpleAssignTarget::Member(member)) => {
                let owner = self.assign_member(member);
                match self.expression(&assignment.right) {
                    // Who holds the object holds the value from now on.
                    Value::Fresh | Value::Collection => owner,
                    value => value,
                }
            }
            _ => return self.certain(),
        };
        if assignment.op == AssignOp::Assign { value } else { Value::Unknown }
    }

    /// A variable gets another value: seen by those who use the variable.
    pub(super) fn assign_name(&mut self, name: &Ident) {
        if self.surroundings.constants.contains(&name.to_id()) {
            self.effects.certain = true;
        } else if name.ctxt == self.surroundings.top_level {
            self.effects.changes.insert(Place::Name(name.sym.clone()));
        } else if name.ctxt == self.surroundings.unresolved {
            self.effects.certain = true;
        }
    }

    /// A property gets another value. Gives the object.
    fn assign_member(&mut self, member: &'s MemberExpr) -> Value {
        let object = match &*member.obj {
            Expr::Member(inner) => self.member(inner),
            object => self.expression(object),
        };
        self.property(&member.prop);
        if let MemberProp::Ident(name) = &member.prop
            && (object == Value::Of(Place::This) || member.obj.is_this())
        {
            self.this_uses.insert(name.sym.clone());
            self.effects.certain |= self.has_accessor(&name.sym);
        }
        self.change(&object);
        object
    }

    /// Iterating over what is not a plain collection runs its iterator.
    pub(super) fn iterate(&mut self, expression: &Expr, value: &Value) {
        let is_collection = match value {
            Value::Collection | Value::Text => true,
            Value::Of(Place::Name(name)) => self.surroundings.objects.get(name) == Some(&Object::Collection),
            _ => false,
        };
        self.effects.certain |= !is_collection && !expression.is_array();
    }

    /// The definition of a class.
    pub(super) fn class(&mut self, class: &'s Class) {
        if let Some(parent) = &class.super_class {
            self.expression(parent);
        }
        let this = std::mem::replace(&mut self.this, Value::Fresh);
        self.effects.certain |= !class.decorators.is_empty();
        for member in &class.body {
            match member {
                ClassMember::Method(method) => {
                    self.key(&method.key);
                    self.effects.certain |= !method.function.decorators.is_empty();
                }
                ClassMember::ClassProp(field) => {
                    self.key(&field.key);
                    self.effects.certain |= !field.decorators.is_empty();
                    if let (true, Some(value)) = (field.is_static, &field.value) {
                        self.expression(value);
                    }
                }
                ClassMember::PrivateProp(field) => {
                    if let (true, Some(value)) = (field.is_static, &field.value) {
                        self.expression(value);
                    }
                }
                ClassMember::StaticBlock(block) => self.statements(&block.body.stmts),
                ClassMember::AutoAccessor(_) => self.effects.certain = true,
                ClassMember::Constructor(_)
                | ClassMember::PrivateMethod(_)
                | ClassMember::Empty(_)
                | ClassMember::TsIndexSignature(_) => {}
            }
        }
        self.this = this;
    }

    fn is_global_path(&self, expression: &Expr) -> bool {
        matches!(expression, Expr::Ident(name) if name.ctxt == self.surroundings.unresolved)
    }
}

impl Value {
    /// A sum of which one side is a string is a string.
    fn or_text(self, left: &Expr, right: &Expr) -> Self {
        let is_text = |side: &Expr| matches!(side, Expr::Lit(Lit::Str(_)) | Expr::Tpl(_));
        if is_text(left) || is_text(right) { Self::Text } else { self }
    }
}

pub(super) fn is_named(property: &MemberProp, wanted: &str) -> bool {
    matches!(property, MemberProp::Ident(name) if name.sym == wanted)
}

/// Whether control does not come out at the end of a statement.
fn leaves(statement: &Stmt) -> bool {
    match statement {
        Stmt::Return(_) | Stmt::Throw(_) | Stmt::Continue(_) | Stmt::Break(_) => true,
        Stmt::Block(block) => block.stmts.last().is_some_and(leaves),
        _ => false,
    }
}
