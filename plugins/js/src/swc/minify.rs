//! Makes the text of a whole chunk small.

use super::map::{SourceMap, through};
use super::parse::{Grammars, Syntax, attempt, describe};
use super::print::{emit, kept, renamed};
use super::{Comments, KeptComments, Printed, Settings};
use crate::options::{Format, LegalComments};
use swc_core::common::comments::SingleThreadedComments;
use swc_core::common::sync::Lrc;
use swc_core::common::util::take::Take;
use swc_core::common::{GLOBALS, Globals, Mark};
use swc_core::ecma::ast::{
    BinaryOp, ExportNamedSpecifier, Expr, ImportNamedSpecifier, ModuleExportName, Program as Tree, Stmt, UnaryOp,
};
use swc_core::ecma::codegen::Config;
use swc_core::ecma::minifier::optimize;
use swc_core::ecma::minifier::option::{CompressOptions, ExtraOptions, MangleOptions, MinifyOptions, TopLevelOptions};
use swc_core::ecma::transforms::base::fixer::{fixer, paren_remover};
use swc_core::ecma::transforms::base::resolver;
use swc_core::ecma::visit::{VisitMut, VisitMutWith, noop_visit_mut_type};

/// Compresses and renames a whole chunk. `map` says where its code comes from; the result's map says where the small text does.
///
/// Names in `reserved` are left as they are and not taken for anything else. In a classic script ([`Format::Iife`]) names of the top
/// level are the page's, and left too. The error is a message about code that does not parse.
pub fn minify(
    code: &str,
    map: Option<&SourceMap>,
    format: Format,
    reserved: &[String],
    settings: &Settings,
) -> Result<Printed, String> {
    GLOBALS.set(&Globals::new(), || {
        let (tree, comments) = attempt(code, Syntax::Js, grammars(format)).map_err(|errors| describe(code, &errors))?;
        let mut tree = shrink(tree, &comments, format, reserved, settings);
        tidy(&mut tree, code);
        Ok(write((code, map), &tree, &Comments::take(comments), settings))
    })
}

/// The text of a tree that was made of `code`, with as few characters as can be.
pub(super) fn write(
    (code, map): (&str, Option<&SourceMap>),
    tree: &Tree,
    comments: &Comments,
    settings: &Settings,
) -> Printed {
    let inline = settings.legal_comments == LegalComments::Inline;
    let comments = kept(comments, if inline { KeptComments::Legal } else { KeptComments::None });
    let config = Config::default().with_minify(true).with_target(settings.target.year()).with_inline_script(true);
    let (small, positions) = emit(tree, code, comments.as_ref(), config, map.is_some());
    let map = map.zip(positions).map(|(inner, positions)| {
        let names = renamed(tree, code);
        through(inner, code, &positions, |position| names.get(&position).copied())
    });
    Printed { code: small, map }
}

fn grammars(format: Format) -> Grammars {
    match format {
        Format::Esm => Grammars::Module,
        Format::Iife => Grammars::Script,
        Format::Cjs => Grammars::CommonJs,
    }
}

fn shrink(
    mut tree: Tree,
    comments: &SingleThreadedComments,
    format: Format,
    reserved: &[String],
    settings: &Settings,
) -> Tree {
    let extra = ExtraOptions { unresolved_mark: Mark::new(), top_level_mark: Mark::new(), mangle_name_cache: None };
    tree.mutate(resolver(extra.unresolved_mark, extra.top_level_mark, false));
    tree.mutate(paren_remover(Some(comments)));
    let options = MinifyOptions {
        compress: Some(compress(format, reserved, settings)),
        mangle: Some(mangle(format, reserved)),
        ..MinifyOptions::default()
    };
    let mut tree = run(tree, comments, &options, &extra);
    tree.mutate(fixer(Some(comments)));
    tree
}

/// Removes what compressing and renaming leave behind.
pub(super) fn tidy(tree: &mut Tree, code: &str) {
    tree.visit_mut_with(&mut Shorthand);
    if code.contains("??") {
        tree.visit_mut_with(&mut Nullish);
    }
}

/// Compresses, renames or both.
pub(super) fn run(
    tree: Tree,
    comments: &SingleThreadedComments,
    options: &MinifyOptions,
    extra: &ExtraOptions,
) -> Tree {
    optimize(tree, Lrc::new(swc_core::common::SourceMap::default()), Some(comments), None, options, extra)
}

/// `import { a as a }` becomes `import { a }`: renaming leaves such clauses behind, and the generator prints them as they are.
struct Shorthand;

impl VisitMut for Shorthand {
    noop_visit_mut_type!();

    fn visit_mut_import_named_specifier(&mut self, clause: &mut ImportNamedSpecifier) {
        if matches!(&clause.imported, Some(ModuleExportName::Ident(name)) if name.sym == clause.local.sym) {
            clause.imported = None;
        }
    }

    fn visit_mut_export_named_specifier(&mut self, clause: &mut ExportNamedSpecifier) {
        if let (ModuleExportName::Ident(local), Some(ModuleExportName::Ident(name))) = (&clause.orig, &clause.exported)
            && local.sym == name.sym
        {
            clause.exported = None;
        }
    }

    // Clauses stand at the top level only.
    fn visit_mut_stmt(&mut self, _: &mut Stmt) {}
}

/// `void 0 ?? a` becomes `a`: inlining a function that is called without an optional argument leaves that behind.
struct Nullish;

impl VisitMut for Nullish {
    noop_visit_mut_type!();

    fn visit_mut_expr(&mut self, expression: &mut Expr) {
        expression.visit_mut_children_with(self);
        let is_nothing = |left: &Expr| match left {
            Expr::Paren(inner) => is_void(&inner.expr),
            left => is_void(left),
        };
        if let Expr::Bin(binary) = expression
            && binary.op == BinaryOp::NullishCoalescing
            && is_nothing(&binary.left)
        {
            *expression = *binary.right.take();
        }
    }
}

fn is_void(expression: &Expr) -> bool {
    matches!(expression, Expr::Unary(unary) if unary.op == UnaryOp::Void && unary.arg.is_lit())
}

/// What `compress: true` means to swc, which is not quite what its `Default` says.
pub(super) fn compress(format: Format, reserved: &[String], settings: &Settings) -> CompressOptions {
    let own_scope = format != Format::Iife;
    CompressOptions {
        ecma: settings.target.year(),
        module: format == Format::Esm,
        top_level: own_scope.then_some(TopLevelOptions { functions: true }),
        top_retain: reserved.iter().map(|name| name.as_str().into()).collect(),
        reduce_vars: true,
        ..CompressOptions::default()
    }
}

pub(super) fn mangle(format: Format, reserved: &[String]) -> MangleOptions {
    MangleOptions {
        top_level: Some(format != Format::Iife),
        reserved: reserved.iter().map(|name| name.as_str().into()).collect(),
        ..MangleOptions::default()
    }
}
