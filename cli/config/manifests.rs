//! `formats` of `[manifest]`: names of formats, or tables with a format and a path.

use super::value::OutputPath;
use planish_pipeline::manifest::{Format, Request};
use serde::Deserialize;

/// A manifest to write.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Raw")]
pub(crate) struct ManifestRequest(pub(crate) Request);

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "must be a list of formats, each a name or `{ format = \"vite\", path = \"manifest.json\" }`"
)]
enum Raw {
    Named(String),
    Placed(Placed),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Placed {
    format: String,
    path: OutputPath,
}

const FORMATS: [(&str, Format); 12] = [
    ("vite", Format::Vite),
    ("laravel", Format::Laravel),
    ("mix", Format::Mix),
    ("django", Format::Django),
    ("propshaft", Format::Propshaft),
    ("sprockets", Format::Sprockets),
    ("phoenix", Format::Phoenix),
    ("asset-mapper", Format::AssetMapper),
    ("symfony", Format::Symfony),
    ("webpack", Format::Webpack),
    ("flat", Format::Flat),
    ("planish", Format::Planish),
];

impl TryFrom<Raw> for ManifestRequest {
    type Error = String;

    fn try_from(raw: Raw) -> Result<Self, String> {
        let (name, path) = match raw {
            Raw::Named(name) => (name, None),
            Raw::Placed(placed) => (placed.format, Some(placed.path.0)),
        };
        let format = FORMATS.iter().find(|(known, _)| *known == name).map(|(_, format)| *format);
        let Some(format) = format else {
            let known: Vec<String> = FORMATS.iter().map(|(name, _)| format!("`{name}`")).collect();
            return Err(format!("must hold no other formats than {}, but has `{name}`", known.join(", ")));
        };
        Ok(Self(Request { format, path: path.unwrap_or_else(|| format.usual_path().to_owned()) }))
    }
}
