//! The plugin on small graphs made by hand.

use crate::{HtmlOptions, HtmlPlugin, Integrity};
use planish_pipeline::asset::{Asset, AssetId, AssetOutput, DependencyKind, PackageFacts, Source};
use planish_pipeline::cache::Cache;
use planish_pipeline::chunk::{Chunk, ChunkIdx, ChunkPlan, Lookup};
use planish_pipeline::diagnostic::Outcome;
use planish_pipeline::graph::{AssetGraph, AssetIdx, Node, Target};
use planish_pipeline::key::Key;
use planish_pipeline::naming::{Names, Naming};
use planish_pipeline::output::{Output, OutputId};
use planish_pipeline::plugin::{AssetPlugin, Inline, Linked, RenderContext, Request};
use planish_pipeline::task::Tasks;
use std::path::PathBuf;
use std::sync::Arc;

fn source(id: &str, bytes: &[u8]) -> Source {
    Source {
        id: AssetId::new(id),
        path: PathBuf::from(id),
        content: bytes.to_vec().into(),
        hash: Key::of_bytes(bytes),
        package: PackageFacts::default(),
    }
}

fn scan(html: &str) -> planish_pipeline::diagnostic::Outcome<Asset> {
    HtmlPlugin::new(HtmlOptions { picture: false, minify: false, integrity: Integrity::None })
        .transform(&source("index.html", html.as_bytes()))
}

/// A page and what it refers to. Files `*.js` and `*.css` are roots of chunks named after them; a file `x` of the page's folder
/// is found if it was added.
struct Site {
    options: HtmlOptions,
    base: &'static str,
    files: Vec<(&'static str, Asset)>,
    /// Root, whether it has a script, whether it has a style, roots of its imports.
    chunks: Vec<(&'static str, bool, bool, Vec<&'static str>)>,
    lookup: Lookup,
}

impl Site {
    fn new() -> Self {
        let options = HtmlOptions { picture: false, minify: false, integrity: Integrity::None };
        Self { options, base: "/", files: Vec::new(), chunks: Vec::new(), lookup: Lookup::Url }
    }

    fn file(mut self, id: &'static str) -> Self {
        self.files.push((id, Asset::default()));
        self
    }

    fn image(mut self, id: &'static str, variants: &[&str]) -> Self {
        let output =
            |variant: &&str| AssetOutput { variant: (*variant).into(), extension: (*variant).into(), bytes: None };
        let outputs = variants.iter().map(output).collect();
        self.files.push((id, Asset { outputs, dimensions: Some((4, 3)), ..Asset::default() }));
        self
    }

    fn chunk(mut self, root: &'static str, has_script: bool, has_style: bool, imports: &[&'static str]) -> Self {
        self.files.push((root, Asset::default()));
        self.chunks.push((root, has_script, has_style, imports.to_vec()));
        self
    }

    fn target(&self, specifier: &str) -> Target {
        if let Some(path) = specifier.strip_prefix("/static/") {
            return Target::Static(path.to_owned());
        }
        let name = specifier
            .parse::<usize>()
            .map_or_else(|_| specifier.to_owned(), |ordinal| format!("index.html?inline={ordinal}.js"));
        let at = self.files.iter().position(|(id, _)| *id == name);
        at.map_or(Target::Missing, |at| Target::Asset(AssetIdx(at as u32 + 1)))
    }

    fn graph(&self, plugin: &HtmlPlugin, html: &str) -> AssetGraph {
        let page = source("index.html", html.as_bytes());
        let asset = plugin.transform(&page).value;
        let targets = asset.dependencies.iter().map(|dependency| self.target(&dependency.specifier)).collect();
        let node = |source: Source, asset: Asset, kind, targets| Node {
            id: source.id.clone(),
            kind,
            key: source.hash,
            source: Arc::new(source),
            asset: Arc::new(asset),
            targets,
            broken: false,
        };
        let mut nodes = vec![node(page, asset, "html", targets)];
        nodes.extend(self.files.iter().map(|(id, asset)| node(source(id, b""), asset.clone(), "file", Vec::new())));
        AssetGraph { nodes, ..AssetGraph::default() }
    }

    fn plan(&self, names: &mut Names) -> ChunkPlan {
        let place = |root: &str| self.chunks.iter().position(|(name, ..)| *name == root).expect("a chunk of the test");
        let mut plan = ChunkPlan {
            chunks: Vec::new(),
            chunk_of: Vec::new(),
            root_chunk: vec![None; self.files.len() + 1],
            ..ChunkPlan::default()
        };
        for (at, (root, has_script, has_style, imports)) in self.chunks.iter().enumerate() {
            let mut output = |wanted: bool, extension: &str| {
                let id = OutputId::new(format!("{extension}:{root}"));
                names.plan_fixed(&id, &format!("assets/{}.{extension}", AssetId::new(*root).stem()));
                wanted.then_some(id)
            };
            let Target::Asset(asset) = self.root(root) else { panic!("every root is a file") };
            plan.root_chunk[asset.index()] = Some(ChunkIdx(at as u32));
            let script = output(*has_script, "js");
            plan.keys.extend(script.clone().map(|script| (script, format!("~{root}"))));
            plan.chunks.push(Chunk {
                name: (*root).into(),
                root: Some(asset),
                root_id: None,
                is_entry: true,
                is_dynamic_entry: false,
                exports_matter: false,
                scripts: Vec::new(),
                styles: Vec::new(),
                imports: imports.iter().map(|import| ChunkIdx(place(import) as u32)).collect(),
                dynamic_imports: Vec::new(),
                cascade: 0,
                script,
                lookup: self.lookup,
                style: output(*has_style, "css"),
                ..Chunk::default()
            });
        }
        plan
    }

    fn root(&self, root: &str) -> Target {
        let at = self.files.iter().position(|(id, _)| *id == root).expect("a file of the test");
        Target::Asset(AssetIdx(at as u32 + 1))
    }

    fn render(&self, html: &str) -> Output {
        let plugin = HtmlPlugin::new(self.options.clone());
        let graph = self.graph(&plugin, html);
        let mut names = Names::new(Naming::Plain, self.base);
        names.plan_fixed(&OutputId::new("asset:index.html"), "index.html");
        let plan = self.plan(&mut names);
        for (id, asset) in &self.files {
            let id = AssetId::new(*id);
            for variant in std::iter::once("").chain(asset.outputs.iter().map(|output| output.variant.as_str())) {
                let extension = if variant.is_empty() { id.extension() } else { variant.to_owned() };
                names.plan_fixed(&OutputId::of_asset(&id, variant), &format!("assets/{}.{extension}", id.stem()));
            }
        }
        let (linked, tasks) = (Linked::default(), Tasks::new(Arc::new(Cache::new(None, false))));
        let inline = |_, _: &OutputId| Outcome::new(Inline::default());
        let context = RenderContext {
            graph: &graph,
            plan: &plan,
            linked: &linked,
            names: &names,
            tasks: &tasks,
            inline: &inline,
        };
        plugin.render_asset(&context, AssetIdx(0)).value.remove(0)
    }

    #[track_caller]
    fn check(&self, html: &str, expected: &str) {
        let output = self.render(html);
        assert_eq!(std::str::from_utf8(&output.bytes).expect("text"), expected);
    }
}

#[test]
fn only_entries_are_documents() {
    let plugin = HtmlPlugin::new(HtmlOptions { picture: false, minify: false, integrity: Integrity::None });
    let id = AssetId::new("a.HTM");
    assert!(plugin.accepts(Request { id: &id, kind: None, attribute: None }));
    assert!(!plugin.accepts(Request { id: &id, kind: Some(DependencyKind::Url), attribute: None }));
}

#[test]
fn dependencies_in_document_order_with_their_ranges() {
    let html = "<link rel='shortcut icon' href='i.svg#x'><link REL=stylesheet href=\"a.css\"><link rel=modulepreload href=m.js>\
        <link rel=preload as=style href=b.css><link rel=preload as=font href=f.woff2>\
        <meta property=og:image content=o.png><script type=module src=a.js></script><script src=c.js></script>\
        <script type=module>import 'x'</script><script type=module> </script><script>1</script>\
        <img src='a&amp;b.png' srcset='s.png 1x, t.png?q 2x'><video poster=p.png><source src=v.mp4></video>\
        <svg><use href='u.svg#g'/><use href='#g'/><image xlink:href=w.png /></svg><input type=image src=n.png>\
        <object data=o.pdf></object><embed src=e.pdf><noscript><img src=ns.png></noscript><template><img src=tp.png></template>";
    let asset = scan(html).value;
    let found: Vec<(DependencyKind, &str, &str)> = asset
        .dependencies
        .iter()
        .map(|found| {
            (found.kind, found.specifier.as_str(), &html[found.range.start as usize..found.range.end as usize])
        })
        .collect();
    use DependencyKind::{Script, Stylesheet, Url};
    let expected = [
        (Url, "i.svg", "i.svg#x"),
        (Stylesheet, "a.css", "a.css"),
        (Script, "m.js", "m.js"),
        (Stylesheet, "b.css", "b.css"),
        (Url, "f.woff2", "f.woff2"),
        (Url, "o.png", "o.png"),
        (Script, "a.js", "a.js"),
        (Url, "c.js", "c.js"),
        (Script, "0", "import 'x'"),
        (Url, "a&b.png", "a&amp;b.png"),
        (Url, "s.png", "s.png"),
        (Url, "t.png", "t.png?q"),
        (Url, "p.png", "p.png"),
        (Url, "v.mp4", "v.mp4"),
        (Url, "u.svg", "u.svg#g"),
        (Url, "w.png", "w.png"),
        (Url, "n.png", "n.png"),
        (Url, "o.pdf", "o.pdf"),
        (Url, "e.pdf", "e.pdf"),
        (Url, "ns.png", "ns.png"),
        (Url, "tp.png", "tp.png"),
    ];
    assert_eq!(found, expected);
    let fragment =
        asset.dependencies[8].fragment.as_ref().map(|fragment| (fragment.extension.as_str(), fragment.text.as_str()));
    assert_eq!(fragment, Some(("js", "import 'x'")));
    assert!(asset.dependencies[5].optional);
}

#[test]
fn what_is_not_wanted() {
    let html = "<a href=x.png></a><iframe src=y.html></iframe><img src=https://a.example/b.png><img src='data:image/png,x'><img src=''>\
        <link rel=canonical href=z.png><link rel=prefetch href=about.html><link rel=stylesheet href=//a.example/b.css>\
        <meta name=twitter:image content=https://a.example/c.png><img data-planish-ignore src=q.png>\
        <script data-planish-ignore type=module>1</script><script type=module src=https://a.example/d.js></script>";
    assert_eq!(scan(html).value.dependencies, []);
}

#[test]
fn warnings_and_errors() {
    let codes = |html: &str| scan(html).diagnostics.into_iter().map(|found| found.code).collect::<Vec<_>>();
    assert_eq!(codes("<base href=/x/>"), ["base-element"]);
    assert_eq!(codes("<script src=a.js integrity=sha384-x></script>"), ["integrity-dropped"]);
    assert_eq!(codes("<script src=https://a.example/a.js integrity=sha384-x></script>"), [""; 0]);
    let invalid = HtmlPlugin::new(HtmlOptions { picture: false, minify: false, integrity: Integrity::None })
        .transform(&source("a.html", b"<p>\xff"));
    assert_eq!(invalid.diagnostics[0].code, "invalid-utf8");
}

#[test]
fn scripts_bring_what_they_import() {
    let site = Site::new().chunk("lib.js", true, true, &[]).chunk("main.ts", true, true, &["lib.js"]);
    site.check(
        "<head><script type=\"module\" src=\"main.ts\"></script></head><p>x &copy; y</P>",
        "<head><script type=\"module\" src=\"/assets/main.js\" crossorigin=\"\"></script>\
         <link rel=\"modulepreload\" crossorigin href=\"/assets/lib.js\">\n\
         <link rel=\"stylesheet\" crossorigin href=\"/assets/lib.css\">\n\
         <link rel=\"stylesheet\" crossorigin href=\"/assets/main.css\">\n</head><p>x &copy; y</P>",
    );
}

#[test]
fn two_scripts_share_their_links() {
    let site = Site::new().chunk("lib.js", true, true, &[]).chunk("a.js", true, false, &["lib.js"]).chunk(
        "b.js",
        true,
        true,
        &["lib.js"],
    );
    site.check(
        "<p><script type=module src=a.js></script><script type=module src=b.js></script>",
        "<p><link rel=\"modulepreload\" crossorigin href=\"/assets/lib.js\">\n\
         <link rel=\"stylesheet\" crossorigin href=\"/assets/lib.css\">\n\
         <link rel=\"stylesheet\" crossorigin href=\"/assets/b.css\">\n\
         <script type=module src=\"/assets/a.js\" crossorigin=\"\"></script>\
         <script type=module src=\"/assets/b.js\" crossorigin=\"\"></script>",
    );
}

#[test]
fn a_stylesheet_is_linked_once() {
    let site = Site::new().chunk("a.css", false, true, &[]).chunk("main.js", true, false, &["a.css"]);
    site.check(
        "<head><link rel=stylesheet href=a.css media=print><link rel=stylesheet href=a.css media=print></head>\
         <script type=module src=main.js></script>",
        "<head><link rel=stylesheet href=\"/assets/a.css\" media=print></head>\
         <script type=module src=\"/assets/main.js\" crossorigin=\"\"></script>",
    );
}

#[test]
fn inline_modules_become_files() {
    let site = Site::new().chunk("index.html?inline=0.js", true, false, &[]);
    site.check(
        "<script type=module></script><script type=module>import './x.js'; if (1 < 2) {}</script><script>a</script>",
        "<script type=module></script><script type=module src=\"/assets/index.js\" crossorigin=\"\"></script><script>a</script>",
    );
}

#[test]
fn a_module_that_is_only_styles_is_replaced_by_them() {
    let site = Site::new().chunk("main.js", false, true, &[]);
    site.check(
        "<head></head><script type=module src=main.js></script><p>",
        "<head><link rel=\"stylesheet\" crossorigin href=\"/assets/main.css\">\n</head><p>",
    );
    site.check(
        "<script type=module src=main.js></script><p>",
        "<link rel=\"stylesheet\" crossorigin href=\"/assets/main.css\">\n<p>",
    );
}

#[test]
fn files_get_their_names_and_keep_their_suffixes() {
    let site = Site::new().file("a.png").file("s.svg").file("c.js");
    site.check(
        "<img width=1 src=a.png?v&amp;w srcset=' a.png 1x, https://x.example/y.png 2x'><svg><use href='s.svg#i'/></svg><img width=1 src=gone.png>",
        "<img width=1 src=\"/assets/a.png?v&amp;w\" srcset=\" /assets/a.png 1x, https://x.example/y.png 2x\">\
         <svg><use href=\"/assets/s.svg#i\" /></svg><img width=1 src=gone.png>",
    );
    site.check("<script src=c.js integrity=sha384-x></script>", "<script src=\"/assets/c.js\"></script>");
    site.check("<img data-planish-ignore src=a.png>", "<img src=a.png>");
    site.check(
        "<noscript><img width=1 src=a.png></noscript>",
        "<noscript><img width=1 src=\"/assets/a.png\"></noscript>",
    );
    site.check("<img src='/static/a b.png'>", "<img src=\"/a%20b.png\">");
    let site = Site { base: "./", ..site };
    site.check("<img src='/static/a.png'><img src=a.png>", "<img src=\"./a.png\"><img src=\"./assets/a.png\">");
    assert_eq!(site.render("<img src=a.png>").references, [OutputId::new("asset:a.png")]);
}

#[test]
fn images_get_their_size() {
    let site = Site::new().image("a.png", &[]);
    site.check("<img src=a.png>", "<img src=\"/assets/a.png\" width=\"4\" height=\"3\">");
    site.check("<img src=a.png height=9>", "<img src=\"/assets/a.png\" height=9>");
}

#[test]
fn pictures_offer_the_variants() {
    let mut site = Site::new().image("a.png", &["avif", "webp"]).image("b.png", &["webp"]);
    site.options.picture = true;
    site.check(
        "<img src=a.png width=1>",
        "<picture><source type=\"image/avif\" srcset=\"/assets/a.avif\"><source type=\"image/webp\" srcset=\"/assets/a.webp\">\
         <img src=\"/assets/a.png\" width=1></picture>",
    );
    site.check(
        "<img src=a.png srcset='b.png 2x' width=1>",
        "<picture><source type=\"image/webp\" srcset=\"/assets/a.webp, /assets/b.webp 2x\">\
         <img src=\"/assets/a.png\" srcset=\"/assets/b.png 2x\" width=1></picture>",
    );
    site.check(
        "<img sizes='50vw' src=a.png srcset='a.png 1w, b.png 2w' width=1>",
        "<picture><source type=\"image/webp\" srcset=\"/assets/a.webp 1w, /assets/b.webp 2w\" sizes=\"50vw\">\
         <img sizes='50vw' src=\"/assets/a.png\" srcset=\"/assets/a.png 1w, /assets/b.png 2w\" width=1></picture>",
    );
    site.check("<picture><img src=b.png width=1></picture>", "<picture><img src=\"/assets/b.png\" width=1></picture>");
}

#[test]
fn minifying_leaves_out_comments_that_nothing_reads() {
    let mut site = Site::new();
    let html =
        "<!doctype html><!-- a --><!--[if IE]>b<![endif]--><!--! c --><!--#include d --><script><!-- e --></script>";
    site.check(html, html);
    site.options.minify = true;
    site.check(
        html,
        "<!doctype html><!--[if IE]>b<![endif]--><!--! c --><!--#include d --><script><!-- e --></script>",
    );
}

/// A real integrity takes the place of this one when the file's bytes are final.
fn integrity(id: &str) -> String {
    Names::new(Naming::Plain, "/").integrity(&OutputId::new(id))
}

#[test]
fn scripts_and_stylesheets_say_what_they_must_hold() {
    let mut site = Site::new()
        .chunk("main.js", true, true, &["lib.js"])
        .chunk("lib.js", true, false, &[])
        .chunk("page.css", false, true, &[])
        .file("old.js")
        .file("i.png");
    site.options.integrity = Integrity::AtOnce;
    let [main, style, lib, page, old] =
        ["js:main.js", "css:main.js", "js:lib.js", "css:page.css", "asset:old.js"].map(integrity);
    site.check(
        "<head><link rel=preload as=style href=page.css><link rel=stylesheet href=page.css integrity=sha256-x><script type=module src=main.js></script>\
         <script src=old.js></script><link rel=icon href=i.png></head>",
        &format!(
            "<head><link rel=preload as=style href=\"/assets/page.css\" integrity=\"{page}\" crossorigin=\"\">\
             <link rel=stylesheet href=\"/assets/page.css\" integrity=\"{page}\" crossorigin=\"\">\
             <script type=module src=\"/assets/main.js\" integrity=\"{main}\" crossorigin=\"\"></script>\
             <script src=\"/assets/old.js\" integrity=\"{old}\" crossorigin=\"\"></script><link rel=icon href=\"/assets/i.png\">\
             <link rel=\"modulepreload\" crossorigin integrity=\"{lib}\" href=\"/assets/lib.js\">\n\
             <link rel=\"stylesheet\" crossorigin integrity=\"{style}\" href=\"/assets/main.css\">\n</head>"
        ),
    );
}

fn site_with_a_map() -> Site {
    let site = Site::new().chunk("main.js", true, false, &["<lib>.js"]).chunk("<lib>.js", true, false, &[]);
    Site { lookup: Lookup::Map, ..site }
}

#[test]
fn an_import_map_comes_before_all_scripts_that_run() {
    let map = "<script type=\"importmap\">{\"imports\":{\"~\\u003clib>.js\":\"/assets/\\u003clib>.js\"}}</script>\n";
    let preload = "<link rel=\"modulepreload\" crossorigin href=\"/assets/&lt;lib>.js\">\n";
    let main = "<script type=module src=\"/assets/main.js\" crossorigin=\"\"></script>";
    let site = site_with_a_map();
    site.check(
        "<head><noscript><script>n</script></noscript><template><script>t</script></template><script>s</script></head>\
         <script type=module src=main.js></script>",
        &format!(
            "<head><noscript><script>n</script></noscript><template><script>t</script></template>{map}<script>s</script>{preload}</head>{main}"
        ),
    );
    site.check("<head></head><script type=module src=main.js></script>", &format!("<head>{map}{preload}</head>{main}"));
    site.check("<script type=module src=main.js></script>", &format!("{map}{preload}{main}"));
    site.check("<script>s</script>", "<script>s</script>");
}

#[test]
fn an_import_map_of_the_page_is_added_to() {
    let mut site = site_with_a_map();
    site.options.integrity = Integrity::AtOnce;
    let html =
        "<script type=importmap>{\"imports\": {\"x\": \"/x.js\"}}</script><script type=module src=main.js></script>";
    let text = String::from_utf8(site.render(html).bytes.to_vec()).expect("text");
    let expected = format!(
        "<script type=importmap>{{\"imports\":{{\"x\":\"/x.js\",\"~\\u003clib>.js\":\"/assets/\\u003clib>.js\"}},\
         \"integrity\":{{\"/assets/\\u003clib>.js\":\"{}\"}}}}</script>",
        integrity("js:<lib>.js"),
    );
    assert!(text.starts_with(&expected), "{text}");
}
