//! Makes the text of a large chunk small, segment by segment: modules of about [`SEGMENT`] bytes together are compressed as one unit,
//! beside the others. What a segment uses of another it imports, and what others use of it it exports, as far as the compressor can see.
//!
//! ```text
//! read       text -> tree, and what crosses its borders          per segment, parallel
//! cross      who declares what the others use                    whole chunk
//! compress   tree -> smaller tree                                per segment, parallel
//! rename     names of the chunk's scope                          whole chunk
//! finish     tree -> names of inner scopes, text, map            per segment, parallel
//! ```
//!
//! Invariant: the segments and all that is decided for them depend on the text alone, never on threads.

mod border;
mod names;
#[cfg(test)]
mod tests;

use super::draft::Segment;
use super::minify::{Writing, compress, mangle, minify_whole, parenthesised, run};
use super::parse::Grammars;
use super::transform::Forget;
use super::{Comments, MapJoiner, Printed, Settings};
use crate::options::Format;
use border::{Border, Crossing, Neighbours, cross};
use names::{Declared, Names, rename_all};
use rayon::prelude::*;
use swc_core::common::util::take::Take;
use swc_core::common::{GLOBALS, Globals, Mark, SyntaxContext};
use swc_core::ecma::ast::{Module, ModuleDecl, ModuleItem, Program as Tree};
use swc_core::ecma::minifier::option::{CompressOptions, ExtraOptions, MangleOptions, MinifyOptions};
use swc_core::ecma::transforms::base::fixer::paren_remover;
use swc_core::ecma::transforms::base::rename::rename;
use swc_core::ecma::transforms::base::resolver;
use swc_core::ecma::visit::VisitMutWith;

/// Bytes of text that are compressed as one unit. A chunk of less than two segments is one.
///
/// three.js, compressed twice, in kB as it is and with Brotli 11: 764.3 and 156.4 as one segment, 764.7 and 157.1 with 512 KiB, 765.0 and 157.2 with 256 KiB,
/// 765.0 and 157.3 with 128 KiB, 765.4 and 157.3 with 64 KiB. Half a megabyte of small modules is minified in 250 ms as one segment, on one
/// core while others are idle, so segments are small. It costs three.js ten times more than these figures say: 244.5 kB with Brotli 11, and 239.6 with 256 KiB.
pub const SEGMENT: usize = 64 << 10;

/// How often a segment is compressed. A second time takes a fifth of the whole build of three.js ten times (4.6 s of processor time in place
/// of 3.6), and saves 8.7 kB of 7.67 MB, 0.9 kB of 242.3 with Brotli 11.
const PASSES: usize = 1;

/// A segment on its way.
struct Part {
    globals: Globals,
    unresolved: Mark,
    top_level: Mark,
    tree: Module,
    comments: Comments,
}

/// Compresses and renames a chunk that is cut into segments. The error is a message about code that does not parse.
pub(super) fn minify_segments(segments: Vec<Segment>, writing: &Writing<'_>) -> Result<Printed, String> {
    let read: Result<Vec<(Part, Border)>, String> = segments.into_par_iter().map(read).collect();
    let (mut parts, borders): (Vec<Part>, Vec<Border>) = read?.into_iter().unzip();
    let Some(crossings) = cross(&borders) else { return Ok(minify_together(parts, writing)) };
    let declared: Vec<Declared> = parts
        .par_iter_mut()
        .zip(&crossings)
        .map(|(part, crossing)| part.compress(crossing, writing.settings))
        .collect();
    let names = rename_all(&declared, &borders);
    let finished: Vec<Printed> =
        parts.into_par_iter().zip(&names).map(|(part, names)| part.finish(names, writing)).collect();
    let mut joiner = MapJoiner::default();
    finished.into_iter().for_each(|piece| joiner.push(&piece.code, piece.map));
    Ok(joiner.finish())
}

/// Segments that cannot be told apart are one.
fn minify_together(parts: Vec<Part>, writing: &Writing<'_>) -> Printed {
    let (mut module, mut comments) = (Module::dummy(), Comments::default());
    for part in parts {
        module.body.extend(part.tree.body);
        comments.append(part.comments);
    }
    module.visit_mut_with(&mut Forget);
    let comments = comments.select(|_| true);
    GLOBALS.set(&Globals::new(), || minify_whole(Tree::Module(module), comments, Format::Esm, writing))
}

fn read(segment: Segment) -> Result<(Part, Border), String> {
    let globals = Globals::new();
    let read: Result<_, String> = GLOBALS.set(&globals, || {
        let (mut tree, comments) = segment.read(Grammars::Module)?;
        let (unresolved, top_level) = (Mark::new(), Mark::new());
        tree.mutate(resolver(unresolved, top_level, false));
        tree.mutate(paren_remover(Some(&comments)));
        let border = Border::of(&tree, context(unresolved), context(top_level));
        Ok((tree.expect_module(), Comments::take(comments), border, unresolved, top_level))
    });
    let (tree, comments, border, unresolved, top_level) = read?;
    Ok((Part { globals, unresolved, top_level, tree, comments }, border))
}

fn context(mark: Mark) -> SyntaxContext {
    SyntaxContext::empty().apply_mark(mark)
}

impl Part {
    fn extra(&self) -> ExtraOptions {
        ExtraOptions { unresolved_mark: self.unresolved, top_level_mark: self.top_level, mangle_name_cache: None }
    }

    fn compress(&mut self, crossing: &Crossing, settings: &Settings) -> Declared {
        let (extra, tree, comments) = (self.extra(), std::mem::take(&mut self.tree), self.comments.select(|_| true));
        let (unresolved, top_level) = (self.unresolved, self.top_level);
        let (tree, declared) = GLOBALS.set(&self.globals, || {
            let (unresolved, top_level) = (context(unresolved), context(top_level));
            let mut neighbours = Neighbours::new(crossing, unresolved, top_level);
            let mut tree = Tree::Module(tree);
            neighbours.begin(&mut tree);
            let compress = CompressOptions { passes: PASSES, ..compress(Format::Esm, settings) };
            let options = MinifyOptions { compress: Some(compress), ..MinifyOptions::default() };
            let mut tree = run(tree, &comments, &options, &extra);
            neighbours.end(&mut tree);
            let tree = parenthesised(tree).expect_module();
            let declared = Declared::of(&tree, unresolved, top_level);
            (tree, declared)
        });
        self.tree = tree;
        self.comments = Comments::take(comments);
        declared
    }

    fn finish(self, names: &Names, writing: &Writing<'_>) -> Printed {
        let extra = self.extra();
        let Self { globals, tree, comments, .. } = self;
        GLOBALS.set(&globals, || {
            let mut tree = Tree::Module(tree);
            tree.mutate(rename(&names.new));
            // What is imported has its name, which is not to be taken for one of the segment's own.
            let mut module = tree.expect_module();
            let (imports, others) = module.body.into_iter().partition(is_import);
            module.body = others;
            let mangle = MangleOptions {
                top_level: Some(false),
                // Segments must agree on which names are short.
                disable_char_freq: true,
                ..mangle(Format::Esm, &names.hidden)
            };
            let options = MinifyOptions { compress: None, mangle: Some(mangle), ..MinifyOptions::default() };
            let mut module = run(Tree::Module(module), &Default::default(), &options, &extra).expect_module();
            module.body.splice(..0, imports);
            writing.write(Tree::Module(module), &comments)
        })
    }
}

fn is_import(item: &ModuleItem) -> bool {
    matches!(item, ModuleItem::ModuleDecl(ModuleDecl::Import(_)))
}
