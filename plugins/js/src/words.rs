//! Words of the output: identifiers, strings and the clauses made of them.

/// The text with everything that may not stand in an identifier replaced.
pub(crate) fn identifier(text: &str) -> String {
    let name: String =
        text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' || c == '$' { c } else { '_' }).collect();
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name }
}

/// Whether a text has a part. Quicker than `str::contains` for what most texts do not have.
pub(crate) fn occurs(text: &str, part: &str) -> bool {
    memchr::memmem::find(text.as_bytes(), part.as_bytes()).is_some()
}

/// `a as b` in an export list.
pub(crate) fn clause(variable: &str, name: &str) -> String {
    if variable == name { variable.to_owned() } else { format!("{variable} as {}", module_export_name(name)) }
}

/// A name between braces of an import or export: any word, else a string.
pub(crate) fn module_export_name(name: &str) -> String {
    if is_word(name) { name.to_owned() } else { quoted(name) }
}

/// A property name in an object literal.
pub(crate) fn property_key(name: &str) -> String {
    // `__proto__: x` would set the prototype.
    if name == "__proto__" { "[\"__proto__\"]".to_owned() } else { module_export_name(name) }
}

/// `object.name`, or `object["name"]`.
pub(crate) fn property(object: &str, name: &str) -> String {
    if is_word(name) { format!("{object}.{name}") } else { format!("{object}[{}]", quoted(name)) }
}

/// Whether a text is an identifier name of ASCII letters.
pub(crate) fn is_word(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_' || c == '$')
        && letters.all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$')
}

/// A JavaScript string literal.
pub(crate) fn quoted(text: &str) -> String {
    let json = serde_json::to_string(text).expect("a string always serialises");
    json.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

/// The callee of the call that stands for the body of a function that is made small in parts.
pub(crate) const BODY: &str = "$$body$$";

/// Words that no variable of a strict module may be called, and names whose meaning must not change.
pub(crate) fn is_reserved(name: &str) -> bool {
    const WORDS: &[&str] = &[
        // What stands for the body of a function while a chunk is made small.
        BODY,
        "arguments",
        "async",
        "await",
        "break",
        "case",
        "catch",
        "class",
        "const",
        "continue",
        "debugger",
        "default",
        "delete",
        "do",
        "else",
        "enum",
        "eval",
        "export",
        "extends",
        "false",
        "finally",
        "for",
        "function",
        "if",
        "implements",
        "import",
        "in",
        "instanceof",
        "interface",
        "let",
        "new",
        "null",
        "package",
        "private",
        "protected",
        "public",
        "return",
        "static",
        "super",
        "switch",
        "this",
        "throw",
        "true",
        "try",
        "typeof",
        "undefined",
        "var",
        "void",
        "while",
        "with",
        "yield",
        "NaN",
        "Infinity",
        "Object",
        "Symbol",
        "Promise",
        "Error",
        "URL",
        "WeakMap",
        "globalThis",
        "document",
        "require",
        "module",
        "exports",
    ];
    WORDS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers() {
        assert_eq!(identifier("date-fns"), "date_fns");
        assert_eq!(identifier("3d"), "_3d");
    }

    #[test]
    fn names_that_are_no_words_are_quoted() {
        assert_eq!(clause("a", "a"), "a");
        assert_eq!(clause("a", "b c"), "a as \"b c\"");
        assert_eq!(property("a", "default"), "a.default");
        assert_eq!(property("a", "b-c"), "a[\"b-c\"]");
        assert_eq!(property_key("__proto__"), "[\"__proto__\"]");
    }
}
