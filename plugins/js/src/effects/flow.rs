//! Values of names below the top level that get other ones, followed through the statements.

use super::walk::Walk;
use super::{Assigned, Value};
use swc_core::ecma::ast::*;
use swc_core::ecma::visit::VisitWith;

impl<'a, 's> Walk<'a, 's>
where
    'a: 's,
{
    /// A name has this value from here on.
    pub(super) fn hold(&mut self, name: Id, value: Value) {
        if self.surroundings.reassigned.contains(&name) {
            // A function that is called who knows when may assign to it.
            if self.surroundings.captured.contains(&name) {
                return;
            }
            self.assigned.push(name.clone());
        }
        self.values.insert(name, value);
    }

    /// Walks over what may not be evaluated: what it assigns, and what its tests say, is not known afterwards.
    pub(super) fn perhaps<R>(&mut self, work: impl FnOnce(&mut Self) -> R) -> R {
        let (before, present) = (self.assigned.len(), self.present.len());
        let result = work(self);
        self.present.truncate(present);
        for name in &self.assigned[before..] {
            self.values.remove(name);
        }
        result
    }

    /// What a loop assigns is not known where it begins, but for the first time.
    pub(super) fn forget_assigned_in(&mut self, statement: &Stmt) {
        let mut assigned = Assigned::new(self.surroundings.top_level, self.surroundings.unresolved);
        statement.visit_with(&mut assigned);
        self.values.retain(|name, _| !assigned.names.contains(name));
    }
}
