//! Positions in many texts at once: an offset in a text, plus one, plus the text's base.

use super::Program;
use super::map::{Lines, Origin, Place, SourceMap, Writer};
use super::print::word_at;
use rustc_hash::FxHashMap;
use std::sync::Arc;
use swc_core::common::BytePos;

/// Where calls are that some pass made and that are pure: a place in no text, whose comment says so.
pub(super) const PURE: BytePos = BytePos(2);

/// The texts that positions refer to.
pub(super) struct Origins {
    /// Sorted by base.
    texts: Vec<Text>,
    /// The base of the next one.
    next: u32,
}

struct Text {
    base: u32,
    name: Arc<str>,
    text: Arc<str>,
}

impl Default for Origins {
    fn default() -> Self {
        Self { texts: Vec::new(), next: PURE.0 }
    }
}

impl Origins {
    /// Those of a program alone.
    pub(super) fn of(program: &Program) -> Self {
        let mut origins = Self { texts: Vec::new(), next: 0 };
        origins.add(program);
        origins
    }

    /// Adds a program's text; returns its base.
    pub(super) fn add(&mut self, program: &Program) -> u32 {
        let is_same = |last: &&Text| Arc::ptr_eq(&last.text, &program.text) && *last.name == *program.id.as_str();
        if let Some(last) = self.texts.last().filter(is_same) {
            return last.base;
        }
        let base = self.reserve(&program.text);
        self.texts.push(Text { base, name: program.id.as_str().into(), text: Arc::clone(&program.text) });
        base
    }

    /// Leaves room for a text that is nobody's; returns its base.
    pub(super) fn reserve(&mut self, text: &str) -> u32 {
        let base = self.next;
        // The end of a text is a position too.
        let size = u32::try_from(text.len() + 1).ok();
        self.next = size.and_then(|size| base.checked_add(size)).expect("a chunk's sources are less than 4 GiB");
        base
    }

    pub(super) fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// The number of the text that a position is in.
    fn find(&self, position: BytePos) -> Option<usize> {
        let number = self.texts.partition_point(|text| text.base < position.0).checked_sub(1)?;
        let Text { base, text, .. } = &self.texts[number];
        ((position.0 - base) as usize <= text.len() + 1).then_some(number)
    }
}

/// Makes the map of a text while it is written.
///
/// swc's own writer asks a hash table whether it has noted a position before. Here only what was noted at the same place is looked at,
/// which is a third of the time of printing with a map.
pub(super) struct Tracer<'a> {
    origins: &'a Origins,
    writer: Writer,
    used: Vec<Used<'a>>,
    /// Which of those in use a text is, by its number.
    known: FxHashMap<usize, usize>,
    /// The one of those in use that was asked for last: the next one is mostly the same.
    last: usize,
    /// The place that was noted last.
    place: Place,
    /// What came there.
    here: Vec<Noted>,
    /// The number of the one of them that was noted last.
    noted: usize,
}

/// A text that something came from. Its number is that of the source in the map.
struct Used<'a> {
    text: &'a Text,
    lines: Lines,
}

/// A position that came to a place.
struct Noted {
    position: BytePos,
    from: Option<Origin>,
    /// The number of its token.
    token: usize,
}

impl Used<'_> {
    /// The place of a position, if that is in this text.
    fn place(&mut self, position: BytePos) -> Option<Place> {
        self.lines.place(position.0.checked_sub(self.text.base + 1)?)
    }
}

impl<'a> Tracer<'a> {
    pub(super) fn new(origins: &'a Origins) -> Self {
        Self {
            origins,
            writer: Writer::default(),
            used: Vec::new(),
            known: FxHashMap::default(),
            last: 0,
            place: Place::default(),
            here: Vec::new(),
            noted: 0,
        }
    }

    /// What stands at a position comes to a place, which is the last one or is after it.
    pub(super) fn note(&mut self, position: BytePos, place: Place) {
        if place != self.place {
            self.here.clear();
            self.place = place;
        }
        self.noted = self.here.iter().position(|noted| noted.position == position).unwrap_or(self.here.len());
        if self.noted == self.here.len() {
            let from = self.origin(position);
            let token = from.map_or(0, |from| self.writer.add(place, from));
            self.here.push(Noted { position, from, token });
        }
    }

    /// What was noted last is written as this word.
    pub(super) fn name(&mut self, name: &str) {
        let Some(Noted { position, from: Some(from), token }) = self.here.get(self.noted) else { return };
        let Text { base, text, .. } = self.used[from.source as usize].text;
        if let Some(word) = word_at(text, *position - BytePos(*base)).filter(|word| *word != name) {
            self.writer.name(*token, self.place, *from, word);
        }
    }

    fn origin(&mut self, position: BytePos) -> Option<Origin> {
        let mut place = self.used.get_mut(self.last).and_then(|used| used.place(position));
        if place.is_none() {
            let number = self.origins.find(position)?;
            self.last = *self.known.entry(number).or_insert_with(|| {
                let text = &self.origins.texts[number];
                self.used.push(Used { text, lines: Lines::new(&text.text) });
                self.writer.source(&text.name, &text.text) as usize
            });
            place = self.used[self.last].place(position);
        }
        let (line, column) = place?;
        Some(Origin { source: self.last as u32, line, column })
    }

    pub(super) fn finish(self) -> SourceMap {
        self.writer.finish()
    }
}
