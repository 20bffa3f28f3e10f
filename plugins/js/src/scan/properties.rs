//! Properties of object literals as parts of their own.

use super::{Scanner, constant_text};
use crate::effects::{Literal, property_key};
use crate::record::{Part, Property, property_local};
use swc_core::atoms::Atom;
use swc_core::ecma::ast::*;
use swc_core::ecma::visit::VisitMutWith;

impl Scanner<'_> {
    /// Scans an object literal whose properties can be told apart.
    pub(super) fn literal(&mut self, object: &mut ObjectLit, name: &Atom, mut known: Literal) {
        for property in &mut object.props {
            let key = property.as_prop().and_then(|property| property_key(property));
            match key.and_then(|key| known.remove_entry(&key)) {
                Some((key, known)) if known.is_pure => {
                    self.note_constant_property(name, &key, property);
                    let property_of = Property { object: name.clone(), name: key, receiver: known.receiver };
                    self.property(property, property_of);
                }
                _ => property.visit_mut_with(self),
            }
        }
    }

    fn note_constant_property(&mut self, object: &Atom, key: &Atom, property: &PropOrSpread) {
        let value = property.as_prop().and_then(|property| property.as_key_value()).map(|pair| &pair.value);
        let text = value.and_then(|value| constant_text(value, self.unresolved));
        self.record.constants.extend(text.map(|text| (property_local(object, key), text)));
    }

    /// Scans a property as a part of its own.
    fn property(&mut self, scanned: &mut PropOrSpread, property: Property) {
        let statement =
            std::mem::replace(&mut self.part, Part { property: Some(property), is_still: true, ..Part::default() });
        let uses =
            (std::mem::take(&mut self.uses), std::mem::take(&mut self.member_uses), std::mem::take(&mut self.assigned));
        scanned.visit_mut_with(self);
        let part = self.finish_part();
        self.properties.push(part);
        (self.uses, self.member_uses, self.assigned) = uses;
        self.part = statement;
    }
}
