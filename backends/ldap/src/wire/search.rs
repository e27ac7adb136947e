//! One search, in as many pages as it takes.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Instant;

use ldap3::asn1::{PL, StructureTag};
use ldap3::controls::{Control, RawControl};
use ldap3::{Ldap, LdapError, LdapResult, SearchOptions};

use super::ber::{Elements, INTEGER, OCTET_STRING, SEQUENCE};
use super::{Found, Scope, Search, readable};
use crate::entry::Entry;
use crate::failure::Failure;

/// Entries of one page. Active Directory gives 1,000 at most.
const PAGE: usize = 500;
/// Pages without an entry in one search; servers may send some.
const MOST_EMPTY_PAGES: usize = 20;
/// In bytes.
const LONGEST_COOKIE: usize = 64 * 1024;
/// All pages together, in bytes.
const MOST_BYTES: usize = 64 * 1024 * 1024;
const PAGED_RESULTS: &str = "1.2.840.113556.1.4.319";

const SUCCESS: u32 = 0;
const SIZE_LIMIT_EXCEEDED: u32 = 4;
const REFERRAL: u32 = 10;
const NO_SUCH_OBJECT: u32 = 32;

/// What a search came to.
pub(super) struct Outcome {
    pub(super) found: Result<Found, Failure>,
    /// Whether nothing more of it will come.
    pub(super) whole: bool,
}

/// Why there is no whole answer.
pub(super) enum Broken {
    Crate(LdapError),
    Nonsense(Failure),
}

impl From<LdapError> for Broken {
    fn from(error: LdapError) -> Self {
        Self::Crate(error)
    }
}

/// What was read so far.
#[derive(Default)]
struct Reading {
    found: Found,
    /// In bytes, over all pages.
    size: usize,
}

/// Asks until there are no more pages, or more entries than are wanted.
pub(super) async fn all(ldap: &mut Ldap, search: &Search, deadline: Instant) -> Result<Outcome, Broken> {
    let mut reading = Reading::default();
    let mut cookie = Vec::new();
    let mut empty_pages = 0;
    loop {
        let before = reading.found.entries.len();
        if search.paged {
            ldap.with_controls(vec![page(search.most, before, &cookie)]);
        }
        let result = part(ldap, search, deadline, &mut reading).await?;
        let found = &mut reading.found;
        let Some(result) = result else {
            return Ok(Outcome { found: Ok(reading.found), whole: false });
        };
        match result.rc {
            SUCCESS => {}
            SIZE_LIMIT_EXCEEDED => found.more = true,
            REFERRAL => {
                found.elsewhere = true;
                found.references.extend(result.refs);
            }
            // Who asks for one entry by its name is answered: there is none.
            NO_SUCH_OBJECT if search.scope == Scope::Base => {}
            code => {
                let refused = Failure::Refused { code, text: readable(&result.text) };
                return Ok(Outcome { found: Err(refused), whole: true });
            }
        }
        let next = if search.paged && result.rc == SUCCESS { next(&result.ctrls)? } else { Vec::new() };
        if next.is_empty() || found.more {
            return Ok(Outcome { found: Ok(reading.found), whole: true });
        }
        // The same cookie again may be right (389-ds numbers searches, not pages), and so may an empty page.
        if found.entries.len() == before {
            empty_pages += 1;
            if next == cookie || empty_pages > MOST_EMPTY_PAGES {
                return Err(nonsense("the server's pages do not come to an end"));
            }
        }
        cookie = next;
    }
}

/// One page. Nothing if the server goes on beyond the number of entries that it was told.
async fn part(
    ldap: &mut Ldap,
    search: &Search,
    deadline: Instant,
    reading: &mut Reading,
) -> Result<Option<LdapResult>, Broken> {
    let scope = match search.scope {
        Scope::Base => ldap3::Scope::Base,
        Scope::Subtree => ldap3::Scope::Subtree,
    };
    let seconds = deadline.saturating_duration_since(Instant::now()).as_secs() + 1;
    let options = SearchOptions::new()
        // One more: a server that has exactly as many as are wanted must be told from one that has more.
        .sizelimit(i32::try_from(search.most.saturating_add(1)).unwrap_or(i32::MAX))
        .timelimit(i32::try_from(seconds).unwrap_or(i32::MAX));
    let ldap = ldap.with_search_options(options);
    let mut entries =
        ldap.streaming_search(&search.base, scope, &search.filter, Arc::clone(&search.attributes)).await?;
    while let Some(item) = entries.next().await? {
        let found = &mut reading.found;
        reading.size = reading.size.saturating_add(size(&item.0));
        if reading.size > MOST_BYTES {
            return Err(nonsense("the server's pages are too much to be read"));
        }
        if item.is_ref() {
            found.references.extend(texts(item.0));
        } else if found.entries.len() < search.most {
            found.entries.extend(entry(item.0));
        } else if found.more {
            return Ok(None);
        } else {
            found.more = true;
        }
    }
    Ok(Some(entries.finish().await))
}

/// The control of a request (RFC 2696). It is not critical: a server without it gives all at once. A page is smaller than
/// the size limit: servers may ignore the control otherwise.
fn page(most: usize, before: usize, cookie: &[u8]) -> RawControl {
    let wanted = most.saturating_add(1).saturating_sub(before);
    let size = i32::try_from(wanted.min(most).clamp(1, PAGE)).unwrap_or(1);
    ldap3::controls::PagedResults { size, cookie: cookie.to_vec() }.into()
}

/// The cookie of the next page; empty after the last one.
fn next(controls: &[Control]) -> Result<Vec<u8>, Broken> {
    let Some(control) = controls.iter().find(|control| control.1.ctype == PAGED_RESULTS) else {
        return Ok(Vec::new());
    };
    let cookie = cookie(control.1.val.as_deref().unwrap_or_default());
    cookie.ok_or_else(|| nonsense("the server sent a page without its place, or with one that is too long"))
}

fn cookie(value: &[u8]) -> Option<Vec<u8>> {
    let left = Cell::new(3);
    let mut parts = Elements::of(value, &left).inside(SEQUENCE).ok()?;
    parts.take(INTEGER).ok()?;
    let cookie = parts.take(OCTET_STRING).ok()?;
    (cookie.len() <= LONGEST_COOKIE).then(|| cookie.to_vec())
}

fn nonsense(text: &str) -> Broken {
    Broken::Nonsense(Failure::Nonsense(text.to_owned()))
}

/// From the tree of an entry, whose shape the guard has seen.
fn entry(tree: StructureTag) -> Option<Entry> {
    let mut parts = children(tree);
    let mut entry = Entry::new(text(parts.next()?)?);
    for attribute in children(parts.next()?) {
        let mut parts = children(attribute);
        let description = text(parts.next()?)?;
        entry.add(&description, children(parts.next()?).filter_map(bytes));
    }
    Some(entry)
}

/// What is kept of it, in bytes.
fn size(tree: &StructureTag) -> usize {
    match &tree.payload {
        PL::P(bytes) => bytes.len() + size_of::<Vec<u8>>(),
        PL::C(children) => children.iter().map(size).sum(),
    }
}

fn texts(tree: StructureTag) -> impl Iterator<Item = String> {
    children(tree).filter_map(text)
}

fn children(tree: StructureTag) -> impl Iterator<Item = StructureTag> {
    match tree.payload {
        PL::C(children) => children,
        PL::P(_) => Vec::new(),
    }
    .into_iter()
}

fn bytes(tree: StructureTag) -> Option<Vec<u8>> {
    match tree.payload {
        PL::P(bytes) => Some(bytes),
        PL::C(_) => None,
    }
}

fn text(tree: StructureTag) -> Option<String> {
    bytes(tree).and_then(|bytes| String::from_utf8(bytes).ok())
}
