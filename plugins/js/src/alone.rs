//! A module with all that it needs as one text: for a worker that has no file.

use crate::{JsOptions, JsPlugin, LegalComments, SourceMap};
use planish_pipeline::asset::DependencyKind;
use planish_pipeline::chunk::{ChunkPlan, Lookup, PlanInput, Split, plan};
use planish_pipeline::diagnostic::{Diagnostic, Outcome};
use planish_pipeline::graph::{AssetGraph, AssetIdx, Entry};
use planish_pipeline::output::{OutputClass, OutputId};
use planish_pipeline::plugin::{AssetPlugin, Edge, Grouping, Inline, Linked, Load, Piece, RenderContext};

/// Links the module as if it were the only entry, into one script.
pub(crate) fn alone(
    plugin: &JsPlugin,
    context: &RenderContext<'_>,
    root: AssetIdx,
    into: &OutputId,
) -> Outcome<Inline> {
    let mut diagnostics = Vec::new();
    let id = &context.graph.node(root).id;
    let entries = vec![Entry { name: id.stem().to_owned(), asset: root }];
    let graph = AssetGraph { entries, splitting: false, library: false, ..context.graph.clone() };
    let legal_comments = match plugin.options.legal_comments {
        LegalComments::Linked => LegalComments::Inline,
        kept => kept,
    };
    let options = JsOptions { source_map: SourceMap::None, legal_comments, ..plugin.options.clone() };
    let plugin = JsPlugin::new(options).expect("the plugin has the same options but for these");
    let mut linked = plugin.link(&graph, context.tasks).take(&mut diagnostics);
    let mut plan = chunks(&plugin, &graph, &linked);
    diagnostics.extend(plugin.prepare(&graph, &plan, &mut linked));
    let Some(chunk) = plan.root_chunk(root) else { return Outcome::with(Inline::default(), diagnostics) };
    // It lies where the script lies that it becomes part of.
    plan.chunks[chunk.index()].script = Some(into.clone());
    let context = RenderContext { graph: &graph, plan: &plan, linked: &linked, ..*context };
    let outputs = plugin.render_chunk(&context, chunk).take(&mut diagnostics);
    let script = outputs.into_iter().find(|output| output.class == OutputClass::Script);
    let (bytes, references) = script.map(|script| (script.bytes, script.references)).unwrap_or_default();
    if !references.is_empty() || plan.chunk(chunk).scripts.iter().any(|member| needs_files(&linked, *member)) {
        let message = format!("`{id}` needs files beside it, which a worker inside a script cannot have");
        diagnostics.push(Diagnostic::error("inline-worker", message).help("import it with `?worker` alone"));
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Outcome::with(Inline { pieces: vec![Piece::Text(text)], references: Vec::new() }, diagnostics)
}

/// Whether a module asks for the URL of a file or of another worker.
fn needs_files(linked: &Linked, asset: AssetIdx) -> bool {
    let edges = linked.edges.get(asset.index()).into_iter().flatten();
    edges.into_iter().any(|edge| matches!(edge.kind, DependencyKind::Url | DependencyKind::Worker))
}

/// One chunk for the module, and one for each worker that it starts. Stylesheets do nothing in a worker.
fn chunks(plugin: &JsPlugin, graph: &AssetGraph, linked: &Linked) -> ChunkPlan {
    let grouping = |asset: AssetIdx| {
        let is_script = graph.node(asset).kind == plugin.kind();
        if is_script { Grouping::Script } else { Grouping::Single { class: OutputClass::Asset } }
    };
    let edges = |asset: AssetIdx| -> &[Edge] { linked.edges.get(asset.index()).map_or(&[], Vec::as_slice) };
    let waits = |asset: AssetIdx| linked.waits.get(asset.index()).copied().unwrap_or(false);
    let (load, split, lookup) = (|_| Load::default(), Split::default(), Lookup::Url);
    plan(&PlanInput { graph, grouping: &grouping, edges: &edges, waits: &waits, load: &load, split: &split, lookup }).0
}
