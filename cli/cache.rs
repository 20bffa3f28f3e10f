//! `planish cache`: counts, checks, trims or removes what builds keep.

use crate::Exit;
use crate::flags::{CacheAction, CachePlace, CacheTarget};
use crate::settings::{cache_folder, shown, site};
use crate::summary::bytes;
use crate::terminal::Terminal;
use planish_pipeline::cache;
use serde::Serialize;
use std::io;
use std::path::Path;

/// Does what is asked with the cache of a site.
pub(crate) fn run(action: &CacheAction, terminal: &Terminal) -> Exit {
    let target = match action {
        CacheAction::Stats(target)
        | CacheAction::Verify(target)
        | CacheAction::Clear(target)
        | CacheAction::Gc { target, .. } => target,
    };
    let flags = crate::flags::RunFlags { json: target.json, ..Default::default() };
    let (_, _, file) = match site(&target.root, target.config.as_deref()) {
        Ok(site) => site,
        Err(refused) => return crate::build::refuse(&refused, &flags, terminal),
    };
    let root = target.root.canonicalize().unwrap_or_else(|_| target.root.clone());
    let place = CachePlace { no_cache: false, cache_dir: target.cache_dir.clone() };
    let folder = cache_folder(&place, &root, &file).expect("the cache was not turned off");
    let done = match action {
        CacheAction::Stats(_) => stats(&folder, target, terminal),
        CacheAction::Verify(_) => verify(&folder, target, terminal),
        CacheAction::Clear(_) => clear(&folder, target, terminal),
        CacheAction::Gc { max_size, .. } => {
            let max_bytes = max_size.map_or_else(|| file.config.cache.max_bytes(), |size| size.0);
            gc(&folder, max_bytes, target, terminal)
        }
    };
    done.unwrap_or_else(|error| {
        let reason = planish_pipeline::emit::reason(&error);
        terminal.say(&format!("cannot use the cache folder `{}`: {reason}", shown(&folder)));
        Exit::Fault
    })
}

fn stats(folder: &Path, target: &CacheTarget, terminal: &Terminal) -> io::Result<Exit> {
    let stats = cache::stats(folder)?;
    let mut lines = vec![shown(folder)];
    let tasks = stats.by_task.iter().map(|(task, usage)| (task.as_str(), usage)).chain([("total", &stats.total)]);
    let width = tasks.clone().map(|(task, _)| task.len()).max().unwrap_or(0);
    lines.extend(
        tasks.map(|(task, usage)| format!("{task:<width$}  {:>7} entries  {:>9}", usage.count, large(usage.bytes))),
    );
    answer(&stats, &lines.join("\n"), target, terminal);
    Ok(Exit::Good)
}

/// Damage is not an error of the user's sources, but whoever asks wants to know by the exit code.
fn verify(folder: &Path, target: &CacheTarget, terminal: &Terminal) -> io::Result<Exit> {
    let verified = cache::verify(folder)?;
    let mut lines: Vec<String> = verified.bad.iter().map(|path| format!("damaged, removed: {}", shown(path))).collect();
    lines.push(format!("{} entries checked, {} damaged", verified.checked, verified.bad.len()));
    answer(&verified, &lines.join("\n"), target, terminal);
    Ok(if verified.bad.is_empty() { Exit::Good } else { Exit::Errors })
}

fn gc(folder: &Path, max_size: u64, target: &CacheTarget, terminal: &Terminal) -> io::Result<Exit> {
    let collected = cache::gc(folder, max_size)?;
    let text = format!(
        "{} entries removed, {} freed, {} kept",
        collected.removed,
        large(collected.freed),
        large(collected.kept_bytes)
    );
    answer(&collected, &text, target, terminal);
    Ok(Exit::Good)
}

fn clear(folder: &Path, target: &CacheTarget, terminal: &Terminal) -> io::Result<Exit> {
    let stats = cache::stats(folder)?;
    cache::clear(folder)?;
    let text = format!("{} entries removed, {} freed", stats.total.count, large(stats.total.bytes));
    answer(&serde_json::json!({ "removed": stats.total.count, "freed": stats.total.bytes }), &text, target, terminal);
    Ok(Exit::Good)
}

/// The result is what the command is for, so it goes to stdout in either form.
fn answer(result: &impl Serialize, text: &str, target: &CacheTarget, terminal: &Terminal) {
    match target.json {
        true => terminal.answer(&serde_json::to_string(result).expect("plain data with text keys always serialises")),
        false => terminal.answer(text),
    }
}

fn large(count: u64) -> String {
    bytes(usize::try_from(count).unwrap_or(usize::MAX))
}
