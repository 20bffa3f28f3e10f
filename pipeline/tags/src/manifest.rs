//! What `planish.json` holds. Every file is named by its path relative to the output folder.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The version of the format. A change that a reader could stumble over raises it; members may be added at any time.
pub const VERSION: u32 = 1;

/// A whole build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`VERSION`].
    pub version: u32,
    /// What comes before a file's path in its URL: `/`, `/static/`, `https://cdn.example.com/` or `./`.
    pub base: String,
    /// By the path of their source relative to the root of the site: pages, entries, targets of `import()`, workers.
    pub entries: BTreeMap<String, Entry>,
    /// By the path of their source: images, fonts and other files that are not bundled.
    pub sources: BTreeMap<String, Source>,
    /// All files but precompressed ones and manifests.
    pub files: BTreeMap<String, File>,
    /// What the import map of a page must hold, before anything that loads scripts: files by what scripts import. Empty if they import
    /// each other by URL.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub import_map: BTreeMap<String, String>,
}

/// What a page, an entry, the target of an `import()` or a worker needs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Unique in the build.
    pub name: String,
    /// The configuration names it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_entry: bool,
    /// It is loaded by `import()`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_dynamic: bool,
    /// The HTML file, if it is a page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// The module scripts to evaluate, in this order. Only pages have more than one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scripts: Vec<String>,
    /// The scripts that these import, however indirectly, dependencies first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub preloads: Vec<String>,
    /// The stylesheets to apply, in the order of the cascade.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub styles: Vec<String>,
    /// The entries that it may load later.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dynamic_imports: Vec<String>,
    /// Images, fonts, workers and other files that it refers to by URL.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assets: Vec<String>,
}

/// A file that is not bundled, in all its forms.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The file.
    pub file: String,
    /// Pixels, of an image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Pixels, of an image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// Of an image: a few pixels of it as a `data:` URL, to be shown until it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placeholder: Option<String>,
    /// Other forms by their names: `avif`, `webp`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub variants: BTreeMap<String, String>,
}

/// What is known of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// `script`, `style`, `document`, `asset`, `source-map`, `licences`, `static` or `service-worker`.
    pub class: String,
    /// The path without its hash.
    pub logical: String,
    /// Bytes.
    pub size: u64,
    /// `sha384-…` of the bytes.
    pub integrity: String,
    /// The name changes with the bytes, so the file may be cached for ever.
    #[serde(default, skip_serializing_if = "is_false")]
    pub immutable: bool,
    /// Sizes in bytes of its precompressed forms by what their names add to the file's: `br`, `gz`, `zst`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub compressed: BTreeMap<String, u64>,
    /// The scripts that this script imports itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub imports: Vec<String>,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

impl Manifest {
    /// Reads the text of a `planish.json`.
    ///
    /// # Errors
    /// If it is none, or one of another version.
    pub fn read(text: &str) -> Result<Self, ReadError> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let Versioned { version } = serde_json::from_str(text).map_err(ReadError::Malformed)?;
        if version != VERSION {
            return Err(ReadError::Version(version));
        }
        serde_json::from_str(text).map_err(ReadError::Malformed)
    }
}

/// Why a manifest cannot be read.
#[derive(Debug)]
pub enum ReadError {
    /// It is no JSON, or a member is missing or of another type.
    Malformed(serde_json::Error),
    /// It has this version.
    Version(u32),
}

impl fmt::Display for ReadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(error) => write!(formatter, "the manifest cannot be read: {error}"),
            Self::Version(version) => write!(formatter, "the manifest has version {version}, not {VERSION}"),
        }
    }
}

impl std::error::Error for ReadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Malformed(error) => Some(error),
            Self::Version(_) => None,
        }
    }
}
