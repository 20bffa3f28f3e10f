//! What a person sees while a build runs: a line that is redrawn on a terminal, a line now and then elsewhere.

use crate::summary::seconds;
use crate::terminal::Terminal;
use crate::trace::Trace;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use planish_pipeline::session::Progress;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A log is told this often that a build still runs.
const QUIET: Duration = Duration::from_secs(5);

/// A terminal is redrawn this often.
const TICK: Duration = Duration::from_millis(100);

/// Counts what is done, and shows it.
pub(crate) struct Meter {
    terminal: Terminal,
    bar: Option<ProgressBar>,
    trace: Option<Trace>,
    found: AtomicUsize,
    done: AtomicUsize,
    running: Arc<Running>,
    last_line: Mutex<Instant>,
}

/// The assets that are worked on, with the moment when that began.
#[derive(Default)]
struct Running(Mutex<BTreeMap<String, Instant>>);

impl Running {
    /// The one that takes longest already.
    fn slowest(&self) -> Option<(String, Duration)> {
        let running = self.0.lock().ok()?;
        let (name, begin) = running.iter().min_by_key(|(_, begin)| **begin)?;
        Some((name.clone(), begin.elapsed()))
    }
}

impl Meter {
    /// A meter that draws on an interactive terminal and prints elsewhere. What happens is also noted in the trace, if there is one.
    pub(crate) fn new(terminal: &Terminal, trace: Option<Trace>) -> Self {
        let running = Arc::new(Running::default());
        let bar = terminal.is_interactive.then(|| bar(running.clone()));
        Self {
            terminal: *terminal,
            bar,
            trace,
            found: AtomicUsize::new(0),
            done: AtomicUsize::new(0),
            running,
            last_line: Mutex::new(Instant::now()),
        }
    }

    /// Wipes what was drawn, and gives the trace back.
    pub(crate) fn finish(self) -> Option<Trace> {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
        self.trace
    }

    /// Prints a line unless there was one a moment ago.
    fn print(&self) {
        let Ok(mut last) = self.last_line.try_lock() else { return };
        if self.bar.is_some() || last.elapsed() < QUIET {
            return;
        }
        *last = Instant::now();
        let (done, found) = (self.done.load(Ordering::Relaxed), self.found.load(Ordering::Relaxed));
        let slowest = self.running.slowest().map(|(name, time)| format!(", `{name}` for {}", seconds(time)));
        self.terminal.say(&format!("{done} of {found} assets{}", slowest.unwrap_or_default()));
    }
}

fn bar(running: Arc<Running>) -> ProgressBar {
    let slowest = move |_: &ProgressState, out: &mut dyn Write| {
        if let Some((name, _)) = running.slowest().filter(|(_, time)| *time > TICK) {
            let _ = write!(out, "{name}");
        }
    };
    let style = ProgressStyle::with_template("{spinner} {msg} {pos}/{len} {slowest}").expect("the template is valid");
    let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
    bar.set_style(style.with_key("slowest", slowest));
    bar.enable_steady_tick(TICK);
    bar
}

impl Progress for Meter {
    fn stage(&self, name: &'static str) {
        if let Some(bar) = &self.bar {
            bar.set_message(name);
        }
        if let Some(trace) = &self.trace {
            trace.stage(name);
        }
    }

    fn found(&self) {
        self.found.fetch_add(1, Ordering::Relaxed);
        if let Some(bar) = &self.bar {
            bar.inc_length(1);
        }
    }

    fn begin(&self, asset: &str) {
        if let Ok(mut running) = self.running.0.lock() {
            running.insert(asset.to_owned(), Instant::now());
        }
    }

    fn end(&self, asset: &str) {
        if let Ok(mut running) = self.running.0.lock() {
            running.remove(asset);
        }
        self.done.fetch_add(1, Ordering::Relaxed);
        match &self.bar {
            Some(bar) => bar.inc(1),
            None => self.print(),
        }
    }
}
