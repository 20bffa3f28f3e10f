//! What a document refers to.

use crate::references::{IGNORE, Reference, Role, references};
use crate::walk::{Visitor, walk};
use lol_html::HandlerResult;
use lol_html::html_content::Element;
use planish_pipeline::asset::{AssetId, Dependency, DependencyKind, Fragment};
use planish_pipeline::diagnostic::Diagnostic;
use std::cell::Cell;
use std::ops::Range;
use std::rc::Rc;

/// The code of the warning that a page's own `integrity` is not kept.
pub(crate) const INTEGRITY_DROPPED: &str = "integrity-dropped";

/// A dependency and what it is for.
pub(crate) struct Found {
    /// The dependency.
    pub(crate) dependency: Dependency,
    /// What for.
    pub(crate) role: Role,
}

/// What is known of a document.
pub(crate) struct Scan {
    /// In document order.
    pub(crate) found: Vec<Found>,
    /// What there is to say.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// There is a `</head>`, which may be left out in HTML.
    pub(crate) closes_head: bool,
    /// Where the text of the first import map is.
    pub(crate) import_map: Option<Range<usize>>,
}

/// Reads a document.
pub(crate) fn scan(html: &str, id: &AssetId) -> Scan {
    let mut scanner = Scanner {
        id,
        found: Vec::new(),
        diagnostics: Vec::new(),
        closes_head: Rc::default(),
        inline: None,
        fragments: 0,
        import_map: None,
    };
    if let Err(reason) = walk(html, 0, &mut scanner) {
        scanner.diagnostics.push(Diagnostic::error("invalid-html", format!("cannot read the document: {reason}")).at(
            id,
            0..0,
            "",
        ));
    }
    let Scanner { found, diagnostics, closes_head, import_map, .. } = scanner;
    Scan { found, diagnostics, closes_head: closes_head.get(), import_map }
}

/// What the content of a script element is to a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inline {
    /// A module, which becomes part of a chunk.
    Module,
    /// An import map.
    ImportMap,
}

/// What the content of a script element is, if this matters.
pub(crate) fn inline(element: &Element<'_, '_>) -> Option<Inline> {
    if element.tag_name() != "script" || element.has_attribute("src") || element.has_attribute(IGNORE) {
        return None;
    }
    match element.get_attribute("type")?.trim().to_ascii_lowercase().as_str() {
        "module" => Some(Inline::Module),
        "importmap" => Some(Inline::ImportMap),
        _ => None,
    }
}

struct Scanner<'a> {
    id: &'a AssetId,
    found: Vec<Found>,
    diagnostics: Vec<Diagnostic>,
    closes_head: Rc<Cell<bool>>,
    /// What the text of the last script is.
    inline: Option<Inline>,
    fragments: usize,
    import_map: Option<Range<usize>>,
}

impl Visitor for Scanner<'_> {
    fn element(&mut self, element: &mut Element<'_, '_>, base: usize) -> HandlerResult {
        self.inline = inline(element);
        if element.tag_name() == "head" {
            let closes_head = Rc::clone(&self.closes_head);
            element.on_end_tag(Box::new(move |_| {
                closes_head.set(true);
                Ok(())
            }))?;
        }
        let references = references(element, base);
        self.warn(element, base, &references);
        for reference in &references {
            let role = reference.role;
            self.found.extend(reference.dependencies().map(|dependency| Found { dependency, role }));
        }
        Ok(())
    }

    fn script(&mut self, place: Range<usize>, text: &str) {
        match self.inline {
            Some(Inline::ImportMap) => {
                self.import_map.get_or_insert(place);
            }
            Some(Inline::Module) if !text.trim().is_empty() => self.module(place, text),
            _ => {}
        }
    }
}

impl Scanner<'_> {
    fn module(&mut self, place: Range<usize>, text: &str) {
        let range = place.start as u32..place.end as u32;
        let mut dependency = Dependency::new(self.fragments.to_string(), DependencyKind::Script, range);
        dependency.fragment = Some(Fragment { extension: "js".into(), text: text.to_owned(), files: Vec::new() });
        self.found.push(Found { dependency, role: Role::Script });
        self.fragments += 1;
    }

    fn warn(&mut self, element: &Element<'_, '_>, base: usize, references: &[Reference]) {
        if element.tag_name() == "base" && element.has_attribute("href") {
            let message = "relative URLs are resolved against the file and not against `<base href>`";
            let tag = element.source_location().bytes();
            self.diagnostics.push(Diagnostic::warning("base-element", message).at(self.id, shifted(tag, base), ""));
        }
        if !references.is_empty()
            && let Some(integrity) = element.attributes().iter().find(|attribute| attribute.name() == "integrity")
        {
            let name = integrity.name_source_location().map_or(0..0, |place| place.bytes());
            let warning =
                Diagnostic::warning(INTEGRITY_DROPPED, "`integrity` is dropped, because the file's bytes change");
            self.diagnostics.push(warning.at(self.id, shifted(name, base), ""));
        }
    }
}

fn shifted(range: Range<usize>, base: usize) -> Range<u32> {
    (base + range.start) as u32..(base + range.end) as u32
}
