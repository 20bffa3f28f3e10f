//! Where a document finds the files that it refers to.

use crate::entity::escape;
use crate::references::Role;
use planish_pipeline::graph::{AssetIdx, Node, Target};
use planish_pipeline::output::OutputId;
use planish_pipeline::plugin::RenderContext;
use std::collections::BTreeSet;

/// What takes the place of a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    /// Another URL.
    Url(String),
    /// Nothing: the module is all stylesheet, or the stylesheet has no file.
    Gone,
    /// The URL itself: it is another site's, or what is wrong with it has been reported.
    Kept,
}

impl Address {
    /// The new URL, if there is one.
    pub(crate) fn url(self) -> Option<String> {
        match self {
            Self::Url(url) => Some(url),
            Self::Gone | Self::Kept => None,
        }
    }
}

/// Makes the URLs of one document and remembers which outputs they name.
pub(crate) struct Addresses<'a> {
    /// The build.
    pub(crate) context: &'a RenderContext<'a>,
    /// The document.
    pub(crate) document: OutputId,
    /// Say what the files must hold.
    has_integrity: bool,
    /// The outputs whose names were given out.
    pub(crate) references: BTreeSet<OutputId>,
}

impl<'a> Addresses<'a> {
    /// For a document that refers to nothing yet.
    pub(crate) fn new(context: &'a RenderContext<'a>, document: OutputId, has_integrity: bool) -> Self {
        Self { context, document, has_integrity, references: BTreeSet::new() }
    }

    /// The URL of an output.
    pub(crate) fn output(&mut self, output: &OutputId) -> Option<String> {
        let url = self.context.names.url(&self.document, output)?;
        self.references.insert(output.clone());
        Some(url)
    }

    /// What takes the place of a URL with this target.
    pub(crate) fn target(&mut self, target: &Target, role: Role) -> Address {
        match target {
            Target::Asset(idx) => match self.file(*idx, role) {
                Some(output) => self.output(&output).map_or(Address::Kept, Address::Url),
                None => Address::Gone,
            },
            Target::Static(path) => Address::Url(self.context.names.static_url(&self.document, path)),
            Target::External(_) | Target::Empty | Target::Missing => Address::Kept,
        }
    }

    /// The integrity of the file with this target, which must have been given a URL.
    pub(crate) fn integrity(&self, target: &Target, role: Role) -> Option<String> {
        let output = self.file(target.asset()?, role).filter(|_| self.has_integrity)?;
        Some(self.context.names.integrity(&output))
    }

    /// A `<link>` to an output on a line.
    pub(crate) fn link(&mut self, rel: &str, output: &OutputId) -> Option<String> {
        let url = escape(&self.output(output)?);
        let integrity = self.has_integrity.then(|| format!(" integrity=\"{}\"", self.context.names.integrity(output)));
        Some(format!("<link rel=\"{rel}\" crossorigin{} href=\"{url}\">\n", integrity.unwrap_or_default()))
    }

    /// The URL of a script that an import map is to check, and its integrity.
    pub(crate) fn checked(&mut self, output: &OutputId) -> Option<(String, String)> {
        Some((self.output(output)?, self.context.names.integrity(output)))
    }

    /// The output that an asset is in, if it is in one.
    fn file(&self, idx: AssetIdx, role: Role) -> Option<OutputId> {
        let chunk = self.context.plan.root_chunk(idx).map(|chunk| self.context.plan.chunk(chunk));
        match (role, chunk) {
            (Role::Script | Role::ScriptPreload, Some(chunk)) => chunk.script.clone(),
            (Role::Stylesheet | Role::StylesheetPreload, Some(chunk)) => chunk.style.clone(),
            _ => Some(OutputId::of_asset(&self.context.graph.node(idx).id, "")),
        }
    }

    /// The URL of a variant of an image, if it was made.
    pub(crate) fn variant(&mut self, target: &Target, variant: &str) -> Option<String> {
        let node = self.node(target)?;
        let made = node.asset.outputs.iter().any(|output| output.variant == variant);
        let output = made.then(|| OutputId::of_asset(&node.id, variant))?;
        self.output(&output)
    }

    /// The asset of a target.
    pub(crate) fn node(&self, target: &Target) -> Option<&'a Node> {
        Some(self.context.graph.node(target.asset()?))
    }
}
