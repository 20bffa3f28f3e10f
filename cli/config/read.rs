//! Reads `planish.toml` and says what is wrong with it: everything at once, with places.
//!
//! The file is parsed once; then its tree is given to serde. When serde refuses a key, the error is noted, the key is taken out of
//! the tree, and serde tries again, so that one run shows every error.

use super::Config;
use super::value::NOT_YET;
use planish_pipeline::asset::AssetId;
use planish_pipeline::diagnostic::Diagnostic;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A configuration with the text it came from.
#[derive(Clone, Debug)]
pub(crate) struct ConfigFile {
    /// The file's name in messages.
    pub(crate) id: AssetId,
    /// Its text.
    pub(crate) text: Arc<str>,
    /// Its values.
    pub(crate) config: Config,
    /// Where the value of a key such as `build.out` is.
    places: BTreeMap<String, Range<u32>>,
}

impl ConfigFile {
    /// What there is if there is no file.
    pub(crate) fn absent() -> Self {
        Self {
            id: AssetId::new("planish.toml"),
            text: Arc::from(""),
            config: Config::default(),
            places: BTreeMap::new(),
        }
    }

    /// Points a diagnostic at the value of a key, if the file has it.
    pub(crate) fn point(&self, diagnostic: Diagnostic, key: &str) -> Diagnostic {
        match self.places.get(key) {
            Some(range) => diagnostic.at(&self.id, range.clone(), ""),
            None => diagnostic,
        }
    }
}

/// Reads a configuration. Its errors are in the order of the file.
pub(crate) fn read(name: &str, text: &str) -> Result<ConfigFile, Vec<Diagnostic>> {
    let id = AssetId::new(name);
    let root = DeTable::parse(text).map_err(|error| {
        let range = range(&error.span().unwrap_or_default());
        vec![Diagnostic::error("invalid-config", lower_first(error.message())).at(&id, range, "")]
    })?;
    let mut places = BTreeMap::new();
    note_places(root.get_ref(), "", &mut places);
    let (config, errors) = deserialise(root, &id);
    match config {
        Some(config) if errors.is_empty() => Ok(ConfigFile { id, text: Arc::from(text), config, places }),
        _ => Err(errors),
    }
}

fn deserialise(mut root: Spanned<DeTable<'_>>, id: &AssetId) -> (Option<Config>, Vec<Diagnostic>) {
    let mut errors = Vec::new();
    loop {
        let error = match Config::deserialize(toml::Deserializer::from(root.clone())) {
            Ok(config) => return (Some(config), errors),
            Err(error) => error,
        };
        let span = error.span().unwrap_or_default();
        let path = path_at(root.get_ref(), &span);
        errors.push(describe(error.message(), &path).at(id, range(&span), ""));
        if !remove(root.get_mut(), &path) {
            return (None, errors);
        }
    }
}

/// What serde says, in Planish's words.
fn describe(message: &str, path: &[String]) -> Diagnostic {
    let key = path.join(".");
    if let Some(rest) = message.strip_prefix("unknown field ") {
        let known = quoted(rest.split_once(", ").map_or("", |(_, known)| known));
        let named = quoted(rest.split_once(", ").map_or(rest, |(found, _)| found)).pop().unwrap_or_default();
        let name = named.as_str();
        let place = match path.split_last() {
            Some((last, _)) if last != name => format!("`[[{key}]]` has no key"),
            Some((_, [])) | None => "the configuration has no key or section".to_owned(),
            Some((_, section)) => format!("`[{}]` has no key", section.join(".")),
        };
        let diagnostic = Diagnostic::error("unknown-key", format!("{place} `{name}`"));
        return match similar(name, &known) {
            Some(best) => diagnostic.help(format!("did you mean `{best}`?")),
            None => diagnostic.help(format!("it has {}", listed(&known, ", "))),
        };
    }
    if let Some(rest) = message.strip_prefix("unknown variant ") {
        let known = quoted(rest.split_once(", ").map_or("", |(_, known)| known));
        let found = quoted(rest.split_once(", ").map_or(rest, |(found, _)| found)).pop().unwrap_or_default();
        let diagnostic =
            Diagnostic::error("invalid-value", format!("`{key}` must be {}, not `{found}`", listed(&known, " or ")));
        return match similar(&found, &known) {
            Some(best) => diagnostic.help(format!("did you mean `{best}`?")),
            None => diagnostic,
        };
    }
    if message.ends_with(NOT_YET) {
        return Diagnostic::error("not-supported-yet", format!("`{key}` {message}"));
    }
    if let Some((found, expected)) =
        message.strip_prefix("invalid type: ").and_then(|rest| rest.split_once(", expected "))
    {
        let expected = match expected {
            "a sequence" => "a list",
            "a map" => "a table",
            expected if expected.starts_with("struct ") => "a table",
            expected => expected,
        };
        return Diagnostic::error("invalid-value", format!("`{key}` must be {expected}, not {found}"));
    }
    if message.starts_with("must ") {
        return Diagnostic::error("invalid-value", format!("`{key}` {message}"));
    }
    Diagnostic::error("invalid-value", format!("`{key}`: {message}"))
}

fn listed(names: &[String], separator: &str) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(separator)
}

/// The name that was probably meant.
pub(crate) fn similar<'a>(name: &str, known: &'a [String]) -> Option<&'a str> {
    let plain = |text: &str| text.to_lowercase().replace(['-', '_', ' '], "");
    let wanted = plain(name);
    known
        .iter()
        .map(|known| (strsim::jaro_winkler(&plain(known), &wanted), known.as_str()))
        .filter(|(score, _)| *score > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known)
}

/// The names in backticks.
fn quoted(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The keys that lead to the deepest value whose key or value has this place.
fn path_at(table: &DeTable<'_>, span: &Range<usize>) -> Vec<String> {
    for (key, value) in table {
        if key.span() == *span {
            return vec![key.get_ref().to_string()];
        }
        let inner = match value.get_ref() {
            DeValue::Table(inner) => path_at(inner, span),
            _ => Vec::new(),
        };
        let holds =
            value.span().start <= span.start && span.end <= value.span().end || has_in_list(value.get_ref(), span);
        let is_table = matches!(value.get_ref(), DeValue::Table(_));
        if !inner.is_empty() || (holds && !is_table) || value.span() == *span {
            return std::iter::once(key.get_ref().to_string()).chain(inner).collect();
        }
    }
    Vec::new()
}

/// Whether one of a list of tables has the place. The list is one value, however many lines its tables are spread over.
fn has_in_list(value: &DeValue<'_>, span: &Range<usize>) -> bool {
    let DeValue::Array(items) = value else { return false };
    let mut tables = items.iter().filter_map(|item| item.get_ref().as_table());
    tables.any(|table| !path_at(table, span).is_empty())
}

/// Whether the key was there.
fn remove(table: &mut DeTable<'_>, path: &[String]) -> bool {
    match path {
        [] => false,
        [key] => table.remove(key.as_str()).is_some(),
        [key, rest @ ..] => match table.get_mut(key.as_str()).map(Spanned::get_mut) {
            Some(DeValue::Table(inner)) => remove(inner, rest),
            _ => false,
        },
    }
}

fn note_places(table: &DeTable<'_>, prefix: &str, places: &mut BTreeMap<String, Range<u32>>) {
    for (key, value) in table {
        let path = format!("{prefix}{}", key.get_ref());
        if let DeValue::Table(inner) = value.get_ref() {
            note_places(inner, &format!("{path}."), places);
        }
        places.insert(path, range(&value.span()));
    }
}

fn range(span: &Range<usize>) -> Range<u32> {
    let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    number(span.start)..number(span.end)
}

fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_lowercase().chain(characters).collect()).unwrap_or_default()
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
