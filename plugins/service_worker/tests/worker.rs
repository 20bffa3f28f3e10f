//! Runs generated workers under Node in the mocked scope of `worker.mjs`.

use planish_pipeline::cache::Cache;
use planish_pipeline::output::{FinalFile, OutputClass, OutputId, Release};
use planish_pipeline::plugin::Finisher;
use planish_pipeline::task::Tasks;
use planish_service_worker::{ServiceWorker, ServiceWorkerOptions};
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;

/// The worker of a release with these files, whose bytes are `text`.
fn worker(script: &str, text: &str) -> String {
    let file = |path: &str, class| FinalFile {
        id: OutputId::new(path),
        path: path.to_owned(),
        class,
        bytes: text.to_owned().into(),
        immutable: class != OutputClass::Document,
        asset: None,
        chunk: None,
    };
    let files = vec![
        file("about.html", OutputClass::Document),
        file("assets/app-1.css", OutputClass::Style),
        file(script, OutputClass::Script),
        file("docs/index.html", OutputClass::Document),
        file("index.html", OutputClass::Document),
    ];
    let release = Release { files, base: "/".into() };
    let tasks = Tasks::new(Arc::new(Cache::new(None, false)));
    let made = ServiceWorker::new(ServiceWorkerOptions::default()).finish(&release, &tasks).value;
    String::from_utf8(made[0].bytes.to_vec()).expect("text")
}

#[test]
#[allow(clippy::disallowed_methods, reason = "workers run in JavaScript")]
fn workers_keep_releases() {
    let mut node = Command::new("node")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/worker.mjs"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("Node is there: `tests/run --setup` installs it");
    let workers =
        serde_json::json!([worker("assets/app-1.js", "first"), worker("assets/app-2.js", "second")]).to_string();
    node.stdin.take().expect("it is piped").write_all(workers.as_bytes()).expect("node reads");
    let output = node.wait_with_output().expect("node ends");
    assert!(
        output.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
