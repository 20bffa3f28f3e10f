//! Which headers which files get.

use crate::policy::{self, Policies};
use planish_html::inventory;
use planish_pipeline::output::{FinalFile, OutputClass, Release};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// For files whose names change with their bytes: a year is as long as any cache looks ahead.
pub(crate) const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// For files that keep their names: kept, but not used without asking whether they changed.
pub(crate) const NO_CACHE: &str = "no-cache";

/// The headers of a release. Paths are relative to the output folder.
pub(crate) struct Rules<'a> {
    /// The path of the output folder's URL, with a slash at both ends.
    pub(crate) prefix: String,
    /// Folders with nothing but immutable files, with a slash at the end; none of them is in another.
    pub(crate) immutable_folders: Vec<String>,
    /// Immutable files in other folders.
    pub(crate) immutable_files: Vec<&'a str>,
    /// What precompressed forms there are: `br`, `gz`, `zst`.
    pub(crate) encodings: BTreeSet<&'a str>,
    /// Of pages, by path.
    pub(crate) policies: BTreeMap<&'a str, Policies>,
}

impl<'a> Rules<'a> {
    pub(crate) fn of(release: &'a Release, wants_policies: bool) -> Self {
        let is_plain = |file: &&FinalFile| file.class != OutputClass::Compressed;
        let (immutable, mutable): (Vec<&FinalFile>, Vec<&FinalFile>) =
            release.files.iter().filter(is_plain).partition(|file| file.immutable);
        let is_mixed = |folder: &str| folder.is_empty() || mutable.iter().any(|file| file.path.starts_with(folder));
        let folders: BTreeSet<&str> =
            immutable.iter().map(|file| folder(&file.path)).filter(|folder| !is_mixed(folder)).collect();
        let is_outermost = |at: &&str| !folders.iter().any(|other| *other != *at && at.starts_with(other));
        let compressed = release.files.iter().filter(|file| file.class == OutputClass::Compressed);
        Self {
            prefix: prefix(&release.base),
            immutable_folders: folders.iter().copied().filter(is_outermost).map(str::to_owned).collect(),
            immutable_files: immutable
                .iter()
                .map(|file| file.path.as_str())
                .filter(|path| !folders.iter().any(|folder| path.starts_with(folder)))
                .collect(),
            encodings: compressed.filter_map(|file| Some(file.path.rsplit_once('.')?.1)).collect(),
            policies: if wants_policies { policies(release) } else { BTreeMap::new() },
        }
    }

    /// The URL paths of a page: its own, and that of its folder if it is an index.
    pub(crate) fn urls(&self, page: &str) -> Vec<String> {
        let own = format!("{}{page}", self.prefix);
        let of_folder = own.strip_suffix("index.html").map(str::to_owned);
        std::iter::once(own).chain(of_folder).collect()
    }

    /// `headers.json`: rules in the order in which they apply; a later one wins.
    pub(crate) fn json(&self) -> String {
        #[derive(Serialize)]
        struct Rule<'r> {
            /// A URL path; `*` at its end is any text.
            path: String,
            headers: BTreeMap<&'r str, &'r str>,
        }
        #[derive(Serialize)]
        struct Json<'r> {
            version: u32,
            rules: Vec<Rule<'r>>,
            encodings: &'r BTreeSet<&'r str>,
        }
        let rule = |path: String, value| Rule { path, headers: [("Cache-Control", value)].into() };
        let mut rules = vec![rule(format!("{}*", self.prefix), NO_CACHE)];
        let folders = self.immutable_folders.iter().map(|folder| format!("{}{folder}*", self.prefix));
        let files = self.immutable_files.iter().map(|path| format!("{}{path}", self.prefix));
        rules.extend(folders.chain(files).map(|path| rule(path, IMMUTABLE)));
        for (page, policies) in &self.policies {
            let headers: BTreeMap<&str, &str> = policies.headers().collect();
            rules.extend(self.urls(page).into_iter().map(|path| Rule { path, headers: headers.clone() }));
        }
        let json = Json { version: 1, rules, encodings: &self.encodings };
        serde_json::to_string_pretty(&json).expect("text always serialises") + "\n"
    }
}

fn policies(release: &Release) -> BTreeMap<&str, Policies> {
    let pages = release.files.iter().filter(|file| file.class == OutputClass::Document);
    let integrities = policy::integrities(release);
    let policies = |file: &FinalFile| {
        let html = std::str::from_utf8(&file.bytes).ok()?;
        Some(policy::policies(&inventory(html), release, &integrities))
    };
    pages.filter_map(|file| Some((file.path.as_str(), policies(file)?))).collect()
}

/// With a slash at the end, or empty for the output folder itself.
fn folder(path: &str) -> &str {
    path.rfind('/').map_or("", |slash| &path[..=slash])
}

/// The path part of a URL prefix: `/static/` of `https://cdn.example.com/static/`. A relative one can be anywhere.
fn prefix(base: &str) -> String {
    let path = match base.split_once("://") {
        Some((_, rest)) => rest.split_once('/').map_or("", |(_, path)| path),
        None if base.starts_with('/') => &base[1..],
        None => "",
    };
    format!("/{path}")
}
