//! Modules that are made and not written: of data, of lists of files, and of what a query or an import attribute asks for.
//!
//! | request | default export |
//! |---|---|
//! | `?raw`, `with { type: "text" }` | the file's text |
//! | `?bytes`, `with { type: "bytes" }` | its bytes, a `Uint8Array` |
//! | `?inline` | a `data:` URL; for a stylesheet the text that it becomes in the output |
//! | `?worker`, `?sharedworker` | a function that starts it; with `&inline` from a text in the script; with `&url` its URL |
//! | `.wasm?init` | a function that gives an instance |

use crate::glob;
use crate::json::{json_module, text_module};
use crate::wasm;
use crate::words::quoted;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use planish_pipeline::asset::{AssetId, Content, DependencyKind, Source};
use planish_pipeline::diagnostic::Diagnostic;
use planish_pipeline::resolve::Platform;
use std::sync::Arc;

/// What a request makes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// The module that is written in the file.
    Code,
    Json,
    Text,
    Bytes,
    DataUrl,
    /// The text of a stylesheet.
    Style,
    Worker {
        shared: bool,
        place: WorkerPlace,
    },
    /// A WebAssembly module as an ES module.
    Wasm,
    WasmInit,
    /// A list of files; see [`crate::glob`].
    List,
    /// No module: a file wanted for its URL, or another plugin's.
    Other,
}

impl Form {
    /// What an asset's name asks for.
    pub(crate) fn of(id: &AssetId) -> Self {
        let asks = |flag: &str| id.query().is_some_and(|query| query.split('&').any(|part| part == flag));
        let extension = id.extension();
        let shared = asks("sharedworker");
        if asks("raw") {
            Self::Text
        } else if asks("bytes") {
            Self::Bytes
        } else if shared || asks("worker") {
            let place = match (asks("url"), asks("inline")) {
                (true, _) => WorkerPlace::Url,
                (false, true) => WorkerPlace::Inline,
                (false, false) => WorkerPlace::File,
            };
            Self::Worker { shared, place }
        } else if asks("url") || asks("no-inline") {
            Self::Other
        } else if asks("inline") {
            if extension == "css" { Self::Style } else { Self::DataUrl }
        } else if asks("json") {
            Self::Json
        } else {
            match extension.as_str() {
                // Node.js takes a file without an extension for a script.
                "js" | "mjs" | "cjs" | "jsx" | "ts" | "mts" | "cts" | "tsx" | "" => Self::Code,
                "json" => Self::Json,
                "wasm" if asks("init") => Self::WasmInit,
                "wasm" => Self::Wasm,
                glob::EXTENSION => Self::List,
                _ => Self::Other,
            }
        }
    }
}

/// Where a worker's script is, and what is wanted of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WorkerPlace {
    /// A file, which a function starts.
    File,
    /// A file, of which the URL is wanted.
    Url,
    /// A text in the script that starts it.
    Inline,
}

/// The text of a module.
pub(crate) struct Text {
    pub(crate) text: Arc<str>,
    /// It is the user's own, and its positions are those of the file.
    pub(crate) is_written: bool,
    /// What its dependencies are, if they are not what their syntax says.
    pub(crate) kind: Option<DependencyKind>,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// The text of the module that a source stands for.
pub(crate) fn module_text(source: &Source, platform: Platform) -> Result<Text, Box<Diagnostic>> {
    let form = Form::of(&source.id);
    let is_written = matches!(form, Form::Code | Form::Other);
    let mut made = Text { text: "".into(), is_written, kind: None, diagnostics: Vec::new() };
    made.text = match form {
        Form::Code | Form::Other => Arc::clone(utf8(source)?),
        Form::Json => json_module(source, utf8(source)?)?.into(),
        Form::Text => text_module(utf8(source)?).into(),
        Form::Bytes => bytes_module(&source.content).into(),
        Form::DataUrl => text_module(&data_url(source)).into(),
        Form::Style => {
            made.kind = Some(DependencyKind::Inline);
            format!("export default import({});\n", quoted(&own_specifier(source))).into()
        }
        Form::Worker { place: WorkerPlace::Url, .. } => {
            made.kind = Some(DependencyKind::Worker);
            format!("export default new URL({}, import.meta.url).href;\n", quoted(&own_url(source))).into()
        }
        Form::Worker { shared, place: WorkerPlace::File } => worker_module(&own_url(source), shared).into(),
        Form::Worker { shared, place: WorkerPlace::Inline } => {
            made.kind = Some(DependencyKind::Inline);
            inline_worker_module(&own_specifier(source), shared).into()
        }
        Form::Wasm => wasm::module(source, &own_specifier(source))?.into(),
        Form::WasmInit => wasm::init_module(&own_url(source), platform).into(),
        Form::List => {
            let (text, diagnostics) = glob::module(source, utf8(source)?);
            made.diagnostics = diagnostics;
            text.into()
        }
    };
    Ok(made)
}

fn utf8(source: &Source) -> Result<&Arc<str>, Box<Diagnostic>> {
    let Content::Text(text) = &source.content else {
        let diagnostic = Diagnostic::error("invalid-utf8", format!("`{}` is not valid UTF-8", source.id));
        return Err(Box::new(diagnostic.at(&source.id, 0..0, "").help("save the file as UTF-8")));
    };
    Ok(text)
}

fn file_name(source: &Source) -> &str {
    source.id.path().rsplit('/').next().unwrap_or_default()
}

/// The file itself as a specifier in a module beside it.
fn own_specifier(source: &Source) -> String {
    format!("./{}", file_name(source))
}

/// The file itself as a URL in a module beside it.
fn own_url(source: &Source) -> String {
    let name = file_name(source).replace('%', "%25").replace('?', "%3F").replace('#', "%23");
    format!("./{name}")
}

fn bytes_module(content: &[u8]) -> String {
    let text = quoted(&STANDARD.encode(content));
    format!("export default /* @__PURE__ */ Uint8Array.from(/* @__PURE__ */ atob({text}), (c) => c.charCodeAt(0));\n")
}

/// As Vite has it: the name is the one option that the caller may give.
fn worker_module(url: &str, shared: bool) -> String {
    let class = if shared { "SharedWorker" } else { "Worker" };
    let url = quoted(url);
    format!(
        "export default function WorkerWrapper(options) {{
  return new {class}(new URL({url}, import.meta.url), {{ type: \"module\", name: options?.name }});
}}
"
    )
}

/// A blob's URL is one page's own and is given back once the worker runs; a shared worker needs one that is the same everywhere.
fn inline_worker_module(specifier: &str, shared: bool) -> String {
    let specifier = quoted(specifier);
    let start = if shared {
        "new SharedWorker(\"data:text/javascript;charset=utf-8,\" + encodeURIComponent(code), settings)"
    } else {
        "new Worker(URL.createObjectURL(new Blob([\"URL.revokeObjectURL(import.meta.url);\", code], { type: \"text/javascript\" })), settings)"
    };
    format!(
        "const code = import({specifier});
export default function WorkerWrapper(options) {{
  const settings = {{ type: \"module\", name: options?.name }};
  return {start};
}}
"
    )
}

/// Text that mostly needs no escape stays readable and compresses better than base64.
fn data_url(source: &Source) -> String {
    let kind = media_type(&source.id.extension());
    match source.text() {
        Some(text) if kind == "image/svg+xml" => format!("data:{kind},{}", percent_encode(text)),
        _ => format!("data:{kind};base64,{}", STANDARD.encode(&*source.content)),
    }
}

/// Encodes what may not stand in a URL, nor between quotes or parentheses.
fn percent_encode(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"!$&*+,-./:;=?@_~".contains(&byte) {
            result.push(char::from(byte));
        } else {
            result.push_str(&format!("%{byte:02X}"));
        }
    }
    result
}

fn media_type(extension: &str) -> &'static str {
    match extension {
        "apng" => "image/apng",
        "avif" => "image/avif",
        "bmp" => "image/bmp",
        "gif" => "image/gif",
        "ico" => "image/x-icon",
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "webp" => "image/webp",
        "eot" => "application/vnd.ms-fontobject",
        "otf" => "font/otf",
        "ttf" => "font/ttf",
        "woff" => "font/woff",
        "woff2" => "font/woff2",
        "flac" => "audio/flac",
        "mp3" => "audio/mpeg",
        "ogg" => "audio/ogg",
        "wav" => "audio/wav",
        "mp4" => "video/mp4",
        "webm" => "video/webm",
        "html" | "htm" => "text/html",
        "js" | "mjs" => "text/javascript",
        "json" => "application/json",
        "pdf" => "application/pdf",
        "txt" => "text/plain",
        "wasm" => "application/wasm",
        "xml" => "text/xml",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(id: &str, expected: Form) {
        assert_eq!(Form::of(&AssetId::new(id)), expected, "{id}");
    }

    #[test]
    fn queries_ask_for_forms() {
        check("a.ts", Form::Code);
        check("bin/tool", Form::Code);
        check("a.js?v=1", Form::Code);
        check("a.json?raw", Form::Text);
        check("a.css?inline", Form::Style);
        check("a.svg?inline", Form::DataUrl);
        check("a.js?url", Form::Other);
        check("a.png", Form::Other);
        check("a.ts?worker", Form::Worker { shared: false, place: WorkerPlace::File });
        check("a.ts?worker&inline", Form::Worker { shared: false, place: WorkerPlace::Inline });
        check("a.ts?sharedworker&url", Form::Worker { shared: true, place: WorkerPlace::Url });
        check("a.wasm?init", Form::WasmInit);
        check("a.html?inline=0.js", Form::Code);
        check("a.js?inline=0.glob", Form::List);
    }

    #[test]
    fn markup_in_a_url_is_escaped() {
        assert_eq!(percent_encode("<a b='c'>#é"), "%3Ca%20b=%27c%27%3E%23%C3%A9");
    }
}
