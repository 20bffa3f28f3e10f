//! HTTP headers for the files of a release: `headers.json`, and the same as snippets for servers.
//!
//! ```text
//! policy    Content-Security-Policy and Integrity-Policy of a page
//! rules     which headers which files get
//! nginx, caddy, netlify   the rules in a server's language
//! ```
//!
//! Invariants, held by tests:
//! - Only files with a hash in their names are `immutable`; everything else is asked for anew each time.
//! - A policy allows all that the page's own text asks for, and no other inline code. What scripts add later is not known here.
//! - The snippets and `headers.json` say the same.

mod caddy;
mod netlify;
mod nginx;
mod policy;
mod rules;
#[cfg(test)]
mod tests;

use planish_pipeline::diagnostic::{Diagnostic, Outcome};
use planish_pipeline::output::{FinalFile, OutputClass, OutputId, Release};
use planish_pipeline::plugin::Finisher;
use planish_pipeline::task::Tasks;
use rules::Rules;

/// A form of the headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// `headers.json`.
    Json,
    /// A snippet for the `server` block of nginx, and one for its `http` block.
    Nginx,
    /// A snippet for a site of Caddy.
    Caddy,
    /// `_headers`, as Netlify and Cloudflare Pages read it.
    Netlify,
}

/// Which headers are written.
#[derive(Clone, Debug)]
pub struct HeadersOptions {
    /// In what forms.
    pub forms: Vec<Form>,
    /// Pages get a Content-Security-Policy, and an Integrity-Policy where everything that they load can be checked.
    pub policies: bool,
}

/// Adds the headers to a release. It belongs after everything else: manifests and precompressed forms have headers, too.
#[derive(Clone, Debug)]
pub struct Headers {
    options: HeadersOptions,
}

impl Headers {
    /// A finisher that does as `options` say.
    pub fn new(options: HeadersOptions) -> Self {
        Self { options }
    }
}

impl Finisher for Headers {
    fn name(&self) -> &'static str {
        "headers"
    }

    fn finish(&self, release: &Release, _: &Tasks) -> Outcome<Vec<FinalFile>> {
        let rules = Rules::of(release, self.options.policies);
        let files: Vec<FinalFile> = self.options.forms.iter().flat_map(|form| texts(*form, &rules)).map(file).collect();
        let diagnostics = release.in_the_way(&files).map(in_the_way).collect();
        Outcome::with(files, diagnostics)
    }
}

fn texts(form: Form, rules: &Rules<'_>) -> Vec<(&'static str, String)> {
    match form {
        Form::Json => vec![("headers.json", rules.json())],
        Form::Nginx => vec![("nginx-http.conf", nginx::maps(rules)), ("nginx-server.conf", nginx::server(rules))],
        Form::Caddy => vec![("Caddyfile", caddy::snippet(rules))],
        Form::Netlify => vec![("_headers", netlify::text(rules))],
    }
}

fn file((path, text): (&'static str, String)) -> FinalFile {
    // Netlify looks for its file beside the pages; nobody but servers and release jobs should find the others.
    let path = if path == "_headers" { path.to_owned() } else { format!(".headers/{path}") };
    FinalFile::made(OutputId::new(format!("headers:{path}")), path, OutputClass::Manifest, text.into_bytes())
}

fn in_the_way(file: &FinalFile) -> Diagnostic {
    let message = format!("the headers are written to `{}`, and the build has a file of that name", file.path);
    Diagnostic::error("duplicate-output", message).help("rename it, or take the form out of `headers.formats`")
}
