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
#[derive(Clone, Default)]
struct Package {
    size: u64,
    /// How many large packages lie below each other below it.
    level: usize,
    /// Position of the large package in whose chunk it is.
    large: Option<usize>,
}

/// The names of the chunks that modules of packages go into.
pub(super) fn groups(input: &PlanInput<'_>, modules: &[AssetIdx]) -> Vec<(AssetIdx, String)> {
    let named = modules.iter().filter_map(|module| Some((*module, package(&input.graph.node(*module).id)?)));
    let named: BTreeMap<AssetIdx, String> = named.collect();
    let names: Vec<&String> = named.values().collect::<BTreeSet<_>>().into_iter().collect();
    let number = |name: &String| names.binary_search(&name).expect("all names are there");
    let numbers: BTreeMap<AssetIdx, usize> = named.iter().map(|(module, name)| (*module, number(name))).collect();
    let packages = packages(input, &numbers, names.len());
    let others = packages.iter().filter(|package| package.large.is_none());
    let levels: BTreeSet<usize> = others.map(|package| package.level).collect();
    let group = |package: &Package| match package.large {
        Some(large) => names[large].clone(),
        None => match levels.range(..package.level).count() {
            0 => "vendor".to_owned(),
            below => format!("vendor-{}", below + 1),
        },
    };
    numbers.iter().map(|(module, number)| (*module, group(&packages[*number]))).collect()
}

/// `numbers` are the positions of the modules' packages.
fn packages(input: &PlanInput<'_>, numbers: &BTreeMap<AssetIdx, usize>, count: usize) -> Vec<Package> {
    let mut packages = vec![Package::default(); count];
    let mut imports = vec![BTreeSet::new(); count];
    for (module, number) in numbers {
        packages[*number].size += u64::from((input.load)(*module).size);
        let targets = static_targets(input, *module).filter_map(|target| numbers.get(&target));
        imports[*number].extend(targets.filter(|target| *target != number));
    }
    let imports: Vec<Vec<usize>> = imports.into_iter().map(|imports| imports.into_iter().collect()).collect();
    // Imported ones come first. Those of a circle are in one chunk.
    for circle in components(&imports) {
        let size = |at: &usize| packages[*at].size;
        let large = circle.iter().copied().filter(|at| size(at) >= LARGE).max_by_key(size);
        let below = circle.iter().flat_map(|at| &imports[*at]).filter(|at| !circle.contains(at));
        let level = below.map(|at| packages[*at].level + usize::from(packages[*at].large.is_some())).max();
        for at in circle {
            packages[at] = Package { size: packages[at].size, level: level.unwrap_or_default(), large };
        }
    }
    packages
}
