//! The user's own worker, bundled into one script, with the list of files where it asks for it.
//!
//! The worker is an entry of the build whose one dependency is its source, wanted as a text. So it shares no chunks with the pages, and
//! its text is finished by the [`crate::ServiceWorker`] when all other files have their names.

use crate::{ServiceWorkerOptions, list};
use planish_pipeline::asset::{Asset, AssetOutput, Dependency, DependencyKind, Source};
use planish_pipeline::diagnostic::{Diagnostic, Outcome};
use planish_pipeline::graph::AssetIdx;
use planish_pipeline::key::{Key, KeyBuilder};
use planish_pipeline::output::{FinalFile, Output, OutputClass, OutputId, Release};
use planish_pipeline::plugin::{AssetPlugin, Grouping, Piece, RenderContext, Request};
use serde_json::{Value, json};

/// The query of the entry that is the worker.
pub const ENTRY_QUERY: &str = "service-worker";

/// What stands for the list of files in the source, as Workbox has it.
const PLACE: &str = "self.__WB_MANIFEST";

/// Makes one script of the worker and of all that it imports.
#[derive(Clone, Copy, Debug)]
pub struct InjectPlugin;

impl AssetPlugin for InjectPlugin {
    fn kind(&self) -> &'static str {
        "service-worker"
    }

    fn version(&self) -> u32 {
        1
    }

    fn options(&self) -> Key {
        KeyBuilder::new("service-worker options", 1).finish()
    }

    fn accepts(&self, request: Request<'_>) -> bool {
        request.kind.is_none() && request.id.query() == Some(ENTRY_QUERY)
    }

    fn grouping(&self) -> Grouping {
        Grouping::Single { class: OutputClass::ServiceWorker }
    }

    fn transform(&self, source: &Source) -> Outcome<Asset> {
        let name = source.id.path().rsplit('/').next().unwrap_or_default();
        let dependency = Dependency::new(format!("./{name}"), DependencyKind::Inline, 0..0);
        let output = AssetOutput { variant: String::new(), extension: "js".to_owned(), bytes: None };
        Outcome::new(Asset { dependencies: vec![dependency], outputs: vec![output], ..Asset::default() })
    }

    fn render_asset(&self, context: &RenderContext<'_>, asset: AssetIdx) -> Outcome<Vec<Output>> {
        let node = context.graph.node(asset);
        let id = OutputId::of_asset(&node.id, "");
        let mut diagnostics = Vec::new();
        let mut text = String::new();
        for target in node.targets.iter().filter_map(|target| target.asset()) {
            for piece in (context.inline)(target, &id).take(&mut diagnostics).pieces {
                match piece {
                    Piece::Text(piece) | Piece::Url(piece) => text.push_str(&piece),
                }
            }
        }
        diagnostics.iter_mut().filter(|diagnostic| diagnostic.code == "inline-worker").for_each(|diagnostic| {
            *diagnostic = needs_files(node.id.path());
        });
        let worker = Output {
            id,
            class: OutputClass::ServiceWorker,
            bytes: text.into_bytes().into(),
            references: Vec::new(),
            asset: Some(node.id.clone()),
            chunk: None,
        };
        Outcome::with(vec![worker], diagnostics)
    }
}

/// The bundled worker with the list of files, and the output that it takes the place of.
pub(crate) fn worker(release: &Release, options: &ServiceWorkerOptions) -> Result<(OutputId, String), Box<Diagnostic>> {
    let bundled = release.files.iter().find(|file| file.class == OutputClass::ServiceWorker);
    let bundled = bundled.expect("the entry of the worker has been rendered if the build got here");
    let text = String::from_utf8_lossy(&bundled.bytes);
    let count = text.matches(PLACE).count();
    if count != 1 {
        return Err(Box::new(misplaced(bundled, count)));
    }
    let tiers = list::tiers(release, options);
    let entries = tiers.critical.iter().chain(&tiers.tolerant);
    let entries: Vec<Value> = entries.map(|entry| entry.to_workbox(options.integrity)).collect();
    Ok((bundled.id.clone(), text.replacen(PLACE, &json!(entries).to_string(), 1)))
}

/// What the plugin of the source says of workers that are part of a page's script would not help.
fn needs_files(source: &str) -> Diagnostic {
    let message = format!("`{source}` needs files beside it, which a service worker of one script cannot have");
    Diagnostic::error("inject-files", message).help("put the files into the static folder and name them by their URLs")
}

fn misplaced(bundled: &FinalFile, count: usize) -> Diagnostic {
    let source = bundled.asset.as_ref().map_or_else(|| bundled.path.clone(), |asset| asset.path().to_owned());
    let message = match count {
        0 => format!("`{source}` does not ask for the list of files"),
        _ => format!("`{source}` asks for the list of files {count} times"),
    };
    Diagnostic::error("inject-place", message).help(format!("write `{PLACE}` once, where the list is to be"))
}
