//! Replaces names that the configuration defines by their values, so that branches for other builds can be dropped.

use crate::words::occurs;
use std::collections::BTreeMap;
use swc_core::common::{BytePos, DUMMY_SP, Span, SyntaxContext};
use swc_core::ecma::ast::{
    CatchClause, ComputedPropName, Decl, ExportDecl, Expr, FnDecl, FunctionBody, GetterProp, Ident, KeyValueProp, Lit,
    MemberExpr, MemberProp, MetaPropKind, ModuleDecl, ModuleItem, ObjectLit, OptChainBase, Pat, Prop, PropName,
    PropOrSpread, Script, SetterProp, StaticBlock, Stmt, Str, UnaryOp, UpdateExpr, UsingDecl,
};
use swc_core::ecma::parser::{EsSyntax, Parser, StringInput, Syntax};
use swc_core::ecma::visit::{Visit, VisitMut, VisitMutWith, VisitWith, noop_visit_mut_type, noop_visit_type};

const META_ENVIRONMENT: &str = "import.meta.env";

/// Dotted names and the expressions that stand for them.
#[derive(Clone, Debug, Default)]
pub(super) struct Define {
    values: BTreeMap<String, Expr>,
    /// The last segments of all names: what cannot match is seen without building a path.
    endings: Vec<String>,
}

impl Define {
    /// Parses the values; the error is a message about the first that is not valid.
    pub(super) fn new(defined: &BTreeMap<String, String>) -> Result<Self, String> {
        let mut values = BTreeMap::new();
        for (name, value) in defined {
            let path = name.strip_prefix("typeof ").unwrap_or(name);
            if !is_path(path) {
                return Err(format!("`{name}` cannot be defined: it is not a name such as `process.env.NODE_ENV`"));
            }
            let expression = parse(value).ok_or_else(|| {
                format!("the value `{value}` of the defined name `{name}` is not a JavaScript expression")
            })?;
            values.insert(name.clone(), expression);
        }
        if !values.contains_key(META_ENVIRONMENT)
            && let Some(whole) = environment(&values)
        {
            values.insert(META_ENVIRONMENT.to_owned(), whole);
        }
        let mut endings: Vec<String> =
            values.keys().map(|name| name.rsplit(['.', ' ']).next().unwrap_or_default().to_owned()).collect();
        endings.sort();
        endings.dedup();
        Ok(Self { values, endings })
    }

    /// Whether `text` could contain a defined name at all.
    pub(super) fn may_occur(&self, text: &str) -> bool {
        self.values.keys().any(|name| name.split(['.', ' ']).all(|part| occurs(text, part)))
    }

    /// A visitor that replaces what is defined. A CommonJS module declares `module` and `exports`, though it does not say so.
    pub(super) fn replacer(&self, unresolved: SyntaxContext, is_commonjs: bool) -> Replace<'_> {
        Replace { define: self, unresolved, is_commonjs, replaced: false, has_names: false }
    }
}

/// Whether `text` is an identifier or a chain of them: `a`, `a.b`, `import.meta.env.MODE`.
pub(super) fn is_path(text: &str) -> bool {
    let rest = text.strip_prefix("import.meta.").unwrap_or(text);
    !rest.is_empty()
        && rest.split('.').all(|part| {
            let mut letters = part.chars();
            letters.next().is_some_and(Ident::is_valid_start) && letters.all(Ident::is_valid_continue)
        })
}

fn parse(value: &str) -> Option<Expr> {
    let text = format!("({value}\n)");
    let end = BytePos(u32::try_from(text.len()).ok()? + 1);
    let mut parser = Parser::new(Syntax::Es(EsSyntax::default()), StringInput::new(&text, BytePos(1), end), None);
    let expression = parser.parse_expr().ok()?;
    if !parser.take_errors().is_empty() || parser.input().cur_pos() != end {
        return None;
    }
    let mut value = *expression.paren()?.expr;
    value.visit_mut_with(&mut Place(DUMMY_SP));
    Some(value)
}

/// The object that `import.meta.env` is, from the names that are defined below it.
fn environment(values: &BTreeMap<String, Expr>) -> Option<Expr> {
    let below = |name: &String| name.strip_prefix(META_ENVIRONMENT)?.strip_prefix('.').map(str::to_owned);
    let props: Vec<PropOrSpread> = values
        .iter()
        .filter_map(|(name, value)| Some((below(name)?, value)))
        .filter(|(key, _)| !key.contains('.'))
        .map(|(key, value)| {
            let key = PropName::Str(Str { span: DUMMY_SP, value: key.into(), raw: None });
            PropOrSpread::Prop(Box::new(Prop::KeyValue(KeyValueProp { key, value: Box::new(value.clone()) })))
        })
        .collect();
    (!props.is_empty()).then_some(Expr::Object(ObjectLit { span: DUMMY_SP, props }))
}

/// Gives all nodes of a value the place of what it replaces, so that a source map leads there.
struct Place(Span);

impl VisitMut for Place {
    fn visit_mut_span(&mut self, span: &mut Span) {
        *span = self.0;
    }
}

/// Marks the names in a value as free.
struct Free {
    unresolved: SyntaxContext,
    /// Whether there are any.
    has_names: bool,
}

impl VisitMut for Free {
    fn visit_mut_ident(&mut self, ident: &mut Ident) {
        ident.ctxt = self.unresolved;
        self.has_names = true;
    }
}

/// Looks for names of inner scopes that dropping dead branches may declare in outer ones: `var error;` is left of
/// `try {} catch (error) {}`, and the same of a function in a block. Only passes that make names unique tell those from the outer ones.
#[derive(Default)]
pub(super) struct Liftable {
    /// Whether there are any.
    pub(super) found: bool,
}

impl Visit for Liftable {
    noop_visit_type!();

    fn visit_catch_clause(&mut self, clause: &CatchClause) {
        self.found |= clause.param.is_some();
        clause.body.visit_with(self);
    }

    /// The variables of its body are taken for those of what is around it, and so is the parameter of a setter.
    fn visit_getter_prop(&mut self, _: &GetterProp) {
        self.found = true;
    }

    fn visit_setter_prop(&mut self, _: &SetterProp) {
        self.found = true;
    }

    fn visit_static_block(&mut self, _: &StaticBlock) {
        self.found = true;
    }

    /// Its block is taken for one that declares nothing, and dissolved.
    fn visit_using_decl(&mut self, _: &UsingDecl) {
        self.found = true;
    }

    /// In a block: the other places of functions are below.
    fn visit_fn_decl(&mut self, _: &FnDecl) {
        self.found = true;
    }

    fn visit_module_item(&mut self, item: &ModuleItem) {
        match item {
            ModuleItem::ModuleDecl(ModuleDecl::ExportDecl(ExportDecl { decl: Decl::Fn(declaration), .. })) => {
                declaration.function.visit_with(self);
            }
            ModuleItem::ModuleDecl(other) => other.visit_children_with(self),
            ModuleItem::Stmt(statement) => self.visit_body(std::slice::from_ref(statement)),
        }
    }

    fn visit_script(&mut self, script: &Script) {
        self.visit_body(&script.body);
    }

    fn visit_function_body(&mut self, body: &FunctionBody) {
        self.visit_body(&body.stmts);
    }
}

impl Liftable {
    fn visit_body(&mut self, statements: &[Stmt]) {
        for statement in statements {
            match statement {
                Stmt::Decl(Decl::Fn(declaration)) => declaration.function.visit_with(self),
                other => other.visit_with(self),
            }
        }
    }
}

/// See [`Define::replacer`].
pub(super) struct Replace<'a> {
    define: &'a Define,
    unresolved: SyntaxContext,
    is_commonjs: bool,
    /// Whether anything was replaced. Whoever asks may reset it.
    pub(super) replaced: bool,
    /// Whether a value has names, which the file may have declared too.
    pub(super) has_names: bool,
}

impl Replace<'_> {
    fn value(&mut self, expression: &Expr, span: Span) -> Option<Expr> {
        let path = match expression {
            Expr::Unary(unary) if unary.op == UnaryOp::TypeOf => format!("typeof {}", self.path(&unary.arg)?),
            other => self.path(other)?,
        };
        let mut value = match self.define.values.get(&path) {
            Some(value) => value.clone(),
            // `import.meta.env.UNKNOWN`: the environment is known as a whole.
            None => {
                let key = path.strip_prefix(META_ENVIRONMENT)?.strip_prefix('.')?;
                let known = self.define.values.contains_key(META_ENVIRONMENT) && !key.contains('.');
                known.then(|| *Expr::undefined(span))?
            }
        };
        let mut free = Free { unresolved: self.unresolved, has_names: self.has_names };
        value.visit_mut_with(&mut free);
        self.has_names = free.has_names;
        value.visit_mut_with(&mut Place(span));
        self.replaced = true;
        Some(value)
    }

    /// The dotted name of an expression whose root nothing in the file declares.
    fn path(&self, expression: &Expr) -> Option<String> {
        match expression {
            Expr::Ident(ident) => {
                let is_declared = self.is_commonjs && matches!(ident.sym.as_str(), "module" | "exports");
                (ident.ctxt == self.unresolved && !is_declared).then(|| ident.sym.to_string())
            }
            Expr::MetaProp(meta) => (meta.kind == MetaPropKind::ImportMeta).then(|| "import.meta".to_owned()),
            Expr::Member(member) => self.member_path(member),
            Expr::OptChain(chain) => match &*chain.base {
                OptChainBase::Member(member) => self.member_path(member),
                OptChainBase::Call(_) => None,
            },
            Expr::Paren(paren) => self.path(&paren.expr),
            _ => None,
        }
    }

    fn member_path(&self, member: &MemberExpr) -> Option<String> {
        let name = property(&member.prop)?;
        let mut path = self.path(&member.obj)?;
        path.push('.');
        path.push_str(name);
        Some(path)
    }

    /// Whether the expression ends as a defined name does.
    fn may_match(&self, expression: &Expr) -> bool {
        let ends = |name: &str| self.define.endings.binary_search_by(|ending| ending.as_str().cmp(name)).is_ok();
        match expression {
            Expr::Ident(ident) => ends(&ident.sym),
            Expr::Member(member) => self.may_match_member(member, ends),
            Expr::OptChain(chain) => match &*chain.base {
                OptChainBase::Member(member) => self.may_match_member(member, ends),
                OptChainBase::Call(_) => false,
            },
            Expr::Unary(unary) => unary.op == UnaryOp::TypeOf && self.may_match(&unary.arg),
            _ => false,
        }
    }

    fn may_match_member(&self, member: &MemberExpr, ends: impl Fn(&str) -> bool) -> bool {
        property(&member.prop).is_some_and(|name| ends(name) || property_is_env(&member.obj))
    }
}

/// Whether the expression is `….env`, below which names that are not defined may be known to be missing.
fn property_is_env(expression: &Expr) -> bool {
    match expression {
        Expr::Member(member) => property(&member.prop) == Some("env"),
        Expr::OptChain(chain) => match &*chain.base {
            OptChainBase::Member(member) => property(&member.prop) == Some("env"),
            OptChainBase::Call(_) => false,
        },
        _ => false,
    }
}

/// The name in `.name` or `["name"]`.
fn property(property: &MemberProp) -> Option<&str> {
    match property {
        MemberProp::Ident(name) => Some(&name.sym),
        MemberProp::Computed(ComputedPropName { expr, .. }) => match &**expr {
            Expr::Lit(Lit::Str(text)) => text.value.as_str(),
            _ => None,
        },
        MemberProp::PrivateName(_) => None,
    }
}

impl VisitMut for Replace<'_> {
    noop_visit_mut_type!();

    fn visit_mut_expr(&mut self, expression: &mut Expr) {
        if self.may_match(expression) {
            let span = swc_core::common::Spanned::span(expression);
            if let Some(value) = self.value(expression, span) {
                *expression = value;
                return;
            }
        }
        // What is written to is no value: `delete process.env.X`.
        if let Expr::Unary(unary) = expression
            && unary.op == UnaryOp::Delete
        {
            unary.arg.visit_mut_children_with(self);
            return;
        }
        expression.visit_mut_children_with(self);
    }

    /// `__COUNT__++` writes.
    fn visit_mut_update_expr(&mut self, update: &mut UpdateExpr) {
        update.arg.visit_mut_children_with(self);
    }

    /// `for (process.env.X of …)` writes.
    fn visit_mut_pat(&mut self, pattern: &mut Pat) {
        match pattern {
            Pat::Expr(target) => target.visit_mut_children_with(self),
            other => other.visit_mut_children_with(self),
        }
    }

    /// `{ __DEV__ }` is `{ __DEV__: value }`.
    fn visit_mut_prop(&mut self, prop: &mut Prop) {
        if let Prop::Shorthand(ident) = prop {
            let expression = Expr::Ident(ident.clone());
            if self.may_match(&expression)
                && let Some(value) = self.value(&expression, ident.span)
            {
                let key = PropName::Ident(ident.clone().into());
                *prop = Prop::KeyValue(KeyValueProp { key, value: Box::new(value) });
            }
            return;
        }
        prop.visit_mut_children_with(self);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn define(name: &str, value: &str) -> Result<Define, String> {
        Define::new(&BTreeMap::from([(name.to_owned(), value.to_owned())]))
    }

    #[test]
    fn names_are_paths() {
        for name in ["__DEV__", "process.env.NODE_ENV", "import.meta.env.MODE", "typeof window"] {
            assert!(define(name, "1").is_ok(), "{name}");
        }
        for name in ["", "a.", "a b", "1a", "a[0]"] {
            assert!(define(name, "1").is_err(), "{name}");
        }
    }

    #[test]
    fn values_are_expressions() {
        for value in ["\"production\"", "true", "{\"a\": 1}", "globalThis", "[1, 2]", "1 // one"] {
            assert!(define("a", value).is_ok(), "{value}");
        }
        for value in ["", "a b", "var x", "1)", "1) + (2"] {
            assert!(define("a", value).is_err(), "{value}");
        }
    }
}
