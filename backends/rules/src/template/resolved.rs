//! The values of a pattern's variables, looked up as they are wanted.

use crate::bindings::{Bindings, Bound};
use crate::pattern::Nothing;
use crate::variable::Variable;

/// A pattern's variables in one request.
#[derive(Clone, Copy)]
pub(crate) struct Resolved<'m> {
    variables: &'m [(Variable, u32)],
    bindings: &'m dyn Bindings,
}

impl<'m> Resolved<'m> {
    /// No variables.
    pub(crate) const NONE: Self = Self { variables: &[], bindings: &Nothing };

    pub(super) fn new(variables: &'m [(Variable, u32)], bindings: &'m dyn Bindings) -> Self {
        Self { variables, bindings }
    }

    /// How many variables there are.
    pub(crate) fn len(&self) -> usize {
        self.variables.len()
    }

    /// The value of a variable; none if it has none that is not empty.
    pub(crate) fn get(&self, index: usize) -> Option<Bound<'m>> {
        let (variable, uses) = self.variables.get(index)?;
        let text = match variable {
            Variable::Field(field) => self.bindings.field(*field),
            Variable::Capture { field, group } => self.bindings.capture(*field, *group),
            Variable::Label(key) => {
                let values = self.bindings.label(key);
                let some = values.iter().any(|value| !value.as_str().is_empty());
                return some.then_some(Bound::Label { values, repeated: *uses > 1 });
            }
        };
        text.filter(|text| !text.is_empty()).map(Bound::Text)
    }
}
