//! From a syntax tree to text, with or without a source map.

use super::comments::is_legal;
use super::map::{Positions, SourceMap};
use super::origins::Origins;
use super::writer::TextWriter;
use super::{Comments, Program};
use rustc_hash::FxHashMap;
use swc_core::common::comments::SingleThreadedComments;
use swc_core::common::sync::Lrc;
use swc_core::common::{BytePos, DUMMY_SP, FileName};
use swc_core::ecma::ast::{Ident, Module, ModuleItem, Stmt};
use swc_core::ecma::codegen::text_writer::{WriteJs, omit_trailing_semi};
use swc_core::ecma::codegen::{Config, Emitter, Node};
use swc_core::ecma::visit::{Visit, VisitWith, noop_visit_type};

/// Text and what belongs to it.
#[derive(Debug, Default)]
pub struct Printed {
    /// The text. Every statement is on lines of its own unless the text is minified.
    pub code: String,
    /// Where its parts come from.
    pub map: Option<SourceMap>,
}

/// Which comments a text has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeptComments {
    /// None.
    None,
    /// Licences.
    Legal,
    /// All that belong to what is printed.
    All,
}

/// How to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrintOptions {
    /// Which comments to print.
    pub comments: KeptComments,
    /// Whether to make a source map.
    pub map: bool,
}

/// Prints statements of a program. The map's one source is named by the program's id.
pub fn print(program: &Program, statements: Vec<Stmt>, options: PrintOptions) -> Printed {
    let body = statements.into_iter().map(ModuleItem::Stmt).collect();
    print_module(program, &Module { span: DUMMY_SP, body, shebang: None }, options)
}

/// The same for all kinds of statements.
pub(super) fn print_module(program: &Program, module: &Module, options: PrintOptions) -> Printed {
    let comments = kept(&program.comments, options.comments);
    let (code, positions) =
        program.scope(|| emit(module, Some(&program.text), comments.as_ref(), Config::default(), options.map));
    let map = positions.map(|positions| {
        let origins = Origins::of(program);
        origins.map(&positions, &renamed(module, &origins))
    });
    Printed { code, map }
}

pub(super) fn kept(comments: &Comments, kept: KeptComments) -> Option<SingleThreadedComments> {
    match kept {
        KeptComments::None => None,
        KeptComments::Legal => Some(comments.select(is_legal)),
        KeptComments::All => Some(comments.select(|_| true)),
    }
}

/// Writes a tree. Lists keep the line breaks that they have in `text`, if it is given; the positions are then those of it.
pub(super) fn emit(
    tree: &impl Node,
    text: Option<&str>,
    comments: Option<&SingleThreadedComments>,
    config: Config,
    map: bool,
) -> (String, Option<Positions>) {
    let source = Lrc::new(swc_core::common::SourceMap::default());
    if let Some(text) = text {
        source.new_source_file(Lrc::new(FileName::Anon), text.to_owned());
    }
    let mut printed = String::with_capacity(text.map_or(0, str::len));
    let mut positions = map.then(Positions::new);
    let writer = TextWriter::new(&mut printed, positions.as_mut());
    if config.minify {
        write(tree, source, comments, config, omit_trailing_semi(writer));
    } else {
        write(tree, source, comments, config, writer);
    }
    (printed, positions)
}

fn write(
    tree: &impl Node,
    source: Lrc<swc_core::common::SourceMap>,
    comments: Option<&SingleThreadedComments>,
    config: Config,
    writer: impl WriteJs,
) {
    let comments = comments.map(|comments| comments as &dyn swc_core::common::comments::Comments);
    let mut emitter = Emitter { cfg: config, cm: source, comments, wr: writer };
    tree.emit_with(&mut emitter).expect("writing to memory does not fail");
}

/// The names in the sources of what has another name in the tree, by position.
pub(super) fn renamed<'a, T: VisitWith<Renamed<'a>>>(tree: &T, origins: &'a Origins) -> FxHashMap<BytePos, &'a str> {
    let mut found = Renamed { origins, names: FxHashMap::default() };
    tree.visit_with(&mut found);
    found.names
}

/// The identifier at a position of a text.
pub(super) fn word_at(text: &str, position: BytePos) -> Option<&str> {
    let rest = text.get(position.0.checked_sub(1)? as usize..)?;
    let end = rest.find(|letter| !Ident::is_valid_continue(letter)).unwrap_or(rest.len());
    Some(&rest[..end]).filter(|word| word.starts_with(Ident::is_valid_start))
}

/// See [`renamed`].
pub(super) struct Renamed<'a> {
    origins: &'a Origins,
    names: FxHashMap<BytePos, &'a str>,
}

impl Visit for Renamed<'_> {
    noop_visit_type!();

    fn visit_ident(&mut self, ident: &Ident) {
        let low = ident.span.lo;
        if let Some(name) = self.origins.word_at(low).filter(|name| *name != &*ident.sym) {
            self.names.insert(low, name);
        }
    }
}
