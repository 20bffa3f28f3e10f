//! `planish bundle`: scripts and stylesheets alone. No configuration, no hashes, no manifest, and nothing is ever removed.

use crate::Exit;
use crate::build::{leave, refuse, run_once, session};
use crate::config::Mode;
use crate::entries::SCRIPTS;
use crate::flags::{BundleFlags, FormatMode};
use crate::plugin_options::{of_bundle, platform};
use crate::settings::{Refused, absolute, real};
use crate::terminal::Terminal;
use planish_pipeline::chunk::{Lookup, NamedGroup, Split};
use planish_pipeline::diagnostic::Diagnostic;
use planish_pipeline::naming::Naming;
use planish_pipeline::plugin::Plugins;
use planish_pipeline::resolve::{ResolveOptions, normal};
use planish_pipeline::session::{EmitMode, EntryRequest, Options};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Bundles the entries once.
pub(crate) fn run(flags: &BundleFlags, terminal: &Terminal) -> Exit {
    match prepare(flags) {
        Ok((options, plugins)) => {
            let session = session(options, plugins);
            let exit = run_once(&session, &flags.run, terminal);
            leave(session);
            exit
        }
        Err(refused) => refuse(&refused, &flags.run, terminal),
    }
}

fn prepare(flags: &BundleFlags) -> Result<(Options, Plugins), Refused> {
    let splitting = flags.format == FormatMode::Esm && !flags.no_splitting;
    let root = real(&absolute(Path::new("."))?);
    let out = real(&absolute(&flags.out_dir)?);
    let options = Options {
        entries: entries(&root, &out, &flags.entries).map_err(|diagnostics| Refused { diagnostics, config: None })?,
        root,
        out,
        base: "./".to_owned(),
        naming: Naming::Plain,
        static_folder: None,
        resolve: ResolveOptions {
            platform: platform(flags.platform),
            production: flags.mode == Mode::Production,
            alias: flags.alias.iter().cloned().collect(),
            external: flags.external.clone(),
        },
        split: split(flags),
        lookup: Lookup::Url,
        splitting,
        manifests: Vec::new(),
        integrity: false,
        emit: EmitMode::Files,
        cache: flags.cache_dir.as_deref().map(absolute).transpose()?,
        keep_in_memory: false,
        modules: BTreeMap::new(),
    };
    let (js, css) = of_bundle(flags);
    let plugins = planish_plugins::bundle(js, css).map_err(|message| Diagnostic::error("invalid-option", message))?;
    Ok((options, plugins))
}

fn split(flags: &BundleFlags) -> Split {
    let group = |(name, glob): &(String, String)| NamedGroup { name: name.clone(), globs: vec![glob.clone()] };
    Split {
        vendor: flags.split_vendor.into(),
        groups: flags.split_group.iter().map(group).collect(),
        minimum_size: u32::try_from(flags.split_min_size.0).unwrap_or(u32::MAX),
    }
}

/// The entries, whose outputs must neither meet nor replace a source.
fn entries(root: &Path, out: &Path, paths: &[PathBuf]) -> Result<Vec<EntryRequest>, Vec<Diagnostic>> {
    let mut found: Vec<EntryRequest> = Vec::new();
    let mut outputs: BTreeMap<String, &Path> = BTreeMap::new();
    let mut errors = Vec::new();
    for path in paths {
        let shown = path.display();
        let absolute = normal(&root.join(path));
        let Some(output) = output_name(&absolute) else {
            let message = format!("`{shown}` is not a script or a stylesheet");
            errors.push(Diagnostic::error("unknown-kind", message).help("`planish build` takes pages and other files"));
            continue;
        };
        if !absolute.is_file() {
            errors.push(Diagnostic::error("missing-entry", format!("the entry `{shown}` does not exist")));
        } else if out.join(&output) == real(&absolute) {
            let message = format!("the output of `{shown}` would replace it");
            errors.push(Diagnostic::error("invalid-out", message).help("choose another `--out-dir`"));
        } else if let Some(other) = outputs.insert(output.to_lowercase(), path) {
            let message = format!("`{}` and `{shown}` would both become `{output}`", other.display());
            errors.push(Diagnostic::error("same-output", message).help("bundle them into different folders"));
        }
        found.push(EntryRequest { name: None, path: absolute });
    }
    if errors.is_empty() { Ok(found) } else { Err(errors) }
}

/// `main.js` of `src/main.ts`.
fn output_name(path: &Path) -> Option<String> {
    let stem = path.file_stem()?.to_str()?;
    let Some(extension) = path.extension() else { return Some(format!("{stem}.js")) };
    match extension.to_str()?.to_ascii_lowercase().as_str() {
        "css" => Some(format!("{stem}.css")),
        script if SCRIPTS.contains(&script) => Some(format!("{stem}.js")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_an_extension_is_a_script() {
        assert_eq!(output_name(Path::new("bin/tool")).as_deref(), Some("tool.js"));
        assert_eq!(output_name(Path::new("page.html")), None);
    }

    #[test]
    fn entries_whose_outputs_meet_are_refused() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path().canonicalize().expect("it exists");
        for file in ["a.ts", "a.css", "b.js", "page.html"] {
            std::fs::write(root.join(file), "").expect("writable");
        }
        std::fs::create_dir(root.join("x")).expect("writable");
        std::fs::write(root.join("x/a.js"), "").expect("writable");
        let check = |out: &str, list: &[&str]| {
            let paths: Vec<PathBuf> = list.iter().map(PathBuf::from).collect();
            let entries = entries(&root, &root.join(out), &paths);
            entries
                .map(|entries| entries.len())
                .map_err(|errors| errors.into_iter().map(|error| error.message).collect::<Vec<_>>())
        };
        assert_eq!(check("out", &["a.ts", "a.css", "b.js"]), Ok(3));
        assert_eq!(check("out", &["a.ts", "x/a.js"]), Err(vec!["`a.ts` and `x/a.js` would both become `a.js`".into()]));
        assert_eq!(check(".", &["b.js"]), Err(vec!["the output of `b.js` would replace it".into()]));
        assert_eq!(check("out", &["c.js"]), Err(vec!["the entry `c.js` does not exist".into()]));
        assert_eq!(check("out", &["page.html"]), Err(vec!["`page.html` is not a script or a stylesheet".into()]));
    }
}
