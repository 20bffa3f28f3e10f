//! `srcset`: URLs with descriptors, as <https://html.spec.whatwg.org/#parse-a-srcset-attribute> takes them apart.

use std::ops::Range;

/// One image of a `srcset`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// Where its URL is in the value.
    pub(crate) url: Range<usize>,
    /// `2x`, `640w` or nothing.
    pub(crate) descriptor: String,
}

/// The candidates of a value, in order.
pub(crate) fn candidates(value: &str) -> Vec<Candidate> {
    let mut found = Vec::new();
    let mut at = 0;
    loop {
        at += value[at..].find(|c: char| !c.is_ascii_whitespace() && c != ',').unwrap_or(value.len() - at);
        if at == value.len() {
            return found;
        }
        let end = at + value[at..].find(|c: char| c.is_ascii_whitespace()).unwrap_or(value.len() - at);
        let url = at..at + value[at..end].trim_end_matches(',').len();
        at = end;
        let mut descriptor = "";
        if url.end == end {
            at = end + comma_outside_parentheses(&value[end..]);
            descriptor = value[end..at].trim();
        }
        found.push(Candidate { url, descriptor: descriptor.to_owned() });
    }
}

fn comma_outside_parentheses(text: &str) -> usize {
    let mut depth = 0_usize;
    for (at, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => return at,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &str, expected: &[(&str, &str)]) {
        let found = candidates(value);
        let found: Vec<(&str, &str)> =
            found.iter().map(|found| (&value[found.url.clone()], found.descriptor.as_str())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn urls_and_descriptors() {
        check("a.png, b.png 2x,c.png 3x", &[("a.png", ""), ("b.png", "2x"), ("c.png", "3x")]);
        check(
            " data:image/png;base64,AA== 1x , d,e.png 640w",
            &[("data:image/png;base64,AA==", "1x"), ("d,e.png", "640w")],
        );
        check("a.png,", &[("a.png", "")]);
        check(" , ", &[]);
    }
}
