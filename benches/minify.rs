//! Minifying one chunk, by size.

#[path = "input/options.rs"]
mod options;
#[path = "input/script.rs"]
mod script;

use criterion::{BenchmarkId, Criterion, Throughput};
use planish_plugins::js::Format;
use planish_plugins::js::swc::{Draft, Settings, minify};

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    measure(&mut criterion);
    criterion.final_summary();
}

fn measure(criterion: &mut Criterion) {
    let settings = Settings::new(&options::production()).expect("the options are valid");
    let mut group = criterion.benchmark_group("minify");
    group.sample_size(20);
    for functions in [10, 1_000] {
        let text = script::script(functions, "");
        let small = || {
            let mut draft = Draft::default();
            draft.push(&text);
            minify(draft, Format::Esm, &settings, false).expect("the input parses")
        };
        assert!(small().code.len() < text.len() * 3 / 4, "something is minified");
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(BenchmarkId::new("chunk", functions), |bencher| {
            bencher.iter(small);
        });
    }
    group.finish();
}
