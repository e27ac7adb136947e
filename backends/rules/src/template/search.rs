//! A regex with a request's values written into it.

use std::sync::Arc;

use regex::Regex;

use super::head;
use super::resolved::Resolved;
use crate::{
    bindings::{Bound, MatchError, Value},
    go_regex::{Alternative, PrefixPart, Translated, render},
    regexes::Regexes,
};

/// How many regexes a repeated label may cost one match.
const BUDGET: usize = 500;

/// The values that a variable may still take.
struct Choice<'a> {
    values: Vec<Alternative<'a>>,
    /// It stands more than once and must be the same everywhere.
    single: bool,
}

impl<'a> Choice<'a> {
    fn of(bound: Option<Bound<'a>>, fits: impl Fn(Value<'a>) -> bool) -> Self {
        match bound {
            None => Self { values: Vec::new(), single: false },
            Some(Bound::Text(text)) => Self { values: vec![Alternative::Literal(text)], single: false },
            Some(Bound::Label { values, repeated }) => {
                let values = values.iter().map(Value::from);
                let values = values.filter(|value| !value.text().is_empty() && fits(*value));
                let values = values.map(|value| match value {
                    Value::Literal(text) => Alternative::Literal(text),
                    Value::Pattern(text) => Alternative::Pattern(text),
                });
                Self { values: values.collect(), single: repeated }
            }
        }
    }
}

pub(super) struct Search<'a> {
    translated: &'a Translated,
    text: &'a str,
    regexes: &'a Regexes,
    chosen: Vec<Choice<'a>>,
    budget: usize,
}

impl<'a> Search<'a> {
    /// A search with all values that are not ruled out by the start of the text; none if nothing is left of a label
    /// that must stand there.
    pub(super) fn new(
        translated: &'a Translated,
        text: &'a str,
        prefix: &[PrefixPart],
        values: Resolved<'a>,
        regexes: &'a Regexes,
    ) -> Option<Self> {
        let first = first_label(text, prefix, values);
        let choice = |variable| {
            Choice::of(values.get(variable), |value| match first {
                Some((label, rest)) if label == variable => rest.starts_with(head::of_regex(value)),
                _ => true,
            })
        };
        let chosen: Vec<_> = (0..values.len()).map(choice).collect();
        let none_left =
            first.and_then(|(label, _)| chosen.get(label)).is_some_and(|left| left.values.is_empty());
        (!none_left).then_some(Self { translated, text, regexes, chosen, budget: BUDGET })
    }

    /// Fixes the repeated labels one after another. While some are open, the regex takes any of their values at each
    /// place, so that it fits whenever a combination does: what it does not fit needs no further look.
    pub(super) fn run(mut self) -> Result<Option<Arc<Regex>>, MatchError> {
        self.fix()
    }

    fn fix(&mut self) -> Result<Option<Arc<Regex>>, MatchError> {
        let source = render(&self.translated.source, &self.translated.holes, |variable| {
            self.chosen.get(variable).map(|choice| choice.values.clone()).unwrap_or_default()
        });
        let regex = self.regexes.compiled(&source)?;
        if !regex.is_match(self.text) {
            return Ok(None);
        }
        let open = |choice: &Choice<'_>| choice.single && choice.values.len() > 1;
        let Some(index) = self.chosen.iter().position(open) else { return Ok(Some(regex)) };
        let values = self.chosen.get(index).map(|choice| choice.values.clone()).unwrap_or_default();
        for value in &values {
            self.budget = self.budget.checked_sub(1).ok_or(MatchError::TooManyCombinations)?;
            if let Some(choice) = self.chosen.get_mut(index) {
                choice.values = vec![*value];
            }
            if let Some(regex) = self.fix()? {
                return Ok(Some(regex));
            }
        }
        if let Some(choice) = self.chosen.get_mut(index) {
            choice.values = values;
        }
        Ok(None)
    }
}

/// The first label of a pattern's start, and the text from where it stands.
fn first_label<'t>(text: &'t str, prefix: &[PrefixPart], values: Resolved<'_>) -> Option<(usize, &'t str)> {
    let mut rest = text;
    for part in prefix {
        rest = match part {
            PrefixPart::Text(text) => rest.strip_prefix(&**text)?,
            PrefixPart::Variable(index) => match values.get(*index)? {
                Bound::Text(value) => rest.strip_prefix(value)?,
                Bound::Label { .. } => return Some((*index, rest)),
            },
        };
    }
    None
}
