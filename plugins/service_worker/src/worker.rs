//! The text of a worker: constants, then the code that reads them.

use crate::list::{Entry, Tiers};
use crate::{ServiceWorkerOptions, pattern};
use planish_pipeline::key::KeyBuilder;
use serde_json::{Value, json};

const PRECACHE: &str = include_str!("worker/precache.js");
const RUNTIME: &str = include_str!("worker/runtime.js");
const KILL: &str = include_str!("worker/kill.js");
const HEAD: &str = "// Made by Planish.\n";

/// URLs of documents with a part of their own.
pub(crate) struct Pages {
    /// In place of a document that is not kept.
    pub(crate) fallback: Option<String>,
    /// Instead, without a network.
    pub(crate) offline: Option<String>,
}

/// The worker that keeps these files.
pub(crate) fn render(tiers: &Tiers, pages: &Pages, options: &ServiceWorkerOptions) -> String {
    let shell = (!options.app_shell.is_empty()).then(|| pattern::expression(&options.app_shell));
    let rules: Vec<Value> = options.rules.iter().map(|rule| rule.to_json()).collect();
    let offline = pages.offline.as_ref().or(pages.fallback.as_ref());
    let constants = [
        ("FALLBACK", json!(pages.fallback).to_string()),
        ("OFFLINE", json!(offline).to_string()),
        ("SHELL", json!(shell).to_string()),
        ("PRELOAD", json!(options.navigation_preload).to_string()),
        ("INTEGRITY", json!(options.integrity).to_string()),
        ("RULES", lines(rules)),
        // Each has the URL, the SHA-384 hash, and a 1 if the name does not tell versions apart.
        ("CRITICAL", lines(tiers.critical.iter().map(Entry::to_json))),
        ("TOLERANT", lines(tiers.tolerant.iter().map(Entry::to_json))),
    ];
    let constants: String = constants.iter().map(|(name, value)| format!("const {name} = {value};\n")).collect();
    let runtime = if options.rules.is_empty() { "" } else { RUNTIME };
    let code = format!("{constants}{}{}", small(PRECACHE), small(runtime));
    let version = KeyBuilder::new("service worker", 1).text(&code).finish().to_name(8);
    format!("{HEAD}const VERSION = \"{version}\";\n{code}")
}

/// The worker that ends another.
pub(crate) fn kill() -> String {
    format!("{HEAD}{}", small(KILL))
}

fn lines(items: impl IntoIterator<Item = Value>) -> String {
    let lines: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    if lines.is_empty() { "[]".to_owned() } else { format!("[\n{}\n]", lines.join(",\n")) }
}

/// Own code without its comments and its indentation. Neither occurs inside a string there.
fn small(code: &str) -> String {
    let lines = code.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
    lines.flat_map(|line| [line, "\n"]).collect()
}
