//! Whether a text matches a pattern.

use dockgate_api::LabelValue;

use super::regex_template::RegexTemplate;
use super::resolved::Resolved;
use super::start::Part;
use super::{Groups, Kind, Template, TemplateError, head, regex_text};
use crate::bindings::{Bindings, Bound, MatchError, Value};
use crate::glob::{self, DoubleStar, Element, Glob};
use crate::regexes::Regexes;
use crate::token::Tokens;
use crate::variable::Variable;

impl Template {
    /// Whether the text matches with the request's values.
    ///
    /// # Errors
    ///
    /// [`MatchError`] if that cannot be decided within bounds; it must not be taken for "no".
    pub fn is_match(
        &self,
        text: &str,
        bindings: &dyn Bindings,
        regexes: &Regexes,
    ) -> Result<bool, MatchError> {
        let values = self.resolved(bindings);
        let Some((parts, rest)) = self.after_prefix(text, values) else { return Ok(false) };
        match &self.kind {
            Kind::Plain | Kind::Parts(_) => Ok(rest.is_empty()),
            Kind::Regex(regex) => Ok(regex.find(text, values, regexes)?.is_some()),
            Kind::Glob { elements, double_star } => {
                if let [Element::Variable(0)] = **elements
                    && let Some((Variable::Label(key), _)) = self.variables.first()
                {
                    return any_value(text, bindings.label(key), *double_star, regexes);
                }
                let at = text.len() - rest.len();
                glob::matches_bound(elements, text, values, (parts, at), *double_star)
            }
        }
    }

    /// The capture groups of the regex in the text; none if it does not match or the pattern is no regex.
    ///
    /// # Errors
    ///
    /// As [`is_match`](Self::is_match).
    pub fn captures<'t>(
        &self,
        text: &'t str,
        bindings: &dyn Bindings,
        regexes: &Regexes,
    ) -> Result<Option<Groups<'t>>, MatchError> {
        let Kind::Regex(regex) = &self.kind else {
            let matched = self.is_regex() && self.is_match(text, bindings, regexes)?;
            return Ok(matched.then(Groups::default));
        };
        let values = self.resolved(bindings);
        if self.after_prefix(text, values).is_none() {
            return Ok(None);
        }
        let found = regex.find(text, values, regexes)?;
        Ok(found.and_then(|found| found.regex.captures(found.text)).map(|captures| Groups {
            groups: captures
                .iter()
                .skip(1)
                .map(|group| group.map(|group| group.as_str()).filter(|text| !text.is_empty()))
                .collect(),
        }))
    }

    /// How many parts of the pattern's start are known, and what follows them, if the text starts so. Rejects most
    /// texts at no cost.
    fn after_prefix<'t>(&self, text: &'t str, values: Resolved<'_>) -> Option<(usize, &'t str)> {
        let (mut rest, mut known) = (text, 0);
        for part in self.parts() {
            rest = match part {
                Part::Text(text) => rest.strip_prefix(text)?,
                Part::Variable(index) => match values.get(index)? {
                    Bound::Text(value) => rest.strip_prefix(value)?,
                    Bound::Label { .. } => break,
                },
            };
            known += 1;
        }
        Some((known, rest))
    }

    fn resolved<'m>(&'m self, bindings: &'m dyn Bindings) -> Resolved<'m> {
        Resolved::new(&self.variables, bindings)
    }
}

/// A pattern that is one label and nothing else is whatever the label's value is: also a `/regex/`, as in docker_auth.
fn any_value(
    text: &str,
    values: &[LabelValue],
    double_star: DoubleStar,
    regexes: &Regexes,
) -> Result<bool, MatchError> {
    for value in values.iter().map(Value::from).filter(|value| !value.text().is_empty()) {
        let matched = match value {
            Value::Literal(value) => value == text,
            Value::Pattern(pattern) => match regex_text(pattern) {
                Some(regex) if text.starts_with(head::of_whole(regex)) => {
                    match RegexTemplate::parse(&Tokens::plain(regex)) {
                        Ok((regex, _)) => regex.find_plain(text, regexes)?,
                        // Malformed: it never matches. Too large: what it would match is not known.
                        Err(TemplateError::TooLarge) => return Err(MatchError::TooLarge),
                        Err(_) => false,
                    }
                }
                None if text.starts_with(head::of_glob(value)) => {
                    Glob::parse(pattern, double_star).is_ok_and(|glob| glob.is_match(text))
                }
                _ => false,
            },
        };
        if matched {
            return Ok(true);
        }
    }
    Ok(false)
}
