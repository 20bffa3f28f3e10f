//! Requests for files of which only a pattern is known: `import.meta.glob("./pages/*.js")` as Vite has it, and `import()` and `require` of
//! a path that begins with `./` or `../` and whose rest is computed.
//!
//! The call becomes a use of a made module: a fragment of the file, to whose text the engine adds the names of the matching files. So the
//! list is an input with a key of its own, and a new file changes that module alone.

use crate::swc::{Goal, Program};
use crate::words::{module_export_name, occurs, property_key, quoted};
use planish_pipeline::asset::{Dependency, Fragment, Source};
use planish_pipeline::diagnostic::Diagnostic;
use serde::{Deserialize, Serialize};
use swc_core::common::{DUMMY_SP, Span, SyntaxContext};
use swc_core::ecma::ast::*;
use swc_core::ecma::visit::{VisitMut, VisitMutWith};

/// The extension of such a fragment.
pub(crate) const EXTENSION: &str = "glob";

/// What a specifier of the made import begins with, before its number.
const SPECIFIER: &str = "\0glob:";

/// How the files are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Call {
    Glob,
    Import,
    Require,
}

/// The first line of a fragment.
#[derive(Debug, Serialize, Deserialize)]
struct Request {
    call: Call,
    /// At once, and not by functions.
    eager: bool,
    /// The export that is wanted, if not the whole module.
    import: Option<String>,
    /// With its question mark, or empty.
    query: String,
    /// The import attribute `type`.
    attribute: Option<String>,
    /// Keys are paths from the root and not from the file.
    from_root: bool,
    /// The extension is computed too: only files that are modules count, and `require` finds them without it.
    any_extension: bool,
    patterns: Vec<String>,
}

/// What was found in one file.
#[derive(Default)]
pub(crate) struct Globs {
    requests: Vec<Request>,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// Replaces the calls of a program.
pub(crate) fn replace(program: &mut Program, source: &Source) -> Globs {
    let mut globs = Globs::default();
    if !may_occur(&program.text) {
        return globs;
    }
    let mut module =
        std::mem::replace(&mut program.module, Module { span: Span::default(), body: Vec::new(), shebang: None });
    let is_module = program.goal == Goal::Module || module.body.iter().any(ModuleItem::is_module_decl);
    let mut finder = Finder {
        program,
        source,
        is_module,
        top_level: program.top_level_context(),
        unresolved: program.unresolved_context(),
        imports: Vec::new(),
        globs: &mut globs,
    };
    module.visit_mut_with(&mut finder);
    let imports = finder.imports;
    module.body.splice(0..0, imports);
    program.module = module;
    globs
}

impl Globs {
    /// Gives the made imports their fragments.
    pub(crate) fn attach(self, dependencies: &mut [Dependency]) {
        for dependency in dependencies {
            let number = dependency.specifier.strip_prefix(SPECIFIER).and_then(|number| number.parse::<usize>().ok());
            let Some((number, request)) = number.and_then(|number| Some((number, self.requests.get(number)?))) else {
                continue;
            };
            dependency.specifier = number.to_string();
            dependency.fragment = Some(Fragment {
                extension: EXTENSION.to_owned(),
                text: serde_json::to_string(request).expect("a request is plain data"),
                files: request.patterns.clone(),
            });
        }
    }
}

/// Whether the text has any call of `import` or `require`, or `import.meta.glob`.
fn may_occur(text: &str) -> bool {
    let calls = |name: &str| {
        let mut found = memchr::memmem::find_iter(text.as_bytes(), name.as_bytes());
        found.any(|at| text[at + name.len()..].trim_start().starts_with('('))
    };
    occurs(text, "import.meta.glob") || calls("import") || calls("require")
}

struct Finder<'a> {
    program: &'a Program,
    source: &'a Source,
    is_module: bool,
    top_level: SyntaxContext,
    unresolved: SyntaxContext,
    imports: Vec<ModuleItem>,
    globs: &'a mut Globs,
}

impl Finder<'_> {
    fn replacement(&mut self, call: &mut CallExpr) -> Option<Expr> {
        match &call.callee {
            Callee::Import(_) => self.computed(call, Call::Import),
            Callee::Expr(callee) if is_glob(callee) => Some(self.glob(call)),
            Callee::Expr(callee) => {
                let is_require =
                    matches!(&**callee, Expr::Ident(name) if name.sym == "require" && name.ctxt == self.unresolved);
                if is_require { self.computed(call, Call::Require) } else { None }
            }
            Callee::Super(_) => None,
        }
    }

    fn glob(&mut self, call: &CallExpr) -> Expr {
        let asked = match read_glob(&call.args) {
            Ok(request) => request,
            Err(message) => {
                let diagnostic = Diagnostic::error("invalid-glob", message)
                    .at(&self.source.id, self.program.offset(call.span), "")
                    .help("it is read when the site is built, so its arguments are literals: `import.meta.glob(\"./pages/*.js\", { eager: true })`");
                self.globs.diagnostics.push(diagnostic);
                return *Expr::undefined(call.span);
            }
        };
        let number = self.note(asked);
        self.import(number, call.span)
    }

    /// A path that is not known, but where it lies: the made function is called with it.
    fn computed(&mut self, call: &mut CallExpr, kind: Call) -> Option<Expr> {
        let first = call.args.first().filter(|first| first.spread.is_none())?;
        let Path { pattern, query, any_extension } = Path::of(&first.expr)?;
        let attribute = call.args.get(1).and_then(|options| type_attribute(&options.expr));
        let number = self.note(Request {
            call: kind,
            eager: false,
            import: None,
            query,
            attribute,
            from_root: false,
            any_extension,
            patterns: vec![pattern],
        });
        let callee = match kind {
            Call::Import if self.is_module => self.import(number, call.span),
            _ => self.required(number, call.span),
        };
        let mut argument = call.args.swap_remove(0);
        argument.visit_mut_with(self);
        Some(Expr::Call(CallExpr {
            span: call.span,
            ctxt: SyntaxContext::empty(),
            callee: Callee::Expr(Box::new(callee)),
            args: vec![argument],
            type_args: None,
        }))
    }

    fn note(&mut self, request: Request) -> usize {
        self.globs.requests.push(request);
        self.globs.requests.len() - 1
    }

    /// A name that an import declares. No name of the sources has a star in it.
    fn import(&mut self, number: usize, span: Span) -> Expr {
        let name = Ident::new(format!("*glob{number}*").into(), span, self.top_level);
        let specifier = ImportDefaultSpecifier { span, local: name.clone() };
        self.imports.push(ModuleItem::ModuleDecl(ModuleDecl::Import(ImportDecl {
            span,
            specifiers: vec![ImportSpecifier::Default(specifier)],
            src: Box::new(specifier_of(number, span)),
            type_only: false,
            with: None,
            phase: Default::default(),
        })));
        Expr::Ident(name)
    }

    /// `require("…").default`, where an import would make another kind of module of the file.
    fn required(&self, number: usize, span: Span) -> Expr {
        let require = Ident::new("require".into(), span, self.unresolved);
        let call = CallExpr {
            span,
            ctxt: SyntaxContext::empty(),
            callee: Callee::Expr(Box::new(Expr::Ident(require))),
            args: vec![Expr::Lit(Lit::Str(specifier_of(number, span))).into()],
            type_args: None,
        };
        let property = MemberProp::Ident(IdentName::new("default".into(), DUMMY_SP));
        Expr::Member(MemberExpr { span, obj: Box::new(Expr::Call(call)), prop: property })
    }
}

fn specifier_of(number: usize, span: Span) -> Str {
    Str { span, value: format!("{SPECIFIER}{number}").into(), raw: None }
}

impl VisitMut for Finder<'_> {
    fn visit_mut_expr(&mut self, expression: &mut Expr) {
        if let Expr::Call(call) = expression
            && let Some(replacement) = self.replacement(call)
        {
            *expression = replacement;
            return;
        }
        expression.visit_mut_children_with(self);
    }
}

fn is_glob(callee: &Expr) -> bool {
    matches!(callee, Expr::Member(member)
        if matches!(&*member.obj, Expr::MetaProp(meta) if meta.kind == MetaPropKind::ImportMeta)
            && matches!(&member.prop, MemberProp::Ident(name) if name.sym == "glob"))
}

fn text_of(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Lit(Lit::Str(text)) => Some(text.value.to_string_lossy().into_owned()),
        Expr::Tpl(template) if template.exprs.is_empty() => {
            Some(template.quasis.first()?.cooked.as_ref()?.to_string_lossy().into_owned())
        }
        Expr::Paren(paren) => text_of(&paren.expr),
        _ => None,
    }
}

/// The arguments of `import.meta.glob`; else what is wrong with them.
fn read_glob(arguments: &[ExprOrSpread]) -> Result<Request, String> {
    let patterns = arguments.first().and_then(|first| match &*first.expr {
        Expr::Array(list) => list.elems.iter().map(|item| text_of(&item.as_ref()?.expr)).collect(),
        other => text_of(other).map(|text| vec![text]),
    });
    let patterns: Vec<String> =
        patterns.ok_or("the first argument of `import.meta.glob` is no text and no list of texts")?;
    for pattern in &patterns {
        let plain = pattern.strip_prefix('!').unwrap_or(pattern);
        if !["./", "../", "/", "**"].iter().any(|start| plain.starts_with(start)) {
            return Err(format!("the pattern `{pattern}` begins with neither `./`, `../`, `/` nor `**`"));
        }
    }
    let from_root = !patterns.iter().all(|pattern| pattern.starts_with(['.', '!']));
    let mut request = Request {
        call: Call::Glob,
        eager: false,
        import: None,
        query: String::new(),
        attribute: None,
        from_root,
        any_extension: false,
        patterns,
    };
    match arguments.get(1).map(|options| &*options.expr) {
        None => {}
        Some(Expr::Object(options)) => options.props.iter().try_for_each(|option| read_option(option, &mut request))?,
        Some(_) => return Err("the options of `import.meta.glob` are no object".to_owned()),
    }
    Ok(request)
}

fn read_option(option: &PropOrSpread, request: &mut Request) -> Result<(), String> {
    let pair = option.as_prop().and_then(|prop| prop.as_key_value());
    let (name, value) = pair
        .and_then(|pair| Some((key_of(&pair.key)?, &*pair.value)))
        .ok_or("an option of `import.meta.glob` is not of the form `name: value`")?;
    let text = || text_of(value).ok_or(format!("the option `{name}` of `import.meta.glob` is no text"));
    match name.as_str() {
        "eager" | "exhaustive" => {
            let Expr::Lit(Lit::Bool(value)) = value else {
                return Err(format!("the option `{name}` of `import.meta.glob` is neither `true` nor `false`"));
            };
            request.eager |= name == "eager" && value.value;
        }
        "import" => request.import = Some(text()?).filter(|name| name != "*"),
        "as" => {
            request.query = format!("?{}", text()?);
            request.import.get_or_insert_with(|| "default".to_owned());
        }
        "query" => {
            let query = match value {
                Expr::Object(pairs) => pairs
                    .props
                    .iter()
                    .map(query_pair)
                    .collect::<Option<Vec<String>>>()
                    .ok_or("the option `query` of `import.meta.glob` is no object of literals")?
                    .join("&"),
                _ => text()?,
            };
            request.query = if query.is_empty() || query.starts_with('?') { query } else { format!("?{query}") };
        }
        other => return Err(format!("`import.meta.glob` has no option `{other}`")),
    }
    Ok(())
}

fn query_pair(pair: &PropOrSpread) -> Option<String> {
    let pair = pair.as_prop()?.as_key_value()?;
    let key = key_of(&pair.key)?;
    match &*pair.value {
        Expr::Lit(Lit::Bool(Bool { value: true, .. })) => Some(format!("{key}=true")),
        Expr::Lit(Lit::Bool(Bool { value: false, .. })) => Some(format!("{key}=false")),
        Expr::Lit(Lit::Num(number)) => Some(format!("{key}={}", number.value)),
        other => text_of(other).map(|value| if value.is_empty() { key } else { format!("{key}={value}") }),
    }
}

fn key_of(key: &PropName) -> Option<String> {
    match key {
        PropName::Ident(name) => Some(name.sym.to_string()),
        PropName::Str(name) => Some(name.value.to_string_lossy().into_owned()),
        _ => None,
    }
}

/// The `type` in `{ with: { type: "…" } }`.
fn type_attribute(options: &Expr) -> Option<String> {
    let member = |object: &Expr, name: &str| {
        let found = object.as_object()?.props.iter().find_map(|option| {
            let pair = option.as_prop()?.as_key_value()?;
            (key_of(&pair.key)? == name).then_some(&*pair.value)
        });
        found.cloned()
    };
    text_of(&member(&member(options, "with")?, "type")?)
}

/// A computed path as a pattern.
struct Path {
    pattern: String,
    query: String,
    any_extension: bool,
}

impl Path {
    /// `None` if the expression does not begin with a folder, or has nothing computed in it.
    fn of(expression: &Expr) -> Option<Self> {
        let mut pieces = Vec::new();
        collect(expression, &mut pieces);
        let Some(Some(head)) = pieces.first() else { return None };
        let is_relative = head.starts_with("./") || head.starts_with("../");
        if !is_relative || pieces.iter().all(Option::is_some) {
            return None;
        }
        let mut query = String::new();
        if let Some(Some(tail)) = pieces.last_mut()
            && let Some(at) = tail.find('?')
        {
            query = tail.split_off(at);
        }
        let any_extension = pieces.last().is_some_and(|last| last.as_ref().is_none_or(String::is_empty));
        let mut pattern = String::new();
        for piece in &pieces {
            match piece {
                Some(text) => text.chars().for_each(|letter| {
                    if "*?[]{}!\\".contains(letter) {
                        pattern.push('\\');
                    }
                    pattern.push(letter);
                }),
                // What stands for a whole segment may stand for several.
                None if pattern.ends_with('/') => pattern.push_str("**/*"),
                None => pattern.push('*'),
            }
        }
        Some(Self { pattern, query, any_extension })
    }
}

/// The pieces of a concatenation; `None` for what is computed. No two pieces of a kind follow each other.
fn collect(expression: &Expr, pieces: &mut Vec<Option<String>>) {
    match expression {
        Expr::Paren(paren) => collect(&paren.expr, pieces),
        Expr::Bin(sum) if sum.op == BinaryOp::Add && begins_with_text(&sum.left) => {
            collect(&sum.left, pieces);
            collect(&sum.right, pieces);
        }
        Expr::Tpl(template) => {
            let mut holes = template.exprs.iter();
            for quasi in &template.quasis {
                let text = quasi.cooked.as_ref().map(|text| text.to_string_lossy().into_owned());
                push(pieces, Some(text.unwrap_or_default()));
                if let Some(hole) = holes.next() {
                    collect(hole, pieces);
                }
            }
        }
        other => push(pieces, text_of(other)),
    }
}

fn push(pieces: &mut Vec<Option<String>>, piece: Option<String>) {
    match (pieces.last_mut(), piece) {
        (Some(Some(before)), Some(text)) => before.push_str(&text),
        (Some(None), None) => {}
        (_, Some(text)) if text.is_empty() => {}
        (_, piece) => pieces.push(piece),
    }
}

/// Whether a sum's left side is a text, so that `+` joins.
fn begins_with_text(expression: &Expr) -> bool {
    match expression {
        Expr::Lit(Lit::Str(_)) | Expr::Tpl(_) => true,
        Expr::Bin(sum) => sum.op == BinaryOp::Add && begins_with_text(&sum.left),
        Expr::Paren(paren) => begins_with_text(&paren.expr),
        _ => false,
    }
}

/// The made module of a fragment.
pub(crate) fn module(source: &Source, text: &str) -> (String, Vec<Diagnostic>) {
    let mut lines = text.lines();
    let Some(request) = lines.next().and_then(|line| serde_json::from_str::<Request>(line).ok()) else {
        return (String::new(), Vec::new());
    };
    match request.call {
        Call::Glob => (object(source, &request, lines), Vec::new()),
        Call::Import | Call::Require => function(source, &request, lines),
    }
}

/// The object that stands for `import.meta.glob()`. The file itself is not in it.
fn object<'t>(source: &Source, request: &Request, names: impl Iterator<Item = &'t str>) -> String {
    let folder = source.id.path().rsplit_once('/').map(|(folder, _)| folder).unwrap_or_default();
    let mut imports = String::new();
    let mut members = Vec::new();
    for (number, name) in names.filter(|name| from_root(folder, name) != source.id.path()).enumerate() {
        let key = if request.from_root { format!("/{}", from_root(folder, name)) } else { name.to_owned() };
        let specifier = quoted(&format!("{name}{}", request.query));
        let value = match &request.import {
            _ if request.eager => {
                let clause = match &request.import {
                    Some(import) => format!("{{ {} as file{number} }}", module_export_name(import)),
                    None => format!("* as file{number}"),
                };
                imports.push_str(&format!("import {clause} from {specifier};\n"));
                format!("file{number}")
            }
            Some(import) => format!("() => import({specifier}).then((module) => module[{}])", quoted(import)),
            None => format!("() => import({specifier})"),
        };
        members.push(format!("  {}: {value},\n", property_key(&key)));
    }
    format!("{imports}export default {{\n{}}};\n", members.concat())
}

/// The path from the root of a file that is named from a folder.
fn from_root(folder: &str, name: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in name.split('/') {
        match part {
            "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    parts.join("/")
}

/// The function that stands for `import` or `require` of a computed path.
fn function<'t>(source: &Source, request: &Request, names: impl Iterator<Item = &'t str>) -> (String, Vec<Diagnostic>) {
    let name = if request.call == Call::Require { "require" } else { "import" };
    let options = match &request.attribute {
        Some(attribute) if request.call == Call::Import => format!(", {{ with: {{ type: {} }} }}", quoted(attribute)),
        _ => String::new(),
    };
    let is_wanted = |name: &str| match request.attribute.as_deref() {
        _ if !request.any_extension => true,
        Some("json") => name.ends_with(".json"),
        Some(_) => true,
        None => is_module_name(name),
    };
    let names: Vec<&str> = names.filter(|name| is_wanted(name)).collect();
    if names.is_empty() {
        // Whoever runs the output may have such files.
        return (format!("export default (name) => {name}(name);\n"), nothing_found(source, request, name));
    }
    let mut members = String::new();
    for file in &names {
        let specifier = quoted(&format!("{file}{}", request.query));
        for key in keys(file, request, &names) {
            members.push_str(&format!("  {}: () => {name}({specifier}{options}),\n", property_key(&key)));
        }
    }
    let (code, failure) = match request.call {
        Call::Require => ("MODULE_NOT_FOUND", "throw error;"),
        _ => ("ERR_MODULE_NOT_FOUND", "return Promise.reject(error);"),
    };
    let text = format!(
        "const files = {{\n  __proto__: null,\n{members}}};
export default (name) => {{
  const load = files[name];
  if (load) return load();
  const error = new Error(`Cannot find module '${{name}}'`);
  error.code = \"{code}\";
  {failure}
}};
"
    );
    (text, Vec::new())
}

/// A package's own computed paths are its own business.
fn nothing_found(source: &Source, request: &Request, name: &str) -> Vec<Diagnostic> {
    if source.package.is_dependency {
        return Vec::new();
    }
    let pattern = request.patterns.join(", ");
    let file = source.id.path();
    let message = format!("no file matches `{pattern}`, the path that `{file}` computes for `{name}()`");
    let diagnostic = Diagnostic::warning("empty-glob", message);
    vec![diagnostic.help("the call is left as it is and looks beside the output")]
}

/// The names by which a file can be asked for: `require` finds modules without their extensions, and the `index` of a folder.
fn keys(file: &str, request: &Request, all: &[&str]) -> Vec<String> {
    let mut keys = vec![format!("{file}{}", request.query)];
    if request.call == Call::Require && request.any_extension {
        let rank = |name: &str| REQUIRED.iter().position(|extension| name.strip_suffix(extension).is_some());
        let first = |stem: &str| {
            let same = all.iter().filter(|name| without_extension(name) == Some(stem));
            same.min_by_key(|name| rank(name)).is_some_and(|name| *name == file) && !all.contains(&stem)
        };
        if let Some(stem) = without_extension(file).filter(|stem| first(stem)) {
            keys.push(stem.to_owned());
            let is_shadowed = |folder: &str| all.iter().any(|name| without_extension(name) == Some(folder));
            if let Some(folder) = stem.strip_suffix("/index").filter(|folder| !is_shadowed(folder)) {
                keys.extend([folder.to_owned(), format!("{folder}/")]);
            }
        }
    }
    keys
}

/// In the order in which they are tried.
const REQUIRED: [&str; 9] = [".js", ".json", ".cjs", ".jsx", ".ts", ".tsx", ".cts", ".mjs", ".mts"];

fn without_extension(name: &str) -> Option<&str> {
    REQUIRED.iter().find_map(|extension| name.strip_suffix(extension))
}

fn is_module_name(name: &str) -> bool {
    without_extension(name).is_some() && ![".d.ts", ".d.mts", ".d.cts"].iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_a_folder_are_paths_from_the_root() {
        assert_eq!(from_root("src/app", "./a.js"), "src/app/a.js");
        assert_eq!(from_root("src/app", "../../lib/a.js"), "lib/a.js");
        assert_eq!(from_root("", "../a.js"), "../a.js");
    }
}
