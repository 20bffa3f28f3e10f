//! `<img>`: its size, and the `<picture>` around it that offers better formats.

use crate::address::Addresses;
use crate::entity::escape;
use crate::references::Reference;
use crate::srcset;
use lol_html::HandlerResult;
use lol_html::html_content::{ContentType, Element};
use planish_pipeline::graph::Target;

/// From the best to the one that most browsers know.
const VARIANTS: [(&str, &str); 2] = [("avif", "image/avif"), ("webp", "image/webp")];

/// An attribute of the image with the targets of its URLs.
pub(crate) type Linked<'a> = (&'a Reference, &'a [Target]);

/// Says how large the image is, so that the page does not move when it arrives, unless the page says so itself.
pub(crate) fn size(element: &mut Element<'_, '_>, linked: &[Linked<'_>], addresses: &Addresses<'_>) -> HandlerResult {
    if element.has_attribute("width") || element.has_attribute("height") {
        return Ok(());
    }
    let source = attribute(linked, "src").and_then(|(_, targets)| addresses.node(targets.first()?));
    if let Some((width, height)) = source.and_then(|node| node.asset.dimensions) {
        element.set_attribute("width", &width.to_string())?;
        element.set_attribute("height", &height.to_string())?;
    }
    Ok(())
}

/// Wraps the image in a `<picture>` with those variants that exist for all that the image shows.
pub(crate) fn picture(element: &mut Element<'_, '_>, linked: &[Linked<'_>], addresses: &mut Addresses<'_>) {
    let sizes = element
        .get_attribute("sizes")
        .map(|sizes| format!(" sizes=\"{}\"", sizes.replace('"', "&quot;")))
        .unwrap_or_default();
    let has_srcset = element.has_attribute("srcset");
    let mut sources = String::new();
    for (variant, mime) in VARIANTS {
        let srcset = if has_srcset {
            variant_srcset(linked, variant, addresses)
        } else {
            variant_source(linked, variant, addresses)
        };
        if let Some(srcset) = srcset {
            sources.push_str(&format!("<source type=\"{mime}\" srcset=\"{}\"{sizes}>", escape(&srcset)));
        }
    }
    if !sources.is_empty() {
        element.before(&format!("<picture>{sources}"), ContentType::Html);
        element.after("</picture>", ContentType::Html);
    }
}

fn attribute<'a>(linked: &[Linked<'a>], name: &str) -> Option<Linked<'a>> {
    linked.iter().copied().find(|(reference, _)| reference.attribute == name)
}

fn variant_source(linked: &[Linked<'_>], variant: &str, addresses: &mut Addresses<'_>) -> Option<String> {
    let (_, targets) = attribute(linked, "src")?;
    addresses.variant(targets.first()?, variant)
}

/// The `srcset` in another format; browsers take the `src` for a candidate too if nothing else is for plain screens.
fn variant_srcset(linked: &[Linked<'_>], variant: &str, addresses: &mut Addresses<'_>) -> Option<String> {
    let (reference, targets) = attribute(linked, "srcset")?;
    let candidates = srcset::candidates(&reference.value);
    let urls: Vec<String> = targets.iter().filter_map(|target| addresses.variant(target, variant)).collect();
    if urls.len() != candidates.len() {
        return None;
    }
    let mut srcset = reference.replaced(|number| urls.get(number).cloned());
    let covers_plain = |descriptor: &str| descriptor.is_empty() || descriptor == "1x" || descriptor.ends_with('w');
    if !candidates.iter().any(|candidate| covers_plain(&candidate.descriptor)) {
        srcset = format!("{}, {srcset}", variant_source(linked, variant, addresses)?);
    }
    Some(srcset)
}
