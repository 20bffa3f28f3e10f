//! One way through a document, for reading it and for rewriting it, so that both meet everything in the same order.

use lol_html::html_content::{Comment, ContentType, Element, TextChunk};
use lol_html::{DocumentContentHandlers, HandlerResult, HtmlRewriter, LocalHandlerTypes, Settings, element, text};
use std::cell::RefCell;
use std::ops::Range;

/// Sees a document's parts in order and may change them.
pub(crate) trait Visitor {
    /// An element begins. `base` is to be added to its source locations.
    fn element(&mut self, element: &mut Element<'_, '_>, base: usize) -> HandlerResult;

    /// The whole text of a `<script>` that has some, after its element.
    fn script(&mut self, place: Range<usize>, text: &str) {
        let _ = (place, text);
    }

    /// The whole text of a `<style>` that has some.
    fn style(&mut self, text: &str) {
        let _ = text;
    }

    /// A comment.
    fn comment(&mut self, comment: &mut Comment<'_>) {
        let _ = comment;
    }
}

/// Leads a visitor through a document and returns what it made of it. `base` is the place of `html` in its file.
///
/// # Errors
/// A message, if the parser gives up.
pub(crate) fn walk<V: Visitor>(html: &str, base: usize, visitor: &mut V) -> Result<String, String> {
    let visitor = RefCell::new(visitor);
    let mut script = 0..0;
    let mut style = 0..0;
    let mut noscript = 0..0;
    let mut result = Vec::with_capacity(html.len());
    let settings = Settings::<LocalHandlerTypes>::new()
        .with_strict(false)
        .append_element_content_handler(element!("*", |element| visitor.borrow_mut().element(element, base)))
        .append_element_content_handler(text!("script", |chunk| {
            if grow(&mut script, chunk) {
                visitor.borrow_mut().script(base + script.start..base + script.end, &html[script.clone()]);
            }
            Ok(())
        }))
        .append_element_content_handler(text!("style", |chunk| {
            if grow(&mut style, chunk) {
                visitor.borrow_mut().style(&html[style.clone()]);
            }
            Ok(())
        }))
        // Browsers with scripts see the content of `<noscript>` as text, and so does the parser: it is walked on its own.
        .append_element_content_handler(text!("noscript", |chunk| {
            if !grow(&mut noscript, chunk) {
                chunk.remove();
                return Ok(());
            }
            let inside = walk(&html[noscript.clone()], base + noscript.start, &mut **visitor.borrow_mut())?;
            chunk.replace(&inside, ContentType::Html);
            Ok(())
        }))
        .append_document_content_handler(DocumentContentHandlers::default().comments(|comment: &mut Comment<'_>| {
            visitor.borrow_mut().comment(comment);
            Ok(())
        }));
    let mut rewriter = HtmlRewriter::new(settings, |bytes: &[u8]| result.extend_from_slice(bytes));
    rewriter.write(html.as_bytes()).map_err(|error| error.to_string())?;
    rewriter.end().map_err(|error| error.to_string())?;
    String::from_utf8(result).map_err(|error| error.to_string())
}

/// Adds a chunk to the place of its text; whether it was the last one.
fn grow(place: &mut Range<usize>, chunk: &TextChunk<'_>) -> bool {
    let here = chunk.source_location().bytes();
    if place.end != here.start || place.start == place.end {
        place.start = here.start;
    }
    place.end = here.end;
    chunk.last_in_text_node()
}
