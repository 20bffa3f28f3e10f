//! `planish watch`: builds, then builds again on the same session whenever a source changes.
//!
//! What changed only decides what is read again: work that comes out the same is found by its key, and nothing else is remembered.

mod changes;
mod checkout;
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
use checkout::Checkout;
use folders::Folders;
use planish_pipeline::resolve::PLUG_AND_PLAY;
use planish_pipeline::session::Session;
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;

const USUAL: Usual = Usual { mode: Mode::Development, repeats: true };

/// A session with the settings it was made for.
struct Site {
    settings: Settings,
    session: Session,
    max_cache_size: u64,
}

/// Builds until the process is ended. A configuration that is bad from the start ends it at once.
pub(crate) fn run(flags: &BuildFlags, terminal: &Terminal) -> Exit {
    let mut site = match load(flags, USUAL).and_then(open) {
        Ok(site) => site,
        Err(refused) => return refuse(&refused, &flags.run, terminal),
    };
    let (sender, events) = channel();
    let mut folders = Folders::new(sender, *terminal);
    folders.cover(own_folders(&site).folders());
    build_once(&site, flags, terminal);
    trim_cache(&site.session, site.max_cache_size, terminal);
    folders.cover(site.session.folders());
    terminal.say("watching for changes, Ctrl-C ends");
    // What changed when the settings were refused is still to be built.
    let mut refused = Changes::default();
    loop {
        let concerns = |path: &Path| site.session.concerns(path);
        let Some(mut changes) = wait(&events, &interest(&site, &concerns)) else { return Exit::Fault };
        folders.forget(&changes.moved);
        if changes.everything || changes.moved.iter().any(|path| path.is_dir()) {
            // Before the build, so that no file of a new folder is missed by both.
            folders.cover(own_folders(&site).folders());
        }
        changes.append(std::mem::take(&mut refused));
        match adapt(&mut site, flags, &changes) {
            Ok(true) => {
                build_once(&site, flags, terminal);
                folders.cover(site.session.folders());
            }
            Ok(false) => {}
            Err(reason) => {
                refuse(&reason, &flags.run, terminal);
                refused = changes;
            }
        }
    }
}

fn open(settings: Settings) -> Result<Site, crate::settings::Refused> {
    let (session, max_cache_size) = prepare(settings.clone())?;
    Ok(Site { settings, session, max_cache_size })
}

/// Tells the session what changed; starts another one if the configuration or the set of entries did. Whether there is something to build.
fn adapt(site: &mut Site, flags: &BuildFlags, changes: &Changes) -> Result<bool, crate::settings::Refused> {
    // Yarn's table of packages is read once by each session.
    let is_for_sessions = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        *path == site.settings.config_path || is_file_name(&name) || name == PLUG_AND_PLAY
    };
    // A folder that came in place of another may hold other files under the same names.
    let is_replaced = changes.paths.intersection(&changes.moved).any(|path| path.is_dir());
    let is_config = changes.everything || is_replaced || changes.paths.iter().any(is_for_sessions);
    // What was put in its own place is still the same entry or none.
    let may_be_entry = |path: &PathBuf| path.exists() != site.session.reads(path);
    if is_config || changes.moved.iter().any(may_be_entry) {
        let settings = load(flags, USUAL)?;
        let (old, new) = (&site.settings.session, &settings.session);
        if is_config || old.entries != new.entries || old.static_folder != new.static_folder {
            *site = open(settings)?;
            return Ok(true);
        }
    }
    let changed: Vec<PathBuf> = changes.paths.iter().cloned().collect();
    Ok(site.session.invalidate(&changed))
}

fn build_once(site: &Site, flags: &BuildFlags, terminal: &Terminal) {
    let (result, duration) = build(&site.session, &flags.run, terminal);
    let sources = texts(&site.session);
    report_all(&result.diagnostics, &sources, terminal);
    if !result.has_errors() && !result.write_failed {
        terminal.say(&summary::line(&result, duration, terminal.paint));
    }
    if flags.run.json {
        terminal.answer(&result::json(&result, &shown(&site.session.options().out), duration, &sources));
    }
}

/// Where sources may appear.
fn own_folders(site: &Site) -> folders::Own {
    let options = site.session.options();
    folders::Own {
        root: options.root.clone(),
        leave_out: std::iter::once(options.out.clone()).chain(options.cache.clone()).collect(),
        config: site.settings.config_path.clone(),
        static_folder: options.static_folder.clone(),
    }
}

fn interest<'a>(site: &'a Site, concerns: &'a dyn Fn(&Path) -> bool) -> Interest<'a> {
    let options = site.session.options();
    let leave_out = std::iter::once(options.out.as_path()).chain(options.cache.as_deref()).collect();
    let checkout = Checkout::around(&options.root);
    Interest { concerns, config: &site.settings.config_path, leave_out, checkout }
}
