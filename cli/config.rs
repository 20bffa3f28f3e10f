//! `planish.toml`: its keys and their values. [`read`] reads it; [`crate::settings`] joins it with the flags.
//!
//! Every key is optional. A key that is not here is an error, and so is one whose value is [`NotYet`]: nothing is ever ignored.

mod manifests;
pub(crate) mod read;
mod service_worker;
mod value;

pub(crate) use manifests::ManifestRequest;
pub(crate) use service_worker::ServiceWorkerConfig;
pub(crate) use value::{
    Base, Entries, HeadersFormat, ImageFormat, Jsx, Level, LookupBy, Mode, NamingScheme, NotYet, Quality, Size,
    SourceMapMode, VendorGroups,
};

use serde::Deserialize;
use std::collections::BTreeMap;

/// The file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    /// `[build]`
    pub(crate) build: BuildConfig,
    /// `[js]`
    pub(crate) js: JsConfig,
    /// `[css]`
    pub(crate) css: CssConfig,
    /// `[html]`
    pub(crate) html: HtmlConfig,
    /// `[images]`
    pub(crate) images: ImagesConfig,
    /// `[compress]`
    pub(crate) compress: CompressConfig,
    /// `[manifest]`
    pub(crate) manifest: ManifestConfig,
    /// `[headers]`
    pub(crate) headers: HeadersConfig,
    /// `[service_worker]`
    pub(crate) service_worker: ServiceWorkerConfig,
    /// `[cache]`
    pub(crate) cache: CacheConfig,
    /// `[budgets]`
    #[serde(rename = "budgets")]
    _budgets: NotYet,
    /// `[dev]`
    #[serde(rename = "dev")]
    _dev: NotYet,
}

/// What is built, and where it goes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct BuildConfig {
    /// Files or globs relative to the root, or names and files.
    pub(crate) entries: Option<Entries>,
    /// The output folder, relative to the root: `dist`.
    pub(crate) out: Option<String>,
    /// URL prefix of the output folder.
    pub(crate) base: Option<Base>,
    /// `baseline-widely-available`, a browserslist query, or `es2020`.
    pub(crate) target: Option<String>,
    /// How files are named.
    pub(crate) naming: Option<NamingScheme>,
    /// A folder that is copied as it is, relative to the root: `public` if that exists.
    #[serde(rename = "static")]
    pub(crate) static_folder: Option<String>,
    /// Production or development.
    pub(crate) mode: Option<Mode>,
}

/// JavaScript and TypeScript.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct JsConfig {
    /// `automatic` imports the JSX functions, `classic` calls `jsx_factory`.
    pub(crate) jsx: Option<Jsx>,
    /// Package of the JSX functions: `react`.
    pub(crate) jsx_import_source: Option<String>,
    /// Function that makes elements: `React.createElement`.
    pub(crate) jsx_factory: Option<String>,
    /// What fragments are: `React.Fragment`.
    pub(crate) jsx_fragment: Option<String>,
    /// Names, with dots or without, and the JavaScript expressions that replace them.
    pub(crate) define: BTreeMap<String, String>,
    /// Specifiers that are left as they are.
    pub(crate) external: Vec<String>,
    /// Specifier prefixes and what they stand for.
    pub(crate) alias: BTreeMap<String, String>,
    /// Which modules get chunks of their own.
    pub(crate) split: SplitConfig,
    /// Whether and how source maps are written.
    pub(crate) sourcemap: Option<SourceMapMode>,
    /// Whether scripts are minified.
    pub(crate) minify: Option<bool>,
    /// Whether functions and classes keep their `name`.
    pub(crate) keep_names: bool,
    /// What becomes of comments with licences.
    pub(crate) legal_comments: Option<crate::flags::LegalCommentsMode>,
    #[serde(rename = "inline_limit")]
    _inline_limit: NotYet,
}

/// `split` of `[js]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SplitConfig {
    /// For the packages that an entry needs at once `one` chunk, or one for each `large` package and others for the rest; one chunk
    /// `per-package`; or `none`.
    pub(crate) vendor: VendorGroups,
    /// Chunks by name, and globs of what is in them.
    pub(crate) groups: value::Groups,
    /// Small chunks are merged where each request that this saves costs fewer bytes of source.
    pub(crate) min_size: Option<Size>,
    /// How scripts find the files of other chunks.
    pub(crate) lookup: Option<LookupBy>,
}

/// Stylesheets.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct CssConfig {
    /// Whether stylesheets are minified.
    pub(crate) minify: Option<bool>,
    #[serde(rename = "modules")]
    _modules: NotYet,
    #[serde(rename = "drafts")]
    _drafts: NotYet,
    #[serde(rename = "critical")]
    _critical: NotYet,
}

/// Pages.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct HtmlConfig {
    /// Whether `<img>` is wrapped into `<picture>` with the other formats of the image.
    pub(crate) picture: Option<bool>,
    /// Whether white space and comments are removed.
    pub(crate) minify: Option<bool>,
    /// Whether scripts and stylesheets have an `integrity`, in pages and in Vite's manifest: in production, unless it is `false`; `"all"`:
    /// scripts that are loaded later, too.
    pub(crate) integrity: Option<value::IntegrityOf>,
}

/// Images.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ImagesConfig {
    /// The formats to write beside the original.
    pub(crate) formats: Option<Vec<ImageFormat>>,
    /// 1 to 100.
    pub(crate) quality: Option<Quality>,
    /// 0 to 9: how long the AVIF encoder may search for fewer bytes.
    pub(crate) effort: Option<value::Effort>,
    /// Whether the original's format is encoded again without loss.
    pub(crate) optimise: Option<bool>,
    #[serde(rename = "widths")]
    _widths: NotYet,
    #[serde(rename = "lossless")]
    _lossless: NotYet,
    #[serde(rename = "placeholder")]
    _placeholder: NotYet,
}

/// Precompressed siblings.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct CompressConfig {
    /// Level 1 to 9, `"max"`, or `false`.
    pub(crate) gzip: Option<value::GzipLevel>,
    /// Quality 1 to 11, or `false`.
    pub(crate) brotli: Option<Level<11>>,
    /// Files below this many bytes are not compressed.
    pub(crate) minimum_size: Option<Size>,
    /// Level 1 to 22, or `false`.
    pub(crate) zstd: Option<Level<22>>,
}

/// Manifests for server templates.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ManifestConfig {
    /// The manifests to write: `["vite"]`.
    pub(crate) formats: Option<Vec<ManifestRequest>>,
}

/// HTTP headers for servers.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct HeadersConfig {
    /// The forms to write; none by default.
    pub(crate) formats: Vec<HeadersFormat>,
    /// Whether pages get a Content-Security-Policy and an Integrity-Policy: unless it is `false`.
    pub(crate) policies: Option<bool>,
}

/// The cache folder.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct CacheConfig {
    /// Where it is, relative to the root.
    pub(crate) dir: Option<String>,
    /// Entries that were not used for the longest time are removed beyond this size: 2 GB, if nothing is said.
    pub(crate) max_size: Option<Size>,
    #[serde(rename = "remote")]
    _remote: NotYet,
}

impl CacheConfig {
    /// Bytes that its entries may have.
    pub(crate) fn max_bytes(&self) -> u64 {
        self.max_size.map_or(2_000_000_000, |size| size.0)
    }
}
