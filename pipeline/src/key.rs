//! Keys: blake3 over length-prefixed parts.
//!
//! Invariant: no modification time, absolute path, thread count or map order ever enters the key of a task.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The 256-bit identity of a task's inputs or of some content.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key([u8; 32]);

impl Key {
    /// The key of plain content: blake3 of its bytes.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }

    /// The raw 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// 64 lower-case hexadecimal digits.
    pub fn to_hex(&self) -> String {
        blake3::Hash::from_bytes(self.0).to_hex().to_string()
    }

    /// The key that 64 lower-case hexadecimal digits spell.
    pub fn from_hex(digits: &str) -> Option<Self> {
        let is_lower = digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        Some(Self(*blake3::Hash::from_hex(digits).ok().filter(|_| is_lower)?.as_bytes()))
    }

    /// The first `length` characters (at most 43) of the key in unpadded base64url, the alphabet of content hashes in file names.
    pub fn to_name(&self, length: usize) -> String {
        const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        (0..length.min(42))
            .map(|digit| {
                let bit = digit * 6;
                let pair = u16::from(self.0[bit / 8]) << 8 | u16::from(self.0[bit / 8 + 1]);
                char::from(ALPHABET[usize::from(pair >> (10 - bit % 8) & 63)])
            })
            .collect()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.to_hex()[..16])
    }
}

/// Builds a [`Key`] from parts; every part is prefixed with its length, so that `("ab", "c")` and `("a", "bc")` differ.
pub struct KeyBuilder(blake3::Hasher);

impl KeyBuilder {
    /// Begins a key for one task (or any other domain) at one version of its code.
    pub fn new(domain: &str, version: u32) -> Self {
        let mut builder = Self(blake3::Hasher::new());
        builder.text(env!("CARGO_PKG_VERSION")).text(domain).number(u64::from(version));
        builder
    }

    /// Adds bytes.
    pub fn bytes(&mut self, part: &[u8]) -> &mut Self {
        self.0.update(&(part.len() as u64).to_le_bytes());
        self.0.update(part);
        self
    }

    /// Adds text.
    pub fn text(&mut self, part: &str) -> &mut Self {
        self.bytes(part.as_bytes())
    }

    /// Adds a number.
    pub fn number(&mut self, part: u64) -> &mut Self {
        self.bytes(&part.to_le_bytes())
    }

    /// Adds another key.
    pub fn key(&mut self, part: &Key) -> &mut Self {
        self.bytes(part.as_bytes())
    }

    /// Adds a serialisable value. It must hold no hash maps: their order is not stable.
    pub fn value<T: Serialize + ?Sized>(&mut self, part: &T) -> &mut Self {
        let bytes = postcard::to_stdvec(part).expect("key parts are plain data that always serialises");
        self.bytes(&bytes)
    }

    /// The finished key.
    pub fn finish(&self) -> Key {
        Key(*self.0.finalize().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(parts: &[&str]) -> Key {
        let mut builder = KeyBuilder::new("test", 1);
        for part in parts {
            builder.text(part);
        }
        builder.finish()
    }

    #[test]
    fn part_boundaries_matter() {
        assert_ne!(key(&["ab", "c"]), key(&["a", "bc"]));
        assert_ne!(key(&["a", ""]), key(&["a"]));
        assert_eq!(key(&["a", "b"]), key(&["a", "b"]));
    }

    #[test]
    fn version_and_domain_matter() {
        assert_ne!(KeyBuilder::new("a", 1).finish(), KeyBuilder::new("a", 2).finish());
        assert_ne!(KeyBuilder::new("a", 1).finish(), KeyBuilder::new("b", 1).finish());
    }

    #[test]
    fn names_are_base64url() {
        // `printf '' | b3sum` is af1349b9f5f9a1a6…, whose base64url begins r1NJufX5oaY.
        assert_eq!(Key::of_bytes(b"").to_name(8), "rxNJufX5");
    }
}
