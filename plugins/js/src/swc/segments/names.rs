//! The names of a chunk's scope, given over all of its segments: what is mentioned most gets the shortest.

use super::border::Border;
use crate::words::is_reserved;
use rustc_hash::{FxHashMap, FxHashSet};
use std::borrow::Cow;
use std::cmp::Reverse;
use swc_core::atoms::Atom;
use swc_core::common::SyntaxContext;
use swc_core::ecma::ast::{
    BreakStmt, Class, ClassDecl, ContinueStmt, Decl, ExportNamedSpecifier, Expr, FnDecl, Function, Id, Ident,
    ImportNamedSpecifier, ImportSpecifier, LabeledStmt, Module, Program, Stmt, VarDecl, VarDeclKind,
};
use swc_core::ecma::utils::find_pat_ids;
use swc_core::ecma::visit::{Visit, VisitWith, noop_visit_type};

/// The letters of names, the most common in JavaScript first; digits may not begin one.
const LETTERS: &[u8; 64] = b"etnrisouaflchpdvmgybwESxTNCkLAOM_DPHBjFIqRUzWXV$JKQGYZ0516372984";
const FIRST: usize = 54;

/// What a compressed segment declares and mentions at its top level.
pub(super) struct Declared {
    unresolved: SyntaxContext,
    top_level: SyntaxContext,
    /// In the order of their declarations.
    names: Vec<Id>,
    /// Variables that are declared inside statements.
    hidden: Vec<Id>,
    /// How often names of the chunk's scope occur.
    counts: FxHashMap<Id, usize>,
}

impl Declared {
    pub(super) fn of(module: &Module, unresolved: SyntaxContext, top_level: SyntaxContext) -> Self {
        let (names, hidden) = Declarations::of(module);
        let known: FxHashSet<Id> = names.iter().chain(&hidden).cloned().collect();
        let contexts = known.iter().map(|(_, context)| *context).collect();
        let mut mentions = Mentions { unresolved, top_level, known, contexts, counts: FxHashMap::default() };
        module.visit_with(&mut mentions);
        Self { unresolved, top_level, names, hidden, counts: mentions.counts }
    }

    /// A name that another segment declares, as this one mentions it.
    fn foreign(&self) -> impl Iterator<Item = &Id> {
        let own: FxHashSet<&Id> = self.names.iter().chain(&self.hidden).collect();
        self.counts.keys().filter(move |id| !own.contains(id))
    }
}

/// Finds what the top level declares.
#[derive(Default)]
struct Declarations {
    names: Vec<Id>,
    hidden: Vec<Id>,
}

impl Declarations {
    fn of(module: &Module) -> (Vec<Id>, Vec<Id>) {
        let mut found = Self::default();
        for item in &module.body {
            match item.as_stmt() {
                Some(Stmt::Decl(declaration)) => found.names.extend(declared(declaration)),
                _ => item.visit_with(&mut found),
            }
        }
        let mut seen = FxHashSet::default();
        found.names.retain(|name| seen.insert(name.clone()));
        found.hidden.retain(|name| seen.insert(name.clone()));
        (found.names, found.hidden)
    }
}

fn declared(declaration: &Decl) -> Vec<Id> {
    match declaration {
        Decl::Var(variables) => find_pat_ids(&variables.decls),
        Decl::Using(resources) => find_pat_ids(&resources.decls),
        Decl::Fn(FnDecl { ident, .. }) | Decl::Class(ClassDecl { ident, .. }) => vec![ident.to_id()],
        _ => Vec::new(),
    }
}

impl Visit for Declarations {
    noop_visit_type!();

    fn visit_import_specifier(&mut self, clause: &ImportSpecifier) {
        self.names.push(clause.local().to_id());
    }

    fn visit_var_decl(&mut self, variables: &VarDecl) {
        if variables.kind == VarDeclKind::Var {
            self.hidden.extend(find_pat_ids::<_, Id>(&variables.decls));
        }
    }

    // What these declare is theirs.
    fn visit_function(&mut self, _: &Function) {}
    fn visit_class(&mut self, _: &Class) {}
    fn visit_expr(&mut self, _: &Expr) {}
}

/// Counts names.
struct Mentions {
    unresolved: SyntaxContext,
    top_level: SyntaxContext,
    known: FxHashSet<Id>,
    /// Those of the known names: most names are of inner scopes, and have others.
    contexts: FxHashSet<SyntaxContext>,
    counts: FxHashMap<Id, usize>,
}

impl Visit for Mentions {
    noop_visit_type!();

    fn visit_ident(&mut self, name: &Ident) {
        let is_outer = name.ctxt == self.unresolved || name.ctxt == self.top_level;
        if is_outer || self.contexts.contains(&name.ctxt) {
            let id = name.to_id();
            if is_outer || self.known.contains(&id) {
                *self.counts.entry(id).or_default() += 1;
            }
        }
    }

    fn visit_export_named_specifier(&mut self, clause: &ExportNamedSpecifier) {
        clause.orig.visit_with(self);
    }

    fn visit_import_named_specifier(&mut self, clause: &ImportNamedSpecifier) {
        clause.local.visit_with(self);
    }
}

/// New names of one segment.
#[derive(Default)]
pub(super) struct Names {
    new: FxHashMap<Id, Id>,
    /// New names of variables that are declared inside statements.
    pub(super) hidden: Vec<Atom>,
}

impl Names {
    /// All new names. To the mangler the hidden ones are taken, and a name of an inner scope that is like one of them stays: it gets another
    /// text before.
    pub(super) fn of<'a>(&'a self, tree: &Program) -> Cow<'a, FxHashMap<Id, Id>> {
        if self.hidden.is_empty() {
            return Cow::Borrowed(&self.new);
        }
        let mut alike = Alike { names: self, found: FxHashMap::default() };
        tree.visit_with(&mut alike);
        let found = alike.found;
        let all = self.new.iter().map(|(id, new)| (id.clone(), new.clone()));
        Cow::Owned(all.chain(found).collect())
    }
}

/// Finds names of inner scopes that are like hidden ones.
struct Alike<'a> {
    names: &'a Names,
    found: FxHashMap<Id, Id>,
}

impl Visit for Alike<'_> {
    noop_visit_type!();

    fn visit_ident(&mut self, name: &Ident) {
        if self.names.hidden.contains(&name.sym) && !self.names.new.contains_key(&name.to_id()) {
            self.found.insert(name.to_id(), (format!("{}$$inner", name.sym).into(), name.ctxt));
        }
    }

    // No label is a variable.

    fn visit_labeled_stmt(&mut self, statement: &LabeledStmt) {
        statement.body.visit_with(self);
    }

    fn visit_break_stmt(&mut self, _: &BreakStmt) {}

    fn visit_continue_stmt(&mut self, _: &ContinueStmt) {}

    fn visit_import_named_specifier(&mut self, clause: &ImportNamedSpecifier) {
        clause.local.visit_with(self);
    }

    fn visit_export_named_specifier(&mut self, clause: &ExportNamedSpecifier) {
        clause.orig.visit_with(self);
    }
}

/// A name of the chunk's scope.
struct Entry<'a> {
    segment: usize,
    id: &'a Id,
    count: usize,
    /// Others may know it: it has the text that it had.
    is_shared: bool,
}

/// Gives names to all that the segments declare.
pub(super) fn rename_all(segments: &[Declared], borders: &[Border]) -> Vec<Names> {
    let declared: FxHashSet<&Atom> = borders.iter().flat_map(|border| &border.declared).collect();
    let mut taken: FxHashSet<&Atom> =
        borders.iter().flat_map(|border| &border.free).filter(|name| !declared.contains(name)).collect();
    let mut entries = entries(segments);
    entries.sort_by_key(|entry| Reverse(entry.count));
    // A name that stays as it is keeps its context too, which must be that of the top level.
    taken.extend(entries.iter().filter(|entry| !entry.is_shared).map(|entry| &entry.id.0));
    let mut fresh = (0..).map(name).filter(|name| !is_reserved(name) && !taken.contains(name));
    let mut names: Vec<Names> = segments.iter().map(|_| Names::default()).collect();
    let mut shared: FxHashMap<&Atom, Atom> = FxHashMap::default();
    for Entry { segment, id, is_shared, .. } in entries {
        let new = fresh.next().expect("names do not end");
        if is_shared {
            shared.insert(&id.0, new.clone());
        }
        names[segment].new.insert(id.clone(), (new, segments[segment].top_level));
    }
    for (segment, names) in segments.iter().zip(&mut names) {
        let foreign =
            segment.foreign().filter_map(|id| Some((id.clone(), (shared.get(&id.0)?.clone(), segment.unresolved))));
        names.new.extend(foreign);
        names.hidden = segment.hidden.iter().filter_map(|id| Some(names.new.get(id)?.0.clone())).collect();
    }
    names
}

/// All names that segments declare, with the number of times that any segment mentions them.
fn entries(segments: &[Declared]) -> Vec<Entry<'_>> {
    let mut abroad: FxHashMap<&Atom, usize> = FxHashMap::default();
    for segment in segments {
        for id in segment.foreign() {
            *abroad.entry(&id.0).or_default() += segment.counts[id];
        }
    }
    let mut entries = Vec::new();
    for (at, segment) in segments.iter().enumerate() {
        for id in segment.names.iter().chain(&segment.hidden) {
            let is_shared = id.1 == segment.top_level;
            let abroad = if is_shared { abroad.get(&id.0).copied().unwrap_or_default() } else { 0 };
            let count = segment.counts.get(id).copied().unwrap_or_default() + abroad;
            entries.push(Entry { segment: at, id, count, is_shared });
        }
    }
    entries
}

/// The names in order, of two letters and more. Those of one are for what functions declare, which can have none of the names of the
/// chunk's scope that their segment mentions: if the chunk's ten most frequent names had one letter, three.js would gain 440 bytes and lose
/// 240 with Brotli.
fn name(number: usize) -> Atom {
    let mut text = String::from(char::from(LETTERS[number % FIRST]));
    let mut rest = number / FIRST + 1;
    while rest > 0 {
        rest -= 1;
        text.push(char::from(LETTERS[rest % LETTERS.len()]));
        rest /= LETTERS.len();
    }
    Atom::from(text)
}
