//! Precompressed siblings: `app.js.gz`, `app.js.br` and `app.js.zst` beside `app.js`, for servers that send files as they are.
//!
//! Invariants, held by tests:
//! - A sibling exists only where it saves at least 5 % of the original.
//! - Its bytes depend on the original's bytes and the options only: no time, no file name, no number of threads.
//! - A file that the release has already is never replaced.

mod encode;
#[cfg(test)]
mod tests;

use encode::Encoding;
use planish_pipeline::diagnostic::Outcome;
use planish_pipeline::key::Key;
use planish_pipeline::output::{FinalFile, OutputClass, OutputId, Release};
use planish_pipeline::plugin::Finisher;
use planish_pipeline::task::{Task, Tasks};
use rayon::prelude::*;
use serde_bytes::ByteBuf;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Raise the version when an encoder gives other bytes.
const COMPRESS: Task = Task { name: "compress", version: 1 };

/// Extensions of formats that are not compressed by themselves.
const COMPRESSIBLE: [&str; 23] = [
    "js",
    "mjs",
    "cjs",
    "css",
    "html",
    "htm",
    "xhtml",
    "svg",
    "json",
    "webmanifest",
    "txt",
    "xml",
    "rss",
    "atom",
    "md",
    "csv",
    "vtt",
    "geojson",
    "wasm",
    "ico",
    "ttf",
    "otf",
    "eot",
];

/// Which siblings are made.
#[derive(Clone, Debug)]
pub struct CompressOptions {
    /// No `.gz` files if absent.
    pub gzip: Option<Gzip>,
    /// Quality of Brotli, 0 to 11; no `.br` files if absent.
    pub brotli: Option<u32>,
    /// Level of Zstandard, 1 to 22; no `.zst` files if absent.
    pub zstd: Option<u32>,
    /// Files of fewer bytes get no siblings.
    pub minimum_size: usize,
}

/// How hard gzip tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gzip {
    /// A level of zlib, 0 to 9.
    Level(u32),
    /// As hard as can be: it takes about as long as Brotli.
    Smallest,
}

impl Default for CompressOptions {
    /// The smallest files. A response below 1,000 bytes fits one packet with or without compression.
    fn default() -> Self {
        Self { gzip: Some(Gzip::Level(9)), brotli: Some(11), zstd: None, minimum_size: 1_000 }
    }
}

/// Adds precompressed siblings to a release. It belongs at the end of the finishers.
#[derive(Clone, Debug)]
pub struct Compress {
    options: CompressOptions,
}

impl Compress {
    /// A finisher that does as `options` say.
    pub fn new(options: CompressOptions) -> Self {
        Self { options }
    }

    fn encodings(&self) -> Vec<Encoding> {
        let gzip = self.options.gzip.map(|gzip| match gzip {
            Gzip::Level(level) => Encoding::Gzip { level: level.min(9) },
            Gzip::Smallest => Encoding::SmallestGzip,
        });
        let brotli = self.options.brotli.map(|quality| Encoding::Brotli { quality: quality.min(11) });
        let zstandard = self.options.zstd.map(|level| Encoding::Zstandard { level: level.clamp(1, 22) });
        [brotli, zstandard, gzip].into_iter().flatten().collect()
    }
}

impl Finisher for Compress {
    fn name(&self) -> &'static str {
        "compress"
    }

    fn finish(&self, release: &Release, tasks: &Tasks) -> Outcome<Vec<FinalFile>> {
        let taken: BTreeSet<&str> = release.files.iter().map(|file| file.path.as_str()).collect();
        let encodings = self.encodings();
        let mut jobs: Vec<(&FinalFile, Encoding)> = release
            .files
            .iter()
            .filter(|file| is_compressible(file) && file.bytes.len() >= self.options.minimum_size)
            .flat_map(|file| encodings.iter().map(move |encoding| (file, *encoding)))
            .filter(|(file, encoding)| !taken.contains(encoding.path(&file.path).as_str()))
            .collect();
        // The longest job first, so that no core is left alone with it at the end; a bridge hands them out in this order.
        jobs.sort_by_key(|(file, encoding)| (Reverse(file.bytes.len()), *encoding, &file.path));
        let mut files: Vec<FinalFile> =
            jobs.into_iter().par_bridge().filter_map(|(file, encoding)| sibling(file, encoding, tasks)).collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Outcome::new(files)
    }
}

fn is_compressible(file: &FinalFile) -> bool {
    let name = file.path.rsplit('/').next().unwrap_or_default();
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase()).unwrap_or_default();
    let is_served = !matches!(file.class, OutputClass::SourceMap | OutputClass::Licences | OutputClass::Compressed);
    is_served && COMPRESSIBLE.contains(&extension.as_str())
}

fn sibling(file: &FinalFile, encoding: Encoding, tasks: &Tasks) -> Option<FinalFile> {
    let path = encoding.path(&file.path);
    let outcome = tasks.run(
        COMPRESS,
        &path,
        |key| {
            key.key(&Key::of_bytes(&file.bytes)).value(&encoding.for_key());
        },
        || Outcome::new(worth_keeping(encoding.encode(&file.bytes), file.bytes.len())),
    );
    let id = OutputId::new(format!("{}:{}", encoding.suffix(), file.path));
    let bytes = Arc::unwrap_or_clone(outcome).value?.into_vec();
    Some(FinalFile { immutable: file.immutable, ..FinalFile::made(id, path, OutputClass::Compressed, bytes) })
}

/// WhiteNoise's rule, too: what saves less is not worth a second copy in every cache on the way.
fn worth_keeping(compressed: Vec<u8>, original: usize) -> Option<ByteBuf> {
    (compressed.len() * 100 < original * 95).then(|| ByteBuf::from(compressed))
}
