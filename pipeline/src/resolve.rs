//! Specifiers to files, by `oxc_resolver`: Node's algorithm with `exports` and `imports` conditions, the `browser` field, tsconfig
//! `paths`, aliases and symbolic links; and URLs of documents and stylesheets, which are relative to the file or the root.

use crate::asset::{AssetId, CompilerOptions, Dependency, DependencyKind, PackageFacts, relative_to_root};
use crate::diagnostic::Diagnostic;
use crate::files::asked::{Asked, Asking};
use oxc_resolver::{
    AliasValue, ModuleType, PackageJson, ResolveError, ResolveOptions as Settings, ResolverGeneric, SideEffects,
    TsConfig, TsconfigDiscovery,
};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

type Algorithm = ResolverGeneric<Asking>;

/// The file in which Yarn says where packages lie, in place of `node_modules`. It holds for its folder and all below.
pub const PLUG_AND_PLAY: &str = ".pnp.cjs";

/// Where the output runs; decides conditions, main fields and built-in modules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    /// `browser` field and condition; Node's built-ins are errors.
    Browser,
    /// `node` condition; Node's built-ins are external.
    Node,
}

/// How specifiers are resolved.
#[derive(Clone, Debug)]
pub struct ResolveOptions {
    /// Where the output runs.
    pub platform: Platform,
    /// Adds the condition `development` or `production`.
    pub production: bool,
    /// Specifier prefixes and what they stand for: a path relative to the root, or another specifier.
    pub alias: BTreeMap<String, String>,
    /// Specifiers that are left as they are, with their subpaths; a `*` stands for any text.
    pub external: Vec<String>,
}

/// A file that a specifier stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// Stable name, with the query.
    pub id: AssetId,
    /// Where it lies.
    pub path: PathBuf,
    /// Its package.
    pub package: PackageFacts,
}

/// What a specifier stands for.
#[derive(Clone, Debug)]
pub enum Resolved {
    /// A file to load.
    File(Box<Located>),
    /// Left as it is.
    External(String),
    /// A file of the static folder, relative to it.
    Static(String),
    /// Replaced by an empty module.
    Empty,
    /// Not found, with what to say about it.
    Missing(Box<Diagnostic>),
}

/// Resolves the dependencies of a build. Shares one cache of the file system between all kinds of requests.
pub struct Resolver {
    root: PathBuf,
    platform: Platform,
    static_folder: Option<PathBuf>,
    external: Vec<String>,
    asked: Arc<Asked>,
    import: Algorithm,
    require: Algorithm,
    style: Algorithm,
    /// Knows Node's built-in modules.
    builtin: Algorithm,
}

impl Resolver {
    /// A resolver for a root folder. What it asks of the file system is noted in `asked`.
    pub(crate) fn new(root: &Path, static_folder: Option<&Path>, options: &ResolveOptions, asked: &Arc<Asked>) -> Self {
        let import_settings = settings(root, options, &["import", "module"], asked);
        let files = Asking::new(Arc::clone(asked), import_settings.yarn_pnp);
        let import = Algorithm::new_with_file_system(files, import_settings);
        let require = import.clone_with_options(settings(root, options, &["require", "module"], asked));
        let style = import.clone_with_options(Settings {
            extensions: vec![".css".into()],
            main_fields: vec!["style".into()],
            main_files: vec!["index".into()],
            ..settings(root, options, &["style"], asked)
        });
        let builtin =
            import.clone_with_options(Settings { builtin_modules: true, yarn_pnp: false, ..Settings::default() });
        Self {
            builtin,
            root: root.to_owned(),
            platform: options.platform,
            static_folder: static_folder.map(Path::to_owned),
            external: options.external.clone(),
            asked: Arc::clone(asked),
            import,
            require,
            style,
        }
    }

    /// Forgets what is known of the file system.
    pub fn clear(&self) {
        self.import.clear_cache();
        self.asked.clear();
    }

    /// Locates an entry by its absolute path.
    pub fn entry(&self, path: &Path) -> Option<Located> {
        let found = self.import.resolve(&self.root, path.to_str()?).ok()?;
        Some(self.located(&found))
    }

    /// Resolves a dependency of the file at `importer`, whose id is `from`.
    pub fn resolve(&self, from: &AssetId, importer: &Path, dependency: &Dependency) -> Resolved {
        let specifier = dependency.specifier.as_str();
        if is_remote(specifier) || self.is_external(specifier) {
            return Resolved::External(specifier.to_owned());
        }
        if dependency.kind.is_url() {
            self.resolve_url(from, importer, dependency)
        } else {
            self.resolve_module(from, importer, dependency)
        }
    }

    fn is_external(&self, specifier: &str) -> bool {
        self.external.iter().any(|pattern| {
            if pattern.contains('*') {
                wildcard(pattern, specifier)
            } else {
                specifier.strip_prefix(pattern.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }
        })
    }

    fn resolve_module(&self, from: &AssetId, importer: &Path, dependency: &Dependency) -> Resolved {
        let specifier = dependency.specifier.as_str();
        let algorithm = if dependency.kind == DependencyKind::Require { &self.require } else { &self.import };
        match resolve_from(algorithm, importer, specifier) {
            Ok(found) => self.file(from, &found, dependency),
            Err(ResolveError::Ignored(_)) => Resolved::Empty,
            Err(ResolveError::Builtin { resolved, .. }) => Resolved::External(resolved),
            Err(_) if matches!(self.builtin.resolve(&self.root, specifier), Err(ResolveError::Builtin { .. })) => {
                let message = format!("`{specifier}` is built into Node.js and does not exist in browsers");
                let diagnostic = Diagnostic::error("node-builtin", message).at(from, dependency.range.clone(), "");
                Resolved::Missing(Box::new(
                    diagnostic.help("build with `--platform node`, or alias it to a package that works in browsers"),
                ))
            }
            Err(error) => {
                if let Some(rest) = specifier.strip_prefix('/')
                    && let Ok(found) = algorithm.resolve(&self.root, &format!("./{rest}"))
                {
                    return self.file(from, &found, dependency);
                }
                if let Some(found) = self.by_browser_field(algorithm, importer, specifier) {
                    return self.file(from, &found, dependency);
                }
                Resolved::Missing(Box::new(self.missing_module(from, importer, dependency, &error)))
            }
        }
    }

    /// What the `browser` field says of a bare name by a path: of `pkg/a` as `./pkg/a` in the importer's package, and of `pkg` as `./index`
    /// in its own.
    fn by_browser_field(
        &self,
        algorithm: &Algorithm,
        importer: &Path,
        specifier: &str,
    ) -> Option<oxc_resolver::Resolution> {
        if self.platform != Platform::Browser || specifier.starts_with(['.', '/', '#']) {
            return None;
        }
        let package = importer.ancestors().skip(1).find(|folder| self.asked.is_file_inside(folder, "package.json"))?;
        let named = package.join(specifier);
        // A file of that name is not meant.
        let is_mapped = |path: &Path| !path.starts_with(&named) && path.with_extension("") != named;
        let mapped = algorithm.resolve(package, &format!("./{specifier}")).ok();
        mapped
            .filter(|found| is_mapped(found.path()))
            .or_else(|| algorithm.resolve(importer.parent()?, &format!("{specifier}/index")).ok())
    }

    fn resolve_url(&self, from: &AssetId, importer: &Path, dependency: &Dependency) -> Resolved {
        let written = dependency.specifier.as_str();
        let decoded = percent_decode(written.split(['?', '#']).next().unwrap_or_default());
        if decoded.is_empty() {
            return Resolved::External(written.to_owned());
        }
        let algorithm = if dependency.kind == DependencyKind::StyleImport { &self.style } else { &self.import };
        let folder = importer.parent().unwrap_or(&self.root);
        if let Some(rest) = decoded.strip_prefix('/') {
            if let Some(folder) = &self.static_folder
                && self.asked.is_file_inside(folder, rest)
            {
                return Resolved::Static(rest.to_owned());
            }
            if let Ok(found) = algorithm.resolve(&self.root, &format!("./{rest}")) {
                return self.file(from, &found, dependency);
            }
        } else {
            let relative = if decoded.starts_with('.') { decoded.clone() } else { format!("./{decoded}") };
            if let Ok(found) = algorithm.resolve(folder, &escape(&relative)) {
                return self.file(from, &found, dependency);
            }
            let bare = decoded.strip_prefix('~').unwrap_or(&decoded);
            if !bare.starts_with('.')
                && let Ok(found) = resolve_from(algorithm, importer, bare)
            {
                return self.file(from, &found, dependency);
            }
        }
        let looked_for = decoded.strip_prefix('/').map_or_else(|| folder.join(&decoded), |rest| self.root.join(rest));
        let mut diagnostic = Diagnostic::error("missing-file", format!("`{written}` does not exist")).at(
            from,
            dependency.range.clone(),
            "referenced here",
        );
        if let Some(help) = self.similar(&looked_for) {
            diagnostic = diagnostic.help(help);
        } else {
            diagnostic =
                diagnostic.help(format!("looked for `{}`", relative_to_root(&self.root, &normal(&looked_for))));
        }
        Resolved::Missing(Box::new(diagnostic))
    }

    fn file(&self, from: &AssetId, found: &oxc_resolver::Resolution, dependency: &Dependency) -> Resolved {
        let mut located = self.located(found);
        let is_json = found.path().extension().is_some_and(|extension| extension == "json");
        let query = match dependency.attribute.as_deref() {
            None => None,
            Some("json") => (!is_json).then_some("json"),
            Some("text") => Some("raw"),
            Some("bytes") => Some("bytes"),
            Some(other) => return Resolved::Missing(Box::new(unknown_type(from, dependency, other))),
        };
        if let Some(query) = query {
            located.id = AssetId::new(format!("{}?{query}", located.id.path()));
        }
        Resolved::File(Box::new(located))
    }

    fn located(&self, found: &oxc_resolver::Resolution) -> Located {
        let path = found.path();
        let mut id = relative_to_root(&self.root, path);
        if let Some(query) = found.query() {
            id.push_str(query);
        }
        let is_dependency = path.components().any(|component| component.as_os_str() == "node_modules");
        let package = found.package_json();
        Located {
            id: AssetId::new(id),
            path: path.to_owned(),
            package: PackageFacts {
                name: package.filter(|_| is_dependency).and_then(|package| package.name()).map(str::to_owned),
                module_type: match found.module_type() {
                    Some(ModuleType::Module) => Some("module".to_owned()),
                    Some(ModuleType::CommonJs) => Some("commonjs".to_owned()),
                    _ => None,
                },
                side_effects: package.is_none_or(|package| has_side_effects(package, path)),
                is_dependency,
                compiler: if is_dependency { CompilerOptions::default() } else { self.compiler_options(path) },
            },
        }
    }

    /// What the tsconfig.json of a script says; nothing if there is none, or if it cannot be read.
    fn compiler_options(&self, path: &Path) -> CompilerOptions {
        let governing = |path: &Path| self.import.find_tsconfig(path).ok().flatten();
        let tsconfig = match path.extension().and_then(|extension| extension.to_str()) {
            Some("ts" | "tsx" | "mts" | "cts") => governing(path),
            // TypeScript leaves JavaScript to itself unless `allowJs` is set, but how JSX is meant is the same in all files.
            Some("jsx") => governing(path).or_else(|| governing(&path.with_extension("tsx"))),
            _ => None,
        };
        tsconfig.map(|tsconfig| compiler_options(&tsconfig)).unwrap_or_default()
    }

    fn missing_module(
        &self,
        from: &AssetId,
        importer: &Path,
        dependency: &Dependency,
        error: &ResolveError,
    ) -> Diagnostic {
        let specifier = dependency.specifier.as_str();
        let is_path = specifier.starts_with('.') || specifier.starts_with('/');
        let diagnostic = match error {
            ResolveError::PackagePathNotExported { subpath, .. } => {
                let name = package_name(specifier);
                return Diagnostic::error(
                    "not-exported",
                    format!("`{subpath}` is not in the `exports` of package `{name}`"),
                )
                .at(from, dependency.range.clone(), "imported here")
                .help(format!("see the `exports` field of `{name}/package.json`"));
            }
            ResolveError::Json(error) => {
                let file = relative_to_root(&self.root, &error.path);
                Diagnostic::error("invalid-package", format!("`{file}` is not valid JSON: {}", error.message))
            }
            ResolveError::NotFound(_)
            | ResolveError::MatchedAliasNotFound(..)
            | ResolveError::ExtensionAlias(..)
            | ResolveError::PackageImportNotDefined(..) => {
                Diagnostic::error("missing-module", format!("cannot find `{specifier}`"))
            }
            other => {
                let reason = other.to_string().replace(&format!("{}/", self.root.display()), "");
                Diagnostic::error("missing-module", format!("cannot resolve `{specifier}`: {reason}"))
            }
        };
        let diagnostic = diagnostic.at(from, dependency.range.clone(), "imported here");
        if is_path {
            let wanted = importer.parent().unwrap_or(&self.root).join(specifier);
            match self.similar(&wanted) {
                Some(help) => diagnostic.help(help),
                None => diagnostic.help(format!("looked for `{}`", relative_to_root(&self.root, &normal(&wanted)))),
            }
        } else {
            let name = package_name(specifier);
            diagnostic.help(format!(
                "looked for the package `{name}` in every `node_modules` above `{from}`; is it installed?"
            ))
        }
    }

    /// "did you mean": a sibling whose name differs in case or extension, or by at most two letters.
    fn similar(&self, wanted: &Path) -> Option<String> {
        let wanted = normal(wanted);
        let name = wanted.file_name()?.to_str()?.to_lowercase();
        let stem = name.split('.').next().unwrap_or_default().to_owned();
        let names = self.asked.names_in(wanted.parent()?);
        let found = names.into_iter().filter_map(|candidate| {
            let lower = candidate.to_lowercase();
            let distance =
                edit_distance(&lower, &name).min(edit_distance(lower.split('.').next().unwrap_or_default(), &stem));
            (distance <= 2 && distance < stem.len().max(2)).then_some((distance, candidate))
        });
        let (_, best) = found.min()?;
        Some(format!("did you mean `{}`?", relative_to_root(&self.root, &wanted.with_file_name(best))))
    }
}

fn unknown_type(from: &AssetId, dependency: &Dependency, name: &str) -> Diagnostic {
    Diagnostic::error("unknown-type", format!("files cannot be imported as `type: \"{name}\"`"))
        .at(from, dependency.range.clone(), "imported here")
        .help("the types that can be bundled are `json`, `text` and `bytes`")
}

fn settings(root: &Path, options: &ResolveOptions, kinds: &[&str], asked: &Asked) -> Settings {
    let (platform, main_fields, alias_fields): (&str, &[&str], &[&str]) = match options.platform {
        Platform::Browser => ("browser", &["browser", "module", "jsnext:main", "main"], &["browser"]),
        Platform::Node => ("node", &["main", "module"], &[]),
    };
    let mode = if options.production { "production" } else { "development" };
    // `module` is what bundlers agreed on for "an ES module even if it is required", which avoids two copies of a package. Node knows
    // nothing of it, but all bundlers follow it on that platform too.
    let extensions = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    Settings {
        condition_names: [platform, mode, "default"]
            .into_iter()
            .chain(kinds.iter().copied())
            .map(str::to_owned)
            .collect(),
        main_fields: extensions(main_fields),
        alias_fields: alias_fields.iter().map(|field| vec![(*field).to_owned()]).collect(),
        extensions: extensions(&[".tsx", ".ts", ".mts", ".jsx", ".js", ".mjs", ".cts", ".cjs", ".json", ".css"]),
        extension_alias: vec![
            (".js".into(), extensions(&[".js", ".ts", ".tsx", ".jsx"])),
            (".jsx".into(), extensions(&[".jsx", ".tsx"])),
            (".mjs".into(), extensions(&[".mjs", ".mts"])),
            (".cjs".into(), extensions(&[".cjs", ".cts"])),
        ],
        alias: options
            .alias
            .iter()
            .map(|(from, to)| {
                let to = if to.starts_with("./") || to.starts_with("../") {
                    normal(&root.join(to)).to_string_lossy().into_owned()
                } else {
                    to.clone()
                };
                (from.clone(), vec![AliasValue::Path(to)])
            })
            .collect(),
        tsconfig: Some(TsconfigDiscovery::Auto),
        // In browsers a built-in module is what the `browser` field or an alias says, so it must not be taken for one before that.
        builtin_modules: options.platform == Platform::Node,
        module_type: true,
        yarn_pnp: uses_plug_and_play(root, asked),
        cwd: Some(root.to_owned()),
        ..Settings::default()
    }
}

fn uses_plug_and_play(root: &Path, asked: &Asked) -> bool {
    root.ancestors().any(|folder| asked.is_file(&folder.join(PLUG_AND_PLAY)))
}

fn compiler_options(tsconfig: &TsConfig) -> CompilerOptions {
    let options = &tsconfig.compiler_options;
    let is_set = |option: Option<bool>| option.unwrap_or_default();
    CompilerOptions {
        experimental_decorators: is_set(options.experimental_decorators),
        emit_decorator_metadata: is_set(options.emit_decorator_metadata),
        assigns_fields: !options
            .use_define_for_class_fields
            .unwrap_or_else(|| options.target.as_deref().is_none_or(has_fields)),
        keeps_imports: is_set(options.verbatim_module_syntax) || is_set(options.preserve_value_imports),
        keeps_import_statements: matches!(options.imports_not_used_as_values.as_deref(), Some("preserve" | "error")),
        jsx_automatic: match options.jsx.as_deref() {
            Some("react-jsx" | "react-jsxdev") => Some(true),
            Some("react") => Some(false),
            // JSX is left to the bundler; a factory says how it is meant.
            _ => options.jsx_factory.is_some().then_some(false),
        },
        jsx_import_source: options.jsx_import_source.clone(),
        jsx_factory: options.jsx_factory.clone(),
        jsx_fragment: options.jsx_fragment_factory.clone(),
    }
}

/// Whether the ECMAScript of a tsconfig's `target` has class fields: since 2022.
fn has_fields(target: &str) -> bool {
    let target = target.to_ascii_lowercase();
    target == "esnext"
        || target.strip_prefix("es20").and_then(|year| year.parse::<u32>().ok()).is_some_and(|year| year >= 22)
}

/// tsconfig `paths` are the importer's business, but a dependency's own tsconfig.json, published by mistake, must not count.
fn resolve_from(
    algorithm: &Algorithm,
    importer: &Path,
    specifier: &str,
) -> Result<oxc_resolver::Resolution, ResolveError> {
    let in_dependency = importer.components().any(|component| component.as_os_str() == "node_modules");
    let folder = importer.parent().unwrap_or(importer);
    if in_dependency {
        return algorithm.resolve(folder, specifier);
    }
    match algorithm.resolve_file(importer, specifier) {
        // A tsconfig that cannot be read (an `extends` that is not installed) says nothing about where modules are.
        Err(ResolveError::TsconfigLoadFailed { .. } | ResolveError::TsconfigNotFound(_)) => {
            algorithm.resolve(folder, specifier)
        }
        result => result,
    }
}

/// `sideEffects` of package.json as webpack reads it: a pattern without a slash matches file names at any depth.
fn has_side_effects(package: &PackageJson, path: &Path) -> bool {
    let Some(effects) = package.side_effects() else { return true };
    let inside = relative_to_root(package.directory(), path);
    let matches = |pattern: &str| {
        let pattern = pattern.strip_prefix("./").unwrap_or(pattern);
        let pattern = if pattern.contains('/') { pattern.to_owned() } else { format!("**/{pattern}") };
        fast_glob::glob_match(pattern.trim_start_matches('/'), &inside)
    };
    match effects {
        SideEffects::Bool(value) => value,
        SideEffects::String(pattern) => matches(pattern),
        SideEffects::Array(patterns) => patterns.into_iter().any(matches),
    }
}

/// A URL that no file of the build stands for: it has a scheme, no path, or begins with `//`.
pub fn is_remote(specifier: &str) -> bool {
    if specifier.starts_with("//") || specifier.starts_with('#') && specifier.len() == 1 {
        return true;
    }
    let Some((scheme, _)) = specifier.split_once(':') else { return false };
    scheme != "node"
        && scheme.len() > 1
        && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
        && !specifier.contains("virtual:")
}

fn package_name(specifier: &str) -> String {
    let parts = if specifier.starts_with('@') { 2 } else { 1 };
    specifier.split('/').take(parts).collect::<Vec<_>>().join("/")
}

/// Whether a text is what a pattern says, in which `*` stands for any text, slashes included.
pub fn wildcard(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    for (at, part) in parts.iter().enumerate() {
        if at + 1 == parts.len() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(found) => rest = &rest[found + part.len()..],
            None => return false,
        }
    }
    rest.is_empty()
}

/// `%20` to a space; what is not valid UTF-8 afterwards stays as it is.
fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut result = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes
            .get(at + 1..at + 3)
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match hex {
            Some(byte) if bytes[at] == b'%' => {
                result.push(byte);
                at += 3;
            }
            _ => {
                result.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8(result).unwrap_or_else(|_| text.to_owned())
}

/// A `#` in a file name is not a fragment for the resolver if it is preceded by a zero byte.
fn escape(path: &str) -> String {
    path.replace('#', "\0#")
}

/// A path without `.` and `..` segments, by its text alone.
pub fn normal(path: &Path) -> PathBuf {
    let mut result = PathBuf::new();
    for component in path.components() {
        match component {
            std::path::Component::ParentDir => {
                result.pop();
            }
            std::path::Component::CurDir => {}
            other => result.push(other),
        }
    }
    result
}

/// Levenshtein distance over characters.
pub fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, right) in b.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = (above + 1).min(row[j] + 1).min(diagonal + usize::from(left != *right));
            diagonal = above;
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remote_urls() {
        for url in ["https://a.example/x", "data:text/plain,x", "//cdn.example/x.js", "mailto:a@b"] {
            assert!(is_remote(url), "{url}");
        }
        for url in ["./a.js", "a/b.js", "/a.js", "node:fs", "#internal", "@scope/name"] {
            assert!(!is_remote(url), "{url}");
        }
    }

    #[test]
    fn wildcards_stand_for_any_text() {
        assert!(wildcard("@scope/*", "@scope/a/b"));
        assert!(wildcard("*.node", "x/y.node"));
        assert!(!wildcard("a*c", "ab"));
    }

    #[test]
    fn distances() {
        assert_eq!(edit_distance("dates", "date"), 1);
        assert_eq!(edit_distance("kitten", "sitting"), 3);
    }

    #[test]
    fn urls_are_percent_decoded() {
        assert_eq!(percent_decode("a%20b%C3%A9.png"), "a bé.png");
        assert_eq!(percent_decode("100%"), "100%");
    }
}
