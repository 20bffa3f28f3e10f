use crate::options::Format;
use crate::swc::tests::settings;
use crate::swc::{Draft, minify};

fn small(pieces: &[&str]) -> String {
    let mut draft = Draft::default();
    for (at, code) in pieces.iter().enumerate() {
        if at > 0 {
            draft.cut();
        }
        draft.push(code);
    }
    minify(draft, Format::Esm, &settings(|_| ()), false).expect("it parses").code
}

/// A function of these pieces, after what stands before it.
fn small_function(before: &str, pieces: &[&str]) -> String {
    let mut draft = Draft::default();
    draft.push(before);
    draft.cut();
    draft.push("var evaluate = wrap(function(exports, module) {");
    draft.enter("exports, module");
    for code in pieces {
        draft.push(code);
        draft.cut();
    }
    draft.leave();
    draft.push("});");
    draft.cut();
    draft.push("evaluate();");
    minify(draft, Format::Esm, &settings(|_| ()), false).expect("it parses").code
}

#[track_caller]
fn check_whole(pieces: &[&str]) {
    assert_eq!(small(pieces), small(&[&pieces.join("\n")]));
}

#[test]
fn a_name_is_the_same_in_all_segments() {
    let code = small(&["import { a as thing } from './x.js';\nexport { thing as other };", "use(thing, thing);"]);
    assert_eq!(code, "import{a as ee}from\"./x.js\";export{ee as other};\nuse(ee,ee);");
}

#[test]
fn what_others_use_stays() {
    let code =
        small(&["function helper(first) { return first + own(first); } const own = f();", "use(helper); use(helper);"]);
    assert_eq!(code, "function ee(a){return a+te(a)}let te=f();\nuse(ee),use(ee);");
}

#[test]
fn a_name_that_changes_is_no_constant() {
    let code =
        small(&["let count = 0; function raise() { count++; }", "let before = count; raise(); use(before, count);"]);
    assert_eq!(code, "let ee=0;function te(){ee++}\nlet ne=ee;te(),use(ne,ee);");
}

#[test]
fn what_others_import_may_change() {
    let code = small(&["import { count, raise } from './x.js';", "let before = count; raise(); use(before, count);"]);
    assert_eq!(code, "import{count as ee,raise as te}from\"./x.js\";\nlet ne=ee;te(),use(ne,ee);");
}

#[test]
fn inner_names_like_those_of_such_variables_get_others() {
    let code = small(&[
        "f();",
        "for (var last of g()) h(last); use(function (ee, te) { return [ee, last, te, last, last]; });",
    ]);
    assert_eq!(code, "f();\nfor(var ee of g())h(ee);use(function(a,b){return[a,ee,b,ee,ee]});");
}

#[test]
fn variables_inside_statements_are_the_chunks_too() {
    let loops = "for (var at = 0; at < 3; at++) use(at);";
    let code = small(&[loops, &loops.replace("at", "at2"), "use(at, at2);"]);
    assert_eq!(code, "for(var ee=0;ee<3;ee++)use(ee);\nfor(var te=0;te<3;te++)use(te);\nuse(ee,te);");
}

#[test]
fn globals_keep_their_names() {
    let names: Vec<String> =
        (0..80).map(|number| format!("let name{number} = f(); use(name{number}, name{number}, te, ee);")).collect();
    let code = small(&["use(te, ee);", &names.join("\n")]);
    assert!(code.starts_with("use(te,ee);"), "{code}");
    assert!(!code.contains("te=f()") && !code.contains("ee=f()") && code.contains("ne=f()"), "{code}");
}

#[test]
fn segments_that_assign_to_each_other_are_one() {
    check_whole(&["let first = 1; export const get = () => first;", "first = 2; use(first);"]);
    check_whole(&["var first = f();", "use(eval('first'));"]);
}

#[test]
fn what_is_only_declared_may_be_assigned_anywhere() {
    let code =
        small(&["var count;", "count = 0; function raise() { return count++; }", "use(count), raise(), use(count);"]);
    assert_eq!(code, "var ee;\nfunction te(){return ee++}ee=0;\nuse(ee),te(),use(ee);");
}

#[test]
fn segments_of_a_body_stand_in_its_function() {
    let pieces = [
        "var count;",
        "count = 0; function raise() { return count++; }",
        "exports.raise = raise, module.id = () => count;",
    ];
    assert_eq!(
        small_function("import { wrap } from './wrap.js';", &pieces),
        "import{wrap as te}from\"./wrap.js\";\nvar re=te(function(exports,module){\nvar ee;\nfunction ne(){return ee++}ee=0;\n\
         exports.raise=ne,module.id=()=>ee;\n});\nre();"
    );
}

#[test]
fn a_body_that_cannot_be_told_apart_is_put_back() {
    let pieces = ["let count = 0;", "exports.raise = () => count++;"];
    let whole = format!(
        "use(eval('1'));\nvar evaluate = wrap(function(exports, module) {{ {} }});\nevaluate();",
        pieces.join("\n")
    );
    assert_eq!(small_function("use(eval('1'));", &pieces), small(&[&whole]));
}
