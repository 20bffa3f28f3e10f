//! Where the code generator writes to: text, and where in it each source position went.

use super::Printed;
use super::origins::Tracer;
use std::io::Result;
use swc_core::common::{BytePos, Span};
use swc_core::ecma::codegen::text_writer::WriteJs;

const INDENT: &str = "  ";

/// Collects text and makes its map.
pub(super) struct TextWriter<'a> {
    text: String,
    tracer: Option<Tracer<'a>>,
    indent: usize,
    begins_line: bool,
    /// A position that belongs to the next token, after the indent.
    pending: Option<BytePos>,
    /// The last that was said is the position of what comes next.
    is_placed: bool,
    /// A semicolon is left out if what follows does without.
    omits_semi: bool,
    /// One that waits for what follows, and its place in the source.
    semi: Option<Option<Span>>,
    line: u32,
    /// Where the current line begins, in bytes.
    line_start: usize,
    /// How many bytes more than UTF-16 units the current line has so far.
    surplus: usize,
}

impl<'a> TextWriter<'a> {
    /// Writes a text of about as many bytes.
    pub(super) fn new(bytes: usize, omits_semi: bool, tracer: Option<Tracer<'a>>) -> Self {
        Self {
            text: String::with_capacity(bytes),
            tracer,
            indent: 0,
            begins_line: true,
            pending: None,
            is_placed: false,
            omits_semi,
            semi: None,
            line: 0,
            line_start: 0,
            surplus: 0,
        }
    }

    pub(super) fn finish(self) -> Printed {
        Printed { code: self.text, map: self.tracer.map(Tracer::finish) }
    }

    fn note(&mut self, position: BytePos) {
        let column = self.text.len() - self.line_start - self.surplus;
        if let Some(tracer) = self.tracer.as_mut().filter(|_| !position.is_dummy()) {
            tracer.note(position, (self.line, column as u32));
        }
    }

    /// Writes what is known to be [plain](is_plain).
    fn write_plain(&mut self, span: Option<Span>, text: &str) -> Result<()> {
        self.write_due_semi();
        self.put(span, text, true);
        Ok(())
    }

    fn write(&mut self, text: &str) -> Result<()> {
        self.write_due_semi();
        self.put(None, text, is_plain(text));
        Ok(())
    }

    fn write_due_semi(&mut self) {
        if let Some(span) = self.semi.take() {
            self.put(span, ";", true);
        }
    }

    fn put(&mut self, span: Option<Span>, text: &str, is_plain: bool) {
        if text.is_empty() {
            return;
        }
        self.begin();
        if let Some(span) = span {
            self.note(span.lo);
        }
        self.text.push_str(text);
        if !is_plain {
            self.count(text);
        }
        if let Some(span) = span {
            self.note(span.hi);
        }
        self.is_placed = false;
    }

    /// What comes next stands in this line.
    fn begin(&mut self) {
        if std::mem::take(&mut self.begins_line) {
            (0..self.indent).for_each(|_| self.text.push_str(INDENT));
            if let Some(position) = self.pending.take() {
                self.note(position);
            }
        }
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
        self.write_due_semi();
        if !text.is_empty() {
            self.note(span.lo);
            self.put(None, text, is_plain(text));
            self.note(span.hi);
        }
        Ok(())
    }
}

/// Whether it is in one line, and a byte is a UTF-16 unit. Most texts are so short that a call would take longer than a look at each byte.
fn is_plain(text: &str) -> bool {
    match text.len() {
        0..32 => text.bytes().all(|byte| byte.is_ascii() && byte != b'\n'),
        _ => text.is_ascii() && memchr::memchr(b'\n', text.as_bytes()).is_none(),
    }
}

impl WriteJs for TextWriter<'_> {
    fn increase_indent(&mut self) -> Result<()> {
        self.write_due_semi();
        self.indent += 1;
        Ok(())
    }

    fn decrease_indent(&mut self) -> Result<()> {
        self.write_due_semi();
        self.indent -= 1;
        Ok(())
    }

    fn write_semi(&mut self, span: Option<Span>) -> Result<()> {
        if self.omits_semi {
            self.semi = Some(span);
            return Ok(());
        }
        self.write_plain(span, ";")
    }

    fn write_space(&mut self) -> Result<()> {
        self.write_plain(None, " ")
    }

    fn write_keyword(&mut self, span: Option<Span>, text: &'static str) -> Result<()> {
        self.write_plain(span, text)
    }

    fn write_operator(&mut self, span: Option<Span>, text: &str) -> Result<()> {
        self.write_plain(span, text)
    }

    fn write_param(&mut self, text: &str) -> Result<()> {
        self.write(text)
    }

    fn write_property(&mut self, text: &str) -> Result<()> {
        self.write(text)
    }

    fn write_line(&mut self) -> Result<()> {
        self.write_due_semi();
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
        self.write(text)
    }

    fn write_str_lit(&mut self, span: Span, text: &str) -> Result<()> {
        self.write_literal(span, text)
    }

    fn write_str(&mut self, text: &str) -> Result<()> {
        self.write(text)
    }

    fn write_symbol(&mut self, span: Span, text: &str) -> Result<()> {
        self.write_due_semi();
        self.begin();
        if let (Some(tracer), true) = (&mut self.tracer, self.is_placed) {
            tracer.name(text);
        }
        self.put(Some(span), text, is_plain(text));
        Ok(())
    }

    fn write_punct(&mut self, span: Option<Span>, text: &'static str, needs_semi: bool) -> Result<()> {
        if !needs_semi {
            self.semi = None;
        }
        self.write_plain(span, text)
    }

    fn care_about_srcmap(&self) -> bool {
        self.tracer.is_some()
    }

    fn add_srcmap(&mut self, position: BytePos) -> Result<()> {
        match self.begins_line {
            true => self.pending = Some(position),
            false => self.note(position),
        }
        self.is_placed = true;
        Ok(())
    }

    /// Every identifier begins with this, and then says its position if it has one.
    fn commit_pending_semi(&mut self) -> Result<()> {
        self.write_due_semi();
        self.is_placed = false;
        Ok(())
    }

    /// No identifier has lone surrogates.
    fn can_ignore_invalid_unicodes(&mut self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_texts_are_ascii_in_one_line() {
        for length in 0..80 {
            let text = "x".repeat(length);
            assert!(is_plain(&text));
            for at in 0..=length {
                for other in ["\n", "é", "😀"] {
                    assert!(
                        !is_plain(&format!("{}{other}{}", &text[..at], &text[at..])),
                        "{other:?} at {at} of {length}"
                    );
                }
            }
        }
    }
}
