//! Parsing and transforming one module, by size.

#[path = "input/options.rs"]
mod options;
#[path = "input/script.rs"]
mod script;

use criterion::{BenchmarkId, Criterion, Throughput};
use planish_pipeline::asset::{AssetId, CompilerOptions};
use planish_plugins::js::swc::{Dialect, Hint, Settings, Syntax, parse};
use std::sync::Arc;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    measure(&mut criterion);
    criterion.final_summary();
}

fn measure(criterion: &mut Criterion) {
    let settings = Settings::new(&options::production()).expect("the options are valid");
    let compiler = CompilerOptions::default();
    let mut group = criterion.benchmark_group("parse");
    for functions in [10, 1_000] {
        let text: Arc<str> = script::script(functions, "").into();
        let id = AssetId::new("input.js");
        group.throughput(Throughput::Bytes(text.len() as u64));
        for (name, syntax) in [("js", Syntax::Js), ("tsx", Syntax::Tsx)] {
            let dialect = Dialect { syntax, hint: Hint::Module, compiler: &compiler };
            assert!(parse(&id, &text, dialect, &settings).value.is_some(), "the input parses");
            group.bench_function(BenchmarkId::new(name, functions), |bencher| {
                bencher.iter(|| parse(&id, &text, dialect, &settings));
            });
        }
    }
    group.finish();
}
