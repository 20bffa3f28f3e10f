//! Makes the text of a large chunk small, segment by segment: neighbouring modules are compressed together as one unit,
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
//! A function's body may be segments too, see [`Place`]: they are compressed as parts of the chunk's scope, and put where the function is.
//!
//! Invariant: the segments and all that is decided for them depend on the text alone, never on threads.

mod border;
mod names;
#[cfg(test)]
mod tests;

use super::draft::{Call, Place, Segment};
use super::minify::{Writing, compress, mangle, minify_whole, parenthesised, run};
use super::parse::Grammars;
use super::transform::Forget;
use super::{Comments, MapJoiner, Printed, Settings};
use crate::options::Format;
use border::{Border, Crossing, Neighbours, cross};
pub(super) use border::{is_changing, is_constant};
use names::{Declared, Names, rename_all};
use rayon::prelude::*;
use swc_core::common::util::take::Take;
use swc_core::common::{GLOBALS, Globals, Mark, SyntaxContext};
use swc_core::ecma::ast::{Module, ModuleDecl, ModuleItem, Program as Tree, Stmt};
use swc_core::ecma::minifier::option::{CompressOptions, ExtraOptions, MangleOptions, MinifyOptions};
use swc_core::ecma::transforms::base::fixer::paren_remover;
use swc_core::ecma::transforms::base::rename::rename;
use swc_core::ecma::transforms::base::resolver;
use swc_core::ecma::visit::{VisitMut, VisitMutWith, noop_visit_mut_type};

/// Bytes of sources that are compressed as one unit in a large chunk. A chunk of less than two segments is one.
///
/// The compressor walks a segment's tree some dozens of times, and a tree that does not fit the cache of a core comes from memory each
/// time. By the size of a segment, with a second level of 512 KiB: three.js ten times takes 5.6 s of processor time with 256 KiB, 5.0 with
/// 128, 4.3 with 64, 4.1 with 32; 5,000 small modules 3.3, 2.6, 2.1, 2.0; forty pages of an application 2.5, 2.4, 2.2, 2.2. Each border
/// costs bytes, few of them: with Brotli 11 that is 239.8, 243.2, 244.3, 245.9 kB; 65.3, 65.1, 65.1, 65.6; and 493.7, 494.9, 495.5, 496.1.
const SEGMENT: usize = 32 << 10;

/// Chunks of fewer bytes, and modules that are divided, have segments of twice the size: their borders cost more (Chart.js 31.2 kB with Brotli in
/// place of 30.7, Apollo's `gql` 8.3 in place of 8.2). Smaller ones would save 20 ms of the 94 of Chart.js, and nothing of an application's.
const LARGE: usize = 1 << 20;

/// Into how many segments a chunk is cut, of so many bytes of sources. Builds with debug assertions take the size of a segment from the
/// environment, so that tests can cut between any two statements.
pub fn count_segments(bytes: usize) -> usize {
    let size = if cfg!(debug_assertions) { size_in_tests() } else { None };
    let usual = if bytes < LARGE { 2 * SEGMENT } else { SEGMENT };
    (bytes / size.unwrap_or(usual)).max(1)
}

#[expect(clippy::disallowed_methods, reason = "no build that is released reads it")]
fn size_in_tests() -> Option<usize> {
    std::env::var("PLANISH_TEST_SEGMENT").ok()?.parse().ok().filter(|size| *size > 0)
}

/// Where to cut a text of so many bytes into parts of about the same size.
pub struct Cuts {
    total: usize,
    count: usize,
    before: usize,
    made: usize,
}

impl Cuts {
    /// `count` parts, of `total` bytes together.
    pub fn new(total: usize, count: usize) -> Self {
        Self { total, count, before: 0, made: 1 }
    }

    /// Notes what could not be cut.
    pub fn pass(&mut self, bytes: usize) {
        self.before += bytes;
    }

    /// Whether the next part begins here. After what is larger than a part there are fewer.
    pub fn is_due(&mut self) -> bool {
        let is_due = self.made < self.count && self.before * self.count >= self.total * self.made;
        if is_due {
            self.made = self.before * self.count / self.total.max(1) + 1;
        }
        is_due
    }
}

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
    place: Place,
}

/// Compresses and renames a chunk that is cut into segments. The error is a message about code that does not parse.
pub(super) fn minify_segments(segments: Vec<Segment>, writing: &Writing<'_>) -> Result<Printed, String> {
    // Threads take them one by one. By itself rayon gives each of two threads a quarter at a time, and one core waited for the other for 100 ms
    // at the end of compressing three.js ten times.
    let read: Result<Vec<(Part, Border)>, String> = segments.into_par_iter().with_max_len(1).map(read).collect();
    let (mut parts, borders): (Vec<Part>, Vec<Border>) = read?.into_iter().unzip();
    let Some(crossings) = cross(&borders) else { return Ok(minify_together(parts, writing)) };
    let declared: Vec<Declared> = parts
        .par_iter_mut()
        .zip(&crossings)
        .with_max_len(1)
        .map(|(part, crossing)| part.compress(crossing, writing.settings))
        .collect();
    let names = rename_all(&declared, &borders);
    let finish = |(part, names): (Part, &Names)| (part.place.clone(), part.finish(names, writing));
    let finished: Vec<(Place, Printed)> = parts.into_par_iter().zip(&names).with_max_len(1).map(finish).collect();
    Ok(join(finished))
}

/// One after the other, and bodies inside of their functions.
fn join(pieces: Vec<(Place, Printed)>) -> Printed {
    let room = pieces.iter().map(|(_, piece)| piece.code.len() + 1).sum();
    let (mut joiner, mut body) = (MapJoiner::with_capacity(room), Vec::new());
    for (place, piece) in pieces {
        match place {
            Place::Chunk => joiner.push(&piece.code, piece.map),
            Place::Body => body.push(piece),
            Place::Around(call) => {
                let body: Vec<Printed> = std::mem::take(&mut body);
                // A function that nobody uses is gone.
                if !piece.code.is_empty() {
                    let (before, after) = call.split(&piece.code).expect("the function calls what stands for its body");
                    // What is around it comes from no source.
                    joiner.push(before, None);
                    body.into_iter().for_each(|piece| joiner.push(&piece.code, piece.map));
                    joiner.push(after, None);
                }
            }
        }
    }
    joiner.finish()
}

/// Segments that cannot be told apart are one.
fn minify_together(parts: Vec<Part>, writing: &Writing<'_>) -> Printed {
    let (mut module, mut comments) = (Module::dummy(), Comments::default());
    let mut body = Vec::new();
    for Part { mut tree, comments: own, place, .. } in parts {
        comments.append(own);
        match place {
            Place::Chunk => module.body.append(&mut tree.body),
            Place::Body => body.extend(tree.body.into_iter().filter_map(ModuleItem::stmt)),
            Place::Around(_) => {
                tree.visit_mut_with(&mut Embody(std::mem::take(&mut body)));
                module.body.append(&mut tree.body);
            }
        }
    }
    module.visit_mut_with(&mut Forget);
    let comments = comments.select(|_| true);
    GLOBALS.set(&Globals::new(), || minify_whole(Tree::Module(module), comments, Format::Esm, writing))
}

/// Puts the body of a function in the place of its call.
struct Embody(Vec<Stmt>);

impl VisitMut for Embody {
    noop_visit_mut_type!();

    fn visit_mut_stmts(&mut self, statements: &mut Vec<Stmt>) {
        if let Some(at) = statements.iter().position(Call::is) {
            statements.splice(at..=at, std::mem::take(&mut self.0));
        } else {
            statements.visit_mut_children_with(self);
        }
    }
}

fn read(segment: Segment) -> Result<(Part, Border), String> {
    let globals = Globals::new();
    let place = segment.place.clone();
    let read: Result<_, String> = GLOBALS.set(&globals, || {
        let (mut tree, comments) = segment.read(Grammars::Module)?;
        let (unresolved, top_level) = (Mark::new(), Mark::new());
        tree.mutate(resolver(unresolved, top_level, false));
        tree.mutate(paren_remover(Some(&comments)));
        let border = Border::of(&tree, context(unresolved), context(top_level));
        Ok((tree.expect_module(), Comments::take(comments), border, unresolved, top_level))
    });
    let (tree, comments, border, unresolved, top_level) = read?;
    Ok((Part { globals, unresolved, top_level, tree, comments, place }, border))
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
        let Self { globals, tree, comments, place, .. } = self;
        let mut reserved: Vec<String> = names.hidden.iter().map(ToString::to_string).collect();
        if let Place::Around(call) = &place {
            reserved.extend_from_slice(&call.parameters);
        }
        GLOBALS.set(&globals, || {
            let mut tree = Tree::Module(tree);
            tree.mutate(rename(&names.of(&tree)));
            // What is imported has its name, which is not to be taken for one of the segment's own.
            let mut module = tree.expect_module();
            let (imports, others) = module.body.into_iter().partition(is_import);
            module.body = others;
            let mangle = MangleOptions {
                top_level: Some(false),
                // Segments must agree on which names are short.
                disable_char_freq: true,
                ..mangle(Format::Esm, &reserved)
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
