//! The one place that touches swc's parser, passes, minifier, code generator, `Globals` and source maps, so that an upgrade of
//! swc touches this folder only. The linker beside it works on the syntax tree alone.
//!
//! ```text
//! text -> parse (early errors, scopes, resolver) -> transform (types, decorators, JSX, define, lowering) -> Program
//! Program -> print -> Printed      Programs, text -> Draft -> minify -> Printed
//! ```
//!
//! Invariants of a [`Program`], held by tests:
//! - Every top-level binding has the context of `top_level` and a name of its own; every free name has that of `unresolved`.
//! - A byte position is the offset in the user's file plus one, whatever passes ran. Made-up nodes have dummy positions.
//! - Contexts are numbered by a [`Globals`] of the program's own, so that nothing depends on what was parsed before it or beside it.

mod accessors;
mod changing;
mod classes;
mod comments;
mod define;
mod draft;
mod early;
mod lower;
mod map;
mod minify;
mod name;
mod namespaces;
mod origins;
mod parse;
mod print;
mod scopes;
mod segments;
mod settings;
mod target;
mod targets;
mod transform;
mod uses;
mod writer;

#[cfg(test)]
mod tests;

pub use comments::Comments;
pub use draft::Draft;
pub use map::{MapJoiner, SourceMap};
pub use minify::minify;
pub use name::{Loss, NAME_HELPER, NameOptions, Naming, directives};
pub use parse::{Dialect, Hint, Syntax, parse};
pub use print::{KeptComments, PrintOptions, Printed, print};
pub use segments::{Cuts, count_segments};
pub use settings::Settings;
pub use target::has_import_maps;

use planish_pipeline::asset::AssetId;
use std::ops::Range;
use std::sync::Arc;
use swc_core::common::{GLOBALS, Globals, Mark, Span, SyntaxContext};
use swc_core::ecma::ast::{Ident, Module, Stmt};
use swc_core::ecma::transforms::base::fixer::fixer;
use swc_core::ecma::visit::VisitMutWith;

/// The grammar that a file was read with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// ECMAScript module: strict, with `import` and `export`.
    Module,
    /// A script, as CommonJS files are: sloppy unless it says otherwise.
    Script,
}

/// One parsed and transformed file with everything its spans and syntax contexts refer to.
pub struct Program {
    /// The statements. A script's are those of a module without imports and exports.
    pub module: Module,
    /// The grammar of the file.
    pub goal: Goal,
    /// The comments, by position.
    pub comments: Comments,
    /// Marks names that nothing in the file declares.
    pub unresolved: Mark,
    /// Marks what the file's top level declares.
    pub top_level: Mark,
    /// The text that was parsed, without a byte order mark.
    pub text: Arc<str>,
    id: AssetId,
    globals: Globals,
    /// Bytes of the byte order mark.
    skipped: u32,
}

impl Program {
    /// Runs `work` where the program's marks and contexts have their meaning.
    pub fn scope<R>(&self, work: impl FnOnce() -> R) -> R {
        GLOBALS.set(&self.globals, work)
    }

    /// The context of names that nothing in the file declares.
    pub fn unresolved_context(&self) -> SyntaxContext {
        self.scope(|| SyntaxContext::empty().apply_mark(self.unresolved))
    }

    /// The context of what the file's top level declares.
    pub fn top_level_context(&self) -> SyntaxContext {
        self.scope(|| SyntaxContext::empty().apply_mark(self.top_level))
    }

    /// A name that is not declared in the file, such as `require`.
    pub fn free(&self, name: &str) -> Ident {
        Ident::new(name.into(), swc_core::common::DUMMY_SP, self.unresolved_context())
    }

    /// The byte range of a span in the user's file, empty at its start for nodes that were made up.
    pub fn offset(&self, span: Span) -> Range<u32> {
        parse::range(span, &self.text, self.skipped)
    }

    /// Bytes of the source at `span`, without comments; 0 for nodes that were made up.
    pub fn code_size(&self, span: Span) -> u32 {
        let range = self.offset(span);
        let comments = self.comments.size_in(span).min(range.end - range.start);
        range.end - range.start - comments
    }

    /// Whether the call at `span` is annotated as free of side effects: `/* @__PURE__ */ call()`.
    pub fn is_pure(&self, span: Span) -> bool {
        span.lo.is_pure() || self.comments.has_flag(span.lo, "PURE")
    }

    /// Whether the function declared at `span` is annotated: `/* @__NO_SIDE_EFFECTS__ */ function f() {}`.
    pub fn has_no_side_effects_comment(&self, span: Span) -> bool {
        self.comments.has_flag(span.lo, "NO_SIDE_EFFECTS")
    }

    /// Puts the parentheses that the tree needs after it was changed: print writes only those that are there.
    pub fn fix(&self, statements: &mut Vec<Stmt>) {
        self.scope(|| statements.visit_mut_with(&mut fixer(None)));
    }
}
