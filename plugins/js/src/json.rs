//! JSON and text files as ES modules.

use crate::words::{clause, is_reserved, is_word, quoted};
use planish_pipeline::asset::Source;
use planish_pipeline::diagnostic::Diagnostic;
use serde_json::Value;

/// A module that exports a JSON value as `default` and, if it is an object, its members: each is a
/// declaration of its own, so that unused ones are shaken off.
pub(crate) fn json_module(source: &Source, text: &str) -> Result<String, Box<Diagnostic>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let value: Value = serde_json::from_str(text).map_err(|error| {
        let start = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
        let at = (start + error.column().saturating_sub(1)).min(text.len()) as u32;
        let reason = error.to_string();
        let reason = reason.split(" at line ").next().unwrap_or_default().to_owned();
        Box::new(Diagnostic::error("syntax-error", format!("invalid JSON: {reason}")).at(&source.id, at..at + 1, ""))
    })?;
    let Value::Object(members) = &value else { return Ok(format!("export default {};\n", script(&value))) };
    let mut module = String::new();
    let mut properties = Vec::new();
    for (number, (name, value)) in members.iter().enumerate() {
        let variable = if is_variable(name) { name.clone() } else { format!("member{number}$") };
        module.push_str(&format!("const {variable} = {};\n", script(value)));
        properties.push(format!("{}: {variable}", key(name)));
        // `__esModule` would say something of the module.
        if name != "default" && name != "__esModule" {
            module.push_str(&format!("export {{ {} }};\n", clause(&variable, name)));
        }
    }
    module.push_str(&format!("export default {{ {} }};\n", properties.join(", ")));
    Ok(module)
}

/// A module that exports a text.
pub(crate) fn text_module(text: &str) -> String {
    format!("export default {};\n", quoted(text))
}

/// JSON is JavaScript but for `__proto__`, which sets the prototype there, and two line separators that old parsers refuse.
fn script(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members: Vec<String> =
                members.iter().map(|(name, value)| format!("{}: {}", key(name), script(value))).collect();
            format!("{{ {} }}", members.join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(script).collect::<Vec<_>>().join(", ")),
        Value::String(text) => quoted(text),
        other => other.to_string(),
    }
}

fn key(name: &str) -> String {
    if name == "__proto__" { "[\"__proto__\"]".to_owned() } else { quoted(name) }
}

fn is_variable(name: &str) -> bool {
    is_word(name) && name != "__proto__" && !is_reserved(name)
}
