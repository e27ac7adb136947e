//! A filter as an administrator writes it.

use std::collections::BTreeSet;

use super::escape::escape_value;
use super::parse::{Piece, parse};
use super::variable::Variable;
use super::{TemplateError, Unfilled};
use crate::entry::Entry;

/// So many filters are made of one template at most.
const MOST_FILTERS: usize = 64;

/// Where a filter is used; that says which variables have a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// To find the entry of an account: only `${account}`, which must be there.
    Accounts,
    /// To find something that belongs to an entry, such as its groups: `${dn}` and `${entry:NAME}` too.
    OfEntry,
}

/// What variables stand for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Values<'a> {
    pub(crate) account: Option<&'a str>,
    pub(crate) dn: Option<&'a str>,
    pub(crate) entry: Option<&'a Entry>,
}

/// A filter with places for values. Its structure is fixed when it is read: a value can never add to it, nor turn a
/// comparison into another.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    pieces: Vec<Piece>,
    asserted: Vec<String>,
}

impl Template {
    /// Reads a template: a filter (RFC 4515) in which `${account}`, `${dn}` and `${entry:NAME}` stand for values. What
    /// docker_auth, Active Directory and habit allow is read too: `(!a=b)`, `((a=b))`, no outer parentheses, white space
    /// between the parts.
    ///
    /// # Errors
    /// If it is no filter, or a variable stands where it cannot.
    pub(crate) fn parse(text: &str, place: Place) -> Result<Self, TemplateError> {
        let parsed = parse(text)?;
        let template = Self { pieces: parsed.pieces, asserted: parsed.asserted };
        if place == Place::Accounts {
            let known = "${account}";
            if let Some(other) =
                template.variables().into_iter().find(|variable| *variable != &Variable::Account)
            {
                return Err(TemplateError::NotHere { variable: other.name(), known });
            }
            if !template.uses_account() {
                return Err(TemplateError::NoAccount);
            }
        }
        // What is sent is read once more, by the library that sends it: better now than at the first login.
        match ldap3::parse_filter(template.with(|_| "x")) {
            Ok(_) => Ok(template),
            Err(()) => Err(TemplateError::Syntax { detail: "it cannot be sent", at: 1 }),
        }
    }

    /// The filters that ask for these values; any of them may match. There is one for each combination of the values of
    /// the entry's attributes, 64 at most: within a `!` the values could not stand in one filter.
    ///
    /// # Errors
    /// [`Unfilled::NoValue`] if a variable has no value or an empty one: an empty value matches nothing, or with a `*`
    /// beside it everything.
    pub(crate) fn fill(&self, values: &Values<'_>) -> Result<Vec<String>, Unfilled> {
        let mut chosen: Vec<Vec<(&Variable, String)>> = vec![Vec::new()];
        for variable in self.variables() {
            let values = escaped(variable, values);
            if values.is_empty() {
                return Err(Unfilled::NoValue(variable.name()));
            }
            if chosen.len() * values.len() > MOST_FILTERS {
                return Err(Unfilled::TooMany { attribute: variable.name(), most: MOST_FILTERS });
            }
            chosen = chosen
                .iter()
                .flat_map(|before| {
                    values.iter().map(|value| {
                        let mut after = before.clone();
                        after.push((variable, value.clone()));
                        after
                    })
                })
                .collect();
        }
        let filled = chosen.iter().map(|chosen| {
            self.with(|variable| {
                let value = chosen.iter().find(|(candidate, _)| *candidate == variable);
                value.map_or("", |(_, value)| value.as_str())
            })
        });
        Ok(filled.collect())
    }

    /// The attributes of which the filter demands that they equal the account: the entry's spelling of the account is
    /// among their values. As they are written, without repetition.
    pub(crate) fn asserted_by_account(&self) -> &[String] {
        &self.asserted
    }

    /// Whether the account matters at all.
    pub(crate) fn uses_account(&self) -> bool {
        self.variables().contains(&Variable::Account)
    }

    /// Whether the name of the account's entry matters.
    pub(crate) fn uses_dn(&self) -> bool {
        self.variables().contains(&Variable::Dn)
    }

    /// The attributes of the account's entry that [`fill`](Self::fill) needs, in lower case.
    pub(crate) fn entry_attributes(&self) -> impl Iterator<Item = &str> {
        self.variables().into_iter().filter_map(|variable| match variable {
            Variable::Entry(attribute) => Some(attribute.as_str()),
            Variable::Account | Variable::Dn => None,
        })
    }

    fn variables(&self) -> BTreeSet<&Variable> {
        let variables = self.pieces.iter().filter_map(|piece| match piece {
            Piece::Variable(variable) => Some(variable),
            Piece::Text(_) => None,
        });
        variables.collect()
    }

    fn with<'a>(&'a self, value: impl Fn(&Variable) -> &'a str) -> String {
        let texts = self.pieces.iter().map(|piece| match piece {
            Piece::Text(text) => text.as_str(),
            Piece::Variable(variable) => value(variable),
        });
        texts.collect()
    }
}

/// The values of a variable, without empty ones and repetition.
fn escaped(variable: &Variable, values: &Values<'_>) -> Vec<String> {
    let texts: Vec<&[u8]> = match variable {
        Variable::Account => values.account.iter().map(|account| account.as_bytes()).collect(),
        Variable::Dn => values.dn.iter().map(|dn| dn.as_bytes()).collect(),
        Variable::Entry(attribute) => {
            values.entry.map_or(&[][..], |entry| entry.values(attribute)).iter().map(Vec::as_slice).collect()
        }
    };
    let texts: BTreeSet<_> = texts.into_iter().filter(|text| !text.is_empty()).collect();
    texts.into_iter().map(escape_value).collect()
}
