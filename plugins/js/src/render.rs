//! render: instructions -> the text of a chunk and its source map. Modules are printed in parallel; the chunk is minified as a whole,
//! which is smaller than minifying modules apart (three.js: 716 against 741 kB) and keeps minification a function of text.

use crate::hoist::hoist;
use crate::instruct::{ChunkInstructions, ModuleInstructions};
use crate::options::{Format, JsOptions, LegalComments, SourceMap as MapKind};
use crate::runtime::Helper;
use crate::swc::{
    KeptComments, MapJoiner, NameOptions, PrintOptions, Printed, Program, Settings, append_missing, map_json, minify,
    print,
};
use crate::tables::Wrap;
use planish_pipeline::diagnostic::{Diagnostic, Outcome};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A chunk's files.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Rendered {
    pub(crate) code: String,
    /// JSON.
    pub(crate) map: Option<String>,
    /// Licence comments for a file of their own.
    pub(crate) legal: Vec<String>,
}

/// A module's text, and what of it stands before its wrapper.
struct Piece {
    functions: Option<Printed>,
    body: Printed,
    variables: Vec<String>,
    /// Its licence comments, those of statements that leave no code among them.
    licences: Vec<String>,
    gives_names: bool,
    names: Option<Printed>,
}

/// Renders a chunk. `program` gives the tree of a module.
pub(crate) fn render(
    instructions: &ChunkInstructions,
    options: &JsOptions,
    settings: &Settings,
    subject: &str,
    program: impl Fn(&ModuleInstructions) -> Option<Arc<Program>> + Sync,
) -> Outcome<Rendered> {
    let printing = PrintOptions { comments: comments(options), map: options.source_map != MapKind::None };
    let names = instructions.name_helper.as_ref().map(|helper| NameOptions::in_chunk(helper, options.minify, settings));
    let pieces: Vec<Option<Piece>> = instructions
        .modules
        .par_iter()
        .with_max_len(8)
        .map(|module| {
            let program = program(module)?;
            let hoisted = program.scope(|| hoist(&program, module, names.as_ref()));
            Some(Piece {
                functions: hoisted.functions.map(|functions| print(&program, &functions, printing)),
                body: print(&program, &hoisted.body, printing),
                variables: hoisted.variables,
                licences: program.comments.legal(),
                gives_names: hoisted.gives_names,
                names: hoisted.names.map(|names| print(&program, &names, printing)),
            })
        })
        .collect();
    let mut joiner = MapJoiner::default();
    if options.format == Format::Iife {
        joiner.push("(() => {\n", None);
    }
    if options.format != Format::Esm && instructions.is_strict {
        push_line(&mut joiner, "\"use strict\";");
    }
    instructions.header.iter().for_each(|line| push_line(&mut joiner, line));
    if let Some(helper) = &instructions.name_helper
        && pieces.iter().flatten().any(|piece| piece.gives_names)
    {
        push_line(&mut joiner, &Helper::Name.text(helper));
    }
    for names in pieces.iter().flatten().filter_map(|piece| piece.names.as_ref()) {
        joiner.push(&names.code, names.map.as_ref());
    }
    for (module, piece) in instructions.modules.iter().zip(&pieces) {
        if let Some(piece) = piece {
            push_module(&mut joiner, module, piece);
        }
    }
    instructions.footer.iter().for_each(|line| push_line(&mut joiner, line));
    if options.format == Format::Iife {
        joiner.push("})();\n", None);
    }
    let joined = joiner.finish();
    let minified = if options.minify {
        match minify(&joined.code, joined.map.as_ref(), options.format, &[], settings) {
            Ok(minified) => minified,
            Err(reason) => {
                let message = format!("the chunk `{subject}` cannot be minified: {reason}");
                return Outcome::with(Rendered::default(), vec![Diagnostic::error("minify", message)]);
            }
        }
    } else {
        joined
    };
    let mut code = match &instructions.hashbang {
        Some(line) => format!("#!{line}\n{}", minified.code),
        None => minified.code,
    };
    let mut licences: Vec<String> = Vec::new();
    for text in pieces.into_iter().flatten().flat_map(|piece| piece.licences) {
        if !licences.contains(&text) {
            licences.push(text);
        }
    }
    if options.legal_comments == LegalComments::Inline {
        append_missing(&mut code, &licences);
    }
    let legal = if options.legal_comments == LegalComments::Linked { licences } else { Vec::new() };
    // A line before the first moves every line of the map down by one.
    let map =
        minified.map.as_ref().map(map_json).map(|map| if instructions.hashbang.is_some() { shift(&map) } else { map });
    Outcome::new(Rendered { code, map, legal })
}

fn shift(map: &str) -> String {
    map.replacen("\"mappings\":\"", "\"mappings\":\";", 1)
}

fn comments(options: &JsOptions) -> KeptComments {
    match (options.minify, options.legal_comments) {
        (true, _) => KeptComments::Annotations,
        (false, LegalComments::None) => KeptComments::None,
        (false, _) => KeptComments::All,
    }
}

fn push_line(joiner: &mut MapJoiner, line: &str) {
    joiner.push(&format!("{line}\n"), None);
}

fn push_module(joiner: &mut MapJoiner, module: &ModuleInstructions, piece: &Piece) {
    let Some((name, helper)) = &module.evaluate else {
        module.prelude.iter().for_each(|line| push_line(joiner, line));
        joiner.push(&piece.body.code, piece.body.map.as_ref());
        return;
    };
    let variables: BTreeSet<&str> = piece.variables.iter().chain(&module.variables).map(String::as_str).collect();
    let variables: Vec<&str> = variables.into_iter().collect();
    let variables = (!variables.is_empty()).then(|| format!("var {};", variables.join(", ")));
    if let (Some(variables), Wrap::Esm) = (&variables, module.wrap) {
        push_line(joiner, variables);
    }
    if let Some(functions) = &piece.functions {
        joiner.push(&functions.code, functions.map.as_ref());
    }
    let waiting = format!("async ({}) => {{", module.done.as_deref().unwrap_or_default());
    let head = match (module.wrap, module.is_async, module.parameters) {
        (Wrap::CommonJs, _, [true, false]) => "function(exports) {",
        (Wrap::CommonJs, _, [false, false]) => "function() {",
        (Wrap::CommonJs, _, [true, _]) => "function(exports, module) {",
        (Wrap::CommonJs, _, [false, true]) => "function(__exports, module) {",
        (_, true, _) => &waiting,
        (_, false, _) => "() => {",
    };
    push_line(joiner, &format!("var {name} = /* @__PURE__ */ {helper}({head}"));
    if let (Some(variables), Wrap::CommonJs) = (&variables, module.wrap) {
        push_line(joiner, variables);
    }
    module.prelude.iter().for_each(|line| push_line(joiner, line));
    joiner.push(&piece.body.code, piece.body.map.as_ref());
    module.done.iter().for_each(|done| push_line(joiner, &format!("{done}();")));
    push_line(joiner, "});");
}
