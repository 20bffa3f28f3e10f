//! A trace of a build in the format that browsers' trace viewers read: which thread worked on which asset, and when.
//!
//! The format: "Trace Event Format", JSON array form, duration events `B` and `E`.

use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Instant;

/// Events so far.
pub(crate) struct Trace {
    path: PathBuf,
    begin: Instant,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    events: Vec<Event>,
    stage: Option<&'static str>,
}

#[derive(Serialize)]
struct Event {
    name: String,
    ph: &'static str,
    /// Microseconds since the build began.
    ts: u64,
    pid: u32,
    tid: usize,
}

/// The row of the stages; threads of the pool have the rows after it.
const STAGES: usize = 0;

impl Trace {
    /// A trace without events, of a build that began at a moment.
    pub(crate) fn new(path: &Path, begin: Instant) -> Self {
        Self { path: path.to_owned(), begin, state: Mutex::default() }
    }

    /// A stage begins, and the one before ends.
    pub(crate) fn stage(&self, name: &'static str) {
        let Ok(mut state) = self.state.lock() else { return };
        if let Some(before) = state.stage.replace(name) {
            state.events.push(self.event(before, "E", STAGES));
        }
        state.events.push(self.event(name, "B", STAGES));
    }

    /// This thread begins to work on an asset.
    pub(crate) fn begin(&self, asset: &str) {
        self.push(asset, "B");
    }

    /// This thread is done with an asset.
    pub(crate) fn end(&self, asset: &str) {
        self.push(asset, "E");
    }

    fn push(&self, name: &str, phase: &'static str) {
        let row = rayon::current_thread_index().map_or(STAGES, |index| index + 1);
        let event = self.event(name, phase, row);
        if let Ok(mut state) = self.state.lock() {
            state.events.push(event);
        }
    }

    fn event(&self, name: &str, phase: &'static str, row: usize) -> Event {
        let micros = u64::try_from(self.begin.elapsed().as_micros()).unwrap_or(u64::MAX);
        Event { name: name.to_owned(), ph: phase, ts: micros, pid: 1, tid: row }
    }

    /// Ends the last stage and writes the file.
    pub(crate) fn write(self) -> std::io::Result<()> {
        let last = self.state.lock().ok().and_then(|mut state| state.stage.take());
        let last = last.map(|stage| self.event(stage, "E", STAGES));
        let mut events = self.state.into_inner().unwrap_or_default().events;
        events.extend(last);
        std::fs::write(&self.path, serde_json::to_vec(&events)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_beginning_has_an_end() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("trace.json");
        let trace = Trace::new(&path, Instant::now());
        trace.stage("transform");
        trace.begin("a.js");
        trace.end("a.js");
        trace.stage("link");
        trace.write().expect("writable");
        let events: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).expect("written")).expect("JSON");
        let phases: String =
            events.as_array().expect("an array").iter().filter_map(|event| event["ph"].as_str()).collect();
        assert_eq!(phases, "BBEEBE");
    }
}
