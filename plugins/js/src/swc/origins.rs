//! Positions in many texts at once: an offset in a text, plus one, plus the text's base.

use super::Program;
use super::map::{Lines, Origin, Positions, SourceMap, Writer};
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

    /// Whether one of the texts contains a part.
    pub(super) fn contain(&self, part: &str) -> bool {
        let finder = memchr::memmem::Finder::new(part);
        self.texts.iter().any(|text| finder.find(text.text.as_bytes()).is_some())
    }

    /// The number of the text that a position is in, and its position there.
    fn find(&self, position: BytePos) -> Option<(usize, BytePos)> {
        let number = self.texts.partition_point(|text| text.base < position.0).checked_sub(1)?;
        self.place(position, number).map(|place| (number, place))
    }

    /// The position in a text, if it is in that one.
    fn place(&self, position: BytePos, number: usize) -> Option<BytePos> {
        let Text { base, text, .. } = self.texts.get(number)?;
        let place = position.0.checked_sub(*base).filter(|place| *place > 0 && *place as usize <= text.len() + 1)?;
        Some(BytePos(place))
    }

    /// The identifier at a position.
    pub(super) fn word_at(&self, position: BytePos) -> Option<&str> {
        let (number, place) = self.find(position)?;
        word_at(&self.texts[number].text, place)
    }

    /// The map of a text, by what the generator says of it. `names` has names that are others there.
    pub(super) fn map(&self, positions: &Positions, names: &FxHashMap<BytePos, &str>) -> SourceMap {
        let mut writer = Writer::with_capacity(positions.len());
        let mut known: FxHashMap<usize, (u32, Lines)> = FxHashMap::default();
        let mut last = 0;
        for (position, to) in positions {
            let place = match self.place(*position, last) {
                Some(place) => place,
                None => match self.find(*position) {
                    Some((number, place)) => {
                        last = number;
                        place
                    }
                    None => continue,
                },
            };
            let (source, lines) = known.entry(last).or_insert_with(|| {
                let Text { name, text, .. } = &self.texts[last];
                (writer.source(name, text), Lines::new(text))
            });
            if let Some((line, column)) = lines.place(place) {
                writer.add(to, Origin { source: *source, line, column }, names.get(position).copied());
            }
        }
        writer.finish()
    }
}
