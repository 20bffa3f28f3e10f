//! Options in the form that the passes use, read once per build.

use super::define::Define;
use super::target::Target;
use crate::options::{JsOptions, JsxOptions, LegalComments};

/// What parsing and minifying need of [`JsOptions`], checked.
#[derive(Clone, Debug)]
pub struct Settings {
    pub(super) define: Define,
    pub(super) target: Target,
    pub(super) jsx: JsxOptions,
    pub(super) keep_names: bool,
    pub(super) legal_comments: LegalComments,
}

impl Settings {
    /// Reads the target and the defined expressions; the error is a message about the one that is not valid.
    pub fn new(options: &JsOptions) -> Result<Self, String> {
        for (name, value) in [("jsx factory", &options.jsx.factory), ("jsx fragment", &options.jsx.fragment)] {
            if !super::define::is_path(value) {
                return Err(format!("the {name} `{value}` is not a name such as `React.createElement`"));
            }
        }
        Ok(Self {
            define: Define::new(&options.define)?,
            target: Target::parse(&options.target)?,
            jsx: options.jsx.clone(),
            keep_names: options.keep_names,
            legal_comments: options.legal_comments,
        })
    }
}
