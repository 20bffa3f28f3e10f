//! Statements of CommonJS modules: what they export and what they want of the modules that they require.

use super::Scanner;
use super::specifier::as_literal;
use crate::commonjs;
use crate::record::{Format, Part, RequireUse};
use planish_pipeline::asset::DependencyKind;
use rustc_hash::{FxHashMap, FxHashSet};
use swc_core::atoms::Atom;
use swc_core::ecma::ast::*;
use swc_core::ecma::visit::VisitMutWith;

impl Scanner<'_> {
    /// Notes what statements need to know of those after them.
    pub(super) fn survey_commonjs(&mut self, module: &Module) {
        let methods = module.body.iter().filter_map(|item| match item {
            ModuleItem::Stmt(Stmt::Decl(Decl::Fn(function))) if commonjs::is_method(&function.function) => {
                Some(function.ident.sym.clone())
            }
            _ => None,
        });
        self.methods.extend(methods);
        let required = module.body.iter().filter_map(ModuleItem::as_stmt).filter_map(|statement| {
            match commonjs::require_use(statement, self.unresolved)?.1 {
                RequireUse::Variable(name) => Some(name),
                _ => None,
            }
        });
        self.imported.extend(required);
    }

    /// Reads a statement as one of a CommonJS module that exports or requires something, and scans it if it exports.
    pub(super) fn commonjs_statement(&mut self, statement: &mut Stmt) -> bool {
        if let Some((call, wanted)) = commonjs::require_use(statement, self.unresolved)
            && call.args[0].expr.is_lit()
        {
            // The only dependency of the statement is the next one.
            self.record.require_uses.insert(self.dependencies.len() as u32, wanted);
        }
        match commonjs::form(statement, self.unresolved) {
            Some(commonjs::Form::Export { names, .. }) => {
                self.part.declares.extend(names.iter().map(|name| commonjs::export_local(name)));
                self.exported_value(statement);
            }
            Some(commonjs::Form::Prepare) => {
                self.part.declares.push(commonjs::ALL.into());
                self.exported_value(statement);
            }
            Some(commonjs::Form::Flag) => {
                self.record.is_flagged = true;
                self.exported_value(statement);
            }
            Some(commonjs::Form::PassOn) => {
                self.mention("module");
                self.passes_on = true;
                if let Stmt::Expr(statement) = statement
                    && let Expr::Assign(assignment) = &mut *statement.expr
                {
                    assignment.right.visit_mut_with(self);
                }
            }
            None => {
                let names = commonjs::literal_names(statement, self.unresolved);
                self.part.declares.extend(names.iter().map(|name| commonjs::export_local(name)));
                return false;
            }
        }
        true
    }

    /// Scans the value of a statement that exports it.
    fn exported_value(&mut self, statement: &mut Stmt) {
        if let Stmt::Expr(statement) = statement {
            self.exported_expression(&mut statement.expr);
        }
    }

    fn exported_expression(&mut self, expression: &mut Expr) {
        match expression {
            Expr::Assign(AssignExpr {
                left: AssignTarget::Simple(SimpleAssignTarget::Member(target)), right, ..
            }) if commonjs::export_name(target, self.unresolved).is_some() => {
                self.mention(commonjs::variable_of(&target.obj));
                self.exported_expression(right);
            }
            Expr::Call(call) if commonjs::is_definition(call, self.unresolved) => {
                self.mention(commonjs::variable_of(&call.args[0].expr));
                self.record.globals.insert("Object".into());
                call.args[2].expr.visit_mut_with(self);
            }
            value => {
                // Called as a method of the module it may ask for any other export.
                self.whole_exports |= match &*value {
                    Expr::Fn(function) => commonjs::is_method(&function.function),
                    Expr::Ident(name) => name.ctxt == self.top_level && self.methods.contains(&name.sym),
                    _ => false,
                };
                value.visit_mut_with(self);
            }
        }
    }

    /// Notes a mention of `exports` or `module`.
    pub(super) fn mention(&mut self, name: &str) {
        self.record.globals.insert(name.into());
        self.record.uses_module = true;
        self.uses_exports = true;
    }

    /// Notes which of the variables of a CommonJS module it wants.
    pub(super) fn note_wanted(&mut self, wants: impl Fn(&str, &Part) -> bool) {
        for (wanted, name) in self.record.wants.iter_mut().zip(["exports", "module"]) {
            *wanted |= wants(name, &self.part);
        }
    }

    /// Settles what is known once all statements are read.
    pub(super) fn finish_commonjs(&mut self) {
        let record = &mut self.record;
        let exports_itself =
            || record.parts.iter().flat_map(|part| &part.declares).any(|name| name.starts_with("exports."));
        record.is_shakeable = record.format == Format::CommonJs
            && !self.whole_exports
            && !record.has_eval
            && record.bindings.is_empty()
            && !(self.passes_on && exports_itself());
        let assigned: FxHashSet<&Atom> = record.assigned_imports.iter().map(|(name, _)| name).collect();
        let mut declared: FxHashMap<&Atom, u32> = FxHashMap::default();
        for name in record.parts.iter().flat_map(|part| &part.declares) {
            *declared.entry(name).or_default() += 1;
        }
        record.require_uses.retain(|_, wanted| match wanted {
            RequireUse::Variable(name) => !assigned.contains(name) && declared.get(name) == Some(&1),
            RequireUse::Nothing => true,
            RequireUse::PassOn => record.is_shakeable,
        });
        for part in &self.directives {
            if record.format == Format::CommonJs {
                record.parts[*part].effects.certain = true;
            }
        }
    }

    /// Notes what a call of `require` asks for.
    pub(super) fn required(&mut self, call: &mut CallExpr) {
        let Callee::Expr(callee) = &call.callee else { return };
        let is_free = commonjs::is_free(callee, "require", self.unresolved);
        let is_created = callee.is_ident() && !is_free;
        if !self.is_require(callee) {
            return;
        }
        let [argument] = &mut call.args[..] else { return };
        let Some(literal) = as_literal(&mut argument.expr) else { return };
        self.record.require_mentions += u32::from(!is_free);
        let number = self.depend(literal, DependencyKind::Require, None);
        // What is not found now may be there where the bundle runs.
        self.dependencies[number as usize].optional |= is_created;
    }

    /// `require`, `module.require`, `module["require"]`, and what stands for it in an ES module.
    pub(super) fn is_require(&self, callee: &Expr) -> bool {
        match callee {
            Expr::Member(member) => {
                let named = match &member.prop {
                    MemberProp::Ident(name) => name.sym == "require",
                    MemberProp::Computed(key) => {
                        matches!(&*key.expr, Expr::Lit(Lit::Str(text)) if text.value.to_string_lossy() == "require")
                    }
                    MemberProp::PrivateName(_) => false,
                };
                named && commonjs::is_free(&member.obj, "module", self.unresolved)
            }
            Expr::Ident(name) if name.ctxt == self.top_level => self.created_requires.contains(&name.sym),
            callee => commonjs::is_free(callee, "require", self.unresolved),
        }
    }
}
