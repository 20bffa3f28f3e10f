//! Reads `planish.json` and writes the tags of an entry, for servers that render their own pages.
//!
//! ```
//! # let text = r#"{ "version": 1, "base": "/static/",
//! #   "entries": { "src/main.ts": { "name": "main", "is_entry": true, "scripts": ["assets/main-9fK2c1xQ.js"] } },
//! #   "sources": {}, "files": {} }"#;
//! let manifest = planish_tags::Manifest::read(text)?;
//! let tags = manifest.tags("src/main.ts", &planish_tags::Options::default())?;
//! assert_eq!(tags, r#"<script type="module" src="/static/assets/main-9fK2c1xQ.js" crossorigin></script>"#);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`Manifest`] is also what Planish itself writes the file from, so the two cannot disagree. The engine is not needed to read it.

#[cfg(feature = "minijinja")]
mod jinja;
mod manifest;
mod tags;

#[cfg(feature = "minijinja")]
pub use jinja::add_functions;
pub use manifest::{Entry, File, Manifest, ReadError, Source, VERSION};
pub use tags::{Options, Unknown};
