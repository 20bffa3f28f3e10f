//! Compressing one script of half a megabyte, each encoding alone.

#[path = "input/script.rs"]
mod script;

use criterion::{Criterion, Throughput};
use planish_pipeline::cache::Cache;
use planish_pipeline::output::{FinalFile, OutputClass, OutputId, Release};
use planish_pipeline::plugin::Finisher;
use planish_pipeline::task::Tasks;
use planish_plugins::compress::{Compress, CompressOptions, Gzip};
use std::sync::Arc;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    measure(&mut criterion);
    criterion.final_summary();
}

fn measure(criterion: &mut Criterion) {
    let release = release();
    let none = CompressOptions { gzip: None, brotli: None, zstd: None, minimum_size: 0 };
    let cases = [
        ("gzip 9", CompressOptions { gzip: Some(Gzip::Level(9)), ..none.clone() }),
        ("gzip max", CompressOptions { gzip: Some(Gzip::Smallest), ..none.clone() }),
        ("zstd 19", CompressOptions { zstd: Some(19), ..none.clone() }),
        ("brotli 5", CompressOptions { brotli: Some(5), ..none.clone() }),
        ("brotli 11", CompressOptions { brotli: Some(11), ..none }),
    ];
    let mut group = criterion.benchmark_group("compression");
    group.sample_size(10);
    group.throughput(Throughput::Bytes(release.files[0].bytes.len() as u64));
    for (name, options) in cases {
        let finisher = Compress::new(options);
        assert_eq!(finisher.finish(&release, &tasks()).value.len(), 1, "{name} is made");
        group.bench_function(name, |bencher| bencher.iter(|| finisher.finish(&release, &tasks())));
    }
    group.finish();
}

/// Without a cache: every iteration does all of the work.
fn tasks() -> Tasks {
    Tasks::new(Arc::new(Cache::new(None, false)))
}

fn release() -> Release {
    let file = FinalFile {
        id: OutputId::new("script:main.js"),
        path: "main.js".to_owned(),
        class: OutputClass::Script,
        bytes: script::script(750, "").into_bytes().into(),
        immutable: true,
        asset: None,
        chunk: None,
    };
    Release { files: vec![file], base: "/".to_owned() }
}
