//! The filter that finds groups, with variables.

use std::fmt::Write as _;

use dockgate_api::BackendError;

use crate::entry::Entry;
use crate::filter::{Place, Template, escape_value};

/// What no entry fits, in every directory: absolute filters (RFC 4526) are not known to all.
const NOTHING: &str = "(!(objectClass=*))";
/// Of one item of the filter.
const MOST_ALTERNATIVES: usize = 1_000;

/// A filter with variables in the values of its items: `(&(objectClass=posixGroup)(memberUid=${entry:uid}))`.
///
/// An item whose variable has several values is one for each, and fits if one of them does; an item whose variable has
/// none fits nothing, and the rest of the filter is as it is.
#[derive(Debug)]
pub(crate) struct MemberFilter(Vec<Piece>);

#[derive(Debug)]
enum Piece {
    Text(String),
    /// An item with variables, parentheses included.
    Item(Vec<Part>),
}

#[derive(Debug)]
enum Part {
    Text(String),
    Variable(Variable),
}

#[derive(Debug, PartialEq, Eq)]
enum Variable {
    Dn,
    Account,
    Entry(String),
}

/// What the variables stand for.
pub(super) struct Member<'a> {
    /// Of whom the groups are sought: the user, or the groups of one level.
    pub(super) dns: Vec<&'a str>,
    /// The account's canonical spelling.
    pub(super) account: &'a str,
    /// The user's entry.
    pub(super) entry: &'a Entry,
}

impl MemberFilter {
    /// Reads one.
    ///
    /// # Errors
    /// What is wrong with it, and the cure.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        Template::parse(text, Place::OfEntry).map_err(|error| format!("this is {error}"))?;
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find('(') {
            let (before, from) = rest.split_at(open);
            let inner = from.get(1..).unwrap_or_default();
            let end = inner.find(['(', ')']).map_or(from.len(), |end| end + 1);
            let closed = from.get(end..).is_some_and(|after| after.starts_with(')'));
            let (item, after) = from.split_at(if closed { end + 1 } else { end });
            push_text(&mut pieces, before)?;
            if closed {
                push_item(&mut pieces, item)?;
            } else {
                push_text(&mut pieces, item)?;
            }
            rest = after;
        }
        push_text(&mut pieces, rest)?;
        let filter = Self(pieces);
        let sample = filter.render(|_| vec!["a".to_owned()]).map_err(|error| error.to_string())?;
        if ldap3::parse_filter(&sample).is_err() {
            return Err("write each comparison in parentheses of its own and without spaces around them: `(member=${dn})`, \
                        `(!(ou=a))`"
                .to_owned());
        }
        Ok(filter)
    }

    /// Whether it asks for somebody's name, so that it can be asked for a group's too.
    pub(crate) fn names_the_member(&self) -> bool {
        self.variables().any(|variable| *variable == Variable::Dn)
    }

    /// The attributes of the user's entry that it needs.
    pub(super) fn attributes(&self) -> impl Iterator<Item = &str> {
        self.variables().filter_map(|variable| match variable {
            Variable::Entry(name) => Some(name.as_str()),
            Variable::Dn | Variable::Account => None,
        })
    }

    /// The filter for somebody.
    ///
    /// # Errors
    /// If the entry has so many values that no server could be asked.
    pub(super) fn fill(&self, member: &Member<'_>) -> Result<String, BackendError> {
        self.render(|variable| {
            let values: Vec<&[u8]> = match variable {
                Variable::Dn => member.dns.iter().map(|dn| dn.as_bytes()).collect(),
                Variable::Account => vec![member.account.as_bytes()],
                Variable::Entry(name) => member.entry.values(name).iter().map(Vec::as_slice).collect(),
            };
            // Beside a `*` an empty value would fit everything.
            values.into_iter().filter(|value| !value.is_empty()).map(escape_value).collect()
        })
    }

    fn variables(&self) -> impl Iterator<Item = &Variable> {
        let parts = self.0.iter().flat_map(|piece| match piece {
            Piece::Text(_) => &[],
            Piece::Item(parts) => parts.as_slice(),
        });
        parts.filter_map(|part| match part {
            Part::Text(_) => None,
            Part::Variable(variable) => Some(variable),
        })
    }

    fn render(&self, values: impl Fn(&Variable) -> Vec<String>) -> Result<String, BackendError> {
        let mut filter = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => filter.push_str(text),
                Piece::Item(parts) => {
                    let items = alternatives(parts, &values)?;
                    match items.as_slice() {
                        [] => filter.push_str(NOTHING),
                        [item] => filter.push_str(item),
                        items => {
                            let _ = write!(filter, "(|{})", items.concat());
                        }
                    }
                }
            }
        }
        Ok(filter)
    }
}

/// An item with each of the values that its variables have.
fn alternatives(
    parts: &[Part],
    values: impl Fn(&Variable) -> Vec<String>,
) -> Result<Vec<String>, BackendError> {
    let mut items = vec![String::new()];
    for part in parts {
        match part {
            Part::Text(text) => items.iter_mut().for_each(|item| item.push_str(text)),
            Part::Variable(variable) => {
                let values = values(variable);
                if items.len().saturating_mul(values.len()) > MOST_ALTERNATIVES {
                    let message =
                        format!("`groups.search.filter` would ask for more than {MOST_ALTERNATIVES} values");
                    return Err(BackendError::Protocol(message));
                }
                items = items
                    .iter()
                    .flat_map(|item| values.iter().map(move |value| format!("{item}{value}")))
                    .collect();
            }
        }
    }
    Ok(items)
}

fn push_text(pieces: &mut Vec<Piece>, text: &str) -> Result<(), String> {
    if text.contains("${") {
        return Err(
            "a variable stands for the value of a comparison in parentheses: `(member=${dn})`".to_owned()
        );
    }
    match pieces.last_mut() {
        Some(Piece::Text(before)) => before.push_str(text),
        _ => pieces.push(Piece::Text(text.to_owned())),
    }
    Ok(())
}

fn push_item(pieces: &mut Vec<Piece>, item: &str) -> Result<(), String> {
    if !item.contains("${") {
        return push_text(pieces, item);
    }
    let mut parts = Vec::new();
    let mut rest = item;
    while let Some((before, from)) = rest.split_once("${") {
        if parts.is_empty() && !before.contains('=') {
            return push_text(pieces, item);
        }
        let (name, after) = from.split_once('}').ok_or("a variable ends with `}`: `${dn}`")?;
        parts.push(Part::Text(before.to_owned()));
        parts.push(Part::Variable(variable(name)?));
        rest = after;
    }
    parts.push(Part::Text(rest.to_owned()));
    pieces.push(Piece::Item(parts));
    Ok(())
}

fn variable(name: &str) -> Result<Variable, String> {
    match (name, name.strip_prefix("entry:")) {
        ("dn", _) => Ok(Variable::Dn),
        ("account", _) => Ok(Variable::Account),
        (_, Some(attribute)) => Ok(Variable::Entry(attribute.to_owned())),
        _ => Err("the variables here are `${dn}`, `${account}` and `${entry:NAME}`".to_owned()),
    }
}
