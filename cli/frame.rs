//! A byte range of a source as a person sees it: line, column, and the line with the range underlined.

use std::ops::Range;
use unicode_width::UnicodeWidthChar;

/// Lines that are wider (minified code) are cut around what they are shown for.
const MAX_WIDTH: usize = 110;

/// How much of a cut line is shown before the range.
const LEAD: usize = 40;

/// Where a byte range lies. Lines and columns count from 1, columns in characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Line of the first byte.
    pub(crate) line: usize,
    /// Column of the first byte.
    pub(crate) column: usize,
    /// Line of the end.
    pub(crate) end_line: usize,
    /// Column of the end, which is the column after the last character.
    pub(crate) end_column: usize,
}

/// A line as it is shown, and where the range lies in it, in terminal columns from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Excerpt {
    /// The line, with its tabs widened and, if it is long, its ends replaced by `…`.
    pub(crate) text: String,
    /// Columns before the range.
    pub(crate) indent: usize,
    /// Columns of the range within this line; at least 1.
    pub(crate) width: usize,
    /// The line is not shown whole.
    pub(crate) is_cut: bool,
}

/// Finds a byte range in its source. A range that lies outside of the source or inside a character is moved to the nearest place.
pub(crate) fn locate(source: &str, range: &Range<u32>) -> Place {
    let range = clamp(source, range);
    let (line, column) = position(source, range.start);
    let (end_line, end_column) = position(source, range.end);
    Place { line, column, end_line, end_column }
}

/// The first line of a byte range, ready to be shown.
pub(crate) fn excerpt(source: &str, range: &Range<u32>) -> Excerpt {
    let range = clamp(source, range);
    let line_start = line_start(source, range.start);
    let line = source[line_start..].split('\n').next().unwrap_or_default();
    let line = line.strip_suffix('\r').unwrap_or(line);
    let width = |text: &str| text.chars().map(|character| visible(character).1).sum::<usize>();
    let start = (range.start - line_start).min(line.len());
    let end = (range.end - line_start).min(line.len()).max(start);
    let indent = width(&line[..start]);
    let label = width(&line[start..end]).max(1);
    let total = width(line);
    if total <= MAX_WIDTH {
        return Excerpt {
            text: line.chars().map(|character| visible(character).0).collect(),
            indent,
            width: label,
            is_cut: false,
        };
    }
    cut(line, total, indent, label)
}

fn cut(line: &str, total: usize, indent: usize, label: usize) -> Excerpt {
    let from = if indent + label.min(LEAD) <= MAX_WIDTH { 0 } else { indent - LEAD };
    let mut text = String::new();
    let mut begin = None;
    let mut at = 0;
    for character in line.chars() {
        let (shown, width) = visible(character);
        if at >= from + MAX_WIDTH {
            break;
        }
        if at >= from {
            begin.get_or_insert(at);
            text.push_str(&shown);
        }
        at += width;
    }
    let begin = begin.unwrap_or(from);
    let before = if begin > 0 { "…" } else { "" };
    let after = if at < total { "…" } else { "" };
    Excerpt {
        text: format!("{before}{text}{after}"),
        indent: indent.saturating_sub(begin) + before.chars().count(),
        width: label.min(at.saturating_sub(indent)).max(1),
        is_cut: true,
    }
}

/// What a character looks like and how many columns it takes. What would move the cursor or turn the writing direction
/// is shown as `\u{fffd}`: source text must not be able to disguise a message.
fn visible(character: char) -> (String, usize) {
    match character {
        '\t' => ("    ".to_owned(), 4),
        '\u{feff}' => (String::new(), 0),
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => ("\u{fffd}".to_owned(), 1),
        _ if character.is_control() => ("\u{fffd}".to_owned(), 1),
        _ => (character.to_string(), character.width().unwrap_or(0)),
    }
}

fn clamp(source: &str, range: &Range<u32>) -> Range<usize> {
    let start = source.floor_char_boundary((range.start as usize).min(source.len()));
    let end = source.ceil_char_boundary((range.end as usize).min(source.len()));
    start..end.max(start)
}

fn line_start(source: &str, at: usize) -> usize {
    source[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

/// Line and column; a byte order mark has no column.
fn position(source: &str, at: usize) -> (usize, usize) {
    let start = line_start(source, at);
    let line = source[..start].bytes().filter(|byte| *byte == b'\n').count() + 1;
    let column = source[start..at].chars().filter(|character| *character != '\u{feff}').count() + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_from_one() {
        let place = locate("a\näö = x\n", &(7..8));
        assert_eq!((place.line, place.column), (2, 4));
        assert_eq!(locate("\u{feff}x", &(3..4)).column, 1);
    }

    #[test]
    fn a_range_outside_of_the_source_is_its_end() {
        assert_eq!(locate("ab", &(9..12)), Place { line: 1, column: 3, end_line: 1, end_column: 3 });
        assert_eq!(locate("é", &(1..1)).column, 1);
    }

    #[test]
    fn tabs_and_wide_characters_keep_the_underline_below_the_range() {
        let shown = excerpt("\t日本 x", &(8..9));
        assert_eq!(shown, Excerpt { text: "    日本 x".into(), indent: 9, width: 1, is_cut: false });
    }

    #[test]
    fn a_range_over_many_lines_is_underlined_to_the_end_of_its_first() {
        let shown = excerpt("f(\r\n)", &(1..5));
        assert_eq!((shown.text.as_str(), shown.indent, shown.width), ("f(", 1, 1));
    }

    #[test]
    fn long_lines_are_cut_around_the_range() {
        let source = format!("{}needle{}", "a;".repeat(5000), "b;".repeat(5000));
        let shown = excerpt(&source, &(10_000..10_006));
        let underlined: String = shown.text.chars().skip(shown.indent).take(shown.width).collect();
        assert_eq!(underlined, "needle");
        assert!(shown.text.starts_with('…') && shown.text.ends_with('…'));
        assert_eq!(shown.text.chars().count(), MAX_WIDTH + 2);
    }

    #[test]
    fn a_long_range_does_not_leave_the_cut_line() {
        let shown = excerpt(&"x".repeat(1000), &(0..1000));
        assert_eq!((shown.indent, shown.width), (0, MAX_WIDTH));
    }

    #[test]
    fn escape_sequences_are_not_passed_on() {
        assert_eq!(excerpt("a\u{1b}[2Jb", &(0..1)).text, "a\u{fffd}[2Jb");
    }
}
