//! Searches (RFC 4511 section 4.5) and their pages (RFC 2696).

use std::collections::VecDeque;

use lber::common::TagClass;
use lber::structure::StructureTag;
use lber::universal::Types;

use super::answer::{self, Answer};
use super::ber::{self, Malformed};
use super::dn::Dn;
use super::entries::{Entries, Entry};
use super::matching::View;
use super::message::{Control, Parts, SearchRequest};
use super::record::Scope;
use super::selection::Selection;
use super::settings::{Anonymous, Settings};

pub(super) const PAGED: &str = "1.2.840.113556.1.4.319";
/// A connection that begins more searches in pages loses the oldest.
const MOST_PAGED: usize = 16;

/// Entries and references, in the order in which they are sent, and the end.
pub(super) struct Found {
    pub(super) items: Vec<StructureTag>,
    pub(super) done: Answer,
}

impl Found {
    fn nothing(done: Answer) -> Self {
        Self { items: Vec::new(), done }
    }
}

/// What is left of searches in pages; they belong to their connection.
#[derive(Default)]
pub(super) struct Pages {
    open: VecDeque<(Vec<u8>, Rest)>,
    begun: u64,
}

struct Rest {
    items: Vec<StructureTag>,
    /// What becomes of the search after its last page.
    done: Answer,
}

/// What a client says of pages.
pub(super) struct PageRequest {
    pub(super) size: usize,
    cookie: Vec<u8>,
}

impl PageRequest {
    pub(super) fn read(controls: &[Control]) -> Result<Option<Self>, Malformed> {
        let Some(control) = controls.iter().find(|control| control.oid == PAGED) else { return Ok(None) };
        let tag = ber::whole(control.value.as_deref().ok_or(Malformed)?)?;
        let mut parts = Parts::of(ber::parts(tag, TagClass::Universal, Types::Sequence as u64)?);
        let size = parts.number(Types::Integer)?;
        let cookie = parts.octets()?;
        Ok(Some(Self { size: usize::try_from(size).map_err(|_| Malformed)?, cookie }))
    }
}

pub(super) fn search(
    entries: &Entries,
    settings: &Settings,
    who: &str,
    request: &SearchRequest,
    page: Option<&PageRequest>,
    pages: &mut Pages,
) -> Found {
    match page.filter(|_| settings.paging) {
        None => {
            let most = settings.most_results;
            let (mut items, done) = all(entries, settings, who, request);
            if items.len() > most {
                items.truncate(most);
                return Found { items, done: Answer::code(4) };
            }
            Found { items, done }
        }
        Some(page) if page.cookie.is_empty() => {
            let (items, done) = all(entries, settings, who, request);
            pages.page(Rest { items, done }, page, settings.most_results)
        }
        Some(page) => match pages.take(&page.cookie) {
            Some(rest) => pages.page(rest, page, settings.most_results),
            None => Found::nothing(Answer::code(53).text("paged results cookie is invalid")),
        },
    }
}

impl Pages {
    fn take(&mut self, cookie: &[u8]) -> Option<Rest> {
        let place = self.open.iter().position(|(known, _)| known == cookie)?;
        self.open.remove(place).map(|(_, rest)| rest)
    }

    fn page(&mut self, mut rest: Rest, page: &PageRequest, most: usize) -> Found {
        // A page of none gives the search up.
        if page.size == 0 {
            return Found::nothing(said(Answer::success(), b""));
        }
        let size = page.size.min(most);
        if rest.items.len() <= size {
            return Found { items: rest.items, done: said(rest.done, b"") };
        }
        let later = rest.items.split_off(size);
        self.begun += 1;
        let cookie = format!("page {}", self.begun).into_bytes();
        if self.open.len() == MOST_PAGED {
            self.open.pop_front();
        }
        let done = said(Answer::success(), &cookie);
        self.open.push_back((cookie, Rest { items: later, done: rest.done }));
        Found { items: rest.items, done }
    }
}

/// With the control that says where the next page begins.
fn said(answer: Answer, cookie: &[u8]) -> Answer {
    let value = ber::sequence(vec![ber::integer(0), ber::octets(cookie)]);
    answer.control(PAGED, Some(ber::encode(value)))
}

/// All that there is, as far as the client's own limit goes.
fn all(
    entries: &Entries,
    settings: &Settings,
    who: &str,
    request: &SearchRequest,
) -> (Vec<StructureTag>, Answer) {
    let Some(base) = Dn::read(&request.base) else {
        return (Vec::new(), Answer::code(34).text("invalid DN"));
    };
    let view = View::new(entries, settings);
    let selection = Selection::new(&view, request);
    if base.is_root() && request.scope == Scope::Base {
        let root = Entry::new("", settings.root.clone());
        let found = view.matches(&root, &request.filter) == Some(true);
        return (found.then(|| selection.show(&root)).into_iter().collect(), Answer::success());
    }
    if who.is_empty() && settings.anonymous != Anonymous::Search {
        let text = "000004DC: In order to perform this operation a successful bind must be completed on the connection.";
        return (Vec::new(), Answer::code(1).text(text));
    }
    if let Some(referral) = entries.referrals.iter().find(|referral| base.within(&referral.key)) {
        return (Vec::new(), Answer::code(10).referrals(&referral.urls));
    }
    if !entries.has_base(&base) {
        let answer = if settings.elsewhere.is_empty() { Answer::code(32) } else { Answer::code(10) };
        return (Vec::new(), answer.referrals(&settings.elsewhere));
    }
    let within = |key: &Dn| match request.scope {
        Scope::Base => *key == base,
        Scope::One => key.directly_below(&base),
        Scope::Subtree => key.within(&base),
    };
    let mut items = Vec::new();
    let mut done = Answer::success();
    for entry in entries.iter().filter(|entry| within(&entry.key)) {
        if view.matches(entry, &request.filter) != Some(true) {
            continue;
        }
        if request.size_limit != 0 && items.len() == request.size_limit {
            done = Answer::code(4);
            break;
        }
        items.push(selection.show(entry));
    }
    let referrals = entries.referrals.iter().filter(|referral| within(&referral.key));
    items.extend(referrals.map(|referral| answer::reference(&referral.urls)));
    (items, done)
}
