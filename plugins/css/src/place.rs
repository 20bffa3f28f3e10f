//! From the parser's lines and columns to byte ranges of the source.

use std::ops::Range;

/// A source's text and where its lines begin.
pub(crate) struct Places<'a> {
    text: &'a str,
    /// Bytes before the text in the file: a byte order mark.
    before: usize,
    lines: Vec<usize>,
}

impl<'a> Places<'a> {
    /// Finds the lines as CSS counts them: ended by `\n`, `\r\n`, `\r` or a form feed.
    pub(crate) fn new(text: &'a str, before: usize) -> Self {
        let bytes = text.as_bytes();
        let ends = (0..bytes.len()).filter(|&at| match bytes[at] {
            b'\n' | b'\x0c' => true,
            b'\r' => bytes.get(at + 1) != Some(&b'\n'),
            _ => false,
        });
        Self { text, before, lines: std::iter::once(0).chain(ends.map(|end| end + 1)).collect() }
    }

    /// The offset in the text of a line counted from 0 and a column counted from 1 in UTF-16 units.
    pub(crate) fn offset(&self, line: u32, column: u32) -> usize {
        let Some(&start) = self.lines.get(line as usize) else { return self.text.len() };
        let mut units = 1;
        for (at, character) in self.text[start..].char_indices() {
            if units >= column {
                return start + at;
            }
            units += character.len_utf16() as u32;
        }
        self.text.len()
    }

    /// The range in the file of a range in the text.
    pub(crate) fn in_file(&self, range: Range<usize>) -> Range<u32> {
        (self.before + range.start) as u32..(self.before + range.end) as u32
    }

    /// The word or the single character at an offset; empty at the end of the text.
    pub(crate) fn word(&self, offset: usize) -> Range<usize> {
        let rest = &self.text[offset..];
        let is_word = |character: char| character.is_alphanumeric() || "-_@#.".contains(character);
        let mut characters = rest.char_indices();
        let Some((_, first)) = characters.next() else { return offset..offset };
        let mut end = first.len_utf8();
        if is_word(first) {
            end = characters.find(|(_, character)| !is_word(*character)).map_or(rest.len(), |(at, _)| at);
        }
        offset..offset + end
    }

    /// The text between the quotes or parentheses of the `url(…)` or string that begins at an offset, after spaces and comments.
    pub(crate) fn url(&self, offset: usize) -> Range<usize> {
        let mut at = self.skip_space(offset);
        if self.text.get(at..at + 4).is_some_and(|name| name.eq_ignore_ascii_case("url(")) {
            at += 4;
            at += self.text[at..].len() - self.text[at..].trim_start().len();
            if !self.text[at..].starts_with(['"', '\'']) {
                let length = self.text[at..].find([')', ' ', '\t', '\n', '\r', '\x0c']).unwrap_or_default();
                return at..at + length;
            }
        }
        match self.text[at..].chars().next() {
            Some(quote @ ('"' | '\'')) => at + 1..self.closing(at + 1, quote),
            _ => self.word(at),
        }
    }

    /// What an `@import` rule at an offset names.
    pub(crate) fn import(&self, offset: usize) -> Range<usize> {
        self.url(self.text.len().min(offset + "@import".len()))
    }

    /// Where the first string with this content is.
    pub(crate) fn string(&self, content: &str) -> Range<usize> {
        let found = ['"', '\''].iter().filter_map(|quote| self.text.find(&format!("{quote}{content}{quote}"))).min();
        found.map_or(0..0, |at| at + 1..at + 1 + content.len())
    }

    fn closing(&self, start: usize, quote: char) -> usize {
        let mut escaped = false;
        for (at, character) in self.text[start..].char_indices() {
            if !escaped && character == quote {
                return start + at;
            }
            escaped = !escaped && character == '\\';
        }
        self.text.len()
    }

    /// The offset of what comes after spaces and comments.
    pub(crate) fn skip_space(&self, mut at: usize) -> usize {
        loop {
            let rest = self.text[at..].trim_start();
            at = self.text.len() - rest.len();
            match rest.strip_prefix("/*").and_then(|comment| comment.find("*/")) {
                Some(end) => at += end + 4,
                None => return at,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_utf16_and_lines_are_those_of_css() {
        let places = Places::new("é\r\n𝄞x\rb\x0cc", 3);
        assert_eq!(places.offset(1, 3), "é\r\n𝄞".len());
        assert_eq!(places.offset(2, 1), "é\r\n𝄞x\r".len());
        assert_eq!(places.offset(3, 1), "é\r\n𝄞x\rb\x0c".len());
        assert_eq!(places.in_file(0..1), 3..4);
    }

    #[test]
    fn the_url_is_found_inside_its_wrapping() {
        #[track_caller]
        fn check(text: &str, expected: &str) {
            assert_eq!(&text[Places::new(text, 0).url(0)], expected);
        }
        check("url(a.png)", "a.png");
        check(" /* x */ URL( 'a\\'.png' )", "a\\'.png");
        check("\"a b.png\" 1x", "a b.png");
        check("url(", "");
    }
}
