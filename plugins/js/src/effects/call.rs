//! Calls: of globals, of functions in sight, and of functions that others judge.

use super::globals::{COLLECTIONS, GLOBALS, PLAIN_CONSTRUCTORS, PURE_CALLS};
use super::walk::Walk;
use super::{Code, Object, Value};
use crate::record::{Argument, Call, FunctionName, Place};
use swc_core::atoms::Atom;
use swc_core::common::Spanned;
use swc_core::ecma::ast::*;

/// Functions within functions are followed this far.
const DEEPEST: usize = 8;

/// Functions in sight are followed this often.
const MOST: u32 = 200;

/// Methods of arrays, maps and sets that change nothing.
const READING: &[&str] = &[
    "at",
    "concat",
    "entries",
    "flat",
    "get",
    "has",
    "includes",
    "indexOf",
    "join",
    "keys",
    "lastIndexOf",
    "slice",
    "values",
];
/// Those that change the collection.
const CHANGING: &[&str] = &[
    "add",
    "clear",
    "copyWithin",
    "delete",
    "fill",
    "pop",
    "push",
    "reverse",
    "set",
    "shift",
    "sort",
    "splice",
    "unshift",
];
/// Those that call their arguments, `sort` apart.
const CALLING: &[&str] =
    &["every", "filter", "find", "findIndex", "flatMap", "forEach", "map", "reduce", "reduceRight", "some"];
/// Methods of strings.
const OF_TEXT: &[&str] = &[
    "at",
    "charAt",
    "charCodeAt",
    "codePointAt",
    "concat",
    "endsWith",
    "includes",
    "indexOf",
    "lastIndexOf",
    "padEnd",
    "padStart",
    "repeat",
    "replace",
    "replaceAll",
    "slice",
    "split",
    "startsWith",
    "substring",
    "substr",
    "toLowerCase",
    "toString",
    "toUpperCase",
    "trim",
    "trimEnd",
    "trimStart",
];

impl<'a, 's> Walk<'a, 's>
where
    'a: 's,
{
    pub(super) fn call(&mut self, call: &'s CallExpr) -> Value {
        if self.surroundings.program.is_pure(call.span) {
            self.arguments(&call.args);
            return Value::Unknown;
        }
        match &call.callee {
            Callee::Expr(callee) => self.call_of(callee, &call.args),
            Callee::Super(_) => self.call_of_parent(&call.args),
            Callee::Import(_) => self.certain(),
        }
    }

    fn call_of(&mut self, callee: &'s Expr, arguments: &'s [ExprOrSpread]) -> Value {
        match callee {
            Expr::Paren(inner) => self.call_of(&inner.expr, arguments),
            Expr::Ident(name) if name.ctxt == self.surroundings.top_level => {
                match self.surroundings.globals.get(&name.sym) {
                    Some((object, method)) => self.call_of_global(object, method, arguments),
                    None => self.call_by_name(&name.sym, None, false, arguments),
                }
            }
            Expr::Ident(name) if name.ctxt == self.surroundings.unresolved => match name.sym.as_str() {
                "Symbol" | "Boolean" | "Number" | "String" | "Object" | "isNaN" | "isFinite" | "parseInt"
                | "parseFloat" => {
                    self.convert_arguments(arguments);
                    Value::Present
                }
                _ => self.certain(),
            },
            Expr::Ident(name) => match self.code.get(&name.to_id()).copied() {
                Some(code) if !self.surroundings.reassigned.contains(&name.to_id()) => {
                    self.enter(code, arguments, false)
                }
                _ => self.certain(),
            },
            Expr::Fn(function) => self.enter(Code::Function(&function.function), arguments, false),
            Expr::Arrow(arrow) => self.enter(Code::Arrow(arrow), arguments, false),
            Expr::Member(member) => self.call_of_member(member, arguments),
            _ => self.certain(),
        }
    }

    /// `super(…)`: the parent works on the same instance.
    fn call_of_parent(&mut self, arguments: &'s [ExprOrSpread]) -> Value {
        let Some(parent) = self.class.and_then(|class| class.super_class.as_ref()) else { return self.certain() };
        match &**parent {
            Expr::Ident(name) if name.ctxt == self.surroundings.top_level => {
                self.call_by_name(&name.sym, None, true, arguments)
            }
            Expr::Ident(name)
                if name.ctxt == self.surroundings.unresolved
                    && (COLLECTIONS.contains(&name.sym.as_str())
                        || PLAIN_CONSTRUCTORS.contains(&name.sym.as_str())
                        || name.sym == "EventTarget") =>
            {
                self.convert_arguments(arguments);
                Value::Unknown
            }
            _ => self.certain(),
        }
    }

    /// A call that is judged when all modules are known.
    fn call_by_name(
        &mut self,
        name: &Atom,
        member: Option<Atom>,
        constructs: bool,
        arguments: &'s [ExprOrSpread],
    ) -> Value {
        let surroundings = self.surroundings;
        if !surroundings.functions.contains_key(name) && !surroundings.imports.contains(name) {
            return self.certain();
        }
        let values = self.arguments(arguments);
        let has_spread = arguments.iter().any(|argument| argument.spread.is_some());
        let arguments = values.into_iter().map(|value| match value {
            _ if has_spread => Argument::Unknown,
            Value::Unknown | Value::Primitive => Argument::Unknown,
            Value::Present | Value::Text => Argument::Present,
            Value::Fresh | Value::Collection => Argument::Fresh,
            Value::Of(place) => Argument::Of(place),
        });
        let callee = FunctionName { name: name.clone(), member };
        let call = Call { callee, constructs, arguments: arguments.collect() };
        self.effects.calls.insert(call);
        if constructs { Value::Fresh } else { Value::Unknown }
    }

    fn call_of_member(&mut self, member: &'s MemberExpr, arguments: &'s [ExprOrSpread]) -> Value {
        let MemberProp::Ident(method) = &member.prop else { return self.certain() };
        let method = method.sym.as_str();
        match &*member.obj {
            Expr::Ident(object) if object.ctxt == self.surroundings.unresolved => {
                return self.call_of_global(object.sym.as_str(), method, arguments);
            }
            Expr::Ident(object)
                if object.ctxt == self.surroundings.top_level && self.surroundings.imports.contains(&object.sym) =>
            {
                return self.call_by_name(&object.sym, Some(method.into()), false, arguments);
            }
            Expr::This(_) if self.this == Value::Of(Place::This) => return self.call_of_method(method, arguments),
            _ => {}
        }
        let object = self.expression(&member.obj);
        let is_collection = match &object {
            Value::Collection => true,
            Value::Of(Place::Name(name)) => self.surroundings.objects.get(name) == Some(&Object::Collection),
            _ => false,
        };
        let (changes, calls) = (CHANGING.contains(&method), CALLING.contains(&method) || method == "sort");
        if is_collection && (READING.contains(&method) || changes || calls) {
            if changes {
                self.change(&object);
            }
            if calls {
                self.callbacks(arguments);
            } else {
                self.arguments(arguments);
            }
            return match method {
                "concat" | "filter" | "flat" | "flatMap" | "map" | "slice" | "splice" => Value::Collection,
                _ => Value::Unknown,
            };
        }
        if object == Value::Text && OF_TEXT.contains(&method) {
            self.callbacks(arguments);
            return if method == "split" { Value::Collection } else { Value::Text };
        }
        self.certain()
    }

    /// A method of the class whose instance is being made.
    fn call_of_method(&mut self, name: &str, arguments: &'s [ExprOrSpread]) -> Value {
        let method = self.class.and_then(|class| {
            class.body.iter().find_map(|member| match member {
                ClassMember::Method(method)
                    if !method.is_static
                        && method.kind == MethodKind::Method
                        && super::property_name(&method.key).is_some_and(|key| key == name) =>
                {
                    Some(&method.function)
                }
                _ => None,
            })
        });
        let Some(method) = method else { return self.certain() };
        self.this_uses.insert(name.into());
        self.effects.reads.insert(Place::This);
        self.enter(Code::Function(method), arguments, true)
    }

    fn call_of_global(&mut self, object: &str, method: &str, arguments: &'s [ExprOrSpread]) -> Value {
        match (object, method) {
            (
                "Object",
                "assign" | "defineProperty" | "defineProperties" | "setPrototypeOf" | "freeze" | "seal"
                | "preventExtensions",
            ) => {
                // Whoever gets a setter is not known here, but by [`super::Assigned`].
                let setter =
                    method.starts_with("define") && super::defines_setter(arguments.get(1..).unwrap_or_default());
                let values = self.arguments(arguments);
                let Some((target, rest)) = values.split_first() else { return self.certain() };
                if setter && matches!(target, Value::Of(_)) {
                    return self.certain();
                }
                if !matches!((method, target), ("freeze" | "seal" | "preventExtensions", Value::Primitive)) {
                    self.change(target);
                }
                if method == "assign" {
                    rest.iter().for_each(|source| self.read(source));
                }
                target.clone()
            }
            ("Object", "keys" | "values" | "entries" | "getOwnPropertyNames" | "fromEntries" | "getPrototypeOf") => {
                let values = self.arguments(arguments);
                values.iter().take(1).for_each(|value| self.read(value));
                if method == "fromEntries" && values.first() != Some(&Value::Collection) {
                    return self.certain();
                }
                if method == "fromEntries" { Value::Fresh } else { Value::Collection }
            }
            ("Object", "create") => {
                let values = self.arguments(arguments);
                self.effects.certain |=
                    values.first().is_none_or(|value| matches!(value, Value::Unknown | Value::Text));
                Value::Fresh
            }
            ("Array", "from") => {
                let values = self.arguments(arguments.get(..1).unwrap_or_default());
                let plain = matches!(values.first(), Some(Value::Collection | Value::Text));
                let sized = matches!(arguments.first().map(|argument| &*argument.expr), Some(Expr::Object(_)));
                let is_sized = sized && values.first() == Some(&Value::Fresh);
                self.effects.certain |= !(plain || is_sized);
                self.callbacks(arguments.get(1..).unwrap_or_default());
                Value::Collection
            }
            ("Math", _) => {
                self.convert_arguments(arguments);
                Value::Primitive
            }
            _ if PURE_CALLS.contains(&(object, method)) => {
                self.convert_arguments(arguments);
                if method == "of" { Value::Collection } else { Value::Unknown }
            }
            _ => self.certain(),
        }
    }

    pub(super) fn new_expression(&mut self, new: &'s NewExpr) -> Value {
        let arguments = new.args.as_deref().unwrap_or_default();
        if self.surroundings.program.is_pure(new.span()) {
            self.arguments(arguments);
            return Value::Fresh;
        }
        match &*new.callee {
            Expr::Ident(name) if name.ctxt == self.surroundings.top_level => {
                self.call_by_name(&name.sym, None, true, arguments)
            }
            Expr::Ident(name) if name.ctxt == self.surroundings.unresolved => self.new_global(name, arguments),
            Expr::Ident(name) => match self.code.get(&name.to_id()).copied() {
                Some(code) if !self.surroundings.reassigned.contains(&name.to_id()) => self.make(code, arguments),
                _ => self.certain(),
            },
            callee => match super::code_of(callee) {
                Some(code @ Code::Class(class)) => {
                    self.class(class);
                    self.make(code, arguments)
                }
                _ => self.certain(),
            },
        }
    }

    fn new_global(&mut self, name: &Ident, arguments: &'s [ExprOrSpread]) -> Value {
        let name = name.sym.as_str();
        if COLLECTIONS.contains(&name) {
            let values = self.arguments(arguments);
            let is_plain = |expression: &Expr| match expression {
                Expr::Lit(Lit::Null(_)) => true,
                Expr::Array(array) => {
                    name == "Set"
                        || array.elems.iter().flatten().all(|element| name == "Map" && element.expr.is_array())
                }
                _ => name == "Set" && values.first() == Some(&Value::Collection),
            };
            self.effects.certain |= !arguments.first().is_none_or(|argument| is_plain(&argument.expr));
            return Value::Collection;
        }
        let is_array = name.ends_with("Array") && GLOBALS.contains(&name) || name.ends_with("ArrayBuffer");
        if PLAIN_CONSTRUCTORS.contains(&name) || is_array || name == "Date" {
            // A length must be one.
            let lengths = is_array || name == "Array";
            let values = self.arguments(arguments);
            let is_number = |argument: &ExprOrSpread| matches!(&*argument.expr, Expr::Lit(Lit::Num(_)));
            let fits = !lengths || arguments.len() != 1 || is_number(&arguments[0]) || values == [Value::Collection];
            self.effects.certain |= !fits || arguments.iter().any(|argument| argument.spread.is_some());
            return if name == "Array" { Value::Collection } else { Value::Fresh };
        }
        if name == "RegExp" || name == "Proxy" {
            let values = self.arguments(arguments);
            let texts = arguments
                .iter()
                .all(|argument| argument.expr.is_lit() || argument.expr.is_tpl() || argument.expr.is_bin());
            let objects = values.len() == 2 && values.iter().all(|value| *value == Value::Fresh);
            self.effects.certain |= if name == "RegExp" { !texts } else { !objects };
            return Value::Unknown;
        }
        self.certain()
    }

    // Arguments

    /// Walks over arguments and says what each is.
    pub(super) fn arguments(&mut self, arguments: &'s [ExprOrSpread]) -> Vec<Value> {
        let each = arguments.iter().map(|argument| {
            let value = self.expression(&argument.expr);
            if argument.spread.is_some() {
                self.iterate(&argument.expr, &value);
                return Value::Unknown;
            }
            value
        });
        each.collect()
    }

    /// Arguments that become primitives.
    fn convert_arguments(&mut self, arguments: &'s [ExprOrSpread]) {
        for (argument, value) in arguments.iter().zip(self.arguments(arguments)) {
            self.effects.certain |= value == Value::Fresh && argument.expr.is_object();
        }
    }

    /// Arguments of which those that are functions are called.
    fn callbacks(&mut self, arguments: &'s [ExprOrSpread]) {
        for argument in arguments {
            match super::code_of(&argument.expr) {
                Some(code) => {
                    self.enter(code, &[], false);
                }
                None => {
                    let value = self.expression(&argument.expr);
                    let is_data =
                        matches!(value, Value::Collection | Value::Text | Value::Primitive) || argument.expr.is_lit();
                    self.effects.certain |= !is_data && !argument.expr.is_object();
                }
            }
        }
    }

    // Functions in sight

    /// A function that calls itself gives its names other values.
    fn may_follow(&mut self, code: Code<'s>) -> bool {
        self.followed += 1;
        self.entered.len() < DEEPEST && self.followed < MOST && !self.entered.contains(&code.span().lo)
    }

    /// Follows a call of a function in sight.
    fn enter(&mut self, code: Code<'s>, arguments: &'s [ExprOrSpread], keeps_this: bool) -> Value {
        if !self.may_follow(code) {
            return self.certain();
        }
        let values = self.arguments(arguments);
        let known = !arguments.is_empty() || keeps_this;
        let (this, result) = (self.this.clone(), self.result.take());
        self.entered.push(code.span().lo);
        let is_async = match code {
            Code::Function(function) => {
                if !keeps_this {
                    self.this = Value::Unknown;
                }
                let parameters = function.params.iter().map(|parameter| &parameter.pat);
                self.parameters(parameters, known.then_some(&values));
                if !function.is_generator {
                    self.function_body(function);
                }
                function.is_async || function.is_generator
            }
            Code::Arrow(arrow) => {
                self.parameters(arrow.params.iter(), known.then_some(&values));
                self.arrow_body(arrow);
                arrow.is_async
            }
            Code::Class(_) => return self.certain(),
        };
        self.entered.pop();
        let value = self.result.take().unwrap_or(Value::Primitive);
        (self.this, self.result) = (this, result);
        if is_async { Value::Present } else { value }
    }

    /// Follows `new` of a function or class in sight.
    fn make(&mut self, code: Code<'s>, arguments: &'s [ExprOrSpread]) -> Value {
        if !self.may_follow(code) {
            return self.certain();
        }
        let values = self.arguments(arguments);
        let (this, class) = (std::mem::replace(&mut self.this, Value::Fresh), self.class.take());
        let result = self.result.take();
        self.entered.push(code.span().lo);
        match code {
            Code::Function(function) => {
                self.parameters(function.params.iter().map(|parameter| &parameter.pat), Some(&values));
                self.function_body(function);
            }
            Code::Class(class) => self.construct(class, Some(&values)),
            Code::Arrow(_) => self.effects.certain = true,
        }
        self.entered.pop();
        self.effects.certain |= self.result.is_some();
        (self.this, self.class, self.result) = (this, class, result);
        Value::Fresh
    }

    /// Binds parameters to what they get, or to their own places.
    pub(super) fn parameters(&mut self, parameters: impl Iterator<Item = &'s Pat>, values: Option<&Vec<Value>>) {
        let at_top = self.entered.is_empty();
        for (position, parameter) in parameters.enumerate() {
            let value = match values {
                Some(values) => values.get(position).cloned().unwrap_or(Value::Primitive),
                None if at_top => Value::Of(Place::Parameter(position as u32)),
                None => Value::Unknown,
            };
            self.bind(parameter, value);
        }
    }

    pub(super) fn function_body(&mut self, function: &'s Function) {
        if let Some(body) = &function.body {
            self.statements(&body.stmts);
        }
    }

    pub(super) fn arrow_body(&mut self, arrow: &'s ArrowExpr) {
        match &*arrow.body {
            ArrowFunctionBody::FunctionBody(body) => self.statements(&body.stmts),
            ArrowFunctionBody::Expr(body) => self.return_value(body),
        }
    }

    /// Makes an instance: fields, then the constructor, or the parent's.
    pub(super) fn construct(&mut self, class: &'s Class, values: Option<&Vec<Value>>) {
        self.class = Some(class);
        let constructor = class.body.iter().find_map(|member| match member {
            ClassMember::Constructor(constructor) => Some(constructor),
            _ => None,
        });
        for member in &class.body {
            let value = match member {
                ClassMember::ClassProp(field) if !field.is_static => &field.value,
                ClassMember::PrivateProp(field) if !field.is_static => &field.value,
                _ => continue,
            };
            if let Some(value) = value {
                self.expression(value);
            }
        }
        match constructor {
            Some(constructor) => {
                let parameters = constructor.params.iter().filter_map(|parameter| match parameter {
                    ParamOrTsParamProp::Param(parameter) => Some(&parameter.pat),
                    ParamOrTsParamProp::TsParamProp(_) => None,
                });
                self.parameters(parameters, values);
                if let Some(body) = &constructor.body {
                    self.statements(&body.stmts);
                }
                self.effects.certain |= self.result.is_some();
            }
            None if class.super_class.is_some() => {
                self.call_of_parent(&[]);
            }
            None => {}
        }
    }
}
