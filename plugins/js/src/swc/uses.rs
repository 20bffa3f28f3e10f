//! Which syntax a file contains: passes for what is not there are not run.

use super::target::Target;
use swc_core::ecma::ast::{
    ArrowExpr, AssignExpr, AutoAccessor, BinExpr, BinaryOp, CatchClause, ClassProp, Constructor, Decorator,
    ExportSpecifier, ForOfStmt, Function, JSXElement, JSXFragment, NamedExport, ObjectLit, ObjectPat, ObjectPatProp,
    OptChainExpr, PrivateMethod, PrivateProp, PropOrSpread, Regex, StaticBlock, UsingDecl,
};
use swc_core::ecma::preset_env::Feature;
use swc_core::ecma::visit::{Visit, VisitWith, noop_visit_type};

/// Features that old targets lack so broadly that looking for them is not worth it.
const ANCIENT: [Feature; 8] = [
    Feature::ArrowFunctions,
    Feature::BlockScoping,
    Feature::Classes,
    Feature::Destructuring,
    Feature::Parameters,
    Feature::Regenerator,
    Feature::Spread,
    Feature::TemplateLiterals,
];

/// What a file contains beyond ECMAScript 2015.
#[derive(Default)]
pub(super) struct Uses {
    pub(super) decorators: bool,
    pub(super) using: bool,
    pub(super) jsx: bool,
    features: Vec<Feature>,
}

impl Uses {
    /// Looks through a syntax tree.
    pub(super) fn of<T: VisitWith<Self>>(tree: &T) -> Self {
        let mut uses = Self::default();
        tree.visit_with(&mut uses);
        uses
    }

    /// Whether something in the file has to be lowered for the target.
    pub(super) fn needs_lowering(&self, target: &Target) -> bool {
        ANCIENT.iter().chain(&self.features).any(|feature| !target.supports(*feature))
    }

    /// Whether a class of the file has members that old targets do not know.
    pub(super) fn has_class_members(&self) -> bool {
        let members = [Feature::ClassProperties, Feature::PrivateMethods, Feature::ClassStaticBlock];
        members.iter().any(|feature| self.features.contains(feature))
    }

    /// Whether a class of the file has fields.
    pub(super) fn has_fields(&self) -> bool {
        self.features.contains(&Feature::ClassProperties)
    }

    fn note(&mut self, feature: Feature) {
        if !self.features.contains(&feature) {
            self.features.push(feature);
        }
    }

    fn note_function(&mut self, is_async: bool, is_generator: bool) {
        if is_async {
            self.note(if is_generator { Feature::AsyncGeneratorFunctions } else { Feature::AsyncToGenerator });
        }
    }
}

impl Visit for Uses {
    noop_visit_type!();

    fn visit_decorator(&mut self, node: &Decorator) {
        self.decorators = true;
        node.visit_children_with(self);
    }

    fn visit_auto_accessor(&mut self, node: &AutoAccessor) {
        self.decorators = true;
        node.visit_children_with(self);
    }

    fn visit_using_decl(&mut self, node: &UsingDecl) {
        self.using = true;
        node.visit_children_with(self);
    }

    fn visit_jsx_element(&mut self, node: &JSXElement) {
        self.jsx = true;
        node.visit_children_with(self);
    }

    fn visit_jsx_fragment(&mut self, node: &JSXFragment) {
        self.jsx = true;
        node.visit_children_with(self);
    }

    fn visit_function(&mut self, node: &Function) {
        self.note_function(node.is_async, node.is_generator);
        node.visit_children_with(self);
    }

    fn visit_arrow_expr(&mut self, node: &ArrowExpr) {
        self.note_function(node.is_async, node.is_generator);
        node.visit_children_with(self);
    }

    fn visit_for_of_stmt(&mut self, node: &ForOfStmt) {
        if node.is_await {
            self.note(Feature::AsyncGeneratorFunctions);
        }
        node.visit_children_with(self);
    }

    fn visit_bin_expr(&mut self, node: &BinExpr) {
        match node.op {
            BinaryOp::Exp => self.note(Feature::ExponentiationOperator),
            BinaryOp::NullishCoalescing => self.note(Feature::NullishCoalescing),
            BinaryOp::In if node.left.is_private_name() => self.note(Feature::PrivatePropertyInObject),
            _ => {}
        }
        node.visit_children_with(self);
    }

    fn visit_assign_expr(&mut self, node: &AssignExpr) {
        match node.op.to_update() {
            Some(BinaryOp::Exp) => self.note(Feature::ExponentiationOperator),
            Some(BinaryOp::LogicalAnd | BinaryOp::LogicalOr | BinaryOp::NullishCoalescing) => {
                self.note(Feature::LogicalAssignmentOperators);
            }
            _ => {}
        }
        node.visit_children_with(self);
    }

    fn visit_object_lit(&mut self, node: &ObjectLit) {
        if node.props.iter().any(PropOrSpread::is_spread) {
            self.note(Feature::ObjectRestSpread);
        }
        node.visit_children_with(self);
    }

    fn visit_object_pat(&mut self, node: &ObjectPat) {
        if node.props.iter().any(ObjectPatProp::is_rest) {
            self.note(Feature::ObjectRestSpread);
        }
        node.visit_children_with(self);
    }

    fn visit_catch_clause(&mut self, node: &CatchClause) {
        if node.param.is_none() {
            self.note(Feature::OptionalCatchBinding);
        }
        node.visit_children_with(self);
    }

    fn visit_opt_chain_expr(&mut self, node: &OptChainExpr) {
        self.note(Feature::OptionalChaining);
        node.visit_children_with(self);
    }

    fn visit_named_export(&mut self, node: &NamedExport) {
        if node.specifiers.iter().any(ExportSpecifier::is_namespace) {
            self.note(Feature::ExportNamespaceFrom);
        }
    }

    fn visit_class_prop(&mut self, node: &ClassProp) {
        self.note(Feature::ClassProperties);
        node.visit_children_with(self);
    }

    fn visit_private_prop(&mut self, node: &PrivateProp) {
        self.note(Feature::ClassProperties);
        node.visit_children_with(self);
    }

    fn visit_private_method(&mut self, node: &PrivateMethod) {
        self.note(Feature::PrivateMethods);
        node.visit_children_with(self);
    }

    fn visit_static_block(&mut self, node: &StaticBlock) {
        self.note(Feature::ClassStaticBlock);
        node.visit_children_with(self);
    }

    /// Parameter properties become fields.
    fn visit_constructor(&mut self, node: &Constructor) {
        if node.params.iter().any(swc_core::ecma::ast::ParamOrTsParamProp::is_ts_param_prop) {
            self.note(Feature::ClassProperties);
        }
        node.visit_children_with(self);
    }

    fn visit_regex(&mut self, node: &Regex) {
        for flag in node.flags.chars() {
            match flag {
                's' => self.note(Feature::DotAllRegex),
                'v' => self.note(Feature::UnicodeSetsRegex),
                _ => {}
            }
        }
        if node.exp.contains("(?<") {
            self.note(Feature::NamedCapturingGroupsRegex);
        }
        if node.exp.contains("\\p{") || node.exp.contains("\\P{") {
            self.note(Feature::UnicodePropertyRegex);
        }
    }
}
