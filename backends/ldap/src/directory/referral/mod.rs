//! References to other servers, followed.
//!
//! A reference is asked by the service account, with the protection that the configuration asks for or more: where it says
//! `tls: starttls` or `always`, an `ldap://` reference is asked with `StartTLS` on its port, and an `ldaps://` one always
//! with TLS. What a reference holds is part of the answer: where one cannot be asked, there is no answer. A user's password
//! goes to no other host. Another server speaks for the part of the tree that it was asked about, and for nothing else; and
//! what is asked for is ours to say.

mod url;

use std::collections::{HashSet, VecDeque};

use dockgate_api::{BackendError, Call};

use self::url::Reference;
use super::fleet::{Fleet, Roster};
use super::here;
use super::srv::SrvRoster;
use crate::dn::Dn;
use crate::wire::{Endpoint, Found, Search, Security};

/// References of references of references, and no further.
const MOST_HOPS: usize = 3;

/// References that are asked for one search.
const MOST_URLS: usize = 10;

/// One that is to be asked.
struct Pending {
    url: String,
    /// Who sent it; none is our own servers.
    from: Option<Endpoint>,
    /// What the search was that it answered.
    search: Search,
    hops: usize,
}

/// Asks what the references of an answer name, and joins it.
///
/// # Errors
/// If one of them cannot be asked, or if they are too many.
pub(super) async fn follow(
    fleet: &Fleet,
    cx: &Call,
    search: &Search,
    found: Found,
) -> Result<Found, BackendError> {
    let mut joined = Joined::new(search.most);
    let mut pending = VecDeque::new();
    // Where was asked for what: none is our own servers.
    let mut seen = HashSet::from([key(None, search)]);
    let mut asked = 0;
    joined.add(found, None, search, 1, &mut pending);
    while let Some(Pending { url, from, search, hops }) = pending.pop_front() {
        if joined.found.more {
            break;
        }
        let refuse =
            |why: &str| BackendError::Protocol(format!("the reference `{url}` is not followed: {why}"));
        let reference = Reference::parse(&url).map_err(|why| refuse(&why))?;
        let (asked_of_guest, within) = (from.is_some(), search.base.clone());
        let (endpoint, next) = (place(fleet, &reference, from), reference.applied_to(&search));
        if next.filter != search.filter {
            return Err(refuse("it would have us ask for something else"));
        }
        let search = next;
        if asked_of_guest && !lies_in(&search.base, &within) {
            return Err(refuse(&format!("who sent it speaks for `{within}` only")));
        }
        if !seen.insert(key(endpoint.as_ref(), &search)) {
            cx.note(|| format!("the reference `{url}` was asked already"));
            continue;
        }
        if hops > MOST_HOPS {
            return Err(refuse(&format!("it is more than {MOST_HOPS} servers away")));
        }
        asked += 1;
        if asked > MOST_URLS {
            return Err(refuse(&format!("more than {MOST_URLS} were asked for this search")));
        }
        cx.note(|| format!("the reference `{url}` is followed"));
        let found = match endpoint.clone() {
            Some(endpoint) => fleet.search_at(cx, endpoint, &search).await?,
            None => fleet.search(cx, &search).await?,
        };
        if endpoint.is_some()
            && let Some(other) = found.entries.iter().find(|entry| !lies_in(&entry.dn, &search.base))
        {
            return Err(BackendError::Protocol(format!(
                "the server of the reference `{url}` speaks for `{}` only, and shows `{}`",
                search.base, other.dn
            )));
        }
        // Where it is was not said.
        let found = if found.references.is_empty() { here(found, &search)? } else { found };
        joined.add(found, endpoint.as_ref(), &search, hops + 1, &mut pending);
    }
    Ok(joined.found)
}

fn lies_in(name: &str, base: &str) -> bool {
    let (name, base) = (Dn::parse(name), Dn::parse(base));
    name.is_ok_and(|name| base.is_ok_and(|base| name.is_within(&base)))
}

/// What was asked of whom.
type Key = (Option<Endpoint>, String, bool, String);

fn key(endpoint: Option<&Endpoint>, search: &Search) -> Key {
    let Search { base, scope, filter, .. } = search;
    let subtree = *scope == crate::wire::Scope::Subtree;
    (endpoint.cloned(), base.to_ascii_lowercase(), subtree, filter.clone())
}

/// Where a reference leads; none if to our own servers.
fn place(fleet: &Fleet, reference: &Reference, from: Option<Endpoint>) -> Option<Endpoint> {
    let (ours, servers) = match &fleet.roster {
        Roster::Listed { servers, .. } => (
            servers.iter().map(|server| server.endpoint.security).max_by_key(|it| strength(*it)),
            servers.clone(),
        ),
        Roster::Srv(roster) => (Some(SrvRoster::security(roster)), roster.known()),
    };
    let Some(endpoint) = reference.endpoint(ours.unwrap_or(Security::Tls)) else { return from };
    let same =
        |known: &Endpoint| known.host.eq_ignore_ascii_case(&endpoint.host) && known.port == endpoint.port;
    (!servers.iter().any(|server| same(&server.endpoint))).then_some(endpoint)
}

fn strength(security: Security) -> u8 {
    match security {
        Security::None => 0,
        Security::StartTls | Security::Tls => 1,
    }
}

/// What all answers hold together: an entry that several hold is one.
struct Joined {
    found: Found,
    names: HashSet<String>,
    most: usize,
}

impl Joined {
    fn new(most: usize) -> Self {
        Self { found: Found::default(), names: HashSet::new(), most }
    }

    fn add(
        &mut self,
        found: Found,
        from: Option<&Endpoint>,
        search: &Search,
        hops: usize,
        pending: &mut VecDeque<Pending>,
    ) {
        self.found.more |= found.more;
        for entry in found.entries {
            if !self.names.insert(entry.dn.to_ascii_lowercase()) {
                continue;
            }
            if self.found.entries.len() >= self.most {
                self.found.more = true;
                break;
            }
            self.found.entries.push(entry);
        }
        let next = |url| Pending { url, from: from.cloned(), search: search.clone(), hops };
        pending.extend(found.references.into_iter().map(next));
    }
}
