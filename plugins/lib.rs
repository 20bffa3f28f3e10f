//! Every plugin that Planish ships: the only list of them.

pub use planish_compress as compress;
pub use planish_css as css;
pub use planish_file as file;
pub use planish_html as html;
pub use planish_image as image;
pub use planish_js as js;
pub use planish_service_worker as service_worker;

use compress::{Compress, CompressOptions};
use css::{CssOptions, CssPlugin};
use file::{FilePlugin, ManifestPlugin};
use html::{HtmlOptions, HtmlPlugin};
use image::{ImageOptions, ImagePlugin};
use js::{JsOptions, JsPlugin};
use planish_pipeline::plugin::{Finisher, Plugins};
use service_worker::{ServiceWorker, ServiceWorkerOptions};

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
    /// The service worker; none if absent.
    pub service_worker: Option<ServiceWorkerOptions>,
}

/// The plugins of `planish build`. An error is about an option and fit to be shown.
pub fn all(options: PluginOptions) -> Result<Plugins, String> {
    let mut finishers: Vec<Box<dyn Finisher>> = Vec::new();
    if let Some(options) = options.service_worker {
        finishers.push(Box::new(ServiceWorker::new(options)));
    }
    // The service worker is compressed as well.
    if let Some(options) = options.compress {
        finishers.push(Box::new(Compress::new(options)));
    }
    Ok(Plugins {
        assets: vec![
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
    })
}

/// The plugins of `planish bundle`: code is linked, everything else is copied. An error is about an option and fit to be shown.
pub fn bundle(js: JsOptions, css: CssOptions) -> Result<Plugins, String> {
    Ok(Plugins {
        assets: vec![Box::new(JsPlugin::new(js)?), Box::new(CssPlugin::new(css)?), Box::new(FilePlugin)],
        finishers: Vec::new(),
    })
}
