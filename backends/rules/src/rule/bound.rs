//! What the variables of a rule stand for in one request.

use dockgate_api::{AccessRequest, LabelValue};

use super::field_text;
use crate::bindings::Bindings;
use crate::template::Groups;
use crate::variable::Field;

/// The request, and what the rule has captured of it so far.
pub(super) struct Bound<'m, 'r> {
    request: &'m AccessRequest<'r>,
    captures: Vec<(Field, Groups<'r>)>,
}

impl<'m, 'r> Bound<'m, 'r> {
    pub(super) fn of(request: &'m AccessRequest<'r>) -> Self {
        Self { request, captures: Vec::new() }
    }

    pub(super) fn captured(&mut self, field: Field, groups: Groups<'r>) {
        self.captures.push((field, groups));
    }

    /// Whether the field has matched.
    pub(super) fn has_captured(&self, field: Field) -> bool {
        self.captures.iter().any(|(source, _)| *source == field)
    }
}

impl Bindings for Bound<'_, '_> {
    fn field(&self, field: Field) -> Option<&str> {
        Some(field_text(self.request, field))
    }

    fn capture(&self, field: Field, group: u32) -> Option<&str> {
        self.captures.iter().find(|(source, _)| *source == field)?.1.get(group)
    }

    fn label(&self, key: &str) -> &[LabelValue] {
        self.request.identity.labels.values(key)
    }
}
