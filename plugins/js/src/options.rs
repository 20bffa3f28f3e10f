//! What the user can decide about JavaScript.

use planish_pipeline::resolve::Platform;
use std::collections::BTreeMap;

/// Options of the JavaScript plugin.
#[derive(Clone, Debug)]
pub struct JsOptions {
    /// Build for production: no development-only branches.
    pub production: bool,
    /// Minify whole chunks.
    pub minify: bool,
    /// Whether and where source maps are written.
    pub source_map: SourceMap,
    /// Dotted names (`process.env.NODE_ENV`, `import.meta.env.MODE`, `__DEV__`, `typeof window`) to JavaScript expressions.
    pub define: BTreeMap<String, String>,
    /// What JSX becomes.
    pub jsx: JsxOptions,
    /// `baseline-widely-available`, a browserslist query, or an ECMAScript year such as `es2020`.
    pub target: String,
    /// The form of the scripts.
    pub format: Format,
    /// Where the scripts run.
    pub platform: Platform,
    /// Keep the names of functions and classes when minifying.
    pub keep_names: bool,
    /// What happens to licence comments.
    pub legal_comments: LegalComments,
}

/// Whether and where source maps are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceMap {
    /// No source map.
    None,
    /// A file beside the script, and a comment in the script that points to it.
    External,
    /// Inside the script, as a data URL.
    Inline,
    /// A file beside the script that the script does not mention.
    Hidden,
}

/// The form of the scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// ECMAScript modules.
    Esm,
    /// A classic script: one function called at once.
    Iife,
    /// CommonJS modules.
    Cjs,
}

/// What happens to licence comments: `/*! … */` and those that say `@license` or `@preserve`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegalComments {
    /// They are dropped.
    None,
    /// They stay in the script.
    Inline,
    /// They move to a text file beside the script.
    Linked,
}

/// What JSX becomes. What is not said here is said by the tsconfig.json of a file, or else is what the fields' comments say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JsxOptions {
    /// Calls of the functions of `<import_source>/jsx-runtime`, which is imported, instead of calls of `factory`: yes.
    pub automatic: Option<bool>,
    /// The package of the automatic form: `react`.
    pub import_source: Option<String>,
    /// The function of the classic form: `React.createElement`.
    pub factory: Option<String>,
    /// The fragment of the classic form: `React.Fragment`.
    pub fragment: Option<String>,
}
