//! Parsing and transforming one module, by size.

#[path = "input/options.rs"]
mod options;
#[path = "input/script.rs"]
mod script;

use criterion::{BenchmarkId, Criterion, Throughput};
use planish_pipeline::asset::AssetId;
use planish_plugins::js::swc::{Hint, Settings, Syntax, parse};

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    measure(&mut criterion);
    criterion.final_summary();
}

fn measure(criterion: &mut Criterion) {
    let settings = Settings::new(&options::production()).expect("the options are valid");
    let mut group = criterion.benchmark_group("parse");
    for functions in [10, 1_000] {
        let text = script::script(functions, "");
        let id = AssetId::new("input.js");
        group.throughput(Throughput::Bytes(text.len() as u64));
        for (name, syntax) in [("js", Syntax::Js), ("tsx", Syntax::Tsx)] {
            assert!(parse(&id, &text, syntax, Hint::Module, &settings).value.is_some(), "the input parses");
            group.bench_function(BenchmarkId::new(name, functions), |bencher| {
                bencher.iter(|| parse(&id, &text, syntax, Hint::Module, &settings));
            });
        }
    }
    group.finish();
}
