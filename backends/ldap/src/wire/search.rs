//! One search, in as many pages as it takes.

use std::cell::Cell;
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
const PAGED_RESULTS: &str = "1.2.840.113556.1.4.319";

const SUCCESS: u32 = 0;
const SIZE_LIMIT_EXCEEDED: u32 = 4;
const REFERRAL: u32 = 10;

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

/// Asks until there are no more pages, or more entries than are wanted.
pub(super) async fn all(ldap: &mut Ldap, search: &Search, deadline: Instant) -> Result<Outcome, Broken> {
    let mut found = Found::default();
    let mut cookie = Vec::new();
    loop {
        let before = found.entries.len();
        if search.paged {
            let wanted = (search.most + 1).saturating_sub(before).min(PAGE.min(search.most.max(1)));
            ldap.with_controls(vec![page(wanted, &cookie)]);
        }
        let Some(result) = part(ldap, search, deadline, &mut found).await? else {
            return Ok(Outcome { found: Ok(found), whole: false });
        };
        match result.rc {
            SUCCESS => {}
            SIZE_LIMIT_EXCEEDED => found.more = true,
            REFERRAL => found.references.extend(result.refs),
            code => {
                let refused = Failure::Refused { code, text: readable(&result.text) };
                return Ok(Outcome { found: Err(refused), whole: true });
            }
        }
        let next = if search.paged && result.rc == SUCCESS { next(&result.ctrls)? } else { Vec::new() };
        if next.is_empty() || found.more {
            return Ok(Outcome { found: Ok(found), whole: true });
        }
        if next == cookie || found.entries.len() == before {
            let text = "the server's pages do not come to an end".to_owned();
            return Err(Broken::Nonsense(Failure::Nonsense(text)));
        }
        cookie = next;
    }
}

/// One page. Nothing if the server goes on beyond the number of entries that it was told.
async fn part(
    ldap: &mut Ldap,
    search: &Search,
    deadline: Instant,
    found: &mut Found,
) -> Result<Option<LdapResult>, Broken> {
    let scope = match search.scope {
        Scope::Base => ldap3::Scope::Base,
        Scope::Subtree => ldap3::Scope::Subtree,
    };
    let seconds = deadline.saturating_duration_since(Instant::now()).as_secs() + 1;
    let options = SearchOptions::new()
        // One more: a server that has exactly as many as are wanted must be told from one that has more.
        .sizelimit(i32::try_from(search.most + 1).unwrap_or(i32::MAX))
        .timelimit(i32::try_from(seconds).unwrap_or(i32::MAX));
    let ldap = ldap.with_search_options(options);
    let mut entries =
        ldap.streaming_search(&search.base, scope, &search.filter, search.attributes.clone()).await?;
    while let Some(item) = entries.next().await? {
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

/// The control of a request (RFC 2696). It is not critical: a server without it gives all at once.
fn page(size: usize, cookie: &[u8]) -> RawControl {
    let size = i32::try_from(size).unwrap_or(i32::MAX);
    ldap3::controls::PagedResults { size, cookie: cookie.to_vec() }.into()
}

/// The cookie of the next page; empty after the last one.
fn next(controls: &[Control]) -> Result<Vec<u8>, Broken> {
    let Some(control) = controls.iter().find(|control| control.1.ctype == PAGED_RESULTS) else {
        return Ok(Vec::new());
    };
    cookie(control.1.val.as_deref().unwrap_or_default()).ok_or_else(|| {
        Broken::Nonsense(Failure::Nonsense("the server sent a page without its place".to_owned()))
    })
}

fn cookie(value: &[u8]) -> Option<Vec<u8>> {
    let left = Cell::new(3);
    let mut parts = Elements::of(value, &left).inside(SEQUENCE).ok()?;
    parts.take(INTEGER).ok()?;
    parts.take(OCTET_STRING).map(<[u8]>::to_vec).ok()
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
