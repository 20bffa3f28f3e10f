//! Options in the form that the passes use, read once per build.

use super::define::{Define, is_path};
use super::target::Target;
use crate::options::{JsOptions, JsxOptions, LegalComments};
use planish_pipeline::asset::CompilerOptions;

/// What parsing and minifying need of [`JsOptions`], checked.
#[derive(Clone, Debug)]
pub struct Settings {
    pub(super) define: Define,
    pub(super) target: Target,
    pub(super) jsx: JsxOptions,
    pub(super) keep_names: bool,
    pub(super) minify: bool,
    pub(super) legal_comments: LegalComments,
}

impl Settings {
    /// Reads the target and the defined expressions; the error is a message about the one that is not valid.
    pub fn new(options: &JsOptions) -> Result<Self, String> {
        for (name, value) in [("jsx factory", &options.jsx.factory), ("jsx fragment", &options.jsx.fragment)] {
            if let Some(value) = value
                && !is_path(value)
            {
                return Err(format!("the {name} `{value}` is not a name such as `React.createElement`"));
            }
        }
        Ok(Self {
            define: Define::new(&options.define)?,
            target: Target::parse(&options.target)?,
            jsx: options.jsx.clone(),
            keep_names: options.keep_names,
            minify: options.minify,
            legal_comments: options.legal_comments,
        })
    }
}

/// What JSX becomes in one file: what the user says, else what the file's tsconfig.json says, else what is usual.
#[derive(Debug)]
pub(super) struct Jsx {
    pub(super) automatic: bool,
    pub(super) import_source: String,
    pub(super) factory: String,
    pub(super) fragment: String,
}

impl Jsx {
    pub(super) fn of(options: &JsxOptions, compiler: &CompilerOptions) -> Self {
        let text = |said: &Option<String>, configured: &Option<String>, usual: &str| {
            said.clone().or_else(|| configured.clone()).unwrap_or_else(|| usual.to_owned())
        };
        Self {
            automatic: options.automatic.or(compiler.jsx_automatic).unwrap_or(true),
            import_source: text(&options.import_source, &compiler.jsx_import_source, "react"),
            factory: text(&options.factory, &compiler.jsx_factory, "React.createElement"),
            fragment: text(&options.fragment, &compiler.jsx_fragment, "React.Fragment"),
        }
    }

    /// What the classic form cannot call: `(option of tsconfig.json, its value)`.
    pub(super) fn bad_name(&self) -> Option<(&'static str, &str)> {
        let names = [("jsxFactory", self.factory.as_str()), ("jsxFragmentFactory", self.fragment.as_str())];
        names.into_iter().find(|(_, name)| !is_path(name) && *name != "null")
    }
}
