//! Final names and bytes.

use super::{Names, Template, integrity_placeholder, placeholder};
use crate::components::components;
use crate::integrity::{self, integrity};
use crate::key::{Key, KeyBuilder};
use crate::output::{FinalFile, Output, OutputClass, OutputId};
use aho_corasick::{AhoCorasick, Match, MatchKind};
use memchr::memmem;
use rayon::prelude::*;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

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
    let hashing = Hashing { template: names.template(), outputs: &outputs, references: &references };
    let hashes = hashing.hashes(names);
    let finals: Vec<(String, bool, Replacements)> = outputs
        .par_iter()
        .zip(&references)
        .map(|(output, references)| {
            let named = names.named.get(&output.id).expect("every rendered output was planned");
            let hash = named.hashed_by.as_ref().and_then(|owner| Some((owner, hashes[*index.get(owner)?].as_deref()?)));
            let path = hash.map_or_else(
                || named.path.clone(),
                |(owner, hash)| named.path.replace(&hashing.placeholder(owner), hash),
            );
            (path, hash.is_some(), hashing.known(references, &hashes))
        })
        .collect();
    // Whether names hold hashes or not.
    let mentioned = |output: &Output| output.references.iter().filter_map(|id| index.get(id).copied()).collect();
    let mentioned: Vec<Vec<usize>> = outputs.iter().map(mentioned).collect();
    let mut files: Vec<FinalFile> = outputs
        .into_par_iter()
        .zip(finals)
        .map(|(output, (path, immutable, known))| FinalFile {
            id: output.id,
            path,
            class: output.class,
            bytes: match known.put_into(&output.bytes) {
                Cow::Owned(replaced) => replaced.into(),
                Cow::Borrowed(_) => output.bytes,
            },
            immutable,
            asset: output.asset,
            chunk: output.chunk,
        })
        .collect();
    put_integrities(&mut files, &mentioned);
    files.sort_by(|a, b| (&a.path, &a.id).cmp(&(&b.path, &b.id)));
    files
}

/// Puts the integrity of files into the documents that ask for it. `mentioned` are positions among `files`.
fn put_integrities(files: &mut [FinalFile], mentioned: &[Vec<usize>]) {
    let documents = (0..files.len()).filter(|&at| files[at].class == OutputClass::Document);
    let asked = documents.flat_map(|at| {
        let asked = mentioned[at].iter().map(|&to| (integrity_placeholder(&files[to].id), to));
        let asked = asked.filter(|(place, _)| memmem::find(&files[at].bytes, place.as_bytes()).is_some());
        asked.map(|(place, to)| (at, place, to)).collect::<Vec<_>>()
    });
    let asked: Vec<(usize, String, usize)> = asked.collect();
    let wanted: BTreeSet<usize> = asked.iter().map(|(_, _, to)| *to).collect();
    let digits = |at: usize| (at, integrity(&files[at].bytes).split_off(integrity::PREFIX.len()));
    let digits: BTreeMap<usize, String> = wanted.into_iter().collect::<Vec<_>>().into_par_iter().map(digits).collect();
    for asked in asked.chunk_by(|a, b| a.0 == b.0) {
        let known = asked.iter().map(|(_, place, to)| (place.clone(), digits[to].clone()));
        let bytes = &mut files[asked[0].0].bytes;
        *bytes = Replacements::new(known).put_into(bytes).into_owned().into();
    }
}

/// What names are made of.
struct Hashing<'a> {
    /// Absent if names hold no hashes.
    template: Option<&'a Template>,
    outputs: &'a [Output],
    /// What each output's bytes hold the names of: positions among the outputs.
    references: &'a [Vec<usize>],
}

impl Hashing<'_> {
    fn digits(&self, key: &Key) -> String {
        self.template.map(|template| template.hash(key)).unwrap_or_default()
    }

    fn placeholder(&self, id: &OutputId) -> String {
        self.digits(&placeholder(id))
    }

    /// The hash of each output that some name holds.
    fn hashes(&self, names: &Names) -> Vec<Option<String>> {
        let owners: BTreeSet<&OutputId> = names.named.values().filter_map(|named| named.hashed_by.as_ref()).collect();
        let mut hashes: Vec<Option<String>> = vec![None; self.outputs.len()];
        for component in components(self.references) {
            if !component.iter().any(|at| owners.contains(&self.outputs[*at].id)) {
                continue;
            }
            let isolated: Vec<Key> = component
                .par_iter()
                .map(|&at| {
                    let known = self.known(&self.references[at], &hashes);
                    Key::of_bytes(&known.put_into(&self.outputs[at].bytes))
                })
                .collect();
            for (position, &at) in component.iter().enumerate() {
                let key = if component.len() == 1 { isolated[position] } else { in_circle(&isolated, position) };
                hashes[at] = Some(self.digits(&key));
            }
        }
        hashes
    }

    /// The hashes that take the places of those placeholders that an output with these references may hold, as far as they are known.
    fn known(&self, references: &[usize], hashes: &[Option<String>]) -> Replacements {
        let known = references.iter().filter_map(|&at| {
            let hash = hashes[at].clone()?;
            Some((self.placeholder(&self.outputs[at].id), hash))
        });
        Replacements::new(known)
    }
}

/// The key of one file of a circle.
fn in_circle(isolated: &[Key], position: usize) -> Key {
    let mut builder = KeyBuilder::new("circle", 1);
    builder.key(&isolated[position]);
    isolated.iter().for_each(|key| {
        builder.key(key);
    });
    builder.finish()
}

/// Texts of one width and what takes their places.
struct Replacements {
    /// Finds the texts; none if there are none.
    finder: Option<AhoCorasick>,
    /// By the number of the text that the finder knows.
    replacements: Vec<String>,
}

impl Replacements {
    fn new(texts: impl Iterator<Item = (String, String)>) -> Self {
        let texts: BTreeMap<String, String> = texts.collect();
        // All are of one width, so the kind of match is one of speed: this one has vector instructions.
        let mut builder = AhoCorasick::builder();
        builder.match_kind(MatchKind::LeftmostFirst);
        let finder = |texts| builder.build(texts).expect("there is room for some thousand short texts");
        Self { finder: (!texts.is_empty()).then(|| finder(texts.keys())), replacements: texts.into_values().collect() }
    }

    fn put_into<'b>(&self, bytes: &'b [u8]) -> Cow<'b, [u8]> {
        let found: Vec<Match> = self.finder.iter().flat_map(|finder| finder.find_iter(bytes)).collect();
        if found.is_empty() {
            return Cow::Borrowed(bytes);
        }
        let mut bytes = bytes.to_vec();
        for found in found {
            bytes[found.range()].copy_from_slice(self.replacements[found.pattern()].as_bytes());
        }
        Cow::Owned(bytes)
    }
}
