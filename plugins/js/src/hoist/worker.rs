//! Workers whose script imports others: they are modules, whatever their sources say.

use crate::scan::dependency_of;
use swc_core::common::DUMMY_SP;
use swc_core::ecma::ast::*;

/// The number of the dependency in `new Worker(new URL("./work.js", import.meta.url))`.
pub(super) fn worker_of(new: &NewExpr) -> Option<u32> {
    let url = new.args.as_ref()?.first()?.expr.as_new()?;
    dependency_of(url.args.as_ref()?.first()?.expr.as_lit()?.as_str()?)
}

/// Adds `type: "module"` to the options of a worker, as far as they are written out there and say nothing else.
pub(super) fn make_module(new: &mut NewExpr) {
    let arguments = new.args.get_or_insert_default();
    match arguments.get_mut(1).map(|options| &mut *options.expr) {
        None => arguments.push(argument(vec![is_module()])),
        Some(Expr::Lit(Lit::Str(name))) => {
            let name = property("name", name.clone());
            arguments[1] = argument(vec![name, is_module()]);
        }
        Some(Expr::Object(options)) if !options.props.iter().any(says_type) => {
            options.props.push(is_module());
        }
        Some(_) => {}
    }
}

/// It is the option `type`, or it may hold it.
fn says_type(property: &PropOrSpread) -> bool {
    match property {
        PropOrSpread::Spread(_) => true,
        PropOrSpread::Prop(property) => match &**property {
            Prop::Shorthand(name) => name.sym == "type",
            Prop::KeyValue(pair) => match &pair.key {
                PropName::Ident(name) => name.sym == "type",
                PropName::Str(name) => name.value.as_str() == Some("type"),
                key => key.is_computed(),
            },
            _ => true,
        },
    }
}

fn argument(props: Vec<PropOrSpread>) -> ExprOrSpread {
    ExprOrSpread { spread: None, expr: Box::new(Expr::Object(ObjectLit { span: DUMMY_SP, props })) }
}

fn is_module() -> PropOrSpread {
    property("type", Str { span: DUMMY_SP, value: "module".into(), raw: None })
}

fn property(key: &str, value: Str) -> PropOrSpread {
    let key = PropName::Ident(IdentName::new(key.into(), DUMMY_SP));
    PropOrSpread::Prop(Box::new(Prop::KeyValue(KeyValueProp { key, value: Box::new(Expr::Lit(Lit::Str(value))) })))
}
