//! The order of cascade layers, which is that of their first mention, when rules are moved or left out.

use lightningcss::rules::import::ImportRule;
use lightningcss::rules::layer::{LayerBlockRule, LayerStatementRule};
use lightningcss::rules::media::MediaRule;
use lightningcss::rules::supports::SupportsRule;
use lightningcss::rules::{CssRule, CssRuleList};

/// What a rule says about the order of layers and nothing else.
pub(crate) fn names_only<'i>(rule: &CssRule<'i>) -> Option<CssRule<'i>> {
    match rule {
        CssRule::LayerStatement(_) => Some(rule.clone()),
        CssRule::LayerBlock(LayerBlockRule { name: Some(name), rules, loc }) => {
            let names = || CssRule::LayerStatement(LayerStatementRule { names: vec![name.clone()], loc: *loc });
            let block = |rules| CssRule::LayerBlock(LayerBlockRule { name: Some(name.clone()), rules, loc: *loc });
            Some(inside(rules).map_or_else(names, block))
        }
        CssRule::Media(MediaRule { query, rules, loc }) => {
            Some(CssRule::Media(MediaRule { query: query.clone(), rules: inside(rules)?, loc: *loc }))
        }
        CssRule::Supports(SupportsRule { condition, rules, loc }) => {
            Some(CssRule::Supports(SupportsRule { condition: condition.clone(), rules: inside(rules)?, loc: *loc }))
        }
        _ => None,
    }
}

fn inside<'i>(rules: &CssRuleList<'i>) -> Option<CssRuleList<'i>> {
    let found: Vec<CssRule<'i>> = rules.0.iter().filter_map(names_only).collect();
    (!found.is_empty()).then_some(CssRuleList(found))
}

/// Moves `@import` rules to the top, where alone browsers heed them, with the layers that were mentioned before them; then `@namespace`
/// rules. Also returns the imports that rules came before.
pub(crate) fn imports_first<'i>(rules: Vec<CssRule<'i>>) -> (Vec<CssRule<'i>>, Vec<ImportRule<'i>>) {
    let last_import = rules.iter().rposition(|rule| matches!(rule, CssRule::Import(_)));
    let (mut head, mut namespaces, mut body, mut moved) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (at, rule) in rules.into_iter().enumerate() {
        let before_import = last_import.is_some_and(|last| at < last);
        match rule {
            CssRule::Import(import) => {
                if !body.is_empty() {
                    moved.push(import.clone());
                }
                head.push(CssRule::Import(import));
            }
            CssRule::Namespace(_) => namespaces.push(rule),
            CssRule::LayerStatement(_) if before_import => head.push(rule),
            CssRule::Ignored => {}
            rule => {
                if let (CssRule::LayerBlock(LayerBlockRule { name: Some(name), loc, .. }), true) =
                    (&rule, before_import)
                {
                    head.push(CssRule::LayerStatement(LayerStatementRule { names: vec![name.clone()], loc: *loc }));
                }
                body.push(rule);
            }
        }
    }
    head.append(&mut namespaces);
    head.append(&mut body);
    (head, moved)
}
