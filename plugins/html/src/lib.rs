//! HTML entries: what a page refers to, and the page with the names of the files that were built. Built on `lol_html`, so that what is
//! not rewritten stays byte for byte.
//!
//! An asset's record is empty: the dependencies are in document order, and rendering meets them in the same order again.

mod address;
mod entity;
mod image;
mod import_map;
mod inventory;
mod page;
mod references;
mod render;
mod scan;
mod srcset;
#[cfg(test)]
mod tests;
mod walk;

pub use inventory::{Inventory, inventory};

use planish_pipeline::asset::{Asset, AssetOutput, Source};
use planish_pipeline::diagnostic::{Diagnostic, Outcome};
use planish_pipeline::graph::AssetIdx;
use planish_pipeline::key::{Key, KeyBuilder};
use planish_pipeline::output::{Output, OutputClass};
use planish_pipeline::plugin::{AssetPlugin, Grouping, RenderContext, Request};

const VERSION: u32 = 1;

/// How documents are made.
#[derive(Clone, Debug)]
pub struct HtmlOptions {
    /// Wrap each `<img>` in a `<picture>` that offers the image's AVIF and WebP variants.
    pub picture: bool,
    /// Leave out comments, but for those that something reads: `<!--[if …`, `<!--!`, `<!--#`.
    pub minify: bool,
    /// Say what scripts and stylesheets must hold, so that a browser refuses any other bytes.
    pub integrity: Integrity,
}

/// Of which files a page says what they must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Integrity {
    /// Of none.
    None,
    /// Of those that are loaded with the page.
    AtOnce,
    /// Of all scripts that it may load, too, where it has an import map of them.
    All,
}

impl HtmlOptions {
    fn has_integrity(&self) -> bool {
        self.integrity != Integrity::None
    }
}

/// The plugin for `.html` and `.htm` entries.
pub struct HtmlPlugin {
    options: HtmlOptions,
}

impl HtmlPlugin {
    /// A plugin with these options.
    pub fn new(options: HtmlOptions) -> Self {
        Self { options }
    }
}

impl AssetPlugin for HtmlPlugin {
    fn kind(&self) -> &'static str {
        "html"
    }

    fn version(&self) -> u32 {
        VERSION
    }

    /// No other option changes what a page refers to or what is said of it.
    fn options(&self) -> Key {
        KeyBuilder::new("html-options", VERSION).value(&self.options.has_integrity()).finish()
    }

    fn accepts(&self, request: Request<'_>) -> bool {
        request.kind.is_none() && matches!(request.id.extension().as_str(), "html" | "htm")
    }

    fn grouping(&self) -> Grouping {
        Grouping::Single { class: OutputClass::Document }
    }

    fn transform(&self, source: &Source) -> Outcome<Asset> {
        let Some(text) = source.text() else { return Outcome::with(Asset::default(), vec![invalid_utf8(source)]) };
        let mut scan = scan::scan(text, &source.id);
        if self.options.has_integrity() {
            // The right one takes its place.
            scan.diagnostics.retain(|diagnostic| diagnostic.code != scan::INTEGRITY_DROPPED);
        }
        let dependencies = scan.found.into_iter().map(|found| found.dependency).collect();
        let outputs = vec![AssetOutput { variant: String::new(), extension: "html".into(), bytes: None }];
        Outcome::with(Asset { dependencies, outputs, ..Asset::default() }, scan.diagnostics)
    }

    fn render_asset(&self, context: &RenderContext<'_>, asset: AssetIdx) -> Outcome<Vec<Output>> {
        let Outcome { value, diagnostics } = render::render(context, asset, &self.options);
        Outcome::with(vec![value], diagnostics)
    }
}

fn invalid_utf8(source: &Source) -> Diagnostic {
    let valid = std::str::from_utf8(&source.content).map_or_else(|error| error.valid_up_to(), str::len) as u32;
    Diagnostic::error("invalid-utf8", "the document is not UTF-8").at(&source.id, valid..valid + 1, "")
}
