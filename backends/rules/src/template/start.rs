//! What can be said of every text that matches, before anything is matched.

use super::{Kind, Template};
use crate::glob::Element;
use crate::go_regex::PrefixPart;
use crate::variable::{Field, Variable};

/// A part of a pattern's start that is known before anything is matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StartPart<'t> {
    Text(&'t str),
    /// The request's value of a field.
    Value(Field),
}

/// A part of a start: text, or one of the pattern's variables.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part<'t> {
    Text(&'t str),
    Variable(usize),
}

impl<'t> Part<'t> {
    fn of(part: &'t PrefixPart) -> Self {
        match part {
            PrefixPart::Text(text) => Self::Text(text),
            PrefixPart::Variable(index) => Self::Variable(*index),
        }
    }
}

impl Template {
    /// A part of what every text that matches starts with.
    pub(super) fn part(&self, index: usize) -> Option<Part<'_>> {
        match &self.kind {
            Kind::Plain => Some(Part::Text(&self.source)).filter(|_| index == 0 && !self.source.is_empty()),
            Kind::Parts(parts) => parts.get(index).map(Part::of),
            Kind::Regex(regex) => regex.prefix().get(index).map(Part::of),
            Kind::Glob { elements, .. } => match elements.get(index)? {
                Element::Literal(text) => Some(Part::Text(text)),
                Element::Variable(index) => Some(Part::Variable(*index)),
                _ => None,
            },
        }
    }

    pub(super) fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        (0..).map_while(|index| self.part(index))
    }

    /// What every text that matches starts with, up to what only the match of other fields or a label gives.
    pub(crate) fn start(&self) -> impl Iterator<Item = StartPart<'_>> {
        self.parts().map_while(|part| match part {
            Part::Text(text) => Some(StartPart::Text(text)),
            Part::Variable(index) => match self.variables.get(index)? {
                (Variable::Field(field), _) => Some(StartPart::Value(*field)),
                _ => None,
            },
        })
    }

    /// Whether the start is all that matches.
    pub(crate) fn start_is_all(&self) -> bool {
        matches!(self.kind, Kind::Plain | Kind::Parts(_)) && self.captures_needed().next().is_none()
    }

    /// What every text that matches ends with; may be empty.
    pub(crate) fn literal_end(&self) -> &str {
        match &self.kind {
            Kind::Glob { elements, .. } => match elements.last() {
                Some(Element::Literal(text)) => text,
                _ => "",
            },
            _ => "",
        }
    }

    /// What stands somewhere in every text that matches; empty where a start or an end says as much.
    pub(crate) fn required(&self) -> &str {
        match &self.kind {
            Kind::Glob { elements, .. } => match &**elements {
                [Element::Literal(_), ..] | [.., Element::Literal(_)] => "",
                elements => {
                    let texts = elements.iter().filter_map(|element| match element {
                        Element::Literal(text) => Some(&**text),
                        _ => None,
                    });
                    texts.max_by_key(|text| text.len()).unwrap_or("")
                }
            },
            Kind::Regex(regex) => regex.required(),
            _ => "",
        }
    }

    /// Labels without a value of which nothing matches.
    pub(crate) fn labels_needed(&self) -> impl Iterator<Item = &str> {
        // A regex may hold a variable in one of several branches.
        let all = matches!(self.kind, Kind::Glob { .. });
        self.variables().enumerate().filter_map(move |(index, variable)| match variable {
            Variable::Label(label) if all || self.starts_with_variable(index) => Some(&**label),
            _ => None,
        })
    }

    fn starts_with_variable(&self, variable: usize) -> bool {
        self.parts().any(|part| matches!(part, Part::Variable(index) if index == variable))
    }

    /// Whether the text starts and ends as every text does that matches.
    pub(crate) fn may_match<'t>(&self, text: &'t str, value_of: impl Fn(Field) -> &'t str) -> bool {
        let rest = self.start().try_fold(text, |rest, part| match part {
            StartPart::Text(text) => rest.strip_prefix(text),
            StartPart::Value(field) => Some(value_of(field))
                .filter(|value| !value.is_empty())
                .and_then(|value| rest.strip_prefix(value)),
        });
        let required = self.required();
        rest.is_some_and(|rest| rest.is_empty() || !self.start_is_all())
            && text.ends_with(self.literal_end())
            && (required.is_empty() || text.contains(required))
    }
}
