//! The tags of an entry.

use crate::manifest::{Entry, Manifest};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What tags say besides what the manifest knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The nonce of the page's Content-Security-Policy.
    pub nonce: Option<String>,
}

/// Neither an entry nor a source of the manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// What was asked for.
    pub name: String,
    /// What there is.
    pub known: Vec<String>,
}

impl fmt::Display for Unknown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the build has no `{}`; it has `{}`", self.name, self.known.join("`, `"))
    }
}

impl std::error::Error for Unknown {}

impl Manifest {
    /// An entry by the path of its source, or by its name.
    ///
    /// # Errors
    /// If there is none.
    pub fn entry(&self, name: &str) -> Result<&Entry, Unknown> {
        let named = || self.entries.values().find(|entry| entry.name == name);
        self.entries.get(name).or_else(named).ok_or_else(|| Unknown::of(name, self.entries.keys()))
    }

    /// The tags that a page needs for an entry, each on a line: an import map if scripts need one, preloads of the scripts that it imports,
    /// stylesheets in the order of the cascade, scripts. All that is known of the bytes goes into `integrity`.
    ///
    /// # Errors
    /// If there is no such entry.
    pub fn tags(&self, entry: &str, options: &Options) -> Result<String, Unknown> {
        self.tags_of(&[entry], options)
    }

    /// The same for several entries of one page; what they share is there once. A page may have one import map, so it takes all tags from one
    /// call.
    ///
    /// # Errors
    /// If one of them is not there.
    pub fn tags_of(&self, entries: &[&str], options: &Options) -> Result<String, Unknown> {
        let entries = entries.iter().map(|name| self.entry(name)).collect::<Result<Vec<_>, _>>()?;
        let scripts: Vec<&str> = each_once(&entries, |entry| &entry.scripts);
        let mut preloads: Vec<&str> = each_once(&entries, |entry| &entry.preloads);
        preloads.retain(|path| !scripts.contains(path));
        let styles: Vec<&str> = each_once(&entries, |entry| &entry.styles);
        let link =
            |rel: &'static str| move |path: &str| format!("<link rel=\"{rel}\" href={}>", self.value(path, options));
        let script = |path: &str| format!("<script type=\"module\" src={}></script>", self.value(path, options));
        let checked = preloads.iter().chain(&scripts).copied();
        let import_map = self.import_map(checked, options).filter(|_| !scripts.is_empty());
        let preloads = preloads.iter().copied().map(link("modulepreload"));
        let tags = import_map
            .into_iter()
            .chain(preloads)
            .chain(styles.into_iter().map(link("stylesheet")))
            .chain(scripts.iter().copied().map(script));
        Ok(tags.collect::<Vec<_>>().join("\n"))
    }

    /// The URL of a source that is not bundled, or of an entry's first script or last stylesheet.
    ///
    /// # Errors
    /// If there is no such source.
    pub fn url(&self, source: &str) -> Result<String, Unknown> {
        let of_entry = |entry: &Entry| entry.scripts.first().or(entry.styles.last()).cloned();
        let file = self.sources.get(source).map(|source| source.file.clone());
        let file = file.or_else(|| self.entries.get(source).and_then(of_entry));
        match file {
            Some(file) => Ok(format!("{}{file}", self.base)),
            None => Err(Unknown::of(source, self.sources.keys())),
        }
    }

    /// The import map, which says what some of its scripts must hold.
    fn import_map<'m>(&'m self, checked: impl Iterator<Item = &'m str>, options: &Options) -> Option<String> {
        if self.import_map.is_empty() {
            return None;
        }
        let url = |path: &str| format!("{}{path}", self.base);
        let imports: BTreeMap<&str, String> = self.import_map.iter().map(|(key, path)| (&**key, url(path))).collect();
        let integrity = checked.filter_map(|path| Some((url(path), &*self.files.get(path)?.integrity)));
        let map = serde_json::json!({ "imports": imports, "integrity": integrity.collect::<BTreeMap<_, _>>() });
        // Nothing in it may end the script element.
        let text = map.to_string().replace('<', "\\u003c");
        let nonce = options.nonce.as_deref().map(|nonce| attribute("nonce", nonce)).unwrap_or_default();
        Some(format!("<script type=\"importmap\"{nonce}>{text}</script>"))
    }

    /// A URL in quotes and the attributes after it.
    fn value(&self, path: &str, options: &Options) -> String {
        let integrity = self.files.get(path).map(|file| attribute("integrity", &file.integrity));
        let nonce = options.nonce.as_deref().map(|nonce| attribute("nonce", nonce));
        let url = escape(&format!("{}{path}", self.base));
        format!("\"{url}\"{} crossorigin{}", integrity.unwrap_or_default(), nonce.unwrap_or_default())
    }
}

impl Unknown {
    fn of<'k>(name: &str, known: impl Iterator<Item = &'k String>) -> Self {
        Self { name: name.to_owned(), known: known.cloned().collect() }
    }
}

fn each_once<'m>(entries: &[&'m Entry], list: impl Fn(&'m Entry) -> &'m Vec<String>) -> Vec<&'m str> {
    let mut seen = BTreeSet::new();
    entries.iter().flat_map(|entry| list(entry)).map(String::as_str).filter(|path| seen.insert(*path)).collect()
}

fn attribute(name: &str, value: &str) -> String {
    format!(" {name}=\"{}\"", escape(value))
}

/// Text as the value of an attribute in double quotes.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;")
}
