//! The borders of a chunk: its imports at the top, its exports at the end.

use super::{Code, Instructor, OwnCode};
use crate::cross::gives_namespace;
use crate::options::Format;
use crate::order::Evaluation;
use crate::record::ImportName;
use crate::runtime::Helper;
use crate::tables::{External, Symbol, Wrap};
use crate::words::{clause, identifier, module_export_name, quoted};
use planish_pipeline::chunk::ChunkIdx;
use planish_pipeline::graph::AssetIdx;
use std::collections::{BTreeMap, BTreeSet};

impl Instructor<'_> {
    /// What stands for the root at the chunk's end.
    pub(super) fn footer(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        let mut exported: Vec<String> = Vec::new();
        for (symbol, alias) in &self.tables.cross.exports[self.idx.index()] {
            exported.push(clause(&self.scope.symbol(symbol.0, &symbol.1), alias));
        }
        for (helper, alias) in &self.tables.cross.helper_exports[self.idx.index()] {
            exported.push(clause(&self.helper(*helper), alias));
        }
        if let Some(root) =
            self.chunk.root.filter(|root| self.tables.get(*root).is_some_and(|module| module.is_included))
        {
            self.root_footer(root, &mut lines, &mut exported);
        }
        if !exported.is_empty() {
            lines.push(format!("export {{ {} }};", exported.join(", ")));
        }
        lines
    }

    fn root_footer(&mut self, root: AssetIdx, lines: &mut Vec<String>, exported: &mut Vec<String>) {
        let module = self.tables.module(root);
        let exports = self.chunk.exports_matter;
        // `import()` of a CommonJS module gets the function, from which it makes the namespace.
        let gives_function =
            module.is_commonjs && exports && !self.chunk.is_entry && self.options.format == Format::Esm;
        let exported_by = match (module.wrap, self.options.format) {
            (Wrap::CommonJs, Format::Esm) if exports && !gives_function => Some("export default"),
            (Wrap::CommonJs, Format::Cjs) if exports => Some("module.exports ="),
            _ => None,
        };
        let last = self.tables.order.last(self.idx).iter();
        let last: Vec<Evaluation> =
            last.filter(|evaluation| exported_by.is_none() || evaluation.module != root).copied().collect();
        lines.extend(self.evaluations(&last));
        if gives_function {
            return exported.push(clause(&self.evaluate(root), "default"));
        }
        if let Some(exported_by) = exported_by {
            return lines.push(format!("{exported_by} {}();", self.evaluate(root)));
        }
        if !exports || module.is_commonjs || self.options.format == Format::Iife {
            return;
        }
        if self.options.format == Format::Cjs {
            let namespace = self.scope.symbol(root, &Symbol::Namespace);
            lines.push(format!("module.exports = {}({namespace});", self.helper(Helper::ToCommonJs)));
            return;
        }
        if gives_namespace(self.tables, self.chunk) {
            return exported.push(clause(&self.scope.symbol(root, &Symbol::Namespace), "default"));
        }
        for external in self.external_stars(root) {
            lines.push(format!("export * from {};", external.source()));
        }
        let mut own = OwnCode::default();
        for (name, meaning) in &module.exports {
            let variable = match self.code(meaning, module, &mut own) {
                Code::Name(variable) if variable != "undefined" => variable,
                code => {
                    let variable = self.scope.allocate(&identifier(name), &[]);
                    own.prelude.push(format!("var {variable} = {};", code.text()));
                    variable
                }
            };
            exported.push(clause(&variable, name));
        }
        lines.extend(own.variables.iter().map(|variable| format!("var {variable};")));
        lines.extend(own.prelude);
    }

    /// Modules that are not bundled and whose exports a module passes on, directly or through others.
    fn external_stars(&self, root: AssetIdx) -> BTreeSet<External> {
        let mut found = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut queue = vec![root];
        while let Some(idx) = queue.pop() {
            let Some(module) = self.tables.get(idx).filter(|_| seen.insert(idx)) else { continue };
            for star in &module.record.stars {
                found.extend(External::of(self.context.graph, idx, *star));
                queue.extend(self.context.graph.target(idx, *star as usize).asset());
            }
        }
        found
    }

    /// Imports, helpers and namespace objects.
    pub(super) fn header(&mut self) -> Vec<String> {
        let mut lines = self.chunk_imports();
        let mut requires = Vec::new();
        for (external, names) in std::mem::take(&mut self.externals) {
            if self.options.format == Format::Esm {
                lines.extend(import_statements(&external.source(), &names));
                continue;
            }
            let require = format!("require({})", quoted(&external.specifier));
            requires.push(match names.get(&ImportName::Namespace).cloned() {
                Some(variable) => format!("var {variable} = {};", self.as_esm(&format!("() => {require}"), false)),
                None => format!("{require};"),
            });
        }
        let given = &self.tables.cross.helper_imports[self.idx.index()];
        for (helper, name) in self.helpers.clone() {
            if !given.contains_key(&helper) {
                lines.push(self.declaration(helper, &name));
            }
        }
        lines.extend(requires);
        lines.append(&mut self.namespaces);
        lines.extend(self.chunk.table_of.map(|entry| self.table(entry)));
        lines
    }

    fn chunk_imports(&mut self) -> Vec<String> {
        let cross = &self.tables.cross;
        let mut lines = Vec::new();
        // What is evaluated in order may lie in chunks that are only imported by those that this one imports; they come last.
        let symbols = &cross.imports[self.idx.index()];
        let given = &cross.helper_imports[self.idx.index()];
        let given =
            given.iter().filter_map(|(helper, giver)| Some((*giver, *helper, self.helpers.get(helper)?.clone())));
        let given: Vec<(ChunkIdx, Helper, String)> = given.collect();
        let givers = given.iter().map(|(giver, ..)| giver);
        let others: BTreeSet<&ChunkIdx> =
            symbols.keys().chain(givers).filter(|other| !self.chunk.imports.contains(other)).collect();
        for import in self.chunk.imports.iter().chain(others) {
            let Some(script) = &self.context.plan.chunk(*import).script else { continue };
            let Some(specifier) = self.specifier(script) else { continue };
            let symbols = symbols.get(import).into_iter().flatten().map(|symbol| {
                let alias = cross.exports[import.index()].get(symbol).cloned().unwrap_or_default();
                (alias, self.scope.symbol(symbol.0, &symbol.1))
            });
            let helpers = given.iter().filter(|(giver, ..)| giver == import);
            let helpers =
                helpers.map(|(_, helper, local)| (cross.helper_exports[import.index()][helper].clone(), local.clone()));
            let clause = |(alias, local)| if alias == local { local } else { format!("{alias} as {local}") };
            let names: Vec<String> = symbols.chain(helpers).map(clause).collect();
            let specifier = quoted(&specifier);
            lines.push(match names.is_empty() {
                true => format!("import {specifier};"),
                false => format!("import {{ {} }} from {specifier};", names.join(", ")),
            });
        }
        lines
    }
}

/// The imports of one module. `source` is what stands after `from`.
fn import_statements(source: &str, names: &BTreeMap<ImportName, String>) -> Vec<String> {
    let mut clauses: Vec<String> = Vec::new();
    let mut lines = Vec::new();
    for (name, variable) in names {
        match name {
            ImportName::Namespace => lines.push(format!("import * as {variable} from {source};")),
            ImportName::Named(name) if name.as_str() == variable => clauses.push(variable.clone()),
            ImportName::Named(name) => clauses.push(format!("{} as {variable}", module_export_name(name))),
        }
    }
    if !clauses.is_empty() {
        lines.push(format!("import {{ {} }} from {source};", clauses.join(", ")));
    }
    if lines.is_empty() {
        lines.push(format!("import {source};"));
    }
    lines
}
