//! Files that no other plugin knows: fonts, films, SVG drawings, text. They are copied under a hashed name. And web app manifests, whose
//! icons get hashed names too.
//!
//! Invariant: a file's bytes are never changed, except that a web app manifest is minified and its URLs are rewritten.

mod file;
mod manifest;

pub use file::FilePlugin;
pub use manifest::ManifestPlugin;
