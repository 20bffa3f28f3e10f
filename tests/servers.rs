//! Real servers with the snippets that a build writes: the right form of each file, the right headers, and pages that their own policies
//! let work.

mod support;

use serde_json::{Value, json};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use support::{Run, Site, Tree, node, wait_for};

/// A site with a page that has inline code, and a script that is worth compressing.
fn site(base: &str) -> Site {
    let site = Site::empty();
    site.write(
        "planish.toml",
        format!(
            "[build]\nbase = \"{base}\"\nentries = [\"index.html\", \"sub/index.html\"]\n[compress]\ngzip = \"max\"\nzstd = 19\n\
             [js]\nsplit.min_size = 0\n[headers]\nformats = [\"json\", \"nginx\", \"caddy\", \"netlify\"]\n[manifest]\nformats = [\"vite\", {{ format = \"planish\", path = \"deep/planish.json\" }}]\n"
        ),
    );
    let page = |up: &str| {
        format!(
            "<!doctype html><html lang=en><head><title>Served</title><style>\r\nbody {{ color: rgb(4, 5, 6) }}\r\n</style>\
             <script type=module src={up}src/main.js></script>\
             <script type=module src={up}src/second.js></script></head><body style=\"margin: 0\" onclick=\"this.dataset.clicked = true\">\
             <script>document.body.dataset.inline = 'ran &amp; done';</script><p>Served</p></body></html>"
        )
    };
    site.write("index.html", page(""));
    site.write("sub/index.html", page("../"));
    let names: Vec<String> = (0..200).map(|number| format!("'name {number} of many'")).collect();
    site.write(
        "src/main.js",
        format!(
            "import './main.css';\nimport {{ colour }} from './colour.js';\nexport const names = [{}];\n\
             document.body.dataset.names = String(names.filter((name) => name.includes('1')).length);\n\
             document.body.dataset.colour = colour();\ndocument.body.dataset.ready = true;\n",
            names.join(", ")
        ),
    );
    site.write("src/second.js", "document.body.dataset.second = getComputedStyle(document.body).color;\n");
    site.write("src/colour.js", "export const colour = () => getComputedStyle(document.body).color;\n");
    site.write("src/main.css", "body { background: rgb(7, 8, 9) }\n");
    site.write("public/robots.txt", "User-agent: *\n");
    site.build(&[]).good();
    site
}

/// A server that ends with the test.
struct Server {
    process: Child,
    origin: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    /// Starts a server whose configuration is made for a port. Another process may take the port meanwhile; then it is tried again.
    #[track_caller]
    fn start(site: &Site, configure: impl Fn(u16) -> String, command: impl Fn(&str) -> Command) -> Self {
        for _ in 0..3 {
            let free =
                TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
            site.write("server.conf", configure(free.port()));
            let log = std::fs::File::create(site.path("server.log")).expect("writable");
            let mut command = command(site.path("server.conf").to_str().expect("UTF-8"));
            let process =
                command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().expect("the server starts");
            let mut server = Self { process, origin: format!("http://127.0.0.1:{}", free.port()) };
            let answers = || TcpStream::connect(free).is_ok();
            if wait_for(Duration::from_secs(10), || {
                answers() || server.process.try_wait().is_ok_and(|end| end.is_some())
            }) && answers()
                && server.process.try_wait().is_ok_and(|end| end.is_none())
            {
                return server;
            }
        }
        panic!("the server does not start:\n{}", site.read("server.log"));
    }

    #[track_caller]
    fn ask(&self, questions: &[Value]) -> Vec<Value> {
        let answers = node("tests/servers/ask.mjs", &[&self.origin, &json!(questions).to_string()]).good().json();
        answers.as_array().expect("a list").clone()
    }

    fn open(&self, site: &Site, base: &str, page: &str) -> Run {
        let dist = site.path("dist").display().to_string();
        node("tests/browser/open.mjs", &[&dist, page, "--base", base, "--origin", &self.origin, "--click", "body"])
    }
}

fn nginx(site: &Site, base: &str) -> Server {
    let (root, dist) = (site.root().display(), site.path("dist").display().to_string());
    let configure = |port: u16| {
        format!(
            "daemon off; pid {root}/nginx.pid; user root; error_log stderr;\n\
             load_module /usr/lib/nginx/modules/ngx_http_brotli_static_module.so;\nevents {{}}\nhttp {{\n\
             include /etc/nginx/mime.types; access_log off;\n\
             client_body_temp_path {root}/t1; proxy_temp_path {root}/t2; fastcgi_temp_path {root}/t3; uwsgi_temp_path {root}/t4; scgi_temp_path {root}/t5;\n\
             include {dist}/.headers/nginx-http.conf;\n\
             server {{ listen 127.0.0.1:{port}; location {base} {{ alias {dist}/; index index.html; include {dist}/.headers/nginx-server.conf; }} }}\n}}\n"
        )
    };
    Server::start(site, configure, |path| {
        let mut command = Command::new("/usr/sbin/nginx");
        command.args(["-e", "stderr", "-c", path]);
        command
    })
}

fn caddy(site: &Site, base: &str) -> Server {
    let dist = site.path("dist").display().to_string();
    let serve = format!("root * {dist}\nimport {dist}/.headers/Caddyfile\n");
    let serve = if base == "/" { serve } else { format!("handle_path {base}* {{\n{serve}}}\n") };
    let configure =
        |port: u16| format!("{{\n  admin off\n  auto_https off\n}}\nhttp://127.0.0.1:{port} {{\n{serve}}}\n");
    let home = site.path("home");
    Server::start(site, configure, |path| {
        let mut command = Command::new("caddy");
        command
            .args(["run", "--adapter", "caddyfile", "--config", path])
            .env("HOME", &home)
            .env("XDG_DATA_HOME", &home);
        command
    })
}

fn header<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer["headers"][name].as_str().unwrap_or_default()
}

/// The bytes of an answer are those of a file.
#[track_caller]
fn assert_bytes(answer: &Value, dist: &Tree, path: &str) {
    let expected: String = dist.bytes(path).iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(answer["bytes"] == expected.as_str(), "{path}: {} {}", answer["status"], answer["headers"]);
}

/// What is asked for is answered in the right form, with the right headers.
#[track_caller]
fn assert_serves(server: &Server, site: &Site, base: &str, has_zstd: bool) {
    let dist = site.tree("dist");
    let script = dist.one("assets/main-", ".js").to_owned();
    let url = format!("{base}{script}");
    let accepting = |encodings: &str| json!({ "path": url, "headers": { "Accept-Encoding": encodings } });
    let plain = |path: &str| json!({ "path": format!("{base}{path}"), "headers": {} });
    let answers = server.ask(&[
        accepting("br"),
        accepting("gzip"),
        accepting("zstd"),
        accepting("gzip, deflate, br, zstd"),
        json!({ "path": url, "headers": { "Range": "bytes=3-12" } }),
        json!({ "path": url, "headers": {} }),
        json!({ "path": url, "headers": { "If-None-Match": "ETAG" } }),
        plain("index.html"),
        plain("sub/"),
        plain("robots.txt"),
        plain("assets/missing.js"),
        plain("assets/missing.txt"),
    ]);
    let [br, gzip, zstd, all, range, identity, unchanged, page, folder, robots, missing, _] = &answers[..] else {
        panic!("an answer for each question")
    };
    let zstd_form = if has_zstd { ("zstd", ".zst") } else { ("", "") };
    for (answer, (encoding, suffix)) in
        [(br, ("br", ".br")), (gzip, ("gzip", ".gz")), (zstd, zstd_form), (all, ("br", ".br")), (identity, ("", ""))]
    {
        assert_eq!(answer["status"], 200, "{answer}");
        assert_eq!(header(answer, "content-encoding"), encoding);
        assert_bytes(answer, &dist, &format!("{script}{suffix}"));
        assert_eq!(header(answer, "cache-control"), "public, max-age=31536000, immutable");
        assert!(header(answer, "vary").contains("Accept-Encoding"), "{encoding}: {}", answer["headers"]);
        assert!(header(answer, "content-type").contains("javascript"), "{}", answer["headers"]);
    }
    assert_eq!((&range["status"], header(range, "content-range").split('/').next()), (&json!(206), Some("bytes 3-12")));
    assert_eq!(unchanged["status"], 304, "{}", unchanged["headers"]);
    for answer in [page, folder] {
        assert_eq!(answer["status"], 200, "{}", answer["headers"]);
        assert_eq!(header(answer, "cache-control"), "no-cache");
        assert!(
            header(answer, "content-security-policy").starts_with("script-src 'self' 'sha256-"),
            "{}",
            answer["headers"]
        );
        assert_eq!(header(answer, "integrity-policy"), "blocked-destinations=(script)");
    }
    assert_eq!((header(robots, "cache-control"), header(robots, "content-security-policy")), ("no-cache", ""));
    assert_eq!(missing["status"], 404);
    assert!(!header(missing, "cache-control").contains("immutable"), "{}", missing["headers"]);
}

/// The page works under its policies; nothing that was added to it does.
#[track_caller]
fn assert_policies_hold(server: &Server, site: &Site, base: &str) {
    for page in ["index.html", "sub/"] {
        let report = server.open(site, base, page).json();
        assert_eq!(report["errors"], json!([]), "{page}");
        let body = &report["body"];
        assert_eq!(
            (&body["inline"], &body["names"], &body["clicked"]),
            (&json!("ran &amp; done"), &json!("119"), &json!("true"))
        );
        assert_eq!((&body["colour"], &body["second"]), (&json!("rgb(4, 5, 6)"), &json!("rgb(4, 5, 6)")));
    }
    site.edit("dist/sub/index.html", "</body>", "<script>document.body.dataset.added = true</script></body>");
    let report = server.open(site, base, "sub/").json();
    assert_eq!(report["body"]["added"], Value::Null);
    assert!(report["errors"].to_string().contains("Content Security Policy"), "{}", report["errors"]);
    // A script of the site itself is allowed, but not one that nobody can check.
    site.write("dist/added.js", "document.body.dataset.added = true;");
    site.edit(
        "dist/sub/index.html",
        "<script>document.body.dataset.added = true</script>",
        &format!("<script src={base}added.js></script>"),
    );
    let report = server.open(site, base, "sub/").json();
    assert_eq!(report["body"]["added"], Value::Null);
    assert_eq!(report["errors"], json!([format!("script {base}added.js: integrity")]));
}

#[test]
fn nginx_serves_a_build() {
    for base in ["/", "/static/"] {
        let site = site(base);
        let server = nginx(&site, base);
        assert_serves(&server, &site, base, false);
        assert_policies_hold(&server, &site, base);
    }
}

#[test]
fn caddy_serves_a_build() {
    for base in ["/", "/static/"] {
        let site = site(base);
        let server = caddy(&site, base);
        assert_serves(&server, &site, base, true);
        assert_policies_hold(&server, &site, base);
    }
}

/// An import can be faster than the preload that says what the file must hold.
#[test]
fn pages_whose_scripts_share_one_work_without_an_integrity_policy() {
    let site = site("/");
    let second = "import { colour } from './colour.js';\ndocument.body.dataset.second = colour();\n";
    site.write("src/second.js", second);
    site.build(&[]).good();
    site.tree("dist").one("assets/colour-", ".js");
    for server in [nginx(&site, "/"), caddy(&site, "/")] {
        let answers = server.ask(&[json!({ "path": "/index.html", "headers": {} })]);
        assert_eq!(header(&answers[0], "integrity-policy"), "");
        assert!(header(&answers[0], "content-security-policy").starts_with("script-src 'self' 'sha256-"));
        for page in ["index.html", "sub/"] {
            let report = server.open(&site, "/", page).json();
            assert_eq!((&report["errors"], &report["body"]["second"]), (&json!([]), &json!("rgb(4, 5, 6)")), "{page}");
        }
    }
}

#[test]
fn an_import_map_lets_browsers_check_what_is_imported_and_what_is_loaded_later() {
    let site = site("/");
    let config = site.read("planish.toml");
    let (config, _) = config.split_once("[manifest]").expect("it has manifests");
    site.write("planish.toml", format!("{config}[html]\nintegrity = \"all\"\n"));
    let second = "import { colour } from './colour.js';\ndocument.body.dataset.second = colour();\n\
                  import('./later.js').catch(() => {}).finally(() => document.body.dataset.ready = true);\n";
    site.write("src/second.js", second);
    site.edit("src/main.js", "document.body.dataset.ready = true;", "");
    site.write("src/later.js", "document.body.dataset.later = true;\n");
    site.build(&[]).good();
    for server in [nginx(&site, "/"), caddy(&site, "/")] {
        let answers = server.ask(&[json!({ "path": "/index.html", "headers": {} })]);
        assert_eq!(header(&answers[0], "integrity-policy"), "blocked-destinations=(script)");
        let report = server.open(&site, "/", "sub/").json();
        let body = &report["body"];
        assert_eq!((&report["errors"], &body["second"]), (&json!([]), &json!("rgb(4, 5, 6)")));
        assert_eq!(body["later"], "true", "{report}");
    }
    let later = site.tree("dist").one("assets/later-", ".js").to_owned();
    site.write(&format!("dist/{later}"), "document.body.dataset.later = 'something else';\n");
    let report = nginx(&site, "/").open(&site, "/", "index.html").json();
    assert_eq!(report["body"]["later"], Value::Null);
    assert!(report["errors"].to_string().contains("integrity"), "{}", report["errors"]);
}

#[test]
fn a_browser_refuses_a_script_with_other_bytes() {
    let site = site("/");
    let script = site.tree("dist").one("assets/main-", ".js").to_owned();
    let text = site.read(&format!("dist/{script}"));
    site.write(&format!("dist/{script}"), format!("{text};"));
    let dist = site.path("dist").display().to_string();
    let report = node("tests/browser/open.mjs", &[&dist, "index.html", "--patience", "2000"]).json();
    assert!(report["errors"].to_string().contains("integrity"), "{}", report["errors"]);
}

#[test]
fn compressed_forms_are_as_old_as_their_originals_and_never_larger() {
    let site = site("/");
    let dist = site.tree("dist");
    let times = support::times(&site.path("dist"));
    let compressed: Vec<&str> =
        dist.paths().filter(|path| [".br", ".gz", ".zst"].iter().any(|end| path.ends_with(end))).collect();
    assert_eq!(compressed.len(), 3, "of the script alone: {compressed:?}");
    for path in compressed {
        let (original, _) = path.rsplit_once('.').expect("it has a suffix");
        assert_eq!(times[path], times[original], "{path}");
        assert!(dist.bytes(path).len() * 100 < dist.bytes(original).len() * 95, "{path}");
    }
}
