//! WebAssembly modules as ES modules: what the file imports is imported by name, what it exports is exported.
//!
//! The proposal for WebAssembly/ES module integration, in terms of `WebAssembly.instantiate` and a top-level `await`.

use crate::words::{clause, module_export_name, property, property_key, quoted};
use planish_pipeline::asset::Source;
use planish_pipeline::diagnostic::Diagnostic;
use planish_pipeline::resolve::Platform;
use std::collections::BTreeMap;

const GLOBAL: u8 = 3;

/// The names on a WebAssembly module's borders.
#[derive(Debug, Default, PartialEq, Eq)]
struct Borders {
    /// Module names with what is imported of each, in order of appearance.
    imports: Vec<(String, Vec<String>)>,
    /// Names, and whether each is a global, of which ES modules see the value.
    exports: Vec<(String, bool)>,
}

/// A module that instantiates the file and exports what it exports. `specifier` names the file from beside it.
pub(crate) fn module(source: &Source, specifier: &str) -> Result<String, Box<Diagnostic>> {
    let borders = read(&source.content).ok_or_else(|| {
        let message = format!("`{}` is not a WebAssembly module", source.id);
        Box::new(
            Diagnostic::error("invalid-wasm", message).at(&source.id, 0..0, "").help("`?url` gives the file's URL"),
        )
    })?;
    let mut text = format!("import init from {};\n", quoted(&format!("{specifier}?init")));
    let mut modules = Vec::new();
    for (number, (from, names)) in borders.imports.iter().enumerate() {
        let locals: Vec<String> = (0..names.len()).map(|at| format!("import{number}_{at}")).collect();
        let clauses: Vec<String> =
            names.iter().zip(&locals).map(|(name, local)| format!("{} as {local}", module_export_name(name))).collect();
        text.push_str(&format!("import {{ {} }} from {};\n", clauses.join(", "), quoted(from)));
        let members: Vec<String> =
            names.iter().zip(&locals).map(|(name, local)| format!("{}: {local}", property_key(name))).collect();
        modules.push(format!("{}: {{ {} }}", property_key(from), members.join(", ")));
    }
    text.push_str(&format!("const instance = await init({{ {} }});\n", modules.join(", ")));
    for (number, (name, is_global)) in borders.exports.iter().enumerate() {
        let local = format!("export{number}");
        let value = property("instance.exports", name) + if *is_global { ".value" } else { "" };
        text.push_str(&format!("const {local} = {value};\nexport {{ {} }};\n", clause(&local, name)));
    }
    Ok(text)
}

/// A module with a function that instantiates the file at `url` with imports.
pub(crate) fn init_module(url: &str, platform: Platform) -> String {
    let url = quoted(url);
    match platform {
        Platform::Node => format!(
            "import {{ readFile }} from \"node:fs/promises\";
export default async (imports = {{}}) =>
  (await WebAssembly.instantiate(await readFile(new URL({url}, import.meta.url)), imports)).instance;
"
        ),
        // A server that does not know the media type is no reason to fail.
        Platform::Browser => format!(
            "export default async (imports = {{}}) => {{
  const response = await fetch(new URL({url}, import.meta.url));
  if (!response.ok) throw new Error(`Unable to load ${{response.url}}: ${{response.status}}`);
  const type = response.headers.get(\"Content-Type\") ?? \"\";
  const streams = \"instantiateStreaming\" in WebAssembly && type.startsWith(\"application/wasm\");
  const result = streams
    ? await WebAssembly.instantiateStreaming(response, imports)
    : await WebAssembly.instantiate(await response.arrayBuffer(), imports);
  return result.instance;
}};
"
        ),
    }
}

/// Reads the import and export sections; `None` if the file is not well-formed as far as that.
fn read(content: &[u8]) -> Option<Borders> {
    let mut reader = Reader { rest: content.strip_prefix(b"\0asm\x01\0\0\0")? };
    let mut borders = Borders::default();
    while !reader.rest.is_empty() {
        let id = reader.byte()?;
        let size = reader.number()? as usize;
        let mut section = Reader { rest: reader.take(size)? };
        match id {
            2 => borders.imports = imports(&mut section)?,
            7 => borders.exports = exports(&mut section)?,
            _ => {}
        }
    }
    Some(borders)
}

fn imports(section: &mut Reader<'_>) -> Option<Vec<(String, Vec<String>)>> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    let mut place: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..section.number()? {
        let (module, name) = (section.name()?, section.name()?);
        section.import_type()?;
        let at = *place.entry(module.clone()).or_insert_with(|| {
            found.push((module, Vec::new()));
            found.len() - 1
        });
        if !found[at].1.contains(&name) {
            found[at].1.push(name);
        }
    }
    Some(found)
}

fn exports(section: &mut Reader<'_>) -> Option<Vec<(String, bool)>> {
    let mut found = Vec::new();
    for _ in 0..section.number()? {
        let name = section.name()?;
        let kind = section.byte()?;
        section.number()?;
        found.push((name, kind == GLOBAL));
    }
    Some(found)
}

/// The rest of a section.
struct Reader<'b> {
    rest: &'b [u8],
}

impl<'b> Reader<'b> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    /// An unsigned LEB128 number.
    fn number(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn name(&mut self) -> Option<String> {
        let size = self.number()? as usize;
        String::from_utf8(self.take(size)?.to_vec()).ok()
    }

    /// What kind of thing an import is, of which only the length matters.
    fn import_type(&mut self) -> Option<()> {
        match self.byte()? {
            0 => self.number().map(drop),
            1 => {
                self.value_type()?;
                self.limits()
            }
            2 => self.limits(),
            GLOBAL => {
                self.value_type()?;
                self.byte().map(drop)
            }
            // A tag: an attribute and a type.
            4 => {
                self.byte()?;
                self.number().map(drop)
            }
            _ => None,
        }
    }

    fn value_type(&mut self) -> Option<()> {
        // Typed references name a heap type.
        if matches!(self.byte()?, 0x63 | 0x64) {
            self.number()?;
        }
        Some(())
    }

    fn limits(&mut self) -> Option<()> {
        let flags = self.byte()?;
        self.number()?;
        if flags & 1 == 1 {
            self.number()?;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `(module (import "./m.js" "log" (func (param i32))) (import "./m.js" "mem" (memory 1 2)) (func (export "run")) (global (export "g") i32 (i32.const 7)))`
    /// but for the code, which nobody reads here.
    const MODULE: &[u8] = b"\0asm\x01\0\0\0\
        \x02\x1d\x02\x06./m.js\x03log\x00\x00\x06./m.js\x03mem\x02\x01\x01\x02\
        \x07\x0b\x02\x03run\x00\x01\x01g\x03\x00";

    #[test]
    fn borders_are_read() {
        let borders = read(MODULE).expect("it is well-formed");
        assert_eq!(borders.imports, [("./m.js".to_owned(), vec!["log".to_owned(), "mem".to_owned()])]);
        assert_eq!(borders.exports, [("run".to_owned(), false), ("g".to_owned(), true)]);
    }

    #[test]
    fn what_is_broken_is_refused() {
        assert_eq!(read(b"no"), None);
        assert_eq!(read(&MODULE[..MODULE.len() - 1]), None);
        assert_eq!(read(b"\0asm\x01\0\0\0"), Some(Borders::default()));
    }
}
