//! What the wanted form of script cannot express.

use crate::bind::Binder;
use crate::cross::gives_namespace;
use crate::options::{Format, JsOptions};
use crate::tables::{Tables, Wrap};
use planish_pipeline::asset::DependencyKind;
use planish_pipeline::chunk::ChunkPlan;
use planish_pipeline::diagnostic::Diagnostic;
use planish_pipeline::graph::{AssetGraph, Target};
use planish_pipeline::resolve::Platform;

/// Everything that the output cannot say, as messages.
pub(crate) fn unsupported(
    graph: &AssetGraph,
    tables: &Tables,
    plan: &ChunkPlan,
    options: &JsOptions,
) -> Vec<Diagnostic> {
    let mut diagnostics = unknown_exports(graph, tables, plan, options);
    for asset in plan.chunks.iter().flat_map(|chunk| &chunk.scripts) {
        let module = tables.module(*asset);
        let node = graph.node(*asset);
        if module.is_included && module.record.has_await && options.format != Format::Esm {
            diagnostics.push(
                Diagnostic::error(
                    "top-level-await",
                    format!("`{}` awaits at its top level, which only ES modules can", node.id),
                )
                .help("build with `--format esm`"),
            );
        }
        let has_meta =
            options.format == Format::Esm || (options.format == Format::Cjs && options.platform == Platform::Node);
        if module.is_included && module.record.uses_import_meta && !has_meta {
            diagnostics.push(
                Diagnostic::warning(
                    "import-meta",
                    format!("`import.meta` of `{}` is empty: the output is no ES module", node.id),
                )
                .help("build with `--format esm`"),
            );
        }
        let required = node.edges().filter(|(dependency, _)| dependency.kind == DependencyKind::Require);
        for (dependency, target) in required {
            let asynchronous = target
                .asset()
                .filter(|target| tables.get(*target).is_some_and(|target| target.is_async && target.wrap == Wrap::Esm));
            if module.is_included && asynchronous.is_some() {
                diagnostics.push(
                    Diagnostic::error(
                        "require-async",
                        format!("`{}` cannot be required: it awaits at its top level", dependency.specifier),
                    )
                    .at(&node.id, dependency.range.clone(), "required here")
                    .help("use `await import()`"),
                );
            }
        }
        if options.format == Format::Iife && module.is_included {
            for number in &module.record.imports {
                let dependency = &node.asset.dependencies[*number as usize];
                if matches!(node.targets[*number as usize], Target::External(_)) {
                    diagnostics.push(
                        Diagnostic::error(
                            "external-import",
                            format!("`{}` is external, and a classic script cannot import", dependency.specifier),
                        )
                        .at(&node.id, dependency.range.clone(), "imported here")
                        .help("build with `--format esm`, or bundle it"),
                    );
                }
            }
        }
    }
    diagnostics
}

/// `export *` from CommonJS modules whose names are known only when they run: an ES module names its exports beforehand.
fn unknown_exports(graph: &AssetGraph, tables: &Tables, plan: &ChunkPlan, options: &JsOptions) -> Vec<Diagnostic> {
    if options.format != Format::Esm {
        return Vec::new();
    }
    let binder = Binder { graph, modules: &tables.modules };
    let named = plan.chunks.iter().filter(|chunk| chunk.exports_matter && !gives_namespace(tables, chunk));
    let roots = named.filter_map(|chunk| chunk.root);
    let roots = roots.filter(|root| tables.get(*root).is_some_and(|module| !module.is_commonjs));
    let mut diagnostics = Vec::new();
    for root in roots {
        for (asset, star) in binder.commonjs_stars(root) {
            let node = graph.node(asset);
            let dependency = &node.asset.dependencies[star as usize];
            let message = format!(
                "not all names of `{}` are known before it runs, and those are not exported",
                dependency.specifier
            );
            diagnostics.push(
                Diagnostic::warning("unknown-exports", message)
                    .at(&node.id, dependency.range.clone(), "passed on here")
                    .help("export by name what is wanted: `export { name } from …`"),
            );
        }
    }
    diagnostics
}
