//! What the configuration means for each plugin.

use crate::config::{Config, HeadersFormat, ImageFormat, ImagesConfig, Jsx, Mode, Quality, SourceMapMode};
use crate::flags::{BundleFlags, FormatMode, JsxMode, LegalCommentsMode, PlatformMode};
use planish_pipeline::resolve::Platform;
use planish_plugins::PluginOptions;
use planish_plugins::compress::{CompressOptions, Gzip};
use planish_plugins::css::CssOptions;
use planish_plugins::headers::{Form, HeadersOptions};
use planish_plugins::html::{HtmlOptions, Integrity};
use planish_plugins::image::ImageOptions;
use planish_plugins::js::{Format, JsOptions, JsxOptions, LegalComments, SourceMap};
use planish_plugins::service_worker::{ServiceWorkerOptions, WorkerKind};
use std::collections::BTreeMap;

/// Only variables of the environment and of `.env` files with this prefix reach the scripts.
const PUBLIC: &str = "PLANISH_PUBLIC_";

/// The target of a site that names none.
pub(crate) const TARGET: &str = "baseline-widely-available";

/// What the options depend on besides the configuration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Site<'a> {
    /// For whom.
    pub(crate) mode: Mode,
    /// URL prefix.
    pub(crate) base: &'a str,
    /// `index.html` of the root is an entry.
    pub(crate) has_index: bool,
}

/// The options of a site's build.
pub(crate) fn of_site(config: &Config, site: Site<'_>, environment: &BTreeMap<String, String>) -> PluginOptions {
    let Site { mode, base, .. } = site;
    let production = mode == Mode::Production;
    let target = config.build.target.clone().unwrap_or_else(|| TARGET.to_owned());
    let usual_map = if production { SourceMapMode::None } else { SourceMapMode::External };
    let source_map = config.js.sourcemap.unwrap_or(usual_map);
    let usual_integrity = if production { Integrity::AtOnce } else { Integrity::None };
    PluginOptions {
        js: JsOptions {
            production,
            minify: config.js.minify.unwrap_or(production),
            source_map: map(source_map),
            define: defines(mode, base, environment, &config.js.define),
            jsx: jsx(config),
            target: target.clone(),
            format: Format::Esm,
            platform: Platform::Browser,
            keep_names: config.js.keep_names,
            legal_comments: legal(config.js.legal_comments.unwrap_or(LegalCommentsMode::None)),
        },
        css: CssOptions {
            minify: config.css.minify.unwrap_or(production),
            source_map: source_map != SourceMapMode::None,
            target,
        },
        html: HtmlOptions {
            picture: config.html.picture.unwrap_or(true),
            minify: config.html.minify.unwrap_or(production),
            integrity: config.html.integrity.map_or(usual_integrity, |integrity| integrity.0),
        },
        image: if production { images(&config.images) } else { untouched() },
        compress: production.then(|| compression(config)),
        headers: (!config.headers.formats.is_empty()).then(|| headers(config)),
        service_worker: service_worker(config, site.has_index),
    }
}

/// The options of scripts and stylesheets for `planish bundle`.
pub(crate) fn of_bundle(flags: &BundleFlags) -> (JsOptions, CssOptions) {
    let production = flags.mode == Mode::Production;
    let mut define = BTreeMap::new();
    if flags.platform == PlatformMode::Browser {
        define.insert("process.env.NODE_ENV".to_owned(), quoted(flags.mode.name()));
    }
    define.extend(flags.define.iter().cloned());
    let js = JsOptions {
        production,
        minify: flags.minify,
        source_map: map(flags.sourcemap),
        define,
        jsx: JsxOptions {
            automatic: flags.jsx.map(|jsx| jsx == JsxMode::Automatic),
            import_source: flags.jsx_import_source.clone(),
            factory: flags.jsx_factory.clone(),
            fragment: flags.jsx_fragment.clone(),
        },
        target: flags.target.clone(),
        format: match flags.format {
            FormatMode::Esm => Format::Esm,
            FormatMode::Iife => Format::Iife,
            FormatMode::Cjs => Format::Cjs,
        },
        platform: platform(flags.platform),
        keep_names: flags.keep_names,
        legal_comments: legal(flags.legal_comments),
    };
    let css = CssOptions {
        minify: flags.minify,
        source_map: flags.sourcemap != SourceMapMode::None,
        target: flags.target.clone(),
    };
    (js, css)
}

/// Where the output runs.
pub(crate) fn platform(platform: PlatformMode) -> Platform {
    match platform {
        PlatformMode::Browser => Platform::Browser,
        PlatformMode::Node => Platform::Node,
    }
}

/// What every browser script may ask for; the configuration's own definitions win.
fn defines(
    mode: Mode,
    base: &str,
    environment: &BTreeMap<String, String>,
    own: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let production = mode == Mode::Production;
    let mut define: BTreeMap<String, String> = environment
        .iter()
        .filter(|(name, _)| name.starts_with(PUBLIC) && is_name(name))
        .map(|(name, value)| (format!("import.meta.env.{name}"), quoted(value)))
        .collect();
    let built_in = [
        ("import.meta.env.MODE", quoted(mode.name())),
        ("import.meta.env.PROD", production.to_string()),
        ("import.meta.env.DEV", (!production).to_string()),
        ("import.meta.env.SSR", false.to_string()),
        ("import.meta.env.BASE_URL", quoted(base)),
        ("process.env.NODE_ENV", quoted(mode.name())),
    ];
    define.extend(built_in.map(|(name, value)| (name.to_owned(), value)));
    define.extend(own.clone());
    define
}

fn is_name(text: &str) -> bool {
    text.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
}

/// A JavaScript string literal: JSON is a subset of JavaScript.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn jsx(config: &Config) -> JsxOptions {
    let js = config.js.clone();
    JsxOptions {
        automatic: js.jsx.map(|jsx| jsx == Jsx::Automatic),
        import_source: js.jsx_import_source,
        factory: js.jsx_factory,
        fragment: js.jsx_fragment,
    }
}

fn map(mode: SourceMapMode) -> SourceMap {
    match mode {
        SourceMapMode::None => SourceMap::None,
        SourceMapMode::External => SourceMap::External,
        SourceMapMode::Inline => SourceMap::Inline,
        SourceMapMode::Hidden => SourceMap::Hidden,
    }
}

fn legal(mode: LegalCommentsMode) -> LegalComments {
    match mode {
        LegalCommentsMode::None => LegalComments::None,
        LegalCommentsMode::Inline => LegalComments::Inline,
        LegalCommentsMode::Linked => LegalComments::Linked,
    }
}

fn images(config: &ImagesConfig) -> ImageOptions {
    use ImageFormat::{Avif, Webp};
    let usual = ImageOptions::default();
    let formats = config.formats.clone().unwrap_or_else(|| vec![Avif, Webp]);
    let quality = config.quality.clone().unwrap_or(Quality { avif: None, webp: None });
    ImageOptions {
        avif: formats.contains(&Avif),
        webp: formats.contains(&Webp),
        avif_quality: quality.avif.unwrap_or(usual.avif_quality),
        webp_quality: quality.webp.unwrap_or(usual.webp_quality),
        avif_speed: config.effort.map_or(usual.avif_speed, |effort| 10 - effort.0),
        optimise: config.optimise.unwrap_or(usual.optimise),
    }
}

/// Images as they are: what takes longest in a build changes nothing that a developer sees.
fn untouched() -> ImageOptions {
    ImageOptions { avif: false, webp: false, optimise: false, ..ImageOptions::default() }
}

fn compression(config: &Config) -> CompressOptions {
    CompressOptions {
        gzip: config.compress.gzip.map_or(Some(Gzip::Level(9)), |level| level.0),
        brotli: config.compress.brotli.map_or(Some(11), |level| level.0),
        zstd: config.compress.zstd.and_then(|level| level.0),
        minimum_size: config.compress.minimum_size.map_or(1024, |size| usize::try_from(size.0).unwrap_or(usize::MAX)),
    }
}

fn headers(config: &Config) -> HeadersOptions {
    let form = |format: &HeadersFormat| match format {
        HeadersFormat::Json => Form::Json,
        HeadersFormat::Nginx => Form::Nginx,
        HeadersFormat::Caddy => Form::Caddy,
        HeadersFormat::Netlify => Form::Netlify,
    };
    HeadersOptions {
        forms: config.headers.formats.iter().map(form).collect(),
        policies: config.headers.policies.unwrap_or(true),
    }
}

fn service_worker(config: &Config, has_index: bool) -> Option<ServiceWorkerOptions> {
    let config = config.service_worker.0.clone();
    if !config.enabled && !config.kill {
        return None;
    }
    let usual = ServiceWorkerOptions::default();
    Some(ServiceWorkerOptions {
        kind: match (config.kill, &config.inject) {
            (true, _) => WorkerKind::Kill,
            (false, Some(_)) => WorkerKind::Injected,
            (false, None) => WorkerKind::Generated,
        },
        file: config.file.map_or(usual.file, |file| file.0),
        scope: config.scope.map(|scope| scope.0),
        navigation_fallback: match config.navigation_fallback {
            Some(page) => page.0,
            None => has_index.then(|| "index.html".to_owned()),
        },
        app_shell: config.app_shell.into_iter().map(|pattern| pattern.0).collect(),
        offline: config.offline.map(|page| page.0),
        critical: config.precache.critical,
        tolerant: config.precache.tolerant,
        exclude: config.exclude,
        include_images: config.include_images,
        integrity: config.integrity.unwrap_or(usual.integrity),
        navigation_preload: config.navigation_preload,
        rules: config.runtime.into_iter().map(Into::into).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(mode: Mode, base: &str) -> Site<'_> {
        Site { mode, base, has_index: true }
    }

    fn environment(list: &[(&str, &str)]) -> BTreeMap<String, String> {
        list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn only_public_variables_reach_the_scripts() {
        let environment =
            environment(&[("SECRET", "s"), ("PLANISH_PUBLIC_API", "https://\"x\""), ("XPLANISH_PUBLIC_Y", "y")]);
        let define = of_site(&Config::default(), site(Mode::Production, "/b/"), &environment).js.define;
        let names: Vec<&str> = define.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            [
                "import.meta.env.BASE_URL",
                "import.meta.env.DEV",
                "import.meta.env.MODE",
                "import.meta.env.PLANISH_PUBLIC_API",
                "import.meta.env.PROD",
                "import.meta.env.SSR",
                "process.env.NODE_ENV"
            ]
        );
        assert_eq!(define["import.meta.env.PLANISH_PUBLIC_API"], r#""https://\"x\"""#);
        assert_eq!(define["import.meta.env.BASE_URL"], "\"/b/\"");
        assert_eq!(
            (define["import.meta.env.DEV"].as_str(), define["process.env.NODE_ENV"].as_str()),
            ("false", "\"production\"")
        );
    }

    #[test]
    fn own_definitions_win() {
        let mut config = Config::default();
        config.js.define.insert("process.env.NODE_ENV".into(), "\"test\"".into());
        let define = of_site(&config, site(Mode::Development, "/"), &environment(&[])).js.define;
        assert_eq!(define["process.env.NODE_ENV"], "\"test\"");
        assert_eq!(define["import.meta.env.DEV"], "true");
    }

    #[test]
    fn development_leaves_images_and_bytes_alone() {
        let options = of_site(&Config::default(), site(Mode::Development, "/"), &environment(&[]));
        assert!(!options.image.avif && !options.image.webp && !options.image.optimise);
        assert!(options.compress.is_none());
        assert!(options.js.source_map == SourceMap::External && options.css.source_map);
    }

    #[test]
    fn the_fallback_page_is_the_index_if_there_is_one() {
        let fallback = |text: &str, has_index| {
            let text = format!("[service_worker]\nenabled = true\n{text}");
            let config = crate::config::read::read("planish.toml", &text).expect("good").config;
            let site = Site { mode: Mode::Production, base: "/", has_index };
            of_site(&config, site, &environment(&[])).service_worker.expect("enabled").navigation_fallback
        };
        assert_eq!(fallback("", true).as_deref(), Some("index.html"));
        assert_eq!(fallback("", false), None);
        assert_eq!(fallback("navigation_fallback = false", true), None);
        assert_eq!(fallback("navigation_fallback = 'offline.html'", true).as_deref(), Some("offline.html"));
    }
}
