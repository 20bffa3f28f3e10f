//! Every plugin that Planish ships: the only list of them.

pub use planish_compress as compress;
pub use planish_css as css;
pub use planish_file as file;
pub use planish_headers as headers;
pub use planish_html as html;
pub use planish_image as image;
pub use planish_js as js;
pub use planish_service_worker as service_worker;

use compress::{Compress, CompressOptions};
use css::{CssOptions, CssPlugin};
use file::{FilePlugin, ManifestPlugin};
use headers::{Headers, HeadersOptions};
use html::{HtmlOptions, HtmlPlugin};
use image::{ImageOptions, ImagePlugin};
use js::{JsOptions, JsPlugin};
use planish_pipeline::key::Key;
use planish_pipeline::plugin::{Finisher, Plugins};
use service_worker::{InjectPlugin, ServiceWorker, ServiceWorkerOptions};

/// The options of all plugins.
#[derive(Clone, Debug)]
pub struct PluginOptions {
    /// JavaScript and TypeScript.
    pub js: JsOptions,
    /// Stylesheets.
    pub css: CssOptions,
    /// Documents.
    pub html: HtmlOptions,
    /// PNG and JPEG images.
    pub image: ImageOptions,
    /// Precompressed siblings; none if absent.
    pub compress: Option<CompressOptions>,
    /// HTTP headers for servers; none if absent.
    pub headers: Option<HeadersOptions>,
    /// The service worker; none if absent.
    pub service_worker: Option<ServiceWorkerOptions>,
}

/// The plugins of `planish build`. An error is about an option and fit to be shown.
pub fn all(options: PluginOptions) -> Result<Plugins, String> {
    let key = Key::of_bytes(format!("{options:?}").as_bytes());
    let mut finishers: Vec<Box<dyn Finisher>> = Vec::new();
    if let Some(options) = options.service_worker {
        finishers.push(Box::new(ServiceWorker::new(options)));
    }
    // The service worker is compressed as well.
    if let Some(options) = options.compress {
        finishers.push(Box::new(Compress::new(options)));
    }
    let headers = options.headers.map(|options| Box::new(Headers::new(options)) as Box<dyn Finisher>);
    Ok(Plugins {
        assets: vec![
            // Takes one entry, which is a script as well.
            Box::new(InjectPlugin),
            // Before the plugin that takes JSON.
            Box::new(ManifestPlugin),
            Box::new(JsPlugin::new(options.js)?),
            Box::new(CssPlugin::new(options.css)?),
            Box::new(HtmlPlugin::new(options.html)),
            Box::new(ImagePlugin::new(options.image)),
            // Takes everything.
            Box::new(FilePlugin),
        ],
        finishers,
        last: headers.into_iter().collect(),
        options: key,
    })
}

/// The plugins of `planish bundle`: code is linked, everything else is copied. An error is about an option and fit to be shown.
pub fn bundle(js: JsOptions, css: CssOptions) -> Result<Plugins, String> {
    Ok(Plugins {
        assets: vec![Box::new(JsPlugin::new(js)?), Box::new(CssPlugin::new(css)?), Box::new(FilePlugin)],
        ..Plugins::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use planish_pipeline::asset::{AssetId, DependencyKind};
    use planish_pipeline::plugin::Request;
    use planish_pipeline::resolve::Platform;

    fn options() -> PluginOptions {
        PluginOptions {
            js: JsOptions {
                production: true,
                minify: true,
                source_map: js::SourceMap::None,
                define: Default::default(),
                jsx: Default::default(),
                target: "es2020".into(),
                format: js::Format::Esm,
                platform: Platform::Browser,
                keep_names: false,
                legal_comments: js::LegalComments::None,
            },
            css: CssOptions { minify: true, source_map: false, target: "es2020".into() },
            html: HtmlOptions { picture: true, minify: true, integrity: html::Integrity::AtOnce },
            image: ImageOptions::default(),
            compress: Some(CompressOptions::default()),
            headers: Some(HeadersOptions { forms: Vec::new(), policies: true }),
            service_worker: Some(ServiceWorkerOptions::default()),
        }
    }

    #[track_caller]
    fn check(plugins: &Plugins, id: &str, kind: Option<DependencyKind>, expected: &str) {
        let request = Request { id: &AssetId::new(id), kind, attribute: None };
        let owner = plugins.assets.iter().find(|plugin| plugin.accepts(request)).expect("some plugin takes it");
        assert_eq!(owner.kind(), expected, "{id}");
    }

    #[test]
    fn every_file_has_its_plugin() {
        let plugins = all(options()).expect("the options are good");
        check(&plugins, "index.html", None, "html");
        check(&plugins, "a.tsx", None, "js");
        check(&plugins, "sw.ts?service-worker", None, "service-worker");
        check(&plugins, "a.css", Some(DependencyKind::Import), "css");
        check(&plugins, "manifest.json", Some(DependencyKind::Import), "js");
        check(&plugins, "manifest.json", Some(DependencyKind::Url), "webmanifest");
        check(&plugins, "a.png", Some(DependencyKind::Url), "image");
        check(&plugins, "a.svg", Some(DependencyKind::Url), "file");
        check(&plugins, "a.unknown", None, "file");
    }

    #[test]
    fn finishers_see_what_they_need() {
        let names = |options| -> Vec<&str> {
            all(options).expect("the options are good").finishers.iter().map(|finisher| finisher.name()).collect()
        };
        assert_eq!(names(options()), ["service-worker", "compress"]);
        assert!(names(PluginOptions { compress: None, headers: None, service_worker: None, ..options() }).is_empty());
    }

    #[test]
    fn a_bundle_copies_images() {
        let plugins = bundle(options().js, options().css).expect("the options are good");
        check(&plugins, "a.png", Some(DependencyKind::Url), "file");
        assert!(plugins.finishers.is_empty());
    }

    #[test]
    fn a_bad_target_is_an_error() {
        let mut options = options();
        options.js.target = "nonsense 3".into();
        assert!(all(options).is_err());
    }
}
