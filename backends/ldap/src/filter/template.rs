//! A filter as an administrator writes it.

use std::fmt::Write as _;

use super::escape::escape_value;
use super::parse::{Part, Piece, parse};
use super::variable::Variable;
use super::{TemplateError, TooManyValues};
use crate::account::value_in_name;
use crate::entry::Entry;

/// Values that one comparison is asked for with at most.
pub(super) const MOST_VALUES: usize = 1_000;

/// What no entry fits, in every directory: absolute filters (RFC 4526) are not known to all.
const NOTHING: &str = "(!(objectClass=*))";

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
    pub(crate) account: &'a str,
    /// Names of entries: the account's own, or those of groups that it is in.
    pub(crate) dns: &'a [&'a str],
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
            if let Some(other) = template.variables().find(|variable| **variable != Variable::Account) {
                return Err(TemplateError::NotHere { variable: other.name(), known: "${account}" });
            }
            if template.variables().next().is_none() {
                return Err(TemplateError::NoAccount);
            }
        }
        // What is sent is read once more, by the library that sends it: better now than at the first login.
        let sample = template.with(|_| vec!["x".to_owned()]);
        match sample.map(ldap3::parse_filter) {
            Ok(Ok(_)) => Ok(template),
            Ok(Err(())) | Err(TooManyValues) => {
                Err(TemplateError::Syntax { detail: "it cannot be sent", at: 1 })
            }
        }
    }

    /// The filter for an account; none for the empty one: beside a `*` it would fit everybody.
    pub(crate) fn fill_account(&self, account: &str) -> Option<String> {
        let values = Values { account, ..Values::default() };
        if account.is_empty() { None } else { self.fill(&values).ok() }
    }

    /// The filter for these values. A comparison whose variable has several is there once for each, and fits if one of them
    /// does; a comparison whose variable has none, or an empty one, fits nothing, and the rest of the filter is as it was.
    ///
    /// # Errors
    /// If one comparison would be there more than 1,000 times.
    pub(crate) fn fill(&self, values: &Values<'_>) -> Result<String, TooManyValues> {
        self.with(|variable| escaped(variable, values))
    }

    /// The attributes of which the filter demands that they equal the account: the entry's spelling of the account is
    /// among their values. As they are written, without repetition.
    pub(crate) fn asserted_by_account(&self) -> &[String] {
        &self.asserted
    }

    /// Whether it asks for somebody's name, so that it can be asked for a group's too.
    pub(crate) fn uses_dn(&self) -> bool {
        self.variables().any(|variable| *variable == Variable::Dn)
    }

    /// The attributes of the account's entry that [`fill`](Self::fill) needs, as they are written.
    pub(crate) fn entry_attributes(&self) -> impl Iterator<Item = &str> {
        self.variables().filter_map(|variable| match variable {
            Variable::Entry(attribute) => Some(attribute.as_str()),
            Variable::Account | Variable::Dn => None,
        })
    }

    fn variables(&self) -> impl Iterator<Item = &Variable> {
        let parts = self.pieces.iter().flat_map(|piece| match piece {
            Piece::Text(_) => &[],
            Piece::Item(parts) => parts.as_slice(),
        });
        parts.filter_map(|part| match part {
            Part::Text(_) => None,
            Part::Variable(variable) => Some(variable),
        })
    }

    fn with(&self, values: impl Fn(&Variable) -> Vec<String>) -> Result<String, TooManyValues> {
        let mut filter = String::new();
        for piece in &self.pieces {
            let parts = match piece {
                Piece::Text(text) => {
                    filter.push_str(text);
                    continue;
                }
                Piece::Item(parts) => parts,
            };
            match alternatives(parts, &values)?.as_slice() {
                [] => filter.push_str(NOTHING),
                [item] => filter.push_str(item),
                items => {
                    let _ = write!(filter, "(|{})", items.concat());
                }
            }
        }
        Ok(filter)
    }
}

/// A comparison with each of the values that its variables have.
fn alternatives(
    parts: &[Part],
    values: impl Fn(&Variable) -> Vec<String>,
) -> Result<Vec<String>, TooManyValues> {
    let mut items = vec![String::new()];
    for part in parts {
        match part {
            Part::Text(text) => items.iter_mut().for_each(|item| item.push_str(text)),
            Part::Variable(variable) => {
                let values = values(variable);
                if items.len().saturating_mul(values.len()) > MOST_VALUES {
                    return Err(TooManyValues);
                }
                let each =
                    |item: &String| values.iter().map(|value| format!("{item}{value}")).collect::<Vec<_>>();
                items = items.iter().flat_map(each).collect();
            }
        }
    }
    Ok(items)
}

/// The values of a variable, without empty ones.
fn escaped(variable: &Variable, values: &Values<'_>) -> Vec<String> {
    // Who may write further names into an entry of theirs is in the groups of none of them.
    let of_entry = |attribute: &str| match values.entry {
        None => Vec::new(),
        Some(entry) => match value_in_name(entry, attribute) {
            Some(value) => vec![value.as_bytes()],
            None => entry.values(attribute).iter().map(Vec::as_slice).collect(),
        },
    };
    let values: Vec<&[u8]> = match variable {
        Variable::Account => vec![values.account.as_bytes()],
        Variable::Dn => values.dns.iter().map(|dn| dn.as_bytes()).collect(),
        Variable::Entry(attribute) => of_entry(attribute),
    };
    values.into_iter().filter(|value| !value.is_empty()).map(escape_value).collect()
}
