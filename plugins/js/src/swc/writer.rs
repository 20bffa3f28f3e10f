//! Where the code generator writes to: text, and where in it each source position went.
//!
//! swc's own writer asks a hash table whether it has noted a position before. Here only what was noted at the same place is looked at,
//! which is a third of the time of printing with a map.

use super::map::Positions;
use std::io::Result;
use swc_core::common::{BytePos, LineCol, Span};
use swc_core::ecma::codegen::text_writer::WriteJs;

const INDENT: &str = "  ";

/// Collects text.
pub(super) struct TextWriter<'a> {
    text: &'a mut String,
    positions: Option<&'a mut Positions>,
    indent: usize,
    begins_line: bool,
    /// A position that belongs to the next token, after the indent.
    pending: Option<BytePos>,
    line: u32,
    /// Where the current line begins, in bytes.
    line_start: usize,
    /// How many bytes more than UTF-16 units the current line has so far.
    surplus: usize,
}

impl<'a> TextWriter<'a> {
    /// Writes to an empty text.
    pub(super) fn new(text: &'a mut String, positions: Option<&'a mut Positions>) -> Self {
        Self { text, positions, indent: 0, begins_line: true, pending: None, line: 0, line_start: 0, surplus: 0 }
    }

    fn note(&mut self, position: BytePos) {
        let Some(positions) = self.positions.as_deref_mut().filter(|_| !position.is_dummy()) else { return };
        let to = LineCol { line: self.line, col: (self.text.len() - self.line_start - self.surplus) as u32 };
        let is_here = |(_, there): &&(BytePos, LineCol)| there.col == to.col && there.line == to.line;
        if !positions.iter().rev().take_while(is_here).any(|(other, _)| *other == position) {
            positions.push((position, to));
        }
    }

    fn write(&mut self, span: Option<Span>, text: &str) -> Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        if std::mem::take(&mut self.begins_line) {
            (0..self.indent).for_each(|_| self.text.push_str(INDENT));
            if let Some(position) = self.pending.take() {
                self.note(position);
            }
        }
        if let Some(span) = span {
            self.note(span.lo);
        }
        self.text.push_str(text);
        if !text.bytes().all(|byte| byte.is_ascii() && byte != b'\n') {
            self.count(text);
        }
        if let Some(span) = span {
            self.note(span.hi);
        }
        Ok(())
    }

    /// Counts lines and units of a text that was just written.
    fn count(&mut self, text: &str) {
        let rest = match text.rfind('\n') {
            Some(last) => {
                self.line += text.bytes().filter(|byte| *byte == b'\n').count() as u32;
                self.line_start = self.text.len() - (text.len() - last - 1);
                self.surplus = 0;
                &text[last + 1..]
            }
            None => text,
        };
        self.surplus += rest.len() - rest.encode_utf16().count();
    }

    fn write_literal(&mut self, span: Span, text: &str) -> Result<()> {
        if !text.is_empty() {
            self.note(span.lo);
            self.write(None, text)?;
            self.note(span.hi);
        }
        Ok(())
    }
}

impl WriteJs for TextWriter<'_> {
    fn increase_indent(&mut self) -> Result<()> {
        self.indent += 1;
        Ok(())
    }

    fn decrease_indent(&mut self) -> Result<()> {
        self.indent -= 1;
        Ok(())
    }

    fn write_semi(&mut self, span: Option<Span>) -> Result<()> {
        self.write(span, ";")
    }

    fn write_space(&mut self) -> Result<()> {
        self.write(None, " ")
    }

    fn write_keyword(&mut self, span: Option<Span>, text: &'static str) -> Result<()> {
        self.write(span, text)
    }

    fn write_operator(&mut self, span: Option<Span>, text: &str) -> Result<()> {
        self.write(span, text)
    }

    fn write_param(&mut self, text: &str) -> Result<()> {
        self.write(None, text)
    }

    fn write_property(&mut self, text: &str) -> Result<()> {
        self.write(None, text)
    }

    fn write_line(&mut self) -> Result<()> {
        let pending = self.pending.take();
        if !self.begins_line {
            self.text.push('\n');
            self.line += 1;
            (self.line_start, self.surplus, self.begins_line) = (self.text.len(), 0, true);
            if let Some(position) = pending {
                self.note(position);
            }
        }
        Ok(())
    }

    fn write_lit(&mut self, span: Span, text: &str) -> Result<()> {
        self.write_literal(span, text)
    }

    fn write_comment(&mut self, text: &str) -> Result<()> {
        self.write(None, text)
    }

    fn write_str_lit(&mut self, span: Span, text: &str) -> Result<()> {
        self.write_literal(span, text)
    }

    fn write_str(&mut self, text: &str) -> Result<()> {
        self.write(None, text)
    }

    fn write_symbol(&mut self, span: Span, text: &str) -> Result<()> {
        self.write(Some(span), text)
    }

    fn write_punct(&mut self, span: Option<Span>, text: &'static str, _: bool) -> Result<()> {
        self.write(span, text)
    }

    fn care_about_srcmap(&self) -> bool {
        self.positions.is_some()
    }

    fn add_srcmap(&mut self, position: BytePos) -> Result<()> {
        match self.begins_line {
            true => self.pending = Some(position),
            false => self.note(position),
        }
        Ok(())
    }

    fn commit_pending_semi(&mut self) -> Result<()> {
        Ok(())
    }
}
