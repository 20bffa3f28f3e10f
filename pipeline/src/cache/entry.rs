//! One entry on disk: 32 bytes of blake3, then the value in postcard's format.
//!
//! The hash is keyed with the entry's own key, so that it also detects a sound entry that lies under another entry's name.

use super::file::{VERSION, note_use};
use crate::key::Key;
use serde::Serialize;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

const HASH: usize = 32;

/// Where the entry of a key lies. The task's folder is for people and statistics: the key alone tells tasks apart.
pub(super) fn path(folder: &Path, task: &str, key: &Key) -> PathBuf {
    let task: String =
        task.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '-' }).collect();
    let hex = key.to_hex();
    folder.join(VERSION).join(task).join(&hex[..2]).join(hex)
}

/// An entry's bytes, or nothing if there is no such entry or it cannot be read.
pub(super) fn read(path: &Path) -> Option<Vec<u8>> {
    let mut file = File::open(path).ok()?;
    let metadata = file.metadata().ok()?;
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).ok()?);
    file.read_to_end(&mut bytes).ok()?;
    note_use(&file, &metadata);
    Some(bytes)
}

/// The value's bytes within an entry's, if they are what was written for this key.
pub(super) fn payload<'a>(key: &Key, entry: &'a [u8]) -> Option<&'a [u8]> {
    let (hash, payload) = entry.split_first_chunk::<HASH>()?;
    (blake3::keyed_hash(key.as_bytes(), payload) == *hash).then_some(payload)
}

/// The bytes of an entry.
pub(super) fn encode<T: Serialize>(key: &Key, value: &T) -> io::Result<Vec<u8>> {
    let mut entry = vec![0; HASH];
    postcard::to_io(value, &mut entry).map_err(io::Error::other)?;
    let (hash, payload) = entry.split_at_mut(HASH);
    hash.copy_from_slice(blake3::keyed_hash(key.as_bytes(), payload).as_bytes());
    Ok(entry)
}
