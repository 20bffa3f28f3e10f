//! hoist: a module's tree -> the statements that stand in its chunk: dead parts, imports and exports removed, names and references
//! replaced by what the instructions say.
//!
//! Replacements that are more than a name are put in as identifiers whose text is the code: the printer writes it as it is, and all of
//! it binds at least as tightly as a member access, a call or an `await` in parentheses.

pub(crate) mod groups;
mod worker;

use self::worker::{make_module, worker_of};
use crate::commonjs::is_free;
use crate::effects::property_key;
use crate::instruct::{Code, ModuleInstructions};
use crate::record::DEFAULT_LOCAL;
use crate::scan::{dependency_of, member_path};
use crate::swc::{NAME_HELPER, NameOptions, Naming, Program, directives};
use crate::tables::Wrap;
use swc_core::atoms::Atom;
use swc_core::common::{DUMMY_SP, Span, SyntaxContext};
use swc_core::ecma::ast::*;
use swc_core::ecma::utils::find_pat_ids;
use swc_core::ecma::visit::{VisitMut, VisitMutWith};

/// The pieces of a rendered module.
pub(crate) struct Hoisted {
    /// Function declarations of a wrapped ES module, which stand outside its wrapper.
    pub(crate) functions: Vec<Stmt>,
    /// Everything else.
    pub(crate) body: Vec<Stmt>,
    /// Variables that a wrapped ES module's statements assign.
    pub(crate) variables: Vec<String>,
    /// It calls the helper that gives names.
    pub(crate) gives_names: bool,
    /// Calls of it for functions of the chunk's scope, which others may ask for their names before this module is evaluated.
    pub(crate) names: Vec<Stmt>,
}

/// Makes the statements of a module. `items` are the program's own, or a copy of them; `names` says how functions and classes keep
/// theirs, if they do.
pub(crate) fn hoist(
    program: &Program,
    items: Vec<ModuleItem>,
    instructions: &ModuleInstructions,
    names: Option<&NameOptions>,
) -> Hoisted {
    let live = items.into_iter().zip(&instructions.live).filter(|(item, live)| **live && !is_linkage(item));
    let mut replacer = Replacer {
        instructions,
        top_level: program.top_level_context(),
        unresolved: program.unresolved_context(),
        scopes: 0,
    };
    let mut statements: Vec<Stmt> = Vec::new();
    for (item, _) in live {
        let mut statement = replacer.statement(item);
        drop_properties(&mut statement, instructions);
        statement.visit_mut_with(&mut replacer);
        statements.push(if instructions.guards_throw { guarded(statement) } else { statement });
    }
    let (calls, named) = give_names(program, instructions, names, &mut statements);
    let gives_names = named || instructions.free.contains_key(&Atom::from(NAME_HELPER));
    let hoisted =
        Hoisted { functions: Vec::new(), body: Vec::new(), variables: Vec::new(), gives_names, names: Vec::new() };
    match instructions.wrap {
        Wrap::CommonJs => {
            let directives = directives(&statements);
            statements.splice(directives..directives, calls);
            Hoisted { body: statements, ..hoisted }
        }
        Wrap::None => Hoisted { body: statements, names: calls, ..hoisted },
        Wrap::Esm => {
            let (functions, others): (Vec<Stmt>, Vec<Stmt>) =
                statements.into_iter().partition(|statement| matches!(statement, Stmt::Decl(Decl::Fn(_))));
            let mut variables = Vec::new();
            let mut body = others.into_iter().map(|statement| assign(statement, &mut variables)).collect();
            program.fix(&mut body);
            Hoisted { functions, body, variables, names: calls, ..hoisted }
        }
    }
}

/// Gives functions and classes their names back; returns what belongs before the statements, and whether anything was to be done.
fn give_names(
    program: &Program,
    instructions: &ModuleInstructions,
    names: Option<&NameOptions>,
    statements: &mut Vec<Stmt>,
) -> (Vec<Stmt>, bool) {
    let Some(names) = names else { return (Vec::new(), false) };
    let default = instructions.names.get(&Atom::from(DEFAULT_LOCAL)).map(|code| code.text().into());
    let mut naming = Naming::new(&program.text, names, default);
    (naming.name_all(statements), naming.used)
}

/// Leaves out what nobody uses of an object literal.
fn drop_properties(statement: &mut Stmt, instructions: &ModuleInstructions) {
    let Stmt::Decl(Decl::Var(declaration)) = statement else { return };
    let [VarDeclarator { name: Pat::Ident(name), init: Some(init), .. }] = &mut declaration.decls[..] else { return };
    let Some(unused) = instructions.unused.get(&name.sym) else { return };
    let mut value = &mut **init;
    while let Expr::Paren(inner) = value {
        value = &mut inner.expr;
    }
    if let Expr::Object(object) = value {
        let key = |property: &PropOrSpread| property_key(property.as_prop()?);
        object.props.retain(|property| key(property).is_none_or(|key| !unused.contains(&key)));
    }
}

/// To the minifier everything after a `throw` is dead, even declarations that are exported. It does not see that a condition always holds.
fn guarded(statement: Stmt) -> Stmt {
    match statement {
        Stmt::Throw(throw) => Stmt::If(IfStmt {
            span: throw.span,
            test: Box::new(raw(DUMMY_SP, "Object")),
            cons: Box::new(Stmt::Throw(throw)),
            alt: None,
        }),
        statement => statement,
    }
}

fn is_linkage(item: &ModuleItem) -> bool {
    matches!(
        item,
        ModuleItem::ModuleDecl(ModuleDecl::Import(_) | ModuleDecl::ExportNamed(_) | ModuleDecl::ExportAll(_))
    )
}

struct Replacer<'a> {
    instructions: &'a ModuleInstructions,
    top_level: SyntaxContext,
    unresolved: SyntaxContext,
    /// Functions around the current node that have a `this` of their own.
    scopes: u32,
}

impl Replacer<'_> {
    /// An export becomes the declaration that it exports.
    fn statement(&self, item: ModuleItem) -> Stmt {
        let declaration = match item {
            ModuleItem::Stmt(statement) => return statement,
            ModuleItem::ModuleDecl(declaration) => declaration,
        };
        match declaration {
            ModuleDecl::ExportDecl(export) => Stmt::Decl(export.decl),
            ModuleDecl::ExportDefaultDecl(export) => match export.decl {
                DefaultDecl::Fn(FnExpr { ident, function }) => Stmt::Decl(Decl::Fn(FnDecl {
                    ident: ident.unwrap_or_else(|| self.default_name()),
                    declare: false,
                    function,
                })),
                DefaultDecl::Class(ClassExpr { ident, class }) => Stmt::Decl(Decl::Class(ClassDecl {
                    ident: ident.unwrap_or_else(|| self.default_name()),
                    declare: false,
                    class,
                })),
                DefaultDecl::TsInterfaceDecl(_) => Stmt::Empty(EmptyStmt { span: DUMMY_SP }),
            },
            ModuleDecl::ExportDefaultExpr(export) => Stmt::Decl(Decl::Var(Box::new(VarDecl {
                span: export.span,
                ctxt: SyntaxContext::empty(),
                kind: VarDeclKind::Const,
                declare: false,
                decls: vec![VarDeclarator {
                    span: export.span,
                    name: Pat::Ident(self.default_name().into()),
                    init: Some(export.expr),
                    definite: false,
                }],
            }))),
            _ => Stmt::Empty(EmptyStmt { span: DUMMY_SP }),
        }
    }

    fn default_name(&self) -> Ident {
        Ident::new(DEFAULT_LOCAL.into(), DUMMY_SP, self.top_level)
    }

    fn code(&self, name: &Ident) -> Option<&Code> {
        if name.ctxt == self.top_level { self.instructions.names.get(&name.sym) } else { None }
    }

    /// The value of a top-level name that keeps it.
    fn constant(&self, expression: &Expr) -> Option<(Span, &String)> {
        let name = expression.as_ident().filter(|name| name.ctxt == self.top_level)?;
        Some((name.span, self.instructions.constants.get(&name.sym)?))
    }

    /// What stands for an expression as a whole.
    fn replacement(&self, expression: &Expr) -> Option<(Span, &Code)> {
        match expression {
            Expr::Ident(name) => Some((name.span, self.code(name)?)),
            Expr::Member(member) => {
                let (object, path) = member_path(member).filter(|(object, _)| object.ctxt == self.top_level)?;
                let code = self.instructions.members.get(&(object.sym.clone(), path))?;
                Some((member.span, code))
            }
            Expr::Call(call) => {
                let literal = call.args.first()?.expr.as_lit()?.as_str()?;
                Some((call.span, self.instructions.dependencies.get(&dependency_of(literal)?)?))
            }
            _ => None,
        }
    }

    /// Whether an expression is the `require` that Node does not give to the module.
    fn has_no_require(&self, expression: &Expr) -> bool {
        self.instructions.has_no_require && is_free(expression, "require", self.unresolved)
    }

    /// The tag of a template or the callee of a call: a property of a module's exports must not get them as `this`.
    fn callee(&self, callee: &mut Expr) -> bool {
        if let Expr::Ident(name) = callee
            && let Some(Code::Property(text)) = self.code(name)
        {
            let text = format!("(0, {text})");
            *callee = raw(name.span, &text);
            return true;
        }
        false
    }
}

/// Code as an expression; see the head of this file.
fn raw(span: Span, text: &str) -> Expr {
    Expr::Ident(Ident::new(Atom::from(text), span, SyntaxContext::empty()))
}

fn parenthesised(text: &str) -> String {
    // A number's own point would be taken for that of a member.
    let is_word = !text.starts_with(|c: char| c.is_ascii_digit());
    let simple = is_word && text.chars().all(|c| c.is_ascii_alphanumeric() || "_$.".contains(c))
        || text.starts_with('"')
        || text.starts_with('(');
    if simple { text.to_owned() } else { format!("({text})") }
}

impl VisitMut for Replacer<'_> {
    fn visit_mut_expr(&mut self, expression: &mut Expr) {
        if let Some((span, text)) = self.constant(expression) {
            *expression = raw(span, &parenthesised(text));
            return;
        }
        if let Some((span, code)) = self.replacement(expression) {
            let text = match code {
                Code::Name(text) | Code::Property(text) => text.clone(),
                Code::Value(text) => parenthesised(text),
            };
            *expression = raw(span, &text);
            return;
        }
        match expression {
            Expr::Unary(unary) if unary.op == UnaryOp::TypeOf && self.has_no_require(&unary.arg) => return,
            Expr::Ident(name) if name.ctxt == self.unresolved => {
                if let Some(text) = self.instructions.free.get(&name.sym) {
                    name.sym = text.as_str().into();
                }
                return;
            }
            Expr::MetaProp(meta) if meta.kind == MetaPropKind::ImportMeta => {
                if let Some(text) = self.instructions.import_meta {
                    *expression = raw(meta.span, text);
                }
                return;
            }
            Expr::This(this) if self.scopes == 0 && self.instructions.wrap != Wrap::CommonJs => {
                *expression = raw(this.span, "(void 0)");
                return;
            }
            _ => {}
        }
        expression.visit_mut_children_with(self);
    }

    fn visit_mut_new_expr(&mut self, new: &mut NewExpr) {
        if worker_of(new).is_some_and(|number| self.instructions.module_workers.contains(&number)) {
            make_module(new);
        }
        new.visit_mut_children_with(self);
    }

    /// `0.toFixed()` is none.
    fn visit_mut_member_expr(&mut self, member: &mut MemberExpr) {
        member.visit_mut_children_with(self);
        if let Expr::Ident(object) = &mut *member.obj
            && object.sym.starts_with(|first: char| first.is_ascii_digit())
        {
            object.sym = format!("({})", object.sym).into();
        }
    }

    fn visit_mut_callee(&mut self, callee: &mut Callee) {
        if let Callee::Expr(expression) = callee
            && self.callee(expression)
        {
            return;
        }
        callee.visit_mut_children_with(self);
    }

    fn visit_mut_tagged_tpl(&mut self, template: &mut TaggedTpl) {
        if self.callee(&mut template.tag) {
            template.tpl.visit_mut_with(self);
        } else {
            template.visit_mut_children_with(self);
        }
    }

    fn visit_mut_opt_call(&mut self, call: &mut OptCall) {
        if self.callee(&mut call.callee) {
            call.args.visit_mut_with(self);
        } else {
            call.visit_mut_children_with(self);
        }
    }

    /// `017` is not allowed in the strict script that sloppy code becomes part of.
    fn visit_mut_number(&mut self, number: &mut Number) {
        let is_legacy = |raw: &Atom| raw.len() > 1 && raw.starts_with('0') && raw.as_bytes()[1].is_ascii_digit();
        if number.raw.as_ref().is_some_and(is_legacy) {
            number.raw = None;
        }
    }

    fn visit_mut_str(&mut self, literal: &mut Str) {
        // Nor is "\01".
        let is_legacy = |raw: &Atom| raw.as_bytes().windows(2).any(|pair| pair[0] == b'\\' && pair[1].is_ascii_digit());
        if self.instructions.wrap == Wrap::CommonJs && literal.raw.as_ref().is_some_and(is_legacy) {
            literal.raw = None;
        }
        if let Some(number) = dependency_of(literal) {
            literal.raw = None;
            if let Some(code) = self.instructions.dependencies.get(&number) {
                literal.value = code.text().into();
            }
        }
    }

    fn visit_mut_prop(&mut self, property: &mut Prop) {
        if let Prop::Shorthand(name) = property {
            let key = PropName::Ident(IdentName::new(name.sym.clone(), name.span));
            let mut value = Expr::Ident(name.clone());
            value.visit_mut_with(self);
            if !matches!(&value, Expr::Ident(new) if new.sym == name.sym) {
                *property = Prop::KeyValue(KeyValueProp { key, value: Box::new(value) });
            }
            return;
        }
        property.visit_mut_children_with(self);
    }

    fn visit_mut_object_pat_prop(&mut self, property: &mut ObjectPatProp) {
        if let ObjectPatProp::Assign(assignment) = property
            && let Some(code) = self.code(&assignment.key.id)
        {
            let key = PropName::Ident(IdentName::new(assignment.key.sym.clone(), assignment.key.span));
            let name = Pat::Ident(Ident::new(code.text().into(), assignment.key.span, SyntaxContext::empty()).into());
            let mut default = assignment.value.take();
            default.visit_mut_with(self);
            let value = match default {
                Some(right) => Pat::Assign(AssignPat { span: assignment.span, left: Box::new(name), right }),
                None => name,
            };
            *property = ObjectPatProp::KeyValue(KeyValuePatProp { key, value: Box::new(value) });
            return;
        }
        property.visit_mut_children_with(self);
    }

    /// Declarations and assignment targets.
    fn visit_mut_ident(&mut self, name: &mut Ident) {
        if let Some(code) = self.code(name) {
            name.sym = code.text().into();
            name.ctxt = SyntaxContext::empty();
        }
    }

    fn visit_mut_function(&mut self, function: &mut Function) {
        self.scopes += 1;
        function.visit_mut_children_with(self);
        self.scopes -= 1;
    }

    fn visit_mut_constructor(&mut self, constructor: &mut Constructor) {
        self.scopes += 1;
        constructor.visit_mut_children_with(self);
        self.scopes -= 1;
    }

    fn visit_mut_class_member(&mut self, member: &mut ClassMember) {
        // Fields and static blocks have the instance or the class as `this`; keys and decorators do not, and hardly ever mention it.
        self.scopes += 1;
        member.visit_mut_children_with(self);
        self.scopes -= 1;
    }

    fn visit_mut_getter_prop(&mut self, getter: &mut GetterProp) {
        self.scopes += 1;
        getter.visit_mut_children_with(self);
        self.scopes -= 1;
    }

    fn visit_mut_setter_prop(&mut self, setter: &mut SetterProp) {
        self.scopes += 1;
        setter.visit_mut_children_with(self);
        self.scopes -= 1;
    }
}

/// A declaration of a wrapped module becomes an assignment to a variable that stands outside the wrapper.
fn assign(statement: Stmt, variables: &mut Vec<String>) -> Stmt {
    match statement {
        Stmt::Decl(Decl::Var(declaration)) => assign_variables(*declaration, variables),
        Stmt::Decl(Decl::Class(ClassDecl { ident, class, .. })) => {
            variables.push(ident.sym.to_string());
            let span = class.span;
            let name = ident.clone();
            assignment(
                span,
                AssignTarget::Simple(SimpleAssignTarget::Ident(ident.into())),
                Box::new(Expr::Class(ClassExpr { ident: Some(name), class })),
            )
        }
        mut other => {
            other.visit_mut_with(&mut InnerVariables { variables });
            other
        }
    }
}

fn assign_variables(declaration: VarDecl, variables: &mut Vec<String>) -> Stmt {
    let is_var = declaration.kind == VarDeclKind::Var;
    let mut assignments: Vec<Box<Expr>> = Vec::new();
    for declarator in declaration.decls {
        names_of(&declarator.name, variables);
        let init = match declarator.init {
            Some(init) => init,
            None if is_var => continue,
            None => Box::new(raw(DUMMY_SP, "void 0")),
        };
        if let Ok(left) = AssignTarget::try_from(declarator.name) {
            assignments.push(Box::new(Expr::Assign(AssignExpr {
                span: declarator.span,
                op: AssignOp::Assign,
                left,
                right: init,
            })));
        }
    }
    match assignments.len() {
        0 => Stmt::Empty(EmptyStmt { span: DUMMY_SP }),
        1 => Stmt::Expr(ExprStmt { span: declaration.span, expr: assignments.remove(0) }),
        _ => Stmt::Expr(ExprStmt {
            span: declaration.span,
            expr: Box::new(Expr::Seq(SeqExpr { span: declaration.span, exprs: assignments })),
        }),
    }
}

fn assignment(span: Span, left: AssignTarget, right: Box<Expr>) -> Stmt {
    Stmt::Expr(ExprStmt { span, expr: Box::new(Expr::Assign(AssignExpr { span, op: AssignOp::Assign, left, right })) })
}

/// The names that a pattern declares.
fn names_of(pattern: &Pat, names: &mut Vec<String>) {
    names.extend(find_pat_ids::<_, Ident>(pattern).into_iter().map(|name| name.sym.to_string()));
}

/// `var`s in blocks and loops of a wrapped module's top level are the module's too.
struct InnerVariables<'a> {
    variables: &'a mut Vec<String>,
}

impl VisitMut for InnerVariables<'_> {
    fn visit_mut_stmt(&mut self, statement: &mut Stmt) {
        match statement {
            Stmt::Decl(Decl::Var(declaration)) if declaration.kind == VarDeclKind::Var => {
                let taken = std::mem::take(&mut **declaration);
                *statement = assign_variables(taken, self.variables);
            }
            _ => statement.visit_mut_children_with(self),
        }
    }

    fn visit_mut_for_stmt(&mut self, statement: &mut ForStmt) {
        if let Some(VarDeclOrExpr::VarDecl(declaration)) = &mut statement.init
            && declaration.kind == VarDeclKind::Var
        {
            let taken = std::mem::take(&mut **declaration);
            statement.init = match assign_variables(taken, self.variables) {
                Stmt::Expr(expression) => Some(VarDeclOrExpr::Expr(expression.expr)),
                _ => None,
            };
        }
        statement.body.visit_mut_with(self);
    }

    fn visit_mut_for_head(&mut self, head: &mut ForHead) {
        if let ForHead::VarDecl(declaration) = head
            && declaration.kind == VarDeclKind::Var
            && let Some(declarator) = declaration.decls.pop()
        {
            names_of(&declarator.name, self.variables);
            *head = ForHead::Pat(Box::new(declarator.name));
        }
    }

    fn visit_mut_function(&mut self, _: &mut Function) {}
    fn visit_mut_arrow_expr(&mut self, _: &mut ArrowExpr) {}
    fn visit_mut_class(&mut self, _: &mut Class) {}
}
