//! Which exports are used of what `import()` loads, as far as that can be told.

use super::member_name;
use crate::effects::property_name;
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;
use swc_core::atoms::Atom;
use swc_core::common::BytePos;
use swc_core::ecma::ast::*;
use swc_core::ecma::utils::find_pat_ids;
use swc_core::ecma::visit::{Visit, VisitWith, noop_visit_type};

/// Exports by the place of the `import()`. What is not among them is used as a whole.
pub(super) type LazyUses = FxHashMap<BytePos, BTreeSet<Atom>>;

/// Looks through a module.
pub(super) fn lazy_uses(module: &Module) -> LazyUses {
    let mut loads = Loads::default();
    module.visit_with(&mut loads);
    let Loads { mut found, holders } = loads;
    if holders.is_empty() {
        return found;
    }
    let mut mentions = Mentions(holders.iter().map(|(name, _)| (name.clone(), Mention::default())).collect());
    module.visit_with(&mut mentions);
    for (name, place) in holders {
        let mention = mentions.0.remove(&name).unwrap_or_default();
        // One mention is the declaration.
        if mention.count == mention.members + 1 {
            found.entry(place).or_default().extend(mention.names);
        } else {
            found.remove(&place);
        }
    }
    found
}

/// Finds every `import()`, and the names that hold what it gives.
#[derive(Default)]
struct Loads {
    found: LazyUses,
    holders: Vec<(Id, BytePos)>,
}

impl Loads {
    /// What a pattern takes from a namespace.
    fn take(&mut self, place: BytePos, pattern: &Pat) {
        match pattern {
            Pat::Ident(name) => {
                self.found.entry(place).or_default();
                self.holders.push((name.to_id(), place));
            }
            Pat::Object(pattern) => {
                if let Some(names) = pattern.props.iter().map(taken_name).collect::<Option<Vec<Atom>>>() {
                    self.found.entry(place).or_default().extend(names);
                }
            }
            _ => {}
        }
    }

    /// `import("x").then((module) => …)`
    fn then(&mut self, call: &CallExpr) {
        let Callee::Expr(callee) = &call.callee else { return };
        let Expr::Member(member) = &**callee else { return };
        let Some(place) = place_of(&member.obj) else { return };
        if member_name(&member.prop).is_none_or(|name| name != "then") {
            return;
        }
        match call.args.first().map(|argument| &*argument.expr) {
            Some(Expr::Arrow(arrow)) => self.parameters(place, arrow.params.iter()),
            Some(Expr::Fn(function)) if !mentions_arguments(&function.function) => {
                self.parameters(place, function.function.params.iter().map(|parameter| &parameter.pat));
            }
            _ => {}
        }
    }

    fn parameters<'p>(&mut self, place: BytePos, mut parameters: impl Iterator<Item = &'p Pat>) {
        match parameters.next() {
            Some(pattern) => self.take(place, pattern),
            None => {
                self.found.entry(place).or_default();
            }
        }
    }
}

impl Visit for Loads {
    noop_visit_type!();

    fn visit_var_declarator(&mut self, declarator: &VarDeclarator) {
        if let Some(place) = declarator.init.as_deref().and_then(awaited) {
            self.take(place, &declarator.name);
        }
        declarator.visit_children_with(self);
    }

    fn visit_member_expr(&mut self, member: &MemberExpr) {
        if let (Some(place), Some(name)) = (awaited(&member.obj), member_name(&member.prop)) {
            self.found.entry(place).or_default().insert(name);
        }
        member.visit_children_with(self);
    }

    fn visit_call_expr(&mut self, call: &CallExpr) {
        self.then(call);
        call.visit_children_with(self);
    }

    /// `import("x");`
    fn visit_expr_stmt(&mut self, statement: &ExprStmt) {
        if let Some(place) = place_of(&statement.expr).or_else(|| awaited(&statement.expr)) {
            self.found.entry(place).or_default();
        }
        statement.visit_children_with(self);
    }
}

/// Mentions of the names that hold namespaces.
struct Mentions(FxHashMap<Id, Mention>);

#[derive(Default)]
struct Mention {
    count: u32,
    /// How many of them are for a member.
    members: u32,
    names: BTreeSet<Atom>,
}

impl Mentions {
    fn members(&mut self, name: &Ident, members: impl IntoIterator<Item = Atom>) {
        if let Some(mention) = self.0.get_mut(&name.to_id()) {
            mention.members += 1;
            mention.names.extend(members);
        }
    }
}

impl Visit for Mentions {
    noop_visit_type!();

    fn visit_ident(&mut self, name: &Ident) {
        if let Some(mention) = self.0.get_mut(&name.to_id()) {
            mention.count += 1;
        }
    }

    fn visit_member_expr(&mut self, member: &MemberExpr) {
        if let (Expr::Ident(object), Some(name)) = (&*member.obj, member_name(&member.prop)) {
            self.members(object, [name]);
        }
        member.visit_children_with(self);
    }

    /// `const { a } = module`
    fn visit_var_declarator(&mut self, declarator: &VarDeclarator) {
        if let (Pat::Object(pattern), Some(Expr::Ident(object))) = (&declarator.name, declarator.init.as_deref())
            && let Some(names) = pattern.props.iter().map(taken_name).collect::<Option<Vec<Atom>>>()
        {
            self.members(object, names);
        }
        declarator.visit_children_with(self);
    }

    /// What is exported is used by others.
    fn visit_export_decl(&mut self, export: &ExportDecl) {
        if let Decl::Var(declaration) = &export.decl {
            for name in find_pat_ids::<_, Ident>(&declaration.decls) {
                self.visit_ident(&name);
            }
        }
        export.visit_children_with(self);
    }
}

/// The place of an `import()`.
fn place_of(expression: &Expr) -> Option<BytePos> {
    match expression {
        Expr::Paren(inner) => place_of(&inner.expr),
        Expr::Call(call) if matches!(call.callee, Callee::Import(_)) && !call.span.is_dummy() => Some(call.span.lo),
        _ => None,
    }
}

/// That of `await import("x")`.
fn awaited(expression: &Expr) -> Option<BytePos> {
    match expression {
        Expr::Paren(inner) => awaited(&inner.expr),
        Expr::Await(awaiting) => place_of(&awaiting.arg),
        _ => None,
    }
}

/// The name of the property that a part of an object pattern takes, if it is one that is known.
fn taken_name(property: &ObjectPatProp) -> Option<Atom> {
    match property {
        ObjectPatProp::KeyValue(pair) => property_name(&pair.key),
        ObjectPatProp::Assign(assignment) => Some(assignment.key.sym.clone()),
        ObjectPatProp::Rest(_) => None,
    }
}

fn mentions_arguments(function: &Function) -> bool {
    struct Arguments(bool);
    impl Visit for Arguments {
        noop_visit_type!();
        fn visit_ident(&mut self, name: &Ident) {
            self.0 |= name.sym == "arguments";
        }
    }
    let mut arguments = Arguments(false);
    function.visit_with(&mut arguments);
    arguments.0
}
