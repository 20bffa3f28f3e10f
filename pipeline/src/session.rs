//! A session: options, plugins and caches that live as long as the process; each [`Session::build`] is a function of the
//! options and the files.

use crate::asset::{AssetId, Fragment};
use crate::build::build;
use crate::cache::Cache;
use crate::chunk::{Lookup, Split};
use crate::diagnostic::Diagnostic;
use crate::discover::{Known, SourceStore};
use crate::files::asked::Asked;
use crate::manifest::Request as ManifestRequest;
use crate::naming::Naming;
use crate::output::OutputClass;
use crate::plugin::Plugins;
use crate::relink::LastLink;
use crate::resolve::{ResolveOptions, Resolver};
use crate::task::RunLog;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Everything about a build that is not a plugin's business. Validated by the command line.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder that asset ids are relative to. Absolute and canonical.
    pub root: PathBuf,
    /// The output folder. Absolute.
    pub out: PathBuf,
    /// The entries, in order.
    pub entries: Vec<EntryRequest>,
    /// URL prefix of the output folder: `/`, `/static/`, `https://cdn.example.com/` or `./`.
    pub base: String,
    /// How files are named.
    pub naming: Naming,
    /// A folder that is copied as it is; absolute. Absent if it does not exist.
    pub static_folder: Option<PathBuf>,
    /// How specifiers are resolved.
    pub resolve: ResolveOptions,
    /// Modules that are no files, by specifier. Evaluating one of them alone does nothing.
    pub modules: BTreeMap<String, Fragment>,
    /// How code is split beyond what the entries share.
    pub split: Split,
    /// How scripts find the files of other chunks.
    pub lookup: Lookup,
    /// Whether `import()` makes chunks; if not, its targets are bundled into the importer's chunk.
    pub splitting: bool,
    /// The manifests to write.
    pub manifests: Vec<ManifestRequest>,
    /// Whether pages check what they load, so that manifests say what they may find.
    pub integrity: bool,
    /// How the output folder is updated.
    pub emit: EmitMode,
    /// The cache folder; none disables the disk cache.
    pub cache: Option<PathBuf>,
    /// Keep task results in memory between builds of this session (`watch`).
    pub keep_in_memory: bool,
}

/// An entry as the configuration names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryRequest {
    /// Its name, if the user gave one; else the file stem.
    pub name: Option<String>,
    /// The file. Absolute.
    pub path: PathBuf,
}

/// How the output folder is updated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmitMode {
    /// All or nothing, with a ledger; files of the previous release that this one no longer has are removed.
    Release,
    /// The same, but without waiting for the disk: after a loss of power, who watches builds again.
    Watched,
    /// Each file replaced by rename; nothing is ever removed and no ledger is written (`planish bundle`).
    Files,
}

/// A file of the finished build, for the summary and the `--json` result.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct WrittenFile {
    /// Path relative to the output folder.
    pub path: String,
    /// What it is.
    pub class: OutputClass,
    /// Its size in bytes.
    pub size: usize,
}

/// What a build gave.
#[derive(Clone, Debug, Default)]
pub struct BuildResult {
    /// Sorted; errors first.
    pub diagnostics: Vec<Diagnostic>,
    /// Files of the release, sorted by path; empty if the build has errors.
    pub files: Vec<WrittenFile>,
    /// How many of them were not in the output folder already with the same bytes.
    pub written: usize,
    /// Number of assets in the graph.
    pub assets: usize,
    /// What ran and what was reused.
    pub log: RunLog,
    /// The output folder could not be written: the build itself may be good.
    pub write_failed: bool,
}

impl BuildResult {
    /// Whether the build has errors.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// What the session tells whoever watches its progress. Called from many threads.
pub trait Progress: Send + Sync {
    /// A stage begins: `transform`, `link`, `render`, `compress`, `write`.
    fn stage(&self, name: &'static str);
    /// An asset was found.
    fn found(&self);
    /// An asset's transform begins.
    fn begin(&self, asset: &str);
    /// An asset is transformed.
    fn end(&self, asset: &str);
}

/// Progress that nobody watches.
pub struct Silent;

impl Progress for Silent {
    fn stage(&self, _: &'static str) {}
    fn found(&self) {}
    fn begin(&self, _: &str) {}
    fn end(&self, _: &str) {}
}

/// Options, plugins and caches for as many builds as the process makes.
pub struct Session {
    pub(crate) options: Options,
    pub(crate) plugins: Plugins,
    pub(crate) cache: Arc<Cache>,
    pub(crate) asked: Arc<Asked>,
    pub(crate) resolver: Resolver,
    pub(crate) sources: SourceStore,
    pub(crate) known: Known,
    pub(crate) last_link: LastLink,
}

impl Session {
    /// A session in which nothing has been built yet.
    pub fn new(options: Options, plugins: Plugins) -> Self {
        let asked = Arc::new(Asked::new(options.keep_in_memory || options.cache.is_some()));
        Self {
            cache: Arc::new(Cache::new(options.cache.clone(), options.keep_in_memory)),
            resolver: Resolver::new(&options.root, options.static_folder.as_deref(), &options.resolve, &asked),
            asked,
            sources: SourceStore::new(options.keep_in_memory),
            known: Known::default(),
            last_link: LastLink::default(),
            options,
            plugins,
        }
    }

    /// Builds: reads what it must, computes what is not cached, and replaces the output folder if there is no error.
    pub fn build(&self, progress: &dyn Progress) -> BuildResult {
        let result = build(self, progress);
        self.cache.sweep(!result.has_errors());
        result
    }

    /// Forgets what changed: the contents of files, and what specifiers mean if that is another thing now. Says whether the next build may
    /// be another one than the last. Paths are files and folders that were written, appeared or disappeared.
    pub fn invalidate(&self, changed: &[PathBuf]) -> bool {
        let is_read = self.sources.forget(changed);
        self.known.forget(changed);
        let is_static = |path: &PathBuf| self.static_folder().is_some_and(|folder| path.starts_with(folder));
        let differs = self.asked.differs(changed);
        if differs {
            self.resolver.clear();
            self.known.clear();
        }
        is_read || differs || changed.iter().any(is_static)
    }

    /// Whether a file is a source that was read.
    pub fn reads(&self, path: &Path) -> bool {
        self.sources.contains(path)
    }

    /// Whether a change of a file or folder may make the next build another one than the last.
    pub fn concerns(&self, path: &Path) -> bool {
        let is_static = self.static_folder().is_some_and(|folder| path.starts_with(folder));
        is_static || self.sources.contains(path) || self.asked.concerns(path)
    }

    /// The folders of all files that the builds of this session read, absolute: what `watch` watches.
    pub fn folders(&self) -> BTreeSet<PathBuf> {
        self.sources.folders().into_iter().chain(self.asked.folders(&self.options.root)).collect()
    }

    fn static_folder(&self) -> Option<&Path> {
        self.options.static_folder.as_deref()
    }

    /// Whether this session's builds put anything into the cache folder.
    pub fn has_grown_cache(&self) -> bool {
        self.cache.has_grown()
    }

    /// The text of a source of the last build, for the frames of its diagnostics.
    pub fn source_text(&self, id: &AssetId) -> Option<Arc<str>> {
        self.sources.text(&self.options.root, id)
    }

    /// The options.
    pub fn options(&self) -> &Options {
        &self.options
    }
}
