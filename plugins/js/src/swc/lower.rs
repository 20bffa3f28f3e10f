//! Rewrites syntax that the target does not understand.

use super::target::Target;
use super::uses::Uses;
use swc_core::common::Mark;
use swc_core::common::comments::SingleThreadedComments;
use swc_core::ecma::ast::Program;
use swc_core::ecma::preset_env::{transform_from_env, transform_from_es_version};
use swc_core::ecma::transforms::base::assumptions::Assumptions;

/// Lowers the file for the target, and class fields to assignments if they are that; returns whether anything was to be done. Adds no
/// polyfills.
pub(super) fn lower(
    program: &mut Program,
    comments: &SingleThreadedComments,
    target: &Target,
    assigns_fields: bool,
    unresolved: Mark,
) -> bool {
    let uses = Uses::of(program);
    let assigns_fields = assigns_fields && uses.has_fields();
    if !assigns_fields && !uses.needs_lowering(target) {
        return false;
    }
    let mut assumptions = Assumptions::default();
    assumptions.set_public_class_fields = assigns_fields;
    match target.environment() {
        Some(environment) => {
            program.mutate(transform_from_env(unresolved, Some(comments.clone()), environment, assumptions))
        }
        None => program.mutate(transform_from_es_version(
            unresolved,
            Some(comments.clone()),
            target.year(),
            assumptions,
            false,
        )),
    }
    true
}
