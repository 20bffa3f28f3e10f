//! From the syntax that people write to the JavaScript that the linker reads.
//!
//! Passes make names up and tell them apart by context, not by text. The linker wants it simpler: after passes that can do so,
//! names are made unique and contexts given anew.

use super::Settings;
use super::accessors::replace_accessors;
use super::define::Liftable;
use super::lower::lower;
use super::namespaces;
use super::parse::Syntax;
use super::scopes::Rewrites;
use super::settings::Jsx;
use super::uses::Uses;
use planish_pipeline::asset::CompilerOptions;
use swc_core::common::comments::SingleThreadedComments;
use swc_core::common::sync::Lrc;
use swc_core::common::util::take::Take;
use swc_core::common::{DUMMY_SP, FileName, Mark, SourceMap, SyntaxContext};
use swc_core::ecma::ast::{
    Decl, ExportDecl, ExportNamedSpecifier, ExportSpecifier, Ident, Module, ModuleDecl, ModuleExportName, ModuleItem,
    NamedExport, Program, Script, Stmt,
};
use swc_core::ecma::preset_env::Feature;
use swc_core::ecma::transforms::base::fixer::fixer;
use swc_core::ecma::transforms::base::helpers::{HELPERS, Helpers, inject_helpers};
use swc_core::ecma::transforms::base::hygiene::hygiene;
use swc_core::ecma::transforms::base::resolver;
use swc_core::ecma::transforms::optimization::simplify::{dead_branch_remover, expr_simplifier};
use swc_core::ecma::transforms::proposal::decorator_2023_11::decorator_2023_11;
use swc_core::ecma::transforms::proposal::decorators::{self, decorators};
use swc_core::ecma::transforms::proposal::explicit_resource_management::explicit_resource_management;
use swc_core::ecma::transforms::react::{Options, Runtime, react};
use swc_core::ecma::transforms::typescript::{Config, ImportsNotUsedAsValues, TsxConfig, tsx, typescript};
use swc_core::ecma::utils::find_pat_ids;
use swc_core::ecma::visit::{VisitMut, VisitMutWith, VisitWith};

/// The marks of one program.
#[derive(Clone, Copy)]
pub(super) struct Marks {
    pub(super) unresolved: Mark,
    pub(super) top_level: Mark,
}

impl Marks {
    fn new() -> Self {
        Self { unresolved: Mark::new(), top_level: Mark::new() }
    }

    fn resolve(self, program: &mut Program, typescript: bool) {
        program.mutate(resolver(self.unresolved, self.top_level, typescript));
    }
}

/// What the passes need besides the tree.
pub(super) struct Context<'a> {
    pub(super) text: &'a str,
    pub(super) syntax: Syntax,
    pub(super) compiler: &'a CompilerOptions,
    pub(super) jsx: Jsx,
    pub(super) settings: &'a Settings,
}

/// Runs all passes that the file needs, and returns the marks that its names have afterwards.
pub(super) fn transform(
    program: &mut Program,
    comments: &SingleThreadedComments,
    rewrites: &Rewrites,
    context: &Context<'_>,
) -> Marks {
    let marks = Marks::new();
    rewrites.prepare(program);
    marks.resolve(program, context.syntax.is_typescript());
    let has_twins = rewrites.finish(program);
    let changed = HELPERS.set(&Helpers::new(false), || {
        let mut changed = has_twins;
        changed |= translate(program, comments, context, marks);
        changed |= define(program, comments, context, marks);
        changed |= lower(program, comments, context, marks);
        if changed {
            program.mutate(inject_helpers(marks.unresolved));
        }
        changed
    });
    if changed { settle(program, comments) } else { marks }
}

/// Everything that is not JavaScript, or not yet.
fn translate(program: &mut Program, comments: &SingleThreadedComments, context: &Context<'_>, marks: Marks) -> bool {
    let uses = Uses::of(program);
    let resources = uses.using && !context.settings.target.supports(Feature::ExplicitResourceManagement);
    if uses.decorators {
        decorate(program, context);
    }
    if resources {
        program.mutate(explicit_resource_management());
    }
    if context.syntax.is_typescript() {
        strip_types(program, comments, context, marks);
    }
    if uses.jsx {
        let (map, options) = (source_map(context.text), jsx_options(&context.jsx));
        program.mutate(react(map, Some(comments.clone()), options, marks.top_level, marks.unresolved));
    }
    uses.decorators || resources || uses.jsx || context.syntax.is_typescript()
}

/// Decorators become calls.
fn decorate(program: &mut Program, context: &Context<'_>) {
    let compiler = context.compiler;
    if compiler.experimental_decorators && context.syntax.is_typescript() {
        replace_accessors(program);
        program.mutate(decorators(decorators::Config {
            legacy: true,
            emit_metadata: compiler.emit_decorator_metadata,
            use_define_for_class_fields: !compiler.assigns_fields,
        }));
    }
    program.mutate(decorator_2023_11());
}

fn strip_types(program: &mut Program, comments: &SingleThreadedComments, context: &Context<'_>, marks: Marks) {
    let config = Config {
        native_class_properties: !context.compiler.assigns_fields,
        verbatim_module_syntax: context.compiler.keeps_imports,
        import_not_used_as_values: if context.compiler.keeps_import_statements {
            ImportsNotUsedAsValues::Preserve
        } else {
            ImportsNotUsedAsValues::Remove
        },
        ..Config::default()
    };
    namespaces::join_parts(program);
    if context.syntax.is_jsx() {
        // The names that JSX will call count as used. With the automatic runtime only a file's own `@jsx` comment asks for one.
        let jsx = &context.jsx;
        let name = |text: &String| if jsx.automatic { "null".to_owned() } else { text.clone() };
        let names =
            TsxConfig { pragma: Some(name(&jsx.factory).into()), pragma_frag: Some(name(&jsx.fragment).into()) };
        let map = source_map(context.text);
        program.mutate(tsx(map, config, names, comments.clone(), marks.unresolved, marks.top_level));
    } else {
        program.mutate(typescript(config, marks.unresolved, marks.top_level));
    }
    if let Program::Module(module) = program
        && let Some(script) = as_script(module)
    {
        *program = Program::Script(script);
    }
}

/// A file whose only module syntax was `import x = require()` or `export =` is a CommonJS module once these are stripped.
fn as_script(module: &mut Module) -> Option<Script> {
    let is_empty_export = |item: &ModuleItem| matches!(item, ModuleItem::ModuleDecl(ModuleDecl::ExportNamed(export)) if export.specifiers.is_empty() && export.src.is_none());
    if !module.body.iter().all(ModuleItem::is_stmt) || module.body.is_empty() || module.body.iter().any(is_empty_export)
    {
        return None;
    }
    let body = std::mem::take(&mut module.body).into_iter().filter_map(ModuleItem::stmt).collect();
    Some(Script { span: module.span, body, shebang: module.shebang.take() })
}

fn jsx_options(jsx: &Jsx) -> Options {
    let mut options = Options { runtime: Some(Runtime::Classic), development: Some(false), ..Options::default() };
    if jsx.automatic {
        options.runtime = Some(Runtime::Automatic);
        options.import_source = Some(jsx.import_source.as_str().into());
    } else {
        options.pragma = Some(jsx.factory.clone().into());
        options.pragma_frag = Some(jsx.fragment.clone().into());
    }
    options
}

/// Replaces what is defined, and drops the branches that are dead then. Returns whether that may have brought names into a scope that has them
/// already. Most files only ask for `process.env.NODE_ENV`, and it did not.
fn define(program: &mut Program, comments: &SingleThreadedComments, context: &Context<'_>, marks: Marks) -> bool {
    let define = &context.settings.define;
    if !define.may_occur(context.text) {
        return false;
    }
    let mut replace = define.replacer(SyntaxContext::empty().apply_mark(marks.unresolved), program.is_script());
    let mut liftable = Liftable::default();
    let mut replace_in = |program: &mut Program| {
        program.visit_mut_with(&mut replace);
        if std::mem::take(&mut replace.replaced) {
            let unresolved = marks.unresolved;
            program.visit_with(&mut liftable);
            program.mutate((expr_simplifier(unresolved, Default::default()), dead_branch_remover(unresolved)));
            program.mutate(fixer(Some(comments)));
        }
    };
    match program {
        // The passes need not see the statements where nothing was replaced, and do not see then what follows a `throw` of the top level.
        Program::Module(module) => {
            for item in std::mem::take(&mut module.body) {
                let mut alone = Program::Module(Module { body: vec![item], ..Module::dummy() });
                replace_in(&mut alone);
                module.body.extend(alone.expect_module().body);
            }
        }
        // A directive rules all of a script.
        Program::Script(_) => replace_in(program),
    }
    replace.has_names || liftable.found
}

/// Makes names unique by their text, and gives contexts anew.
fn settle(program: &mut Program, comments: &SingleThreadedComments) -> Marks {
    if let Program::Module(module) = program {
        module.body = std::mem::take(&mut module.body).into_iter().flat_map(list_exports).collect();
    }
    program.mutate(hygiene());
    program.visit_mut_with(&mut Forget);
    program.mutate(fixer(Some(comments)));
    let marks = Marks::new();
    marks.resolve(program, false);
    marks
}

/// `export const a = 1, b = 2;` becomes `const a = 1, b = 2; export { a, b };`: where swc gives one of several names another, it exports that
/// name alone.
fn list_exports(item: ModuleItem) -> Vec<ModuleItem> {
    match item {
        ModuleItem::ModuleDecl(ModuleDecl::ExportDecl(ExportDecl { span, decl: Decl::Var(declaration) }))
            if declaration.decls.len() > 1 || declaration.decls.iter().any(|one| !one.name.is_ident()) =>
        {
            let clause = |orig| ExportNamedSpecifier { span: DUMMY_SP, orig, exported: None, is_type_only: false };
            let names = find_pat_ids(&declaration.decls).into_iter().map(ModuleExportName::Ident);
            let specifiers = names.map(clause).map(ExportSpecifier::Named).collect();
            let list = NamedExport { span, specifiers, src: None, type_only: false, with: None };
            vec![Stmt::Decl(Decl::Var(declaration)).into(), ModuleDecl::ExportNamed(list).into()]
        }
        item => vec![item],
    }
}

/// Removes all contexts, those of blocks and functions too.
pub(super) struct Forget;

impl VisitMut for Forget {
    fn visit_mut_syntax_context(&mut self, context: &mut SyntaxContext) {
        *context = SyntaxContext::empty();
    }

    fn visit_mut_ident(&mut self, ident: &mut Ident) {
        ident.ctxt = SyntaxContext::empty();
    }
}

/// swc's own form of the text, for passes that look at it. Positions are those of the parser.
fn source_map(text: &str) -> Lrc<SourceMap> {
    let map = Lrc::new(SourceMap::default());
    map.new_source_file(Lrc::new(FileName::Anon), text.to_owned());
    map
}
