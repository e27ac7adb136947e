//! What a server sends is looked at before anything is made of it.
//!
//! Every message is held against the exact shapes of RFC 4511, and against the request that it must answer. A shape has a
//! fixed depth, lengths are believed only as far as bytes have come, and all together has a bound: a server can be of no use,
//! and not of harm. The crate ldap3 reads answers too, and ends in a panic where they are malformed; so only its filters
//! are used here.

use std::cell::Cell;

use super::ber::{self, BOOLEAN, ENUMERATED, Elements, INTEGER, OCTET_STRING, Problem, SEQUENCE, SET};
use super::readable;
use crate::failure::Failure;

/// The longest message, in bytes.
const LONGEST: usize = 16 * 1024 * 1024;
/// The longest message while no request waits for an answer, in bytes.
const LONGEST_UNASKED: usize = 64 * 1024;
/// All answers to one request together, in bytes.
const MOST_BYTES: usize = 32 * 1024 * 1024;
/// All elements in them: each becomes a few hundred bytes of memory.
const MOST_ELEMENTS: usize = 400_000;

const BIND_REQUEST: u8 = 0x60;
const BIND_RESPONSE: u8 = 0x61;
const SEARCH_REQUEST: u8 = 0x63;
pub(super) const SEARCH_ENTRY: u8 = 0x64;
const SEARCH_DONE: u8 = 0x65;
pub(super) const SEARCH_REFERENCE: u8 = 0x73;
const EXTENDED_RESPONSE: u8 = 0x78;
pub(super) const CONTROLS: u8 = 0xa0;
pub(super) const REFERRAL: u8 = 0xa3;
const SASL_CREDENTIALS: u8 = 0x87;
const RESPONSE_NAME: u8 = 0x8a;
const RESPONSE_VALUE: u8 = 0x8b;

const DISCONNECTION: &[u8] = b"1.3.6.1.4.1.1466.20036";

/// Knows which request waits for an answer.
#[derive(Default)]
pub(super) struct Guard {
    request: Option<Request>,
}

/// A request without its whole answer.
struct Request {
    id: u32,
    operation: Operation,
    /// What its answers may still come to.
    bytes: usize,
    elements: Cell<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Operation {
    Bind,
    Search,
}

/// A result (RFC 4511 section 4.1.9).
struct Outcome<'a> {
    code: u32,
    text: &'a str,
    /// Of an extended response.
    name: Option<&'a [u8]>,
}

impl Guard {
    /// Notes the request at the start of these bytes before it is sent, and says how long it is; nothing if there is not all
    /// of it yet.
    ///
    /// # Errors
    /// If the request before has no answer yet, or if it is none that we make.
    pub(super) fn request(&mut self, bytes: &[u8]) -> Result<Option<usize>, Failure> {
        let Some(message) = whole(bytes, LONGEST).map_err(|_| unsent())? else { return Ok(None) };
        let left = Cell::new(MOST_ELEMENTS);
        let (id, operation, _, _) = envelope(message, &left).map_err(|_| unsent())?;
        let operation = match operation {
            BIND_REQUEST => Operation::Bind,
            SEARCH_REQUEST => Operation::Search,
            _ => return Err(unsent()),
        };
        if self.request.is_some() {
            return Err(unsent());
        }
        self.request = Some(Request { id, operation, bytes: MOST_BYTES, elements: Cell::new(MOST_ELEMENTS) });
        Ok(Some(message.len()))
    }

    /// Judges the message at the start of these bytes, and says how long it is; nothing if there is not all of it yet. What
    /// this lets through may be digested.
    ///
    /// # Errors
    /// If it has not the shape of an answer to the request, or says that the server ends the connection.
    pub(super) fn answer(&mut self, bytes: &[u8]) -> Result<Option<usize>, Failure> {
        if bytes.first().is_some_and(|tag| *tag != SEQUENCE) {
            return Err(Failure::Nonsense("the server does not speak LDAP".to_owned()));
        }
        let most = if self.request.is_some() { LONGEST } else { LONGEST_UNASKED };
        let Some(message) = whole(bytes, most)? else { return Ok(None) };
        self.received(message)?;
        Ok(Some(message.len()))
    }

    fn received(&mut self, message: &[u8]) -> Result<(), Failure> {
        let Some(request) = &mut self.request else {
            let left = Cell::new(MOST_ELEMENTS);
            return Err(unsolicited(message, &left));
        };
        let all = "the answer to one request has more than";
        request.bytes = (request.bytes.checked_sub(message.len()))
            .ok_or_else(|| Failure::Nonsense(format!("{all} {MOST_BYTES} bytes")))?;
        let (id, operation, contents, more) = envelope(message, &request.elements).map_err(nonsense)?;
        if id == 0 {
            return Err(unsolicited(message, &Cell::new(MOST_ELEMENTS)));
        }
        if id != request.id {
            return Err(nonsense("an answer that nobody asked for"));
        }
        let last = match (request.operation, operation) {
            (Operation::Bind, BIND_RESPONSE) | (Operation::Search, SEARCH_DONE) => {
                result(contents, operation).map_err(nonsense)?;
                true
            }
            (Operation::Search, SEARCH_ENTRY) => {
                entry(contents).map_err(nonsense)?;
                false
            }
            (Operation::Search, SEARCH_REFERENCE) => {
                texts(contents).map_err(nonsense)?;
                false
            }
            _ => return Err(nonsense("an answer of another kind than was asked for")),
        };
        controls(more).map_err(nonsense)?;
        if last {
            self.request = None;
        }
        Ok(())
    }
}

/// The message at the start, if all of it is there.
fn whole(bytes: &[u8], most: usize) -> Result<Option<&[u8]>, Failure> {
    match ber::extent(bytes).map_err(nonsense)? {
        Some(length) if length > most => {
            Err(Failure::Nonsense(format!("the server sent a message of more than {most} bytes")))
        }
        Some(length) => Ok(bytes.get(..length)),
        None => Ok(None),
    }
}

fn nonsense(problem: Problem) -> Failure {
    Failure::Nonsense(format!("the server sent {problem}"))
}

fn unsent() -> Failure {
    Failure::Nonsense(
        "a request was not sent: it is none that is made here, or comes before an answer".to_owned(),
    )
}

/// Id, tag and contents of the operation, and what comes behind it.
type Envelope<'a> = (u32, u8, Elements<'a>, Elements<'a>);

fn envelope<'a>(message: &'a [u8], left: &'a Cell<usize>) -> Result<Envelope<'a>, Problem> {
    let mut outside = Elements::of(message, left);
    let mut parts = outside.inside(SEQUENCE)?;
    outside.end()?;
    let id = ber::number(parts.take(INTEGER)?)?;
    let (operation, contents) = parts.next()?.ok_or("an element too few")?;
    let contents = parts.within(contents);
    Ok((id, operation, contents, parts))
}

fn result(mut parts: Elements<'_>, operation: u8) -> Result<Outcome<'_>, Problem> {
    let code = ber::number(parts.take(ENUMERATED)?)?;
    parts.text(OCTET_STRING)?;
    let text = parts.text(OCTET_STRING)?;
    if let Some(referral) = parts.maybe(REFERRAL)? {
        texts(parts.within(referral))?;
    }
    let mut name = None;
    match operation {
        BIND_RESPONSE => {
            parts.maybe(SASL_CREDENTIALS)?;
        }
        EXTENDED_RESPONSE => {
            name = parts.maybe(RESPONSE_NAME)?;
            parts.maybe(RESPONSE_VALUE)?;
        }
        _ => {}
    }
    parts.end()?;
    Ok(Outcome { code, text, name })
}

fn entry(mut parts: Elements<'_>) -> Result<(), Problem> {
    parts.text(OCTET_STRING)?;
    let mut attributes = parts.inside(SEQUENCE)?;
    parts.end()?;
    while let Some(attribute) = attributes.maybe(SEQUENCE)? {
        let mut attribute = attributes.within(attribute);
        attribute.text(OCTET_STRING)?;
        let mut values = attribute.inside(SET)?;
        attribute.end()?;
        while values.maybe(OCTET_STRING)?.is_some() {}
        values.end()?;
    }
    attributes.end()
}

/// URLs.
fn texts(mut parts: Elements<'_>) -> Result<(), Problem> {
    loop {
        parts.text(OCTET_STRING)?;
        if parts.end().is_ok() {
            return Ok(());
        }
    }
}

fn controls(mut parts: Elements<'_>) -> Result<(), Problem> {
    if let Some(list) = parts.maybe(CONTROLS)? {
        let mut list = parts.within(list);
        while let Some(control) = list.maybe(SEQUENCE)? {
            let mut control = list.within(control);
            control.text(OCTET_STRING)?;
            if control.maybe(BOOLEAN)?.is_some_and(|truth| truth.len() != 1) {
                return Err("a truth value of more or less than one octet");
            }
            control.maybe(OCTET_STRING)?;
            control.end()?;
        }
        list.end()?;
    }
    parts.end()
}

/// What to make of a message that answers no request: the server may say why it ends the connection (RFC 4511 section
/// 4.4.1).
fn unsolicited(message: &[u8], left: &Cell<usize>) -> Failure {
    match disconnection(message, left) {
        Ok(Some(Outcome { code, text, .. })) => {
            let text = readable(text);
            let text = if text.is_empty() { String::new() } else { format!(": {text}") };
            Failure::Unreachable(format!("the server ended the connection (result code {code}){text}"))
        }
        Ok(None) => nonsense("an answer that nobody asked for"),
        Err(problem) => nonsense(problem),
    }
}

/// Active Directory puts the name behind the operation instead of into it.
fn disconnection<'a>(message: &'a [u8], left: &'a Cell<usize>) -> Result<Option<Outcome<'a>>, Problem> {
    let (id, operation, contents, mut more) = envelope(message, left)?;
    if id != 0 || operation != EXTENDED_RESPONSE {
        return Ok(None);
    }
    let outcome = result(contents, operation)?;
    let name = more.maybe(RESPONSE_NAME)?.or(outcome.name);
    controls(more)?;
    Ok((name == Some(DISCONNECTION)).then_some(outcome))
}

/// The answer to an extended request (RFC 4511 section 4.12) that the crate does not see.
///
/// # Errors
/// If it is none.
pub(super) fn extended(message: &[u8], id: u32) -> Result<(u32, String), Failure> {
    let left = Cell::new(MOST_ELEMENTS);
    let (found, operation, contents, more) = envelope(message, &left).map_err(nonsense)?;
    if found == 0 {
        return Err(unsolicited(message, &Cell::new(MOST_ELEMENTS)));
    }
    if found != id || operation != EXTENDED_RESPONSE {
        return Err(nonsense("an answer of another kind than was asked for"));
    }
    let outcome = result(contents, operation).map_err(nonsense)?;
    controls(more).map_err(nonsense)?;
    Ok((outcome.code, readable(outcome.text)))
}
