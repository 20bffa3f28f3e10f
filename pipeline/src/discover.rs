//! Discovery: from the entries to the whole asset graph. Work is parallel; numbers are given afterwards, depth-first from the
//! entries, so that they do not depend on scheduling.

use crate::asset::{Asset, AssetId, Dependency, DependencyKind, Fragment, PackageFacts, Source};
use crate::diagnostic::{Diagnostic, Outcome};
use crate::graph::{AssetGraph, AssetIdx, Entry, Node, Target};
use crate::key::{Key, KeyBuilder};
use crate::listing::list;
use crate::plugin::{AssetPlugin, Grouping, Request};
use crate::resolve::{Located, Resolved};
use crate::session::{EmitMode, Progress, Session};
use crate::task::{Task, Tasks};
use rustc_hash::{FxHashMap, FxHashSet};
use std::borrow::Cow;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// A file's bytes and their hash.
type Content = (Arc<[u8]>, Key);

/// Contents of the files read so far. Kept between builds only if the session says so.
pub(crate) struct SourceStore {
    keep: bool,
    files: Mutex<FxHashMap<PathBuf, Content>>,
    fragments: Mutex<FxHashMap<AssetId, Arc<[u8]>>>,
}

impl SourceStore {
    pub(crate) fn new(keep: bool) -> Self {
        Self { keep, files: Mutex::default(), fragments: Mutex::default() }
    }

    fn read(&self, path: &Path) -> io::Result<Content> {
        if self.keep
            && let Some(found) = self.files.lock().expect("no panic while locked").get(path)
        {
            return Ok(found.clone());
        }
        let content: Arc<[u8]> = crate::files::read(path)?.into();
        let entry = (Arc::clone(&content), Key::of_bytes(&content));
        if self.keep {
            self.files.lock().expect("no panic while locked").insert(path.to_owned(), entry.clone());
        }
        Ok(entry)
    }

    /// Forgets changed files. Says whether all of them were files that were read and still exist, so that only their contents can
    /// have changed and every specifier still means the same file.
    pub(crate) fn forget(&self, changed: &[PathBuf]) -> bool {
        let mut files = self.files.lock().expect("no panic while locked");
        let mut only_contents = true;
        for path in changed {
            only_contents &= files.remove(path).is_some() && path.is_file();
        }
        only_contents
    }

    pub(crate) fn text(&self, root: &Path, id: &AssetId) -> Option<Arc<str>> {
        let fragment = self.fragments.lock().expect("no panic while locked").get(id).cloned();
        let content = match fragment {
            Some(content) => content,
            None => self.read(&root.join(id.path())).ok()?.0,
        };
        Some(Arc::from(String::from_utf8_lossy(&content)))
    }
}

/// An asset to visit.
struct Visit {
    located: Located,
    kind: Option<DependencyKind>,
    attribute: Option<String>,
    /// The code itself, if it is a fragment of a file.
    fragment: Option<Arc<[u8]>>,
}

/// What a dependency leads to, by name.
enum Lead {
    Asset(AssetId),
    Other(Target),
}

struct Found {
    kind: &'static str,
    source: Arc<Source>,
    asset: Arc<Asset>,
    key: Key,
    leads: Vec<Lead>,
    broken: bool,
}

struct Discovery<'a> {
    session: &'a Session,
    tasks: &'a Tasks,
    progress: &'a dyn Progress,
    seen: Mutex<FxHashSet<AssetId>>,
    found: Mutex<FxHashMap<AssetId, Found>>,
    diagnostics: Mutex<Vec<Diagnostic>>,
}

/// Loads, transforms and resolves everything that the entries reach.
pub(crate) fn discover(session: &Session, tasks: &Tasks, progress: &dyn Progress) -> Outcome<AssetGraph> {
    let discovery = Discovery {
        session,
        tasks,
        progress,
        seen: Mutex::default(),
        found: Mutex::default(),
        diagnostics: Mutex::default(),
    };
    let mut entries: Vec<(Option<String>, AssetId)> = Vec::new();
    rayon::scope(|scope| {
        for request in &session.options.entries {
            match session.resolver.entry(&request.path) {
                Some(located) => {
                    entries.push((request.name.clone(), located.id.clone()));
                    discovery.enqueue(scope, Visit { located, kind: None, attribute: None, fragment: None });
                }
                None => {
                    let name = crate::asset::relative_to_root(&session.options.root, &request.path);
                    discovery
                        .report([Diagnostic::error("missing-entry", format!("the entry `{name}` does not exist"))]);
                }
            }
        }
    });
    let found = discovery.found.into_inner().expect("no panic while locked");
    let diagnostics = discovery.diagnostics.into_inner().expect("no panic while locked");
    let graph = AssetGraph {
        splitting: session.options.splitting,
        library: session.options.emit == EmitMode::Files,
        ..number(found, entries)
    };
    Outcome::with(graph, diagnostics)
}

impl<'a> Discovery<'a> {
    fn report(&self, diagnostics: impl IntoIterator<Item = Diagnostic>) {
        self.diagnostics.lock().expect("no panic while locked").extend(diagnostics);
    }

    fn enqueue<'s>(&'s self, scope: &rayon::Scope<'s>, visit: Visit)
    where
        'a: 's,
    {
        if self.seen.lock().expect("no panic while locked").insert(visit.located.id.clone()) {
            self.progress.found();
            scope.spawn(move |scope| self.visit(scope, visit));
        }
    }

    fn visit<'s>(&'s self, scope: &rayon::Scope<'s>, visit: Visit)
    where
        'a: 's,
    {
        let Some(source) = self.load(&visit) else { return };
        let request = Request { id: &source.id, kind: visit.kind, attribute: visit.attribute.as_deref() };
        let Some(plugin) = self.plugin(request) else {
            self.report([Diagnostic::error("unknown-kind", format!("no plugin takes `{}`", source.id))]);
            return;
        };
        self.progress.begin(source.id.as_str());
        let (key, outcome) = self.transform(plugin, &source);
        self.progress.end(source.id.as_str());
        let broken = outcome.diagnostics.iter().any(Diagnostic::is_error);
        self.report(outcome.diagnostics.iter().cloned());
        let asset = Arc::clone(&outcome.value);
        let leads = asset.dependencies.iter().map(|dependency| self.follow(scope, &source, dependency)).collect();
        let found = Found { kind: plugin.kind(), asset, key, leads, broken, source: Arc::clone(&source) };
        self.found.lock().expect("no panic while locked").insert(source.id.clone(), found);
    }

    fn load(&self, visit: &Visit) -> Option<Arc<Source>> {
        let (content, hash) = match &visit.fragment {
            Some(fragment) => (Arc::clone(fragment), Key::of_bytes(fragment)),
            None => match self.session.sources.read(&visit.located.path) {
                Ok(read) => read,
                Err(error) => {
                    let id = &visit.located.id;
                    self.report([Diagnostic::error("unreadable", format!("cannot read `{id}`: {error}"))]);
                    return None;
                }
            },
        };
        let Located { id, path, package } = visit.located.clone();
        Some(Arc::new(Source { id, path, content, hash, package }))
    }

    fn plugin(&self, request: Request<'_>) -> Option<&'a dyn AssetPlugin> {
        self.session.plugins.assets.iter().map(AsRef::as_ref).find(|plugin| plugin.accepts(request))
    }

    fn transform(&self, plugin: &dyn AssetPlugin, source: &Source) -> (Key, Arc<Outcome<Arc<Asset>>>) {
        let task = Task { name: plugin.kind(), version: plugin.version() };
        let key = KeyBuilder::new(task.name, task.version)
            .key(&plugin.options())
            .text(source.id.as_str())
            .key(&source.hash)
            .value(&source.package)
            .finish();
        let outcome = self.tasks.run_key(task, source.id.as_str(), &key, || {
            catch_unwind(AssertUnwindSafe(|| plugin.transform(source)))
                .map(|outcome| Outcome::with(Arc::new(outcome.value), outcome.diagnostics))
                .unwrap_or_else(|payload| {
                    Outcome::with(Arc::default(), vec![internal(task.name, source.id.as_str(), &*payload)])
                })
        });
        (key, outcome)
    }

    fn follow<'s>(&'s self, scope: &rayon::Scope<'s>, source: &Source, dependency: &Dependency) -> Lead
    where
        'a: 's,
    {
        if let Some(fragment) = &dependency.fragment {
            let id = AssetId::new(format!("{}?inline={}.{}", source.id, dependency.specifier, fragment.extension));
            let located = Located { id, path: source.path.clone(), package: source.package.clone() };
            return self.follow_text(scope, located, dependency.kind, &self.text_of(source, fragment));
        }
        if let Some(module) = self.session.options.modules.get(&dependency.specifier) {
            let id = AssetId::new(format!("{}.{}", dependency.specifier, module.extension));
            let path = self.session.options.root.join(id.path());
            let package = PackageFacts { module_type: Some("module".to_owned()), ..PackageFacts::default() };
            return self.follow_text(scope, Located { id, path, package }, dependency.kind, &module.text);
        }
        match self.session.resolver.resolve(&source.id, &source.path, dependency) {
            Resolved::File(mut located) => {
                if dependency.kind == DependencyKind::Url {
                    self.as_file(&mut located);
                }
                let id = located.id.clone();
                let attribute = dependency.attribute.clone();
                self.enqueue(
                    scope,
                    Visit { located: *located, kind: Some(dependency.kind), attribute, fragment: None },
                );
                Lead::Asset(id)
            }
            Resolved::External(specifier) => Lead::Other(Target::External(specifier)),
            Resolved::Static(path) => Lead::Other(Target::Static(path)),
            Resolved::Empty => Lead::Other(Target::Empty),
            Resolved::Missing(diagnostic) => {
                if !dependency.optional {
                    self.report([*diagnostic]);
                }
                Lead::Other(Target::Missing)
            }
        }
    }

    /// Follows to an asset that is not a file of its own.
    fn follow_text<'s>(&'s self, scope: &rayon::Scope<'s>, located: Located, kind: DependencyKind, text: &str) -> Lead
    where
        'a: 's,
    {
        let content: Arc<[u8]> = Arc::from(text.as_bytes());
        let id = located.id.clone();
        let mut fragments = self.session.sources.fragments.lock().expect("no panic while locked");
        fragments.insert(id.clone(), Arc::clone(&content));
        drop(fragments);
        self.enqueue(scope, Visit { located, kind: Some(kind), attribute: None, fragment: Some(content) });
        Lead::Asset(id)
    }

    /// A fragment's text, followed by the names of the files that its patterns match.
    fn text_of<'f>(&self, source: &Source, fragment: &'f Fragment) -> Cow<'f, str> {
        if fragment.files.is_empty() {
            return Cow::Borrowed(&fragment.text);
        }
        let options = &self.session.options;
        let left_out: Vec<&Path> = std::iter::once(&*options.out).chain(options.cache.as_deref()).collect();
        let names = list(&options.root, &source.path, &fragment.files, &left_out);
        Cow::Owned(names.iter().fold(fragment.text.clone(), |text, name| format!("{text}\n{name}")))
    }

    /// A script, a stylesheet or data that is wanted for its URL (a classic script, a preload) is another asset than the module of the
    /// same file: it is copied, not bundled. The query `url` says so, but to a plugin that knows the file by its name.
    fn as_file(&self, located: &mut Located) {
        let taker = |id, kind| self.plugin(Request { id, kind: Some(kind), attribute: None });
        let bundles = |plugin: &dyn AssetPlugin| !matches!(plugin.grouping(), Grouping::Single { .. });
        let copy = AssetId::new(format!("{}?url", located.id));
        let by_url = taker(&located.id, DependencyKind::Url);
        let is_module = taker(&located.id, DependencyKind::Import).is_some_and(bundles);
        let is_known = by_url.map(AssetPlugin::kind) != taker(&copy, DependencyKind::Url).map(AssetPlugin::kind);
        if located.id.query().is_none() && (by_url.is_some_and(bundles) || is_module && !is_known) {
            located.id = copy;
        }
    }
}

/// A defect of Planish itself, with the task and the asset at which it showed.
pub(crate) fn internal(task: &str, subject: &str, payload: &(dyn std::any::Any + Send)) -> Diagnostic {
    let reason = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("unknown reason");
    Diagnostic::error("internal", format!("the task `{task}` failed on `{subject}`: {reason}"))
        .help("this is a defect in planish; please report it with the file")
}

/// Numbers assets depth-first from the entries, dependencies in source order.
fn number(mut found: FxHashMap<AssetId, Found>, entries: Vec<(Option<String>, AssetId)>) -> AssetGraph {
    let mut numbers: FxHashMap<AssetId, AssetIdx> = FxHashMap::default();
    let mut order: Vec<AssetId> = Vec::new();
    let mut stack: Vec<AssetId> = entries.iter().rev().map(|(_, id)| id.clone()).collect();
    while let Some(id) = stack.pop() {
        let Some(asset) = found.get(&id) else { continue };
        if numbers.contains_key(&id) {
            continue;
        }
        numbers.insert(id.clone(), AssetIdx(order.len() as u32));
        order.push(id);
        stack.extend(asset.leads.iter().rev().filter_map(|lead| match lead {
            Lead::Asset(id) => Some(id.clone()),
            Lead::Other(_) => None,
        }));
    }
    let nodes = order
        .into_iter()
        .map(|id| {
            let asset = found.remove(&id).expect("only found assets are numbered");
            let targets = asset.leads.into_iter().map(|lead| match lead {
                // An asset that could not be read has been reported and has no number.
                Lead::Asset(id) => numbers.get(&id).map_or(Target::Missing, |idx| Target::Asset(*idx)),
                Lead::Other(target) => target,
            });
            let targets = targets.collect();
            Node {
                id,
                kind: asset.kind,
                source: asset.source,
                asset: asset.asset,
                key: asset.key,
                targets,
                broken: asset.broken,
            }
        })
        .collect();
    let mut named: Vec<Entry> = Vec::new();
    for (name, id) in entries {
        if let Some(asset) = numbers.get(&id)
            && !named.iter().any(|entry| entry.asset == *asset)
        {
            named.push(Entry { name: name.unwrap_or_else(|| id.stem().to_owned()), asset: *asset });
        }
    }
    AssetGraph { nodes, entries: named, ..AssetGraph::default() }
}
