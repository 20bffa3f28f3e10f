//! A chunk before it is minified: made-up text with holes for the statements of modules. Reading it gives a tree without the modules
//! having been printed and parsed again, which took a sixth of a minified build of three.js.
//!
//! Invariant: what fills a hole is what the parser would have made of its text. Contexts are cleared, code that stands in identifiers is
//! parsed, and positions are those of [`Origins`].

use super::origins::{Origins, PURE};
use super::parse::{Grammars, Syntax, attempt_from, describe};
use super::{Comments, Program};
use crate::words::{BODY, is_reserved, is_word};
use rustc_hash::FxHashMap;
use std::sync::Arc;
use swc_core::atoms::{Atom, atom};
use swc_core::common::comments::{Comment, CommentKind, Comments as _, SingleThreadedComments};
use swc_core::common::{BytePos, DUMMY_SP, Span, SyntaxContext};
use swc_core::ecma::ast::{Expr, Ident, Lit, ModuleItem, Program as Tree, Stmt};
use swc_core::ecma::visit::{VisitMut, VisitMutWith, noop_visit_mut_type};

/// Text with holes, cut into segments.
///
/// ```text
/// draft.push("import { a } from './a.js';");
/// draft.fill(&program, statements);
/// draft.cut();
/// ```
#[derive(Default)]
pub struct Draft {
    origins: Origins,
    segments: Vec<Segment>,
    last: Segment,
    /// What stands around the function that has been entered.
    around: Option<Segment>,
}

/// Where a segment stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Place {
    /// In the chunk's scope.
    #[default]
    Chunk,
    /// In the body of a function, whose names are none of the chunk's other ones.
    Body,
    /// Around a function, whose body is the segments before this one. A call stands there for it.
    Around(Call),
}

/// The call that stands for the body of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    /// The arguments are the parameters of the function, which the body mentions.
    pub(super) parameters: Vec<String>,
}

impl Call {
    fn new(parameters: &str) -> Self {
        let parameters = parameters.split(", ").filter(|name| !name.is_empty()).map(str::to_owned);
        Self { parameters: parameters.collect() }
    }

    /// Whether a statement is such a call.
    pub(super) fn is(statement: &Stmt) -> bool {
        let call = statement.as_expr().and_then(|statement| statement.expr.as_call());
        let callee = call.and_then(|call| call.callee.as_expr()).and_then(|callee| callee.as_ident());
        callee.is_some_and(|callee| callee.sym == BODY)
    }

    /// What stands before and after the call in a minified text, if it is there.
    pub(super) fn split<'t>(&self, text: &'t str) -> Option<(&'t str, &'t str)> {
        text.split_once(&format!("{BODY}({})", self.parameters.join(",")))
    }
}

/// Lines of a draft that become one tree.
#[derive(Default)]
pub(super) struct Segment {
    text: String,
    holes: Vec<Hole>,
    /// See [`Origins`].
    base: u32,
    pub(super) place: Place,
}

struct Hole {
    program: Arc<Program>,
    statements: Vec<Stmt>,
    base: u32,
}

impl Draft {
    /// Appends lines.
    pub fn push(&mut self, text: &str) {
        self.last.text.push_str(text);
        self.last.text.push('\n');
    }

    /// Appends statements of a program.
    pub fn fill(&mut self, program: &Arc<Program>, statements: Vec<Stmt>) {
        if !statements.is_empty() {
            // No other string of the text begins like this.
            self.push(&format!("\"\\x00{}\";", self.last.holes.len()));
            let base = self.origins.add(program);
            self.last.holes.push(Hole { program: Arc::clone(program), statements, base });
        }
    }

    pub(super) fn finish(mut self) -> (Origins, Vec<Segment>) {
        self.cut();
        (self.origins, self.segments)
    }

    /// Begins a new segment.
    pub fn cut(&mut self) {
        let next = match self.last.place {
            Place::Body => Place::Body,
            _ => Place::Chunk,
        };
        let mut segment = std::mem::replace(&mut self.last, Segment { place: next, ..Segment::default() });
        if !segment.text.is_empty() {
            segment.base = self.origins.reserve(&segment.text);
            self.segments.push(segment);
        }
    }

    /// Enters a function: what follows is its body, until it is left. The last line was its head, and the only one of its segment.
    pub fn enter(&mut self, parameters: &str) {
        let call = Call::new(parameters);
        self.push(&format!("{BODY}({parameters});"));
        self.last.place = Place::Around(call);
        self.around = Some(std::mem::replace(&mut self.last, Segment { place: Place::Body, ..Segment::default() }));
    }

    /// Leaves the function: what follows stands after its body, and is to be cut from what follows it.
    pub fn leave(&mut self) {
        self.cut();
        self.last = self.around.take().expect("a function has been entered");
    }
}

impl Segment {
    /// The tree. The error is a message about text that does not parse.
    pub(super) fn read(self, grammars: Grammars) -> Result<(Tree, SingleThreadedComments), String> {
        let start = BytePos(self.base + 1);
        let (mut tree, comments) = attempt_from(start, &self.text, Syntax::Js, grammars)
            .map_err(|errors| describe(start, &self.text, &errors))?;
        for hole in &self.holes {
            hole.program.comments.copy_annotations(hole.base, &comments);
        }
        let mark =
            Comment { kind: CommentKind::Block, span: Span::new(PURE - BytePos(1), PURE), text: atom!("#__PURE__") };
        comments.add_leading(PURE, mark);
        let holes = self.holes.into_iter().map(Some).collect();
        tree.visit_mut_with(&mut Filling { holes });
        Ok((tree, comments))
    }
}

/// Puts statements where their holes are.
struct Filling {
    holes: Vec<Option<Hole>>,
}

impl Filling {
    fn take(&mut self, statement: &Stmt) -> Option<Hole> {
        let Stmt::Expr(statement) = statement else { return None };
        let Expr::Lit(Lit::Str(text)) = &*statement.expr else { return None };
        let number = text.value.as_str()?.strip_prefix('\0')?;
        self.holes.get_mut(number.parse::<usize>().ok()?)?.take()
    }
}

impl VisitMut for Filling {
    noop_visit_mut_type!();

    fn visit_mut_module_items(&mut self, items: &mut Vec<ModuleItem>) {
        items.visit_mut_children_with(self);
        *items = std::mem::take(items)
            .into_iter()
            .flat_map(|item| match item.as_stmt().and_then(|statement| self.take(statement)) {
                Some(hole) => hole.adopt().into_iter().map(ModuleItem::Stmt).collect(),
                None => vec![item],
            })
            .collect();
    }

    fn visit_mut_stmts(&mut self, statements: &mut Vec<Stmt>) {
        statements.visit_mut_children_with(self);
        *statements = std::mem::take(statements)
            .into_iter()
            .flat_map(|statement| match self.take(&statement) {
                Some(hole) => hole.adopt(),
                None => vec![statement],
            })
            .collect();
    }
}

impl Hole {
    fn adopt(mut self) -> Vec<Stmt> {
        let comments = &self.program.comments;
        let mut adoption = Adoption { base: self.base, comments, read: FxHashMap::default() };
        self.statements.visit_mut_with(&mut adoption);
        self.statements
    }
}

/// Makes a module's statements part of a chunk's tree.
struct Adoption<'a> {
    base: u32,
    comments: &'a Comments,
    /// Expressions by the code that stands in identifiers.
    read: FxHashMap<Atom, Expr>,
}

impl Adoption<'_> {
    /// The expression that stands in an identifier.
    fn expression(&mut self, code: &Ident) -> Option<Expr> {
        if code.ctxt != SyntaxContext::empty() || is_word(&code.sym) && !is_reserved(&code.sym) {
            return None;
        }
        if !self.read.contains_key(&code.sym) {
            self.read.insert(code.sym.clone(), read_expression(&code.sym));
        }
        let mut expression = self.read[&code.sym].clone();
        let mut place = code.span;
        self.visit_mut_span(&mut place);
        expression.visit_mut_with(&mut At(place));
        Some(expression)
    }
}

impl VisitMut for Adoption<'_> {
    noop_visit_mut_type!();

    fn visit_mut_syntax_context(&mut self, context: &mut SyntaxContext) {
        *context = SyntaxContext::empty();
    }

    fn visit_mut_span(&mut self, span: &mut Span) {
        *span = if !span.is_dummy() {
            Span::new(span.lo + BytePos(self.base), span.hi + BytePos(self.base))
        } else if span.is_pure() || self.comments.has_flag(span.lo, "PURE") {
            Span::new(PURE, PURE)
        } else {
            DUMMY_SP
        };
    }

    fn visit_mut_expr(&mut self, expression: &mut Expr) {
        match expression.as_ident().and_then(|name| self.expression(name)) {
            Some(read) => *expression = read,
            None => expression.visit_mut_children_with(self),
        }
    }
}

/// Everything is where the code of an identifier stands.
struct At(Span);

impl VisitMut for At {
    noop_visit_mut_type!();

    fn visit_mut_span(&mut self, span: &mut Span) {
        *span = self.0;
    }
}

/// Code that the linker made for a reference.
fn read_expression(code: &str) -> Expr {
    let text = format!("({code});");
    let read = attempt_from(BytePos(1), &text, Syntax::Js, Grammars::Module);
    let (tree, _) = read.unwrap_or_else(|errors| panic!("`{code}`: {}", describe(BytePos(1), &text, &errors)));
    let statement = tree.expect_module().body.pop().and_then(ModuleItem::stmt);
    match statement.and_then(Stmt::expr).map(|statement| *statement.expr) {
        Some(Expr::Paren(inner)) => *inner.expr,
        _ => panic!("`{code}` is no expression"),
    }
}
