//! The chunks of packages that an entry needs at once, where each large one has its own: an update of one is then not one of all.
//!
//! Chunks must not import each other, so what a large package needs and what needs it are apart:
//!
//! ```text
//! react, scheduler          ->  vendor
//! react-dom                 ->  react-dom, which imports vendor
//! react-transition-group    ->  vendor-2, which imports react-dom
//! ```

use super::PlanInput;
use super::reach::static_targets;
use super::split::package;
use crate::components::components;
use crate::graph::AssetIdx;
use std::collections::{BTreeMap, BTreeSet};

/// Bytes of a package's code that are worth a request: 20 to 40 kB when they are minified and compressed.
const LARGE: u64 = 128 << 10;

/// What is known of a package.
#[derive(Default)]
struct Package {
    size: u64,
    /// Positions of the packages that it imports.
    imports: BTreeSet<usize>,
    /// How many large packages lie below each other below it.
    level: usize,
    /// Position of the large package in whose chunk it is.
    large: Option<usize>,
}

/// The names of chunks; `None` for assets that are not among the `members`, modules of packages.
pub(super) fn groups(input: &PlanInput<'_>, members: &[AssetIdx]) -> Vec<Option<String>> {
    let mut names: Vec<String> = members.iter().filter_map(|member| name(input, *member)).collect();
    names.sort_unstable();
    names.dedup();
    let number = |member: AssetIdx| name(input, member).and_then(|name| names.binary_search(&name).ok());
    let numbers: BTreeMap<AssetIdx, usize> =
        members.iter().filter_map(|member| Some((*member, number(*member)?))).collect();
    let packages = packages(input, &numbers, names.len());
    let levels: BTreeSet<usize> =
        packages.iter().filter(|package| package.large.is_none()).map(|package| package.level).collect();
    let group = |package: &Package| match package.large {
        Some(large) => names[large].clone(),
        None => match levels.range(..package.level).count() {
            0 => "vendor".to_owned(),
            below => format!("vendor-{}", below + 1),
        },
    };
    let mut groups = vec![None; input.graph.nodes.len()];
    for (member, number) in &numbers {
        groups[member.index()] = Some(group(&packages[*number]));
    }
    groups
}

fn name(input: &PlanInput<'_>, member: AssetIdx) -> Option<String> {
    package(&input.graph.node(member).id)
}

fn packages(input: &PlanInput<'_>, numbers: &BTreeMap<AssetIdx, usize>, count: usize) -> Vec<Package> {
    let mut packages: Vec<Package> = (0..count).map(|_| Package::default()).collect();
    for (member, number) in numbers {
        packages[*number].size += u64::from((input.load)(*member).size);
        let targets = static_targets(input, *member).filter_map(|target| numbers.get(&target));
        packages[*number].imports.extend(targets.filter(|target| *target != number));
    }
    let edges: Vec<Vec<usize>> = packages.iter().map(|package| package.imports.iter().copied().collect()).collect();
    // Imported ones come first. Those of a circle are in one chunk.
    for circle in components(&edges) {
        let largest =
            circle.iter().copied().filter(|at| packages[*at].size >= LARGE).max_by_key(|at| packages[*at].size);
        let below = circle.iter().flat_map(|at| &edges[*at]).filter(|at| !circle.contains(at));
        let level = below.map(|at| packages[*at].level + usize::from(packages[*at].large.is_some())).max();
        for at in circle {
            packages[at].level = level.unwrap_or_default();
            packages[at].large = largest;
        }
    }
    packages
}
