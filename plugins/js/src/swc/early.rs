//! Errors that the parser leaves to others: a name that is declared twice in one scope, exported twice, or exported but not declared.
//! Also notes what [`super::scopes`] has to rewrite, because it takes the same knowledge of scopes.
//!
//! TypeScript's own declarations merge with others (interfaces, namespaces, enums) and are left to its compiler.

use super::parse::range;
use super::scopes::Rewrites;
use planish_pipeline::asset::AssetId;
use planish_pipeline::diagnostic::Diagnostic;
use rustc_hash::{FxHashMap, FxHashSet};
use swc_core::atoms::Atom;
use swc_core::common::{BytePos, Span, Spanned};
use swc_core::ecma::ast::*;
use swc_core::ecma::utils::find_pat_ids;
use swc_core::ecma::visit::{Visit, VisitWith, noop_visit_type};

/// What was found in one file.
pub(super) struct Early {
    /// In no particular order.
    pub(super) mistakes: Vec<Mistake>,
    pub(super) rewrites: Rewrites,
}

/// Looks through a tree as it was parsed.
pub(super) fn examine(program: &Program, typescript: bool) -> Early {
    let mut scopes = Scopes { typescript, ..Scopes::default() };
    program.visit_with(&mut scopes);
    Early { mistakes: scopes.mistakes, rewrites: scopes.rewrites }
}

/// Functions that stand in an `if` without a block, which only sloppy scripts may have: their positions.
pub(super) fn functions_of_ifs(script: &Script) -> FxHashSet<BytePos> {
    let mut found = FunctionsOfIfs(FxHashSet::default());
    script.visit_with(&mut found);
    found.0
}

/// One error.
pub(super) enum Mistake {
    Declared { name: Atom, first: Span, second: Span },
    Exported { name: Atom, first: Span, second: Span },
    Undeclared { name: Atom, place: Span },
    FunctionOfIf(Span),
}

impl Mistake {
    /// The message; ranges are those of a file whose first `skipped` bytes were not parsed.
    pub(super) fn diagnostic(&self, id: &AssetId, text: &str, skipped: u32) -> Diagnostic {
        let range = |span: &Span| range(*span, text, skipped);
        let error = |message: String| Diagnostic::error("syntax-error", message);
        let twice = |message: String, first: &Span, second: &Span, word: &str| {
            error(message).at(id, range(second), format!("{word} again here")).at(
                id,
                range(first),
                format!("first {word} here"),
            )
        };
        match self {
            Self::Declared { name, first, second } => {
                twice(format!("`{name}` is declared twice"), first, second, "declared").help("rename one of them")
            }
            Self::Exported { name, first, second } => {
                twice(format!("`{name}` is exported twice"), first, second, "exported")
                    .help("remove one of them, or export one by another name")
            }
            Self::Undeclared { name, place } => error(format!("`{name}` is exported but not declared"))
                .at(id, range(place), "exported here")
                .help(format!("declare or import `{name}`, or remove it here")),
            Self::FunctionOfIf(place) => error("a function in an `if` needs a block in strict code".to_owned())
                .at(id, range(place), "")
                .help("put it in `{ }`"),
        }
    }
}

/// What a name in a scope is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// `var`, also one of a block within, or a function of a function's or script's top level.
    Variable,
    Parameter,
    /// `e` of `catch (e)`.
    Caught,
    /// A function of a block in sloppy code.
    BlockFunction,
    Import,
    Lexical,
}

impl Kind {
    fn conflicts(self, later: Self, typescript: bool) -> bool {
        match (self, later) {
            // The parser looks after parameters.
            (_, Self::Parameter | Self::Caught) | (Self::BlockFunction, Self::BlockFunction) => false,
            (Self::Variable | Self::Parameter | Self::Caught, Self::Variable) => false,
            // What is imported may be a type.
            (Self::Import, other) | (other, Self::Import) => !typescript || other == Self::Import,
            _ => true,
        }
    }
}

#[derive(Default)]
struct Scope {
    names: FxHashMap<Atom, (Kind, Span)>,
    /// It is that of a function, a script or a module, where `var` is declared.
    is_function: bool,
    /// Functions of this block, if it is a sloppy one, that may be variables of the function around: `(name, position)`.
    functions: Vec<(Atom, BytePos)>,
    /// Those of blocks within.
    inner_functions: Vec<(Atom, BytePos)>,
}

#[derive(Default)]
struct Scopes {
    typescript: bool,
    strict: bool,
    is_module: bool,
    scopes: Vec<Scope>,
    exports: FxHashMap<Atom, Span>,
    /// `(local name, place)` of `export { a }`.
    exported: Vec<(Atom, Span)>,
    mistakes: Vec<Mistake>,
    rewrites: Rewrites,
}

impl Scopes {
    fn within(&mut self, is_function: bool, work: impl FnOnce(&mut Self)) {
        self.scopes.push(Scope { is_function, ..Scope::default() });
        work(self);
        if let Some(scope) = self.scopes.pop() {
            self.leave(scope);
        }
    }

    /// A block's function is also a variable of the function around it, unless something between them has its name.
    fn leave(&mut self, scope: Scope) {
        let kind = |name: &Atom| scope.names.get(name).map(|(kind, _)| *kind);
        let inner = scope.inner_functions.iter();
        if scope.is_function {
            let free = inner.filter(|(name, _)| matches!(kind(name), None | Some(Kind::Variable)));
            self.rewrites.functions.extend(free.map(|(_, at)| *at));
        } else if let Some(parent) = self.scopes.last_mut() {
            let free = inner.filter(|(name, _)| matches!(kind(name), None | Some(Kind::Variable | Kind::Caught)));
            parent.inner_functions.extend(scope.functions.iter().chain(free).cloned());
        }
    }

    fn declare(&mut self, name: &Ident, kind: Kind) {
        let Self { scopes, mistakes, typescript, rewrites, .. } = self;
        for scope in scopes.iter_mut().rev() {
            match scope.names.get(&name.sym) {
                Some((old, first)) if old.conflicts(kind, *typescript) => {
                    mistakes.push(Mistake::Declared { name: name.sym.clone(), first: *first, second: name.span });
                    return;
                }
                Some((old, _)) => rewrites.caught |= *old == Kind::Caught,
                None => {
                    scope.names.insert(name.sym.clone(), (kind, name.span));
                }
            }
            if kind != Kind::Variable || scope.is_function {
                return;
            }
        }
    }

    fn declare_pattern(&mut self, pattern: &Pat, kind: Kind) {
        for name in find_pat_ids::<_, Ident>(pattern) {
            self.declare(&name, kind);
        }
    }

    fn function(&mut self, name: &Ident, function: &Function) {
        let is_plain = !function.is_async && !function.is_generator;
        let is_top = self.is_module && self.scopes.len() == 1;
        let Some(scope) = self.scopes.last_mut() else { return };
        let kind = match scope.is_function {
            true if !is_top => Kind::Variable,
            false if !self.strict && is_plain => {
                scope.functions.push((name.sym.clone(), name.span.lo));
                self.rewrites.block_functions = true;
                Kind::BlockFunction
            }
            _ => Kind::Lexical,
        };
        self.declare(name, kind);
    }

    /// The parts of a function, in the scope of its own.
    fn body<'a>(
        &mut self,
        parameters: impl Iterator<Item = &'a Pat>,
        statements: Option<&Vec<Stmt>>,
        visit: impl FnOnce(&mut Self),
    ) {
        let strict = self.strict;
        self.strict |= statements.is_some_and(|statements| is_strict(statements));
        self.within(true, |scopes| {
            for parameter in parameters {
                scopes.declare_pattern(parameter, Kind::Parameter);
            }
            visit(scopes);
        });
        self.strict = strict;
    }

    fn export(&mut self, name: Atom, place: Span) {
        match self.exports.get(&name) {
            Some(first) => self.mistakes.push(Mistake::Exported { name, first: *first, second: place }),
            None => {
                self.exports.insert(name, place);
            }
        }
    }

    fn undeclared_exports(&mut self, module: &Scope) {
        // TypeScript exports types in the same way.
        if self.typescript {
            return;
        }
        for (name, place) in std::mem::take(&mut self.exported) {
            if !module.names.contains_key(&name) {
                self.mistakes.push(Mistake::Undeclared { name, place });
            }
        }
    }

    fn branch(&mut self, branch: &Stmt) {
        if let Stmt::Decl(Decl::Fn(function)) = branch {
            if self.strict {
                self.mistakes.push(Mistake::FunctionOfIf(function.span()));
            }
            self.within(false, |scopes| branch.visit_with(scopes));
        } else {
            branch.visit_with(self);
        }
    }
}

/// Whether statements begin with `"use strict"`.
fn is_strict(statements: &[Stmt]) -> bool {
    let directive = |statement: &Stmt| match statement {
        Stmt::Expr(statement) => match &*statement.expr {
            Expr::Lit(Lit::Str(text)) => Some(text.value.as_str() == Some("use strict")),
            _ => None,
        },
        _ => None,
    };
    statements.iter().map_while(directive).any(|is_strict| is_strict)
}

impl Visit for Scopes {
    noop_visit_type!();

    fn visit_module(&mut self, module: &Module) {
        (self.is_module, self.strict) = (true, true);
        self.scopes.push(Scope { is_function: true, ..Scope::default() });
        module.body.visit_with(self);
        if let Some(scope) = self.scopes.pop() {
            self.undeclared_exports(&scope);
        }
    }

    fn visit_script(&mut self, script: &Script) {
        self.body(std::iter::empty(), Some(&script.body), |scopes| script.body.visit_with(scopes));
    }

    fn visit_block_stmt(&mut self, block: &BlockStmt) {
        self.within(false, |scopes| block.stmts.visit_with(scopes));
    }

    fn visit_function(&mut self, function: &Function) {
        let parameters = function.params.iter().map(|parameter| &parameter.pat);
        self.body(parameters, function.body.as_ref().map(|body| &body.stmts), |scopes| {
            function.visit_children_with(scopes)
        });
    }

    fn visit_constructor(&mut self, constructor: &Constructor) {
        let parameters = constructor.params.iter().filter_map(|parameter| Some(&parameter.as_param()?.pat));
        let statements = constructor.body.as_ref().map(|body| &body.stmts);
        self.body(parameters, statements, |scopes| constructor.visit_children_with(scopes));
    }

    fn visit_arrow_expr(&mut self, arrow: &ArrowExpr) {
        let statements = match &*arrow.body {
            ArrowFunctionBody::FunctionBody(body) => Some(&body.stmts),
            ArrowFunctionBody::Expr(_) => None,
        };
        self.body(arrow.params.iter(), statements, |scopes| arrow.visit_children_with(scopes));
    }

    fn visit_static_block(&mut self, block: &StaticBlock) {
        self.body(std::iter::empty(), None, |scopes| block.body.stmts.visit_with(scopes));
    }

    fn visit_class(&mut self, class: &Class) {
        let strict = std::mem::replace(&mut self.strict, true);
        class.visit_children_with(self);
        self.strict = strict;
    }

    fn visit_ts_module_block(&mut self, block: &TsModuleBlock) {
        // What a namespace exports is no export of the file.
        let (exports, exported) = (std::mem::take(&mut self.exports), self.exported.len());
        let strict = std::mem::replace(&mut self.strict, true);
        self.within(true, |scopes| block.body.visit_with(scopes));
        self.strict = strict;
        self.exports = exports;
        self.exported.truncate(exported);
    }

    fn visit_ts_module_decl(&mut self, declaration: &TsModuleDecl) {
        if !declaration.declare {
            declaration.visit_children_with(self);
        }
    }

    fn visit_catch_clause(&mut self, clause: &CatchClause) {
        self.within(false, |scopes| {
            if let Some(parameter) = &clause.param {
                let kind = if parameter.is_ident() { Kind::Caught } else { Kind::Lexical };
                scopes.declare_pattern(parameter, kind);
                parameter.visit_with(scopes);
            }
            clause.body.stmts.visit_with(scopes);
        });
    }

    fn visit_switch_stmt(&mut self, statement: &SwitchStmt) {
        statement.discriminant.visit_with(self);
        self.within(false, |scopes| statement.cases.visit_with(scopes));
    }

    fn visit_for_stmt(&mut self, statement: &ForStmt) {
        self.within(false, |scopes| statement.visit_children_with(scopes));
    }

    fn visit_for_in_stmt(&mut self, statement: &ForInStmt) {
        self.rewrites.for_in |=
            matches!(&statement.left, ForHead::VarDecl(head) if head.decls.iter().any(|one| one.init.is_some()));
        self.within(false, |scopes| statement.visit_children_with(scopes));
    }

    fn visit_for_of_stmt(&mut self, statement: &ForOfStmt) {
        self.within(false, |scopes| statement.visit_children_with(scopes));
    }

    fn visit_if_stmt(&mut self, statement: &IfStmt) {
        statement.test.visit_with(self);
        self.branch(&statement.cons);
        statement.alt.iter().for_each(|branch| self.branch(branch));
    }

    fn visit_paren_expr(&mut self, paren: &ParenExpr) {
        self.rewrites.parentheses |= matches!(&*paren.expr, Expr::Ident(_) | Expr::Paren(_));
        paren.visit_children_with(self);
    }

    fn visit_labeled_stmt(&mut self, statement: &LabeledStmt) {
        self.rewrites.labelled_functions |= matches!(&*statement.body, Stmt::Decl(Decl::Fn(_)));
        statement.visit_children_with(self);
    }

    fn visit_var_decl(&mut self, declaration: &VarDecl) {
        if declaration.declare {
            return;
        }
        let kind = if declaration.kind == VarDeclKind::Var { Kind::Variable } else { Kind::Lexical };
        for declarator in &declaration.decls {
            self.declare_pattern(&declarator.name, kind);
        }
        declaration.visit_children_with(self);
    }

    fn visit_using_decl(&mut self, declaration: &UsingDecl) {
        for declarator in &declaration.decls {
            self.declare_pattern(&declarator.name, Kind::Lexical);
        }
        declaration.visit_children_with(self);
    }

    fn visit_fn_decl(&mut self, declaration: &FnDecl) {
        // An overload has no body.
        if declaration.declare || declaration.function.body.is_none() {
            return;
        }
        self.function(&declaration.ident, &declaration.function);
        declaration.function.visit_with(self);
    }

    fn visit_class_decl(&mut self, declaration: &ClassDecl) {
        if declaration.declare {
            return;
        }
        self.declare(&declaration.ident, Kind::Lexical);
        declaration.class.visit_with(self);
    }

    fn visit_import_decl(&mut self, import: &ImportDecl) {
        if import.type_only {
            return;
        }
        for specifier in &import.specifiers {
            if !matches!(specifier, ImportSpecifier::Named(named) if named.is_type_only) {
                self.declare(specifier.local(), Kind::Import);
            }
        }
    }

    fn visit_export_decl(&mut self, export: &ExportDecl) {
        match &export.decl {
            Decl::Class(class) if !class.declare => self.export(class.ident.sym.clone(), class.ident.span),
            Decl::Fn(function) if !function.declare && function.function.body.is_some() => {
                self.export(function.ident.sym.clone(), function.ident.span);
            }
            Decl::Var(declaration) if !declaration.declare => {
                for name in declaration.decls.iter().flat_map(|one| find_pat_ids::<_, Ident>(&one.name)) {
                    self.export(name.sym, name.span);
                }
            }
            _ => {}
        }
        export.decl.visit_with(self);
    }

    fn visit_named_export(&mut self, export: &NamedExport) {
        if export.type_only {
            return;
        }
        for specifier in &export.specifiers {
            match specifier {
                ExportSpecifier::Named(named) if named.is_type_only => {}
                ExportSpecifier::Named(named) => {
                    let exported = named.exported.as_ref().unwrap_or(&named.orig);
                    self.export(exported.atom().into_owned(), exported.span());
                    if let (None, ModuleExportName::Ident(local)) = (&export.src, &named.orig) {
                        self.exported.push((local.sym.clone(), local.span));
                    }
                }
                ExportSpecifier::Namespace(namespace) => {
                    self.export(namespace.name.atom().into_owned(), namespace.name.span());
                }
                ExportSpecifier::Default(default) => self.export(default.exported.sym.clone(), default.exported.span),
            }
        }
    }

    fn visit_export_default_decl(&mut self, export: &ExportDefaultDecl) {
        let name = match &export.decl {
            DefaultDecl::Class(class) => class.ident.as_ref(),
            DefaultDecl::Fn(function) if function.function.body.is_some() => function.ident.as_ref(),
            _ => return,
        };
        self.export("default".into(), keyword(export.span));
        if let Some(name) = name {
            self.declare(name, Kind::Lexical);
        }
        export.decl.visit_with(self);
    }

    fn visit_export_default_expr(&mut self, export: &ExportDefaultExpr) {
        self.export("default".into(), keyword(export.span));
        export.expr.visit_with(self);
    }
}

/// `export default` alone.
fn keyword(span: Span) -> Span {
    let end = span.lo + BytePos("export default".len() as u32);
    Span::new(span.lo, end.min(span.hi))
}

struct FunctionsOfIfs(FxHashSet<BytePos>);

impl Visit for FunctionsOfIfs {
    noop_visit_type!();

    fn visit_if_stmt(&mut self, statement: &IfStmt) {
        for branch in [Some(&statement.cons), statement.alt.as_ref()].into_iter().flatten() {
            if let Stmt::Decl(Decl::Fn(function)) = &**branch {
                self.0.insert(function.span().lo);
            }
        }
        statement.visit_children_with(self);
    }
}
