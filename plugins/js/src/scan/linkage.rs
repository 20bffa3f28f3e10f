//! `import` and `export`.

use super::{Scanner, export_name};
use crate::declare::Declared;
use crate::record::{DEFAULT_LOCAL, Export, ImportBinding, ImportName};
use planish_pipeline::asset::DependencyKind;
use swc_core::atoms::Atom;
use swc_core::common::Spanned;
use swc_core::ecma::ast::*;
use swc_core::ecma::visit::VisitMutWith;

impl Scanner<'_> {
    pub(super) fn module_declaration(&mut self, declaration: &mut ModuleDecl) {
        match declaration {
            ModuleDecl::Import(import) => self.import(import),
            ModuleDecl::ExportDecl(export) => {
                let mut declared = Declared { top_level: self.top_level, names: Vec::new() };
                declared.declaration(&export.decl);
                if let Decl::Var(declaration) = &export.decl {
                    self.note_constants(declaration);
                }
                for name in &declared.names {
                    self.record.exports.insert(name.clone(), Export::Local(name.clone()));
                }
                self.part.declares = declared.names;
                export.decl.visit_mut_with(self);
            }
            ModuleDecl::ExportDefaultDecl(export) => {
                let name = match &export.decl {
                    DefaultDecl::Fn(function) => function.ident.as_ref(),
                    DefaultDecl::Class(class) => class.ident.as_ref(),
                    DefaultDecl::TsInterfaceDecl(_) => None,
                };
                let local = name.map_or_else(|| Atom::from(DEFAULT_LOCAL), |name| name.sym.clone());
                self.part.declares = vec![local.clone()];
                self.record.exports.insert("default".into(), Export::Local(local));
                export.decl.visit_mut_with(self);
            }
            ModuleDecl::ExportDefaultExpr(export) => {
                self.part.declares = vec![DEFAULT_LOCAL.into()];
                self.record.exports.insert("default".into(), Export::Local(DEFAULT_LOCAL.into()));
                export.expr.visit_mut_with(self);
            }
            ModuleDecl::ExportNamed(export) => self.export_named(export),
            ModuleDecl::ExportAll(export) => {
                let dependency = self.depend(&mut export.src, DependencyKind::Import, export.with.as_deref());
                self.record.imports.push(dependency);
                self.record.stars.push(dependency);
                self.part.is_linkage = true;
            }
            ModuleDecl::TsImportEquals(_) | ModuleDecl::TsExportAssignment(_) | ModuleDecl::TsNamespaceExport(_) => {}
        }
    }

    fn import(&mut self, import: &mut ImportDecl) {
        let dependency = self.depend(&mut import.src, DependencyKind::Import, import.with.as_deref());
        self.record.imports.push(dependency);
        self.part.is_linkage = true;
        for specifier in &import.specifiers {
            let (local, name, span) = match specifier {
                ImportSpecifier::Named(named) => {
                    let imported = named.imported.as_ref().map_or_else(|| named.local.sym.clone(), export_name);
                    let span = named.imported.as_ref().map_or(named.local.span, Spanned::span);
                    (&named.local, ImportName::Named(imported), span)
                }
                ImportSpecifier::Default(default) => {
                    (&default.local, ImportName::Named("default".into()), default.local.span)
                }
                ImportSpecifier::Namespace(namespace) => {
                    (&namespace.local, ImportName::Namespace, namespace.local.span)
                }
            };
            let binding = ImportBinding { dependency, name, range: self.range(span) };
            self.record.bindings.insert(local.sym.clone(), binding);
        }
    }

    fn export_named(&mut self, export: &mut NamedExport) {
        self.part.is_linkage = true;
        let dependency =
            export.src.as_mut().map(|source| self.depend(source, DependencyKind::Import, export.with.as_deref()));
        self.record.imports.extend(dependency);
        for specifier in &export.specifiers {
            let (exported, name, span) = match specifier {
                ExportSpecifier::Named(named) => {
                    let local = export_name(&named.orig);
                    let exported = named.exported.as_ref().map_or_else(|| local.clone(), export_name);
                    (exported, ImportName::Named(local), named.orig.span())
                }
                ExportSpecifier::Namespace(namespace) => {
                    (export_name(&namespace.name), ImportName::Namespace, namespace.span)
                }
                ExportSpecifier::Default(default) => {
                    (default.exported.sym.clone(), ImportName::Named("default".into()), default.exported.span)
                }
            };
            let meaning = match (dependency, name) {
                (Some(dependency), name) => Export::From(ImportBinding { dependency, name, range: self.range(span) }),
                (None, ImportName::Named(local)) => Export::Local(local),
                (None, ImportName::Namespace) => continue,
            };
            self.record.exports.insert(exported, meaning);
        }
    }
}
