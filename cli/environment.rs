//! `.env` files: variables for `import.meta.env` beside those of the process.
//!
//! Of `.env`, `.env.local`, `.env.MODE` and `.env.MODE.local` in the root the later wins, and the process's own variables win over all.
//! Values may mention other variables, `$NAME` or `${NAME}`; `\$` is a dollar sign.

use crate::config::Mode;
use planish_pipeline::diagnostic::Diagnostic;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::Path;

/// Whether a file of this name may hold variables.
pub(crate) fn is_file_name(name: &str) -> bool {
    name == ".env" || name.starts_with(".env.")
}

/// All variables by name: those of the process, and those of the files in `root`.
pub(crate) fn load(
    root: &Path,
    mode: Mode,
    process: impl Iterator<Item = (OsString, OsString)>,
) -> Result<BTreeMap<String, String>, Vec<Diagnostic>> {
    let mode = mode.name();
    let mut raw: BTreeMap<String, Raw> = BTreeMap::new();
    let mut errors = Vec::new();
    for name in [".env".to_owned(), ".env.local".to_owned(), format!(".env.{mode}"), format!(".env.{mode}.local")] {
        let text = match std::fs::read_to_string(root.join(&name)) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => {
                let reason = planish_pipeline::emit::reason(&error);
                errors.push(Diagnostic::error("invalid-env", format!("cannot read `{name}`: {reason}")));
                continue;
            }
        };
        match parse(&text) {
            Ok(found) => raw.extend(found),
            Err(line) => {
                let message = format!("line {line} of `{name}` is not of the form `NAME=value`");
                let help = "a comment begins with `#`, and a value of several lines stands between quotes";
                errors.push(Diagnostic::error("invalid-env", message).help(help));
            }
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let process: BTreeMap<String, String> =
        process.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect();
    let values = Values { raw: &raw, process: &process };
    let mut variables: BTreeMap<String, String> =
        raw.keys().map(|name| (name.clone(), values.of(name, &mut BTreeSet::new()))).collect();
    variables.extend(process.clone());
    Ok(variables)
}

/// The lines `NAME=value` of a file; the number of the first that is none.
fn parse(text: &str) -> Result<Vec<(String, Raw)>, usize> {
    let mut found = Vec::new();
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    let line_of = |rest: &str| text[..text.len() - rest.len()].matches('\n').count() + 1;
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return Ok(found);
        }
        if rest.starts_with('#') {
            rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
            continue;
        }
        let (entry, after) = entry(rest).ok_or_else(|| line_of(rest))?;
        found.push(entry);
        rest = after;
    }
}

/// A value as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Raw {
    text: String,
    /// Between single quotes nothing stands for anything else.
    is_literal: bool,
}

/// The first entry of a text, and what follows its line.
fn entry(text: &str) -> Option<((String, Raw), &str)> {
    let text = text.strip_prefix("export ").map_or(text, str::trim_start);
    let end = text.find(|letter: char| !(letter.is_alphanumeric() || "_.-".contains(letter)))?;
    let (name, rest) = text.split_at(end);
    let rest = rest.trim_start_matches([' ', '\t']).strip_prefix('=')?.trim_start_matches([' ', '\t']);
    let quote = rest.chars().next().filter(|letter| "\"'`".contains(*letter));
    let closed = quote.and_then(|quote| rest[1..].split_once(quote).map(|(value, after)| (quote, value, after)));
    let (raw, after) = match closed {
        Some((quote, value, after)) => {
            let text = if quote == '"' { value.replace("\\n", "\n").replace("\\r", "\r") } else { value.to_owned() };
            (Raw { text, is_literal: quote == '\'' }, after)
        }
        None => {
            let line = rest.split('\n').next().unwrap_or_default();
            let value = line.split('#').next().unwrap_or_default().trim();
            (Raw { text: value.to_owned(), is_literal: false }, &rest[line.len()..])
        }
    };
    let (behind, after) = after.split_once('\n').unwrap_or((after, ""));
    let is_nothing = behind.trim().is_empty() || behind.trim_start().starts_with('#');
    (!name.is_empty() && is_nothing).then(|| ((name.to_owned(), raw), after))
}

struct Values<'a> {
    raw: &'a BTreeMap<String, Raw>,
    process: &'a BTreeMap<String, String>,
}

impl Values<'_> {
    /// A variable's value. One that is defined in terms of itself is empty there.
    fn of(&self, name: &str, open: &mut BTreeSet<String>) -> String {
        if let Some(value) = self.process.get(name) {
            return value.clone();
        }
        let Some(raw) = self.raw.get(name).filter(|_| open.insert(name.to_owned())) else { return String::new() };
        let value = if raw.is_literal { raw.text.clone() } else { self.expand(&raw.text, open) };
        open.remove(name);
        value
    }

    fn expand(&self, text: &str, open: &mut BTreeSet<String>) -> String {
        let mut result = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            let (before, after) = (&rest[..at], &rest[at + 1..]);
            if let Some(before) = before.strip_suffix('\\') {
                result.push_str(before);
                result.push('$');
                rest = after;
                continue;
            }
            result.push_str(before);
            let (name, after) = reference(after);
            match name {
                "" => result.push('$'),
                name => result.push_str(&self.of(name, open)),
            }
            rest = after;
        }
        result + rest
    }
}

/// The name after a dollar sign, if there is one, and the rest.
fn reference(text: &str) -> (&str, &str) {
    if let Some((name, after)) = text.strip_prefix('{').and_then(|text| text.split_once('}')) {
        return (name, after);
    }
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    text.split_at(text.find(|letter| !is_part(letter)).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(files: &[(&str, &str)], process: &[(&str, &str)], name: &str, expected: &str) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (file, text) in files {
            std::fs::write(folder.path().join(file), text).expect("writable");
        }
        let process = process.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        let variables = load(folder.path(), Mode::Production, process).expect("the files are well-formed");
        assert_eq!(variables.get(name).map(String::as_str), Some(expected), "{name} of {files:?}");
    }

    #[test]
    fn later_files_and_the_process_win() {
        let files = [(".env", "A=1\nB=1\nC=1\nD=1"), (".env.local", "B=2\nC=2"), (".env.production", "C=3")];
        for (name, expected) in [("A", "1"), ("B", "2"), ("C", "3"), ("D", "4")] {
            check(&files, &[("D", "4")], name, expected);
        }
        check(&[(".env", "A=1"), (".env.development", "A=2")], &[], "A", "1");
        check(&[(".env.production", "A=1"), (".env.production.local", "A=2")], &[], "A", "2");
    }

    #[test]
    fn values_are_plain_or_quoted() {
        for (text, expected) in [
            ("A = b c  # comment", "b c"),
            ("export A=b", "b"),
            ("A=", ""),
            ("A=\"b # c\" # d", "b # c"),
            ("A='b\\n'", "b\\n"),
            ("A=\"b\\nc\"", "b\nc"),
            ("\n# note\nA=`b\n'c'`\r\nB=1", "b\n'c'"),
            ("A=it's", "it's"),
        ] {
            check(&[(".env", text)], &[], "A", expected);
        }
    }

    #[test]
    fn values_mention_other_variables() {
        for (text, expected) in [
            ("A=$B-${C}\nB=1", "1-p"),
            ("A='$B'\nB=1", "$B"),
            ("A=\\$B\nB=1", "$B"),
            ("A=5$", "5$"),
            ("A=x$A", "x"),
            ("A=$B\nB=$A!", "!"),
        ] {
            check(&[(".env", text)], &[("C", "p")], "A", expected);
        }
    }

    #[test]
    fn other_lines_are_refused() {
        for (text, line) in [("A=1\nnonsense", 2), ("=1", 1), ("A='b' c", 1)] {
            assert_eq!(parse(text), Err(line), "{text}");
        }
    }
}
