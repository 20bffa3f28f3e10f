//! x
use planish_pipeline::{emit::emit, output::*, session::EmitMode};
#[test]
fn go() {
    let (Ok(out), Ok(v), Ok(n)) = (std::env::var("OUT"), std::env::var("V"), std::env::var("N")) else { return };
    let n: usize = n.parse().expect("n");
    let f = |p: String, c| FinalFile { id: OutputId::new(p.as_str()), immutable: p.starts_with("assets"), class: c, bytes: format!("{v}{p}").repeat(2000).into_bytes().into(), asset: None, chunk: None, path: p };
    let mut files: Vec<_> = (0..n).map(|i| f(format!("assets/{i}-{v}.js"), OutputClass::Script)).collect();
    files.push(f("robots.txt".into(), OutputClass::Static));
    files.push(f(format!("d{v}/x.txt"), OutputClass::Static));
    files.push(f("index.html".into(), OutputClass::Document));
    files.push(f("manifest.json".into(), OutputClass::Manifest));
    match emit(std::path::Path::new(&out), EmitMode::Release, &files) { Ok(_) => {}, Err(e) => { panic!("ERR {e}") } }
}
