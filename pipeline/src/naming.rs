//! File names: planned with placeholders before anything is rendered, made final by hashing when everything is.
//!
//! A name's hash is blake3 of the file's final bytes with only its own hash masked, as many digits of it as the naming scheme says.
//! Files that refer to each other in a circle are hashed together: each name then depends on all of the circle's bytes.
//!
//! Documents may also hold placeholders for the integrity of other files. No other file may: its name would depend on it.

mod finalise;
mod template;
#[cfg(test)]
mod tests;

pub use finalise::finalise;
pub use template::Template;

use crate::integrity;
use crate::key::{Key, KeyBuilder};
use crate::output::OutputId;
use std::collections::BTreeMap;

/// How names are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Naming {
    /// Hashed names under a folder.
    Hashed {
        /// Folder below the output folder, without slashes at its ends; may be empty.
        directory: String,
        /// The file's name.
        template: Template,
    },
    /// The same, with hashes that stand for sources and not for bytes: no edit changes a name.
    Stable {
        /// As above.
        directory: String,
        /// As above.
        template: Template,
    },
    /// Plain names, `main.js`, in the output folder itself.
    Plain,
}

impl Naming {
    /// The folder, relative to the output folder.
    pub fn directory(&self) -> &str {
        match self {
            Self::Hashed { directory, .. } | Self::Stable { directory, .. } => directory,
            Self::Plain => "",
        }
    }
}

/// What a planned file is called.
#[derive(Clone, Debug)]
struct Named {
    /// Relative to the output folder, with the placeholder of `hashed_by`.
    path: String,
    /// The same without a hash.
    logical: String,
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
                self.named.insert(id.clone(), Named { logical: path.clone(), path, hashed_by: None });
            }
            Naming::Hashed { directory, template } | Naming::Stable { directory, template } => {
                let place = |name: String| if directory.is_empty() { name } else { format!("{directory}/{name}") };
                let hash = template.hash(&placeholder(id));
                let named = Named {
                    path: place(template.fill(&stem, &hash, extension)),
                    logical: place(template.fill_without_hash(&stem, extension)),
                    hashed_by: matches!(self.naming, Naming::Hashed { .. }).then(|| id.clone()),
                };
                self.named.insert(id.clone(), named);
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
        let named = Named { path: path.to_owned(), logical: path.to_owned(), hashed_by: None };
        self.named.insert(id.clone(), named);
        self.taken.insert(path.to_lowercase(), id.clone())
    }

    /// Names an output after another one: `main-<hash>.js.map` after `main-<hash>.js`.
    pub fn plan_beside(&mut self, id: &OutputId, other: &OutputId, suffix: &str) {
        if let Some(named) = self.named.get(other).cloned() {
            let beside = |path: String| path + suffix;
            let named = Named { path: beside(named.path), logical: beside(named.logical), hashed_by: named.hashed_by };
            self.named.insert(id.clone(), named);
        }
    }

    /// The path of an output relative to the output folder, with placeholders.
    pub fn path(&self, id: &OutputId) -> Option<&str> {
        self.named.get(id).map(|named| named.path.as_str())
    }

    /// The path that an output would have if names held no hash: `assets/main.js`. Several outputs may have the same one.
    pub fn logical(&self, id: &OutputId) -> Option<&str> {
        self.named.get(id).map(|named| named.logical.as_str())
    }

    /// The placeholder for the integrity of an output that a document refers to; see [`crate::integrity`]. Only for documents, which must
    /// have the output among their references.
    pub fn integrity(&self, id: &OutputId) -> String {
        format!("{}{}", integrity::PREFIX, integrity_placeholder(id))
    }

    /// The URL prefix is relative, so that a finished build can be moved to any folder.
    pub fn has_relative_base(&self) -> bool {
        self.base.is_empty() || self.base.starts_with('.')
    }

    /// The URL prefix.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// What names with hashes of bytes look like; none if there are no such names.
    fn template(&self) -> Option<&Template> {
        match &self.naming {
            Naming::Hashed { template, .. } => Some(template),
            Naming::Stable { .. } | Naming::Plain => None,
        }
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

/// The key whose digits stand for those of an output's hash until that is known.
fn placeholder(id: &OutputId) -> Key {
    KeyBuilder::new("placeholder", 1).text(id.as_str()).finish()
}

/// The digits that stand for those of an output's integrity until that is known.
fn integrity_placeholder(id: &OutputId) -> String {
    let key = KeyBuilder::new("integrity placeholder", 1).text(id.as_str()).finish();
    key.to_name(integrity::DIGITS / 2).repeat(2)
}
