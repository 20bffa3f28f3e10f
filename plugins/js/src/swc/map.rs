//! Source maps: from positions to lines and columns, many maps one after the other, and all of it as JSON.
//!
//! A large chunk has millions of tokens, so a map is lists of plain numbers and shared texts, and joining maps moves them.

use super::Printed;
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use std::ops::Range;
use std::sync::Arc;

/// Where the lines of a text begin, and how many UTF-16 units its bytes are.
pub(super) struct Lines {
    starts: Vec<u32>,
    /// For each character of several bytes: the offset after it, and how many units fewer than bytes there were until then.
    surplus: Vec<(u32, u32)>,
    /// The offset of the text's end, which is a place too.
    end: u32,
    /// Number of the line that was asked for last, and its offsets: the next place is mostly in the same.
    last: u32,
    within: Range<u32>,
}

impl Lines {
    pub(super) fn new(text: &str) -> Self {
        let starts = std::iter::once(0).chain(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at as u32 + 1));
        let surplus = if text.is_ascii() { Vec::new() } else { surplus(text) };
        Self { starts: starts.collect(), surplus, end: text.len() as u32, last: 0, within: 0..0 }
    }

    /// The place of an offset; `None` outside the text.
    pub(super) fn place(&mut self, offset: u32) -> Option<Place> {
        if !self.within.contains(&offset) {
            self.seek(offset)?;
        }
        let bytes = offset - self.within.start;
        let surplus = match self.surplus.is_empty() {
            true => 0,
            false => self.surplus_before(offset) - self.surplus_before(self.within.start),
        };
        Some((self.last, bytes - surplus))
    }

    /// Goes to the line of an offset.
    fn seek(&mut self, offset: u32) -> Option<()> {
        if offset > self.end {
            return None;
        }
        let next = self.line(self.last as usize + 1);
        self.last = match next.contains(&offset) {
            true => self.last + 1,
            false => self.starts.partition_point(|start| *start <= offset) as u32 - 1,
        };
        self.within = self.line(self.last as usize);
        Some(())
    }

    /// The offsets of a line; none if there is no such line.
    fn line(&self, number: usize) -> Range<u32> {
        let start = |number: usize| self.starts.get(number).copied().unwrap_or(self.end + 1);
        start(number)..start(number + 1)
    }

    fn surplus_before(&self, offset: u32) -> u32 {
        match self.surplus.partition_point(|(end, _)| *end <= offset) {
            0 => 0,
            count => self.surplus[count - 1].1,
        }
    }
}

fn surplus(text: &str) -> Vec<(u32, u32)> {
    let mut surplus = Vec::new();
    let mut total = 0;
    for (at, byte) in text.bytes().enumerate().filter(|(_, byte)| *byte >= 0xc0) {
        let (bytes, units) = match byte {
            0xf0.. => (4, 2),
            0xe0.. => (3, 1),
            _ => (2, 1),
        };
        total += bytes - units;
        surplus.push((at as u32 + bytes, total));
    }
    surplus
}

/// Line and column, both from zero, the column in UTF-16 units.
pub(super) type Place = (u32, u32);

/// Where the parts of a text come from.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    sources: Vec<MappedSource>,
    names: Vec<Arc<str>>,
    runs: Vec<Run>,
}

/// A file that parts of a text come from.
#[derive(Clone, Debug)]
struct MappedSource {
    name: Arc<str>,
    text: Arc<str>,
    /// The text as a JSON string, if it is at hand.
    quoted: Option<Arc<str>>,
}

/// The tokens of some whole lines. Maps are joined by their runs, so that no token is ever copied.
#[derive(Clone, Debug, Default)]
struct Run {
    /// The line of the text that is the first of these.
    line: u32,
    /// Sorted by place.
    tokens: Arc<Vec<Token>>,
    /// The map's numbers of the sources and names, by those in the tokens.
    sources: Vec<u32>,
    names: Vec<u32>,
    /// The mappings of all tokens but the first, if they are at hand. Without names, and with one source, they are the same in every map.
    rest: Option<Arc<str>>,
}

/// A place in a text and where it comes from. Lines and columns count from zero, columns in UTF-16 units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Token {
    line: u32,
    column: u32,
    from: Origin,
    /// Number of the name that it has there, or [`NO_NAME`].
    name: u32,
}

const NO_NAME: u32 = u32::MAX;

/// A place in a source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) source: u32,
    pub(super) line: u32,
    pub(super) column: u32,
}

impl SourceMap {
    /// Source, line, column and name of what stands at a place of the text.
    #[cfg(test)]
    pub fn origin(&self, line: u32, column: u32) -> Option<(&str, u32, u32, Option<&str>)> {
        let run = self.runs.iter().rev().find(|run| run.line <= line)?;
        let is_there = |token: &&Token| run.line + token.line == line && token.column <= column;
        let token = run.tokens.iter().rev().find(is_there)?;
        let source = &*self.sources[run.sources[token.from.source as usize] as usize].name;
        Some((source, token.from.line, token.from.column, self.name(run, token)))
    }

    #[cfg(test)]
    fn name(&self, run: &Run, token: &Token) -> Option<&str> {
        let number = run.names.get(token.name as usize)?;
        Some(&self.names[*number as usize])
    }

    /// Has at hand what [`Self::json`] needs, for a map that will be a part of many.
    pub(crate) fn prepare(&mut self) {
        for source in &mut self.sources {
            let quoted = serde_json::to_string(&source.text).expect("a text always serialises");
            source.quoted = Some(quoted.into());
        }
        for run in &mut self.runs {
            if let ([_], []) = (&*run.sources, &*run.names)
                && let Some((first, others)) = run.tokens.split_first()
            {
                let state =
                    State { line: first.line, column: first.column, is_first: false, from: first.from, name: 0 };
                let others = state.write(others, &Run { sources: vec![0], ..Run::default() });
                run.rest = Some(others.into());
            }
        }
    }

    /// The map as a file, of the text with `above` lines before it.
    pub fn json(&self, above: u32) -> Vec<u8> {
        let (mappings, above) = (self.mappings(), ";".repeat(above as usize));
        let mut json = Json::default();
        json.push("{\"version\":3,\"sources\":");
        json.push_list(self.sources.iter().map(|source| Part::ToQuote(&source.name)));
        json.push(",\"sourcesContent\":");
        json.push_list(self.sources.iter().map(|source| match &source.quoted {
            Some(quoted) => Part::Plain(quoted),
            None => Part::ToQuote(&source.text),
        }));
        json.push(",\"names\":");
        json.push_list(self.names.iter().map(|name| Part::ToQuote(name)));
        json.push(",\"mappings\":\"");
        json.push(&above);
        mappings.iter().for_each(|mappings| json.push(mappings));
        json.push("\"}");
        json.finish()
    }

    /// The mappings of each run.
    fn mappings(&self) -> Vec<String> {
        let mut states = vec![State::default()];
        for run in &self.runs {
            states.extend(states.last().map(|state| state.after(run)));
        }
        self.runs.par_iter().zip(states).with_max_len(1).map(|(run, state)| state.mappings(run)).collect()
    }
}

/// A large text that is written at once, on all cores: a map can be many megabytes, and a buffer that grows takes longer to be cleared by the
/// system than to be filled.
#[derive(Default)]
struct Json<'a>(Vec<Part<'a>>);

enum Part<'a> {
    Plain(&'a str),
    /// A text of which the JSON string is a part.
    ToQuote(&'a str),
}

impl<'a> Json<'a> {
    fn push(&mut self, text: &'a str) {
        self.0.push(Part::Plain(text));
    }

    fn push_list(&mut self, parts: impl Iterator<Item = Part<'a>>) {
        self.push("[");
        for (at, part) in parts.enumerate() {
            if at > 0 {
                self.push(",");
            }
            self.0.push(part);
        }
        self.push("]");
    }

    fn finish(self) -> Vec<u8> {
        let sizes: Vec<usize> = self.0.par_iter().map(Part::size).collect();
        let mut json = vec![0; sizes.iter().sum()];
        let mut rest = json.as_mut_slice();
        let place = |size| rest.split_off_mut(..size).expect("there is room for all parts");
        let places: Vec<&mut [u8]> = sizes.into_iter().map(place).collect();
        places.into_par_iter().zip(self.0).for_each(|(place, part)| part.write(place));
        json
    }
}

impl Part<'_> {
    /// Bytes.
    fn size(&self) -> usize {
        match self {
            Self::Plain(text) => text.len(),
            Self::ToQuote(text) => quoted_size(text),
        }
    }

    /// Fills a place that has its size.
    fn write(&self, place: &mut [u8]) {
        match self {
            Self::Plain(text) => place.copy_from_slice(text.as_bytes()),
            Self::ToQuote(text) => serde_json::to_writer(place, text).expect("the place is large enough"),
        }
    }
}

/// Bytes of a text as a JSON string. A serialiser that counts what it writes takes four times as long: the sources are most of a map.
fn quoted_size(text: &str) -> usize {
    // Sums as wide as what is added: so the compiler takes many bytes at once.
    let is_escaped = |byte: &u8| *byte < b' ' || *byte == b'"' || *byte == b'\\';
    let is_long = |byte: &u8| *byte < b' ' && !matches!(byte, 0x08 | b'\t' | b'\n' | 0x0c | b'\r');
    let count = |bytes: &[u8]| {
        let [mut escaped, mut long] = [0u8; 2];
        for byte in bytes {
            escaped += u8::from(is_escaped(byte));
            long += u8::from(is_long(byte));
        }
        usize::from(escaped) + 4 * usize::from(long)
    };
    text.len() + 2 + text.as_bytes().chunks(255).map(count).sum::<usize>()
}

/// What was written last: mappings hold differences only.
#[derive(Clone, Copy)]
struct State {
    line: u32,
    column: u32,
    /// Nothing was written of the line.
    is_first: bool,
    from: Origin,
    name: u32,
}

impl Default for State {
    fn default() -> Self {
        Self { line: 0, column: 0, is_first: true, from: Origin::default(), name: 0 }
    }
}

impl State {
    fn after(self, run: &Run) -> Self {
        let Some(last) = run.tokens.last() else { return self };
        let named = run.tokens.iter().rev().find(|token| token.name != NO_NAME);
        Self {
            // What follows begins on a line of its own.
            line: run.line + last.line,
            from: last.from.renumbered(run),
            name: named.map_or(self.name, |token| run.names[token.name as usize]),
            ..Self::default()
        }
    }

    fn mappings(self, run: &Run) -> String {
        let Some(rest) = &run.rest else {
            return self.write(&run.tokens, run);
        };
        self.write(&run.tokens[..1], run) + rest
    }

    fn write(mut self, tokens: &[Token], run: &Run) -> String {
        let mut text = Vec::with_capacity(tokens.len() * 8);
        for token in tokens {
            while self.line < run.line + token.line {
                text.push(b';');
                (self.line, self.column, self.is_first) = (self.line + 1, 0, true);
            }
            if !std::mem::take(&mut self.is_first) {
                text.push(b',');
            }
            let from = token.from.renumbered(run);
            write_difference(&mut text, token.column, self.column);
            write_difference(&mut text, from.source, self.from.source);
            write_difference(&mut text, from.line, self.from.line);
            write_difference(&mut text, from.column, self.from.column);
            if token.name != NO_NAME {
                let name = run.names[token.name as usize];
                write_difference(&mut text, name, self.name);
                self.name = name;
            }
            (self.column, self.from) = (token.column, from);
        }
        String::from_utf8(text).expect("digits are ASCII")
    }
}

impl Origin {
    /// With the number that the source has in the map.
    fn renumbered(self, run: &Run) -> Self {
        Self { source: run.sources[self.source as usize], ..self }
    }
}

/// Base 64 VLQ, as the source map specification (ECMA-426) has it: five bits a digit, the lowest bits first, of which the first is the sign.
fn write_difference(text: &mut Vec<u8>, to: u32, from: u32) {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut rest = u64::from(to.abs_diff(from)) << 1 | u64::from(to < from);
    while rest > 31 {
        text.push(DIGITS[(rest & 31 | 32) as usize]);
        rest >>= 5;
    }
    text.push(DIGITS[rest as usize]);
}

/// Builds a map of one run and leaves out what says the same again.
#[derive(Default)]
pub(super) struct Writer {
    sources: Vec<MappedSource>,
    names: Vec<Arc<str>>,
    numbers: FxHashMap<Arc<str>, u32>,
    tokens: Vec<Token>,
}

impl Writer {
    /// Adds a source; returns its number.
    pub(super) fn source(&mut self, name: &Arc<str>, text: &Arc<str>) -> u32 {
        self.sources.push(MappedSource { name: Arc::clone(name), text: Arc::clone(text), quoted: None });
        self.sources.len() as u32 - 1
    }

    /// Adds a token without a name: where it stands, and where that comes from. Returns its number, which is that of the next one if this one
    /// is left out.
    pub(super) fn add(&mut self, (line, column): Place, from: Origin) -> usize {
        let says_the_same = |last: &Token| last.line == line && last.from == from;
        if self.tokens.last().is_some_and(says_the_same) {
            return self.tokens.len();
        }
        self.tokens.push(Token { line, column, from, name: NO_NAME });
        self.tokens.len() - 1
    }

    /// Gives the token of a number its name, and adds it if it was left out.
    pub(super) fn name(&mut self, number: usize, (line, column): Place, from: Origin, name: &str) {
        let token = Token { line, column, from, name: self.number(name) };
        match self.tokens.get_mut(number) {
            Some(unnamed) if (unnamed.line, unnamed.column, unnamed.from) == (line, column, from) => *unnamed = token,
            _ => self.tokens.insert(number, token),
        }
    }

    fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = self.names.len() as u32;
        let name: Arc<str> = name.into();
        self.names.push(Arc::clone(&name));
        self.numbers.insert(name, number);
        number
    }

    pub(super) fn finish(mut self) -> SourceMap {
        self.tokens.shrink_to_fit();
        let run = Run {
            line: 0,
            tokens: Arc::new(self.tokens),
            sources: (0..self.sources.len() as u32).collect(),
            names: (0..self.names.len() as u32).collect(),
            rest: None,
        };
        SourceMap { sources: self.sources, names: self.names, runs: vec![run] }
    }
}

/// The number of a text, which is `next` if it is new.
fn number(numbers: &mut FxHashMap<Arc<str>, u32>, text: &Arc<str>, next: usize) -> u32 {
    *numbers.entry(Arc::clone(text)).or_insert(next as u32)
}

/// Joins pieces of code, each of which begins on a line of its own, and their maps.
///
/// ```text
/// joiner.push("import './a.js';", None);
/// joiner.push(&module.code, module.map);
/// let chunk = joiner.finish();
/// ```
#[derive(Default)]
pub struct MapJoiner {
    code: String,
    lines: u32,
    map: Option<SourceMap>,
    sources: FxHashMap<Arc<str>, u32>,
    names: FxHashMap<Arc<str>, u32>,
}

impl MapJoiner {
    /// For so many bytes of code.
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self { code: String::with_capacity(bytes), ..Self::default() }
    }

    /// Appends a piece. One without a map is code that was made up.
    pub fn push(&mut self, code: &str, map: Option<SourceMap>) {
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
        self.lines += memchr::memchr_iter(b'\n', code.as_bytes()).count() as u32;
        self.code.push_str(code);
    }

    /// The whole code, with a map if one of the pieces had one.
    pub fn finish(self) -> Printed {
        Printed { code: self.code, map: self.map }
    }

    /// Takes over all of a map, from the current line on.
    fn append(&mut self, map: SourceMap) {
        let joined = self.map.get_or_insert_default();
        let mut sources = Vec::with_capacity(map.sources.len());
        for source in map.sources {
            sources.push(number(&mut self.sources, &source.name, joined.sources.len()));
            if self.sources.len() > joined.sources.len() {
                joined.sources.push(source);
            }
        }
        let mut names = Vec::with_capacity(map.names.len());
        for name in map.names {
            names.push(number(&mut self.names, &name, joined.names.len()));
            if self.names.len() > joined.names.len() {
                joined.names.push(name);
            }
        }
        joined.runs.extend(map.runs.into_iter().map(|run| Run {
            line: run.line + self.lines,
            sources: run.sources.into_iter().map(|source| sources[source as usize]).collect(),
            names: run.names.into_iter().map(|name| names[name as usize]).collect(),
            tokens: run.tokens,
            rest: run.rest,
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_utf16_units() {
        let mut lines = Lines::new("aé€\n😀b");
        let mut place = |offset: u32| lines.place(offset);
        assert_eq!(place(0), Some((0, 0)));
        assert_eq!(place(3), Some((0, 2)), "é is one unit");
        assert_eq!(place(6), Some((0, 3)), "€ is one unit");
        assert_eq!(place(7), Some((1, 0)));
        assert_eq!(place(11), Some((1, 2)), "an emoji is two units");
        assert_eq!(place(12), Some((1, 3)));
        assert_eq!(place(13), None);
        assert_eq!(place(1), Some((0, 1)), "in another line than the last");
    }

    #[test]
    fn pieces_begin_on_their_own_lines() {
        let piece = |name: &str| {
            let mut writer = Writer::default();
            let source = writer.source(&name.into(), &"x".into());
            writer.add((0, 0), Origin { source, line: 0, column: 0 });
            writer.finish()
        };
        let mut joiner = MapJoiner::default();
        joiner.push("made(\nup);", None);
        joiner.push("x\n", Some(piece("a.js")));
        joiner.push("x", Some(piece("b.js")));
        let joined = joiner.finish();
        assert_eq!(joined.code, "made(\nup);\nx\nx");
        let map = joined.map.expect("a piece had a map");
        let found = |line| map.origin(line, 0).map(|(source, ..)| source);
        assert_eq!((found(2), found(3)), (Some("a.js"), Some("b.js")));
        assert_eq!(&*map.sources[1].text, "x");
    }

    #[test]
    fn what_is_at_hand_is_what_would_be_written() {
        let piece = |name: &str, is_prepared: bool| {
            let mut writer = Writer::default();
            let source = writer.source(&name.into(), &"a\nb".into());
            for (place, (line, column)) in [((0, 2), (0, 3)), ((0, 9), (0, 1)), ((2, 1), (1, 7)), ((2, 4), (0, 0))] {
                writer.add(place, Origin { source, line, column });
            }
            let mut map = writer.finish();
            if is_prepared {
                map.prepare();
            }
            map
        };
        let json = |is_prepared| {
            let mut joiner = MapJoiner::default();
            for name in ["a.js", "b.js", "a.js"] {
                joiner.push("x\n\nx\n", Some(piece(name, is_prepared)));
            }
            joiner.finish().map.map(|map| map.json(0))
        };
        assert_eq!(json(true), json(false));
        assert!(piece("a.js", true).runs[0].rest.is_some());
    }

    #[test]
    fn quoted_texts_have_their_size() {
        let all: String = (0..=0x2ff).filter_map(char::from_u32).chain("\u{2028}\u{ffff}😀".chars()).collect();
        let long = all.repeat(20);
        for text in ["", "plain", "\"", &all, &long] {
            let quoted = serde_json::to_string(text).expect("a text always serialises");
            assert_eq!(quoted_size(text), quoted.len());
        }
    }

    #[test]
    fn json_is_that_of_the_specification() {
        let token = |line, column, from: (u32, u32), name| Token {
            line,
            column,
            from: Origin { source: 0, line: from.0, column: from.1 },
            name,
        };
        let run = |line, tokens| Run { line, tokens: Arc::new(tokens), sources: vec![0], names: vec![0], rest: None };
        let first = run(0, vec![token(0, 0, (0, 4), NO_NAME), token(0, 17, (0, 2), 0)]);
        let map = SourceMap {
            sources: vec![MappedSource { name: "a.js".into(), text: "\"\n".into(), quoted: None }],
            names: vec!["first".into()],
            runs: vec![first, run(2, vec![token(0, 1, (40, 0), NO_NAME)])],
        };
        assert_eq!(
            String::from_utf8(map.json(1)).expect("UTF-8"),
            "{\"version\":3,\"sources\":[\"a.js\"],\"sourcesContent\":[\"\\\"\\n\"],\"names\":[\"first\"],\"mappings\":\";AAAI,iBAAFA;;CAwCF\"}"
        );
    }
}
