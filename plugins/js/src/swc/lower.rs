//! Rewrites syntax that the target does not understand.

use super::classes;
use super::name::{Loss, NAME_HELPER, NameOptions, Naming};
use super::target::Target;
use super::transform::{Context, Marks};
use super::uses::Uses;
use swc_core::common::comments::SingleThreadedComments;
use swc_core::common::{DUMMY_SP, SyntaxContext};
use swc_core::ecma::ast::{Ident, Program};
use swc_core::ecma::preset_env::{Feature, transform_from_env, transform_from_es_version};
use swc_core::ecma::transforms::base::assumptions::Assumptions;
use swc_core::ecma::visit::VisitMutWith;

/// Lowers the file for the target, and class fields to assignments if they are that; returns whether anything was to be done. Adds no
/// polyfills.
pub(super) fn lower(
    program: &mut Program,
    comments: &SingleThreadedComments,
    context: &Context<'_>,
    marks: Marks,
) -> bool {
    let uses = Uses::of(program);
    let target = &context.settings.target;
    let assigns_fields = assigns_fields(context) && uses.has_fields();
    if !assigns_fields && !uses.needs_lowering(target) {
        return false;
    }
    if uses.has_class_members() && !target.supports(Feature::ClassProperties) {
        if context.settings.keep_names {
            keep_names(program, context, marks);
        }
        classes::prepare(program, comments, marks);
    }
    run(program, comments, target, assigns_fields, marks);
    true
}

/// Whether class fields are assignments: a matter of TypeScript only.
fn assigns_fields(context: &Context<'_>) -> bool {
    context.compiler.assigns_fields && context.syntax.is_typescript()
}

fn keep_names(program: &mut Program, context: &Context<'_>, marks: Marks) {
    let unresolved = SyntaxContext::empty().apply_mark(marks.unresolved);
    let helper = Ident::new(NAME_HELPER.into(), DUMMY_SP, unresolved);
    let options = NameOptions { helper, loss: Loss::Lowering, static_blocks: true };
    program.visit_mut_with(&mut Naming::new(context.text, &options, None));
}

fn run(
    program: &mut Program,
    comments: &SingleThreadedComments,
    target: &Target,
    assigns_fields: bool,
    Marks { unresolved, .. }: Marks,
) {
    let mut assumptions = Assumptions::default();
    assumptions.set_public_class_fields = assigns_fields;
    let comments = Some(comments.clone());
    match target.environment() {
        Some(environment) => program.mutate(transform_from_env(unresolved, comments, environment, assumptions)),
        None => program.mutate(transform_from_es_version(unresolved, comments, target.year(), assumptions, false)),
    }
}
