//! Regexes with the values of variables in them.

use std::sync::{Arc, OnceLock};

use regex::Regex;

use super::lead::Walk;
use super::resolved::Resolved;
use super::search::Search;
use super::{TemplateError, head, is_label};
use crate::{
    bindings::{Bound, MatchError},
    go_regex::{Alternatives, Flags, Lead, Options, PrefixPart, Shape, Translated, parse, render},
    regexes::{Regexes, compile},
    token::Tokens,
    variable::Variable,
};

/// Below this many states a regex is surely within the size limit, and need not compile to know it.
const SURELY_SMALL: u32 = 2_000;
/// So many variables may stand before what is searched.
const LEAD_VARIABLES: usize = 8;
/// What looks at the text before it, and so cannot be searched in a part of the text.
const LOOKS_BACK: [&str; 4] = [r"\A", r"\b", r"\B", "(?m:^)"];

#[derive(Debug)]
pub(super) struct RegexTemplate {
    groups: u32,
    /// What every match starts with.
    prefix: Box<[PrefixPart]>,
    /// What stands in every match, where no text is known to stand at its start.
    required: Box<str>,
    /// Exactly the prefix matches.
    exact: bool,
    /// What is taken off the text before `fixed` is searched.
    lead: Lead,
    /// A regex without values in it.
    fixed: Option<Arc<Fixed>>,
    /// The whole, where values may have to stand in it.
    whole: Option<Box<Translated>>,
}

/// A regex that is the same for all requests.
#[derive(Debug)]
pub(crate) struct Fixed {
    source: Box<str>,
    compiled: OnceLock<Arc<Regex>>,
}

/// A regex that fits, and the text that it fits in.
pub(super) struct Found<'t> {
    pub(super) regex: Arc<Regex>,
    pub(super) text: &'t str,
}

impl RegexTemplate {
    pub(super) fn parse(tokens: &Tokens) -> Result<(Self, Alternatives), TemplateError> {
        let mut translated = parse(&tokens.list, Options { flags: Flags::default(), capturing: true })?;
        let shape = std::mem::take(&mut translated.shape);
        if translated.weight > SURELY_SMALL {
            let empty = render(&translated.source, &translated.holes, |_| Vec::new());
            compile(&empty).map_err(|_| TemplateError::TooLarge)?;
        }
        let tail = tail(&translated, &shape, &tokens.variables);
        let labelled = tokens.variables.iter().any(|(variable, _)| matches!(variable, Variable::Label(_)));
        let (groups, Shape { prefix, exact, lead, required, alternatives }) = (translated.groups, shape);
        let (lead, fixed, whole) = match tail {
            Some(tail) => (lead, Some(tail), labelled.then(|| Box::new(translated))),
            None if translated.holes.is_empty() => (Lead::default(), Some(translated.source), None),
            None => (Lead::default(), None, Some(Box::new(translated))),
        };
        let fixed = fixed.map(|source| Arc::new(Fixed::new(source)));
        let starts = matches!(prefix.first(), Some(PrefixPart::Text(_)));
        let required = if starts { Box::default() } else { required };
        Ok((Self { groups, prefix: prefix.into(), required, exact, lead, fixed, whole }, alternatives))
    }

    /// The parts that are all that matches, if only known values are to be filled in.
    pub(super) fn into_exact(self, variables: &[(Variable, u32)]) -> Result<Box<[PrefixPart]>, Self> {
        let label =
            |part: &PrefixPart| matches!(part, PrefixPart::Variable(index) if is_label(variables, *index));
        if self.exact && !self.prefix.iter().any(label) { Ok(self.prefix) } else { Err(self) }
    }

    pub(super) fn required(&self) -> &str {
        &self.required
    }

    pub(super) fn prefix(&self) -> &[PrefixPart] {
        &self.prefix
    }

    pub(super) fn groups(&self) -> u32 {
        self.groups
    }

    /// The regex that is the same for all requests, to share it with those that are equal.
    pub(super) fn fixed(&mut self) -> Option<&mut Arc<Fixed>> {
        self.fixed.as_mut()
    }

    /// Whether the regex, which has no variables and is not kept, fits somewhere in the text.
    pub(super) fn find_plain(&self, text: &str, regexes: &Regexes) -> Result<bool, MatchError> {
        let once = |fixed: &Fixed| {
            Walk { prefix: &self.prefix, lead: self.lead, values: Resolved::NONE }
                .try_each(text, &mut |rest| Ok(regexes.compiled(&fixed.source)?.is_match(rest).then_some(())))
        };
        Ok(self.fixed.as_deref().map_or(Ok(None), once)?.is_some())
    }

    /// The regex, with values in it, that fits somewhere in the text. A variable without value fits nothing.
    pub(super) fn find<'t>(
        &self,
        text: &'t str,
        values: Resolved<'_>,
        regexes: &Regexes,
    ) -> Result<Option<Found<'t>>, MatchError> {
        if let Some(fixed) = &self.fixed
            && !self.needs_whole(values)
        {
            return Walk { prefix: &self.prefix, lead: self.lead, values }.try_each(text, &mut |rest| {
                let regex = fixed.regex(regexes)?;
                Ok(regex.is_match(rest).then_some(Found { regex, text: rest }))
            });
        }
        let Some(whole) = &self.whole else { return Ok(None) };
        Search::new(whole, text, &self.prefix, values, regexes)
            .map_or(Ok(None), Search::run)
            .map(|found| found.map(|regex| Found { regex, text }))
    }

    /// Whether a value in the lead is a regex itself.
    fn needs_whole(&self, values: Resolved<'_>) -> bool {
        let regexes = |part: &PrefixPart| match part {
            PrefixPart::Variable(index) => match values.get(*index) {
                Some(Bound::Label { values, .. }) => values.iter().any(
                    |value| matches!(value, dockgate_api::LabelValue::Pattern(text) if !head::is_plain(text)),
                ),
                _ => false,
            },
            PrefixPart::Text(_) => false,
        };
        self.whole.is_some() && self.prefix.iter().take(self.lead.parts).any(regexes)
    }
}

impl Fixed {
    fn new(mut source: String) -> Self {
        source.shrink_to_fit();
        Self { source: source.into(), compiled: OnceLock::new() }
    }

    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    fn regex(&self, regexes: &Regexes) -> Result<Arc<Regex>, MatchError> {
        if let Some(regex) = self.compiled.get() {
            return Ok(Arc::clone(regex));
        }
        let regex = regexes.compiled(&self.source)?;
        if regexes.pin() {
            return Ok(Arc::clone(self.compiled.get_or_init(|| regex)));
        }
        Ok(regex)
    }
}

/// What is left to search once the lead is taken off, if nothing in it depends on the request or on the lead.
fn tail(translated: &Translated, shape: &Shape, variables: &[(Variable, u32)]) -> Option<String> {
    let lead = &shape.lead;
    let rest = translated.source.get(lead.end..)?;
    let once = |part: &PrefixPart| match part {
        PrefixPart::Variable(index) => match variables.get(*index) {
            Some((Variable::Label(_), uses)) => *uses == 1,
            _ => true,
        },
        PrefixPart::Text(_) => true,
    };
    let separate = (lead.parts > 0 || lead.bytes > 0)
        && lead.variables == translated.holes.len()
        && lead.variables <= LEAD_VARIABLES
        && shape.prefix.iter().take(lead.parts).all(once)
        && !LOOKS_BACK.iter().any(|look| rest.contains(look));
    separate.then(|| format!(r"\A(?:{rest})"))
}
