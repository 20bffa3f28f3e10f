//! What one stylesheet refers to.

use crate::address::Address;
use crate::place::Places;
use crate::urls;
use lightningcss::error::{Error, ParserError};
use lightningcss::rules::CssRule;
use lightningcss::stylesheet::{ParserOptions, StyleSheet};
use planish_pipeline::asset::{AssetId, Dependency, DependencyKind, Source};
use planish_pipeline::diagnostic::{Diagnostic, Outcome};
use std::collections::BTreeSet;
use std::ops::Range;

/// The dependencies of a stylesheet in source order: its `@import` rules and the files of its `url()` values. A URL that is written
/// several times is one dependency.
pub(crate) fn scan(source: &Source) -> Outcome<Vec<Dependency>> {
    let Some((text, before)) = text(source) else { return Outcome::with(Vec::new(), vec![invalid_utf8(source)]) };
    let places = Places::new(text, before);
    match parse(text, &source.id, 0) {
        Ok(mut sheet) => Outcome::new(dependencies(&mut sheet, &places)),
        Err(error) => Outcome::with(Vec::new(), vec![syntax_error(&error, text, &places, &source.id)]),
    }
}

/// The text without a byte order mark, and the mark's length; `None` if it is not UTF-8.
pub(crate) fn text(source: &Source) -> Option<(&str, usize)> {
    let text = source.text()?;
    Some(text.strip_prefix('\u{feff}').map_or((text, 0), |rest| (rest, '\u{feff}'.len_utf8())))
}

/// Parses a stylesheet; its rules remember `source_index`.
pub(crate) fn parse<'i>(
    text: &'i str,
    id: &AssetId,
    source_index: u32,
) -> Result<StyleSheet<'i>, Error<ParserError<'i>>> {
    StyleSheet::parse(text, ParserOptions { filename: id.to_string(), source_index, ..ParserOptions::default() })
}

fn dependencies(sheet: &mut StyleSheet<'_>, places: &Places<'_>) -> Vec<Dependency> {
    let mut found: Vec<(Range<usize>, String, DependencyKind)> = Vec::new();
    for rule in &sheet.rules.0 {
        if let CssRule::Import(import) = rule {
            let range = places.import(places.offset(import.loc.line, import.loc.column));
            found.push((range, import.url.to_string(), DependencyKind::StyleImport));
        }
    }
    urls::each(sheet, |url, place| {
        let range = match place {
            Some(place) => places.url(places.offset(place.line - 1, place.column)),
            None => places.string(url),
        };
        found.push((range, url.to_string(), DependencyKind::Url));
    });
    found.sort_by_key(|(range, _, _)| range.start);
    let mut seen = BTreeSet::new();
    found
        .into_iter()
        .filter_map(|(range, url, kind)| {
            let specifier = Address::of(&url).specifier()?.to_owned();
            seen.insert((kind, specifier.clone())).then(|| Dependency::new(specifier, kind, places.in_file(range)))
        })
        .collect()
}

fn syntax_error(error: &Error<ParserError<'_>>, text: &str, places: &Places<'_>, id: &AssetId) -> Diagnostic {
    let offset = error.loc.as_ref().map_or(text.len(), |place| places.offset(place.line, place.column));
    let offset = match error.kind {
        // The parser stands behind the name already.
        ParserError::UnexpectedImportRule => text[..offset].rfind('@').unwrap_or(offset),
        _ => places.skip_space(offset),
    };
    let range = places.word(offset);
    let message = match &error.kind {
        ParserError::EndOfInput => "unexpected end of the stylesheet".to_owned(),
        ParserError::UnexpectedToken(_) if range.is_empty() => "unexpected end of the stylesheet".to_owned(),
        ParserError::UnexpectedToken(_) => format!("unexpected `{}`", &text[range.clone()]),
        ParserError::UnexpectedImportRule => {
            "`@import` must come before all rules but `@charset` and `@layer` statements".to_owned()
        }
        ParserError::SelectorError(error) => format!("invalid selector: {}", first_lower(&error.to_string())),
        other => first_lower(&other.to_string()),
    };
    Diagnostic::error("syntax-error", message).at(id, places.in_file(range), "")
}

fn first_lower(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}

fn invalid_utf8(source: &Source) -> Diagnostic {
    let valid = std::str::from_utf8(&source.content).map_or_else(|error| error.valid_up_to(), str::len) as u32;
    Diagnostic::error("invalid-utf8", "the stylesheet is not UTF-8").at(&source.id, valid..valid + 1, "")
}
