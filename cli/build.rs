//! `planish build`, and the part of every command that builds: run the session, report, sum up, exit.

use crate::Exit;
use crate::config::Mode;
use crate::flags::{BuildFlags, RunFlags};
use crate::progress::Meter;
use crate::report::{self, Sources};
use crate::result;
use crate::settings::{Refused, Settings, Usual, load, shown};
use crate::summary;
use crate::terminal::{Terminal, Tone};
use crate::trace::Trace;
use planish_pipeline::asset::AssetId;
use planish_pipeline::diagnostic::Diagnostic;
use planish_pipeline::plugin::Plugins;
use planish_pipeline::session::{BuildResult, Session};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Builds the site once.
pub(crate) fn run(flags: &BuildFlags, terminal: &Terminal) -> Exit {
    let prepared = load(flags, Usual { mode: Mode::Production, repeats: false }).and_then(prepare);
    let (session, max_cache_size) = match prepared {
        Ok(prepared) => prepared,
        Err(refused) => return refuse(&refused, &flags.run, terminal),
    };
    let exit = run_once(&session, &flags.run, terminal);
    trim_cache(&session, max_cache_size, terminal);
    leave(session);
    exit
}

/// What a process that is about to end leaves to the system: to free it piece by piece takes some percent of a build.
pub(crate) fn leave(session: Session) {
    std::mem::forget(session);
}

/// A session for the settings, and the size that its cache may have.
pub(crate) fn prepare(settings: Settings) -> Result<(Session, u64), Refused> {
    let plugins =
        planish_plugins::all(settings.plugins).map_err(|message| Diagnostic::error("invalid-option", message))?;
    Ok((session(settings.session, plugins), settings.max_cache_size))
}

/// A session whose unfinished files are removed if a signal comes.
pub(crate) fn session(options: planish_pipeline::session::Options, plugins: Plugins) -> Session {
    crate::interrupt::protect(&options.out);
    Session::new(options, plugins)
}

/// Builds, reports and sums up.
pub(crate) fn run_once(session: &Session, flags: &RunFlags, terminal: &Terminal) -> Exit {
    let (result, duration) = build(session, flags, terminal);
    let sources = texts(session);
    report_all(&result.diagnostics, &sources, terminal);
    let out = shown(&session.options().out);
    if exit(&result) == Exit::Good {
        terminal.say(&summary::table(&result, &out, duration, terminal.paint));
    }
    if flags.json {
        terminal.answer(&result::json(&result, &out, duration, &sources));
    }
    exit(&result)
}

/// Builds with progress, and with a trace if one is asked for.
pub(crate) fn build(session: &Session, flags: &RunFlags, terminal: &Terminal) -> (BuildResult, Duration) {
    let begin = Instant::now();
    let trace = flags.trace.as_deref().map(|path| Trace::new(path, begin));
    let meter = Meter::new(terminal, trace);
    let result = session.build(&meter);
    if let Some(Err(error)) = meter.finish().map(|trace| trace.write(&result.log.spans)) {
        terminal.say(&format!("cannot write the trace: {}", planish_pipeline::emit::reason(&error)));
    }
    (result, begin.elapsed())
}

/// The texts of a session's sources. An image has none, and neither has an empty file.
pub(crate) fn texts(session: &Session) -> impl Fn(&AssetId) -> Option<Arc<str>> {
    |id| session.source_text(id).filter(|text| !text.is_empty() && !text.contains('\0'))
}

/// How a build ended.
pub(crate) fn exit(result: &BuildResult) -> Exit {
    match (result.write_failed, result.has_errors()) {
        (true, _) => Exit::Fault,
        (false, true) => Exit::Errors,
        (false, false) => Exit::Good,
    }
}

/// Prints every diagnostic and how many there are.
pub(crate) fn report_all(diagnostics: &[Diagnostic], sources: Sources<'_>, terminal: &Terminal) {
    if crate::interrupt::came() {
        return;
    }
    for diagnostic in diagnostics {
        terminal.say(&format!("{}\n", report::render(diagnostic, sources, terminal.paint)));
    }
    if let Some(count) = report::count(diagnostics) {
        let tone = if diagnostics.iter().any(Diagnostic::is_error) { Tone::Error } else { Tone::Warning };
        terminal.say(&terminal.paint.text(tone, &count));
    }
}

/// Says why nothing is built.
pub(crate) fn refuse(refused: &Refused, flags: &RunFlags, terminal: &Terminal) -> Exit {
    let sources =
        |id: &AssetId| refused.config.as_ref().filter(|(config, _)| config == id).map(|(_, text)| text.clone());
    report_all(&refused.diagnostics, &sources, terminal);
    if flags.json {
        let result = BuildResult { diagnostics: refused.diagnostics.clone(), ..BuildResult::default() };
        terminal.answer(&result::json(&result, "", Duration::ZERO, &sources));
    }
    Exit::Usage
}

/// Removes what was not used for the longest time, if the cache has grown.
pub(crate) fn trim_cache(session: &Session, max_size: u64, terminal: &Terminal) {
    let Some(folder) = session.options().cache.as_ref().filter(|_| session.has_grown_cache()) else { return };
    if let Err(error) = planish_pipeline::cache::gc(folder, max_size) {
        terminal.say(&format!("cannot clean up the cache: {}", planish_pipeline::emit::reason(&error)));
    }
}
