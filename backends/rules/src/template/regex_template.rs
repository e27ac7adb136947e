//! Regexes with the values of variables in them.

use std::sync::{Arc, OnceLock};

use regex::Regex;

use super::TemplateError;
use crate::{
    bindings::{Bound, MatchError, Value},
    go_regex::{Alternative, Flags, Options, Shape, Translated, parse, render},
    regexes::{Regexes, compile},
    token::Token,
};

/// Below this many states a regex is surely within the size limit, and need not compile to know it.
const SURELY_SMALL: u32 = 2_000;
/// How many regexes a repeated label may cost one match.
const BUDGET: usize = 500;

#[derive(Debug)]
pub(super) struct RegexTemplate {
    translated: Translated,
    compiled: OnceLock<Arc<Regex>>,
}

impl RegexTemplate {
    pub(super) fn parse(tokens: &[(usize, Token)]) -> Result<(Self, Shape), TemplateError> {
        let mut translated = parse(tokens, Options { flags: Flags::default(), capturing: true })?;
        let shape = std::mem::take(&mut translated.shape);
        if translated.weight > SURELY_SMALL {
            let empty = render(&translated.source, &translated.holes, |_| Vec::new());
            compile(&empty).map_err(|_| TemplateError::TooLarge)?;
        }
        translated.source.shrink_to_fit();
        Ok((Self { translated, compiled: OnceLock::new() }, shape))
    }

    pub(super) fn groups(&self) -> u32 {
        self.translated.groups
    }

    /// Whether the regex, which has no variables and is not kept, fits somewhere in the text.
    pub(super) fn find_once(&self, text: &str, regexes: &Regexes) -> Result<bool, MatchError> {
        Ok(regexes.compiled(&self.translated.source)?.is_match(text))
    }

    /// The regex, with values in it, that fits somewhere in the text. A variable without value fits nothing.
    pub(super) fn find(
        &self,
        text: &str,
        bound: &[Option<Bound<'_>>],
        regexes: &Regexes,
    ) -> Result<Option<Arc<Regex>>, MatchError> {
        if self.translated.holes.is_empty() {
            let regex = self.fixed(regexes)?;
            return Ok(regex.is_match(text).then_some(regex));
        }
        let chosen = bound.iter().map(|bound| Choice::of(bound.as_ref())).collect();
        Search { translated: &self.translated, text, regexes, chosen, budget: BUDGET }.run()
    }

    fn fixed(&self, regexes: &Regexes) -> Result<Arc<Regex>, MatchError> {
        if let Some(regex) = self.compiled.get() {
            return Ok(Arc::clone(regex));
        }
        let regex = regexes.compiled(&self.translated.source)?;
        if regexes.pin() {
            return Ok(Arc::clone(self.compiled.get_or_init(|| regex)));
        }
        Ok(regex)
    }
}

/// The values that a variable may still take.
struct Choice<'a> {
    values: Vec<Alternative<'a>>,
    /// It stands more than once and must be the same everywhere.
    single: bool,
}

impl<'a> Choice<'a> {
    fn of(bound: Option<&Bound<'a>>) -> Self {
        match bound {
            None => Self { values: Vec::new(), single: false },
            Some(Bound::Text(text)) => Self { values: vec![Alternative::Literal(text)], single: false },
            Some(Bound::Label { values, repeated }) => {
                let values =
                    values.iter().map(Value::from).filter(|value| !value.text().is_empty()).map(|value| match value {
                        Value::Literal(text) => Alternative::Literal(text),
                        Value::Pattern(text) => Alternative::Pattern(text),
                    });
                Self { values: values.collect(), single: *repeated }
            }
        }
    }
}

struct Search<'a> {
    translated: &'a Translated,
    text: &'a str,
    regexes: &'a Regexes,
    chosen: Vec<Choice<'a>>,
    budget: usize,
}

impl Search<'_> {
    /// Fixes the repeated labels one after another. While some are open, the regex takes any of their values at each
    /// place, so that it fits whenever a combination does: what it does not fit needs no further look.
    fn run(&mut self) -> Result<Option<Arc<Regex>>, MatchError> {
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
            if let Some(regex) = self.run()? {
                return Ok(Some(regex));
            }
        }
        if let Some(choice) = self.chosen.get_mut(index) {
            choice.values = values;
        }
        Ok(None)
    }
}
