//! Changes items of `token.keys` in the text of a configuration, and nothing else in it.
//!
//! Texts have more layouts than anybody thinks of. So the text is changed at the places that concern the item, and what
//! came of it is read again: it must say what the old one said, but for the change. Whatever does not is not written.

use std::collections::BTreeMap;
use std::ops::Range;

use dockgate_api::config::{Entry, Key, Location, Moment, Node, Value};

use super::layout::{Content, Piece};
use crate::config::token::KeyRole;
use crate::config::yaml;

/// What is to become of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// It is used so from now on; a retired one since that time.
    Use(KeyRole, Option<Moment>),
    /// It is taken away.
    Drop,
}

/// Why a text is left to its author.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unclear {
    #[error("an anchor, an alias or a merge key is at work there")]
    Shared,
    #[error("the value comes from the environment")]
    FromEnvironment,
    #[error("it is written in a way that this command does not know")]
    Layout,
}

/// The text with the items changed, by their positions in the list.
pub(super) fn edited(text: &str, changes: &BTreeMap<usize, Change>) -> Result<String, Unclear> {
    let root = Piece::read(text).ok_or(Unclear::Layout)?;
    let (_, token) = own(&root)?.entry("token").ok_or(Unclear::Shared)?;
    let (_, keys) = own(token)?.entry("keys").ok_or(Unclear::Shared)?;
    let Content::Sequence { flow, items } = &own(keys)?.content else { return Err(Unclear::Layout) };
    let line_end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    for (position, change) in changes {
        let item = items.get(*position).ok_or(Unclear::Layout)?;
        match change {
            Change::Use(role, since) => used(own(item)?, *role, *since, line_end, &mut edits)?,
            Change::Drop if *flow => edits.push((flow_item(text, items, *position)?, String::new())),
            Change::Drop => edits.push((block_item(text, item)?, String::new())),
        }
    }
    edits.sort_by_key(|(range, _)| range.start);
    let mut new = text.to_owned();
    for (range, replacement) in edits.into_iter().rev() {
        new.get(range.clone()).ok_or(Unclear::Layout)?;
        new.replace_range(range, &replacement);
    }
    let tree = |text: &str| yaml::parse("", text, &mut Vec::new()).map_err(|_| Unclear::Layout);
    let (mut wanted, made) = (tree(text)?, tree(&new)?);
    apply(&mut wanted, changes).ok_or(Unclear::Layout)?;
    if is_same(&wanted, &made) { Ok(new) } else { Err(Unclear::Layout) }
}

/// What stands here and only here.
fn own(piece: &Piece) -> Result<&Piece, Unclear> {
    if piece.is_shared { Err(Unclear::Shared) } else { Ok(piece) }
}

fn used(
    item: &Piece,
    role: KeyRole,
    since: Option<Moment>,
    line_end: &str,
    edits: &mut Vec<(Range<usize>, String)>,
) -> Result<(), Unclear> {
    let Content::Mapping { flow, entries } = &item.content else { return Err(Unclear::Layout) };
    if entries.iter().any(|(key, _)| key.text() == Some("<<")) {
        return Err(Unclear::Shared);
    }
    let mut wanted = vec![("use", role.word().to_owned())];
    wanted.extend(since.map(|since| ("retired_at", since.to_string())));
    let mut missing = Vec::new();
    for (key, value) in wanted {
        match item.entry(key) {
            Some((_, old)) => {
                let old_text = own(old)?.text().ok_or(Unclear::Layout)?;
                if old_text.contains("${") {
                    return Err(Unclear::FromEnvironment);
                }
                if old.span.is_empty() {
                    return Err(Unclear::Layout);
                }
                edits.push((old.span.clone(), value));
            }
            None => missing.push(format!("{key}: {value}")),
        }
    }
    // New lines stand at the head of the item, where its indentation is known.
    let (first, _) = entries.first().ok_or(Unclear::Layout)?;
    let separator = if *flow { ", ".to_owned() } else { format!("{line_end}{}", " ".repeat(first.column)) };
    let inserted: String = missing.into_iter().map(|entry| entry + &separator).collect();
    if !inserted.is_empty() {
        edits.push((own(first)?.span.start..first.span.start, inserted));
    }
    Ok(())
}

/// An item of a list in brackets, with one of the commas beside it.
fn flow_item(text: &str, items: &[Piece], position: usize) -> Result<Range<usize>, Unclear> {
    let span = |position: usize| items.get(position).map(|item| item.span.clone());
    let item = span(position).ok_or(Unclear::Layout)?;
    if let Some(next) = span(position + 1) {
        let between = text.get(item.end..next.start).ok_or(Unclear::Layout)?;
        let comma = between.find(',').ok_or(Unclear::Layout)? + 1;
        let blanks = between.get(comma..).map_or(0, |rest| rest.len() - rest.trim_start_matches(' ').len());
        return Ok(item.start..item.end + comma + blanks);
    }
    let before = position.checked_sub(1).and_then(span).ok_or(Unclear::Layout)?;
    Ok(before.end..item.end)
}

/// The whole lines of an item that begins with `-`. Comments above it stay.
fn block_item(text: &str, item: &Piece) -> Result<Range<usize>, Unclear> {
    let before = text.get(..item.span.start).ok_or(Unclear::Layout)?;
    let dash = before.trim_end().strip_suffix('-').ok_or(Unclear::Layout)?.len();
    let start = before.get(..dash).and_then(|text| text.rfind('\n')).map_or(0, |line| line + 1);
    let rest = text.get(item.span.end..).ok_or(Unclear::Layout)?;
    let (line, end) = match rest.find('\n') {
        Some(at) => (rest.get(..at), item.span.end + at + 1),
        None => (Some(rest), text.len()),
    };
    let line = line.ok_or(Unclear::Layout)?.trim_start();
    let is_clear = text.get(start..dash).is_some_and(|indent| indent.trim().is_empty())
        && (line.trim().is_empty() || line.starts_with('#'));
    if is_clear { Ok(start..end) } else { Err(Unclear::Layout) }
}

/// The same change to the tree of values.
fn apply(root: &mut Node, changes: &BTreeMap<usize, Change>) -> Option<()> {
    let keys = value_of(value_of(root, "token")?, "keys")?;
    let Value::Sequence(items) = &mut keys.value else { return None };
    for (position, change) in changes.iter().rev() {
        match change {
            Change::Drop if *position < items.len() => drop(items.remove(*position)),
            Change::Drop => return None,
            Change::Use(role, since) => {
                let item = items.get_mut(*position)?;
                set(item, "use", role.word())?;
                if let Some(since) = since {
                    set(item, "retired_at", &since.to_string())?;
                }
            }
        }
    }
    Some(())
}

fn value_of<'a>(node: &'a mut Node, key: &str) -> Option<&'a mut Node> {
    let Value::Mapping(entries) = &mut node.value else { return None };
    entries.iter_mut().find(|entry| entry.key.text.as_ref() == key).map(|entry| &mut entry.value)
}

fn set(item: &mut Node, key: &str, text: &str) -> Option<()> {
    let value =
        Node { location: Location::unknown(), value: Value::Scalar { text: text.into(), quoted: false } };
    if let Some(old) = value_of(item, key) {
        *old = value;
        return Some(());
    }
    let Value::Mapping(entries) = &mut item.value else { return None };
    entries.push(Entry { key: Key { text: key.into(), location: Location::unknown() }, value });
    Some(())
}

/// Whether two trees say the same, wherever it stands. The order of keys says nothing.
fn is_same(one: &Node, other: &Node) -> bool {
    match (&one.value, &other.value) {
        (Value::Scalar { .. }, Value::Scalar { .. }) => one.value == other.value,
        (Value::Sequence(one), Value::Sequence(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        (Value::Mapping(entries), Value::Mapping(others)) => {
            entries.len() == others.len()
                && entries.iter().enumerate().all(|(position, entry)| {
                    let beside = others.get(position).filter(|other| other.key.text == entry.key.text);
                    let other = beside.or_else(|| other.get(&entry.key.text));
                    other.is_some_and(|other| is_same(&entry.value, &other.value))
                })
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
