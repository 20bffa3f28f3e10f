//! Discovery: from the entries to the whole asset graph. Work is parallel; numbers are given afterwards, depth-first from the
//! entries, so that they do not depend on scheduling.

use crate::asset::{Asset, AssetId, Content, Dependency, DependencyKind, Fragment, PackageFacts, Source};
use crate::diagnostic::{Diagnostic, Outcome};
use crate::graph::{AssetGraph, AssetIdx, Entry, Node, Target};
use crate::key::{Key, KeyBuilder};
use crate::listing::list;
use crate::plugin::{AssetPlugin, Grouping, Request};
use crate::resolve::{Located, Resolved};
use crate::session::{EmitMode, Progress, Session};
use crate::task::{Reuse, Task, Tasks, Written};
use rayon::prelude::*;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};
use std::borrow::Cow;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// A file's bytes and their hash.
type Read = (Content, Key);

/// Contents of the files read so far. Kept between builds only if the session says so.
pub(crate) struct SourceStore {
    keep: bool,
    files: Mutex<FxHashMap<PathBuf, Read>>,
    fragments: Mutex<FxHashMap<AssetId, Arc<str>>>,
}

impl SourceStore {
    pub(crate) fn new(keep: bool) -> Self {
        Self { keep, files: Mutex::default(), fragments: Mutex::default() }
    }

    fn read(&self, path: &Path) -> io::Result<Read> {
        if self.keep
            && let Some(found) = self.files.lock().expect("no panic while locked").get(path)
        {
            return Ok(found.clone());
        }
        let content = Content::from(crate::files::read(path)?);
        let entry = (content.clone(), Key::of_bytes(&content));
        if self.keep {
            self.files.lock().expect("no panic while locked").insert(path.to_owned(), entry.clone());
        }
        Ok(entry)
    }

    /// Forgets changed files and those in changed folders. Says whether any of them had been read.
    pub(crate) fn forget(&self, changed: &[PathBuf]) -> bool {
        let mut files = self.files.lock().expect("no panic while locked");
        let before = files.len();
        let others = changed.iter().filter(|path| files.remove(*path).is_none() && !path.is_file());
        let folders: FxHashSet<&Path> = others.map(PathBuf::as_path).collect();
        if !folders.is_empty() {
            files.retain(|file, _| !file.ancestors().any(|folder| folders.contains(folder)));
        }
        files.len() < before
    }

    /// Whether an asset is a part of a file, or made for the build.
    pub(crate) fn is_fragment(&self, id: &AssetId) -> bool {
        self.fragments.lock().expect("no panic while locked").contains_key(id)
    }

    pub(crate) fn contains(&self, path: &Path) -> bool {
        self.files.lock().expect("no panic while locked").contains_key(path)
    }

    /// The folders of all files that are kept.
    pub(crate) fn folders(&self) -> FxHashSet<PathBuf> {
        let files = self.files.lock().expect("no panic while locked");
        files.keys().filter_map(|path| path.parent()).map(Path::to_owned).collect()
    }

    pub(crate) fn text(&self, root: &Path, id: &AssetId) -> Option<Arc<str>> {
        if let Some(fragment) = self.fragments.lock().expect("no panic while locked").get(id) {
            return Some(Arc::clone(fragment));
        }
        match self.read(&root.join(id.path())).ok()?.0 {
            Content::Text(text) => Some(text),
            Content::Bytes(bytes) => Some(String::from_utf8_lossy(&bytes).into()),
        }
    }
}

/// An asset to visit.
#[derive(PartialEq, Eq)]
struct Visit {
    located: Located,
    kind: Option<DependencyKind>,
    attribute: Option<String>,
    /// The code itself, if it is a fragment of a file.
    fragment: Option<Arc<str>>,
}

/// What a dependency leads to.
enum Lead {
    Asset(Arc<Visit>),
    Other(Target),
}

/// What a visit gave.
struct Found {
    visit: Arc<Visit>,
    task: Task,
    source: Arc<Source>,
    asset: Arc<Asset>,
    key: Key,
    leads: Vec<Lead>,
    /// Of the transform, and about what it asks for.
    diagnostics: Vec<Diagnostic>,
    /// The transform reported an error.
    broken: bool,
}

/// What the visits of the last build gave, for the next one of the same session: it holds for an asset while the bytes of its file are
/// the same, and for all of them while specifiers mean the same files.
#[derive(Default)]
pub(crate) struct Known(Mutex<LastVisits>);

#[derive(Default)]
struct LastVisits {
    found: FxHashMap<AssetId, Arc<Found>>,
    /// What was made of files that have other bytes now.
    stale: Vec<Arc<Found>>,
    /// Of all these visits; none if what is said of it would be lost with what could not be visited.
    graph: Option<Arc<AssetGraph>>,
}

impl Known {
    /// All of it, for a build that will keep its own visits in its place.
    fn take(&self) -> LastVisits {
        std::mem::take(&mut self.0.lock().expect("no panic while locked"))
    }

    fn keep(&self, mut found: FxHashMap<AssetId, Arc<Found>>, graph: Option<Arc<AssetGraph>>) {
        found.retain(|_, found| !found.diagnostics.iter().any(Diagnostic::is_defect));
        *self.0.lock().expect("no panic while locked") = LastVisits { found, stale: Vec::new(), graph };
    }

    /// Forgets what was made of files that have other bytes now.
    pub(crate) fn forget(&self, changed: &[PathBuf]) {
        let changed: FxHashSet<&PathBuf> = changed.iter().collect();
        let LastVisits { found, stale, .. } = &mut *self.0.lock().expect("no panic while locked");
        stale.extend(found.extract_if(|_, found| changed.contains(&found.source.path)).map(|(_, found)| found));
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        self.take();
    }
}

impl Found {
    /// Whether it leads to the same assets as another visit of its own asset.
    fn leads_like(&self, other: &Self) -> bool {
        let is_same = |(one, other): (&Lead, &Lead)| match (one, other) {
            (Lead::Asset(one), Lead::Asset(other)) => one == other,
            (Lead::Other(one), Lead::Other(other)) => one == other,
            _ => false,
        };
        self.task.name == other.task.name
            && self.leads.len() == other.leads.len()
            && self.leads.iter().zip(&other.leads).all(is_same)
    }

    /// As a part of a graph.
    fn node(&self, targets: Vec<Target>) -> Node {
        Node {
            id: self.source.id.clone(),
            kind: self.task.name,
            source: Arc::clone(&self.source),
            asset: Arc::clone(&self.asset),
            key: self.key,
            targets,
            broken: self.broken,
        }
    }

    /// Whether another visit would give the same: who asks first may decide whose asset it is, and the text of a fragment is the asker's.
    fn answers(&self, visit: &Visit) -> bool {
        self.visit.kind == visit.kind
            && self.visit.attribute == visit.attribute
            && self.visit.fragment == visit.fragment
    }
}

struct Discovery<'a> {
    session: &'a Session,
    /// Of the last build, or made anew since.
    known: FxHashMap<AssetId, Arc<Found>>,
    /// Those of them that this build made.
    fresh: FxHashSet<AssetId>,
    tasks: &'a Tasks,
    progress: &'a dyn Progress,
    seen: Mutex<FxHashSet<AssetId>>,
    found: Mutex<FxHashMap<AssetId, Arc<Found>>>,
    diagnostics: Mutex<Vec<Diagnostic>>,
}

/// Loads, transforms and resolves everything that the entries reach.
pub(crate) fn discover(session: &Session, tasks: &Tasks, progress: &dyn Progress) -> Outcome<Arc<AssetGraph>> {
    let LastVisits { found: known, stale, graph: last } = session.known.take();
    let room = known.len() + stale.len();
    let mut discovery = Discovery {
        session,
        known,
        fresh: FxHashSet::default(),
        tasks,
        progress,
        seen: Mutex::new(FxHashSet::with_capacity_and_hasher(room, FxBuildHasher)),
        found: Mutex::new(FxHashMap::with_capacity_and_hasher(room, FxBuildHasher)),
        diagnostics: Mutex::default(),
    };
    let is_same_shape = discovery.visit_again(&stale);
    let graph = last.filter(|_| is_same_shape).map(|last| discovery.renew(&last));
    let graph = graph.unwrap_or_else(|| {
        let entries = discovery.follow_entries();
        Arc::new(AssetGraph {
            splitting: session.options.splitting,
            library: session.options.emit == EmitMode::Files,
            ..number(discovery.found.get_mut().expect("no panic while locked"), entries)
        })
    });
    let diagnostics = discovery.diagnostics.into_inner().expect("no panic while locked");
    if session.options.keep_in_memory {
        // What could not be read, and an entry that is missing, are errors of no asset. A defect is an error too.
        let kept = (!diagnostics.iter().any(Diagnostic::is_error)).then(|| Arc::clone(&graph));
        session.known.keep(discovery.found.into_inner().expect("no panic while locked"), kept);
    }
    Outcome::with(graph, diagnostics)
}

impl<'a> Discovery<'a> {
    fn report(&self, diagnostics: impl IntoIterator<Item = Diagnostic>) {
        self.diagnostics.lock().expect("no panic while locked").extend(diagnostics);
    }

    /// Visits assets once more whose files have changed. Says whether the graph has the shape that it had.
    fn visit_again(&mut self, stale: &[Arc<Found>]) -> bool {
        let make = |old: &Arc<Found>| self.visit(Arc::clone(&old.visit));
        let made: Vec<Option<Found>> = stale.par_iter().map(make).collect();
        let mut is_same_shape = true;
        for (old, made) in stale.iter().zip(made) {
            is_same_shape &= made.as_ref().is_some_and(|made| made.leads_like(old));
            if let Some(made) = made {
                self.fresh.insert(made.source.id.clone());
                self.known.insert(made.source.id.clone(), Arc::new(made));
            }
        }
        // It may be that nobody asks for them any more.
        self.diagnostics = Mutex::default();
        is_same_shape
    }

    /// The graph of the last build, with what this one has made.
    fn renew(&mut self, last: &AssetGraph) -> Arc<AssetGraph> {
        let mut graph = last.clone();
        let mut reused: FxHashMap<&'static str, usize> = FxHashMap::default();
        for node in &mut graph.nodes {
            if self.fresh.contains(&node.id) {
                *node = self.known[&node.id].node(std::mem::take(&mut node.targets));
            } else {
                *reused.entry(node.kind).or_default() += 1;
            }
        }
        reused.into_iter().for_each(|(task, count)| self.tasks.note_many(task, count, Reuse::Memory));
        self.found = Mutex::new(std::mem::take(&mut self.known));
        let found = self.found.get_mut().expect("no panic while locked");
        let diagnostics = found.values().flat_map(|found| &found.diagnostics).cloned().collect();
        self.diagnostics = Mutex::new(diagnostics);
        Arc::new(graph)
    }

    /// Visits everything that the entries reach; their names and ids.
    fn follow_entries(&self) -> Vec<(Option<String>, AssetId)> {
        let mut entries: Vec<(Option<String>, AssetId)> = Vec::new();
        rayon::scope(|scope| {
            for request in &self.session.options.entries {
                match self.session.resolver.entry(&request.path) {
                    Some(located) => {
                        entries.push((request.name.clone(), located.id.clone()));
                        let visit = Visit { located, kind: None, attribute: None, fragment: None };
                        self.follow_all(scope, vec![Arc::new(visit)]);
                    }
                    None => {
                        let name = crate::asset::relative_to_root(&self.session.options.root, &request.path);
                        self.report([Diagnostic::error("missing-entry", format!("the entry `{name}` does not exist"))]);
                    }
                }
            }
        });
        entries
    }

    /// Visits assets, each once: what is known of one from the last build leads on at once.
    fn follow_all<'s>(&'s self, scope: &rayon::Scope<'s>, mut visits: Vec<Arc<Visit>>)
    where
        'a: 's,
    {
        while let Some(visit) = visits.pop() {
            if !self.seen.lock().expect("no panic while locked").insert(visit.located.id.clone()) {
                continue;
            }
            if let Some(known) = self.known.get(&visit.located.id).filter(|known| known.answers(&visit)) {
                if !self.fresh.contains(&known.source.id) {
                    self.tasks.note_many(known.task.name, 1, Reuse::Memory);
                }
                visits.extend(self.add(Arc::clone(known)));
            } else {
                scope.spawn(move |scope| {
                    let leads = self.visit(visit).map(|found| self.add(Arc::new(found))).unwrap_or_default();
                    self.follow_all(scope, leads);
                });
            }
        }
    }

    /// Adds an asset; returns what it leads to.
    fn add(&self, found: Arc<Found>) -> Vec<Arc<Visit>> {
        if !found.diagnostics.is_empty() {
            self.report(found.diagnostics.iter().cloned());
        }
        let visit = |lead: &Lead| match lead {
            Lead::Asset(visit) => Some(Arc::clone(visit)),
            Lead::Other(_) => None,
        };
        let leads = found.leads.iter().filter_map(visit).collect();
        self.found.lock().expect("no panic while locked").insert(found.source.id.clone(), found);
        leads
    }

    /// Makes an asset, and says so.
    fn visit(&self, visit: Arc<Visit>) -> Option<Found> {
        self.progress.found();
        let id = visit.located.id.clone();
        self.progress.begin(id.as_str());
        let found = self.make(visit);
        self.progress.end(id.as_str());
        found
    }

    /// Loads and transforms an asset, and resolves what it asks for.
    fn make(&self, visit: Arc<Visit>) -> Option<Found> {
        let source = self.load(&visit)?;
        let request = Request { id: &source.id, kind: visit.kind, attribute: visit.attribute.as_deref() };
        let Some(plugin) = self.plugin(request) else {
            self.report([Diagnostic::error("unknown-kind", format!("no plugin takes `{}`", source.id))]);
            return None;
        };
        let task = Task { name: plugin.kind(), version: plugin.version() };
        let (key, outcome) = self.transform(plugin, task, &source);
        let mut diagnostics = outcome.diagnostics.clone();
        let broken = diagnostics.iter().any(Diagnostic::is_error);
        let asset = Arc::clone(&outcome.value);
        let dependencies = asset.dependencies.iter();
        let leads = dependencies.map(|dependency| self.follow(&source, dependency).take(&mut diagnostics)).collect();
        Some(Found { visit, task, source, asset, key, leads, diagnostics, broken })
    }

    fn load(&self, visit: &Visit) -> Option<Arc<Source>> {
        let (content, hash) = match &visit.fragment {
            Some(fragment) => (Content::Text(Arc::clone(fragment)), Key::of_bytes(fragment.as_bytes())),
            None => match self.session.sources.read(&visit.located.path) {
                Ok(read) => read,
                Err(error) => {
                    self.session.asked.note_unreadable(&visit.located.path);
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

    fn transform(&self, plugin: &dyn AssetPlugin, task: Task, source: &Source) -> (Key, Arc<Outcome<Arc<Asset>>>) {
        let key = KeyBuilder::new(task.name, task.version)
            .key(&plugin.options())
            .text(source.id.as_str())
            .key(&source.hash)
            .value(&source.package)
            .finish();
        let outcome = self.tasks.run_key(task, source.id.as_str(), &key, Written::Always, || {
            catch_unwind(AssertUnwindSafe(|| plugin.transform(source)))
                .map(|outcome| Outcome::with(Arc::new(outcome.value), outcome.diagnostics))
                .unwrap_or_else(|payload| {
                    Outcome::with(Arc::default(), vec![internal(task.name, source.id.as_str(), &*payload)])
                })
        });
        (key, outcome)
    }

    fn follow(&self, source: &Source, dependency: &Dependency) -> Outcome<Lead> {
        if let Some(fragment) = &dependency.fragment {
            let id = AssetId::new(format!("{}?inline={}.{}", source.id, dependency.specifier, fragment.extension));
            let located = Located { id, path: source.path.clone(), package: source.package.clone() };
            return Outcome::new(self.follow_text(located, dependency.kind, &self.text_of(source, fragment)));
        }
        if let Some(module) = self.session.options.modules.get(&dependency.specifier) {
            let id = AssetId::new(format!("{}.{}", dependency.specifier, module.extension));
            let path = self.session.options.root.join(id.path());
            let package = PackageFacts { module_type: Some("module".to_owned()), ..PackageFacts::default() };
            return Outcome::new(self.follow_text(Located { id, path, package }, dependency.kind, &module.text));
        }
        Outcome::new(match self.session.resolver.resolve(&source.id, &source.path, dependency) {
            Resolved::File(mut located) => {
                if dependency.kind == DependencyKind::Url {
                    self.as_file(&mut located);
                }
                let attribute = dependency.attribute.clone();
                Lead::Asset(Arc::new(Visit {
                    located: *located,
                    kind: Some(dependency.kind),
                    attribute,
                    fragment: None,
                }))
            }
            Resolved::External(specifier) => Lead::Other(Target::External(specifier)),
            Resolved::Static(path) => Lead::Other(Target::Static(path)),
            Resolved::Empty => Lead::Other(Target::Empty),
            Resolved::Missing(diagnostic) => {
                let diagnostics = if dependency.optional { Vec::new() } else { vec![*diagnostic] };
                return Outcome::with(Lead::Other(Target::Missing), diagnostics);
            }
        })
    }

    /// Follows to an asset that is not a file of its own.
    fn follow_text(&self, located: Located, kind: DependencyKind, text: &str) -> Lead {
        let text: Arc<str> = text.into();
        let mut fragments = self.session.sources.fragments.lock().expect("no panic while locked");
        fragments.insert(located.id.clone(), Arc::clone(&text));
        drop(fragments);
        Lead::Asset(Arc::new(Visit { located, kind: Some(kind), attribute: None, fragment: Some(text) }))
    }

    /// A fragment's text, followed by the names of the files that its patterns match.
    fn text_of<'f>(&self, source: &Source, fragment: &'f Fragment) -> Cow<'f, str> {
        if fragment.files.is_empty() {
            return Cow::Borrowed(&fragment.text);
        }
        let options = &self.session.options;
        let left_out: Vec<&Path> = std::iter::once(&*options.out).chain(options.cache.as_deref()).collect();
        let names = list(&self.session.asked, &options.root, &source.path, &fragment.files, &left_out);
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
fn number(found: &FxHashMap<AssetId, Arc<Found>>, entries: Vec<(Option<String>, AssetId)>) -> AssetGraph {
    let mut numbers: FxHashMap<&AssetId, AssetIdx> = FxHashMap::default();
    let mut order: Vec<&Found> = Vec::with_capacity(found.len());
    let mut stack: Vec<&AssetId> = entries.iter().rev().map(|(_, id)| id).collect();
    while let Some(id) = stack.pop() {
        // An asset that could not be read has been reported and has no number.
        let Some(asset) = found.get(id) else { continue };
        let vacant = match numbers.entry(id) {
            std::collections::hash_map::Entry::Occupied(_) => continue,
            std::collections::hash_map::Entry::Vacant(vacant) => vacant,
        };
        vacant.insert(AssetIdx(order.len() as u32));
        order.push(asset);
        stack.extend(asset.leads.iter().rev().filter_map(|lead| match lead {
            Lead::Asset(visit) => Some(&visit.located.id),
            Lead::Other(_) => None,
        }));
    }
    let target = |lead: &Lead| match lead {
        Lead::Asset(visit) => numbers.get(&visit.located.id).map_or(Target::Missing, |idx| Target::Asset(*idx)),
        Lead::Other(target) => target.clone(),
    };
    let nodes = order.iter().map(|asset| asset.node(asset.leads.iter().map(target).collect())).collect();
    let mut named: Vec<Entry> = Vec::new();
    for (name, id) in &entries {
        if let Some(asset) = numbers.get(id)
            && !named.iter().any(|entry| entry.asset == *asset)
        {
            named.push(Entry { name: name.clone().unwrap_or_else(|| id.stem().to_owned()), asset: *asset });
        }
    }
    AssetGraph { nodes, entries: named, ..AssetGraph::default() }
}
