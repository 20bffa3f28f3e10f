//! File names: planned with placeholders before anything is rendered, made final by hashing when everything is.
//!
//! A name's hash is blake3 of the file's final bytes with only its own hash masked, cut to [`HASH_LENGTH`] base64url characters.
//! Files that refer to each other in a circle are hashed together: each name then depends on all of the circle's bytes.

use crate::components::components;
use crate::key::{Key, KeyBuilder};
use crate::output::{FinalFile, Output, OutputId};
use rayon::prelude::*;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Characters of a content hash in a file name: 48 bits.
pub const HASH_LENGTH: usize = 8;

/// How names are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Naming {
    /// Hashed names under a folder, from a template such as `[name]-[hash].[ext]`.
    Hashed {
        /// Folder below the output folder, without slashes at its ends; may be empty.
        directory: String,
        /// Holds `[name]`, `[hash]` and `[ext]`.
        template: String,
    },
    /// Plain names, `main.js`, in the output folder itself.
    Plain,
}

/// What a planned file is called.
#[derive(Clone, Debug)]
struct Named {
    /// Relative to the output folder, with the placeholder of `hashed_by`.
    path: String,
    /// The output whose hash the name holds: itself, or the script for a source map.
    hashed_by: Option<OutputId>,
}

/// The planned paths of all outputs.
#[derive(Clone, Debug)]
pub struct Names {
    base: String,
    naming: Naming,
    named: BTreeMap<OutputId, Named>,
    /// Unhashed paths in lower case that are taken, because file systems may not tell cases apart.
    taken: BTreeMap<String, OutputId>,
}

impl Names {
    /// No names yet; `base` is the URL prefix of the output folder: `/`, `/static/`, `https://cdn.example.com/` or `./`.
    pub fn new(naming: Naming, base: &str) -> Self {
        Self { base: base.to_owned(), naming, named: BTreeMap::new(), taken: BTreeMap::new() }
    }

    /// Names an output by the naming scheme.
    pub fn plan(&mut self, id: &OutputId, stem: &str, extension: &str) {
        let stem: String =
            stem.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' }).collect();
        match &self.naming {
            Naming::Plain => {
                let path = self.free_path(id, &stem, extension);
                self.named.insert(id.clone(), Named { path, hashed_by: None });
            }
            Naming::Hashed { directory, template } => {
                let name =
                    template.replace("[name]", &stem).replace("[hash]", &placeholder(id)).replace("[ext]", extension);
                let path = if directory.is_empty() { name } else { format!("{directory}/{name}") };
                self.named.insert(id.clone(), Named { path, hashed_by: Some(id.clone()) });
            }
        }
    }

    fn free_path(&mut self, id: &OutputId, stem: &str, extension: &str) -> String {
        let numbered = (1_u32..).map(|number| match number {
            1 => format!("{stem}.{extension}"),
            _ => format!("{stem}-{number}.{extension}"),
        });
        let path = numbered
            .into_iter()
            .find(|path| !self.taken.contains_key(&path.to_lowercase()))
            .expect("some number is free");
        self.taken.insert(path.to_lowercase(), id.clone());
        path
    }

    /// Gives an output a fixed path. The output that has the path already, if any, is returned.
    pub fn plan_fixed(&mut self, id: &OutputId, path: &str) -> Option<OutputId> {
        self.named.insert(id.clone(), Named { path: path.to_owned(), hashed_by: None });
        self.taken.insert(path.to_lowercase(), id.clone())
    }

    /// Names an output after another one: `main-<hash>.js.map` after `main-<hash>.js`.
    pub fn plan_beside(&mut self, id: &OutputId, other: &OutputId, suffix: &str) {
        if let Some(named) = self.named.get(other).cloned() {
            self.named
                .insert(id.clone(), Named { path: format!("{}{suffix}", named.path), hashed_by: named.hashed_by });
        }
    }

    /// The path of an output relative to the output folder, with placeholders.
    pub fn path(&self, id: &OutputId) -> Option<&str> {
        self.named.get(id).map(|named| named.path.as_str())
    }

    /// The URL prefix is relative, so that a finished build can be moved to any folder.
    pub fn has_relative_base(&self) -> bool {
        self.base.is_empty() || self.base.starts_with('.')
    }

    /// The URL prefix.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The URL by which the file `from` refers to the file `to` relative to itself: `./b.js`, `../img/a.png`.
    pub fn relative(&self, from: &OutputId, to: &OutputId) -> Option<String> {
        Some(relative_path(self.path(from)?, self.path(to)?))
    }

    /// The URL by which a document refers to `to`: with the URL prefix, or relative to `from` if the prefix is relative.
    pub fn url(&self, from: &OutputId, to: &OutputId) -> Option<String> {
        if self.has_relative_base() {
            self.relative(from, to)
        } else {
            Some(format!("{}{}", self.base, self.path(to)?))
        }
    }

    /// The URL by which the file `from` refers to a file of the static folder: with the URL prefix, or relative to `from` if the prefix
    /// is relative.
    pub fn static_url(&self, from: &OutputId, path: &str) -> String {
        let path = percent_encode(path);
        match self.path(from) {
            Some(from) if self.has_relative_base() => relative_path(from, &path),
            _ => format!("{}{path}", self.base),
        }
    }
}

/// A path as a URL: what would end it or be decoded is encoded.
fn percent_encode(path: &str) -> String {
    let mut result = String::with_capacity(path.len());
    for character in path.chars() {
        if character.is_ascii_control() || " \"#%<>?\\^`{|}".contains(character) {
            result.push_str(&format!("%{:02X}", u32::from(character)));
        } else {
            result.push(character);
        }
    }
    result
}

/// `to` as seen from the folder of `from`; begins with `./` or `../`.
pub fn relative_path(from: &str, to: &str) -> String {
    let from: Vec<&str> = from.split('/').collect();
    let to: Vec<&str> = to.split('/').collect();
    let common = from.iter().zip(&to).take(from.len().min(to.len()) - 1).take_while(|(a, b)| a == b).count();
    let ups = from.len() - 1 - common;
    let prefix = if ups == 0 { "./".to_owned() } else { "../".repeat(ups) };
    prefix + &to[common..].join("/")
}

/// The text that stands for an output's hash until it is known: as wide as the hash and made of the same characters.
pub fn placeholder(id: &OutputId) -> String {
    KeyBuilder::new("placeholder", 1).text(id.as_str()).finish().to_name(HASH_LENGTH)
}

/// Gives every output its final name and bytes. Sorted by path. Outputs with equal names and bytes have equal paths; each stays a file of
/// its own here, because manifests look files up by output, and is written once.
pub fn finalise(names: &Names, outputs: Vec<Output>) -> Vec<FinalFile> {
    let index: BTreeMap<&OutputId, usize> = outputs.iter().enumerate().map(|(at, output)| (&output.id, at)).collect();
    let hash_owner = |id: &OutputId| names.named.get(id).and_then(|named| named.hashed_by.clone());
    // What each output's bytes hold: indices of the outputs whose hashes occur in it.
    let references: Vec<Vec<usize>> = outputs
        .iter()
        .map(|output| {
            let mut found: Vec<usize> =
                output.references.iter().filter_map(|id| index.get(&hash_owner(id)?).copied()).collect();
            found.sort_unstable();
            found.dedup();
            found
        })
        .collect();
    let hashes = hashes(names, &outputs, &references);
    let finals: Vec<(String, bool, Known)> = outputs
        .iter()
        .zip(&references)
        .map(|(output, references)| {
            let named = names.named.get(&output.id).expect("every rendered output was planned");
            let hash = named.hashed_by.as_ref().and_then(|owner| Some((owner, hashes[*index.get(owner)?].as_deref()?)));
            let path =
                hash.map_or_else(|| named.path.clone(), |(owner, hash)| named.path.replace(&placeholder(owner), hash));
            (path, hash.is_some(), Known::new(references, &outputs, &hashes))
        })
        .collect();
    let mut files: Vec<FinalFile> = outputs
        .into_par_iter()
        .zip(finals)
        .map(|(output, (path, immutable, known))| FinalFile {
            id: output.id,
            path,
            class: output.class,
            bytes: Arc::from(known.put_into(Cow::Owned(output.bytes))),
            immutable,
            asset: output.asset,
            chunk: output.chunk,
        })
        .collect();
    files.sort_by(|a, b| (&a.path, &a.id).cmp(&(&b.path, &b.id)));
    files
}

/// The hash of each output that some name holds.
fn hashes(names: &Names, outputs: &[Output], references: &[Vec<usize>]) -> Vec<Option<String>> {
    let owners: BTreeSet<&OutputId> = names.named.values().filter_map(|named| named.hashed_by.as_ref()).collect();
    let mut hashes: Vec<Option<String>> = vec![None; outputs.len()];
    for component in components(references) {
        if !component.iter().any(|at| owners.contains(&outputs[*at].id)) {
            continue;
        }
        let isolated: Vec<Key> = component
            .par_iter()
            .map(|&at| {
                let known = Known::new(&references[at], outputs, &hashes);
                Key::of_bytes(&known.put_into(Cow::Borrowed(&outputs[at].bytes)))
            })
            .collect();
        for (position, &at) in component.iter().enumerate() {
            let key = if component.len() == 1 {
                isolated[position]
            } else {
                let mut builder = KeyBuilder::new("circle", 1);
                builder.key(&isolated[position]);
                isolated.iter().for_each(|key| {
                    builder.key(key);
                });
                builder.finish()
            };
            hashes[at] = Some(key.to_name(HASH_LENGTH));
        }
    }
    hashes
}

/// Placeholders that an output may hold, with the hashes that take their places.
struct Known {
    hashes: BTreeMap<Vec<u8>, String>,
    /// Whether a placeholder begins with a byte: nearly all of a text's do not.
    begins: [bool; 256],
}

impl Known {
    fn new(references: &[usize], outputs: &[Output], hashes: &[Option<String>]) -> Self {
        let known = references.iter().filter_map(|&at| Some((placeholder(&outputs[at].id), hashes[at].clone()?)));
        let hashes: BTreeMap<Vec<u8>, String> = known.map(|(place, hash)| (place.into_bytes(), hash)).collect();
        let mut begins = [false; 256];
        hashes.keys().for_each(|place| begins[usize::from(place[0])] = true);
        Self { hashes, begins }
    }

    fn put_into<'b>(&self, bytes: Cow<'b, [u8]>) -> Cow<'b, [u8]> {
        if self.hashes.is_empty() {
            return bytes;
        }
        let mut bytes = bytes.into_owned();
        let mut at = 0;
        while let Some(place) = bytes.get_mut(at..at + HASH_LENGTH) {
            let hash = if self.begins[usize::from(place[0])] { self.hashes.get(&*place) } else { None };
            match hash {
                Some(hash) => {
                    place.copy_from_slice(hash.as_bytes());
                    at += HASH_LENGTH;
                }
                None => at += 1,
            }
        }
        Cow::Owned(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::OutputClass;

    fn output(id: &str, text: &str, references: &[&str]) -> Output {
        Output {
            id: OutputId::new(id),
            class: OutputClass::Script,
            bytes: text.as_bytes().to_vec(),
            references: references.iter().map(|id| OutputId::new(*id)).collect(),
            asset: None,
            chunk: None,
        }
    }

    fn named(ids: &[&str]) -> Names {
        let mut names =
            Names::new(Naming::Hashed { directory: "assets".into(), template: "[name]-[hash].[ext]".into() }, "/");
        for id in ids {
            names.plan(&OutputId::new(*id), id, "js");
        }
        names
    }

    #[test]
    fn a_name_is_the_hash_of_the_final_bytes() {
        let names = named(&["a", "b"]);
        let text = names.relative(&OutputId::new("a"), &OutputId::new("b")).expect("planned");
        let files = finalise(&names, vec![output("a", &text, &["b"]), output("b", "x", &[])]);
        for file in &files {
            assert!(file.path.contains(&Key::of_bytes(&file.bytes).to_name(HASH_LENGTH)), "{}", file.path);
        }
        let b = files.iter().find(|file| file.id.as_str() == "b").expect("present");
        let a = files.iter().find(|file| file.id.as_str() == "a").expect("present");
        assert_eq!(&*a.bytes, format!("./{}", b.path.trim_start_matches("assets/")).as_bytes());
    }

    #[test]
    fn circles_are_legal_and_each_name_depends_on_all_of_the_circle() {
        let names = named(&["a", "b"]);
        let (a, b) = (OutputId::new("a"), OutputId::new("b"));
        let build = |tail: &str| {
            let to_b = names.relative(&a, &b).expect("planned");
            let to_a = names.relative(&b, &a).expect("planned") + tail;
            finalise(&names, vec![output("a", &to_b, &["b"]), output("b", &to_a, &["a"])])
        };
        let (first, second) = (build(""), build("!"));
        assert_ne!(first[0].path, second[0].path);
        assert_ne!(first[1].path, second[1].path);
        assert!(
            std::str::from_utf8(&first[0].bytes).expect("text").ends_with(first[1].path.trim_start_matches("assets/"))
        );
    }

    #[test]
    fn urls_of_static_files_are_encoded() {
        let from = OutputId::new("a");
        assert_eq!(named(&["a"]).static_url(&from, "a b/#1.png"), "/a%20b/%231.png");
        let mut names = Names::new(Naming::Plain, "./");
        names.plan_fixed(&from, "pages/a.html");
        assert_eq!(names.static_url(&from, "b.png"), "../b.png");
    }

    #[test]
    fn relative_paths() {
        assert_eq!(relative_path("assets/a.js", "assets/b.js"), "./b.js");
        assert_eq!(relative_path("index.html", "assets/b.js"), "./assets/b.js");
        assert_eq!(relative_path("pages/deep/a.html", "assets/b.js"), "../../assets/b.js");
        assert_eq!(relative_path("assets/a.css", "assets/img/b.png"), "./img/b.png");
    }

    #[test]
    fn plain_names_do_not_collide_even_where_case_does_not_count() {
        let mut names = Names::new(Naming::Plain, "./");
        names.plan(&OutputId::new("1"), "App", "js");
        names.plan(&OutputId::new("2"), "app", "js");
        assert_eq!(names.path(&OutputId::new("2")), Some("app-2.js"));
    }
}
