//! Source maps: from positions to lines and columns, one map through another, many maps one after the other, and all of it as JSON.
//!
//! A large chunk has millions of tokens, so a map is three lists of plain numbers and shared texts, and nothing in it is written twice.

use super::Printed;
use rustc_hash::FxHashMap;
use std::sync::Arc;
use swc_core::common::{BytePos, LineCol};

/// Where the lines of a text begin, and how many UTF-16 units its bytes are.
pub(super) struct Lines {
    starts: Vec<u32>,
    /// For each character of several bytes: the offset after it, and how many units fewer than bytes there were until then.
    surplus: Vec<(u32, u32)>,
    end: u32,
}

impl Lines {
    pub(super) fn new(text: &str) -> Self {
        let mut lines = Self { starts: vec![0], surplus: Vec::new(), end: text.len() as u32 };
        let mut total = 0;
        for (at, byte) in text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n' || *byte >= 0xc0) {
            if byte == b'\n' {
                lines.starts.push(at as u32 + 1);
                continue;
            }
            let (bytes, units) = match byte {
                0xf0.. => (4, 2),
                0xe0.. => (3, 1),
                _ => (2, 1),
            };
            total += bytes - units;
            lines.surplus.push((at as u32 + bytes, total));
        }
        lines
    }

    /// Line and column, both from zero, of a position; `None` outside the text.
    fn place(&self, position: BytePos) -> Option<(u32, u32)> {
        let offset = position.0.checked_sub(1).filter(|offset| *offset <= self.end)?;
        let line = self.starts.partition_point(|start| *start <= offset) - 1;
        let start = self.starts[line];
        Some((line as u32, offset - self.surplus_before(offset) - (start - self.surplus_before(start))))
    }

    fn surplus_before(&self, offset: u32) -> u32 {
        match self.surplus.partition_point(|(end, _)| *end <= offset) {
            0 => 0,
            count => self.surplus[count - 1].1,
        }
    }
}

/// What a code generator says of its output: source positions and where they went.
pub(super) type Positions = Vec<(BytePos, LineCol)>;

/// Where the parts of a text come from.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    sources: Vec<MappedSource>,
    names: Vec<Arc<str>>,
    /// Sorted by their place in the text.
    tokens: Vec<Token>,
}

/// A file that parts of a text come from.
#[derive(Clone, Debug)]
struct MappedSource {
    name: Arc<str>,
    text: Arc<str>,
}

/// A place in a text and where it comes from. Lines and columns count from zero, columns in UTF-16 units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Token {
    line: u32,
    column: u32,
    from: Origin,
    /// Number of the name that it has there.
    name: Option<u32>,
}

/// A place in a source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Origin {
    source: u32,
    line: u32,
    column: u32,
}

impl SourceMap {
    /// Source, line, column and name of what stands at a place of the text.
    pub fn origin(&self, line: u32, column: u32) -> Option<(&str, u32, u32, Option<&str>)> {
        let token = TokenLines::of(self).find(line, column)?;
        let source = &*self.sources[token.from.source as usize].name;
        Some((source, token.from.line, token.from.column, token.name.map(|name| &*self.names[name as usize])))
    }

    /// The map as a file, of the text with `above` lines before it.
    pub fn json(&self, above: u32) -> String {
        let mut json = String::from("{\"version\":3,\"sources\":");
        json.push_str(&list(self.sources.iter().map(|source| &source.name)));
        json.push_str(",\"sourcesContent\":");
        json.push_str(&list(self.sources.iter().map(|source| &source.text)));
        json.push_str(",\"names\":");
        json.push_str(&list(self.names.iter()));
        json.push_str(",\"mappings\":\"");
        json.extend((0..above).map(|_| ';'));
        self.write_mappings(&mut json);
        json.push_str("\"}");
        json
    }

    fn write_mappings(&self, json: &mut String) {
        json.reserve(self.tokens.len() * 8);
        let (mut line, mut column, mut last, mut last_name) = (0, 0, Origin::default(), 0);
        let mut is_first = true;
        for token in &self.tokens {
            while line < token.line {
                json.push(';');
                (line, column, is_first) = (line + 1, 0, true);
            }
            if !std::mem::take(&mut is_first) {
                json.push(',');
            }
            write_difference(json, token.column, column);
            write_difference(json, token.from.source, last.source);
            write_difference(json, token.from.line, last.line);
            write_difference(json, token.from.column, last.column);
            if let Some(name) = token.name {
                write_difference(json, name, last_name);
                last_name = name;
            }
            (column, last) = (token.column, token.from);
        }
    }
}

fn list<'a>(texts: impl Iterator<Item = &'a Arc<str>>) -> String {
    let texts: Vec<&str> = texts.map(|text| &**text).collect();
    serde_json::to_string(&texts).expect("texts always serialise")
}

/// Base 64 VLQ, as the source map specification (ECMA-426) has it: five bits a digit, the lowest bits first, of which the first is the sign.
fn write_difference(text: &mut String, to: u32, from: u32) {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut rest = u64::from(to.abs_diff(from)) << 1 | u64::from(to < from);
    loop {
        let more = if rest > 31 { 32 } else { 0 };
        text.push(char::from(DIGITS[(rest & 31 | more) as usize]));
        rest >>= 5;
        if rest == 0 {
            return;
        }
    }
}

/// The tokens of a map by line.
struct TokenLines<'a> {
    map: &'a SourceMap,
    /// By line: the number of its first token, or of the first token of a later one.
    first: Vec<u32>,
}

impl<'a> TokenLines<'a> {
    fn of(map: &'a SourceMap) -> Self {
        let mut first = Vec::new();
        for (at, token) in map.tokens.iter().enumerate() {
            first.resize((token.line as usize + 1).max(first.len()), at as u32);
        }
        Self { map, first }
    }

    /// The last token of the line at or before the column.
    fn find(&self, line: u32, column: u32) -> Option<&'a Token> {
        let start = *self.first.get(line as usize)? as usize;
        let end = self.first.get(line as usize + 1).map_or(self.map.tokens.len(), |end| *end as usize);
        let tokens = &self.map.tokens[start..end];
        tokens.get(tokens.partition_point(|token| token.column <= column).checked_sub(1)?)
    }
}

/// A map with one source.
pub(super) fn single<'a>(
    source: &str,
    text: &Arc<str>,
    positions: &Positions,
    name: impl Fn(BytePos) -> Option<&'a str>,
) -> SourceMap {
    let lines = Lines::new(text);
    let mut writer = Writer::default();
    writer.map.tokens.reserve(positions.len());
    writer.map.sources.push(MappedSource { name: source.into(), text: Arc::clone(text) });
    for (position, to) in positions {
        if let Some((line, column)) = lines.place(*position) {
            writer.add(to, Origin { source: 0, line, column }, name(*position));
        }
    }
    writer.map
}

/// The map of a text made from `text`, which itself was made as `inner` says.
pub(super) fn through<'a>(
    inner: &SourceMap,
    text: &str,
    positions: &Positions,
    name: impl Fn(BytePos) -> Option<&'a str>,
) -> SourceMap {
    let (lines, tokens) = (Lines::new(text), TokenLines::of(inner));
    let mut writer = Writer::default();
    writer.map.sources.clone_from(&inner.sources);
    writer.map.tokens.reserve(positions.len());
    for (position, to) in positions {
        let Some((line, column)) = lines.place(*position) else { continue };
        let Some(token) = tokens.find(line, column) else { continue };
        let original = token.name.filter(|_| token.column == column).map(|name| &*inner.names[name as usize]);
        writer.add(to, token.from, original.or_else(|| name(*position)));
    }
    writer.map
}

/// Joins pieces of code, each of which begins on a line of its own, and their maps.
///
/// ```text
/// joiner.push("import './a.js';", None);
/// joiner.push(&module.code, module.map.as_ref());
/// let chunk = joiner.finish();
/// ```
#[derive(Default)]
pub struct MapJoiner {
    code: String,
    lines: u32,
    writer: Option<Writer>,
    sources: FxHashMap<Arc<str>, u32>,
}

impl MapJoiner {
    /// Appends a piece. One without a map is code that was made up.
    pub fn push(&mut self, code: &str, map: Option<&SourceMap>) {
        if code.is_empty() {
            return;
        }
        if !self.code.is_empty() && !self.code.ends_with('\n') {
            self.code.push('\n');
            self.lines += 1;
        }
        if let Some(map) = map {
            self.append(map);
        }
        self.lines += code.bytes().filter(|byte| *byte == b'\n').count() as u32;
        self.code.push_str(code);
    }

    /// The whole code, with a map if one of the pieces had one.
    pub fn finish(self) -> Printed {
        Printed { code: self.code, map: self.writer.map(|writer| writer.map), legal: Vec::new() }
    }

    /// Takes over all of a map, from the current line on.
    fn append(&mut self, map: &SourceMap) {
        let writer = self.writer.get_or_insert_default();
        let sources: Vec<u32> = map
            .sources
            .iter()
            .map(|source| {
                *self.sources.entry(Arc::clone(&source.name)).or_insert_with(|| {
                    writer.map.sources.push(source.clone());
                    writer.map.sources.len() as u32 - 1
                })
            })
            .collect();
        let names: Vec<u32> = map.names.iter().map(|name| writer.name(name)).collect();
        writer.map.tokens.reserve(map.tokens.len());
        for token in &map.tokens {
            let from = Origin { source: sources[token.from.source as usize], ..token.from };
            let name = token.name.map(|name| names[name as usize]);
            writer.push(Token { line: token.line + self.lines, column: token.column, from, name });
        }
    }
}

/// Builds a map and leaves out what says the same again.
#[derive(Default)]
struct Writer {
    map: SourceMap,
    names: FxHashMap<Arc<str>, u32>,
}

impl Writer {
    /// Adds a token: where it stands, and source, line and column of where it comes from.
    fn add(&mut self, to: &LineCol, from: Origin, name: Option<&str>) {
        let name = name.map(|name| self.name(name));
        self.push(Token { line: to.line, column: to.col, from, name });
    }

    fn push(&mut self, token: Token) {
        let says_the_same = |last: &Token| token.name.is_none() && last.line == token.line && last.from == token.from;
        if !self.map.tokens.last().is_some_and(says_the_same) {
            self.map.tokens.push(token);
        }
    }

    fn name(&mut self, name: &str) -> u32 {
        if let Some(number) = self.names.get(name) {
            return *number;
        }
        let number = self.map.names.len() as u32;
        let name: Arc<str> = name.into();
        self.map.names.push(Arc::clone(&name));
        self.names.insert(name, number);
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_utf16_units() {
        let lines = Lines::new("aé€\n😀b");
        let place = |offset: u32| lines.place(BytePos(offset + 1));
        assert_eq!(place(0), Some((0, 0)));
        assert_eq!(place(3), Some((0, 2)), "é is one unit");
        assert_eq!(place(6), Some((0, 3)), "€ is one unit");
        assert_eq!(place(7), Some((1, 0)));
        assert_eq!(place(11), Some((1, 2)), "an emoji is two units");
        assert_eq!(place(12), Some((1, 3)));
        assert_eq!(place(13), None);
        assert_eq!(lines.place(BytePos(0)), None);
    }

    #[test]
    fn pieces_begin_on_their_own_lines() {
        let piece = |name: &str| {
            let positions = vec![(BytePos(1), LineCol { line: 0, col: 0 })];
            single(name, &Arc::from("x"), &positions, |_| None)
        };
        let mut joiner = MapJoiner::default();
        joiner.push("made(\nup);", None);
        joiner.push("x\n", Some(&piece("a.js")));
        joiner.push("x", Some(&piece("b.js")));
        let joined = joiner.finish();
        assert_eq!(joined.code, "made(\nup);\nx\nx");
        let map = joined.map.expect("a piece had a map");
        let found = |line| map.origin(line, 0).map(|(source, ..)| source);
        assert_eq!((found(2), found(3)), (Some("a.js"), Some("b.js")));
        assert_eq!(&*map.sources[1].text, "x");
    }

    #[test]
    fn json_is_that_of_the_specification() {
        let token = |line, column, from: (u32, u32), name| Token {
            line,
            column,
            from: Origin { source: 0, line: from.0, column: from.1 },
            name,
        };
        let map = SourceMap {
            sources: vec![MappedSource { name: "a.js".into(), text: "\"\n".into() }],
            names: vec!["first".into()],
            tokens: vec![token(0, 0, (0, 4), None), token(0, 17, (0, 2), Some(0)), token(2, 1, (40, 0), None)],
        };
        assert_eq!(
            map.json(1),
            "{\"version\":3,\"sources\":[\"a.js\"],\"sourcesContent\":[\"\\\"\\n\"],\"names\":[\"first\"],\"mappings\":\";AAAI,iBAAFA;;CAwCF\"}"
        );
    }
}
