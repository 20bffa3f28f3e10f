//! Which attributes of an element name files, and what for.

use crate::entity;
use crate::srcset;
use lol_html::html_content::Element;
use planish_pipeline::asset::{Dependency, DependencyKind};
use planish_pipeline::resolve::is_remote;
use std::ops::Range;

/// An element with this attribute is left alone.
pub(crate) const IGNORE: &str = "data-planish-ignore";

/// What an element wants with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Evaluate it: `<script type=module>`.
    Script,
    /// Load it before it is evaluated: `<link rel=modulepreload>`.
    ScriptPreload,
    /// Apply it: `<link rel=stylesheet>`.
    Stylesheet,
    /// Load it before it is applied: `<link rel=preload as=style>`.
    StylesheetPreload,
    /// Anything else that has a URL.
    File,
}

impl Role {
    fn kind(self) -> DependencyKind {
        match self {
            Self::Script | Self::ScriptPreload => DependencyKind::Script,
            Self::Stylesheet | Self::StylesheetPreload => DependencyKind::Stylesheet,
            Self::File => DependencyKind::Url,
        }
    }
}

/// An attribute that names files.
#[derive(Clone, Debug)]
pub(crate) struct Reference {
    /// The attribute's name.
    pub(crate) attribute: &'static str,
    /// What for.
    pub(crate) role: Role,
    /// The value with character references decoded.
    pub(crate) value: String,
    /// Where the files' URLs are in the value.
    pub(crate) urls: Vec<Range<usize>>,
    /// The page works without the file.
    optional: bool,
    /// Where the value is in the source.
    place: Range<usize>,
    /// Offsets in the value are offsets in the source.
    literal: bool,
}

impl Reference {
    /// A dependency for each URL.
    pub(crate) fn dependencies(&self) -> impl Iterator<Item = Dependency> {
        self.urls.iter().map(|url| {
            let (path, _) = split(&self.value[url.clone()]);
            let place = if self.literal {
                self.place.start + url.start..self.place.start + url.end
            } else {
                self.place.clone()
            };
            let range = place.start as u32..place.end as u32;
            Dependency { optional: self.optional, ..Dependency::new(path, self.role.kind(), range) }
        })
    }

    /// The value with other URLs, each given by its number among [`Self::urls`]; what is `None` stays.
    pub(crate) fn replaced(&self, mut url: impl FnMut(usize) -> Option<String>) -> String {
        let mut result = String::with_capacity(self.value.len());
        let mut end = 0;
        for (number, range) in self.urls.iter().enumerate() {
            let Some(new) = url(number) else { continue };
            let (_, suffix) = split(&self.value[range.clone()]);
            result.push_str(&self.value[end..range.start]);
            result.push_str(&new);
            result.push_str(suffix);
            end = range.end;
        }
        result + &self.value[end..]
    }
}

/// The path of a URL, which is what is resolved, and its query and fragment, which stay in the output.
fn split(url: &str) -> (&str, &str) {
    url.split_at(url.find(['?', '#']).unwrap_or(url.len()))
}

fn is_file(url: &str) -> bool {
    !is_remote(url) && !split(url).0.is_empty()
}

/// The references of an element in the order of its attributes' kinds. `base` is added to all places.
pub(crate) fn references(element: &Element<'_, '_>, base: usize) -> Vec<Reference> {
    if element.has_attribute(IGNORE) {
        return Vec::new();
    }
    wanted(element).into_iter().filter_map(|wanted| reference(element, base, wanted)).collect()
}

/// Whether an element is a script or asks for one.
pub(crate) fn loads_script(element: &Element<'_, '_>) -> bool {
    let rel = element.get_attribute("rel").unwrap_or_default();
    match element.tag_name().as_str() {
        "script" => true,
        "link" => rel.split_ascii_whitespace().any(|token| token.eq_ignore_ascii_case("modulepreload")),
        _ => false,
    }
}

struct Wanted {
    attribute: &'static str,
    role: Role,
    optional: bool,
}

const fn file(attribute: &'static str) -> Wanted {
    Wanted { attribute, role: Role::File, optional: false }
}

fn wanted(element: &Element<'_, '_>) -> Vec<Wanted> {
    let is = |attribute: &str, value: &str| {
        element.get_attribute(attribute).is_some_and(|found| found.trim().eq_ignore_ascii_case(value))
    };
    match element.tag_name().as_str() {
        "script" if is("type", "module") => vec![Wanted { role: Role::Script, ..file("src") }],
        "script" | "audio" | "track" | "embed" => vec![file("src")],
        "link" => link(element, is("as", "style")),
        "img" | "source" => vec![file("src"), file("srcset")],
        "video" => vec![file("src"), file("poster")],
        "input" if is("type", "image") => vec![file("src")],
        "image" | "use" | "feimage" => vec![file("href"), file("xlink:href")],
        "object" => vec![file("data")],
        "meta" if is_social_image(element) => vec![Wanted { optional: true, ..file("content") }],
        _ => Vec::new(),
    }
}

fn link(element: &Element<'_, '_>, as_style: bool) -> Vec<Wanted> {
    let rel = element.get_attribute("rel").unwrap_or_default().to_ascii_lowercase();
    let has = |name: &str| rel.split_ascii_whitespace().any(|token| token == name);
    let role = |role| vec![Wanted { role, ..file("href") }];
    if has("stylesheet") {
        role(Role::Stylesheet)
    } else if has("modulepreload") {
        role(Role::ScriptPreload)
    } else if (has("preload") || has("prefetch")) && as_style {
        role(Role::StylesheetPreload)
    } else if has("preload") {
        vec![file("href"), file("imagesrcset")]
    } else if FILE_LINKS.iter().any(|name| has(name)) {
        vec![file("href")]
    } else {
        Vec::new()
    }
}

const FILE_LINKS: [&str; 7] = [
    "icon",
    "apple-touch-icon",
    "apple-touch-icon-precomposed",
    "apple-touch-startup-image",
    "mask-icon",
    "manifest",
    "prefetch",
];

fn is_social_image(element: &Element<'_, '_>) -> bool {
    let name = element.get_attribute("property").or_else(|| element.get_attribute("name")).unwrap_or_default();
    matches!(
        name.trim().to_ascii_lowercase().as_str(),
        "og:image"
            | "og:image:url"
            | "og:image:secure_url"
            | "og:video"
            | "og:audio"
            | "twitter:image"
            | "twitter:image:src"
            | "msapplication-tileimage"
    )
}

fn reference(element: &Element<'_, '_>, base: usize, wanted: Wanted) -> Option<Reference> {
    let attribute = element.attributes().iter().find(|attribute| attribute.name() == wanted.attribute)?;
    let place = attribute.value_source_location()?.bytes();
    let raw = attribute.value();
    let value = entity::decode(&raw).into_owned();
    let urls: Vec<Range<usize>> = match wanted.attribute {
        "srcset" | "imagesrcset" => srcset::candidates(&value).into_iter().map(|candidate| candidate.url).collect(),
        _ => {
            let start = value.len() - value.trim_start().len();
            std::iter::once(start..start + value.trim().len()).collect()
        }
    };
    let is_wanted = |url: &Range<usize>| {
        let url = &value[url.clone()];
        is_file(url) && !(element.tag_name() != "script" && is_page(url))
    };
    let urls: Vec<Range<usize>> = urls.into_iter().filter(is_wanted).collect();
    (!urls.is_empty()).then_some(Reference {
        attribute: wanted.attribute,
        role: wanted.role,
        urls,
        optional: wanted.optional,
        place: base + place.start..base + place.end,
        literal: raw == value,
        value,
    })
}

/// Other pages are navigated to, not bundled: `<link rel=prefetch href=about.html>`, `<object data=".">`.
fn is_page(url: &str) -> bool {
    let name = split(url).0.rsplit('/').next().unwrap_or_default();
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    extension.is_none_or(|extension| matches!(extension.as_str(), "" | "html" | "htm"))
}
