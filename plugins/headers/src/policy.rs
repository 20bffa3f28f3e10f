//! The policies of a page: what it may load and run.
//!
//! They are about scripts and styles only. What a page fetches, shows and frames is not in its text, so nothing is said of it.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use planish_html::Inventory;
use planish_pipeline::integrity::integrity;
use planish_pipeline::output::{OutputClass, Release};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// Values of a page's headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Policies {
    content: String,
    /// Absent if something is loaded that the browser could not check.
    integrity: Option<&'static str>,
}

impl Policies {
    /// Names and values.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let content = std::iter::once(("Content-Security-Policy", self.content.as_str()));
        content.chain(self.integrity.map(|value| ("Integrity-Policy", value)))
    }
}

/// The integrity of every script of a release.
pub(crate) fn integrities(release: &Release) -> Vec<String> {
    let scripts = release.files.iter().filter(|file| file.class == OutputClass::Script);
    scripts.map(|file| integrity(&file.bytes)).collect()
}

/// The policies of a page of a release with these scripts.
pub(crate) fn policies(page: &Inventory, release: &Release, integrities: &[String]) -> Policies {
    let files = page.script_files.iter().chain(&page.preloads).map(|(url, _)| url.as_str());
    let mut scripts = Sources::new(release, files);
    scripts.allow(&page.scripts);
    if !page.handlers.is_empty() {
        scripts.0.push("'unsafe-hashes'".to_owned());
        scripts.allow(&page.handlers);
    }
    if release.files.iter().any(|file| file.path.ends_with(".wasm")) {
        scripts.0.push("'wasm-unsafe-eval'".to_owned());
    }
    let mut styles = Sources::new(release, page.style_files.iter().map(String::as_str));
    styles.allow(&page.styles);
    let (scripts, styles) = (scripts.0.join(" "), styles.0.join(" "));
    let mut content = format!("script-src {scripts}; style-src {styles}; {STYLE_ATTRIBUTES}; base-uri 'self'");
    if !page.has_objects {
        content.push_str("; object-src 'none'");
    }
    let integrity = is_checked(page, integrities).then_some("blocked-destinations=(script)");
    Policies { content, integrity }
}

/// Scripts write `style` attributes too often to guess which, and an attribute can style no more than its element.
const STYLE_ATTRIBUTES: &str = "style-src-attr 'unsafe-inline'";

/// What a directive allows.
struct Sources(Vec<String>);

impl Sources {
    /// The page's own site, the one that serves the release, and those of the files.
    fn new<'f>(release: &Release, files: impl Iterator<Item = &'f str>) -> Self {
        let mut origins: BTreeSet<String> = files.filter_map(origin).collect();
        origins.extend(origin(&release.base));
        Self(std::iter::once("'self'".to_owned()).chain(origins).collect())
    }

    /// Texts of the page's elements.
    fn allow<'t>(&mut self, texts: impl IntoIterator<Item = &'t String>) {
        let hashes: BTreeSet<String> = texts.into_iter().map(|text| hash(text)).collect();
        self.0.extend(hashes);
    }
}

fn hash(text: &str) -> String {
    format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text)))
}

/// `https://cdn.example.com` of a URL on another site.
fn origin(url: &str) -> Option<String> {
    let (scheme, rest) = match url.strip_prefix("//") {
        Some(rest) => ("", rest),
        None => url.split_once("://").filter(|(scheme, _)| matches!(*scheme, "https" | "http"))?,
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_host = |character: char| character.is_ascii_alphanumeric() || ".-:[]".contains(character);
    let host = (!host.is_empty() && host.chars().all(is_host)).then_some(host)?;
    Some(if scheme.is_empty() { host.to_owned() } else { format!("{scheme}://{host}") })
}

/// Whether the browser can check every script that the page may load: by its tags, or by an import map. Which scripts a page never
/// loads is not known here, so all of the release count. What a preload says does not: an import may be faster than the preload, and is
/// then blocked.
fn is_checked(page: &Inventory, integrities: &[String]) -> bool {
    let in_tags = page.script_files.iter().filter_map(|(_, integrity)| integrity.as_deref());
    let maps: Vec<Value> = page.import_maps.iter().filter_map(|map| serde_json::from_str(map).ok()).collect();
    let in_maps = maps.iter().filter_map(|map| map["integrity"].as_object()).flat_map(|map| map.values());
    let known: BTreeSet<&str> = in_tags.chain(in_maps.filter_map(Value::as_str)).collect();
    page.script_files.iter().chain(&page.preloads).all(|(_, integrity)| integrity.is_some())
        && integrities.iter().all(|integrity| known.contains(integrity.as_str()))
}
