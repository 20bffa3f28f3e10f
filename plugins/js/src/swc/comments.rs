//! Comments by position, in a form that can cross threads.

use crate::words::occurs;
use rustc_hash::FxHashMap;
use std::cell::RefCell;
use std::rc::Rc;
use swc_core::common::comments::{Comment, Comments as _, SingleThreadedComments};
use swc_core::common::{BytePos, Span};

type Map = FxHashMap<BytePos, Vec<Comment>>;

/// The comments of one file, by the position of what they stand before or after.
#[derive(Clone, Debug, Default)]
pub struct Comments {
    leading: Map,
    trailing: Map,
    /// Sorted.
    spans: Vec<Span>,
}

impl Comments {
    /// Takes what a parser and the passes after it left.
    pub(super) fn take(comments: SingleThreadedComments) -> Self {
        let (leading, trailing) = comments.take_all();
        Self::new(leading.take(), trailing.take())
    }

    /// The same for a source. If it will be minified, then nobody reads what only explains it: that is 1.1 MB of the 30 that three.js takes.
    pub(super) fn of_source(comments: SingleThreadedComments, only_annotations: bool) -> Self {
        let mut comments = Self::take(comments);
        if only_annotations {
            for map in [&mut comments.leading, &mut comments.trailing] {
                map.retain(|_, comments| {
                    comments.retain(|comment| is_legal(comment) || is_annotation(comment));
                    !comments.is_empty()
                });
                map.shrink_to_fit();
            }
        }
        comments
    }

    fn new(leading: Map, trailing: Map) -> Self {
        let mut comments = Self { leading, trailing, spans: Vec::new() };
        comments.spans = comments.all().map(|comment| comment.span).collect();
        comments.spans.sort_unstable_by_key(|span| (span.lo, span.hi));
        comments.spans.dedup();
        comments
    }

    /// The comments before the node that begins at `position`.
    pub fn before(&self, position: BytePos) -> &[Comment] {
        self.leading.get(&position).map_or(&[], Vec::as_slice)
    }

    /// Whether a comment before `position` says `#__FLAG__` or `@__FLAG__`.
    pub fn has_flag(&self, position: BytePos, flag: &str) -> bool {
        self.before(position).iter().any(|comment| says(comment, flag))
    }

    /// The licence comments in the order of the source, each once.
    pub fn legal(&self) -> Vec<String> {
        let mut found: Vec<&Comment> = self.all().filter(|comment| is_legal(comment)).collect();
        found.sort_by_key(|comment| (comment.span.lo, comment.span.hi));
        let mut texts: Vec<String> = Vec::new();
        for text in found.into_iter().map(written) {
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        texts
    }

    /// Those that `keep` accepts, in the form that swc reads. The printer removes what it prints, hence the copy.
    pub(super) fn select(&self, keep: impl Fn(&Comment) -> bool) -> SingleThreadedComments {
        let select = |map: &Map| {
            let kept = map.iter().filter_map(|(position, comments)| {
                let kept: Vec<Comment> = comments.iter().filter(|comment| keep(comment)).cloned().collect();
                (!kept.is_empty()).then_some((*position, kept))
            });
            Rc::new(RefCell::new(kept.collect::<Map>()))
        };
        SingleThreadedComments::from_leading_and_trailing(select(&self.leading), select(&self.trailing))
    }

    /// Adds what minifiers and lawyers read to the comments of a tree where positions are `base` more.
    pub(super) fn copy_annotations(&self, base: u32, to: &SingleThreadedComments) {
        let copies = |map: &Map, add: &dyn Fn(BytePos, Comment)| {
            for (position, comments) in map.iter().filter(|(position, _)| !position.is_reserved_for_comments()) {
                for comment in comments.iter().filter(|comment| is_legal(comment) || is_annotation(comment)) {
                    let span = Span::new(comment.span.lo + BytePos(base), comment.span.hi + BytePos(base));
                    add(*position + BytePos(base), Comment { span, ..comment.clone() });
                }
            }
        };
        copies(&self.leading, &|position, comment| to.add_leading(position, comment));
        copies(&self.trailing, &|position, comment| to.add_trailing(position, comment));
    }

    /// Adds another tree's comments.
    pub(super) fn append(&mut self, other: Self) {
        for (to, from) in [(&mut self.leading, other.leading), (&mut self.trailing, other.trailing)] {
            from.into_iter().for_each(|(position, comments)| to.entry(position).or_default().extend(comments));
        }
        self.spans.extend(other.spans);
        self.spans.sort_unstable_by_key(|span| (span.lo, span.hi));
    }

    /// Bytes of the comments inside a span.
    pub(super) fn size_in(&self, span: Span) -> u32 {
        let first = self.spans.partition_point(|comment| comment.lo < span.lo);
        let inside = self.spans[first..].iter().take_while(|comment| comment.hi <= span.hi);
        inside.map(|comment| comment.hi.0 - comment.lo.0).sum()
    }

    /// In no particular order.
    fn all(&self) -> impl Iterator<Item = &Comment> {
        self.leading.values().chain(self.trailing.values()).flatten()
    }
}

/// Whether a comment is one that licences ask to keep.
pub(super) fn is_legal(comment: &Comment) -> bool {
    let tags = || comment.text.split('@').skip(1);
    comment.text.starts_with('!') || tags().any(|tag| tag.starts_with("license") || tag.starts_with("preserve"))
}

/// Whether a comment tells a minifier something about the code after it.
pub(super) fn is_annotation(comment: &Comment) -> bool {
    occurs(&comment.text, "__")
        && ["PURE", "NO_SIDE_EFFECTS", "INLINE", "NOINLINE"].into_iter().any(|flag| says(comment, flag))
}

fn says(comment: &Comment, flag: &str) -> bool {
    comment.text.match_indices(flag).any(|(at, _)| {
        let before = &comment.text[..at];
        comment.text[at + flag.len()..].starts_with("__") && (before.ends_with("#__") || before.ends_with("@__"))
    })
}

/// A comment as it stands in a source.
fn written(comment: &Comment) -> String {
    match comment.kind {
        swc_core::common::comments::CommentKind::Line => format!("//{}", comment.text),
        swc_core::common::comments::CommentKind::Block => format!("/*{}*/", comment.text),
    }
}
