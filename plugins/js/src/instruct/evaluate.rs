//! What a module, or the end of a chunk, evaluates before its own code.

use super::{Instructor, OwnCode};
use crate::cross::{self, module_name};
use crate::order::Evaluation;
use crate::tables::{External, Meaning, Module, Wrap};
use crate::words::identifier;
use planish_pipeline::graph::AssetIdx;
use rustc_hash::FxHashSet;

/// One call that evaluates a module.
struct Step {
    call: String,
    /// The variable that keeps what the call gives, and whether it is declared here.
    variable: Option<(String, bool)>,
    waits: bool,
}

impl Step {
    fn statement(&self) -> String {
        match &self.variable {
            Some((name, true)) => format!("var {name} = {};", self.call),
            _ => format!("{};", self.expression()),
        }
    }

    fn expression(&self) -> String {
        match &self.variable {
            Some((name, _)) => format!("{name} = {}", self.call),
            None => self.call.clone(),
        }
    }
}

/// Steps one after the other; from the first that is waited for on they go on beside each other, as siblings do in ECMAScript.
fn statements(steps: &[Step]) -> Vec<String> {
    let first = steps.iter().position(|step| step.waits).unwrap_or(steps.len());
    let (alone, together) = steps.split_at(first);
    let mut lines: Vec<String> = alone.iter().map(Step::statement).collect();
    match together {
        [] => {}
        [step] => lines.push(format!("await {};", step.expression())),
        together => {
            let declared = together.iter().filter_map(|step| step.variable.as_ref().filter(|(_, declares)| *declares));
            lines.extend(declared.map(|(name, _)| format!("var {name};")));
            lines.push(format!("await Promise.all({});", list(together)));
        }
    }
    lines
}

/// Steps as a list of what is waited for.
fn list(steps: &[Step]) -> String {
    let value = |step: &Step| if step.waits { step.expression() } else { format!("void ({})", step.expression()) };
    format!("[{}]", steps.iter().map(value).collect::<Vec<_>>().join(", "))
}

impl Instructor<'_> {
    /// Evaluates what [`crate::order`] says, and sets the variables for what the module uses of CommonJS modules.
    pub(super) fn order_imports(&mut self, idx: AssetIdx, module: &Module, own: &mut OwnCode<'_>) {
        let used: FxHashSet<AssetIdx> = cross::meanings(module)
            .filter_map(|meaning| match meaning {
                Meaning::Property { module: target, node, .. } if *node == module.node => Some(*target),
                _ => None,
            })
            .chain(self.unset.iter().filter(|(_, node)| *node == module.node).map(|(target, _)| *target))
            .collect();
        for number in &module.record.imports {
            if let Some(external) = External::of(self.context.graph, idx, *number) {
                self.externals.entry(external).or_default();
            }
        }
        let tables = self.tables;
        let mut steps = Vec::new();
        for evaluation in tables.order.before(idx) {
            let value = used
                .contains(&evaluation.module)
                .then(|| self.interop_step(evaluation.module, module.node, module.wrap, own));
            steps.push(value.flatten().unwrap_or_else(|| self.step(evaluation)));
        }
        if module.is_async && module.wrap == Wrap::Esm {
            own.begin = Some(list(&steps));
        } else {
            own.prelude.extend(statements(&steps));
        }
        for target in module.imports.iter().filter(|target| used.contains(target)) {
            self.interop(*target, module.node, module, own);
        }
    }

    /// The calls that evaluate modules, as statements.
    pub(super) fn evaluations(&self, evaluations: &[Evaluation]) -> Vec<String> {
        statements(&evaluations.iter().map(|evaluation| self.step(evaluation)).collect::<Vec<_>>())
    }

    fn step(&self, evaluation: &Evaluation) -> Step {
        let call = format!("{}()", self.evaluate(evaluation.module));
        Step { call, variable: None, waits: evaluation.waits }
    }

    /// The variable that holds a CommonJS module as this module sees it. Modules that are not wrapped share one: the first of them that
    /// imports it sets it.
    ///
    /// In a cycle a name can come past a module that is evaluated later, and evaluates the CommonJS module then. Who uses the name must not
    /// do that.
    pub(super) fn interop(&mut self, target: AssetIdx, node: bool, user: &Module, own: &mut OwnCode<'_>) -> String {
        let key = (target, node);
        if user.wrap != Wrap::None && own.is_cyclic && !user.imports.contains(&target) {
            return self.as_esm(&self.evaluate(target), node);
        }
        if user.wrap == Wrap::None && !self.interop.contains_key(&key) && self.is_set_later(target, node, user, own) {
            let name = self.interop_variable(target);
            self.interop.insert(key, name);
            self.unset.insert(key);
        } else if let Some(step) = self.interop_step(target, node, user.wrap, own) {
            own.prelude.push(step.statement());
        }
        let shared = self.interop.get(&key).filter(|_| user.wrap == Wrap::None);
        own.interop.get(&key).or(shared).cloned().unwrap_or_default()
    }

    fn is_set_later(&self, target: AssetIdx, node: bool, user: &Module, own: &OwnCode<'_>) -> bool {
        let sets =
            |module: &Module| module.wrap == Wrap::None && module.node == node && module.imports.contains(&target);
        own.is_cyclic
            && !user.imports.contains(&target)
            && own.later.iter().any(|later| sets(self.tables.module(*later)))
    }

    fn interop_variable(&mut self, target: AssetIdx) -> String {
        let base = format!("import_{}", identifier(&module_name(self.context.graph, target)));
        self.scope.allocate(&base, self.members)
    }

    /// The step that sets that variable, if it is not set yet.
    fn interop_step(&mut self, target: AssetIdx, node: bool, wrap: Wrap, own: &mut OwnCode<'_>) -> Option<Step> {
        let key = (target, node);
        let shared = self.interop.get(&key).filter(|_| wrap == Wrap::None).cloned();
        if own.interop.contains_key(&key) || shared.is_some() && !self.unset.remove(&key) {
            return None;
        }
        let name = shared.unwrap_or_else(|| self.interop_variable(target));
        let call = self.as_esm(&self.evaluate(target), node);
        own.interop.insert(key, name.clone());
        let is_declared = wrap == Wrap::None;
        if is_declared {
            self.interop.insert(key, name.clone());
        } else {
            own.variables.push(name.clone());
        }
        Some(Step { call, variable: Some((name, is_declared)), waits: false })
    }
}
