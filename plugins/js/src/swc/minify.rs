//! Makes a chunk small, as a whole or in segments.

use super::changing;
use super::draft::Draft;
use super::origins::Origins;
use super::parse::Grammars;
use super::print::{emit, kept};
use super::segments::minify_segments;
use super::{Comments, KeptComments, Printed, Settings};
use crate::options::{Format, LegalComments};
use crate::words::occurs;
use swc_core::common::comments::SingleThreadedComments;
use swc_core::common::sync::Lrc;
use swc_core::common::util::take::Take;
use swc_core::common::{GLOBALS, Globals, Mark, SyntaxContext};
use swc_core::ecma::ast::{
    BinaryOp, ExportNamedSpecifier, Expr, ImportNamedSpecifier, Lit, ModuleExportName, Program as Tree, Stmt, UnaryOp,
};
use swc_core::ecma::codegen::Config;
use swc_core::ecma::minifier::optimize;
use swc_core::ecma::minifier::option::{CompressOptions, ExtraOptions, MangleOptions, MinifyOptions, TopLevelOptions};
use swc_core::ecma::transforms::base::fixer::{fixer, paren_remover};
use swc_core::ecma::transforms::base::resolver;
use swc_core::ecma::visit::{VisitMut, VisitMutWith, noop_visit_mut_type};

/// Compresses and renames a chunk. In a classic script ([`Format::Iife`]) names of the top level are the page's, and left.
///
/// The error is a message about code that does not parse.
pub fn minify(draft: Draft, format: Format, settings: &Settings, map: bool) -> Result<Printed, String> {
    let (origins, mut segments) = draft.finish();
    // What nobody wrote has no map.
    let map = map && !origins.is_empty();
    let writing = Writing { origins: &origins, settings, map };
    if segments.len() > 1 {
        return minify_segments(segments, &writing);
    }
    let segment = segments.pop().unwrap_or_default();
    GLOBALS.set(&Globals::new(), || {
        let (tree, comments) = segment.read(grammars(format))?;
        Ok(minify_whole(tree, comments, format, &writing))
    })
}

/// Compresses, renames and writes a tree whose scopes are not known yet.
pub(super) fn minify_whole(
    tree: Tree,
    comments: SingleThreadedComments,
    format: Format,
    writing: &Writing<'_>,
) -> Printed {
    let tree = shrink(tree, &comments, format, writing.settings);
    writing.write(tree, &Comments::take(comments))
}

/// How small trees become text.
pub(super) struct Writing<'a> {
    pub(super) origins: &'a Origins,
    pub(super) settings: &'a Settings,
    map: bool,
}

impl Writing<'_> {
    /// The text of a tree, with as few characters as can be.
    pub(super) fn write(&self, mut tree: Tree, comments: &Comments) -> Printed {
        tree.visit_mut_with(&mut Shorthand);
        let printed = self.print(&tree, comments);
        // Few texts have it, and looking at a text is quicker than at a tree.
        if !occurs(&printed.code, "void 0??") && !occurs(&printed.code, "void 0)??") {
            return printed;
        }
        tree.visit_mut_with(&mut Nullish);
        self.print(&tree, comments)
    }

    fn print(&self, tree: &Tree, comments: &Comments) -> Printed {
        let inline = self.settings.legal_comments == LegalComments::Inline;
        let comments = kept(comments, if inline { KeptComments::Legal } else { KeptComments::None });
        let year = self.settings.target.year();
        let config = Config::default().with_minify(true).with_target(year).with_inline_script(true);
        emit(tree, None, comments.as_ref(), config, self.map.then_some(self.origins))
    }
}

fn grammars(format: Format) -> Grammars {
    match format {
        Format::Esm => Grammars::Module,
        Format::Iife => Grammars::Script,
        Format::Cjs => Grammars::CommonJs,
    }
}

fn shrink(mut tree: Tree, comments: &SingleThreadedComments, format: Format, settings: &Settings) -> Tree {
    let extra = ExtraOptions { unresolved_mark: Mark::new(), top_level_mark: Mark::new(), mangle_name_cache: None };
    tree.mutate(resolver(extra.unresolved_mark, extra.top_level_mark, false));
    tree.mutate(paren_remover(Some(comments)));
    let options = MinifyOptions {
        compress: Some(compress(format, settings)),
        mangle: Some(mangle(format, &[])),
        ..MinifyOptions::default()
    };
    parenthesised(run(tree, comments, &options, &extra))
}

/// A compressed tree with the parentheses that it needs. If the pass knew the comments, it would put some around what is annotated.
pub(super) fn parenthesised(mut tree: Tree) -> Tree {
    tree.mutate(fixer(None));
    tree
}

/// Compresses, renames or both.
pub(super) fn run(
    mut tree: Tree,
    comments: &SingleThreadedComments,
    options: &MinifyOptions,
    extra: &ExtraOptions,
) -> Tree {
    let unresolved = SyntaxContext::empty().apply_mark(extra.unresolved_mark);
    let is_marked = options.compress.is_some() && changing::mark(&mut tree, unresolved);
    let map = Lrc::new(swc_core::common::SourceMap::default());
    let mut tree = optimize(tree, map, Some(comments), None, options, extra);
    if is_marked {
        changing::unmark(&mut tree);
    }
    tree
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
    let is_zero = |argument: &Expr| matches!(argument, Expr::Lit(Lit::Num(number)) if number.value == 0.0);
    matches!(expression, Expr::Unary(unary) if unary.op == UnaryOp::Void && is_zero(&unary.arg))
}

/// What `compress: true` means to swc, which is not quite what its `Default` says.
pub(super) fn compress(format: Format, settings: &Settings) -> CompressOptions {
    let own_scope = format != Format::Iife;
    CompressOptions {
        ecma: settings.target.year(),
        module: format == Format::Esm,
        top_level: own_scope.then_some(TopLevelOptions { functions: true }),
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
