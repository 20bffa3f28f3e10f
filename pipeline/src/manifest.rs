//! Manifests: what a build gave, for server templates and tools. All are made from one [`Model`], each format in a file of its own.
//!
//! Invariants, held by tests:
//! - A manifest names no file that is not there.
//! - Its bytes depend on the build only. Where a format wants a time, it has that of no build: the epoch.

mod asset_mapper;
mod flat;
mod model;
mod namer;
mod phoenix;
mod planish;
mod propshaft;
mod records;
mod sprockets;
mod symfony;
mod vite;
mod webpack;

pub use model::Model;

use crate::output::{FinalFile, OutputClass, OutputId};
use serde::Serialize;

/// Who reads a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Vite's own, and the template helpers that read it.
    Vite,
    /// Laravel's `@vite`.
    Laravel,
    /// Laravel's `mix()`.
    Mix,
    /// Django's `ManifestStaticFilesStorage`, and WhiteNoise.
    Django,
    /// Propshaft, of Rails.
    Propshaft,
    /// Sprockets, of Rails.
    Sprockets,
    /// Phoenix.
    Phoenix,
    /// Symfony's AssetMapper.
    AssetMapper,
    /// Symfony's pentatrion/vite-bundle.
    Symfony,
    /// webpack's `ManifestPlugin`.
    Webpack,
    /// URLs by names: webpack-manifest-plugin, Symfony's `JsonManifestVersionStrategy`.
    Flat,
    /// All that Planish knows; see the crate `planish-tags`.
    Planish,
}

/// A manifest to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// For whom.
    pub format: Format,
    /// Where, relative to the output folder. Files that belong to it are in the same folder.
    pub path: String,
}

impl Format {
    /// Where its readers look for it, relative to the output folder.
    pub fn usual_path(self) -> &'static str {
        match self {
            Self::Vite => ".vite/manifest.json",
            Self::Symfony => ".vite/entrypoints.json",
            Self::Mix => "mix-manifest.json",
            Self::Django => "staticfiles.json",
            Self::Propshaft => ".manifest.json",
            // Thirty-two digits are part of the pattern by which it is found, and say nothing.
            Self::Sprockets => ".sprockets-manifest-00000000000000000000000000000000.json",
            Self::Phoenix => "cache_manifest.json",
            Self::Laravel | Self::AssetMapper | Self::Webpack | Self::Flat => "manifest.json",
            Self::Planish => "planish.json",
        }
    }
}

/// The files of a manifest: one, but for AssetMapper's.
pub fn write(model: &Model<'_>, request: &Request) -> Vec<FinalFile> {
    let path = request.path.as_str();
    let one = |text: String| vec![(path.to_owned(), text)];
    let texts = match request.format {
        Format::Vite | Format::Laravel => one(vite::text(model)),
        Format::Mix => one(flat::mix(model)),
        Format::Django => one(flat::django(model)),
        Format::Propshaft => one(propshaft::text(model)),
        Format::Sprockets => one(sprockets::text(model)),
        Format::Phoenix => one(phoenix::text(model)),
        Format::AssetMapper => asset_mapper::texts(model, path),
        Format::Symfony => one(symfony::text(model)),
        Format::Webpack => one(webpack::text(model)),
        Format::Flat => one(flat::text(model)),
        Format::Planish => one(planish::text(model)),
    };
    texts
        .into_iter()
        .map(|(path, text)| {
            let id = OutputId::new(format!("manifest:{path}"));
            FinalFile::made(id, path, OutputClass::Manifest, text.into_bytes())
        })
        .collect()
}

/// JSON with an indentation of two spaces and no line break at the end.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).expect("text, numbers and lists of them always serialise")
}
