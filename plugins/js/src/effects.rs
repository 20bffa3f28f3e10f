//! Which expressions and statements can be left out if their values are not used.
//!
//! A read of a property counts as an effect unless its object is a known global (a getter may run); calls and `new` count unless they are
//! annotated `/*#__PURE__*/`, call a function annotated `/*#__NO_SIDE_EFFECTS__*/`, or construct a known collection.

use crate::swc::Program;
use rustc_hash::FxHashSet;
use swc_core::atoms::Atom;
use swc_core::common::{Spanned, SyntaxContext};
use swc_core::ecma::ast::*;

/// What the module knows while it judges.
pub(crate) struct Effects<'a> {
    pub(crate) program: &'a Program,
    pub(crate) unresolved: SyntaxContext,
    pub(crate) top_level: SyntaxContext,
    /// Top-level functions annotated as free of effects.
    pub(crate) pure_functions: FxHashSet<Atom>,
}

/// Globals that exist wherever modules run, whose mere mention does nothing, and whose members are plain values or pure methods to read.
const GLOBALS: &[&str] = &[
    "undefined",
    "NaN",
    "Infinity",
    "Object",
    "Array",
    "Function",
    "Boolean",
    "Number",
    "String",
    "Symbol",
    "BigInt",
    "Math",
    "JSON",
    "Date",
    "RegExp",
    "Map",
    "Set",
    "WeakMap",
    "WeakSet",
    "WeakRef",
    "Promise",
    "Proxy",
    "Reflect",
    "Error",
    "TypeError",
    "RangeError",
    "SyntaxError",
    "EvalError",
    "ReferenceError",
    "URIError",
    "AggregateError",
    "ArrayBuffer",
    "SharedArrayBuffer",
    "DataView",
    "Int8Array",
    "Uint8Array",
    "Uint8ClampedArray",
    "Int16Array",
    "Uint16Array",
    "Int32Array",
    "Uint32Array",
    "Float32Array",
    "Float64Array",
    "BigInt64Array",
    "BigUint64Array",
    "Intl",
    "Atomics",
    "globalThis",
    "isNaN",
    "isFinite",
    "parseInt",
    "parseFloat",
    "encodeURIComponent",
    "decodeURIComponent",
    "encodeURI",
    "decodeURI",
    "FinalizationRegistry",
];

/// Constructors that do nothing but make a value when they get nothing to iterate over, or an array literal.
const COLLECTIONS: &[&str] = &["Map", "Set", "WeakMap", "WeakSet"];

/// Constructors that do nothing but make a value whatever primitive they get.
const PLAIN_CONSTRUCTORS: &[&str] =
    &["Error", "TypeError", "RangeError", "SyntaxError", "ReferenceError", "EvalError", "URIError", "Object", "Array"];

/// Functions that do nothing but compute, given primitives.
const PURE_CALLS: &[(&str, &str)] = &[
    ("Object", "create"),
    ("Object", "freeze"),
    ("Object", "keys"),
    ("Object", "is"),
    ("Object", "getPrototypeOf"),
    ("Object", "getOwnPropertyDescriptor"),
    ("Array", "isArray"),
    ("Array", "of"),
    ("Number", "isInteger"),
    ("Number", "isNaN"),
    ("Number", "isFinite"),
    ("Symbol", "for"),
    ("String", "fromCharCode"),
    ("Date", "now"),
];

impl Effects<'_> {
    /// Whether evaluating a statement at the top level may do something.
    pub(crate) fn of_statement(&self, statement: &Stmt) -> bool {
        match statement {
            Stmt::Empty(_) => false,
            Stmt::Expr(statement) => !self.is_pure(&statement.expr),
            Stmt::Block(block) => self.of_block(block),
            Stmt::If(statement) => {
                !self.is_pure(&statement.test)
                    || self.of_statement(&statement.cons)
                    || statement.alt.as_ref().is_some_and(|alternative| self.of_statement(alternative))
            }
            Stmt::Try(statement) => {
                self.of_block(&statement.block)
                    || statement.finalizer.as_ref().is_some_and(|block| self.of_block(block))
            }
            Stmt::Labeled(statement) => self.of_statement(&statement.body),
            Stmt::Decl(declaration) => self.of_declaration(declaration),
            _ => true,
        }
    }

    fn of_block(&self, block: &BlockStmt) -> bool {
        block.stmts.iter().any(|statement| self.of_statement(statement))
    }

    /// Whether evaluating a declaration may do something.
    pub(crate) fn of_declaration(&self, declaration: &Decl) -> bool {
        match declaration {
            Decl::Fn(_) => false,
            Decl::Class(declaration) => !self.is_pure_class(&declaration.class),
            Decl::Var(declaration) => declaration.decls.iter().any(|declarator| {
                !matches!(declarator.name, Pat::Ident(_))
                    || declarator.init.as_ref().is_some_and(|init| !self.is_pure(init))
            }),
            _ => true,
        }
    }

    /// Whether a class can be left out when its name is not used.
    pub(crate) fn is_pure_class(&self, class: &Class) -> bool {
        let pure_key = |key: &PropName| match key {
            PropName::Computed(computed) => {
                self.is_primitive(&computed.expr) || self.is_well_known_symbol(&computed.expr)
            }
            _ => true,
        };
        let pure_value = |is_static: bool, value: &Option<Box<Expr>>| {
            !is_static || value.as_ref().is_none_or(|value| self.is_pure(value))
        };
        class.decorators.is_empty()
            && class.super_class.as_ref().is_none_or(|parent| self.is_pure(parent))
            && class.body.iter().all(|member| match member {
                ClassMember::Constructor(_)
                | ClassMember::PrivateMethod(_)
                | ClassMember::Empty(_)
                | ClassMember::TsIndexSignature(_) => true,
                ClassMember::Method(method) => pure_key(&method.key) && method.function.decorators.is_empty(),
                ClassMember::ClassProp(field) => {
                    pure_key(&field.key) && field.decorators.is_empty() && pure_value(field.is_static, &field.value)
                }
                ClassMember::PrivateProp(field) => pure_value(field.is_static, &field.value),
                ClassMember::StaticBlock(block) => !self.of_block(&block.body),
                ClassMember::AutoAccessor(_) => false,
            })
    }

    fn is_well_known_symbol(&self, expression: &Expr) -> bool {
        matches!(expression, Expr::Member(member) if self.global(&member.obj).is_some_and(|name| name == "Symbol") && member.prop.is_ident())
    }

    /// Whether evaluating an expression does nothing that can be seen.
    pub(crate) fn is_pure(&self, expression: &Expr) -> bool {
        match expression {
            Expr::Lit(_) | Expr::Fn(_) | Expr::Arrow(_) | Expr::This(_) => true,
            Expr::MetaProp(_) => true,
            Expr::Ident(name) => name.ctxt != self.unresolved || GLOBALS.contains(&name.sym.as_str()),
            Expr::Paren(inner) => self.is_pure(&inner.expr),
            Expr::Class(class) => self.is_pure_class(&class.class),
            Expr::Array(array) => array.elems.iter().flatten().all(|element| match element.spread {
                // Spreading iterates; only an array literal's iteration is known to be harmless.
                Some(_) => element.expr.is_array() && self.is_pure(&element.expr),
                None => self.is_pure(&element.expr),
            }),
            Expr::Object(object) => object.props.iter().all(|property| self.is_pure_property(property)),
            Expr::Tpl(template) => template.exprs.iter().all(|part| self.is_primitive(part)),
            Expr::Seq(sequence) => sequence.exprs.iter().all(|part| self.is_pure(part)),
            Expr::Cond(choice) => self.is_pure(&choice.test) && self.is_pure(&choice.cons) && self.is_pure(&choice.alt),
            Expr::Unary(unary) => match unary.op {
                UnaryOp::Delete => false,
                // The mere question does not throw, even for a name that does not exist.
                UnaryOp::TypeOf if unary.arg.is_ident() => true,
                UnaryOp::Bang | UnaryOp::Void | UnaryOp::TypeOf => self.is_pure(&unary.arg),
                UnaryOp::Minus | UnaryOp::Plus | UnaryOp::Tilde => self.is_primitive(&unary.arg),
            },
            Expr::Bin(binary) => match binary.op {
                BinaryOp::LogicalAnd
                | BinaryOp::LogicalOr
                | BinaryOp::NullishCoalescing
                | BinaryOp::EqEqEq
                | BinaryOp::NotEqEq => self.is_pure(&binary.left) && self.is_pure(&binary.right),
                BinaryOp::In | BinaryOp::InstanceOf => false,
                _ => self.is_primitive(&binary.left) && self.is_primitive(&binary.right),
            },
            Expr::Member(member) => self.is_pure_member(member),
            Expr::Call(call) => self.is_pure_call(call),
            Expr::New(new) => self.is_pure_new(new),
            Expr::TaggedTpl(template) => {
                self.program.is_pure(template.span) && template.tpl.exprs.iter().all(|part| self.is_pure(part))
            }
            _ => false,
        }
    }

    fn is_pure_property(&self, property: &PropOrSpread) -> bool {
        let pure_key = |key: &PropName| match key {
            PropName::Computed(computed) => {
                self.is_primitive(&computed.expr) || self.is_well_known_symbol(&computed.expr)
            }
            _ => true,
        };
        let PropOrSpread::Prop(property) = property else {
            // Spreading runs getters, except those of a literal that has none.
            return matches!(property, PropOrSpread::Spread(spread) if has_no_getters(&spread.expr) && self.is_pure(&spread.expr));
        };
        match &**property {
            Prop::Shorthand(name) => name.ctxt != self.unresolved || GLOBALS.contains(&name.sym.as_str()),
            Prop::KeyValue(pair) => pure_key(&pair.key) && self.is_pure(&pair.value),
            Prop::Getter(getter) => pure_key(&getter.key),
            Prop::Setter(setter) => pure_key(&setter.key),
            Prop::Method(method) => pure_key(&method.key),
            Prop::Assign(_) => false,
        }
    }

    /// The name of a global that exists everywhere.
    fn global<'e>(&self, expression: &'e Expr) -> Option<&'e str> {
        match expression {
            Expr::Ident(name) if name.ctxt == self.unresolved && GLOBALS.contains(&name.sym.as_str()) => {
                Some(name.sym.as_str())
            }
            _ => None,
        }
    }

    fn is_pure_member(&self, member: &MemberExpr) -> bool {
        let named = matches!(member.prop, MemberProp::Ident(_));
        if !named {
            return false;
        }
        match &*member.obj {
            Expr::Member(inner) => self.global(&inner.obj).is_some() && self.is_pure_member(inner),
            Expr::MetaProp(_) => true,
            object => self.global(object).is_some_and(|name| name != "undefined" && name != "globalThis"),
        }
    }

    fn is_pure_call(&self, call: &CallExpr) -> bool {
        let arguments = || call.args.iter().all(|argument| argument.spread.is_none() && self.is_pure(&argument.expr));
        if self.program.is_pure(call.span) {
            return arguments();
        }
        let Callee::Expr(callee) = &call.callee else { return false };
        match &**callee {
            Expr::Ident(name) if name.ctxt == self.top_level && self.pure_functions.contains(&name.sym) => arguments(),
            Expr::Ident(name) if name.ctxt == self.unresolved && matches!(name.sym.as_str(), "Symbol" | "Boolean") => {
                call.args.iter().all(|argument| argument.spread.is_none() && self.is_primitive(&argument.expr))
            }
            Expr::Member(member) => match (self.global(&member.obj), &member.prop) {
                (Some("Object"), MemberProp::Ident(method)) if matches!(method.sym.as_str(), "create" | "freeze") => {
                    call.args.iter().all(|argument| {
                        argument.spread.is_none()
                            && (argument.expr.is_object() || argument.expr.is_array() || argument.expr.is_lit())
                            && self.is_pure(&argument.expr)
                    })
                }
                (Some("Math"), MemberProp::Ident(_)) => {
                    call.args.iter().all(|argument| argument.spread.is_none() && self.is_primitive(&argument.expr))
                }
                (Some(object), MemberProp::Ident(method)) if PURE_CALLS.contains(&(object, method.sym.as_str())) => {
                    call.args.iter().all(|argument| argument.spread.is_none() && self.is_primitive(&argument.expr))
                }
                _ => false,
            },
            // `(() => { … })()` with a body that does nothing.
            Expr::Paren(_) | Expr::Arrow(_) | Expr::Fn(_) => arguments() && self.is_pure_function_body(callee),
            _ => false,
        }
    }

    fn is_pure_function_body(&self, callee: &Expr) -> bool {
        match callee {
            Expr::Paren(inner) => self.is_pure_function_body(&inner.expr),
            Expr::Arrow(arrow) if arrow.params.iter().all(Pat::is_ident) && !arrow.is_async => match &*arrow.body {
                ArrowFunctionBody::Expr(body) => self.is_pure(body),
                ArrowFunctionBody::FunctionBody(body) => body.stmts.is_empty(),
            },
            Expr::Fn(function) => function.function.body.as_ref().is_some_and(|body| body.stmts.is_empty()),
            _ => false,
        }
    }

    fn is_pure_new(&self, new: &NewExpr) -> bool {
        let arguments = new.args.as_deref().unwrap_or_default();
        let plain = || arguments.iter().all(|argument| argument.spread.is_none() && self.is_pure(&argument.expr));
        if self.program.is_pure(new.span()) {
            return plain();
        }
        match self.global(&new.callee) {
            Some(name) if COLLECTIONS.contains(&name) => {
                plain()
                    && arguments.first().is_none_or(|argument| match &*argument.expr {
                        Expr::Lit(Lit::Null(_)) => true,
                        Expr::Array(array) => {
                            name == "Set"
                                || array.elems.iter().flatten().all(|element| name == "Map" && element.expr.is_array())
                        }
                        _ => false,
                    })
            }
            Some(name) if PLAIN_CONSTRUCTORS.contains(&name) => {
                plain() && arguments.iter().all(|argument| self.is_primitive(&argument.expr))
            }
            _ => false,
        }
    }

    /// Whether an expression certainly gives a primitive value other than a symbol, without doing anything, so that converting it
    /// runs no user code.
    pub(crate) fn is_primitive(&self, expression: &Expr) -> bool {
        match expression {
            Expr::Lit(literal) => !matches!(literal, Lit::Regex(_)),
            Expr::Ident(name) => {
                name.ctxt == self.unresolved && matches!(name.sym.as_str(), "undefined" | "NaN" | "Infinity")
            }
            Expr::Paren(inner) => self.is_primitive(&inner.expr),
            Expr::Tpl(template) => template.exprs.iter().all(|part| self.is_primitive(part)),
            Expr::Unary(unary) => match unary.op {
                UnaryOp::TypeOf | UnaryOp::Bang | UnaryOp::Void => self.is_pure(expression),
                UnaryOp::Delete => false,
                _ => self.is_primitive(&unary.arg),
            },
            Expr::Bin(binary) => match binary.op {
                BinaryOp::EqEqEq | BinaryOp::NotEqEq => self.is_pure(&binary.left) && self.is_pure(&binary.right),
                BinaryOp::In | BinaryOp::InstanceOf => false,
                _ => self.is_primitive(&binary.left) && self.is_primitive(&binary.right),
            },
            Expr::Cond(choice) => {
                self.is_pure(&choice.test) && self.is_primitive(&choice.cons) && self.is_primitive(&choice.alt)
            }
            Expr::Member(member) => {
                self.global(&member.obj).is_some_and(|name| matches!(name, "Math" | "Number")) && member.prop.is_ident()
            }
            _ => false,
        }
    }
}

/// An object literal that runs nothing when its properties are read.
fn has_no_getters(expression: &Expr) -> bool {
    let is_getter = |property: &PropOrSpread| matches!(property, PropOrSpread::Prop(property) if property.is_getter());
    expression.as_object().is_some_and(|object| !object.props.iter().any(is_getter))
}
