//! Web app manifests: `site.webmanifest`, or a `manifest.json` that a document asks for by its URL.
//!
//! A manifest moves to another folder and its icons get new names, so both kinds of URLs in it are rewritten:
//! ```json
//! { "start_url": "./", "icons": [{ "src": "img/icon.png" }] }
//! { "start_url": "../", "icons": [{ "src": "./icon-9fK2c1xQ.png" }] }
//! ```
//! See the W3C's "Web Application Manifest" and its "App Information" and "Share Target" companions.

use planish_pipeline::asset::{Asset, AssetId, AssetOutput, Dependency, DependencyKind, Source};
use planish_pipeline::diagnostic::{Diagnostic, Outcome};
use planish_pipeline::graph::{AssetIdx, Target};
use planish_pipeline::key::{Key, KeyBuilder};
use planish_pipeline::naming::{Names, relative_path};
use planish_pipeline::output::{Output, OutputClass, OutputId};
use planish_pipeline::plugin::{AssetPlugin, Grouping, RenderContext, Request};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::ops::Range;

/// The plugin for web app manifests. It belongs before any that takes JSON.
#[derive(Clone, Copy, Debug, Default)]
pub struct ManifestPlugin;

impl AssetPlugin for ManifestPlugin {
    fn kind(&self) -> &'static str {
        "webmanifest"
    }

    fn version(&self) -> u32 {
        1
    }

    fn options(&self) -> Key {
        KeyBuilder::new("webmanifest options", 1).finish()
    }

    fn accepts(&self, request: Request<'_>) -> bool {
        let name = request.id.path().rsplit('/').next().unwrap_or_default();
        let is_named_so = name == "manifest.json" && request.kind == Some(DependencyKind::Url);
        (is_named_so || request.id.extension() == "webmanifest") && request.id.query().is_none()
    }

    fn grouping(&self) -> Grouping {
        Grouping::Single { class: OutputClass::Asset }
    }

    fn transform(&self, source: &Source) -> Outcome<Asset> {
        let Some(text) = source.text() else {
            let error =
                Diagnostic::error("syntax-error", format!("`{}` is not UTF-8", source.id)).at(&source.id, 0..0, "");
            return Outcome::with(Asset::default(), vec![error]);
        };
        let files = match scan(text) {
            Ok(urls) => urls.files,
            Err(error) => return Outcome::with(Asset::default(), vec![syntax_error(&source.id, text, &error)]),
        };
        let dependencies = files
            .into_iter()
            .map(|url| Dependency::new(url.text, DependencyKind::Url, url.range.start as u32..url.range.end as u32))
            .collect();
        let output = AssetOutput { variant: String::new(), extension: source.id.extension(), bytes: None };
        Outcome::new(Asset { dependencies, outputs: vec![output], ..Asset::default() })
    }

    fn render_asset(&self, context: &RenderContext<'_>, asset: AssetIdx) -> Outcome<Vec<Output>> {
        let node = context.graph.node(asset);
        let text = node.source.text().unwrap_or_default();
        // A manifest that cannot be read has been reported, and nothing of it is released.
        let Ok(urls) = scan(text) else { return Outcome::default() };
        let id = OutputId::of_asset(&node.id, "");
        let mut references = Vec::new();
        let mut replacements: Vec<(Range<usize>, String)> = Vec::new();
        for (url, target) in urls.files.into_iter().zip(&node.targets) {
            let target_id = target.asset().map(|target| OutputId::of_asset(&context.graph.node(target).id, ""));
            if let Some(written) = file_url(context.names, &id, target, target_id.as_ref()) {
                let fragment = url.text.find('#').map_or("", |at| &url.text[at..]);
                replacements.push((url.range, written + fragment));
                references.extend(target_id);
            }
        }
        if let Some(path) = context.names.path(&id) {
            let pages = urls.pages.into_iter();
            replacements.extend(pages.filter_map(|url| Some((url.range, page_url(&node.id, path, &url.text)?))));
        }
        let bytes = minified(&replaced(text, replacements)).into_bytes().into();
        Outcome::new(vec![Output {
            id,
            class: OutputClass::Asset,
            bytes,
            references,
            asset: Some(node.id.clone()),
            chunk: None,
        }])
    }
}

/// The members that hold URLs. Everything else is passed on unread.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Manifest<'a> {
    #[serde(borrow)]
    start_url: Option<&'a RawValue>,
    #[serde(borrow)]
    scope: Option<&'a RawValue>,
    #[serde(borrow)]
    icons: Vec<Image<'a>>,
    #[serde(borrow)]
    screenshots: Vec<Image<'a>>,
    #[serde(borrow)]
    shortcuts: Vec<Shortcut<'a>>,
    #[serde(borrow)]
    share_target: Action<'a>,
    #[serde(borrow)]
    file_handlers: Vec<Action<'a>>,
    #[serde(borrow)]
    protocol_handlers: Vec<Shortcut<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Image<'a> {
    #[serde(borrow)]
    src: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Shortcut<'a> {
    #[serde(borrow)]
    url: Option<&'a RawValue>,
    #[serde(borrow)]
    icons: Vec<Image<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Action<'a> {
    #[serde(borrow)]
    action: Option<&'a RawValue>,
}

/// A URL of a manifest.
struct Url {
    text: String,
    /// Without the quotation marks.
    range: Range<usize>,
}

/// The URLs of a manifest, each list in source order.
struct Urls {
    /// Of files that are part of the build.
    files: Vec<Url>,
    /// Of pages.
    pages: Vec<Url>,
}

fn scan(text: &str) -> serde_json::Result<Urls> {
    let manifest: Manifest<'_> = serde_json::from_str(without_mark(text))?;
    let shortcuts = || manifest.shortcuts.iter();
    let images =
        manifest.icons.iter().chain(&manifest.screenshots).chain(shortcuts().flat_map(|shortcut| &shortcut.icons));
    let actions = manifest.file_handlers.iter().chain([&manifest.share_target]).filter_map(|action| action.action);
    let links = shortcuts().chain(&manifest.protocol_handlers).filter_map(|shortcut| shortcut.url);
    let pages = [manifest.start_url, manifest.scope].into_iter().flatten().chain(links).chain(actions);
    Ok(Urls { files: in_source_order(text, images.filter_map(|image| image.src)), pages: in_source_order(text, pages) })
}

fn in_source_order<'a>(text: &str, values: impl Iterator<Item = &'a RawValue>) -> Vec<Url> {
    let mut urls: Vec<Url> = values
        .filter_map(|value| {
            let start = value.get().as_ptr().addr() - text.as_ptr().addr() + 1;
            // A number or an object where a URL belongs is left to the browser, which ignores it.
            Some(Url { text: serde_json::from_str(value.get()).ok()?, range: start..start + value.get().len() - 2 })
        })
        .collect();
    urls.sort_by_key(|url| url.range.start);
    urls
}

/// How the manifest refers to a file; `None` if that is to stay as it is written.
fn file_url(names: &Names, from: &OutputId, target: &Target, target_id: Option<&OutputId>) -> Option<String> {
    match target {
        Target::Asset(_) => names.relative(from, target_id?),
        Target::Static(path) if names.has_relative_base() => Some(relative_path(names.path(from)?, path)),
        Target::Static(path) => Some(format!("{}{path}", names.base())),
        Target::External(_) | Target::Empty | Target::Missing => None,
    }
}

/// How the manifest at `path` refers to a page that it named relative to its source. Pages keep their paths, the manifest does not.
fn page_url(source: &AssetId, path: &str, written: &str) -> Option<String> {
    let is_relative = !written.starts_with(['/', '#']) && !planish_pipeline::resolve::is_remote(written);
    // Documents outside the root are not part of a build.
    if !is_relative || source.path().starts_with("../") {
        return None;
    }
    let (page, rest) = written.split_at(written.find(['?', '#']).unwrap_or(written.len()));
    let mut segments: Vec<&str> = source.path().split('/').collect();
    segments.pop();
    for segment in page.split('/') {
        match segment {
            "." => {}
            ".." => drop(segments.pop()),
            other => segments.push(other),
        }
    }
    let names_folder = matches!(page.rsplit('/').next(), Some("" | "." | ".."));
    let mut page = segments.into_iter().filter(|segment| !segment.is_empty()).collect::<Vec<_>>().join("/");
    if names_folder && !page.is_empty() {
        page.push('/');
    }
    Some(relative_path(path, &page) + rest)
}

fn replaced(text: &str, mut replacements: Vec<(Range<usize>, String)>) -> String {
    replacements.sort_by_key(|(range, _)| range.start);
    let mut result = String::with_capacity(text.len());
    let mut at = 0;
    for (range, url) in replacements {
        let quoted = serde_json::Value::String(url).to_string();
        result.push_str(&text[at..range.start]);
        result.push_str(&quoted[1..quoted.len() - 1]);
        at = range.end;
    }
    result + &text[at..]
}

/// Without spaces and line breaks.
fn minified(text: &str) -> String {
    serde_json::from_str::<serde_json::Value>(without_mark(text))
        .map_or_else(|_| text.to_owned(), |value| value.to_string())
}

fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

fn syntax_error(id: &AssetId, text: &str, error: &serde_json::Error) -> Diagnostic {
    let place = offset(text, error.line(), error.column());
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    Diagnostic::error("syntax-error", format!("`{id}` is not a web app manifest: {message}")).at(id, place..place, "")
}

/// The byte offset of serde_json's place: its lines and columns count from one, and its columns count bytes.
fn offset(text: &str, line: usize, column: usize) -> u32 {
    let text_without_mark = without_mark(text);
    let skipped = text.len() - text_without_mark.len();
    let before: usize = text_without_mark.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let mut place = (skipped + before + column.saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(place) {
        place -= 1;
    }
    place as u32
}

#[cfg(test)]
mod tests;
