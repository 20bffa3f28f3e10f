//! Outputs before and after.

use super::*;
use crate::output::{Output, OutputClass};

fn output(id: &str, text: &str, references: &[&str]) -> Output {
    Output {
        id: OutputId::new(id),
        class: OutputClass::Script,
        bytes: text.to_owned().into(),
        references: references.iter().map(|id| OutputId::new(*id)).collect(),
        asset: None,
        chunk: None,
    }
}

fn named(ids: &[&str]) -> Names {
    named_by(|directory, template| Naming::Hashed { directory, template }, ids)
}

fn named_by(naming: impl Fn(String, Template) -> Naming, ids: &[&str]) -> Names {
    let template = Template::parse("[name]-[hash].[ext]").expect("it is good");
    let mut names = Names::new(naming("assets".to_owned(), template), "/");
    for id in ids {
        names.plan(&OutputId::new(*id), id, "js");
    }
    names
}

#[test]
fn a_name_is_the_hash_of_the_final_bytes() {
    let names = named(&["a", "b"]);
    let text = names.relative(&OutputId::new("a"), &OutputId::new("b")).expect("planned");
    let files = finalise(&names, vec![output("a", &text, &["b"]), output("b", "x", &[])]);
    for file in &files {
        assert!(file.path.contains(&Key::of_bytes(&file.bytes).to_name(8)), "{}", file.path);
    }
    let b = files.iter().find(|file| file.id.as_str() == "b").expect("present");
    let a = files.iter().find(|file| file.id.as_str() == "a").expect("present");
    assert_eq!(&*a.bytes, format!("./{}", b.path.trim_start_matches("assets/")).as_bytes());
}

#[test]
fn circles_are_legal_and_each_name_depends_on_all_of_the_circle() {
    let names = named(&["a", "b"]);
    let (a, b) = (OutputId::new("a"), OutputId::new("b"));
    let build = |tail: &str| {
        let to_b = names.relative(&a, &b).expect("planned");
        let to_a = names.relative(&b, &a).expect("planned") + tail;
        finalise(&names, vec![output("a", &to_b, &["b"]), output("b", &to_a, &["a"])])
    };
    let (first, second) = (build(""), build("!"));
    assert_ne!(first[0].path, second[0].path);
    assert_ne!(first[1].path, second[1].path);
    assert!(std::str::from_utf8(&first[0].bytes).expect("text").ends_with(first[1].path.trim_start_matches("assets/")));
}

#[test]
fn urls_of_static_files_are_encoded() {
    let from = OutputId::new("a");
    assert_eq!(named(&["a"]).static_url(&from, "a b/#1.png"), "/a%20b/%231.png");
    let mut names = Names::new(Naming::Plain, "./");
    names.plan_fixed(&from, "pages/a.html");
    assert_eq!(names.static_url(&from, "b.png"), "../b.png");
}

#[test]
fn relative_paths() {
    assert_eq!(relative_path("assets/a.js", "assets/b.js"), "./b.js");
    assert_eq!(relative_path("index.html", "assets/b.js"), "./assets/b.js");
    assert_eq!(relative_path("pages/deep/a.html", "assets/b.js"), "../../assets/b.js");
    assert_eq!(relative_path("assets/a.css", "assets/img/b.png"), "./img/b.png");
}

#[test]
fn plain_names_do_not_collide_even_where_case_does_not_count() {
    let mut names = Names::new(Naming::Plain, "./");
    names.plan(&OutputId::new("1"), "App", "js");
    names.plan(&OutputId::new("2"), "app", "js");
    assert_eq!(names.path(&OutputId::new("2")), Some("app-2.js"));
}

#[test]
fn stable_names_say_nothing_of_the_bytes() {
    let names = named_by(|directory, template| Naming::Stable { directory, template }, &["a"]);
    let file = |text| finalise(&names, vec![output("a", text, &[])]).remove(0);
    let (one, other) = (file("one"), file("other"));
    assert_eq!(one.path, other.path);
    assert!(!one.immutable);
    assert_eq!(names.logical(&OutputId::new("a")), Some("assets/a.js"));
}

#[test]
fn a_document_holds_the_integrity_of_final_bytes() {
    holds_integrity(named(&["a", "b"]));
    holds_integrity(named_by(|directory, template| Naming::Stable { directory, template }, &["a", "b"]));
}

#[track_caller]
fn holds_integrity(mut names: Names) {
    let (a, b, page) = (OutputId::new("a"), OutputId::new("b"), OutputId::new("page"));
    names.plan_fixed(&page, "index.html");
    let html = format!("{} {}", names.integrity(&a), names.url(&page, &a).expect("planned"));
    let document = Output { class: OutputClass::Document, ..output("page", &html, &["a"]) };
    let to_b = names.relative(&a, &b).expect("planned");
    let files = finalise(&names, vec![output("a", &to_b, &["b"]), document, output("b", "x", &[])]);
    let file = |id: &str| files.iter().find(|file| file.id.as_str() == id).expect("three files");
    let (a, page) = (file("a"), file("page"));
    assert_eq!(
        std::str::from_utf8(&page.bytes),
        Ok(format!("{} /{}", integrity::integrity(&a.bytes), a.path).as_str())
    );
}
