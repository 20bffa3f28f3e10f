//! A document with the names of the files that were built.

use crate::HtmlOptions;
use crate::address::{Address, Addresses};
use crate::entity::escape;
use crate::image::{self, Linked};
use crate::import_map::import_map;
use crate::page;
use crate::references::{IGNORE, Reference, Role, loads_script, references};
use crate::scan::{Inline, inline, scan};
use crate::walk::{Visitor, walk};
use lol_html::HandlerResult;
use lol_html::html_content::{Comment, ContentType, Element};
use planish_pipeline::diagnostic::{Diagnostic, Outcome};
use planish_pipeline::graph::{AssetIdx, Node, Target};
use planish_pipeline::output::{Output, OutputClass, OutputId};
use planish_pipeline::plugin::RenderContext;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::rc::Rc;

/// Renders a document. What the transform could not read is left as it is.
pub(crate) fn render(context: &RenderContext<'_>, asset: AssetIdx, options: &HtmlOptions) -> Outcome<Output> {
    let node = context.graph.node(asset);
    let id = OutputId::of_asset(&node.id, "");
    let html = node.source.text().unwrap_or_default();
    let scan = scan(html, &node.id);
    let mut diagnostics = Vec::new();
    let mut addresses = Addresses::new(context, id.clone(), options.has_integrity());
    let page = page::page(context.plan, &scan.found, &node.targets, options.integrity);
    let links = page.links(&mut addresses);
    let own_map = scan.import_map.clone().map(|place| &html[place]);
    let import_map = import_map(&page, own_map, &mut addresses).unwrap_or_else(|error| {
        let place = scan.import_map.map_or(0..0, |place| place.start as u32..place.end as u32);
        diagnostics.push(error.at(&node.id, place, ""));
        None
    });
    let mut rewriter = Rewriter {
        node,
        options,
        addresses,
        next: 0,
        links: Some(links),
        import_map: Rc::new(Cell::new(import_map)),
        has_import_map: own_map.is_some(),
        closes_head: scan.closes_head,
        linked: BTreeSet::new(),
        pictures: Rc::default(),
        templates: Rc::default(),
    };
    let bytes = match walk(html, 0, &mut rewriter) {
        Ok(text) => text.into_bytes(),
        Err(reason) => {
            let error = Diagnostic::error("invalid-html", format!("cannot rewrite the document: {reason}"));
            diagnostics.push(error.at(&node.id, 0..0, ""));
            html.as_bytes().to_vec()
        }
    };
    if rewriter.import_map.take().is_some() {
        let error = Diagnostic::error("invalid-import-map", "the page has an import map where browsers do not read it");
        diagnostics.push(error.at(&node.id, 0..0, "").help("move it in front of all scripts"));
    }
    let references = rewriter.addresses.references.into_iter().collect();
    Outcome::with(
        Output {
            id,
            class: OutputClass::Document,
            bytes: bytes.into(),
            references,
            asset: Some(node.id.clone()),
            chunk: None,
        },
        diagnostics,
    )
}

struct Rewriter<'a> {
    node: &'a Node,
    options: &'a HtmlOptions,
    addresses: Addresses<'a>,
    /// Number of the next dependency: the way through the document is the transform's.
    next: usize,
    /// What is still to be put into the head.
    links: Option<String>,
    /// The text of the import map that is still to be written.
    import_map: Rc<Cell<Option<String>>>,
    /// The page has a place for it.
    has_import_map: bool,
    closes_head: bool,
    /// Stylesheets that have been linked, with their media.
    linked: BTreeSet<(OutputId, String)>,
    /// Depth of `<picture>` elements.
    pictures: Depth,
    /// Depth of `<template>` elements, in which nothing is run.
    templates: Depth,
}

type Depth = Rc<Cell<usize>>;

impl Visitor for Rewriter<'_> {
    fn element(&mut self, element: &mut Element<'_, '_>, base: usize) -> HandlerResult {
        self.put_import_map(element, base > 0);
        if element.has_attribute(IGNORE) {
            element.remove_attribute(IGNORE);
            return Ok(());
        }
        match element.tag_name().as_str() {
            "head" if self.closes_head => return self.fill_head(element),
            "picture" => return enter(element, &self.pictures),
            "template" => return enter(element, &self.templates),
            _ => {}
        }
        if inline(element) == Some(Inline::Module) {
            return self.inline_module(element, base);
        }
        let references = references(element, base);
        if references.is_empty() {
            return Ok(());
        }
        element.remove_attribute("integrity");
        let linked: Vec<Linked<'_>> =
            references.iter().map(|reference| (reference, self.targets(reference.urls.len()))).collect();
        match (linked.as_slice(), references[0].role) {
            ([(_, [target])], Role::Script) => self.script(element, &references[0], target),
            ([(_, [target])], Role::Stylesheet) => self.stylesheet(element, &references[0], target),
            _ => self.files(element, &linked),
        }
    }

    fn comment(&mut self, comment: &mut Comment<'_>) {
        let text = comment.text();
        if self.options.minify && !["[", "!", "<!", "#"].iter().any(|mark| text.starts_with(mark)) {
            comment.remove();
        }
    }
}

impl<'a> Rewriter<'a> {
    /// The targets of the next dependencies.
    fn targets(&mut self, count: usize) -> &'a [Target] {
        let start = self.next;
        self.next += count;
        self.node.targets.get(start..self.next).unwrap_or_default()
    }

    fn fill_head(&mut self, element: &mut Element<'_, '_>) -> HandlerResult {
        let Some(links) = self.links.take().filter(|links| !links.is_empty()) else { return Ok(()) };
        let import_map = Rc::clone(&self.import_map);
        let has_import_map = self.has_import_map;
        element.on_end_tag(Box::new(move |end| {
            if !has_import_map && let Some(map) = import_map.take() {
                end.before(&map_element(&map), ContentType::Html);
            }
            end.before(&links, ContentType::Html);
            Ok(())
        }))
    }

    /// The import map comes before all that loads modules: browsers may ignore it later. Nothing in a `<noscript>` counts.
    fn put_import_map(&self, element: &mut Element<'_, '_>, in_noscript: bool) {
        if in_noscript || self.templates.get() > 0 {
            return;
        }
        if self.has_import_map {
            if let Some(map) = (inline(element) == Some(Inline::ImportMap)).then(|| self.import_map.take()).flatten() {
                element.set_inner_content(&map, ContentType::Html);
            }
        } else if let Some(map) = loads_script(element).then(|| self.import_map.take()).flatten() {
            element.before(&map_element(&map), ContentType::Html);
        }
    }

    /// In a document without `</head>`, the first script is where the links go.
    fn put_links_before(&mut self, element: &mut Element<'_, '_>) {
        if !self.closes_head
            && let Some(links) = self.links.take()
        {
            element.before(&links, ContentType::Html);
        }
    }

    /// An empty one has no dependency; one that has begins where its tag ends.
    fn inline_module(&mut self, element: &mut Element<'_, '_>, base: usize) -> HandlerResult {
        let start = (base + element.source_location().bytes().end) as u32;
        let next = self.node.asset.dependencies.get(self.next);
        if !next.is_some_and(|dependency| dependency.fragment.is_some() && dependency.range.start == start) {
            return Ok(());
        }
        self.put_links_before(element);
        let [target] = self.targets(1) else { return Ok(()) };
        match self.addresses.target(target, Role::Script) {
            Address::Url(url) => {
                element.set_attribute("src", &escape(&url))?;
                element.set_inner_content("", ContentType::Html);
                self.check(element, target, Role::Script)?;
                cross_origin(element)
            }
            address => without(element, &address),
        }
    }

    fn script(&mut self, element: &mut Element<'_, '_>, reference: &Reference, target: &Target) -> HandlerResult {
        self.put_links_before(element);
        match self.addresses.target(target, Role::Script) {
            Address::Url(url) => {
                set(element, reference, |_| Some(url.clone()))?;
                self.check(element, target, Role::Script)?;
                cross_origin(element)
            }
            address => without(element, &address),
        }
    }

    /// The stylesheet in the link's place, after those that it depends on; each stylesheet once.
    fn stylesheet(&mut self, element: &mut Element<'_, '_>, reference: &Reference, target: &Target) -> HandlerResult {
        let media = element.get_attribute("media").unwrap_or_default();
        let plan = self.addresses.context.plan;
        let root = target.asset().and_then(|asset| plan.root_chunk(asset));
        let own = root.and_then(|root| plan.chunk(root).style.as_ref());
        let styled = root.into_iter().flat_map(|root| plan.styled(root));
        for style in styled.filter_map(|chunk| plan.chunk(chunk).style.as_ref()) {
            let is_new = self.linked.insert((style.clone(), media.clone()));
            match (is_new, Some(style) == own) {
                (true, false) => {
                    let link = self.addresses.link("stylesheet", style).unwrap_or_default();
                    element.before(&link, ContentType::Html);
                }
                (false, true) => {
                    element.remove();
                    return Ok(());
                }
                _ => {}
            }
        }
        match self.addresses.target(target, Role::Stylesheet) {
            Address::Url(url) => {
                set(element, reference, |_| Some(url.clone()))?;
                self.check(element, target, Role::Stylesheet)
            }
            address => without(element, &address),
        }
    }

    /// Says what the file must hold, where browsers check that.
    fn check(&self, element: &mut Element<'_, '_>, target: &Target, role: Role) -> HandlerResult {
        let is_checked = role != Role::File || element.tag_name() == "script";
        match self.addresses.integrity(target, role).filter(|_| is_checked) {
            Some(integrity) => {
                element.set_attribute("integrity", &integrity)?;
                // Without it a browser may not look into a file of another site.
                cross_origin(element)
            }
            None => Ok(()),
        }
    }

    fn files(&mut self, element: &mut Element<'_, '_>, linked: &[Linked<'_>]) -> HandlerResult {
        let mut is_gone = false;
        for (reference, targets) in linked {
            let addresses: Vec<Address> =
                targets.iter().map(|target| self.addresses.target(target, reference.role)).collect();
            is_gone |= addresses.contains(&Address::Gone);
            set(element, reference, |number| addresses.get(number).cloned().and_then(Address::url))?;
            if let [target] = targets {
                self.check(element, target, reference.role)?;
            }
        }
        if is_gone {
            element.remove();
        }
        if element.tag_name() == "img" {
            image::size(element, linked, &self.addresses)?;
            if self.options.picture && self.pictures.get() == 0 {
                image::picture(element, linked, &mut self.addresses);
            }
        }
        Ok(())
    }
}

fn map_element(map: &str) -> String {
    format!("<script type=\"importmap\">{map}</script>\n")
}

/// Counts an element in, and out where it ends.
fn enter(element: &mut Element<'_, '_>, depth: &Depth) -> HandlerResult {
    depth.set(depth.get() + 1);
    let depth = Rc::clone(depth);
    element.on_end_tag(Box::new(move |_| {
        depth.set(depth.get().saturating_sub(1));
        Ok(())
    }))
}

/// Writes an attribute with other URLs, unless all stay.
fn set(
    element: &mut Element<'_, '_>,
    reference: &Reference,
    url: impl FnMut(usize) -> Option<String>,
) -> HandlerResult {
    let value = reference.replaced(url);
    if value != reference.value {
        element.set_attribute(reference.attribute, &escape(&value))?;
    }
    Ok(())
}

/// Modules are always fetched with CORS; a preload of the same file is used only if it says so too.
fn cross_origin(element: &mut Element<'_, '_>) -> HandlerResult {
    if !element.has_attribute("crossorigin") {
        element.set_attribute("crossorigin", "")?;
    }
    Ok(())
}

fn without(element: &mut Element<'_, '_>, address: &Address) -> HandlerResult {
    if *address == Address::Gone {
        element.remove();
    }
    Ok(())
}
