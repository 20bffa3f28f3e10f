//! From a syntax tree to text, with or without a source map.

use super::comments::is_legal;
use super::map::SourceMap;
use super::origins::{Origins, Tracer};
use super::writer::TextWriter;
use super::{Comments, Program};
use swc_core::common::comments::SingleThreadedComments;
use swc_core::common::sync::Lrc;
use swc_core::common::{BytePos, DUMMY_SP, FileName};
use swc_core::ecma::ast::{Ident, Module, ModuleItem, Stmt};
use swc_core::ecma::codegen::{Config, Emitter, Node};

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
    let origins = options.map.then(|| Origins::of(program));
    program.scope(|| emit(module, Some(&program.text), comments.as_ref(), Config::default(), origins.as_ref()))
}

pub(super) fn kept(comments: &Comments, kept: KeptComments) -> Option<SingleThreadedComments> {
    match kept {
        KeptComments::None => None,
        KeptComments::Legal => Some(comments.select(is_legal)),
        KeptComments::All => Some(comments.select(|_| true)),
    }
}

/// Writes a tree. Lists keep the line breaks that they have in `text`, if it is given; the positions are then those of it. `origins` are what
/// the map needs.
pub(super) fn emit(
    tree: &impl Node,
    text: Option<&str>,
    comments: Option<&SingleThreadedComments>,
    config: Config,
    origins: Option<&Origins>,
) -> Printed {
    let source = Lrc::new(swc_core::common::SourceMap::default());
    if let Some(text) = text {
        source.new_source_file(Lrc::new(FileName::Anon), text.to_owned());
    }
    let writer = TextWriter::new(text.map_or(0, str::len), config.minify, origins.map(Tracer::new));
    let comments = comments.map(|comments| comments as &dyn swc_core::common::comments::Comments);
    let mut emitter = Emitter { cfg: config, cm: source, comments, wr: writer };
    tree.emit_with(&mut emitter).expect("writing to memory does not fail");
    emitter.wr.finish()
}

/// The identifier at a position of a text.
pub(super) fn word_at(text: &str, position: BytePos) -> Option<&str> {
    let rest = text.get(position.0.checked_sub(1)? as usize..)?;
    let end = rest.find(|letter| !Ident::is_valid_continue(letter)).unwrap_or(rest.len());
    Some(&rest[..end]).filter(|word| word.starts_with(Ident::is_valid_start))
}
