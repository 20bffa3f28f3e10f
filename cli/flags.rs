//! The command line as it is typed. [`crate::settings`] joins it with the configuration.

use crate::config::{Base, Mode, Size, SourceMapMode, VendorGroups};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Builds a web application's static files: bundled, hashed, compressed, ready for a CDN.
#[derive(Debug, Parser)]
#[command(name = "planish", version, max_term_width = 100, disable_help_subcommand = true)]
pub(crate) struct Flags {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
    /// When messages are coloured.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColourChoice,
}

/// When messages are coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColourChoice {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Even in a file.
    Always,
    /// Not even on a terminal.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Builds the site in ROOT into its output folder
    Build(BuildFlags),
    /// Builds, then builds again whenever a source changes
    Watch(BuildFlags),
    /// Bundles scripts and stylesheets only: no configuration, no hashes in names, no manifest
    Bundle(Box<BundleFlags>),
    /// Looks after the cache folder
    Cache(CacheFlags),
    /// Writes a starter planish.toml
    Init {
        /// The folder for the file
        #[arg(value_name = "ROOT", default_value = ".")]
        root: PathBuf,
    },
    /// Prints a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// Flags of `build` and `watch`.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct BuildFlags {
    /// The folder with planish.toml
    #[arg(value_name = "ROOT", default_value = ".")]
    pub(crate) root: PathBuf,
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The output folder [default: dist in ROOT]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Small and final, or quick and readable [default: production; development for watch]
    #[arg(long)]
    pub(crate) mode: Option<Mode>,
    /// URL prefix of the output folder [default: /]
    #[arg(long, value_name = "URL")]
    pub(crate) base: Option<Base>,
    /// What any build takes.
    #[command(flatten)]
    pub(crate) run: RunFlags,
    /// What the cache takes.
    #[command(flatten)]
    pub(crate) cache: CachePlace,
}

/// How a build runs, whatever it builds.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct RunFlags {
    /// Number of threads [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) jobs: Option<u16>,
    /// Writes when each task ran, to be opened in a trace viewer
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,
    /// Prints the result as one JSON object on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

/// Where the cache is.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct CachePlace {
    /// Neither reads nor writes the cache folder
    #[arg(long, conflicts_with = "cache_dir")]
    pub(crate) no_cache: bool,
    /// The cache folder
    #[arg(long, value_name = "DIR")]
    pub(crate) cache_dir: Option<PathBuf>,
}

/// Flags of `bundle`.
#[derive(Clone, Debug, Args)]
pub(crate) struct BundleFlags {
    /// Scripts and stylesheets
    #[arg(value_name = "ENTRY", required = true)]
    pub(crate) entries: Vec<PathBuf>,
    /// The output folder
    #[arg(long, value_name = "DIR")]
    pub(crate) out_dir: PathBuf,
    /// What kind of script the output is
    #[arg(long, default_value = "esm")]
    pub(crate) format: FormatMode,
    /// Where the output runs
    #[arg(long, default_value = "browser")]
    pub(crate) platform: PlatformMode,
    /// `es2020`, a browserslist query or `baseline-widely-available`
    #[arg(long, value_name = "TARGET", default_value = "baseline-widely-available")]
    pub(crate) target: String,
    /// For whom the output is
    #[arg(long, default_value = "production")]
    pub(crate) mode: Mode,
    /// Removes what a machine does not need
    #[arg(long)]
    pub(crate) minify: bool,
    /// Whether and how source maps are written
    #[arg(long, value_name = "KIND", default_value = "none", num_args = 0..=1, default_missing_value = "external")]
    pub(crate) sourcemap: SourceMapMode,
    /// Specifiers that are left as they are; may be repeated
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub(crate) external: Vec<String>,
    /// A name and the expression that replaces it; may be repeated
    #[arg(long, value_name = "K=V", value_parser = key_and_value)]
    pub(crate) define: Vec<(String, String)>,
    /// A specifier and what it stands for; may be repeated
    #[arg(long, value_name = "K=V", value_parser = key_and_value)]
    pub(crate) alias: Vec<(String, String)>,
    /// One script for each entry, whatever they share or import lazily
    #[arg(long)]
    pub(crate) no_splitting: bool,
    /// Chunks for the modules of packages
    #[arg(long, value_name = "KIND", default_value = "none")]
    pub(crate) split_vendor: VendorGroups,
    /// The name of a chunk and a glob of modules that it is to hold; may be repeated
    #[arg(long, value_name = "NAME=GLOB", value_parser = key_and_value)]
    pub(crate) split_group: Vec<(String, String)>,
    /// Merges small chunks where each request that this saves costs fewer bytes of source
    #[arg(long, value_name = "SIZE", default_value = "0")]
    pub(crate) split_min_size: Size,
    /// Functions and classes keep their names
    #[arg(long)]
    pub(crate) keep_names: bool,
    /// What becomes of comments with licences
    #[arg(long, value_name = "KIND", default_value = "none")]
    pub(crate) legal_comments: LegalCommentsMode,
    /// How JSX is compiled [default: as tsconfig.json says, or automatic]
    #[arg(long)]
    pub(crate) jsx: Option<JsxMode>,
    /// Package of the JSX functions [default: as tsconfig.json says, or react]
    #[arg(long, value_name = "NAME")]
    pub(crate) jsx_import_source: Option<String>,
    /// Function that makes elements, for `--jsx classic` [default: as tsconfig.json says, or React.createElement]
    #[arg(long, value_name = "NAME")]
    pub(crate) jsx_factory: Option<String>,
    /// What fragments are, for `--jsx classic` [default: as tsconfig.json says, or React.Fragment]
    #[arg(long, value_name = "NAME")]
    pub(crate) jsx_fragment: Option<String>,
    /// The cache folder [default: none]
    #[arg(long, value_name = "DIR")]
    pub(crate) cache_dir: Option<PathBuf>,
    /// What any build takes.
    #[command(flatten)]
    pub(crate) run: RunFlags,
}

/// `--format`
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FormatMode {
    /// An ES module.
    Esm,
    /// A script that runs at once and shares nothing.
    Iife,
    /// A CommonJS module.
    Cjs,
}

/// `--platform`
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlatformMode {
    /// Web pages.
    Browser,
    /// Node.js.
    Node,
}

/// `--legal-comments`
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LegalCommentsMode {
    /// They are removed.
    None,
    /// They stay at the end of the script.
    Inline,
    /// They go into a file beside the script, `main.js.LEGAL.txt`; only minified code does without them.
    Linked,
}

/// `--jsx`
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum JsxMode {
    /// Imports the JSX functions.
    Automatic,
    /// Calls the factory.
    Classic,
}

/// Flags of `cache`.
#[derive(Debug, Args)]
pub(crate) struct CacheFlags {
    /// What to do with it.
    #[command(subcommand)]
    pub(crate) action: CacheAction,
}

/// What to do with the cache folder.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum CacheAction {
    /// Counts entries and bytes
    Stats(CacheTarget),
    /// Checks every entry and removes those that are damaged
    Verify(CacheTarget),
    /// Removes what was not used for the longest time
    Gc {
        /// Which cache
        #[command(flatten)]
        target: CacheTarget,
        /// What may stay [default: `max_size` of the configuration]
        #[arg(long, value_name = "SIZE")]
        max_size: Option<Size>,
    },
    /// Removes everything
    Clear(CacheTarget),
}

/// Which cache a `cache` command means.
#[derive(Clone, Debug, Args)]
pub(crate) struct CacheTarget {
    /// The folder with planish.toml
    #[arg(value_name = "ROOT", default_value = ".")]
    pub(crate) root: PathBuf,
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The cache folder
    #[arg(long, value_name = "DIR")]
    pub(crate) cache_dir: Option<PathBuf>,
    /// Prints the result as one JSON object on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

fn key_and_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected a name, `=` and a value".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_sound() {
        Flags::command().debug_assert();
    }

    #[test]
    fn lists_may_be_repeated() {
        let flags = Flags::try_parse_from([
            "planish",
            "bundle",
            "a.ts",
            "--out-dir",
            "o",
            "--external",
            "a,b",
            "--external",
            "c",
            "--define",
            "X=1=2",
            "--sourcemap",
        ]);
        let Ok(Flags { command: Command::Bundle(flags), .. }) = flags else { panic!("{flags:?}") };
        assert_eq!(flags.external, ["a", "b", "c"]);
        assert_eq!(flags.define, [("X".to_owned(), "1=2".to_owned())]);
        assert_eq!(flags.sourcemap, SourceMapMode::External);
    }

    #[test]
    fn nonsense_is_refused() {
        for arguments in [
            &["build", "--jobs", "0"][..],
            &["build", "--mode", "fast"],
            &["build", "--base", "static"],
            &["bundle", "a.js"],
        ] {
            let arguments = std::iter::once("planish").chain(arguments.iter().copied());
            assert!(Flags::try_parse_from(arguments).is_err());
        }
    }
}
