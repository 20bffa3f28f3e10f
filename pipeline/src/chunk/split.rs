//! Which modules the configuration wants in chunks of their own.

use crate::asset::{AssetId, Source};
use crate::diagnostic::Diagnostic;
use crate::graph::AssetGraph;
use crate::plugin::Grouping;

/// How code is split beyond what the roots share.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// Chunks for dependencies.
    pub vendor: VendorSplit,
    /// Chunks by name. The first that takes a module has it.
    pub groups: Vec<NamedGroup>,
    /// How many bytes of source a request is worth: small chunks are merged if that saves more requests than it costs bytes. 0 merges
    /// nothing.
    pub minimum_size: u32,
}

/// Which modules under `node_modules` get chunks of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VendorSplit {
    /// None: they travel with the modules that use them.
    #[default]
    None,
    /// Those that an entry needs at once go into a chunk named `vendor`.
    One,
    /// Of those that an entry needs at once, each large package goes into a chunk named after it. All others go into one named `vendor`; those
    /// that need a large one, into `vendor-2`, and so on.
    Large,
    /// Those of each package go into a chunk named after the package.
    PerPackage,
}

/// Modules and stylesheets that travel together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedGroup {
    /// Name of the chunk.
    pub name: String,
    /// Globs of paths below the root, or from the innermost `node_modules` on.
    pub globs: Vec<String>,
}

impl Split {
    /// The name of the chunk that is to hold an asset, if there is one. `at_once` says that an entry needs it.
    pub(super) fn group_of(&self, source: &Source, grouping: Grouping, at_once: bool) -> Option<String> {
        if let Some(group) = self.groups.iter().find(|group| group.takes(&source.id)) {
            return Some(group.name.clone());
        }
        if !is_of_package(source, grouping) {
            return None;
        }
        match self.vendor {
            VendorSplit::One if at_once => Some("vendor".to_owned()),
            // All modules of a package together are large or not.
            VendorSplit::None | VendorSplit::One | VendorSplit::Large => None,
            VendorSplit::PerPackage => package(&source.id),
        }
    }

    /// Whether [`super::vendor`] says which chunk is to hold an asset that has no group otherwise.
    pub(super) fn is_by_size(&self, source: &Source, grouping: Grouping, at_once: bool) -> bool {
        self.vendor == VendorSplit::Large && at_once && is_of_package(source, grouping)
    }

    /// Whether a source's size may decide about groups.
    pub(super) fn weighs(&self, source: &Source) -> bool {
        self.vendor == VendorSplit::Large && source.package.is_dependency
    }

    /// Warnings of groups that take nothing, which their globs were hardly meant to do.
    pub(crate) fn unused(&self, graph: &AssetGraph) -> Vec<Diagnostic> {
        let is_unused = |group: &&NamedGroup| !graph.nodes.iter().any(|node| group.takes(&node.id));
        let unused = self.groups.iter().filter(is_unused);
        let warning = |group: &NamedGroup| {
            let globs: Vec<String> = group.globs.iter().map(|glob| format!("`{glob}`")).collect();
            let message = format!("nothing is in the group `{}` of `js.split.groups`", group.name);
            Diagnostic::warning("unused-group", message)
                .help(format!("no module or stylesheet of the build matches {}", globs.join(" or ")))
        };
        unused.map(warning).collect()
    }
}

fn is_of_package(source: &Source, grouping: Grouping) -> bool {
    source.package.is_dependency && grouping == Grouping::Script
}

impl NamedGroup {
    fn takes(&self, id: &AssetId) -> bool {
        let path = id.path();
        let inside = path.rfind(MODULES).map_or(path, |at| &path[at..]);
        self.globs.iter().any(|glob| [path, inside].iter().any(|path| fast_glob::glob_match(glob, path)))
    }
}

const MODULES: &str = "node_modules/";

/// The package that a path lies in: `d3-array`, `mui-material` for `@mui/material`.
pub(super) fn package(id: &AssetId) -> Option<String> {
    let (_, inside) = id.path().rsplit_once(MODULES)?;
    let mut segments = inside.split('/');
    let first = segments.next()?;
    match first.strip_prefix('@') {
        Some(scope) => Some(format!("{scope}-{}", segments.next()?)),
        None => Some(first.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_named_by_the_innermost_folder() {
        let name = |path: &str| package(&AssetId::new(path));
        assert_eq!(name("node_modules/d3-array/src/index.js").as_deref(), Some("d3-array"));
        assert_eq!(name("node_modules/@mui/material/Button.js").as_deref(), Some("mui-material"));
        assert_eq!(name("../node_modules/.pnpm/a@1.0.0/node_modules/a/index.js").as_deref(), Some("a"));
        assert_eq!(name("src/main.js"), None);
    }

    #[test]
    fn globs_hold_from_the_root_or_from_the_packages() {
        let group = NamedGroup {
            name: "charts".to_owned(),
            globs: vec!["node_modules/d3-*/**".to_owned(), "src/charts/**".to_owned()],
        };
        let takes = |path: &str| group.takes(&AssetId::new(path));
        assert!(takes("node_modules/d3-scale/src/index.js"));
        assert!(takes("../../node_modules/.pnpm/d3-scale@4/node_modules/d3-scale/index.js"));
        assert!(takes("src/charts/bar/bar.css?x"));
        assert!(!takes("src/chart.js") && !takes("node_modules/d4/index.js") && !takes("lib/src/charts/a.js"));
    }
}
