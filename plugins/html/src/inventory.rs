//! What a finished page's own text loads and holds, for whoever decides what it may load and hold.

use crate::entity;
use crate::walk::{Visitor, walk};
use lol_html::HandlerResult;
use lol_html::html_content::Element;
use std::collections::BTreeSet;
use std::ops::Range;

/// What was found. Texts are as a browser has them: line breaks are line feeds, character references in attributes are decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// Inline scripts, import maps among them; data is left out.
    pub scripts: Vec<String>,
    /// Inline import maps.
    pub import_maps: Vec<String>,
    /// Inline stylesheets.
    pub styles: Vec<String>,
    /// `onclick` and the like.
    pub handlers: BTreeSet<String>,
    /// URLs of scripts, each with its `integrity` if it has one.
    pub script_files: Vec<(String, Option<String>)>,
    /// The same for preloads of scripts.
    pub preloads: Vec<(String, Option<String>)>,
    /// URLs of stylesheets.
    pub style_files: Vec<String>,
    /// There is an `<object>` or an `<embed>`.
    pub has_objects: bool,
}

/// Reads a page. Where the parser gives up, what was found so far is all.
pub fn inventory(html: &str) -> Inventory {
    let mut reader = Reader { found: Inventory::default(), inline: Inline::Data };
    let _ = walk(html, 0, &mut reader);
    reader.found
}

/// What the text of the last `<script>` is.
#[derive(Clone, Copy)]
enum Inline {
    Code,
    ImportMap,
    Data,
}

struct Reader {
    found: Inventory,
    inline: Inline,
}

impl Visitor for Reader {
    fn element(&mut self, element: &mut Element<'_, '_>, _: usize) -> HandlerResult {
        for attribute in element.attributes() {
            if attribute.name().starts_with("on") {
                self.found.handlers.insert(value(&attribute.value()));
            }
        }
        let found = &mut self.found;
        match element.tag_name().as_str() {
            "script" => {
                let url = url(element, "src");
                self.inline = if url.is_some() { Inline::Data } else { inline(element) };
                found.script_files.extend(url.map(|url| (url, integrity(element))));
            }
            "link" if is_script_preload(element) => {
                found.preloads.extend(url(element, "href").map(|url| (url, integrity(element))));
            }
            "link" if has_relation(element, "stylesheet") => found.style_files.extend(url(element, "href")),
            "object" | "embed" => found.has_objects = true,
            _ => {}
        }
        Ok(())
    }

    fn script(&mut self, _: Range<usize>, text: &str) {
        match self.inline {
            Inline::Data => return,
            Inline::ImportMap => self.found.import_maps.push(lines(text)),
            Inline::Code => {}
        }
        self.found.scripts.push(lines(text));
    }

    fn style(&mut self, text: &str) {
        self.found.styles.push(lines(text));
    }
}

fn inline(element: &Element<'_, '_>) -> Inline {
    match element.get_attribute("type").unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "importmap" => Inline::ImportMap,
        "" | "module" | "speculationrules" => Inline::Code,
        kind if kind.ends_with("javascript") || kind.ends_with("ecmascript") => Inline::Code,
        _ => Inline::Data,
    }
}

fn is_script_preload(element: &Element<'_, '_>) -> bool {
    let is_script = || element.get_attribute("as").is_some_and(|kind| kind.eq_ignore_ascii_case("script"));
    has_relation(element, "modulepreload") || (has_relation(element, "preload") && is_script())
}

fn has_relation(element: &Element<'_, '_>, name: &str) -> bool {
    let rel = element.get_attribute("rel").unwrap_or_default();
    rel.split_ascii_whitespace().any(|token| token.eq_ignore_ascii_case(name))
}

fn url(element: &Element<'_, '_>, attribute: &str) -> Option<String> {
    element.get_attribute(attribute).map(|url| value(&url).trim().to_owned())
}

fn integrity(element: &Element<'_, '_>) -> Option<String> {
    element.get_attribute("integrity").map(|text| value(&text)).filter(|text| !text.trim().is_empty())
}

fn value(raw: &str) -> String {
    entity::decode(&lines(raw)).into_owned()
}

/// Line breaks as a browser's parser makes them before it does anything else.
fn lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_as_browsers_do() {
        let found = inventory(
            "<style>a{}\r\nb{}</style><script>one()</script><script type=application/ld+json>{}</script>\
             <script type=importmap>{}</script><script src=/a.js integrity=sha384-a>not this</script>\
             <link rel='preload modulepreload' href='/b.js?x&amp;y'><link rel=stylesheet href=/c.css>\
             <p style='color: red' onclick='go(&quot;1&quot;)'><noscript><style>n{}</style><embed src=x></noscript>",
        );
        let text = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        assert_eq!(found.scripts, text(&["one()", "{}"]));
        assert_eq!(found.import_maps, text(&["{}"]));
        assert_eq!(found.styles, text(&["a{}\nb{}", "n{}"]));
        assert_eq!(found.handlers, text(&["go(\"1\")"]).into_iter().collect());
        assert_eq!(found.script_files, [("/a.js".to_owned(), Some("sha384-a".to_owned()))]);
        assert_eq!(found.preloads, [("/b.js?x&y".to_owned(), None)]);
        assert_eq!(found.style_files, text(&["/c.css"]));
        assert!(found.has_objects);
    }
}
