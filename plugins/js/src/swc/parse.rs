//! From text to a [`Program`], or to messages about what is wrong with it.

use super::early::{Early, examine, functions_of_ifs};
use super::settings::Jsx;
use super::transform::{Context, Marks, transform};
use super::{Comments, Goal, Program, Settings};
use planish_pipeline::asset::{AssetId, CompilerOptions};
use planish_pipeline::diagnostic::{Diagnostic, Outcome};
use std::ops::Range;
use std::sync::Arc;
use swc_core::common::comments::SingleThreadedComments;
use swc_core::common::{BytePos, GLOBALS, Globals, Span, Spanned};
use swc_core::ecma::ast::{EsVersion, Module, ModuleItem, Program as Tree};
use swc_core::ecma::parser::error::{Error, SyntaxError};
use swc_core::ecma::parser::{EsSyntax, Lexer, Parser, StringInput, Syntax as Grammar, TsSyntax};

/// The language of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// JavaScript.
    Js,
    /// JavaScript with JSX.
    Jsx,
    /// TypeScript.
    Ts,
    /// TypeScript with JSX.
    Tsx,
}

impl Syntax {
    /// The language that an extension stands for, JavaScript if it says nothing.
    pub fn of_extension(extension: &str) -> Self {
        match extension {
            "ts" | "mts" | "cts" => Self::Ts,
            "tsx" => Self::Tsx,
            "jsx" => Self::Jsx,
            _ => Self::Js,
        }
    }

    pub(super) fn is_typescript(self) -> bool {
        matches!(self, Self::Ts | Self::Tsx)
    }

    pub(super) fn is_jsx(self) -> bool {
        matches!(self, Self::Jsx | Self::Tsx)
    }

    fn grammar(self) -> Grammar {
        if self.is_typescript() {
            Grammar::Typescript(TsSyntax { tsx: self.is_jsx(), decorators: true, ..TsSyntax::default() })
        } else {
            Grammar::Es(EsSyntax {
                jsx: self.is_jsx(),
                decorators: true,
                decorators_before_export: true,
                auto_accessors: true,
                explicit_resource_management: true,
                import_attributes: true,
                ..EsSyntax::default()
            })
        }
    }
}

/// What the surroundings of a file say of its grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// An ECMAScript module, whatever it contains: `.mjs`, or `"type": "module"`.
    Module,
    /// Nothing: it is a module if it contains the syntax of one.
    Unknown,
}

/// How to read a file.
#[derive(Clone, Copy, Debug)]
pub struct Dialect<'a> {
    /// Its language.
    pub syntax: Syntax,
    /// What is known of its grammar.
    pub hint: Hint,
    /// What its tsconfig.json says.
    pub compiler: &'a CompilerOptions,
}

/// Parses one file and transforms it into the JavaScript that is linked. A file that does not parse yields no program and one
/// `syntax-error` for each thing that the parser found.
pub fn parse(id: &AssetId, text: &Arc<str>, dialect: Dialect<'_>, settings: &Settings) -> Outcome<Option<Program>> {
    let Dialect { syntax, hint, compiler } = dialect;
    let without_mark = match text.strip_prefix('\u{feff}') {
        Some(text) => &Arc::from(text),
        None => text,
    };
    let skipped = u32::try_from(text.len() - without_mark.len()).unwrap_or_default();
    if u32::try_from(text.len()).is_err() {
        return Outcome::with(None, vec![Diagnostic::error("syntax-error", "the file is too large").at(id, 0..0, "")]);
    }
    let jsx = Jsx::of(&settings.jsx, compiler);
    if let (true, Some((option, name))) = (syntax.is_jsx(), jsx.bad_name()) {
        let message = format!("`{option}` of the tsconfig.json is `{name}`, which is not a name");
        let diagnostic = Diagnostic::error("invalid-tsconfig", message).at(id, 0..0, "");
        return Outcome::with(None, vec![diagnostic.help("write a name such as `h` or `React.createElement`")]);
    }
    let context = Context { text: without_mark, syntax, compiler, jsx, settings };
    let globals = Globals::new();
    let parsed = GLOBALS.set(&globals, || match read(without_mark, syntax, hint) {
        Ok((mut tree, comments)) => {
            let Early { mistakes, rewrites } = examine(&tree, syntax.is_typescript());
            if !mistakes.is_empty() {
                let diagnostics = mistakes.iter().map(|mistake| mistake.diagnostic(id, without_mark, skipped));
                return Err(sorted(diagnostics.collect()));
            }
            let marks = transform(&mut tree, &comments, &rewrites, &context);
            Ok((tree, comments, marks))
        }
        Err(errors) => Err(report(id, without_mark, skipped, syntax, &errors)),
    });
    match parsed {
        Ok((tree, comments, Marks { unresolved, top_level })) => {
            let (module, goal) = as_module(tree, hint);
            let comments = Comments::of_source(comments, settings.minify);
            let text = Arc::clone(without_mark);
            Outcome::new(Some(Program {
                module,
                goal,
                comments,
                unresolved,
                top_level,
                text,
                id: id.clone(),
                globals,
                skipped,
            }))
        }
        Err(diagnostics) => Outcome::with(None, diagnostics),
    }
}

/// Byte range of a span in a file whose first `skipped` bytes were not parsed.
pub(super) fn range(span: Span, text: &str, skipped: u32) -> Range<u32> {
    let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
    if span.lo.0 == 0 || span.lo.0 > end + 1 {
        return 0..0;
    }
    let low = span.lo.0 - 1;
    let high = span.hi.0.saturating_sub(1).clamp(low, end);
    low + skipped..high + skipped
}

/// The ways to read a text.
#[derive(Clone, Copy)]
pub(super) enum Grammars {
    Module,
    ModuleIfItLooksSo,
    Script,
    CommonJs,
}

pub(super) type Read = Result<(Tree, SingleThreadedComments), Vec<Error>>;

fn read(text: &str, syntax: Syntax, hint: Hint) -> Read {
    if hint == Hint::Module {
        return attempt(text, syntax, Grammars::Module);
    }
    let errors = match attempt(text, syntax, Grammars::ModuleIfItLooksSo) {
        Ok(read) => return Ok(read),
        Err(errors) => errors,
    };
    // `return` and `new.target` at the top level are errors in modules and scripts but not in CommonJS. Of two readings that fail,
    // the one that came farther is what was meant.
    match attempt(text, syntax, Grammars::CommonJs) {
        Err(others) if first(&others) <= first(&errors) => Err(errors),
        other => other,
    }
}

fn first(errors: &[Error]) -> Option<BytePos> {
    errors.iter().map(|error| error.span().lo).min()
}

/// Reads a text in one way. What the parser could recover from is an error all the same.
fn attempt(text: &str, syntax: Syntax, grammars: Grammars) -> Read {
    attempt_from(BytePos(1), text, syntax, grammars)
}

/// The same for a text whose first position is another.
pub(super) fn attempt_from(start: BytePos, text: &str, syntax: Syntax, grammars: Grammars) -> Read {
    let comments = SingleThreadedComments::default();
    let end = BytePos(u32::try_from(text.len()).unwrap_or(u32::MAX - start.0) + start.0);
    let input = StringInput::new(text, start, end);
    let mut parser = Parser::new_from(Lexer::new(syntax.grammar(), EsVersion::EsNext, input, Some(&comments)));
    let parsed = match grammars {
        Grammars::Module => parser.parse_module().map(Tree::Module),
        Grammars::ModuleIfItLooksSo => parser.parse_program(),
        Grammars::Script => parser.parse_script().map(Tree::Script),
        Grammars::CommonJs => parser.parse_commonjs().map(Tree::Script),
    };
    let mut errors = parser.take_errors();
    drop(parser);
    if let Ok(Tree::Script(script)) = &parsed
        && errors.iter().any(is_misplaced_declaration)
    {
        let functions = functions_of_ifs(script);
        errors.retain(|error| !is_misplaced_declaration(error) || !functions.contains(&error.span().lo));
    }
    match parsed {
        Ok(tree) if errors.is_empty() => Ok((tree, comments)),
        Ok(_) => Err(errors),
        Err(error) => {
            errors.push(error);
            Err(errors)
        }
    }
}

/// `if (a) function f() {}` is one for the parser, though scripts may have it.
fn is_misplaced_declaration(error: &Error) -> bool {
    matches!(error.kind(), SyntaxError::DeclNotAllowed)
}

fn report(id: &AssetId, text: &str, skipped: u32, syntax: Syntax, errors: &[Error]) -> Vec<Diagnostic> {
    let help = other_language(text, syntax).map(|help| help.to_owned());
    let diagnostics = errors
        .iter()
        .map(|error| {
            let place = range(error.span(), text, skipped);
            let diagnostic = Diagnostic::error("syntax-error", message(&error.kind().msg())).at(id, place, "");
            match &help {
                Some(help) => diagnostic.help(help.clone()),
                None => diagnostic,
            }
        })
        .collect();
    sorted(diagnostics)
}

fn sorted(mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    diagnostics.sort();
    diagnostics.dedup();
    diagnostics
}

/// One line about the first error, for text that was made and not written.
pub(super) fn describe(start: BytePos, text: &str, errors: &[Error]) -> String {
    let Some(error) = errors.iter().min_by_key(|error| error.span().lo) else { return "it does not parse".to_owned() };
    let at = error.span().lo.0.saturating_sub(start.0) as usize;
    let line = text.get(..at).unwrap_or(text).split('\n').count();
    format!("{} in line {line}", message(&error.kind().msg()))
}

/// What to say if the text is fine in another language than its name says.
fn other_language(text: &str, syntax: Syntax) -> Option<&'static str> {
    let parses = |other| read(text, other, Hint::Unknown).is_ok();
    match syntax {
        Syntax::Js if parses(Syntax::Jsx) => Some("JSX is read in `.jsx` and `.tsx` files; rename the file"),
        Syntax::Js if parses(Syntax::Ts) => Some("TypeScript is read in `.ts` and `.tsx` files; rename the file"),
        Syntax::Jsx if parses(Syntax::Tsx) => Some("TypeScript is read in `.ts` and `.tsx` files; rename the file"),
        Syntax::Ts if parses(Syntax::Tsx) => Some("JSX is read in `.jsx` and `.tsx` files; rename the file"),
        _ => None,
    }
}

/// swc's message in our manner: lower case, no full stop, code in backticks.
fn message(text: &str) -> String {
    // A list of everything that might stand there helps nobody.
    let text = match text.split_once(" Expected ").or_else(|| text.split_once(", expected ")) {
        Some((unexpected, list)) if list.matches(',').count() > 2 => unexpected,
        _ => text,
    };
    let text = text.trim().trim_end_matches(['.', ',']);
    let mut result = String::with_capacity(text.len());
    let mut previous = ' ';
    let mut letters = text.chars().peekable();
    let mut begins = true;
    while let Some(letter) = letters.next() {
        let next = letters.peek().copied().unwrap_or(' ');
        match letter {
            '\'' if !(previous.is_alphabetic() && next.is_alphabetic()) => result.push('`'),
            '.' if next == ' ' => {
                result.push(';');
                begins = true;
            }
            ' ' => result.push(' '),
            _ if begins && !next.is_uppercase() => result.extend(letter.to_lowercase()),
            _ => result.push(letter),
        }
        begins &= letter == ' ' || letter == '.';
        previous = letter;
    }
    result
}

/// A script's statements are those of a module without imports and exports.
fn as_module(tree: Tree, hint: Hint) -> (Module, Goal) {
    match tree {
        Tree::Module(module) => (module, Goal::Module),
        Tree::Script(script) => {
            let body = script.body.into_iter().map(ModuleItem::Stmt).collect();
            let goal = if hint == Hint::Module { Goal::Module } else { Goal::Script };
            (Module { span: script.span, body, shebang: script.shebang }, goal)
        }
    }
}
