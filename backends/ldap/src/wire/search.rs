//! One search, in as many pages as it takes.

use std::cell::Cell;
use std::time::Instant;

use super::answer::{self, Answer};
use super::ber::{Elements, INTEGER, OCTET_STRING, SEQUENCE};
use super::line::Line;
use super::request::{self, Limits};
use super::{Found, Scope, Search, readable};
use crate::failure::Failure;

/// Entries of one page. Active Directory gives 1,000 at most.
const PAGE: u32 = 500;
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

/// What was read so far.
#[derive(Default)]
struct Reading {
    found: Found,
    /// In bytes, over all pages.
    size: usize,
}

/// Asks until there are no more pages, or more entries than are wanted. Requests are numbered from `id` on.
pub(super) async fn all(
    line: &mut Line,
    id: &mut u32,
    search: &Search,
    filter: &[u8],
    deadline: Instant,
) -> Result<Outcome, Failure> {
    let mut reading = Reading::default();
    let mut cookie = Vec::new();
    let mut empty_pages = 0;
    loop {
        let before = reading.found.entries.len();
        let control = if search.paged { page(search.most, before, &cookie) } else { Vec::new() };
        *id += 1;
        let request = request::search(*id, search, filter, limits(search, deadline), &control);
        line.send(&request).await?;
        let result = part(line, search, &mut reading).await?;
        let found = &mut reading.found;
        let Some(result) = result else {
            return Ok(Outcome { found: Ok(reading.found), whole: false });
        };
        match result.code {
            SUCCESS => {}
            SIZE_LIMIT_EXCEEDED => found.more = true,
            REFERRAL => {
                found.elsewhere = true;
                found.references.extend(result.referrals.iter().cloned());
            }
            // Who asks for one entry by its name is answered: there is none.
            NO_SUCH_OBJECT if search.scope == Scope::Base => {}
            code => {
                let refused = Failure::Refused { code, text: readable(&result.text) };
                return Ok(Outcome { found: Err(refused), whole: true });
            }
        }
        let next = if search.paged && result.code == SUCCESS { next(&result)? } else { Vec::new() };
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
    line: &mut Line,
    search: &Search,
    reading: &mut Reading,
) -> Result<Option<answer::Outcome>, Failure> {
    loop {
        let message = line.next().await?;
        reading.size = reading.size.saturating_add(message.len());
        if reading.size > MOST_BYTES {
            return Err(nonsense("the server's pages are too much to be read"));
        }
        let found = &mut reading.found;
        match answer::read(message).map_err(nonsense)? {
            Answer::Outcome(outcome) => return Ok(Some(outcome)),
            Answer::References(urls) => found.references.extend(urls),
            Answer::Entry(entry) if found.entries.len() < search.most => found.entries.push(entry),
            Answer::Entry(_) if found.more => return Ok(None),
            Answer::Entry(_) => found.more = true,
        }
    }
}

fn limits(search: &Search, deadline: Instant) -> Limits {
    let seconds = deadline.saturating_duration_since(Instant::now()).as_secs() + 1;
    Limits {
        // One more: a server that has exactly as many as are wanted must be told from one that has more.
        entries: u32::try_from(search.most.saturating_add(1)).unwrap_or(u32::MAX),
        seconds: u32::try_from(seconds).unwrap_or(u32::MAX),
    }
}

/// The control of a request (RFC 2696). It is not critical: a server without it gives all at once. A page is smaller than
/// the size limit: servers may ignore the control otherwise.
fn page(most: usize, before: usize, cookie: &[u8]) -> Vec<u8> {
    let wanted = most.saturating_add(1).saturating_sub(before);
    let size = u32::try_from(wanted.min(most)).unwrap_or(PAGE).clamp(1, PAGE);
    request::control(PAGED_RESULTS, Some(&request::page(size, cookie)))
}

/// The cookie of the next page; empty after the last one.
fn next(result: &answer::Outcome) -> Result<Vec<u8>, Failure> {
    let Some((_, value)) = result.controls.iter().find(|(name, _)| name == PAGED_RESULTS) else {
        return Ok(Vec::new());
    };
    let cookie = cookie(value.as_deref().unwrap_or_default());
    cookie.ok_or_else(|| nonsense("the server sent a page without its place, or with one that is too long"))
}

fn cookie(value: &[u8]) -> Option<Vec<u8>> {
    let left = Cell::new(3);
    let mut parts = Elements::of(value, &left).inside(SEQUENCE).ok()?;
    parts.take(INTEGER).ok()?;
    let cookie = parts.take(OCTET_STRING).ok()?;
    (cookie.len() <= LONGEST_COOKIE).then(|| cookie.to_vec())
}

fn nonsense(text: &str) -> Failure {
    Failure::Nonsense(text.to_owned())
}
