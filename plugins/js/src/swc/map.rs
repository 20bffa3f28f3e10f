//! Source maps: from positions to lines and columns, one map through another, many maps one after the other.

use super::Printed;
use std::sync::Arc;
use swc_core::common::{BytePos, LineCol};
use swc_sourcemap::{SourceMap, SourceMapBuilder};

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

/// A map with one source.
pub(super) fn single<'a>(
    source: &str,
    text: &Arc<str>,
    positions: &Positions,
    name: impl Fn(BytePos) -> Option<&'a str>,
) -> SourceMap {
    let lines = Lines::new(text);
    let mut writer = Writer::default();
    let id = writer.builder.add_source(source.to_owned().into());
    writer.builder.set_source_contents(id, Some(text.to_string().into()));
    for (position, to) in positions {
        if let Some((line, column)) = lines.place(*position) {
            writer.add(to, (id, line, column), name(*position));
        }
    }
    writer.builder.into_sourcemap()
}

/// The map of a text made from `text`, which itself was made as `inner` says.
pub(super) fn through<'a>(
    inner: &SourceMap,
    text: &str,
    positions: &Positions,
    name: impl Fn(BytePos) -> Option<&'a str>,
) -> SourceMap {
    let lines = Lines::new(text);
    let mut writer = Writer::default();
    let sources = writer.sources(inner);
    for (position, to) in positions {
        let Some((line, column)) = lines.place(*position) else { continue };
        let Some(token) = inner.lookup_token(line, column).filter(|token| token.get_dst_line() == line) else {
            continue;
        };
        let Some(id) = sources.get(token.get_src_id() as usize) else { continue };
        let original = token.get_name().filter(|_| token.get_dst_col() == column).map(|name| &**name);
        writer.add(to, (*id, token.get_src_line(), token.get_src_col()), original.or_else(|| name(*position)));
    }
    writer.builder.into_sourcemap()
}

/// A map as a file.
pub fn map_json(map: &SourceMap) -> String {
    let mut bytes = Vec::new();
    map.to_writer(&mut bytes).expect("writing to memory does not fail");
    String::from_utf8(bytes).expect("JSON is UTF-8")
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
            self.writer.get_or_insert_default().append(map, self.lines);
        }
        self.lines += code.bytes().filter(|byte| *byte == b'\n').count() as u32;
        self.code.push_str(code);
    }

    /// The whole code, with a map if one of the pieces had one.
    pub fn finish(self) -> Printed {
        Printed { code: self.code, map: self.writer.map(|writer| writer.builder.into_sourcemap()), legal: Vec::new() }
    }
}

/// Builds a map and leaves out what says the same again.
struct Writer {
    builder: SourceMapBuilder,
    last: Option<(u32, (u32, u32, u32))>,
}

impl Default for Writer {
    fn default() -> Self {
        Self { builder: SourceMapBuilder::new(None), last: None }
    }
}

impl Writer {
    /// Adds a token: where it stands, and source, line and column of where it comes from.
    fn add(&mut self, to: &LineCol, from: (u32, u32, u32), name: Option<&str>) {
        let next = (to.line, from);
        if name.is_none() && self.last == Some(next) {
            return;
        }
        self.last = Some(next);
        let name = name.map(|name| self.builder.add_name(name.to_owned().into()));
        self.builder.add_raw(to.line, to.col, from.1, from.2, Some(from.0), name, false);
    }

    /// Takes over the sources of a map; returns their numbers here by their numbers there.
    fn sources(&mut self, map: &SourceMap) -> Vec<u32> {
        let mut ids = Vec::new();
        for (index, source) in map.sources().enumerate() {
            let id = self.builder.add_source(source.clone());
            self.builder.set_source_contents(id, map.get_source_contents(index as u32).cloned());
            ids.push(id);
        }
        ids
    }

    /// Takes over all of a map, `lines` further down.
    fn append(&mut self, map: &SourceMap, lines: u32) {
        let sources = self.sources(map);
        for token in map.tokens() {
            if let Some(id) = sources.get(token.get_src_id() as usize) {
                let to = LineCol { line: token.get_dst_line() + lines, col: token.get_dst_col() };
                self.add(&to, (*id, token.get_src_line(), token.get_src_col()), token.get_name().map(|name| &**name));
            }
        }
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
        let found = |line| map.lookup_token(line, 0).and_then(|token| token.get_source().map(ToString::to_string));
        assert_eq!((found(2), found(3)), (Some("a.js".to_owned()), Some("b.js".to_owned())));
        assert_eq!(map.get_source_contents(1).map(|text| &**text), Some("x"));
    }
}
