//! weigh: what it means that a module is in a file that somebody loads: how large it is, and whether anybody can see that it is evaluated.

use crate::order::{Moment, moment};
use crate::tables::{Module, Wrap};
use planish_pipeline::graph::AssetIdx;
use planish_pipeline::plugin::{Evaluation, Load};

/// Weighs all modules.
pub(crate) fn weigh(modules: &[Option<Module>]) -> Vec<Load> {
    let load = |(at, module): (usize, &Option<Module>)| {
        let Some(module) = module else { return Load::default() };
        Load { size: size(module), evaluation: evaluation(AssetIdx(at as u32), module) }
    };
    modules.iter().enumerate().map(load).collect()
}

/// How large a module is once unused code is gone.
pub(crate) fn size(module: &Module) -> u32 {
    let live = module.record.parts.iter().zip(&module.live).filter(|(_, live)| **live);
    live.map(|(part, _)| part.size).sum()
}

fn evaluation(idx: AssetIdx, module: &Module) -> Evaluation {
    match (module.wrap, moment(idx, module)) {
        (Wrap::CommonJs | Wrap::Esm, _) => Evaluation::OnDemand,
        (Wrap::None, Moment::Whenever) => Evaluation::Unseen,
        (Wrap::None, Moment::Reads | Moment::Writes) => Evaluation::Seen,
    }
}
