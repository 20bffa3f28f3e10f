//! Values of the configuration that are more than text, numbers and switches. A value that cannot be right is refused here, so that
//! the message can point at it; messages begin with `must` and follow the key's name.

use clap::ValueEnum;
use planish_pipeline::chunk::{Lookup, NamedGroup, VendorSplit};
use planish_pipeline::naming::{Naming, Template};
use planish_plugins::compress::Gzip;
use planish_plugins::html::Integrity;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::str::FromStr;

/// The value of a key that is planned but not built.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct NotYet;

/// What the error of a [`NotYet`] says after the key.
pub(crate) const NOT_YET: &str = "is not supported yet";

impl<'de> Deserialize<'de> for NotYet {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(serde::de::Error::custom(NOT_YET))
    }
}

/// For whom the build is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mode {
    /// Small and final.
    Production,
    /// Quick and readable.
    Development,
}

impl Mode {
    /// The name, as `import.meta.env.MODE` has it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Development => "development",
        }
    }
}

/// Entries.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "must be a list of files, or a table of names and files")]
pub(crate) enum Entries {
    /// Files and globs.
    List(Vec<String>),
    /// Names and files.
    Named(std::collections::BTreeMap<String, String>),
}

/// The URL prefix of the output folder; ends with a slash.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Base(pub(crate) String);

impl FromStr for Base {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_prefix = text.is_empty()
            || ["/", "./", "../", "https://", "http://"].iter().any(|prefix| text.starts_with(prefix))
            || text == "."
            || text == "..";
        if !is_prefix {
            return Err(format!("must be a path such as `/static/`, a URL, or `./`, not `{text}`"));
        }
        if text.contains(['?', '#', '"', '<', '>', '\\']) || text.contains(char::is_whitespace) {
            return Err(format!("must not have a query, a fragment or spaces, but is `{text}`"));
        }
        let text = if text.is_empty() { "./" } else { text };
        Ok(Self(if text.ends_with('/') { text.to_owned() } else { format!("{text}/") }))
    }
}

impl TryFrom<String> for Base {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// How hashed files are named.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct NamingScheme(pub(crate) Naming);

impl Default for NamingScheme {
    fn default() -> Self {
        Self::preset("assets", "[name]-[hash].[ext]")
    }
}

impl NamingScheme {
    /// The usual names, but they stay the same while somebody works on a site: what is open in a browser's tools stays open.
    pub(crate) fn of_development() -> Self {
        match Self::default().0 {
            Naming::Hashed { directory, template } => Self(Naming::Stable { directory, template }),
            naming => Self(naming),
        }
    }

    fn preset(directory: &str, template: &str) -> Self {
        let template = Template::parse(template).expect("the presets are good");
        Self(Naming::Hashed { directory: directory.to_owned(), template })
    }
}

impl TryFrom<String> for NamingScheme {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            "vite" => Ok(Self::default()),
            "django" => Ok(Self::preset("assets", "[name].[hash].[ext]")),
            // Its folder is the output folder: `public/assets`.
            "propshaft" => Ok(Self::preset("", "[name]-[hash].digested.[ext]")),
            "phoenix" => Ok(Self::preset("assets", "[name]-[hex:32].[ext]")),
            template if template.contains('[') => naming_template(template),
            _ => Err(format!(
                "must be `vite`, `django`, `propshaft`, `phoenix` or a template such as `[name]-[hash].[ext]`, not `{text}`"
            )),
        }
    }
}

/// `[name].[hash].[ext]`, with folders before it or without.
fn naming_template(text: &str) -> Result<NamingScheme, String> {
    let (directory, name) = text.rsplit_once('/').unwrap_or(("assets", text));
    let directory = directory.strip_prefix("./").unwrap_or(directory);
    // The only colons are those before a number of digits.
    let plain = text.replace("[hash:", "[hash").replace("[hex:", "[hex");
    if directory.contains('[') || !is_plain_path(plain.strip_prefix("./").unwrap_or(&plain)) {
        return Err(format!(
            "must stay in the output folder and have its placeholders in the file name, but is `{text}`"
        ));
    }
    let template = Template::parse(name).map_err(|message| message.replace(name, text))?;
    let directory = if directory == "." { "" } else { directory };
    Ok(NamingScheme(Naming::Hashed { directory: directory.to_owned(), template }))
}

/// A relative path without segments or characters that mean something else on some system.
fn is_plain_path(path: &str) -> bool {
    !path.contains(['\\', ':', '\0', '?', '#', '*', '"', '<', '>', '|', '%'])
        && path.split('/').all(|segment| !segment.is_empty() && segment != ".." && segment != ".")
        && !path.chars().any(char::is_control)
}

/// A file below the output folder.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct OutputPath(pub(crate) String);

impl TryFrom<String> for OutputPath {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if is_plain_path(&text) {
            Ok(Self(text))
        } else {
            Err(format!("must be a path below the output folder, not `{text}`"))
        }
    }
}

/// `navigation_fallback` of `[service_worker]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "RawFallback")]
pub(crate) struct Fallback(pub(crate) Option<String>);

#[derive(Deserialize)]
#[serde(untagged, expecting = "must be a page below the output folder, or `false`")]
enum RawFallback {
    Switch(bool),
    Page(OutputPath),
}

impl TryFrom<RawFallback> for Fallback {
    type Error = String;

    fn try_from(raw: RawFallback) -> Result<Self, String> {
        match raw {
            RawFallback::Switch(false) => Ok(Self(None)),
            RawFallback::Switch(true) => Err("must be a page such as `index.html`, or `false`".to_owned()),
            RawFallback::Page(path) => Ok(Self(Some(path.0))),
        }
    }
}

/// `jsx` of `[js]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Jsx {
    /// Imports `jsx` from `<jsx_import_source>/jsx-runtime`.
    Automatic,
    /// Calls the factory.
    Classic,
}

/// `sourcemap` of `[js]` and `--sourcemap`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SourceMapMode {
    /// No source maps.
    None,
    /// Beside the script, which names it.
    External,
    /// In the script.
    Inline,
    /// Beside the script, which does not name it.
    Hidden,
}

/// `vendor` of `[js.split]` and `--split-vendor`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum VendorGroups {
    /// No chunk.
    None,
    /// One chunk.
    One,
    /// One for each large package that an entry needs at once, and others for the rest.
    #[default]
    Large,
    /// One for each package.
    PerPackage,
}

impl From<VendorGroups> for VendorSplit {
    fn from(groups: VendorGroups) -> Self {
        match groups {
            VendorGroups::None => Self::None,
            VendorGroups::One => Self::One,
            VendorGroups::Large => Self::Large,
            VendorGroups::PerPackage => Self::PerPackage,
        }
    }
}

/// `groups` of `[js.split]`, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Groups(pub(crate) Vec<NamedGroup>);

impl<'de> Deserialize<'de> for Groups {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Groups;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a table of names and lists of globs")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Groups, A::Error> {
                let mut groups = Vec::new();
                while let Some((name, globs)) = map.next_entry()? {
                    groups.push(NamedGroup { name, globs });
                }
                Ok(Groups(groups))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

/// `lookup` of `[js.split]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum LookupBy {
    /// By URL.
    None,
    /// In the import map of the page.
    ImportMap,
    /// In a table that is a script of its own.
    Table,
}

impl From<LookupBy> for Lookup {
    fn from(lookup: LookupBy) -> Self {
        match lookup {
            LookupBy::None => Self::Url,
            LookupBy::ImportMap => Self::Map,
            LookupBy::Table => Self::Table,
        }
    }
}

/// `integrity` of `[html]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "RawIntegrity")]
pub(crate) struct IntegrityOf(pub(crate) Integrity);

#[derive(Deserialize)]
#[serde(untagged, expecting = "must be `true`, `false` or `all`")]
enum RawIntegrity {
    Switch(bool),
    Word(String),
}

impl TryFrom<RawIntegrity> for IntegrityOf {
    type Error = String;

    fn try_from(raw: RawIntegrity) -> Result<Self, String> {
        match raw {
            RawIntegrity::Switch(false) => Ok(Self(Integrity::None)),
            RawIntegrity::Switch(true) => Ok(Self(Integrity::AtOnce)),
            RawIntegrity::Word(word) if word == "all" => Ok(Self(Integrity::All)),
            RawIntegrity::Word(word) => Err(format!("must be `true`, `false` or `all`, not `{word}`")),
        }
    }
}

/// A format that images are written in beside their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ImageFormat {
    /// AV1 image format.
    Avif,
    /// WebP.
    Webp,
}

/// `quality` of `[images]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "RawQuality")]
pub(crate) struct Quality {
    /// For AVIF.
    pub(crate) avif: Option<f32>,
    /// For WebP.
    pub(crate) webp: Option<f32>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "must be a number from 1 to 100, or a table such as `{ avif = 60, webp = 80 }`")]
enum RawQuality {
    All(f32),
    Each(EachQuality),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EachQuality {
    avif: Option<f32>,
    webp: Option<f32>,
}

impl TryFrom<RawQuality> for Quality {
    type Error = String;

    fn try_from(raw: RawQuality) -> Result<Self, String> {
        let (avif, webp) = match raw {
            RawQuality::All(value) => (Some(value), Some(value)),
            RawQuality::Each(each) => (each.avif, each.webp),
        };
        match [avif, webp].into_iter().flatten().find(|value| !(1.0..=100.0).contains(value)) {
            Some(value) => Err(format!("must be from 1 to 100, not {value}")),
            None => Ok(Self { avif, webp }),
        }
    }
}

/// 0 to 9.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "i64")]
pub(crate) struct Effort(pub(crate) u8);

impl TryFrom<i64> for Effort {
    type Error = String;

    fn try_from(value: i64) -> Result<Self, String> {
        u8::try_from(value)
            .ok()
            .filter(|value| *value <= 9)
            .map(Self)
            .ok_or_else(|| format!("must be from 0 to 9, not {value}"))
    }
}

/// A compression level up to `MAX`, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "RawLevel")]
pub(crate) struct Level<const MAX: u32>(pub(crate) Option<u32>);

#[derive(Deserialize)]
#[serde(untagged, expecting = "must be a level or `false`")]
enum RawLevel {
    Switch(bool),
    Number(i64),
}

impl<const MAX: u32> TryFrom<RawLevel> for Level<MAX> {
    type Error = String;

    fn try_from(raw: RawLevel) -> Result<Self, String> {
        match raw {
            RawLevel::Switch(on) => Ok(Self(on.then_some(MAX))),
            RawLevel::Number(number) => match u32::try_from(number).ok().filter(|level| (1..=MAX).contains(level)) {
                Some(level) => Ok(Self(Some(level))),
                None => Err(format!("must be from 1 to {MAX}, or `false`, not {number}")),
            },
        }
    }
}

/// `gzip` of `[compress]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "RawGzip")]
pub(crate) struct GzipLevel(pub(crate) Option<Gzip>);

#[derive(Deserialize)]
#[serde(untagged, expecting = "must be a level, `max` or `false`")]
enum RawGzip {
    Level(RawLevel),
    Word(String),
}

impl TryFrom<RawGzip> for GzipLevel {
    type Error = String;

    fn try_from(raw: RawGzip) -> Result<Self, String> {
        match raw {
            RawGzip::Level(level) => Ok(Self(Level::<9>::try_from(level)?.0.map(Gzip::Level))),
            RawGzip::Word(word) if word == "max" => Ok(Self(Some(Gzip::Smallest))),
            RawGzip::Word(word) => Err(format!("must be a level, `max` or `false`, not `{word}`")),
        }
    }
}

/// A form of the headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum HeadersFormat {
    /// `headers.json`
    Json,
    /// Snippets for nginx.
    Nginx,
    /// A snippet for Caddy.
    Caddy,
    /// `_headers`
    Netlify,
}

/// A number of bytes: `1024`, `"500 MB"`, `"2GiB"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "RawSize")]
pub(crate) struct Size(pub(crate) u64);

#[derive(Deserialize)]
#[serde(untagged, expecting = "must be a number of bytes, or text such as `500MB`")]
enum RawSize {
    Number(u64),
    Text(String),
}

impl TryFrom<RawSize> for Size {
    type Error = String;

    fn try_from(raw: RawSize) -> Result<Self, String> {
        match raw {
            RawSize::Number(bytes) => Ok(Self(bytes)),
            RawSize::Text(text) => text.parse(),
        }
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || format!("must be a number of bytes such as `1024`, `500MB` or `2GiB`, not `{text}`");
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let number: u64 = text[..digits].parse().map_err(|_| bad())?;
        let factor: u64 = match text[digits..].trim().to_ascii_lowercase().as_str() {
            "" | "b" => 1,
            "k" | "kb" => 1_000,
            "m" | "mb" => 1_000_000,
            "g" | "gb" => 1_000_000_000,
            "kib" => 1 << 10,
            "mib" => 1 << 20,
            "gib" => 1 << 30,
            _ => return Err(bad()),
        };
        number.checked_mul(factor).map(Self).ok_or_else(bad)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_ends_with_a_slash() {
        let base = |text: &str| text.parse::<Base>().map(|base| base.0);
        assert_eq!(base("/static").as_deref(), Ok("/static/"));
        assert_eq!(base("https://cdn.example.com/a/").as_deref(), Ok("https://cdn.example.com/a/"));
        assert_eq!(base("").as_deref(), Ok("./"));
        assert_eq!(base("."), base("./"));
        for bad in ["static/", "/a b/", "/a?b", "javascript:x"] {
            assert!(base(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn naming_templates() {
        let naming = |text: &str| NamingScheme::try_from(text.to_owned()).map(|scheme| scheme.0);
        let hashed = |directory: &str, template: &str| {
            Ok(Naming::Hashed { directory: directory.into(), template: Template::parse(template)? })
        };
        assert_eq!(naming("django"), hashed("assets", "[name].[hash].[ext]"));
        assert_eq!(naming("phoenix"), hashed("assets", "[name]-[hex:32].[ext]"));
        assert_eq!(naming("propshaft"), hashed("", "[name]-[hash].digested.[ext]"));
        assert_eq!(naming("js/[name]~[hash].[ext]"), hashed("js", "[name]~[hash].[ext]"));
        assert_eq!(naming("./[name]-[hash].[ext]"), hashed("", "[name]-[hash].[ext]"));
        for bad in [
            "rails",
            "[name].[ext]",
            "[hash].[ext]",
            "[name]-[hash]",
            "../[name]-[hash].[ext]",
            "/[name]-[hash].[ext]",
            "[dir]/[name]-[hash].[ext]",
            "[hash]/[name].[ext]",
            "c:/[name]-[hash].[ext]",
        ] {
            assert!(naming(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn sizes() {
        let size = |text: &str| text.parse::<Size>().map(|size| size.0);
        assert_eq!(size("1024"), Ok(1024));
        assert_eq!(size("500 MB"), Ok(500_000_000));
        assert_eq!(size("2GiB"), Ok(2 << 30));
        for bad in ["", "MB", "1.5MB", "-1", "99999999999GB"] {
            assert!(size(bad).is_err(), "{bad}");
        }
    }
}
