//! What goes in as people write it, and what the linker sees.

use super::print::print_module;
use super::{
    Dialect, Draft, Goal, Hint, KeptComments, PrintOptions, Printed, Program, Settings, Syntax, minify, parse, print,
};
use crate::options::{Format, JsOptions, JsxOptions, LegalComments, SourceMap};
use planish_pipeline::asset::{AssetId, CompilerOptions};
use planish_pipeline::diagnostic::Diagnostic;
use planish_pipeline::resolve::Platform;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use swc_core::common::SyntaxContext;
use swc_core::ecma::ast::{
    BindingIdent, BreakStmt, CallExpr, Callee, ClassDecl, ContinueStmt, ExportNamedSpecifier, FnDecl, Ident,
    ImportNamedSpecifier, LabeledStmt, ModuleExportName, ModuleItem, NamedExport, Stmt,
};
use swc_core::ecma::visit::{Visit, VisitWith};

fn options() -> JsOptions {
    JsOptions {
        production: true,
        minify: false,
        source_map: SourceMap::None,
        define: BTreeMap::new(),
        jsx: JsxOptions::default(),
        target: "esnext".to_owned(),
        format: Format::Esm,
        platform: Platform::Browser,
        keep_names: false,
        legal_comments: LegalComments::Inline,
    }
}

pub(super) fn settings(change: impl FnOnce(&mut JsOptions)) -> Settings {
    let mut options = options();
    change(&mut options);
    Settings::new(&options).expect("valid options")
}

fn defined(pairs: &[(&str, &str)]) -> Settings {
    let define = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    settings(|options| options.define = define)
}

fn dialect(id: &AssetId) -> Dialect<'static> {
    const NOTHING: &CompilerOptions = &CompilerOptions {
        experimental_decorators: false,
        emit_decorator_metadata: false,
        assigns_fields: false,
        keeps_imports: false,
        keeps_import_statements: false,
        jsx_automatic: None,
        jsx_import_source: None,
        jsx_factory: None,
        jsx_fragment: None,
    };
    Dialect { syntax: Syntax::of_extension(&id.extension()), hint: Hint::Unknown, compiler: NOTHING }
}

#[track_caller]
fn program(name: &str, text: &str, settings: &Settings) -> Program {
    let id = AssetId::new(name);
    let outcome = parse(&id, &text.into(), dialect(&id), settings);
    assert_eq!(outcome.diagnostics, []);
    let program = outcome.value.expect("no diagnostics, hence a program");
    check_contexts(&program);
    program
}

fn text(program: &Program) -> String {
    print_module(program, &program.module, PrintOptions { comments: KeptComments::All, map: false }).code
}

#[track_caller]
fn check(name: &str, input: &str, settings: &Settings, expected: &str) {
    assert_eq!(text(&program(name, input, settings)).trim(), expected.trim());
}

fn errors(name: &str, input: &str) -> Vec<Diagnostic> {
    let id = AssetId::new(name);
    let outcome = parse(&id, &input.into(), dialect(&id), &settings(|_| ()));
    assert!(outcome.value.is_none(), "{name} parses");
    outcome.diagnostics
}

/// Collects top-level bindings and all names with their contexts.
#[derive(Default)]
struct Names {
    depth: u32,
    local_exports: bool,
    top: Vec<(String, SyntaxContext)>,
    all: BTreeSet<(String, u32)>,
}

impl Names {
    fn declare(&mut self, ident: &Ident) {
        if self.depth == 0 {
            self.top.push((ident.sym.to_string(), ident.ctxt));
        }
    }
}

impl Visit for Names {
    fn visit_ident(&mut self, ident: &Ident) {
        self.all.insert((ident.sym.to_string(), ident.ctxt.as_u32()));
    }

    /// Names across modules are no variables.
    fn visit_module_export_name(&mut self, _: &ModuleExportName) {}

    fn visit_export_named_specifier(&mut self, node: &ExportNamedSpecifier) {
        if let (true, ModuleExportName::Ident(local)) = (self.local_exports, &node.orig) {
            self.visit_ident(local);
        }
    }

    fn visit_named_export(&mut self, node: &NamedExport) {
        self.local_exports = node.src.is_none();
        node.visit_children_with(self);
    }

    /// Nor are labels.
    fn visit_labeled_stmt(&mut self, node: &LabeledStmt) {
        node.body.visit_with(self);
    }

    fn visit_break_stmt(&mut self, _: &BreakStmt) {}

    fn visit_continue_stmt(&mut self, _: &ContinueStmt) {}

    fn visit_binding_ident(&mut self, node: &BindingIdent) {
        self.declare(node);
        node.visit_children_with(self);
    }

    fn visit_import_named_specifier(&mut self, node: &ImportNamedSpecifier) {
        self.declare(&node.local);
        node.visit_children_with(self);
    }

    fn visit_fn_decl(&mut self, node: &FnDecl) {
        self.declare(&node.ident);
        node.visit_children_with(self);
    }

    fn visit_class_decl(&mut self, node: &ClassDecl) {
        self.declare(&node.ident);
        node.visit_children_with(self);
    }

    fn visit_function(&mut self, node: &swc_core::ecma::ast::Function) {
        self.depth += 1;
        node.visit_children_with(self);
        self.depth -= 1;
    }

    fn visit_class(&mut self, node: &swc_core::ecma::ast::Class) {
        self.depth += 1;
        node.visit_children_with(self);
        self.depth -= 1;
    }

    fn visit_arrow_expr(&mut self, node: &swc_core::ecma::ast::ArrowExpr) {
        self.depth += 1;
        node.visit_children_with(self);
        self.depth -= 1;
    }

    fn visit_block_stmt(&mut self, node: &swc_core::ecma::ast::BlockStmt) {
        self.depth += 1;
        node.visit_children_with(self);
        self.depth -= 1;
    }
}

/// The invariant that the linker builds on.
#[track_caller]
fn check_contexts(program: &Program) {
    let mut names = Names::default();
    program.module.visit_with(&mut names);
    let top = program.top_level_context();
    for (name, context) in &names.top {
        assert_eq!(*context, top, "`{name}` is declared at the top level");
    }
    assert!(names.all.iter().all(|(_, context)| *context != 0), "a name has no context: {:?}", names.all);
    let free = program.unresolved_context().as_u32();
    for (name, _) in &names.top {
        assert!(!names.all.contains(&(name.clone(), free)), "`{name}` is both declared and free");
    }
}

fn thread_safe<T: Send + Sync>() {}

#[test]
fn programs_cross_threads() {
    thread_safe::<Program>();
    thread_safe::<Settings>();
    thread_safe::<Printed>();
}

#[test]
fn a_syntax_error_has_its_place() {
    let found = errors("a.js", "const a = 1;\nconst é = ;\n");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].code, "syntax-error");
    assert_eq!(found[0].labels[0].range, 24..25);
    assert_eq!(found[0].message, "expression expected");
}

#[test]
fn a_byte_order_mark_counts_in_places() {
    assert_eq!(errors("a.js", "\u{feff}a b").first().map(|error| error.labels[0].range.clone()), Some(5..6));
    let program = program("a.js", "\u{feff}abc()", &settings(|_| ()));
    assert_eq!(program.offset(program.module.span), 3..8);
}

#[test]
fn all_errors_are_told() {
    assert_eq!(errors("a.mjs", "export let a = 1;\nwith (a) {}\nlet b = 010;").len(), 2);
}

#[test]
fn messages_are_in_our_manner() {
    let found = errors("a.js", "let a = 1 let b");
    assert_eq!(found[0].message, "expected a semicolon");
}

#[test]
fn jsx_and_types_in_a_script_get_help() {
    assert!(errors("a.js", "let a = <b/>;")[0].help.as_deref().is_some_and(|help| help.contains(".jsx")));
    assert!(errors("a.js", "let a: string = 'x';")[0].help.as_deref().is_some_and(|help| help.contains(".ts")));
    assert_eq!(errors("a.js", "let a = ;")[0].help, None);
}

#[test]
fn common_js_is_sloppy() {
    let input = "var let = 010; with (a) { delete let; }\nif (new.target) return;\n<!-- html\nthis.x = arguments;";
    let program = program("a.cjs", input, &settings(|_| ()));
    assert_eq!(program.goal, Goal::Script);
    assert_eq!(program.module.body.len(), 4);
}

#[test]
fn module_syntax_makes_a_module() {
    for input in ["import './a.js'", "export {}", "import.meta.url", "await 1", "export default 1"] {
        assert_eq!(program("a.js", input, &settings(|_| ())).goal, Goal::Module, "{input}");
    }
    for input in ["require('a')", "import('a')", "module.exports = 1", "async () => await 1", ""] {
        assert_eq!(program("a.js", input, &settings(|_| ())).goal, Goal::Script, "{input}");
    }
    let id = AssetId::new("a.mjs");
    let module = parse(&id, &"a()".into(), Dialect { hint: Hint::Module, ..dialect(&id) }, &settings(|_| ()))
        .value
        .expect("it parses");
    assert_eq!(module.goal, Goal::Module);
}

#[test]
fn modern_syntax_parses() {
    let input = "#!/usr/bin/env node\nimport a from './a.json' with { type: 'json' };\nexport * as b from 'b';\nclass C { #d; static { a?.b ?? this.#e; } get #e() { return #d in this; } }\n";
    let program = program("a.mjs", input, &settings(|_| ()));
    assert_eq!(program.module.shebang.as_deref(), Some("/usr/bin/env node"));
    assert!(text(&program).starts_with("#!/usr/bin/env node\nimport a from './a.json' with {"));
}

#[test]
fn enums_become_objects() {
    check(
        "a.ts",
        "enum A { B, C = 'c' } export const x: A = A.B;",
        &settings(|_| ()),
        "var A = /*#__PURE__*/ function(A) {\n  A[A[\"B\"] = 0] = \"B\";\n  A[\"C\"] = \"c\";\n  return A;\n}(A || {});\nexport const x = 0;",
    );
}

#[test]
fn imports_of_types_are_dropped() {
    check(
        "a.ts",
        "import { T, v } from './a'; import type { U } from './b'; import { W } from './c'; export const x: T & U & W = v;",
        &settings(|_| ()),
        "import { v } from './a';\nexport const x = v;",
    );
}

#[test]
fn a_module_of_types_only_stays_a_module() {
    assert_eq!(program("a.ts", "export type A = 1;", &settings(|_| ())).goal, Goal::Module);
}

#[test]
fn parameter_properties_and_namespaces() {
    check(
        "a.ts",
        "export class A { constructor(private x: number) {} }\nexport namespace N { export const y = 1; }",
        &settings(|_| ()),
        "export class A {\n  x;\n  constructor(x){\n    this.x = x;\n  }\n}\n(function(N) {\n  N.y = 1;\n})(N || (N = {}));\nexport var N;",
    );
}

#[test]
fn typescript_common_js() {
    let program = program("a.ts", "import a = require('a');\nexport = a.b;", &settings(|_| ()));
    assert_eq!(program.goal, Goal::Script);
    assert_eq!(text(&program), "const a = require('a');\nmodule.exports = a.b;\n");
}

#[test]
fn automatic_jsx_imports_its_runtime() {
    check(
        "a.tsx",
        "import React from 'react'; import { B } from './b'; export const a = <B c={1}>d</B>;",
        &settings(|_| ()),
        "import { jsx as _jsx } from \"react/jsx-runtime\";\nimport { B } from './b';\nexport const a = /*#__PURE__*/ _jsx(B, {\n  c: 1,\n  children: \"d\"\n});",
    );
}

#[test]
fn classic_jsx_calls_the_factory() {
    let classic = settings(|options| {
        options.jsx = JsxOptions {
            automatic: Some(false),
            factory: Some("h".to_owned()),
            fragment: Some("Fragment".to_owned()),
            ..JsxOptions::default()
        };
    });
    check(
        "a.tsx",
        "import { h, Fragment } from 'preact'; export const a = <><b/></>;",
        &classic,
        "import { h, Fragment } from 'preact';\nexport const a = /*#__PURE__*/ h(Fragment, null, /*#__PURE__*/ h(\"b\", null));",
    );
}

#[test]
fn generated_names_are_bindings_of_the_top_level() {
    // `check_contexts` in `program` is the test: the names clash with what the passes would like to use.
    check(
        "a.tsx",
        "export let _jsx = 1; export const b = [_jsx, <a/>, _jsx1];",
        &settings(|_| ()),
        "import { jsx as _jsx } from \"react/jsx-runtime\";\nlet _jsx2 = 1;\nexport { _jsx2 as _jsx };\nexport const b = [\n  _jsx2,\n  /*#__PURE__*/ _jsx(\"a\", {}),\n  _jsx1\n];",
    );
    program("a.ts", "@d class A { @e f = 1; } export { A }", &settings(|options| options.target = "es2020".to_owned()));
    program(
        "a.js",
        "export class A { static #x = 1; y = async () => A.#x; }",
        &settings(|options| options.target = "es2016".to_owned()),
    );
}

#[test]
fn decorators_are_compiled() {
    let text = text(&program("a.ts", "@d class A {} export { A }", &settings(|_| ())));
    assert!(!text.contains("@d") && text.contains("_apply_decs_2311") && !text.contains("@swc/helpers"), "{text}");
}

#[test]
fn resources_are_lowered_unless_the_target_knows_them() {
    let input = "{ using a = b(); }";
    assert!(text(&program("a.js", input, &settings(|_| ()))).contains("using a"));
    let lowered = text(&program("a.js", input, &settings(|options| options.target = "es2022".to_owned())));
    assert!(lowered.contains("_using_ctx") || lowered.contains("add_disposable_resource"), "{lowered}");
}

#[test]
fn lowering_happens_where_the_target_needs_it() {
    let es2019 = settings(|options| options.target = "es2019".to_owned());
    check("a.js", "a?.b;", &es2019, "var _a;\n(_a = a) === null || _a === void 0 ? void 0 : _a.b;");
    check("a.js", "a ** b;", &es2019, "a ** b;");
    let baseline = settings(|options| options.target = "baseline-widely-available".to_owned());
    check("a.js", "class A {\n  #b = a?.b;\n}", &baseline, "class A {\n  #b = a?.b;\n}");
}

#[test]
fn dead_branches_go_before_anyone_looks() {
    let production = defined(&[("process.env.NODE_ENV", "\"production\"")]);
    check(
        "a.js",
        "if (process.env.NODE_ENV !== 'production') { require('./dev'); } else { module.exports = require('./prod'); }",
        &production,
        "module.exports = require('./prod');",
    );
    check("a.js", "process.env.NODE_ENV !== 'production' && warn(); b();", &production, "b();");
    check(
        "a.js",
        "f(process?.env?.['NODE_ENV'], typeof process.env.NODE_ENV);",
        &production,
        "f(\"production\", \"string\");",
    );
}

#[test]
fn only_free_names_are_replaced() {
    let settings = defined(&[("__DEV__", "false"), ("process.env.NODE_ENV", "\"production\"")]);
    check(
        "a.js",
        "function f(__DEV__, process) {\n  return [\n    __DEV__,\n    process.env.NODE_ENV\n  ];\n}",
        &settings,
        "function f(__DEV__, process) {\n  return [\n    __DEV__,\n    process.env.NODE_ENV\n  ];\n}",
    );
    check("a.js", "f({ __DEV__ });", &settings, "f({\n  __DEV__: false\n});");
    check(
        "a.js",
        "process.env.NODE_ENV = 'x'; delete process.env.NODE_ENV;",
        &settings,
        "process.env.NODE_ENV = 'x';\ndelete process.env.NODE_ENV;",
    );
}

#[test]
fn the_environment_is_known_as_a_whole() {
    let settings = defined(&[("import.meta.env.MODE", "\"production\""), ("import.meta.env.DEV", "false")]);
    check(
        "a.js",
        "f(import.meta.env.MODE, import.meta.env.NOPE, import.meta.url);\ng(import.meta.env);",
        &settings,
        "f(\"production\", void 0, import.meta.url);\ng({\n  \"DEV\": false,\n  \"MODE\": \"production\"\n});",
    );
}

#[test]
fn defined_names_are_free_themselves() {
    let settings = defined(&[("global", "globalThis"), ("typeof window", "\"undefined\"")]);
    check("a.js", "global.x = typeof window;", &settings, "globalThis.x = \"undefined\";");
}

#[test]
fn annotations_are_found() {
    #[derive(Default)]
    struct Calls(Vec<swc_core::common::Span>);
    impl Visit for Calls {
        fn visit_call_expr(&mut self, node: &CallExpr) {
            if matches!(&node.callee, Callee::Expr(callee) if callee.is_ident()) {
                self.0.push(node.span);
            }
        }
    }
    let program = program(
        "a.js",
        "const a = /* @__PURE__ */ f(), b = f(), c = /*#__PURE__*/ f();\n/*! licence */ /* @__NO_SIDE_EFFECTS__ */ function g() {}",
        &settings(|_| ()),
    );
    let mut calls = Calls::default();
    program.module.visit_with(&mut calls);
    assert_eq!(calls.0.iter().map(|span| program.is_pure(*span)).collect::<Vec<_>>(), [true, false, true]);
    let function = program.module.body.last().map(swc_core::common::Spanned::span).expect("a function");
    assert!(program.has_no_side_effects_comment(function));
    assert_eq!(program.comments.legal(), ["/*! licence */"]);
}

#[test]
fn comments_are_chosen() {
    let program = program("a.js", "/*! kept */ // gone\nf(/* gone */ /* @__PURE__ */ g());", &settings(|_| ()));
    let with = |comments| print_module(&program, &program.module, PrintOptions { comments, map: false }).code;
    assert_eq!(with(KeptComments::None), "f(g());\n");
    assert_eq!(with(KeptComments::Legal), "/*! kept */ f(g());\n");
}

/// Where `needle` in the printed code comes from: line, column, name.
fn origin(printed: &Printed, needle: &str) -> (String, u32, u32, Option<String>) {
    let at = printed.code.find(needle).expect("it is in the code");
    let line = printed.code[..at].matches('\n').count() as u32;
    let column = printed.code[..at].rsplit('\n').next().map_or(0, |start| start.encode_utf16().count()) as u32;
    let map = printed.map.as_ref().expect("a map was asked for");
    let (source, line, column, name) = map.origin(line, column).expect("it has an origin");
    (source.to_owned(), line, column, name.map(str::to_owned))
}

#[test]
fn maps_lead_to_the_file() {
    let program = program("src/a.ts", "type T = 1;\nlet é: T = 1, wanted = 2;\nuse(é, wanted);", &settings(|_| ()));
    let printed = print_module(&program, &program.module, PrintOptions { comments: KeptComments::None, map: true });
    assert_eq!(origin(&printed, "wanted = 2"), ("src/a.ts".to_owned(), 1, 14, None));
    assert_eq!(origin(&printed, "use("), ("src/a.ts".to_owned(), 2, 0, None));
    let json = String::from_utf8(printed.map.as_ref().expect("asked for").json(0)).expect("UTF-8");
    assert!(
        json.contains("\"sourcesContent\":[\"type T = 1;") && json.contains("\"sources\":[\"src/a.ts\"]"),
        "{json}"
    );
}

/// Gives the identifiers of one name another text, and no place if it is made up.
struct Rename {
    from: &'static str,
    to: &'static str,
    is_made: bool,
}

impl swc_core::ecma::visit::VisitMut for Rename {
    fn visit_mut_ident(&mut self, ident: &mut Ident) {
        if &*ident.sym == self.from {
            (ident.sym, ident.ctxt) = (self.to.into(), swc_core::common::SyntaxContext::empty());
            if self.is_made {
                ident.span = swc_core::common::DUMMY_SP;
            }
        }
    }
}

#[test]
fn renamed_names_are_in_the_map() {
    let printed = |to, is_made| {
        let program = program("a.js", "let first = 1;\nuse(first, first());", &settings(|_| ()));
        let mut module = program.module.clone();
        if let Some(ModuleItem::Stmt(statement)) = module.body.last_mut() {
            let mut rename = Rename { from: "first", to, is_made };
            swc_core::ecma::visit::VisitMutWith::visit_mut_with(statement, &mut rename);
        }
        print_module(&program, &module, PrintOptions { comments: KeptComments::None, map: true })
    };
    let first = Some("first".to_owned());
    assert_eq!(origin(&printed("first$1", false), "first$1"), ("a.js".to_owned(), 1, 4, first.clone()));
    assert_eq!(origin(&printed("first$1", false), "first$1()"), ("a.js".to_owned(), 1, 11, first));
    // The call has a place, and what it calls now has none.
    assert_eq!(origin(&printed("made", true), "made()"), ("a.js".to_owned(), 1, 11, None));
}

/// The statements of a program without imports and exports.
fn statements(program: &Program) -> Vec<Stmt> {
    program.module.body.iter().map(|item| item.clone().expect_stmt()).collect()
}

fn draft(text: &str) -> Draft {
    let mut draft = Draft::default();
    draft.push(text);
    draft
}

fn small(text: &str, format: Format, settings: &Settings) -> Result<String, String> {
    minify(draft(text), format, settings, false).map(|printed| printed.code)
}

#[test]
fn minified_maps_lead_to_the_files() {
    let settings = settings(|_| ());
    let mut draft = draft("// made up");
    for (name, input) in [
        ("a.js", "\nfunction greet(somebody) {\n  return hello(somebody);\n}\n"),
        ("b.js", "let other = window.thing;"),
    ] {
        let program = Arc::new(program(name, input, &settings));
        draft.fill(&program, statements(&program));
    }
    draft.push("export { greet, other };");
    let small = minify(draft, Format::Esm, &settings, true).expect("it parses");
    assert_eq!(small.code, "function e(e){return hello(e)}let t=window.thing;export{e as greet,t as other};");
    assert_eq!(origin(&small, "e){"), ("a.js".to_owned(), 1, 15, Some("somebody".to_owned())));
    assert_eq!(origin(&small, "hello"), ("a.js".to_owned(), 2, 9, None));
    assert_eq!(origin(&small, "window"), ("b.js".to_owned(), 0, 12, None));
}

/// What is only at the place of an identifier does not have its name.
#[test]
fn only_identifiers_have_names_in_minified_maps() {
    let settings = settings(|_| ());
    let program = Arc::new(program("a.js", "first(2);", &settings));
    let mut statements = statements(&program);
    let mut rename = Rename { from: "first", to: "(0, thing.member)", is_made: false };
    swc_core::ecma::visit::VisitMutWith::visit_mut_with(&mut statements, &mut rename);
    let mut draft = draft("import { thing } from 'x';");
    draft.fill(&program, statements);
    let small = minify(draft, Format::Esm, &settings, true).expect("it parses");
    assert_eq!(small.code, "import{thing as m}from\"x\";(0,m.member)(2);");
    assert_eq!(origin(&small, "(0"), ("a.js".to_owned(), 0, 0, None));
    assert_eq!(origin(&small, "m.member"), ("a.js".to_owned(), 0, 0, Some("first".to_owned())));
}

#[test]
fn an_argument_that_is_left_out_leaves_no_operator() {
    let text = "/*! mine */ import 'a';\nfunction read(given) { return given ?? fallback(); }\nuse(read());";
    let small = small(text, Format::Esm, &settings(|_| ())).expect("it parses");
    assert!(small.ends_with("import\"a\";use(fallback());") && small.contains("mine"), "{small}");
}

/// Statements in a draft are what their text would be.
#[test]
fn statements_are_as_their_text_would_be() {
    let settings = settings(|options| options.target = "es2018".to_owned());
    let input = "/*! kept */ const made = /* @__PURE__ */ f(), shown = <p q={a?.b.c}>{a ?? 1}</p>; class A { static s = <i/>; #p = 1; }
        const unused = <p/>; let [x = made] = a, y = (a?.b).c; [1, -(-x)].map((z) => g(() => ({ z, shown, ...y }), (0, a.b)(), `t${z}`)); g(A.s);";
    let program = Arc::new(program("a.tsx", input, &settings));
    let mut tree = Draft::default();
    tree.push("import { g } from 'g';");
    tree.fill(&program, statements(&program));
    let options = PrintOptions { comments: KeptComments::All, map: false };
    let text = draft(&format!("import {{ g }} from 'g';\n{}", print(&program, statements(&program), options).code));
    let small = |draft| minify(draft, Format::Esm, &settings, false).expect("it parses").code;
    assert_eq!(small(tree), small(text));
}

#[test]
fn modules_of_one_text_have_their_own_places_in_a_map() {
    let (settings, text) = (settings(|_| ()), "f();".into());
    let mut draft = Draft::default();
    for id in ["x.js?a", "x.js?b"].map(AssetId::new) {
        let program = Arc::new(parse(&id, &text, dialect(&id), &settings).value.expect("it parses"));
        draft.fill(&program, statements(&program));
    }
    let small = minify(draft, Format::Esm, &settings, true).expect("it parses");
    let map = String::from_utf8(small.map.expect("a map was asked for").json(0)).expect("UTF-8");
    assert!(map.contains(r#""sources":["x.js?a","x.js?b"]"#), "{map}");
}

#[test]
fn formats_decide_what_the_top_level_is() {
    let small =
        |format| small("var unused = 1; var used = f(); g(used, used);", format, &settings(|_| ())).expect("it parses");
    assert_eq!(small(Format::Esm), "var a=f();g(a,a);");
    assert_eq!(small(Format::Cjs), "var a=f();g(a,a);");
    assert!(small(Format::Iife).contains("unused=1"));
}

#[test]
fn licences_go_where_they_are_wanted() {
    let code = "/*! mine */ import 'a';\n/* @license theirs */\ng();\n/* other */ f();";
    let small =
        |legal| small(code, Format::Esm, &settings(|options| options.legal_comments = legal)).expect("it parses");
    assert_eq!(small(LegalComments::None), "import\"a\";g(),f();");
    assert_eq!(small(LegalComments::Linked), "import\"a\";g(),f();");
    let inline = small(LegalComments::Inline);
    assert!(inline.contains("mine") && inline.contains("theirs") && !inline.contains("other"), "{inline}");
}

#[test]
fn minifying_reports_code_that_does_not_parse() {
    let message = small("let a;\nlet = ;", Format::Esm, &settings(|_| ())).expect_err("it does not parse");
    assert!(message.ends_with("in line 2"), "{message}");
}

/// The same bytes however often and on whatever thread.
#[test]
fn the_same_text_gives_the_same_bytes() {
    let mut input = String::new();
    for index in 0..50 {
        input.push_str(&format!(
            "enum E{index} {{ A, B = 'b' }}\n@q class C{index} {{ #p = {index}; static s = E{index}.B; m(long, {{ a, ...rest }}) {{ return this.#p + long?.[a] ?? rest; }} }}\nuse(<p k={{C{index}}}>{{x{index} || q}}</p>);\n"
        ));
    }
    let run = move || {
        let settings = settings(|options| options.target = "es2018".to_owned());
        let program = Arc::new(program("a.tsx", &input, &settings));
        let printed = print(&program, statements(&program), PrintOptions { comments: KeptComments::All, map: true });
        let mut draft = Draft::default();
        draft.fill(&program, statements(&program));
        let small = minify(draft, Format::Esm, &settings, true).expect("it parses");
        (printed.code, small.code, small.map.as_ref().map(|map| map.json(0)))
    };
    let expected = run();
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let run = run.clone();
            std::thread::Builder::new()
                .stack_size(16 << 20)
                .spawn(move || (0..5).map(|_| run()).collect::<Vec<_>>())
                .expect("a thread")
        })
        .collect();
    for thread in threads {
        assert!(thread.join().expect("no panic").iter().all(|found| *found == expected));
    }
}
