//! A pattern as a rule writes it: a glob or `/regex/`, with variables.

pub(crate) mod head;
mod lead;
mod matching;
mod regex_template;
mod resolved;
mod search;
mod start;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use thiserror::Error;

pub(crate) use self::regex_template::Fixed;
use self::regex_template::RegexTemplate;
pub(crate) use self::resolved::Resolved;
use self::start::Part;
pub(crate) use self::start::StartPart;
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
