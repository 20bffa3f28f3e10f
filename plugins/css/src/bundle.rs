//! The rules of a stylesheet's files in the order in which the cascade sees them.
//!
//! CSS evaluates an imported stylesheet as often as it is imported, so the last time counts; the earlier ones are left out where that
//! changes nothing. An import's layer, `supports()` and media conditions become blocks around its rules:
//! ```text
//! @import "a.css" layer(x) print;   ->   @media print { @layer x { … } }
//! ```
//! Lightning CSS has a bundler too. It is not used: it numbers files in the order in which its threads meet them, gives one file the
//! conditions of all its imports together, leaves remote imports below other rules (where browsers ignore them), and its result no
//! longer tells which file a `url()` comes from.

use crate::address::Address;
use crate::layers;
use crate::place::Places;
use crate::reach::{File, Link, Reach};
use crate::scan;
use crate::urls;
use lightningcss::printer::PrinterOptions;
use lightningcss::rules::import::ImportRule;
use lightningcss::rules::layer::{LayerBlockRule, LayerName, LayerStatementRule};
use lightningcss::rules::media::MediaRule;
use lightningcss::rules::supports::SupportsRule;
use lightningcss::rules::{CssRule, CssRuleList};
use lightningcss::traits::ToCss;
use lightningcss::values::string::CowArcStr;
use planish_pipeline::asset::DependencyKind;
use planish_pipeline::diagnostic::{Diagnostic, Outcome};
use std::collections::BTreeSet;

/// The rules of all files.
#[derive(Default)]
pub(crate) struct Bundle<'i> {
    /// In order; their source index is that of the file in [`Reach::files`].
    pub(crate) rules: Vec<CssRule<'i>>,
    /// The comments that begin with `!`, each once.
    pub(crate) licenses: Vec<CowArcStr<'i>>,
}

/// Bundles the files.
pub(crate) fn bundle<'i>(reach: &'i Reach<'_>) -> Outcome<Bundle<'i>> {
    let mut licenses: Vec<CowArcStr<'i>> = Vec::new();
    let sheets: Vec<Sheet<'i>> =
        reach.files.iter().enumerate().map(|(at, file)| sheet(file, at, &mut licenses)).collect();
    let roots = order(&sheets, &reach.roots);
    let mut emitter = Emitter { reach, sheets, diagnostics: Vec::new() };
    let mut rules = Vec::new();
    for root in roots {
        emitter.slot(root, &mut rules);
    }
    let (rules, moved) = layers::imports_first(rules);
    for import in &moved {
        let warning = Diagnostic::warning(
            "import-order",
            format!("the import of `{}` is moved before rules that come earlier", import.url),
        );
        let warning = emitter
            .at(warning, import)
            .help("a bundled stylesheet can import other sites' only at its top: import it first");
        emitter.diagnostics.push(warning);
    }
    Outcome::with(Bundle { rules, licenses }, emitter.diagnostics)
}

/// A parsed file.
struct Sheet<'i> {
    rules: Vec<CssRule<'i>>,
    imports: Vec<Import>,
}

/// An `@import` rule, for the question whether two imports say the same.
struct Import {
    to: Link,
    media: String,
    supports: String,
    layer: Option<Option<String>>,
}

/// A file that cannot be parsed has been reported by its transform; here it is empty.
fn sheet<'i>(file: &'i File<'_>, at: usize, licenses: &mut Vec<CowArcStr<'i>>) -> Sheet<'i> {
    let text = scan::text(&file.node.source).map(|(text, _)| text).unwrap_or_default();
    let Ok(mut parsed) = scan::parse(text, &file.node.id, at as u32) else {
        return Sheet { rules: Vec::new(), imports: Vec::new() };
    };
    urls::each(&mut parsed, |url, _| {
        if let Link::Url(new) = file.link(DependencyKind::Url, url) {
            *url = format!("{new}{}", Address::of(url).suffix()).into();
        }
    });
    for comment in parsed.license_comments {
        if !licenses.contains(&comment) {
            licenses.push(comment);
        }
    }
    let mut rules = parsed.rules.0;
    let mut imports = Vec::new();
    for rule in &mut rules {
        if let CssRule::Import(import) = rule {
            imports.push(read(import, file));
        }
    }
    Sheet { rules, imports }
}

fn read(import: &mut ImportRule<'_>, file: &File<'_>) -> Import {
    let to = file.link(DependencyKind::StyleImport, &import.url).clone();
    if let Link::Url(url) = &to {
        let suffix = Address::of(&import.url).suffix();
        import.url = format!("{url}{suffix}").into();
    }
    let media = if import.media.media_queries.is_empty() { String::new() } else { text_of(&import.media) };
    Import {
        to,
        media,
        supports: import.supports.as_ref().map(text_of).unwrap_or_default(),
        layer: import.layer.as_ref().map(|name| name.as_ref().map(text_of)),
    }
}

fn text_of(part: &impl ToCss) -> String {
    part.to_css_string(PrinterOptions { minify: true, ..PrinterOptions::default() }).unwrap_or_default()
}

/// What stands in the place of an import.
enum Slot {
    /// The file's rules; with what stands for its own imports.
    Sheet(usize, Vec<Slot>),
    /// The file comes again later under the same conditions: only the names of its layers, whose order is that of their first mention.
    Layers(usize),
    /// The rule itself: the target is another site's.
    Kept,
    /// Nothing: the file is being imported already, or there is none.
    Nothing,
}

/// A condition on the way to a file: media and supports; and the layer. An anonymous layer is another one each time: it has a number.
type Condition = (String, String, Option<String>);

struct Order<'a, 'i> {
    sheets: &'a [Sheet<'i>],
    /// Files with the conditions they are under, of what comes later in the cascade.
    seen: BTreeSet<(usize, Vec<Condition>)>,
    conditions: Vec<Condition>,
    open: Vec<usize>,
    anonymous: usize,
}

/// Decides from the last import to the first what each stands for.
fn order(sheets: &[Sheet<'_>], roots: &[usize]) -> Vec<Slot> {
    let mut order = Order { sheets, seen: BTreeSet::new(), conditions: Vec::new(), open: Vec::new(), anonymous: 0 };
    let mut slots: Vec<Slot> = roots.iter().rev().map(|root| order.file(*root)).collect();
    slots.reverse();
    slots
}

impl Order<'_, '_> {
    fn file(&mut self, at: usize) -> Slot {
        if self.open.contains(&at) {
            return Slot::Nothing;
        }
        if self.comes_later(at) {
            return Slot::Layers(at);
        }
        self.seen.insert((at, self.conditions.clone()));
        self.open.push(at);
        let sheets = self.sheets;
        let mut slots: Vec<Slot> = sheets[at].imports.iter().rev().map(|import| self.import(import)).collect();
        slots.reverse();
        self.open.pop();
        Slot::Sheet(at, slots)
    }

    fn import(&mut self, import: &Import) -> Slot {
        let to = match &import.to {
            Link::Sheet(to) => *to,
            Link::Url(_) | Link::Kept => return Slot::Kept,
            Link::Nothing => return Slot::Nothing,
        };
        let layer = import.layer.as_ref().map(|name| {
            name.clone().unwrap_or_else(|| {
                self.anonymous += 1;
                format!("#{}", self.anonymous)
            })
        });
        let depth = self.conditions.len();
        if layer.is_some() || !import.media.is_empty() || !import.supports.is_empty() {
            self.conditions.push((import.media.clone(), import.supports.clone(), layer));
        }
        let slot = self.file(to);
        self.conditions.truncate(depth);
        slot
    }

    /// Whether the file comes later under the same conditions, or under fewer in the same layer.
    fn comes_later(&self, at: usize) -> bool {
        let mut conditions = self.conditions.clone();
        loop {
            if self.seen.contains(&(at, conditions.clone())) {
                return true;
            }
            if !matches!(conditions.pop(), Some((_, _, None))) {
                return false;
            }
        }
    }
}

struct Emitter<'i, 'a> {
    reach: &'i Reach<'a>,
    sheets: Vec<Sheet<'i>>,
    diagnostics: Vec<Diagnostic>,
}

impl<'i> Emitter<'i, '_> {
    fn slot(&mut self, slot: Slot, into: &mut Vec<CssRule<'i>>) {
        match slot {
            Slot::Sheet(at, slots) => self.sheet(at, slots, into),
            Slot::Layers(at) => into.extend(self.layers_of(at, &mut Vec::new())),
            Slot::Kept | Slot::Nothing => {}
        }
    }

    fn sheet(&mut self, at: usize, slots: Vec<Slot>, into: &mut Vec<CssRule<'i>>) {
        let mut slots = slots.into_iter();
        for rule in self.sheets[at].rules.clone() {
            let CssRule::Import(import) = rule else {
                into.push(rule);
                continue;
            };
            match slots.next() {
                Some(Slot::Kept) => into.push(CssRule::Import(import)),
                Some(slot) => {
                    let mut rules = Vec::new();
                    self.slot(slot, &mut rules);
                    self.wrap(&import, rules, into);
                }
                None => {}
            }
        }
    }

    /// Puts an import's conditions around the rules of its file. Imports of other sites among them take the conditions over.
    fn wrap(&mut self, import: &ImportRule<'i>, rules: Vec<CssRule<'i>>, into: &mut Vec<CssRule<'i>>) {
        let mut inside = Vec::new();
        for rule in rules {
            match rule {
                CssRule::Import(mut inner) => match nest(import, &mut inner) {
                    Some(()) => into.push(CssRule::Import(inner)),
                    None => self.diagnostics.push(self.at(
                        Diagnostic::error(
                            "unsupported-import",
                            format!(
                                "the conditions of the import of `{}` cannot be combined with those around it",
                                inner.url
                            ),
                        ),
                        &inner,
                    )),
                },
                rule => inside.push(rule),
            }
        }
        into.extend(conditional(import, inside));
    }

    /// The names of a file's layers, in the blocks and conditions that they are in.
    fn layers_of(&self, at: usize, open: &mut Vec<usize>) -> Vec<CssRule<'i>> {
        if open.contains(&at) {
            return Vec::new();
        }
        open.push(at);
        let mut imports = self.sheets[at].imports.iter();
        let mut found = Vec::new();
        for rule in &self.sheets[at].rules {
            match rule {
                CssRule::Import(import) => {
                    if let Some(Import { to: Link::Sheet(to), .. }) = imports.next() {
                        found.extend(conditional(import, self.layers_of(*to, open)));
                    }
                }
                rule => found.extend(layers::names_only(rule)),
            }
        }
        open.pop();
        found
    }

    fn at(&self, diagnostic: Diagnostic, import: &ImportRule<'_>) -> Diagnostic {
        let node = self.reach.files[import.loc.source_index as usize].node;
        let Some((text, before)) = scan::text(&node.source) else { return diagnostic };
        let places = Places::new(text, before);
        let range = places.import(places.offset(import.loc.line, import.loc.column));
        diagnostic.at(&node.id, places.in_file(range), "")
    }
}

/// The rules of an imported file inside the import's conditions.
fn conditional<'i>(import: &ImportRule<'i>, mut rules: Vec<CssRule<'i>>) -> Vec<CssRule<'i>> {
    let loc = import.loc;
    match &import.layer {
        // A layer has its place in the order even if the file is empty.
        Some(Some(name)) if rules.is_empty() => {
            rules = vec![CssRule::LayerStatement(LayerStatementRule { names: vec![name.clone()], loc })];
        }
        Some(name) if !rules.is_empty() => {
            rules = vec![CssRule::LayerBlock(LayerBlockRule { name: name.clone(), rules: CssRuleList(rules), loc })];
        }
        _ => {}
    }
    if let (Some(condition), false) = (&import.supports, rules.is_empty()) {
        rules = vec![CssRule::Supports(SupportsRule { condition: condition.clone(), rules: CssRuleList(rules), loc })];
    }
    if !import.media.media_queries.is_empty() && !rules.is_empty() {
        rules = vec![CssRule::Media(MediaRule { query: import.media.clone(), rules: CssRuleList(rules), loc })];
    }
    rules
}

/// Adds an outer import's conditions to an inner one; `None` if no `@import` rule can say both.
fn nest<'i>(outer: &ImportRule<'i>, inner: &mut ImportRule<'i>) -> Option<()> {
    let layer = match (&outer.layer, &inner.layer) {
        (None, layer) => layer.clone(),
        (Some(Some(name)), None) => Some(Some(name.clone())),
        (Some(Some(name)), Some(Some(below))) => {
            Some(Some(LayerName(name.0.iter().chain(&below.0).cloned().collect())))
        }
        // Two mentions of an anonymous layer are two layers.
        (Some(None), _) | (Some(Some(_)), Some(None)) => return None,
    };
    let mut media = outer.media.clone();
    if inner.media.media_queries.len() > 1 && !media.media_queries.is_empty() && media != inner.media {
        return None;
    }
    media.and(&inner.media).ok()?;
    let supports = match (&outer.supports, &inner.supports) {
        (Some(outer), Some(inner)) => {
            let mut both = outer.clone();
            both.and(inner);
            Some(both)
        }
        (outer, inner) => outer.clone().or_else(|| inner.clone()),
    };
    *inner = ImportRule { layer, media, supports, url: inner.url.clone(), loc: inner.loc };
    Some(())
}
