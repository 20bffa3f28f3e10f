//! A trace of a build in the format that trace viewers read (Perfetto, Chrome): which thread worked on what, and when.
//!
//! The format: "Trace Event Format", JSON array form, complete events `X` and the names of threads `M`.

use planish_pipeline::task::Span;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Instant;

/// The stages so far.
pub(crate) struct Trace {
    path: PathBuf,
    begin: Instant,
    stages: Mutex<Vec<(&'static str, Instant)>>,
}

/// The row of the stages, and of what is done outside the pool; threads of the pool have the rows after it.
const STAGES: usize = 0;

impl Trace {
    /// A trace without stages, of a build that began at a moment.
    pub(crate) fn new(path: &Path, begin: Instant) -> Self {
        Self { path: path.to_owned(), begin, stages: Mutex::default() }
    }

    /// A stage begins, and the one before ends.
    pub(crate) fn stage(&self, name: &'static str) {
        if let Ok(mut stages) = self.stages.lock() {
            stages.push((name, Instant::now()));
        }
    }

    /// Ends the last stage and writes the file, with the tasks of the build.
    pub(crate) fn write(self, spans: &[Span]) -> std::io::Result<()> {
        let stages = self.stages.into_inner().unwrap_or_default();
        let ends = stages.iter().skip(1).map(|(_, begin)| *begin).chain([Instant::now()]);
        let micros = |moment: Instant| moment.saturating_duration_since(self.begin).as_secs_f64() * 1e6;
        let event = |name: &str, category: &str, thread: usize, begin: Instant, end: Instant| {
            let (ts, dur) = (micros(begin), micros(end) - micros(begin));
            json!({ "name": name, "cat": category, "ph": "X", "ts": ts, "dur": dur, "pid": 1, "tid": thread })
        };
        let threads: BTreeSet<usize> = spans.iter().map(|span| span.thread).chain([STAGES]).collect();
        let named = threads.into_iter().map(|thread| {
            let name = if thread == STAGES { "stages".to_owned() } else { format!("thread {thread}") };
            json!({ "name": "thread_name", "ph": "M", "pid": 1, "tid": thread, "args": { "name": name } })
        });
        let stages = stages.iter().zip(ends).map(|((name, begin), end)| event(name, "stage", STAGES, *begin, end));
        let tasks = spans.iter().map(|span| {
            let name = format!("{} {}", span.name, span.subject);
            event(name.trim_end(), span.name, span.thread, span.begin, span.end)
        });
        let events: Vec<Value> = named.chain(stages).chain(tasks).collect();
        std::fs::write(&self.path, serde_json::to_vec(&events)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_follow_each_other() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("trace.json");
        let begin = Instant::now();
        let trace = Trace::new(&path, begin);
        trace.stage("transform");
        trace.stage("link");
        let end = Instant::now();
        trace.write(&[Span { name: "js", subject: "a.js".into(), thread: 2, begin, end }]).expect("writable");
        let text = std::fs::read(&path).expect("written");
        let events: Vec<Value> = serde_json::from_slice(&text).expect("an array");
        let names: Vec<&str> = events.iter().filter_map(|event| event["name"].as_str()).collect();
        assert_eq!(names, ["thread_name", "thread_name", "transform", "link", "js a.js"]);
        let number = |event: &Value, key: &str| event[key].as_f64().expect("a number");
        let end = number(&events[2], "ts") + number(&events[2], "dur");
        assert!((end - number(&events[3], "ts")).abs() < 0.01);
        assert_eq!((events[4]["tid"].as_u64(), number(&events[4], "ts")), (Some(2), 0.0));
    }
}
