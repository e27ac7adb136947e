//! A pattern as a rule writes it: a glob or `/regex/`, with variables.

pub(crate) mod head;
mod lead;
mod matching;
mod regex_template;
mod resolved;
mod search;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use thiserror::Error;

pub(crate) use self::regex_template::Fixed;
use self::regex_template::RegexTemplate;
pub(crate) use self::resolved::Resolved;
use crate::{
    glob::{self, DoubleStar, Element, GlobError},
    go_regex::{Alternatives, PrefixPart, RegexError},
    lint::Lint,
    token::{Syntax, Tokens},
    variable::{Field, Scope, Variable, VariableError},
};

/// Why a pattern is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// A variable is unknown, or not allowed where it stands.
    #[error(transparent)]
    Variable(#[from] VariableError),
    /// The glob is malformed.
    #[error(transparent)]
    Glob(#[from] GlobError),
    /// The regex between the slashes is malformed.
    #[error(transparent)]
    Regex(#[from] RegexError),
    /// The regex would need more memory than one rule may have.
    #[error("the regex is too large; repeat less, or avoid large classes such as `\\pL` under a repetition")]
    TooLarge,
}

/// What [`Template::parse`] found.
#[derive(Debug)]
pub struct Parsed {
    /// The pattern, ready to match.
    pub template: Template,
    /// What is valid and yet probably not meant.
    pub lints: Vec<Lint>,
}

/// A pattern, parsed and checked.
#[derive(Debug)]
pub struct Template {
    source: Box<str>,
    variables: Box<[(Variable, u32)]>,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// Exactly the source matches.
    Plain,
    /// Exactly these parts match.
    Parts(Box<[PrefixPart]>),
    Glob {
        elements: Box<[Element]>,
        double_star: DoubleStar,
    },
    Regex(Box<RegexTemplate>),
}

/// A part of a pattern's start that is known before anything is matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StartPart<'t> {
    Text(&'t str),
    /// The request's value of a field.
    Value(Field),
}

/// A part of a start: text, or one of the pattern's variables.
#[derive(Clone, Copy, Debug)]
enum Part<'t> {
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

/// The capture groups of one match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Groups<'t> {
    groups: Vec<Option<&'t str>>,
}

impl<'t> Groups<'t> {
    /// The text of a group, from 1; none if the group took no part or is empty.
    pub fn get(&self, group: u32) -> Option<&'t str> {
        let index = usize::try_from(group.checked_sub(1)?).ok()?;
        self.groups.get(index).copied().flatten()
    }
}

/// The text between the slashes of `/regex/`.
pub(crate) fn regex_text(pattern: &str) -> Option<&str> {
    pattern.strip_prefix('/')?.strip_suffix('/').filter(|text| !text.is_empty())
}

impl Template {
    /// Parses a pattern and checks its syntax and its variables. Whether the captures it takes exist is checked over the
    /// whole rule, by [`capture_order`](crate::capture_order).
    ///
    /// # Errors
    ///
    /// [`TemplateError`] if a variable is unknown or not allowed in this scope, or the glob or regex is one that Go
    /// refuses, or the regex is too large.
    pub fn parse(source: &str, scope: Scope, double_star: DoubleStar) -> Result<Parsed, TemplateError> {
        match regex_text(source) {
            Some(text) => Self::parse_regex(source, text, scope),
            None => Self::parse_glob(source, scope, double_star),
        }
    }

    fn parse_glob(source: &str, scope: Scope, double_star: DoubleStar) -> Result<Parsed, TemplateError> {
        let mut tokens = Tokens::find(source, Syntax::Glob, scope, 1)?;
        let elements = glob::parse(&tokens.list, double_star)?;
        if double_star == DoubleStar::PlainStar && source.contains("**") {
            let crossing = glob::parse(&tokens.list, DoubleStar::CrossesSlash)?;
            tokens.lints.extend(crossing.contains(&Element::DoubleStar).then_some(Lint::PlainDoubleStar));
        }
        let plain = |part: &PrefixPart| match part {
            PrefixPart::Text(text) => **text == *source,
            PrefixPart::Variable(_) => false,
        };
        let kind = match prefix_only(&elements, &tokens.variables) {
            Some(parts) if parts.is_empty() || parts.first().is_some_and(plain) => Kind::Plain,
            Some(parts) => Kind::Parts(parts),
            None => Kind::Glob { elements: elements.into(), double_star },
        };
        let template = Self { source: source.into(), variables: tokens.variables.into(), kind };
        Ok(Parsed { template, lints: tokens.lints })
    }

    fn parse_regex(source: &str, text: &str, scope: Scope) -> Result<Parsed, TemplateError> {
        let mut tokens = Tokens::find(text, Syntax::Regex, scope, 2)?;
        let (regex, alternatives) = RegexTemplate::parse(&tokens)?;
        if let Alternatives::Loose { example } = alternatives {
            tokens.lints.push(Lint::UnanchoredAlternation { example });
        }
        // A regex of fixed text still has to answer for its groups: it then has none.
        let kind = match regex.into_exact(&tokens.variables) {
            Ok(parts) => Kind::Parts(parts),
            Err(regex) => Kind::Regex(Box::new(regex)),
        };
        let template = Self { source: source.into(), variables: tokens.variables.into(), kind };
        Ok(Parsed { template, lints: tokens.lints })
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// The dialect of a glob in which that may matter.
    pub(crate) fn double_star(&self) -> Option<DoubleStar> {
        match &self.kind {
            Kind::Glob { double_star, .. } => Some(*double_star),
            _ => None,
        }
    }

    /// The regex of the pattern that depends on no request, if it has one.
    pub(crate) fn fixed(&mut self) -> Option<&mut Arc<Fixed>> {
        match &mut self.kind {
            Kind::Regex(regex) => regex.fixed(),
            _ => None,
        }
    }

    /// Whether the pattern is a `/regex/`.
    pub fn is_regex(&self) -> bool {
        regex_text(&self.source).is_some()
    }

    /// The one text that the pattern matches, if that does not depend on the request.
    pub fn literal(&self) -> Option<&str> {
        match &self.kind {
            Kind::Plain => Some(&self.source),
            Kind::Parts(parts) => match &**parts {
                [] => Some(""),
                [PrefixPart::Text(text)] => Some(text),
                _ => None,
            },
            _ => None,
        }
    }

    /// What every text that matches starts with; may be empty.
    pub fn literal_prefix(&self) -> &str {
        match self.part(0) {
            Some(Part::Text(text)) => text,
            _ => "",
        }
    }

    /// A part of what every text that matches starts with.
    fn part(&self, index: usize) -> Option<Part<'_>> {
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

    fn parts(&self) -> impl Iterator<Item = Part<'_>> {
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

    /// The distinct variables of the pattern.
    pub fn variables(&self) -> impl Iterator<Item = &Variable> {
        self.variables.iter().map(|(variable, _)| variable)
    }

    /// The capture groups of other fields that the pattern needs.
    pub fn captures_needed(&self) -> impl Iterator<Item = (Field, u32)> {
        self.variables().filter_map(|variable| match variable {
            Variable::Capture { field, group } => Some((*field, *group)),
            _ => None,
        })
    }

    /// The number of capture groups that the pattern offers; none if it is no regex.
    pub fn group_count(&self) -> Option<u32> {
        match &self.kind {
            Kind::Regex(regex) => Some(regex.groups()),
            _ => self.is_regex().then_some(0),
        }
    }
}

/// The parts of a glob in which only variables are to be filled in.
fn prefix_only(elements: &[Element], variables: &[(Variable, u32)]) -> Option<Box<[PrefixPart]>> {
    let part = |element: &Element| match element {
        Element::Literal(text) => Some(PrefixPart::Text(text.clone())),
        Element::Variable(index) if !is_label(variables, *index) => Some(PrefixPart::Variable(*index)),
        _ => None,
    };
    elements.iter().map(part).collect()
}

fn is_label(variables: &[(Variable, u32)], index: usize) -> bool {
    matches!(variables.get(index), Some((Variable::Label(_), _)))
}
