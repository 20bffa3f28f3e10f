//! Flags and configuration, joined and checked: everything that a build needs to know. Flags win.
//!
//! Paths in flags are relative to the current folder, paths in the configuration to the root.

use crate::config::read::{ConfigFile, read};
use crate::config::{Config, ManifestConfig, Mode, NamingScheme, SplitConfig};
use crate::entries;
use crate::environment;
use crate::flags::{BuildFlags, CachePlace};
use crate::plugin_options;
use crate::worker;
use planish_pipeline::chunk::{Lookup, Split};
use planish_pipeline::diagnostic::Diagnostic;
use planish_pipeline::manifest::{Format, Request};
use planish_pipeline::resolve::{Platform, ResolveOptions, normal};
use planish_pipeline::session::{EmitMode, EntryRequest, Options};
use planish_plugins::PluginOptions;
use planish_plugins::html::Integrity;
use planish_plugins::js::swc::has_import_maps;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// What to build and how.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// For the engine.
    pub(crate) session: Options,
    /// For the plugins.
    pub(crate) plugins: PluginOptions,
    /// The cache may grow to this many bytes.
    pub(crate) max_cache_size: u64,
    /// Where the configuration is, or would be.
    pub(crate) config_path: PathBuf,
}

/// Why there are no settings. The text of the configuration goes with it, for the frames.
#[derive(Clone, Debug)]
pub(crate) struct Refused {
    /// What is wrong.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// The configuration, if it could be read.
    pub(crate) config: Option<(planish_pipeline::asset::AssetId, std::sync::Arc<str>)>,
}

impl From<Diagnostic> for Refused {
    fn from(diagnostic: Diagnostic) -> Self {
        Self { diagnostics: vec![diagnostic], config: None }
    }
}

/// What `build` and `watch` do if nothing says otherwise.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usual {
    /// For whom.
    pub(crate) mode: Mode,
    /// The process builds more than once.
    pub(crate) repeats: bool,
}

/// Joins the flags with the configuration file, which is read here.
pub(crate) fn load(flags: &BuildFlags, usual: Usual) -> Result<Settings, Refused> {
    let (root, config_path, file) = site(&flags.root, flags.config.as_deref())?;
    join(flags, usual, root, config_path, &file)
        .map_err(|diagnostics| Refused { diagnostics, config: Some((file.id.clone(), file.text.clone())) })
}

/// The root folder, the path of its configuration, and the configuration.
pub(crate) fn site(root: &Path, config: Option<&Path>) -> Result<(PathBuf, PathBuf, ConfigFile), Refused> {
    let shown = root.display();
    let root = root
        .canonicalize()
        .map_err(|_| Diagnostic::error("missing-root", format!("the folder `{shown}` does not exist")))?;
    if !root.is_dir() {
        return Err(Diagnostic::error("missing-root", format!("`{shown}` is not a folder")).into());
    }
    let path = match config {
        Some(path) => absolute(path)?,
        None => root.join("planish.toml"),
    };
    let name = config.map_or_else(|| "planish.toml".to_owned(), |path| path.display().to_string());
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound && config.is_none() => {
            return Ok((root, path, ConfigFile::absent()));
        }
        Err(error) => {
            let reason = planish_pipeline::emit::reason(&error);
            return Err(Diagnostic::error("unreadable-config", format!("cannot read `{name}`: {reason}")).into());
        }
    };
    match read(&name, &text) {
        Ok(file) => Ok((root, path, file)),
        Err(diagnostics) => {
            let id = planish_pipeline::asset::AssetId::new(name);
            Err(Refused { diagnostics, config: Some((id, text.into())) })
        }
    }
}

fn join(
    flags: &BuildFlags,
    usual: Usual,
    root: PathBuf,
    config_path: PathBuf,
    file: &ConfigFile,
) -> Result<Settings, Vec<Diagnostic>> {
    let config = &file.config;
    let mode = flags.mode.or(config.build.mode).unwrap_or(usual.mode);
    let base = flags.base.clone().or_else(|| config.build.base.clone()).map_or_else(|| "/".to_owned(), |base| base.0);
    let mut errors = Vec::new();
    let out = keep(out_folder(flags, &root, file).map_err(|error| vec![error]), &mut errors);
    let static_folder =
        keep(static_folder(&root, out.as_deref(), file).map_err(|error| vec![error]), &mut errors).flatten();
    let cache = cache_folder(&flags.cache, &root, file);
    let leave_out: Vec<PathBuf> = [out.clone(), static_folder.clone(), cache.clone()].into_iter().flatten().collect();
    let found = entries::find(&root, config.build.entries.as_ref(), &leave_out);
    let found = found.map_err(|found| found.into_iter().map(|error| file.point(error, "build.entries")).collect());
    let mut entries = keep(found, &mut errors).unwrap_or_default();
    if let Some(out) = &out {
        errors.extend(entry_in_output(&entries, out));
    }
    let worker = worker::entry(&root, file).map_err(|error| vec![error]);
    entries.extend(keep(worker, &mut errors).flatten());
    let (Some(out), true) = (out, errors.is_empty()) else { return Err(errors) };
    let resolve = ResolveOptions {
        platform: Platform::Browser,
        production: mode == Mode::Production,
        alias: config.js.alias.clone(),
        external: config.js.external.clone(),
    };
    let environment = environment::load(&root, mode, std::env::vars_os())?;
    let lookup = lookup(config, mode, &entries);
    let has_index = entries.iter().any(|entry| entry.path == root.join("index.html"));
    let plugins = plugin_options::of_site(config, plugin_options::Site { mode, base: &base, has_index }, &environment);
    let usual_naming = match mode {
        Mode::Production => NamingScheme::default(),
        Mode::Development => NamingScheme::of_development(),
    };
    let NamingScheme(naming) = config.build.naming.clone().unwrap_or(usual_naming);
    let modules = worker::modules(plugins.service_worker.as_ref(), &base, &naming);
    let session = Options {
        root,
        out,
        entries,
        naming,
        static_folder,
        resolve,
        modules,
        base,
        split: split(&config.js.split),
        lookup,
        splitting: true,
        manifests: manifests(&config.manifest),
        integrity: plugins.html.integrity != Integrity::None,
        emit: if usual.repeats { EmitMode::Watched } else { EmitMode::Release },
        cache,
        keep_in_memory: usual.repeats,
    };
    Ok(Settings { session, plugins, max_cache_size: config.cache.max_bytes(), config_path })
}

/// Vite's, if nothing else is said: most helpers of templates read it.
fn manifests(config: &ManifestConfig) -> Vec<Request> {
    match &config.formats {
        Some(formats) => formats.iter().map(|manifest| manifest.0.clone()).collect(),
        None => vec![Request { format: Format::Vite, path: Format::Vite.usual_path().to_owned() }],
    }
}

/// How scripts find each other's files, so that an edit renames as few as it can. An import map works where every page has it: in those
/// that are built here, and in those of templates that `planish.json` makes the tags of.
fn lookup(config: &Config, mode: Mode, entries: &[EntryRequest]) -> Lookup {
    if let Some(lookup) = config.js.split.lookup {
        return lookup.into();
    }
    if mode == Mode::Development {
        return Lookup::Url;
    }
    let is_script = |entry: &EntryRequest| {
        let extension = entry.path.extension().and_then(|extension| extension.to_str());
        extension.is_some_and(|extension| entries::SCRIPTS.contains(&extension))
    };
    let have_maps = match &config.manifest.formats {
        Some(formats) => formats.iter().all(|manifest| manifest.0.format == Format::Planish),
        None => !entries.iter().any(is_script),
    };
    let target = config.build.target.as_deref().unwrap_or(plugin_options::TARGET);
    if have_maps && has_import_maps(target) { Lookup::Map } else { Lookup::Table }
}

/// What a request is worth, in bytes of source: see `[js.split]` `min_size`.
const MIN_SIZE: u64 = 4096;

fn split(config: &SplitConfig) -> Split {
    let minimum_size = config.min_size.map_or(MIN_SIZE, |size| size.0);
    Split {
        vendor: config.vendor.into(),
        groups: config.groups.0.clone(),
        minimum_size: u32::try_from(minimum_size).unwrap_or(u32::MAX),
    }
}

/// The value, or nothing and its errors kept.
fn keep<T>(result: Result<T, Vec<Diagnostic>>, errors: &mut Vec<Diagnostic>) -> Option<T> {
    result.map_err(|found| errors.extend(found)).ok()
}

/// A folder that may be replaced without losing sources.
fn out_folder(flags: &BuildFlags, root: &Path, file: &ConfigFile) -> Result<PathBuf, Diagnostic> {
    let (out, shown) = match (&flags.out, &file.config.build.out) {
        (Some(out), _) => (absolute(out)?, out.display().to_string()),
        (None, Some(out)) => (normal(&root.join(out)), out.clone()),
        (None, None) => (root.join("dist"), "dist".to_owned()),
    };
    let refuse = |what: &str| {
        let error = Diagnostic::error("invalid-out", format!("the output folder `{shown}` {what}"));
        let error = if flags.out.is_none() { file.point(error, "build.out") } else { error };
        error.help("choose a folder of its own, such as `dist`")
    };
    let out = real(&out);
    if out == root {
        return Err(refuse("is the root itself"));
    }
    if root.starts_with(&out) {
        return Err(refuse("contains the root"));
    }
    if out.components().any(|part| part.as_os_str() == "node_modules") {
        return Err(refuse("lies in `node_modules`"));
    }
    if out.exists() && !out.is_dir() {
        return Err(refuse("is a file"));
    }
    Ok(out)
}

fn static_folder(root: &Path, out: Option<&Path>, file: &ConfigFile) -> Result<Option<PathBuf>, Diagnostic> {
    let named = file.config.build.static_folder.as_deref();
    let folder = real(&normal(&root.join(named.unwrap_or("public"))));
    let shown = named.unwrap_or("public");
    let refuse = |what: &str| {
        let error = Diagnostic::error("invalid-static", format!("the static folder `{shown}` {what}"));
        Err(file.point(error, "build.static"))
    };
    match out {
        _ if !folder.is_dir() && named.is_some() => refuse("does not exist"),
        _ if !folder.is_dir() => Ok(None),
        _ if root.starts_with(&folder) => refuse("contains the root"),
        Some(out) if out.starts_with(&folder) || folder.starts_with(out) => refuse("and the output folder overlap"),
        _ => Ok(Some(folder)),
    }
}

/// A build must not read what the build before wrote.
fn entry_in_output(entries: &[EntryRequest], out: &Path) -> Option<Diagnostic> {
    let inside = entries.iter().find(|entry| entry.path.starts_with(out))?;
    let message = format!("the entry `{}` lies in the output folder", inside.path.file_name()?.to_string_lossy());
    Some(Diagnostic::error("invalid-out", message).help("choose another output folder"))
}

/// Where the cache is: beside the packages if there are any, because every tool ignores that folder already.
pub(crate) fn cache_folder(place: &CachePlace, root: &Path, file: &ConfigFile) -> Option<PathBuf> {
    if place.no_cache {
        return None;
    }
    if let Some(folder) = &place.cache_dir {
        return absolute(folder).ok();
    }
    if let Some(folder) = &file.config.cache.dir {
        return Some(normal(&root.join(folder)));
    }
    let packages = root.join("node_modules");
    Some(if packages.is_dir() { packages.join(".cache/planish") } else { root.join(".planish-cache") })
}

/// A path of a flag.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf, Diagnostic> {
    let current = std::env::current_dir()
        .map_err(|error| Diagnostic::error("missing-root", format!("the current folder cannot be used: {error}")))?;
    Ok(normal(&current.join(path)))
}

/// Without symbolic links, as far as the path exists.
pub(crate) fn real(path: &Path) -> PathBuf {
    if let Ok(real) = path.canonicalize() {
        return real;
    }
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => real_parent(parent).join(name),
        _ => path.to_owned(),
    }
}

fn real_parent(parent: &Path) -> PathBuf {
    if parent.as_os_str().is_empty() { PathBuf::new() } else { real(parent) }
}

/// A path as a person in the current folder would write it.
pub(crate) fn shown(path: &Path) -> String {
    let current = std::env::current_dir().ok().and_then(|current| current.canonicalize().ok());
    let short = current.as_deref().and_then(|current| path.strip_prefix(current).ok());
    match short {
        Some(short) if short.as_os_str().is_empty() => ".".to_owned(),
        Some(short) => short.display().to_string(),
        None => path.display().to_string(),
    }
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
