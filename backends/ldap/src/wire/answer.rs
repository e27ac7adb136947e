//! What is made of a message that the guard let through.

use std::cell::Cell;

use super::ber::{self, BOOLEAN, ENUMERATED, Elements, INTEGER, OCTET_STRING, Problem, SEQUENCE, SET};
use super::guard::{CONTROLS, REFERRAL, SEARCH_ENTRY, SEARCH_REFERENCE};
use crate::entry::Entry;

/// One answer.
pub(super) enum Answer {
    Entry(Entry),
    /// URLs.
    References(Vec<String>),
    Outcome(Outcome),
}

/// The last one to a request (RFC 4511 section 4.1.9).
pub(super) struct Outcome {
    pub(super) code: u32,
    pub(super) text: String,
    /// URLs.
    pub(super) referrals: Vec<String>,
    /// Object identifier and value.
    pub(super) controls: Vec<(String, Option<Vec<u8>>)>,
}

/// Reads a message.
pub(super) fn read(message: &[u8]) -> Result<Answer, Problem> {
    // The guard has counted them.
    let left = Cell::new(usize::MAX);
    let mut parts = Elements::of(message, &left).inside(SEQUENCE)?;
    parts.take(INTEGER)?;
    let (operation, contents) = parts.next()?.ok_or("an element too few")?;
    let contents = parts.within(contents);
    match operation {
        SEARCH_ENTRY => entry(contents).map(Answer::Entry),
        SEARCH_REFERENCE => texts(contents).map(Answer::References),
        _ => outcome(contents, parts).map(Answer::Outcome),
    }
}

fn entry(mut parts: Elements<'_>) -> Result<Entry, Problem> {
    let mut entry = Entry::new(parts.text(OCTET_STRING)?);
    let mut attributes = parts.inside(SEQUENCE)?;
    while let Some(attribute) = attributes.maybe(SEQUENCE)? {
        let mut attribute = attributes.within(attribute);
        let description = attribute.text(OCTET_STRING)?;
        let mut set = attribute.inside(SET)?;
        let mut values = Vec::new();
        while let Some(value) = set.maybe(OCTET_STRING)? {
            values.push(value.to_vec());
        }
        entry.add(description, values);
    }
    Ok(entry)
}

fn texts(mut parts: Elements<'_>) -> Result<Vec<String>, Problem> {
    let mut texts = Vec::new();
    while parts.end().is_err() {
        texts.push(parts.text(OCTET_STRING)?.to_owned());
    }
    Ok(texts)
}

fn outcome(mut parts: Elements<'_>, mut more: Elements<'_>) -> Result<Outcome, Problem> {
    let code = ber::number(parts.take(ENUMERATED)?)?;
    parts.take(OCTET_STRING)?;
    let text = parts.text(OCTET_STRING)?.to_owned();
    let referrals = match parts.maybe(REFERRAL)? {
        Some(referral) => texts(parts.within(referral))?,
        None => Vec::new(),
    };
    let mut controls = Vec::new();
    if let Some(list) = more.maybe(CONTROLS)? {
        let mut list = more.within(list);
        while let Some(control) = list.maybe(SEQUENCE)? {
            let mut control = list.within(control);
            let name = control.text(OCTET_STRING)?.to_owned();
            control.maybe(BOOLEAN)?;
            controls.push((name, control.maybe(OCTET_STRING)?.map(<[u8]>::to_vec)));
        }
    }
    Ok(Outcome { code, text, referrals, controls })
}
