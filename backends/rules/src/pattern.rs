//! A pattern that depends on nothing but the text.

use dockgate_api::LabelValue;

use crate::bindings::Bindings;
use crate::glob::DoubleStar;
use crate::regexes::Regexes;
use crate::template::{Parsed, Template, TemplateError};
use crate::variable::{Field, Scope};

/// A glob or `/regex/` without variables.
#[derive(Debug)]
pub struct Pattern {
    template: Template,
    regexes: Regexes,
}

impl Pattern {
    /// Parses and checks a pattern.
    ///
    /// # Errors
    /// As [`Template::parse`]; the inner error says which variable stands in it, if one does.
    pub fn parse(source: &str, double_star: DoubleStar) -> Result<Self, PatternError> {
        let template = parse(source, double_star)?.template;
        Ok(Self { template, regexes: Regexes::new(1, 1) })
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        self.template.as_str()
    }

    /// Whether a text matches. Without variables nothing can exceed a bound that held at load.
    pub fn matches(&self, text: &str) -> bool {
        self.template.is_match(text, &Nothing, &self.regexes).unwrap_or(false)
    }
}

/// A template without variables, for those who have compiled regexes to share.
pub(crate) fn parse(source: &str, double_star: DoubleStar) -> Result<Parsed, PatternError> {
    let parsed = Template::parse(source, Scope::Field, double_star)?;
    let variable = parsed.template.variables().next().map(ToString::to_string);
    variable.map_or(Ok(parsed), |variable| Err(PatternError::Variable(variable)))
}

/// Why a pattern is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// It is malformed.
    #[error(transparent)]
    Malformed(#[from] TemplateError),
    /// There is nothing that a variable could stand for.
    #[error("`{0}` means nothing here: write a pattern without variables")]
    Variable(String),
}

/// No request: nothing that a variable could stand for.
pub(crate) struct Nothing;

impl Bindings for Nothing {
    fn field(&self, _: Field) -> Option<&str> {
        None
    }

    fn capture(&self, _: Field, _: u32) -> Option<&str> {
        None
    }

    fn label(&self, _: &str) -> &[LabelValue] {
        &[]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_globs_and_regexes_and_takes_no_variable() {
        let matches =
            |pattern: &str, text: &str| Pattern::parse(pattern, DoubleStar::PlainStar).unwrap().matches(text);
        assert!(matches("*@corp", "alice@corp"));
        assert!(!matches("*@corp", "alice@lab"));
        assert!(matches("/^[a-c]/", "bob"));
        for variable in ["${account}", "${account:1}", "${labels:groups}"] {
            let refused = Pattern::parse(variable, DoubleStar::PlainStar).unwrap_err().to_string();
            assert!(refused.starts_with(&format!("`{variable}` means nothing here")), "{refused}");
        }
        assert!(Pattern::parse("[", DoubleStar::PlainStar).is_err());
    }
}
