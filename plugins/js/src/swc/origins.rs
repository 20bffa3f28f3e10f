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
        if let Some(last) = self.texts.last().filter(|last| Arc::ptr_eq(&last.text, &program.text)) {
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

    /// The number of the text that a position is in, which is most probably the `likely` one, and its position there.
    fn find(&self, position: BytePos, likely: usize) -> Option<(usize, BytePos)> {
        let within = |number: usize| {
            let Text { base, text, .. } = self.texts.get(number)?;
            let place =
                position.0.checked_sub(*base).filter(|place| *place > 0 && *place as usize <= text.len() + 1)?;
            Some((number, BytePos(place)))
        };
        let search = || self.texts.partition_point(|text| text.base < position.0).checked_sub(1);
        within(likely).or_else(|| within(search()?))
    }
}

/// Makes the map of a text while it is written.
///
/// swc's own writer asks a hash table whether it has noted a position before. Here only what was noted at the same place is looked at,
/// which is a third of the time of printing with a map.
pub(super) struct Tracer<'a> {
    origins: &'a Origins,
    writer: Writer,
    /// By number of the text.
    known: FxHashMap<usize, (u32, Lines)>,
    /// The number of the text that was asked for last: the next one is mostly the same.
    last: usize,
    /// The place that was noted last.
    place: Place,
    /// What comes there, and what it is called in the sources if that is another name.
    here: Vec<(BytePos, Option<&'a str>)>,
    /// The number of the one of them that was noted last.
    noted: usize,
}

impl<'a> Tracer<'a> {
    pub(super) fn new(origins: &'a Origins) -> Self {
        Self {
            origins,
            writer: Writer::default(),
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
            self.flush();
            self.place = place;
        }
        self.noted = self.here.iter().position(|(other, _)| *other == position).unwrap_or(self.here.len());
        if self.noted == self.here.len() {
            self.here.push((position, None));
        }
    }

    /// What was noted last is written as this word.
    pub(super) fn name(&mut self, name: &str) {
        let Some((position, other)) = self.here.get_mut(self.noted) else { return };
        let Some((number, place)) = self.origins.find(*position, self.last) else { return };
        *other = word_at(&self.origins.texts[number].text, place).filter(|word| *word != name);
    }

    fn flush(&mut self) {
        for (position, name) in self.here.drain(..) {
            let Some((number, position)) = self.origins.find(position, self.last) else { continue };
            self.last = number;
            let (source, lines) = self.known.entry(number).or_insert_with(|| {
                let Text { name, text, .. } = &self.origins.texts[number];
                (self.writer.source(name, text), Lines::new(text))
            });
            if let Some((line, column)) = lines.place(position) {
                self.writer.add(self.place, Origin { source: *source, line, column }, name);
            }
        }
    }

    pub(super) fn finish(mut self) -> SourceMap {
        self.flush();
        self.writer.finish()
    }
}
