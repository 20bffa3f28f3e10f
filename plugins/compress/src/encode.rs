//! The encoders.

use brotli::enc::BrotliEncoderParams;
use flate2::{Compression, GzBuilder};
use std::io::Write;

/// An encoding with its effort.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Encoding {
    /// Takes about fifty times as long as gzip, so its jobs begin first.
    Brotli {
        quality: u32,
    },
    /// Gzip by Zopfli and by zlib, whichever is smaller.
    SmallestGzip,
    Zstandard {
        level: u32,
    },
    Gzip {
        level: u32,
    },
}

/// 8 MiB as a power of two: what every decoder of the `zstd` content coding must have room for (RFC 9659).
const LARGEST_WINDOW: u32 = 23;

impl Encoding {
    /// What it adds to a file's name, after a dot.
    pub(crate) fn suffix(self) -> &'static str {
        match self {
            Self::Brotli { .. } => "br",
            Self::Zstandard { .. } => "zst",
            Self::SmallestGzip | Self::Gzip { .. } => "gz",
        }
    }

    /// The sibling's path.
    pub(crate) fn path(self, original: &str) -> String {
        format!("{original}.{}", self.suffix())
    }

    /// What a cache key must hold of it.
    pub(crate) fn for_key(self) -> (&'static str, u32) {
        match self {
            Self::Brotli { quality } => (self.suffix(), quality),
            Self::Zstandard { level } | Self::Gzip { level } => (self.suffix(), level),
            Self::SmallestGzip => ("smallest gz", 0),
        }
    }

    /// The compressed bytes.
    pub(crate) fn encode(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Brotli { quality } => brotli(bytes, quality),
            Self::Zstandard { level } => zstandard(bytes, level),
            Self::SmallestGzip => smallest_gzip(bytes),
            Self::Gzip { level } => gzip(bytes, level),
        }
    }
}

/// Zopfli nearly always wins, but not where a few bytes of its block's header are too many.
fn smallest_gzip(bytes: &[u8]) -> Vec<u8> {
    let mut compressed = Vec::new();
    zopfli::compress(zopfli::Options::default(), zopfli::Format::Gzip, bytes, &mut compressed)
        .expect("memory takes all");
    let plain = gzip(bytes, 9);
    if compressed.len() < plain.len() { compressed } else { plain }
}

fn zstandard(bytes: &[u8], level: u32) -> Vec<u8> {
    let compress = || {
        let mut encoder = zstd::bulk::Compressor::new(level as i32)?;
        if level > 19 {
            encoder.set_parameter(zstd::zstd_safe::CParameter::WindowLog(LARGEST_WINDOW))?;
        }
        encoder.compress(bytes)
    };
    compress().expect("memory takes all")
}

fn gzip(bytes: &[u8], level: u32) -> Vec<u8> {
    const UNKNOWN_SYSTEM: u8 = 255;
    let header = GzBuilder::new().mtime(0).operating_system(UNKNOWN_SYSTEM);
    let mut encoder = header.write(Vec::new(), Compression::new(level));
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("memory takes all")
}

fn brotli(bytes: &[u8], quality: u32) -> Vec<u8> {
    // 22 is the largest window, 4 MiB, that every decoder must have room for.
    let parameters =
        BrotliEncoderParams { quality: quality as i32, lgwin: 22, size_hint: bytes.len(), ..Default::default() };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut &*bytes, &mut compressed, &parameters).expect("memory takes all");
    compressed
}
