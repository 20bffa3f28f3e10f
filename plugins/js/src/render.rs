//! render: instructions -> the text of a chunk and its source map. Modules are printed in parallel and joined; or their trees are, and
//! minified as a whole, or in segments of some hundred modules if the chunk is large. That is smaller than minifying modules apart
//! (three.js: 716 against 741 kB).
//!
//! Of all instructions that a minified build of three.js takes (callgrind, one thread, with its map), compressing and renaming are 40 %,
//! reading and scanning sources 22, writing the small text and its map 15.

use crate::hoist::groups::{Groups, divide, is_divisible, with_own_names};
use crate::hoist::hoist;
use crate::instruct::{ChunkInstructions, ModuleInstructions};
use crate::options::{Format, JsOptions, LegalComments, SourceMap as MapKind};
use crate::runtime::Helper;
use crate::swc::{
    Cuts, Draft, KeptComments, MapJoiner, NameOptions, PrintOptions, Printed, Program, Settings, count_segments,
    minify, print,
};
use crate::tables::Wrap;
use crate::words::occurs;
use planish_pipeline::diagnostic::{Diagnostic, Outcome};
use planish_pipeline::graph::AssetGraph;
use planish_pipeline::key::{Key, KeyBuilder};
use planish_pipeline::output::Bytes;
use planish_pipeline::task::Tasks;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;
use swc_core::common::Spanned;
use swc_core::ecma::ast::{ModuleItem, Stmt};

/// A chunk's files.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Rendered {
    pub(crate) code: String,
    /// JSON.
    #[serde(with = "shared_bytes")]
    pub(crate) map: Option<Bytes>,
    /// Licence comments for a file of their own.
    pub(crate) legal: Vec<String>,
}

/// Bytes, if there are any, as one piece.
mod shared_bytes {
    use planish_pipeline::output::Bytes;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use serde_bytes::ByteBuf;

    pub(super) fn serialize<S: Serializer>(bytes: &Option<Bytes>, serializer: S) -> Result<S::Ok, S::Error> {
        bytes.as_deref().map(serde_bytes::Bytes::new).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Bytes>, D::Error> {
        Ok(Option::<ByteBuf>::deserialize(deserializer)?.map(|bytes| bytes.into_vec().into()))
    }
}

/// Where the trees of a chunk's modules come from, and where the texts of those stay that the next build of a session needs again.
pub(crate) struct Modules<'a> {
    pub(crate) graph: &'a AssetGraph,
    pub(crate) tasks: &'a Tasks,
    /// Of the options.
    pub(crate) key: &'a Key,
    pub(crate) program: &'a (dyn Fn(&ModuleInstructions) -> Option<Arc<Program>> + Sync),
}

/// A module's code, and what of it stands before its wrapper.
#[derive(Clone)]
struct Piece<C> {
    functions: C,
    /// More than one if it is large, with the bytes of their sources.
    groups: Vec<(C, usize)>,
    /// To declare before all groups.
    shared: Vec<String>,
    variables: Vec<String>,
    /// Its licence comments, those of statements that leave no code among them.
    licences: Vec<String>,
    gives_names: bool,
}

/// A chunk as it grows.
trait Sheet: Default {
    /// A module's statements.
    type Code: Send + Sync;

    fn line(&mut self, line: &str);

    fn code(&mut self, code: Self::Code);

    /// What follows may be made small apart from what was before.
    fn cut(&mut self) {}

    /// What follows is the body of a function, of which the last line was the head and which has these parameters.
    fn enter(&mut self, _parameters: &str) {}

    /// The body is complete.
    fn leave(&mut self) {}
}

/// Text.
impl Sheet for MapJoiner {
    type Code = Arc<Printed>;

    fn line(&mut self, line: &str) {
        self.push(&format!("{line}\n"), None);
    }

    fn code(&mut self, code: Arc<Printed>) {
        self.push(&code.code, code.map.clone());
    }
}

/// What the minifier reads.
impl Sheet for Draft {
    type Code = (Arc<Program>, Vec<Stmt>);

    fn line(&mut self, line: &str) {
        self.push(line);
    }

    fn code(&mut self, (program, statements): Self::Code) {
        self.fill(&program, statements);
    }

    fn cut(&mut self) {
        Self::cut(self);
    }

    fn enter(&mut self, parameters: &str) {
        Self::enter(self, parameters);
    }

    fn leave(&mut self) {
        Self::leave(self);
    }
}

/// Renders a chunk.
pub(crate) fn render(
    instructions: &ChunkInstructions,
    options: &JsOptions,
    settings: &Settings,
    subject: &str,
    modules: &Modules<'_>,
) -> Outcome<Rendered> {
    let map = options.source_map != MapKind::None;
    let names = instructions.name_helper.as_ref().map(|helper| NameOptions::in_chunk(helper, options.minify, settings));
    let (printed, licences) = if options.minify {
        let piece = |module: &ModuleInstructions| {
            piece(modules, module, names.as_ref(), can_cut(options), |program, statements| {
                (Arc::clone(program), statements)
            })
        };
        let (draft, licences) = join::<Draft>(instructions, options, piece);
        match modules.tasks.time("minify", subject, || minify(draft, options.format, settings, map)) {
            Ok(minified) => (minified, licences),
            Err(reason) => {
                let message = format!("the chunk `{subject}` cannot be minified: {reason}");
                return Outcome::with(Rendered::default(), vec![Diagnostic::error("minify", message)]);
            }
        }
    } else {
        let comments =
            if options.legal_comments == LegalComments::None { KeptComments::None } else { KeptComments::All };
        let printing = PrintOptions { comments, map };
        let piece = |module: &ModuleInstructions| {
            let key = KeyBuilder::new("js-piece", 1)
                .key(modules.key)
                .key(&module.digest)
                .key(&modules.graph.node(module.asset).key)
                .value(&instructions.name_helper)
                .finish();
            let print = |program: &Arc<Program>, statements| {
                let mut printed = print(program, statements, printing);
                if let (Some(map), true) = (&mut printed.map, modules.tasks.keeps()) {
                    map.prepare();
                }
                Arc::new(printed)
            };
            let printed = modules.tasks.recall(&key, || piece(modules, module, names.as_ref(), false, print));
            Arc::unwrap_or_clone(printed)
        };
        let (text, licences) = join::<MapJoiner>(instructions, options, piece);
        (text.finish(), licences)
    };
    let mut code = match &instructions.hashbang {
        Some(line) => format!("#!{line}\n{}", printed.code),
        None => printed.code,
    };
    if options.legal_comments == LegalComments::Inline {
        append_missing(&mut code, &licences);
    }
    let legal = if options.legal_comments == LegalComments::Linked { licences } else { Vec::new() };
    let above = u32::from(instructions.hashbang.is_some());
    let map = printed.map.as_ref().map(|map| map.json(above).into());
    Outcome::new(Rendered { code, map, legal })
}

/// A licence stays even if the statement that it stood before was merged with another, or leaves no code.
fn append_missing(code: &mut String, licences: &[String]) {
    for text in licences {
        if !occurs(code, text) {
            code.push('\n');
            code.push_str(text);
        }
    }
}

/// A program's statements, copied if somebody else needs them.
fn items(program: &mut Arc<Program>) -> Vec<ModuleItem> {
    match Arc::get_mut(program) {
        Some(program) => std::mem::take(&mut program.module.body),
        None => program.module.body.clone(),
    }
}

/// Whether a chunk may be made small in segments: names of a function's scope, and those that are to be kept, are not told apart there.
fn can_cut(options: &JsOptions) -> bool {
    options.format == Format::Esm && !options.keep_names
}

/// What a module becomes, after what gives its functions their names.
fn piece<C>(
    modules: &Modules<'_>,
    module: &ModuleInstructions,
    names: Option<&NameOptions>,
    may_divide: bool,
    code: impl Fn(&Arc<Program>, Vec<Stmt>) -> C,
) -> Option<(C, Piece<C>)> {
    let mut program = (modules.program)(module)?;
    let divided = (may_divide && is_divisible(&program, module)).then(|| with_own_names(&program, module));
    let items = items(&mut program);
    let hoisted = program.scope(|| hoist(&program, items, divided.as_ref().unwrap_or(module), names));
    let Groups { variables: shared, groups } = match &divided {
        Some(instructions) => program.scope(|| divide(&program, hoisted.body, instructions)),
        None => {
            let statements = hoisted.functions.iter().chain(&hoisted.body);
            let size = statements.map(|statement| program.code_size(statement.span()) as usize).sum();
            Groups { variables: Vec::new(), groups: vec![(hoisted.body, size)] }
        }
    };
    let piece = Piece {
        functions: code(&program, hoisted.functions),
        groups: groups.into_iter().map(|(group, size)| (code(&program, group), size)).collect(),
        shared,
        variables: hoisted.variables,
        licences: program.comments.legal(),
        gives_names: hoisted.gives_names,
    };
    Some((code(&program, hoisted.names), piece))
}

/// All of a chunk, cut into segments between modules and inside of large ones if that can be, and the licences in it.
fn join<S: Sheet>(
    instructions: &ChunkInstructions,
    options: &JsOptions,
    piece: impl Fn(&ModuleInstructions) -> Option<(S::Code, Piece<S::Code>)> + Sync,
) -> (S, Vec<String>) {
    let piece = |module| piece(module).map(|(names, piece)| (names, (module, piece)));
    let pieces: Vec<Option<_>> = instructions.modules.par_iter().with_max_len(8).map(piece).collect();
    let (names, pieces): (Vec<_>, Vec<(&ModuleInstructions, Piece<_>)>) = pieces.into_iter().flatten().unzip();
    let licences = licences(pieces.iter().flat_map(|(_, piece)| &piece.licences));
    let mut sheet = S::default();
    if options.format == Format::Iife {
        sheet.line("(() => {");
    }
    if options.format != Format::Esm && instructions.is_strict {
        sheet.line("\"use strict\";");
    }
    instructions.header.iter().for_each(|line| sheet.line(line));
    if let Some(helper) = &instructions.name_helper
        && pieces.iter().any(|(_, piece)| piece.gives_names)
    {
        sheet.line(&Helper::Name.text(helper));
    }
    names.into_iter().for_each(|names| sheet.code(names));
    let total = pieces.iter().flat_map(|(_, piece)| &piece.groups).map(|(_, size)| size).sum();
    let mut cuts = Cuts::new(total, if can_cut(options) { count_segments(total) } else { 1 });
    for (module, piece) in pieces {
        push_module(&mut sheet, module, piece, &mut cuts);
    }
    instructions.footer.iter().for_each(|line| sheet.line(line));
    if options.format == Format::Iife {
        sheet.line("})();");
    }
    (sheet, licences)
}

/// Each once.
fn licences<'a>(texts: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut licences: Vec<String> = Vec::new();
    for text in texts {
        if !licences.contains(text) {
            licences.push(text.clone());
        }
    }
    licences
}

fn push_module<S: Sheet>(sheet: &mut S, module: &ModuleInstructions, piece: Piece<S::Code>, cuts: &mut Cuts) {
    if cuts.is_due() {
        sheet.cut();
    }
    let Some((name, helper)) = &module.evaluate else {
        module.prelude.iter().for_each(|line| sheet.line(line));
        push_groups(sheet, piece.groups, &piece.shared, cuts);
        return;
    };
    let variables: BTreeSet<&str> = piece.variables.iter().chain(&module.variables).map(String::as_str).collect();
    let variables = (!variables.is_empty()).then(|| declaration(variables));
    if let (Some(variables), Wrap::Esm) = (&variables, module.wrap) {
        sheet.line(variables);
    }
    sheet.code(piece.functions);
    let begin = module.begin.as_ref().map(|begin| format!("() => {begin}, "));
    let parameters = match module.parameters {
        _ if module.wrap != Wrap::CommonJs => "",
        [true, false] => "exports",
        [false, false] => "",
        [true, true] => "exports, module",
        [false, true] => "__exports, module",
    };
    let head = match module.wrap {
        Wrap::CommonJs => format!("function({parameters}) {{"),
        _ if module.awaits => "async () => {".to_owned(),
        _ => "() => {".to_owned(),
    };
    let is_cut = piece.groups.len() > 1;
    if is_cut {
        sheet.cut();
    }
    sheet.line(&format!("var {name} = /* @__PURE__ */ {helper}({}{head}", begin.unwrap_or_default()));
    if is_cut {
        sheet.enter(parameters);
    }
    if let (Some(variables), Wrap::CommonJs) = (&variables, module.wrap) {
        sheet.line(variables);
    }
    module.prelude.iter().for_each(|line| sheet.line(line));
    push_groups(sheet, piece.groups, &piece.shared, cuts);
    if is_cut {
        sheet.leave();
    }
    sheet.line(if module.awaits { "}, true);" } else { "});" });
    if is_cut {
        sheet.cut();
    }
}

fn push_groups<S: Sheet>(sheet: &mut S, groups: Vec<(S::Code, usize)>, shared: &[String], cuts: &mut Cuts) {
    if !shared.is_empty() {
        sheet.cut();
        sheet.line(&declaration(shared));
        sheet.cut();
    }
    for (at, (code, size)) in groups.into_iter().enumerate() {
        if at > 0 && cuts.is_due() {
            sheet.cut();
        }
        sheet.code(code);
        cuts.pass(size);
    }
}

fn declaration<T: AsRef<str>>(variables: impl IntoIterator<Item = T>) -> String {
    let names: Vec<String> = variables.into_iter().map(|name| name.as_ref().to_owned()).collect();
    format!("var {};", names.join(", "))
}
