//! Tags of a manifest that is made by hand.

use planish_tags::{Entry, File, Manifest, Options, ReadError, Source, VERSION, add_functions};
use std::sync::Arc;

fn manifest() -> Manifest {
    let list = |paths: &[&str]| paths.iter().map(|&path| path.to_owned()).collect();
    let file = |integrity: &str| File { integrity: integrity.to_owned(), ..File::default() };
    let main = Entry {
        name: "main".into(),
        is_entry: true,
        scripts: list(&["main.js"]),
        preloads: list(&["lib.js"]),
        styles: list(&["lib.css", "main.css"]),
        ..Entry::default()
    };
    let admin = Entry {
        name: "admin".into(),
        scripts: list(&["admin.js"]),
        preloads: list(&["lib.js", "main.js"]),
        styles: list(&["lib.css"]),
        ..Entry::default()
    };
    Manifest {
        version: VERSION,
        base: "/s/".into(),
        entries: [("src/main.ts".into(), main), ("src/admin.ts".into(), admin)].into(),
        sources: [("logo.png".into(), Source { file: "logo-1.png".into(), ..Source::default() })].into(),
        files: [("main.js".into(), file("sha384-m")), ("lib.css".into(), file("sha384-l"))].into(),
        import_map: [].into(),
    }
}

const MAIN: &str = r#"<link rel="modulepreload" href="/s/lib.js" crossorigin>
<link rel="stylesheet" href="/s/lib.css" integrity="sha384-l" crossorigin>
<link rel="stylesheet" href="/s/main.css" crossorigin>
<script type="module" src="/s/main.js" integrity="sha384-m" crossorigin></script>"#;

#[test]
fn an_entry_is_found_by_its_source_and_by_its_name() {
    let manifest = manifest();
    for name in ["src/main.ts", "main"] {
        assert_eq!(manifest.tags(name, &Options::default()).as_deref(), Ok(MAIN));
    }
    let unknown = manifest.tags("mian", &Options::default()).expect_err("there is none");
    assert_eq!(unknown.to_string(), "the build has no `mian`; it has `src/admin.ts`, `src/main.ts`");
}

#[test]
fn entries_of_one_page_share_what_they_need() {
    let tags = manifest().tags_of(&["main", "admin"], &Options::default()).expect("both are there");
    let files: Vec<&str> = tags.split("/s/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(files, ["lib.js", "lib.css", "main.css", "main.js", "admin.js"]);
}

#[test]
fn a_nonce_is_escaped_and_on_every_tag() {
    let tags = manifest().tags("main", &Options { nonce: Some("a\"b".into()) }).expect("it is there");
    assert_eq!(tags.matches(" nonce=\"a&quot;b\">").count(), 4);
}

#[test]
fn an_import_map_comes_first() {
    let import_map = [("~<lib".into(), "lib.js".into())].into();
    let manifest = Manifest { import_map, ..manifest() };
    let tags = manifest.tags("main", &Options { nonce: Some("n".into()) }).expect("it is there");
    let map = r#"{"imports":{"~\u003clib":"/s/lib.js"},"integrity":{"/s/main.js":"sha384-m"}}"#;
    assert_eq!(tags.lines().next(), Some(&*format!("<script type=\"importmap\" nonce=\"n\">{map}</script>")));
    assert_eq!(tags.lines().count(), MAIN.lines().count() + 1);
}

#[test]
fn templates_have_functions() {
    let mut environment = minijinja::Environment::new();
    add_functions(&mut environment, Arc::new(manifest()));
    let render = |text: &str| environment.render_named_str("page.html", text, ());
    assert_eq!(render("{{ planish_tags('main') }}").expect("it renders"), MAIN);
    assert!(render("{{ planish_tags('main', nonce='n') }}").expect("it renders").contains(" nonce=\"n\""));
    assert_eq!(render("{{ planish_url('logo.png')|safe }}").expect("it renders"), "/s/logo-1.png");
    let error = render("{{ planish_url('logo.jpg') }}").expect_err("there is none");
    assert!(error.to_string().contains("the build has no `logo.jpg`; it has `logo.png`"), "{error}");
    assert!(render("{{ planish_tags('main', none='n') }}").is_err());
}

#[test]
fn another_version_is_refused() {
    let text = serde_json::to_string(&manifest()).expect("it is data");
    assert_eq!(Manifest::read(&text).expect("it is good"), manifest());
    let text = text.replacen("\"version\":1", "\"version\":2", 1);
    assert!(matches!(Manifest::read(&text), Err(ReadError::Version(2))));
    assert!(matches!(Manifest::read("{}"), Err(ReadError::Malformed(_))));
}
