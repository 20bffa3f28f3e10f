//! Options of a production build.

use planish_pipeline::resolve::Platform;
use planish_plugins::js::{Format, JsOptions, JsxOptions, LegalComments, SourceMap};
use std::collections::BTreeMap;

/// As `planish bundle --minify --sourcemap` has them.
pub(crate) fn production() -> JsOptions {
    JsOptions {
        production: true,
        minify: true,
        source_map: SourceMap::External,
        define: BTreeMap::from([("process.env.NODE_ENV".to_owned(), "\"production\"".to_owned())]),
        jsx: JsxOptions::default(),
        target: "es2022".to_owned(),
        format: Format::Esm,
        platform: Platform::Browser,
        keep_names: false,
        legal_comments: LegalComments::None,
    }
}
