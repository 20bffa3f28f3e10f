//! The import map of a page: where the files are that its scripts look up by key.

use crate::address::Addresses;
use crate::page::Page;
use planish_pipeline::diagnostic::Diagnostic;
use serde_json::{Map, Value};

/// The text of a page's import map, joined with the one that the page has itself; `None` if its scripts need none.
///
/// # Errors
/// If the page's own is none, so that nothing can be added.
pub(crate) fn import_map(
    page: &Page,
    own: Option<&str>,
    addresses: &mut Addresses<'_>,
) -> Result<Option<String>, Diagnostic> {
    if page.looked_up.is_empty() {
        return Ok(None);
    }
    let mut map: Map<String, Value> = serde_json::from_str(own.unwrap_or("{}")).map_err(|error| invalid(&error))?;
    let imports = page.looked_up.iter().filter_map(|(key, output)| Some((key.clone(), addresses.output(output)?)));
    add(&mut map, "imports", imports.collect())?;
    let checked = page.checked.iter();
    let checked: Vec<(String, String)> = checked.filter_map(|output| addresses.checked(output)).collect();
    if !checked.is_empty() {
        add(&mut map, "integrity", checked)?;
    }
    // Nothing in it may end the script element.
    Ok(Some(Value::Object(map).to_string().replace('<', "\\u003c")))
}

fn add(map: &mut Map<String, Value>, section: &str, entries: Vec<(String, String)>) -> Result<(), Diagnostic> {
    let section = map.entry(section).or_insert_with(|| Value::Object(Map::new()));
    let section = section.as_object_mut().ok_or_else(|| invalid(&"a section is no object"))?;
    section.extend(entries.into_iter().map(|(name, value)| (name, Value::String(value))));
    Ok(())
}

fn invalid(reason: &dyn std::fmt::Display) -> Diagnostic {
    let message = format!("the scripts of the page need its import map, which cannot be read: {reason}");
    Diagnostic::error("invalid-import-map", message)
}
