//! Accessor fields as the decorators of old TypeScript see them, which know methods only:
//!
//! ```text
//! @log accessor a = 1        #a = 1; @log get a() { return this.#a } set a(value) { this.#a = value }
//! ```

use rustc_hash::FxHashSet;
use swc_core::atoms::Atom;
use swc_core::common::DUMMY_SP;
use swc_core::common::util::take::Take;
use swc_core::ecma::ast::*;
use swc_core::ecma::utils::private_ident;
use swc_core::ecma::visit::{VisitMut, VisitMutWith, noop_visit_mut_type};

/// Replaces the accessor fields of all classes.
pub(super) fn replace_accessors(program: &mut Program) {
    let mut accessors = Accessors { variables: Vec::new() };
    program.visit_mut_with(&mut accessors);
    let declarators = accessors.variables.into_iter().map(|name| VarDeclarator {
        span: DUMMY_SP,
        name: Pat::Ident(name.into()),
        init: None,
        definite: false,
    });
    let decls: Vec<VarDeclarator> = declarators.collect();
    if decls.is_empty() {
        return;
    }
    // A `var` counts wherever it stands.
    let declaration = VarDecl { kind: VarDeclKind::Var, decls, ..VarDecl::dummy() };
    let statement = Stmt::Decl(Decl::Var(Box::new(declaration)));
    match program {
        Program::Module(module) => module.body.push(ModuleItem::Stmt(statement)),
        Program::Script(script) => script.body.push(statement),
    }
}

struct Accessors {
    /// What holds keys that are expressions.
    variables: Vec<Ident>,
}

impl Accessors {
    /// The field that holds the value, and the methods that read and write it.
    fn replace(&mut self, accessor: AutoAccessor, taken: &mut FxHashSet<Atom>) -> Vec<ClassMember> {
        let AutoAccessor { span, key, value, is_static, decorators, accessibility, .. } = accessor;
        let storage = PrivateName { span: DUMMY_SP, name: free_name(&key, taken) };
        let (key, second) = self.keys(key);
        let field = PrivateProp { span, key: storage.clone(), value, is_static, ..PrivateProp::default() };
        let method = |key: Key, kind, function: Function| match key {
            Key::Private(key) => ClassMember::PrivateMethod(PrivateMethod {
                span,
                key,
                function: Box::new(function),
                kind,
                is_static,
                accessibility,
                ..PrivateMethod::default()
            }),
            Key::Public(key) => ClassMember::Method(ClassMethod {
                span,
                key,
                function: Box::new(function),
                kind,
                is_static,
                accessibility,
                ..ClassMethod::default()
            }),
        };
        vec![
            ClassMember::PrivateProp(field),
            method(key, MethodKind::Getter, Function { decorators, ..getter(&storage) }),
            method(second, MethodKind::Setter, setter(&storage)),
        ]
    }

    /// The same key twice. A key that is an expression is evaluated once: the second method takes it from the first.
    fn keys(&mut self, key: Key) -> (Key, Key) {
        let Key::Public(PropName::Computed(ComputedPropName { span, expr })) = key else { return (key.clone(), key) };
        if expr.is_lit() {
            let key = Key::Public(PropName::Computed(ComputedPropName { span, expr }));
            return (key.clone(), key);
        }
        let computed = |expr| Key::Public(PropName::Computed(ComputedPropName { span, expr: Box::new(expr) }));
        let name = private_ident!("_key");
        self.variables.push(name.clone());
        let right = expr;
        let first = AssignExpr { span: DUMMY_SP, op: AssignOp::Assign, left: name.clone().into(), right };
        (computed(first.into()), computed(name.into()))
    }
}

impl VisitMut for Accessors {
    noop_visit_mut_type!();

    fn visit_mut_class(&mut self, class: &mut Class) {
        class.visit_mut_children_with(self);
        if !class.body.iter().any(ClassMember::is_auto_accessor) {
            return;
        }
        let mut taken = private_names(&class.body);
        for member in std::mem::take(&mut class.body) {
            match member {
                ClassMember::AutoAccessor(accessor) if !accessor.is_abstract => {
                    class.body.extend(self.replace(accessor, &mut taken));
                }
                other => class.body.push(other),
            }
        }
    }
}

fn private_names(members: &[ClassMember]) -> FxHashSet<Atom> {
    let names = members.iter().filter_map(|member| match member {
        ClassMember::PrivateProp(field) => Some(field.key.name.clone()),
        ClassMember::PrivateMethod(method) => Some(method.key.name.clone()),
        ClassMember::AutoAccessor(AutoAccessor { key: Key::Private(name), .. }) => Some(name.name.clone()),
        _ => None,
    });
    names.collect()
}

fn free_name(key: &Key, taken: &mut FxHashSet<Atom>) -> Atom {
    let base = match key {
        Key::Private(name) => name.name.to_string(),
        Key::Public(PropName::Ident(name)) => name.sym.to_string(),
        Key::Public(_) => "accessor".to_owned(),
    };
    let mut name = Atom::from(base.as_str());
    let mut number = 1;
    while !taken.insert(name.clone()) {
        number += 1;
        name = format!("{base}{number}").into();
    }
    name
}

fn storage_of(storage: &PrivateName) -> MemberExpr {
    let this = Box::new(Expr::This(ThisExpr { span: DUMMY_SP }));
    MemberExpr { span: DUMMY_SP, obj: this, prop: MemberProp::PrivateName(storage.clone()) }
}

fn getter(storage: &PrivateName) -> Function {
    let value = Stmt::Return(ReturnStmt { span: DUMMY_SP, arg: Some(Box::new(storage_of(storage).into())) });
    Function { body: Some(FunctionBody { span: DUMMY_SP, stmts: vec![value] }), ..Function::dummy() }
}

fn setter(storage: &PrivateName) -> Function {
    let value = private_ident!("value");
    let (left, right) = (storage_of(storage).into(), Box::new(value.clone().into()));
    let assignment = AssignExpr { span: DUMMY_SP, op: AssignOp::Assign, left, right };
    let statement = Stmt::Expr(ExprStmt { span: DUMMY_SP, expr: Box::new(assignment.into()) });
    let parameter = Param { span: DUMMY_SP, decorators: Vec::new(), pat: Pat::Ident(value.into()) };
    Function {
        params: vec![parameter],
        body: Some(FunctionBody { span: DUMMY_SP, stmts: vec![statement] }),
        ..Function::dummy()
    }
}
