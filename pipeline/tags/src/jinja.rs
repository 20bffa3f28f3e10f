//! Functions for templates of minijinja.
//!
//! ```html
//! <head>{{ planish_tags("src/main.ts", nonce=nonce) }}</head>
//! <img src="{{ planish_url("img/logo.png") }}">
//! ```

use crate::manifest::Manifest;
use crate::tags::{Options, Unknown};
use minijinja::value::{Kwargs, Rest};
use minijinja::{Environment, Error, ErrorKind, Value};
use std::sync::Arc;

/// Adds `planish_tags(entry, ..., nonce=none)` and `planish_url(source)` to an environment.
pub fn add_functions(environment: &mut Environment<'_>, manifest: Arc<Manifest>) {
    let of_urls = Arc::clone(&manifest);
    environment.add_function("planish_tags", move |entries: Rest<String>, named: Kwargs| {
        let options = Options { nonce: named.get("nonce")? };
        named.assert_all_used()?;
        let entries: Vec<&str> = entries.iter().map(String::as_str).collect();
        manifest.tags_of(&entries, &options).map(Value::from_safe_string).map_err(|unknown| error(&unknown))
    });
    environment
        .add_function("planish_url", move |source: String| of_urls.url(&source).map_err(|unknown| error(&unknown)));
}

fn error(unknown: &Unknown) -> Error {
    Error::new(ErrorKind::InvalidOperation, unknown.to_string())
}
