//! Classes in the forms that swc's passes for old targets rewrite exactly.
//!
//! ```text
//! class A {} … A = 1                   let A = class A {} … A = 1       what is within goes on to mean the class
//! class A extends f() { [g()] = 1 }    _super = f(); class A extends _super { [g()] = 1 }
//! class { [a] = 1 }                    class { [toPropertyKey(a)] = 1 }          a key is converted once
//! (class A { [A.b] = 1 })              (class A { [fail("A")] = 1 })      the inner name cannot be used yet
//! a.#b()                               (a).#b()                         a getter may assign to `a`
//! a?.#b()                              a == null ? void 0 : a.#b()
//! ```

use super::scopes::is_directive;
use super::transform::Marks;
use rustc_hash::FxHashSet;
use swc_core::atoms::Atom;
use swc_core::common::comments::SingleThreadedComments;
use swc_core::common::util::take::Take;
use swc_core::common::{DUMMY_SP, Mark, SyntaxContext};
use swc_core::ecma::ast::*;
use swc_core::ecma::transforms::base::enable_helper;
use swc_core::ecma::transforms::base::fixer::paren_remover;
use swc_core::ecma::transforms::compat::es2020::optional_chaining;
use swc_core::ecma::utils::{find_pat_ids, private_ident};
use swc_core::ecma::visit::{Visit, VisitMut, VisitMutWith, VisitWith, noop_visit_mut_type, noop_visit_type};

/// Prepares all classes of a program.
pub(super) fn prepare(program: &mut Program, comments: &SingleThreadedComments, marks: Marks) {
    program.mutate(paren_remover(Some(comments)));
    let mut survey = Survey::default();
    program.visit_with(&mut survey);
    if survey.optional_private {
        program.mutate(optional_chaining(Default::default(), marks.unresolved));
    }
    program.visit_mut_with(&mut Prepare { survey, variables: Vec::new() });
}

/// What the program does with classes.
#[derive(Default)]
struct Survey {
    /// Names that are assigned to.
    assigned: FxHashSet<Id>,
    /// Names of private getters.
    getters: FxHashSet<Atom>,
    /// A private name occurs in an optional chain.
    optional_private: bool,
    chains: u32,
}

impl Survey {
    fn assign(&mut self, ids: Vec<Id>) {
        self.assigned.extend(ids);
    }
}

impl Visit for Survey {
    noop_visit_type!();

    fn visit_assign_expr(&mut self, assignment: &AssignExpr) {
        self.assign(find_pat_ids(&assignment.left));
        assignment.visit_children_with(self);
    }

    fn visit_update_expr(&mut self, update: &UpdateExpr) {
        if let Expr::Ident(name) = &*update.arg {
            self.assigned.insert(name.to_id());
        }
        update.visit_children_with(self);
    }

    fn visit_for_head(&mut self, head: &ForHead) {
        if let ForHead::Pat(pattern) = head {
            self.assign(find_pat_ids(pattern));
        }
        head.visit_children_with(self);
    }

    fn visit_private_method(&mut self, method: &PrivateMethod) {
        if method.kind == MethodKind::Getter {
            self.getters.insert(method.key.name.clone());
        }
        method.visit_children_with(self);
    }

    fn visit_opt_chain_expr(&mut self, chain: &OptChainExpr) {
        self.chains += 1;
        chain.visit_children_with(self);
        self.chains -= 1;
    }

    fn visit_private_name(&mut self, _: &PrivateName) {
        self.optional_private |= self.chains > 0;
    }
}

struct Prepare {
    survey: Survey,
    /// What the statements around have to declare.
    variables: Vec<Ident>,
}

impl Prepare {
    /// Prepares a class. Returns what has to be evaluated before it: a variable for its parent, and the parent.
    fn class(&self, class: &mut Class) -> Option<(Ident, Box<Expr>)> {
        for member in &mut class.body {
            if let ClassMember::ClassProp(ClassProp { key: PropName::Computed(key), .. }) = member
                && !key.expr.is_lit()
            {
                key.expr = helper_call(enable_helper!(to_property_key), "_to_property_key", key.expr.take());
            }
        }
        let has_keys = class.body.iter_mut().any(|member| computed(member).is_some());
        let parent = class.super_class.as_mut().filter(|parent| has_keys && !parent.is_ident())?;
        let variable = private_ident!("_super");
        Some((variable.clone(), std::mem::replace(parent, Box::new(variable.into()))))
    }

    fn statements<T: Item>(&mut self, items: &mut Vec<T>)
    where
        Vec<T>: VisitMutWith<Self>,
    {
        let outside = std::mem::take(&mut self.variables);
        items.visit_mut_children_with(self);
        let variables = std::mem::replace(&mut self.variables, outside);
        let taken = std::mem::take(items);
        for mut item in taken {
            let parent = item.declared().and_then(|class| self.class(class));
            items.extend(parent.map(|(name, value)| T::from(variable(VarDeclKind::Const, name, Some(value)))));
            match item.declared_name().filter(|name| self.survey.assigned.contains(&name.to_id())).cloned() {
                Some(name) => items.extend(item.into_variable(&name)),
                None => items.push(item),
            }
        }
        let directives = items.iter().take_while(|item| item.is_directive()).count();
        let declared = variables.into_iter().map(|name| T::from(variable(VarDeclKind::Var, name, None)));
        items.splice(directives..directives, declared);
    }

    /// The receiver of a call of what a private getter gives: the getter may assign to the variable that holds it.
    fn receiver(&self, callee: &mut Expr) {
        if let Expr::Member(MemberExpr { obj, prop: MemberProp::PrivateName(name), .. }) = callee
            && obj.is_ident()
            && self.survey.getters.contains(&name.name)
        {
            **obj = Expr::Paren(ParenExpr { span: DUMMY_SP, expr: obj.take() });
        }
    }
}

impl VisitMut for Prepare {
    noop_visit_mut_type!();

    fn visit_mut_stmts(&mut self, statements: &mut Vec<Stmt>) {
        self.statements(statements);
    }

    fn visit_mut_module_items(&mut self, items: &mut Vec<ModuleItem>) {
        self.statements(items);
    }

    fn visit_mut_expr(&mut self, expression: &mut Expr) {
        expression.visit_mut_children_with(self);
        let Expr::Class(ClassExpr { ident, class }) = expression else { return };
        if let Some(name) = ident {
            forbid_own_name(class, name);
        }
        if let Some((name, value)) = self.class(class) {
            self.variables.push(name.clone());
            let assignment = AssignExpr { span: DUMMY_SP, op: AssignOp::Assign, left: name.into(), right: value };
            let exprs = vec![Box::new(assignment.into()), Box::new(expression.take())];
            *expression = Expr::Seq(SeqExpr { span: DUMMY_SP, exprs });
        }
    }

    fn visit_mut_call_expr(&mut self, call: &mut CallExpr) {
        call.visit_mut_children_with(self);
        if let Callee::Expr(callee) = &mut call.callee {
            self.receiver(callee);
        }
    }

    fn visit_mut_tagged_tpl(&mut self, template: &mut TaggedTpl) {
        template.visit_mut_children_with(self);
        self.receiver(&mut template.tag);
    }
}

/// Replaces uses of a class's own name in its keys by the error that they are.
fn forbid_own_name(class: &mut Class, name: &Ident) {
    for member in &mut class.body {
        if let Some(key) = computed(member) {
            key.expr.visit_mut_with(&mut OwnName { name });
        }
    }
}

struct OwnName<'a> {
    name: &'a Ident,
}

impl VisitMut for OwnName<'_> {
    noop_visit_mut_type!();

    fn visit_mut_expr(&mut self, expression: &mut Expr) {
        expression.visit_mut_children_with(self);
        if expression.as_ident().is_some_and(|name| name.to_id() == self.name.to_id()) {
            let text = Box::new(Expr::Lit(self.name.sym.as_str().into()));
            *expression = *helper_call(enable_helper!(class_name_tdz_error), "_class_name_tdz_error", text);
        }
    }

    fn visit_mut_function(&mut self, _: &mut Function) {}
    fn visit_mut_arrow_expr(&mut self, _: &mut ArrowExpr) {}
}

/// `helper(value)`
fn helper_call(mark: Mark, helper: &str, value: Box<Expr>) -> Box<Expr> {
    let callee = Ident::new(helper.into(), DUMMY_SP, SyntaxContext::empty().apply_mark(mark));
    let args = vec![ExprOrSpread { spread: None, expr: value }];
    Box::new(Expr::Call(CallExpr { callee: Callee::Expr(Box::new(callee.into())), args, ..CallExpr::dummy() }))
}

/// The key of a member, if it is an expression that does something.
fn computed(member: &mut ClassMember) -> Option<&mut ComputedPropName> {
    let key = match member {
        ClassMember::Method(method) => &mut method.key,
        ClassMember::ClassProp(field) => &mut field.key,
        _ => return None,
    };
    key.as_mut_computed().filter(|key| !key.expr.is_lit())
}

fn variable(kind: VarDeclKind, name: Ident, init: Option<Box<Expr>>) -> Stmt {
    let declarator = VarDeclarator { span: DUMMY_SP, name: Pat::Ident(name.into()), init, definite: false };
    Stmt::Decl(Decl::Var(Box::new(VarDecl { kind, decls: vec![declarator], ..VarDecl::dummy() })))
}

/// A statement, or an item of a module.
trait Item: From<Stmt> {
    /// The class that it declares.
    fn declared(&mut self) -> Option<&mut Class>;
    /// The name of that class.
    fn declared_name(&self) -> Option<&Ident>;
    fn is_directive(&self) -> bool;
    /// `let A = class A {}`
    fn into_variable(self, name: &Ident) -> Vec<Self>
    where
        Self: Sized;
}

/// A class as the value of a variable of its name.
fn as_variable(name: &Ident, mut class: Box<Class>) -> Stmt {
    forbid_own_name(&mut class, name);
    let value = Expr::Class(ClassExpr { ident: Some(name.clone()), class });
    variable(VarDeclKind::Let, name.clone(), Some(Box::new(value)))
}

impl Item for Stmt {
    fn declared(&mut self) -> Option<&mut Class> {
        match self {
            Self::Decl(Decl::Class(declaration)) => Some(&mut declaration.class),
            _ => None,
        }
    }

    fn declared_name(&self) -> Option<&Ident> {
        match self {
            Self::Decl(Decl::Class(declaration)) => Some(&declaration.ident),
            _ => None,
        }
    }

    fn is_directive(&self) -> bool {
        is_directive(self)
    }

    fn into_variable(self, name: &Ident) -> Vec<Self> {
        match self {
            Self::Decl(Decl::Class(declaration)) => vec![as_variable(name, declaration.class)],
            other => vec![other],
        }
    }
}

impl Item for ModuleItem {
    fn declared(&mut self) -> Option<&mut Class> {
        match self {
            Self::Stmt(statement) => statement.declared(),
            Self::ModuleDecl(ModuleDecl::ExportDecl(ExportDecl { decl: Decl::Class(declaration), .. })) => {
                Some(&mut declaration.class)
            }
            Self::ModuleDecl(ModuleDecl::ExportDefaultDecl(ExportDefaultDecl {
                decl: DefaultDecl::Class(declaration),
                ..
            })) => Some(&mut declaration.class),
            Self::ModuleDecl(_) => None,
        }
    }

    fn declared_name(&self) -> Option<&Ident> {
        match self {
            Self::Stmt(statement) => statement.declared_name(),
            Self::ModuleDecl(ModuleDecl::ExportDecl(ExportDecl { decl: Decl::Class(declaration), .. })) => {
                Some(&declaration.ident)
            }
            Self::ModuleDecl(ModuleDecl::ExportDefaultDecl(ExportDefaultDecl {
                decl: DefaultDecl::Class(declaration),
                ..
            })) => declaration.ident.as_ref(),
            Self::ModuleDecl(_) => None,
        }
    }

    fn is_directive(&self) -> bool {
        self.as_stmt().is_some_and(Item::is_directive)
    }

    fn into_variable(self, name: &Ident) -> Vec<Self> {
        match self {
            Self::Stmt(statement) => statement.into_variable(name).into_iter().map(Self::Stmt).collect(),
            Self::ModuleDecl(ModuleDecl::ExportDecl(ExportDecl { span, decl: Decl::Class(declaration) })) => {
                match as_variable(name, declaration.class) {
                    Stmt::Decl(decl) => vec![Self::ModuleDecl(ModuleDecl::ExportDecl(ExportDecl { span, decl }))],
                    other => vec![Self::Stmt(other)],
                }
            }
            Self::ModuleDecl(ModuleDecl::ExportDefaultDecl(ExportDefaultDecl {
                decl: DefaultDecl::Class(declaration),
                ..
            })) => vec![Self::Stmt(as_variable(name, declaration.class)), export_default(name)],
            other => vec![other],
        }
    }
}

/// `export { A as default }`
fn export_default(name: &Ident) -> ModuleItem {
    let exported = Ident::new_no_ctxt("default".into(), DUMMY_SP);
    let specifier = ExportNamedSpecifier {
        span: DUMMY_SP,
        orig: ModuleExportName::Ident(name.clone()),
        exported: Some(ModuleExportName::Ident(exported)),
        is_type_only: false,
    };
    ModuleItem::ModuleDecl(ModuleDecl::ExportNamed(NamedExport {
        specifiers: vec![ExportSpecifier::Named(specifier)],
        ..NamedExport::dummy()
    }))
}
