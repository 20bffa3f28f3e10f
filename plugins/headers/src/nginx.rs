//! Snippets for nginx: maps for the `http` block, and what a `location` that serves the release includes.

use crate::rules::{IMMUTABLE, NO_CACHE, Rules};

/// Variables that give the headers of a URL.
pub(crate) fn maps(rules: &Rules<'_>) -> String {
    let immutable = rules
        .immutable_folders
        .iter()
        .map(|folder| (regex(&rules.prefix, folder, ""), IMMUTABLE))
        .chain(rules.immutable_files.iter().map(|path| (regex(&rules.prefix, path, "$"), IMMUTABLE)));
    let mut text = "# Include this in the `http` block.\n".to_owned();
    text += &map("planish_cache_control", NO_CACHE, immutable);
    for (header, variable) in POLICIES {
        let values = rules.policies.iter().flat_map(|(page, policies)| {
            let value = policies.headers().find(|(name, _)| *name == header).map(|(_, value)| value);
            let urls = rules.urls(page).into_iter();
            urls.filter_map(move |url| Some((regex("", &url, "$"), value?)))
        });
        text += &map(variable, "", values);
    }
    text
}

/// Headers with no value are not sent.
const POLICIES: [(&str, &str); 2] =
    [("Content-Security-Policy", "planish_content_security_policy"), ("Integrity-Policy", "planish_integrity_policy")];

fn map<'v>(variable: &str, default: &str, values: impl Iterator<Item = (String, &'v str)>) -> String {
    let lines: String = values.map(|(key, value)| format!("    {key} \"{value}\";\n")).collect();
    format!("map $uri ${variable} {{\n    default \"{default}\";\n{lines}}}\n")
}

/// A regular expression in quotes: plain keys longer than a processor's cache line need another setting.
fn regex(prefix: &str, path: &str, end: &str) -> String {
    let mut pattern = String::new();
    for character in prefix.chars().chain(path.chars()) {
        if character.is_ascii_punctuation() && !"/-_~".contains(character) {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    format!("\"~^{}{end}\"", pattern.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The directives of a location.
pub(crate) fn server(rules: &Rules<'_>) -> String {
    let mut text = format!(
        "# Include this in the location that serves the build, for example\n#   location {} {{ alias /srv/dist/; include nginx-server.conf; }}\n",
        rules.prefix
    );
    if rules.encodings.contains("gz") {
        text += "gzip_static on;\ngzip_vary on;\n";
    }
    if rules.encodings.contains("br") {
        text += "# Needs the module ngx_brotli.\nbrotli_static on;\n";
    }
    text += "add_header Cache-Control $planish_cache_control;\n";
    for (header, variable) in POLICIES {
        text += &format!("add_header {header} ${variable};\n");
    }
    text
}
