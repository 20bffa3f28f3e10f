//! The walk over expressions: what evaluating them does, and what is known of their values.

use super::globals::GLOBALS;
use super::walk::Walk;
use super::{Object, Value, is_named};
use crate::record::Place;
use swc_core::atoms::Atom;
use swc_core::ecma::ast::*;

impl<'a, 's> Walk<'a, 's>
where
    'a: 's,
{
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
                self.where_outcome(true, &choice.test, |walk| value = walk.expression(&choice.cons));
                let mut other = Value::Unknown;
                self.where_outcome(false, &choice.test, |walk| other = walk.expression(&choice.alt));
                value.or(other)
            }
            Expr::Unary(unary) => self.unary(unary),
            Expr::Bin(binary) => self.binary(binary),
            Expr::Assign(assignment) => self.assignment(assignment),
            Expr::Update(update) => {
                match &*update.arg {
                    Expr::Ident(name) => self.assign_name(name, Value::Primitive),
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
                    self.perhaps(|walk| walk.property(&member.prop));
                    // Beyond the question mark a link is only read if what is before it is there.
                    if !chain.optional && !matches!(&*member.obj, Expr::OptChain(_)) {
                        self.read(&object);
                    }
                    Value::Unknown
                }
                OptChainBase::Call(call) if self.surroundings.program.is_pure(chain.span) => {
                    self.perhaps(|walk| walk.arguments(&call.args));
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

    pub(super) fn name(&mut self, name: &Ident) -> Value {
        let surroundings = self.surroundings;
        let present = || self.is_present(name);
        if name.ctxt == surroundings.top_level {
            if let Some(place) = surroundings.aliases.get(&name.sym) {
                return Value::Of(place.clone());
            }
            let is_place = surroundings.imports.contains(&name.sym)
                || surroundings.objects.contains_key(&name.sym)
                || surroundings.held.contains_key(&name.sym);
            return if is_place {
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
                self.where_outcome(true, left, |walk| {
                    walk.expression(right);
                });
                Value::Unknown
            }
            BinaryOp::LogicalOr | BinaryOp::NullishCoalescing => {
                let value = self.expression(left);
                let mut other = Value::Unknown;
                self.where_outcome(false, left, |walk| other = walk.expression(right));
                // The left one is only taken if it is not null.
                if value == other { value } else { value.if_present().or(other) }
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
            _ => {
                self.converted(left);
                self.converted(right);
                let is_text = |side: &Expr| matches!(side, Expr::Lit(Lit::Str(_)) | Expr::Tpl(_));
                let is_sum_of_text = binary.op == BinaryOp::Add && (is_text(left) || is_text(right));
                if is_sum_of_text { Value::Text } else { Value::Primitive }
            }
        }
    }

    /// An expression whose value becomes a primitive: an object's own `valueOf` and `toString` may be anything.
    fn converted(&mut self, expression: &'s Expr) {
        let value = self.expression(expression);
        let is_own_object = match value {
            Value::Fresh => !matches!(expression, Expr::Lit(_)),
            Value::Of(Place::Name(name)) => self.surroundings.objects.contains_key(&name),
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
        if !member.obj.as_ident().is_some_and(|name| self.is_present(name)) {
            self.read(&object);
        }
        match object {
            Value::Of(Place::Name(name))
                if is_named(&member.prop, "prototype")
                    && self.surroundings.objects.get(&name) == Some(&Object::Class) =>
            {
                Value::Present
            }
            // A parent may have setters, and an object may have anything by that name.
            Value::Of(Place::Name(name)) if self.surroundings.held.contains_key(&name) => Value::Unknown,
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
                if assignment.op == AssignOp::Assign {
                    let value = self.expression(&assignment.right);
                    self.assign_name(name, value.clone());
                    return value;
                }
                self.name(name);
                self.perhaps(|walk| walk.expression(&assignment.right));
                self.assign_name(name, Value::Unknown);
                Value::Unknown
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
    pub(super) fn assign_name(&mut self, name: &Ident, value: Value) {
        if self.surroundings.constants.contains(&name.to_id()) {
            self.effects.certain = true;
        } else if name.ctxt == self.surroundings.top_level {
            self.effects.changes.insert(Place::Name(name.sym.clone()));
        } else if name.ctxt == self.surroundings.unresolved {
            self.effects.certain = true;
        } else {
            self.hold(name.to_id(), value);
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
