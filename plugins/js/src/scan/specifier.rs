//! Specifiers: the literals that name other files, and what is said beside them.

use super::Scanner;
use crate::commonjs::{is_free, is_meta_url};
use planish_pipeline::asset::{Dependency, DependencyKind};
use swc_core::ecma::ast::*;

impl Scanner<'_> {
    /// Notes a dependency and writes its number into the specifier's literal.
    pub(super) fn depend(&mut self, literal: &mut Str, kind: DependencyKind, with: Option<&ObjectLit>) -> u32 {
        let number = self.dependencies.len() as u32;
        let mut dependency = Dependency::new(literal.value.to_string_lossy(), kind, self.program.offset(literal.span));
        dependency.attribute = with.and_then(attribute_type);
        dependency.optional = self.tries > 0 && matches!(kind, DependencyKind::Require) || kind == DependencyKind::Url;
        self.dependencies.push(dependency);
        literal.raw = Some(format!("dependency:{number}").into());
        self.part.dependencies.push(number);
        number
    }

    /// The literal of `new URL("literal", import.meta.url)`.
    pub(super) fn url_literal<'e>(&self, new: &'e mut NewExpr) -> Option<&'e mut Str> {
        if !is_free(&new.callee, "URL", self.unresolved) {
            return None;
        }
        let [first, second] = new.args.as_deref_mut()? else { return None };
        match &mut *first.expr {
            Expr::Lit(Lit::Str(literal)) if is_meta_url(&second.expr) => {
                let text = literal.value.to_string_lossy();
                let is_file = !text.ends_with('/') && !text.ends_with('.') && !text.is_empty();
                is_file.then_some(literal)
            }
            _ => None,
        }
    }
}

/// The number of the dependency that a specifier's literal was given, if it was.
pub(crate) fn dependency_of(literal: &Str) -> Option<u32> {
    literal.raw.as_ref()?.strip_prefix("dependency:")?.parse().ok()
}

/// A string literal, or a template without holes, which becomes one.
pub(super) fn as_literal(expression: &mut Expr) -> Option<&mut Str> {
    if let Expr::Tpl(template) = expression
        && let ([only], true) = (template.quasis.as_slice(), template.exprs.is_empty())
        && let Some(cooked) = &only.cooked
    {
        *expression = Expr::Lit(Lit::Str(Str { span: template.span, value: cooked.clone(), raw: None }));
    }
    match expression {
        Expr::Lit(Lit::Str(literal)) => Some(literal),
        _ => None,
    }
}

/// The `type` of import attributes.
fn attribute_type(with: &ObjectLit) -> Option<String> {
    with.props.iter().find_map(|property| {
        let Prop::KeyValue(pair) = &**property.as_prop()? else { return None };
        let is_type = match &pair.key {
            PropName::Ident(name) => name.sym == "type",
            PropName::Str(name) => name.value.to_string_lossy() == "type",
            _ => false,
        };
        match &*pair.value {
            Expr::Lit(Lit::Str(value)) if is_type => Some(value.value.to_string_lossy().into_owned()),
            _ => None,
        }
    })
}

/// The `with` object of the second argument of `import()`.
pub(super) fn import_attributes(options: &ObjectLit) -> Option<&ObjectLit> {
    options.props.iter().find_map(|property| {
        let Prop::KeyValue(pair) = &**property.as_prop()? else { return None };
        let is_with = matches!(&pair.key, PropName::Ident(name) if name.sym == "with");
        pair.value.as_object().filter(|_| is_with)
    })
}
