//! Stylesheets: what they refer to, and one bundled, lowered and minified stylesheet for each chunk. Built on Lightning CSS.
//!
//! ```text
//! source --scan--> dependencies      chunk --reach--> files --bundle--> rules --print--> CSS and source map
//! ```
//!
//! An asset's record is empty: rendering parses the sources again, which costs less than to store and load a syntax tree.

mod address;
mod bundle;
mod inline;
mod layers;
mod place;
mod print;
mod reach;
mod scan;
mod target;
#[cfg(test)]
mod tests;
mod urls;

use lightningcss::targets::Targets;
use planish_pipeline::asset::{Asset, Source};
use planish_pipeline::chunk::ChunkIdx;
use planish_pipeline::diagnostic::Outcome;
use planish_pipeline::graph::AssetIdx;
use planish_pipeline::key::{Key, KeyBuilder};
use planish_pipeline::output::{Bytes, Output, OutputClass, OutputId};
use planish_pipeline::plugin::{AssetPlugin, Grouping, Inline, RenderContext, Request};
use planish_pipeline::task::Task;

const VERSION: u32 = 1;
const RENDER: Task = Task { name: "css-render", version: VERSION };
/// A stylesheet as a text in a script.
const INLINE: Task = Task { name: "css-inline", version: VERSION };

/// How stylesheets are made.
#[derive(Clone, Debug)]
pub struct CssOptions {
    /// Print without spaces and with the shortest values.
    pub minify: bool,
    /// Make a source map beside each stylesheet.
    pub source_map: bool,
    /// The browsers that must understand the result: `baseline-widely-available`, a browserslist query, or an edition of ECMAScript
    /// such as `es2020`, which says nothing about CSS: then nothing is lowered or prefixed.
    pub target: String,
}

/// The plugin for `.css` files.
pub struct CssPlugin {
    options: CssOptions,
    targets: Targets,
}

impl CssPlugin {
    /// A plugin with these options.
    ///
    /// # Errors
    /// A message about a target that is not understood.
    pub fn new(options: CssOptions) -> Result<Self, String> {
        let targets = target::targets(&options.target)?;
        Ok(Self { options, targets })
    }

    fn printing(&self) -> print::Printing {
        print::Printing { minify: self.options.minify, targets: self.targets }
    }
}

impl AssetPlugin for CssPlugin {
    fn kind(&self) -> &'static str {
        reach::KIND
    }

    fn version(&self) -> u32 {
        VERSION
    }

    /// Scanning depends on no option; all of them enter the key of rendering.
    fn options(&self) -> Key {
        KeyBuilder::new("css-options", VERSION).finish()
    }

    fn accepts(&self, request: Request<'_>) -> bool {
        request.id.extension() == "css" && !matches!(request.id.query(), Some("raw" | "bytes" | "url"))
    }

    fn grouping(&self) -> Grouping {
        Grouping::Style
    }

    fn transform(&self, source: &Source) -> Outcome<Asset> {
        let Outcome { value, diagnostics } = scan::scan(source);
        Outcome::with(Asset { dependencies: value, ..Asset::default() }, diagnostics)
    }

    fn render_chunk(&self, context: &RenderContext<'_>, idx: ChunkIdx) -> Outcome<Vec<Output>> {
        let chunk = context.plan.chunk(idx);
        let Some(style) = &chunk.style else { return Outcome::new(Vec::new()) };
        let reach = reach::reach(context.graph, context.names, style, &chunk.styles);
        let map = OutputId::new(format!("map:{}", style.as_str()));
        let map_name = context.names.relative(style, &map).filter(|_| self.options.source_map);
        let rendered = context.tasks.run(
            RENDER,
            &chunk.name,
            |key| {
                key.value(&(self.options.minify, &self.options.target, &map_name));
                reach.add_to(key);
            },
            || print::print(bundle::bundle(&reach), &reach, &self.printing(), map_name.as_deref()),
        );
        let output = |id: &OutputId, class, text: &str, references| Output {
            id: id.clone(),
            class,
            bytes: Bytes::copy_from_slice(text.as_bytes()),
            references,
            asset: None,
            chunk: Some(idx),
        };
        let mut references = reach.outputs();
        // The map is named after the style, so its name holds the style's own hash.
        references.extend(map_name.as_ref().map(|_| style.clone()));
        let mut outputs = vec![output(style, OutputClass::Style, &rendered.value.css, references)];
        if let Some(text) = &rendered.value.map {
            outputs.push(output(&map, OutputClass::SourceMap, text, Vec::new()));
        }
        Outcome::with(outputs, rendered.diagnostics.clone())
    }

    fn render_inline(&self, context: &RenderContext<'_>, asset: AssetIdx, into: &OutputId) -> Outcome<Inline> {
        let (reach, urls) = reach::reach_inline(context.graph, context.names, into, asset);
        let rendered = context.tasks.run(
            INLINE,
            context.graph.node(asset).id.as_str(),
            |key| {
                key.value(&(self.options.minify, &self.options.target));
                reach.add_to(key);
            },
            || print::print(bundle::bundle(&reach), &reach, &self.printing(), None),
        );
        let inline = Inline { pieces: inline::pieces(&rendered.value.css, &urls), references: reach.outputs() };
        Outcome::with(inline, rendered.diagnostics.clone())
    }
}
