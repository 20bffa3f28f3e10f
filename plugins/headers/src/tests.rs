//! Releases and their headers.

use crate::{Form, Headers, HeadersOptions};
use planish_pipeline::cache::Cache;
use planish_pipeline::integrity::integrity;
use planish_pipeline::output::{FinalFile, OutputClass, OutputId, Release};
use planish_pipeline::plugin::Finisher;
use planish_pipeline::task::Tasks;
use std::sync::Arc;

fn file(path: &str, class: OutputClass, text: &str) -> FinalFile {
    FinalFile {
        id: OutputId::new(path),
        path: path.to_owned(),
        class,
        bytes: text.to_owned().into(),
        immutable: matches!(class, OutputClass::Script | OutputClass::Style),
        asset: None,
        chunk: None,
    }
}

/// A page with this text, a script, a stylesheet, and a file of the static folder.
fn release(base: &str, html: &str) -> Release {
    let files = vec![
        file("assets/app-1.js", OutputClass::Script, "app()"),
        file("assets/app-1.js.br", OutputClass::Compressed, "x"),
        file("assets/deep/app-2.css", OutputClass::Style, "a{}"),
        file("index.html", OutputClass::Document, html),
        file("robots.txt", OutputClass::Static, ""),
    ];
    Release { files, base: base.to_owned() }
}

fn headers(release: &Release, form: Form) -> Vec<FinalFile> {
    let options = HeadersOptions { forms: vec![form], policies: true };
    let outcome = Headers::new(options).finish(release, &Tasks::new(Arc::new(Cache::new(None, false))));
    assert!(outcome.diagnostics.is_empty(), "{:?}", outcome.diagnostics);
    outcome.value
}

fn text(release: &Release, form: Form) -> String {
    headers(release, form).iter().map(|file| String::from_utf8_lossy(&file.bytes).into_owned()).collect()
}

#[track_caller]
fn check_policy(html: &str, expected: &str) {
    let text = text(&release("/", html), Form::Netlify);
    let policies: Vec<&str> =
        text.lines().filter_map(|line| line.trim().strip_prefix("Content-Security-Policy: ")).collect();
    assert_eq!(policies, [expected, expected], "of the page and of its folder");
}

#[test]
fn folders_of_hashed_names_are_immutable() {
    let release = release("/static/", "");
    let expected = "/static/assets/*\n  Cache-Control: public, max-age=31536000, immutable\n/static/index.html\n";
    assert!(text(&release, Form::Netlify).starts_with(expected), "{}", text(&release, Form::Netlify));
    let json = text(&release, Form::Json);
    for part in
        ["\"path\": \"/static/*\"", "\"path\": \"/static/assets/*\"", "\"Cache-Control\": \"no-cache\"", "\"br\""]
    {
        assert!(json.contains(part), "{json}");
    }
}

#[test]
fn a_policy_is_for_all_addresses_of_a_page() {
    let mut release = release("/", "");
    release.files.push(file("about.html", OutputClass::Document, ""));
    let text = text(&release, Form::Netlify);
    for url in ["/", "/index.html", "/about.html", "/about"] {
        assert!(text.contains(&format!("\n{url}\n  Content-Security-Policy: ")), "{text}");
    }
}

#[test]
fn where_other_files_lie_beside_them_each_is_named() {
    let mut release = release("/", "");
    release.files.push(file("assets/plain.txt", OutputClass::Static, ""));
    let text = text(&release, Form::Netlify);
    assert!(
        !text.contains("/assets/*") && text.contains("/assets/app-1.js\n") && text.contains("/assets/deep/*\n"),
        "{text}"
    );
}

#[test]
fn a_policy_allows_what_the_page_holds_and_no_more() {
    // `printf 'go()' | openssl dgst -sha256 -binary | base64`
    check_policy(
        "<script>go()</script><script type=application/json>{}</script>",
        "script-src 'self' 'sha256-5KYv+PUboo5h+0+YAtGRPbwv5d/QxzHslP4YGnUaxRw='; style-src 'self'; style-src-attr 'unsafe-inline'; base-uri 'self'; object-src 'none'",
    );
    check_policy(
        "<p onclick='go()'><object data=x></object><link rel=stylesheet href=https://fonts.example.com/a.css>\
         <script src='//x.example/a.js'></script>",
        "script-src 'self' x.example 'unsafe-hashes' 'sha256-5KYv+PUboo5h+0+YAtGRPbwv5d/QxzHslP4YGnUaxRw='; style-src 'self' https://fonts.example.com; style-src-attr 'unsafe-inline'; base-uri 'self'",
    );
}

#[test]
fn a_remote_base_may_be_loaded_from() {
    let text = text(&release("https://cdn.example.com/s/", ""), Form::Netlify);
    assert!(text.contains("script-src 'self' https://cdn.example.com;"), "{text}");
    assert!(text.contains("/s/assets/*\n"), "{text}");
}

#[test]
fn integrity_is_demanded_where_everything_can_be_checked() {
    let own = integrity(b"app()");
    let is_demanded = |html: &str| {
        text(&release("/", html), Form::Netlify).contains("Integrity-Policy: blocked-destinations=(script)")
    };
    assert!(is_demanded(&format!("<script src=/assets/app-1.js integrity={own}></script>")));
    assert!(is_demanded(&format!(
        "<script type=importmap>{{\"integrity\":{{\"/assets/app-1.js\":\"{own}\"}}}}</script>"
    )));
    assert!(!is_demanded("<script src=/assets/app-1.js></script>"));
    assert!(!is_demanded(&format!("<link rel=modulepreload href=/assets/app-1.js integrity={own}>")));
    assert!(!is_demanded(&format!(
        "<script src=/assets/app-1.js integrity={own}></script><script src=https://x.example/a.js></script>"
    )));
    assert!(!is_demanded(""), "the script may be loaded by another");
}

#[test]
fn names_with_meaning_to_a_server_are_taken_literally() {
    let mut release = release("/", "");
    release.files.push(file("a+b \"c\".html", OutputClass::Document, ""));
    let nginx = text(&release, Form::Nginx);
    assert!(nginx.contains(r#""~^/a\\+b \\\"c\\\"\\.html$""#), "{nginx}");
    assert!(text(&release, Form::Caddy).contains(r#"path "/a+b \"c\".html""#));
}

#[test]
fn a_name_that_is_taken_is_an_error() {
    let mut release = release("/", "");
    release.files.push(file("_headers", OutputClass::Static, ""));
    let options = HeadersOptions { forms: vec![Form::Netlify], policies: false };
    let outcome = Headers::new(options).finish(&release, &Tasks::new(Arc::new(Cache::new(None, false))));
    assert_eq!(outcome.diagnostics[0].code, "duplicate-output");
}
