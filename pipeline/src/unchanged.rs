//! A build of which nothing changed is not made again: what the last good one saw is looked at once more, and if all of it is as it was, its
//! result stands.
//!
//! Bytes are compared, by their hashes, never times: those of all sources, those that the resolver read, and those in the output folder. What was
//! asked of the file system beside that is asked again, see [`crate::files::asked`]. Unlike a task's entry, this one is of one place: its key
//! holds the paths of the root and of the output folder, and the identity of the running binary.

use crate::diagnostic::{Label, Outcome};
use crate::emit::{Emitted, is_in_place};
use crate::files::asked::{Answer, Question};
use crate::graph::AssetGraph;
use crate::key::{Key, KeyBuilder};
use crate::output::{OutputClass, Release};
use crate::session::{BuildResult, EmitMode, Session, WrittenFile};
use crate::task::{RunLog, Task, TaskCount};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

const BUILD: Task = Task { name: "build", version: 1 };

/// What a build saw, and what it gave.
#[derive(Serialize, Deserialize)]
struct Seen {
    sources: Vec<(PathBuf, Key)>,
    answers: Vec<(PathBuf, Vec<(Question, Answer)>)>,
    /// By path in the static folder.
    static_files: Vec<(String, Key)>,
    /// The ledger in the output folder.
    ledger: Key,
    files: Vec<WrittenFile>,
    assets: usize,
    tasks: BTreeMap<Cow<'static, str>, TaskCount>,
}

/// The result of the last build with these options, if another one would give the same.
pub(crate) fn recall(session: &Session) -> Option<BuildResult> {
    if !applies(session) {
        return None;
    }
    let Outcome { value: seen, diagnostics } = session.cache.disk_get_latest::<Outcome<Seen>>(BUILD, &key(session)?)?;
    let holds = seen.sources.par_iter().all(|(path, key)| content(path).is_ok_and(|found| found == *key))
        && seen.answers.par_iter().all(|(path, asked)| session.asked.still_says(path, asked))
        && static_files(session).is_ok_and(|found| found == seen.static_files)
        && is_in_place(&session.options.out, &seen.ledger);
    let reused = |count: TaskCount| TaskCount { disk: count.ran + count.memory + count.disk, ..TaskCount::default() };
    let counts = seen.tasks.into_iter().map(|(name, count)| (name, reused(count)));
    holds.then(|| BuildResult {
        diagnostics,
        files: seen.files,
        assets: seen.assets,
        log: RunLog { counts: counts.collect(), ..RunLog::default() },
        ..BuildResult::default()
    })
}

/// Keeps what a good build saw and gave.
pub(crate) fn remember(
    session: &Session,
    graph: &AssetGraph,
    release: &Release,
    emitted: &Emitted,
    result: &BuildResult,
) {
    // A message about a part of a file is shown with its text, which nobody would have.
    let is_part = |label: &Label| session.sources.is_fragment(&label.source);
    let has_parts = result.diagnostics.iter().any(|diagnostic| diagnostic.labels.iter().any(is_part));
    let (true, Some(ledger), Some(key)) = (applies(session) && !has_parts, emitted.ledger, key(session)) else {
        return;
    };
    let files = graph.nodes.iter().filter(|node| !session.sources.is_fragment(&node.id));
    let static_files = release.files.iter().filter(|file| file.class == OutputClass::Static);
    let seen = Seen {
        sources: files.map(|node| (node.source.path.clone(), node.source.hash)).collect(),
        answers: session.asked.answered(),
        static_files: static_files.map(|file| (file.path.clone(), Key::of_bytes(&file.bytes))).collect(),
        ledger,
        files: result.files.clone(),
        assets: result.assets,
        tasks: result.log.counts.clone(),
    };
    session.cache.disk_put_latest(BUILD, &key, &Outcome::with(seen, result.diagnostics.clone()));
}

/// Whether nothing is known yet that would be quicker to ask.
fn applies(session: &Session) -> bool {
    session.options.emit == EmitMode::Release && session.options.cache.is_some() && !session.options.keep_in_memory
}

fn key(session: &Session) -> Option<Key> {
    let plugins = &session.plugins;
    let mut key = KeyBuilder::new(BUILD.name, BUILD.version);
    // The text form of options is as stable as their names.
    key.text(&format!("{:?}", session.options)).key(&plugins.options);
    let binary = crate::files::identity(&std::env::current_exe().ok()?)?;
    Some(key.value(&binary).finish())
}

fn content(path: &Path) -> io::Result<Key> {
    crate::files::read(path).map(|content| Key::of_bytes(&content))
}

fn static_files(session: &Session) -> io::Result<Vec<(String, Key)>> {
    let Some(folder) = &session.options.static_folder else { return Ok(Vec::new()) };
    let files = crate::files::walk(folder)?;
    files.into_par_iter().map(|(path, file)| Ok((path, content(&file)?))).collect()
}
