//! `planish watch`: builds, then builds again on the same session whenever a source changes.
//!
//! What changed only decides what is read again: work that comes out the same is found by its key, and nothing else is remembered.

mod changes;
mod folders;

use crate::Exit;
use crate::build::{build, prepare, refuse, report_all, texts, trim_cache};
use crate::config::Mode;
use crate::environment::is_file_name;
use crate::flags::BuildFlags;
use crate::result;
use crate::settings::{Settings, Usual, load, shown};
use crate::summary;
use crate::terminal::Terminal;
use changes::{Changes, Interest, wait};
use folders::Folders;
use planish_pipeline::resolve::PLUG_AND_PLAY;
use planish_pipeline::session::{BuildResult, Session};
use std::path::PathBuf;
use std::sync::mpsc::channel;

const USUAL: Usual = Usual { mode: Mode::Development, repeats: true };

/// A session with the settings it was made for.
struct Site {
    settings: Settings,
    session: Session,
    max_cache_size: Option<u64>,
}

/// Builds until the process is ended. A configuration that is bad from the start ends it at once.
pub(crate) fn run(flags: &BuildFlags, terminal: &Terminal) -> Exit {
    let mut site = match load(flags, USUAL).and_then(open) {
        Ok(site) => site,
        Err(refused) => return refuse(&refused, &flags.run, terminal),
    };
    let (sender, events) = channel();
    let mut folders = Folders::new(sender, *terminal);
    folders.cover(&own_folders(&site), &[]);
    let mut inputs = build_once(&site, flags, terminal).inputs;
    trim_cache(&site.session, site.max_cache_size, terminal);
    terminal.say("watching for changes, Ctrl-C ends");
    loop {
        folders.cover(&own_folders(&site), &inputs);
        let Some(changes) = wait(&events, &interest(&site, &inputs)) else { return Exit::Fault };
        folders.forget(&changes.moved);
        // Before the build, so that no file of a new folder is missed by both.
        folders.cover(&own_folders(&site), &inputs);
        match adapt(&mut site, flags, &changes, &inputs) {
            Ok(()) => inputs = build_once(&site, flags, terminal).inputs,
            Err(refused) => {
                refuse(&refused, &flags.run, terminal);
            }
        }
    }
}

fn open(settings: Settings) -> Result<Site, crate::settings::Refused> {
    let (session, max_cache_size) = prepare(settings.clone())?;
    Ok(Site { settings, session, max_cache_size })
}

/// Tells the session what changed; starts another one if the configuration or the set of entries did.
fn adapt(
    site: &mut Site,
    flags: &BuildFlags,
    changes: &Changes,
    inputs: &[PathBuf],
) -> Result<(), crate::settings::Refused> {
    // Yarn's table of packages is read once by each session.
    let is_for_sessions = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        *path == site.settings.config_path || is_file_name(&name) || name == PLUG_AND_PLAY
    };
    let is_config = changes.everything || changes.paths.iter().any(is_for_sessions);
    if is_config || !changes.moved.is_empty() {
        let settings = load(flags, USUAL)?;
        let (old, new) = (&site.settings.session, &settings.session);
        if is_config || old.entries != new.entries || old.static_folder != new.static_folder {
            *site = open(settings)?;
            return Ok(());
        }
    }
    let mut changed: Vec<PathBuf> = changes.paths.iter().cloned().collect();
    if changes.everything {
        changed.extend_from_slice(inputs);
        changed.push(site.session.options().root.clone());
    }
    site.session.invalidate(&changed);
    Ok(())
}

fn build_once(site: &Site, flags: &BuildFlags, terminal: &Terminal) -> BuildResult {
    let (result, duration) = build(&site.session, &flags.run, terminal);
    let sources = texts(&site.session);
    report_all(&result.diagnostics, &sources, terminal);
    if !result.has_errors() && !result.write_failed {
        terminal.say(&summary::line(&result, duration, terminal.paint));
    }
    if flags.run.json {
        terminal.answer(&result::json(&result, &shown(&site.session.options().out), duration, &sources));
    }
    result
}

/// Where sources may appear.
fn own_folders(site: &Site) -> folders::Own {
    let options = site.session.options();
    folders::Own {
        root: options.root.clone(),
        leave_out: outputs(site),
        config: site.settings.config_path.clone(),
        static_folder: options.static_folder.clone(),
    }
}

fn interest(site: &Site, inputs: &[PathBuf]) -> Interest {
    Interest {
        inputs: inputs.iter().cloned().collect(),
        config: site.settings.config_path.clone(),
        static_folder: site.session.options().static_folder.clone(),
        leave_out: outputs(site),
    }
}

/// The folders that builds write to.
fn outputs(site: &Site) -> Vec<PathBuf> {
    let options = site.session.options();
    std::iter::once(options.out.clone()).chain(options.cache.clone()).collect()
}
