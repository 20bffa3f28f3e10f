//! Outputs: the files of a release, first with placeholders for names that are not known yet, then final.
//!
//! A file name holds a hash of the file's final bytes, which hold the names of other files. So everything is rendered with
//! placeholders, eight characters wide like the hashes that replace them, and [`crate::naming`] replaces them at the end.

use crate::asset::AssetId;
use crate::chunk::ChunkIdx;
pub use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// The stable name of an output: `script:src/main.tsx`, `asset:img/a.png#avif`, `document:index.html`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OutputId(Arc<str>);

impl OutputId {
    /// An id from its text.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The output of an asset that is not bundled. The `variant` is empty for the asset itself.
    pub fn of_asset(asset: &AssetId, variant: &str) -> Self {
        if variant.is_empty() {
            Self::new(format!("asset:{asset}"))
        } else {
            Self::new(format!("asset:{asset}#{variant}"))
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for OutputId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}", &*self.0)
    }
}

/// What kind of file an output is: decides its cache lifetime, whether it is compressed and whether it is precached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutputClass {
    /// JavaScript of a chunk.
    Script,
    /// CSS of a chunk.
    Style,
    /// An HTML page.
    Document,
    /// An image, font or other file.
    Asset,
    /// A source map.
    SourceMap,
    /// The licences of a script's code.
    Licences,
    /// Copied from the static folder under its own name.
    Static,
    /// A manifest.
    Manifest,
    /// The generated service worker.
    ServiceWorker,
    /// A precompressed sibling.
    Compressed,
}

/// A rendered file whose references to other files are still placeholders.
#[derive(Clone, Debug)]
pub struct Output {
    /// Stable name.
    pub id: OutputId,
    /// What it is.
    pub class: OutputClass,
    /// Its bytes.
    pub bytes: Bytes,
    /// The outputs whose placeholders occur in the bytes.
    pub references: Vec<OutputId>,
    /// The asset it was made from, if it was made from one.
    pub asset: Option<AssetId>,
    /// The chunk it was made from, if it was made from one.
    pub chunk: Option<ChunkIdx>,
}

/// A file of the release under its final name.
#[derive(Clone, Debug)]
pub struct FinalFile {
    /// The output it was, or another stable name for files made later.
    pub id: OutputId,
    /// Path relative to the output folder, with forward slashes.
    pub path: String,
    /// What it is.
    pub class: OutputClass,
    /// Final bytes.
    pub bytes: Bytes,
    /// The name holds a hash of the bytes, so that the file may be cached for ever.
    pub immutable: bool,
    /// The asset it was made from.
    pub asset: Option<AssetId>,
    /// The chunk it was made from.
    pub chunk: Option<ChunkIdx>,
}

impl FinalFile {
    /// A file that is made when all others have their names: its own holds no hash, and no asset or chunk is behind it.
    pub fn made(id: OutputId, path: String, class: OutputClass, bytes: impl Into<Bytes>) -> Self {
        Self { id, path, class, bytes: bytes.into(), immutable: false, asset: None, chunk: None }
    }
}

/// The whole output set, final but for what finishers add.
#[derive(Clone, Debug, Default)]
pub struct Release {
    /// Sorted by path.
    pub files: Vec<FinalFile>,
    /// URL prefix: `/`, `/static/`, `https://cdn.example.com/` or `./`.
    pub base: String,
}

impl Release {
    /// The URL of a file as a page at the site's root would name it.
    pub fn url(&self, file: &FinalFile) -> String {
        format!("{}{}", self.base, file.path)
    }

    /// Those of some files that would take the place of a file of the release, or of each other.
    pub fn in_the_way<'f>(&self, added: &'f [FinalFile]) -> impl Iterator<Item = &'f FinalFile> {
        let mut taken: BTreeSet<&str> = self.files.iter().map(|file| file.path.as_str()).collect();
        let in_the_way: Vec<&FinalFile> = added.iter().filter(|file| !taken.insert(&file.path)).collect();
        in_the_way.into_iter()
    }
}
