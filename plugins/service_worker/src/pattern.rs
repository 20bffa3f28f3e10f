//! Patterns: of files in the output folder, and of URLs, as regular expressions that the worker tests.

use planish_pipeline::resolve::wildcard;

/// Whether a path ends with the pattern or, if that has a `*` for any text, is what the pattern says.
pub(crate) fn matches_path(pattern: &str, path: &str) -> bool {
    if pattern.contains('*') { wildcard(pattern, path) } else { path.ends_with(pattern) }
}

/// A regular expression for any of the patterns. It is tested with whole URLs or, on the worker's own host, with what follows the host.
/// A pattern that has no query is for any.
pub(crate) fn expression(patterns: &[String]) -> String {
    let alternatives: Vec<String> = patterns
        .iter()
        .map(|pattern| {
            let escaped: String = pattern.chars().map(escaped).collect();
            if pattern.contains('?') { escaped } else { escaped + "(\\?.*)?" }
        })
        .collect();
    format!("^({})$", alternatives.join("|"))
}

fn escaped(character: char) -> String {
    match character {
        '*' => ".*".to_owned(),
        '.' | '+' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '|' | '^' | '$' | '\\' => format!("\\{character}"),
        _ => character.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_ends_of_paths_or_hold_stars() {
        for (pattern, path) in
            [("a.html", "b/a.html"), ("assets/*.css", "assets/x.css"), ("*", "a"), ("a*b*c", "a1b2c")]
        {
            assert!(matches_path(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in
            [("b/", "b/a.html"), ("assets/*.css", "x/assets/x.css"), ("a*ba", "aba.js"), ("ab*bc", "abc")]
        {
            assert!(!matches_path(pattern, path), "{pattern} {path}");
        }
    }

    #[test]
    fn url_patterns_are_regular_expressions() {
        let check = |patterns: &[&str], expected: &str| {
            let patterns: Vec<String> = patterns.iter().map(|&pattern| pattern.to_owned()).collect();
            assert_eq!(expression(&patterns), expected);
        };
        check(&["/api/*"], r"^(/api/.*(\?.*)?)$");
        check(&["https://a.example/x.json?v=*", "/b"], r"^(https://a\.example/x\.json\?v=.*|/b(\?.*)?)$");
    }
}
