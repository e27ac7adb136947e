//! Values that come in parts: Active Directory gives 1,500 of an attribute at a time (MS-ADTS section 3.1.1.3.1.3.3).

use dockgate_api::{BackendError, Call};

use crate::directory::Searcher;
use crate::entry::Entry;
use crate::wire::Search;

/// Values of one attribute. Who is in so many groups is in none that anybody can oversee.
const MOST_VALUES: usize = 100_000;
/// Parts of one attribute. A server that gives a value at a time would be asked for ever.
const MOST_PARTS: usize = 1_000;

/// Completes attributes of which the server gave the first part: where it answered `memberOf;range=0-1499` in place of
/// `memberOf`, the rest is asked for, and all values stand under `memberOf` alone.
///
/// # Errors
/// If the rest cannot be had: a part of somebody's groups is worse than no answer.
pub(crate) async fn complete(
    cx: &Call,
    searcher: &dyn Searcher,
    entry: &mut Entry,
    attributes: &[String],
) -> Result<(), BackendError> {
    for attribute in attributes {
        let Some(first) = take(entry, attribute)? else { continue };
        let values = rest(cx, searcher, &entry.dn, attribute, first).await?;
        entry.add(attribute, values);
    }
    Ok(())
}

/// Whether the entry has only a part of one of these.
pub(crate) fn is_partial(entry: &Entry, attributes: &[String]) -> bool {
    attributes.iter().any(|attribute| {
        let lead = lead(attribute);
        entry.descriptions().any(|description| description.starts_with(&lead))
    })
}

/// A part of the values of an attribute.
struct Part {
    first: u64,
    /// None where there is no further part.
    last: Option<u64>,
    values: Vec<Vec<u8>>,
}

fn lead(attribute: &str) -> String {
    format!("{};range=", attribute.to_ascii_lowercase())
}

/// Takes the part that an entry has of an attribute, if it has a part.
fn take(entry: &mut Entry, attribute: &str) -> Result<Option<Part>, BackendError> {
    let lead = lead(attribute);
    let found = entry.descriptions().find(|description| description.starts_with(&lead));
    let Some(description) = found.map(str::to_owned) else { return Ok(None) };
    let range = description.get(lead.len()..).unwrap_or_default();
    let bounds = range.split_once('-').and_then(|(first, last)| {
        let last = if last == "*" { None } else { Some(last.parse().ok()?) };
        Some((first.parse().ok()?, last))
    });
    let Some((first, last)) = bounds else {
        return Err(BackendError::Protocol(format!("{} has `{description}`, which is no range", entry.dn)));
    };
    let values = entry.take(&description);
    Ok(Some(Part { first, last, values }))
}

async fn rest(
    cx: &Call,
    searcher: &dyn Searcher,
    dn: &str,
    attribute: &str,
    first: Part,
) -> Result<Vec<Vec<u8>>, BackendError> {
    let stuck = |what: &str| {
        BackendError::Protocol(format!("the values of `{attribute}` of {dn} came in parts, {what}"))
    };
    let mut expected = 0;
    let mut part = first;
    let mut all = Vec::new();
    for _ in 0..MOST_PARTS {
        if part.first != expected {
            return Err(stuck(&format!("and {} was the first of the one from {expected}", part.first)));
        }
        let Some(last) = part.last else {
            all.append(&mut part.values);
            return Ok(all);
        };
        if last < part.first || part.values.is_empty() {
            return Err(stuck(&format!("of which the one from {expected} is empty")));
        }
        all.append(&mut part.values);
        if all.len() > MOST_VALUES {
            return Err(stuck(&format!("more than {MOST_VALUES} of them")));
        }
        expected = last.checked_add(1).ok_or_else(|| stuck("without end"))?;
        let search = Search::entry(dn, [format!("{attribute};range={expected}-*")].into());
        let found = searcher.search(cx, &search).await?.entries.into_iter().next();
        let mut entry = found.ok_or_else(|| stuck("and then the entry was gone"))?;
        let next = take(&mut entry, attribute)?;
        part = next.ok_or_else(|| stuck(&format!("and there is none from {expected}")))?;
    }
    Err(stuck(&format!("in more than {MOST_PARTS}")))
}
