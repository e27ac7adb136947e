//! Whether an entry is what a filter looks for (RFC 4511 section 4.5.1.7): yes, no, or undefined, which is neither.

use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::dn::{Dn, folded};
use super::entries::{Entries, Entry};
use super::filter::Filter;
use super::settings::Settings;

const IN_CHAIN: &str = "1.2.840.113556.1.4.1941";
const BIT_AND: &str = "1.2.840.113556.1.4.803";
const BIT_OR: &str = "1.2.840.113556.1.4.804";
const CASE_IGNORE: [&str; 2] = ["caseIgnoreMatch", "2.5.13.2"];
const CASE_EXACT: [&str; 2] = ["caseExactMatch", "2.5.13.5"];

/// Values that are distinguished names.
const NAMES: [&str; 8] =
    ["member", "memberof", "uniquemember", "owner", "manager", "seealso", "distinguishedname", "entrydn"];
/// Values that are bytes.
const BYTES: [&str; 2] = ["objectguid", "objectsid"];

/// The entries as one search sees them.
pub(super) struct View<'a> {
    pub(super) entries: &'a Entries,
    pub(super) settings: &'a Settings,
    /// By a member's name, the groups that say it.
    groups: OnceCell<HashMap<Rc<Dn>, Vec<&'a Entry>>>,
    /// Names that were read: thousands of groups have the same member.
    names: RefCell<HashMap<Vec<u8>, Option<Rc<Dn>>>>,
}

impl<'a> View<'a> {
    pub(super) fn new(entries: &'a Entries, settings: &'a Settings) -> Self {
        Self { entries, settings, groups: OnceCell::new(), names: RefCell::default() }
    }

    pub(super) fn values<'e>(&self, entry: &'e Entry, name: &str) -> Cow<'e, [Vec<u8>]> {
        let stored = entry.values(name);
        if stored.is_empty() && self.settings.computed_member_of && name.eq_ignore_ascii_case("memberOf") {
            let groups = self.groups().get(&entry.key).map_or(&[][..], Vec::as_slice);
            return groups.iter().map(|group| group.dn.clone().into_bytes()).collect::<Vec<_>>().into();
        }
        stored.into()
    }

    pub(super) fn matches(&self, entry: &Entry, filter: &Filter) -> Option<bool> {
        match filter {
            Filter::And(filters) => self.all(entry, filters, false),
            Filter::Or(filters) => self.all(entry, filters, true),
            Filter::Not(filter) => self.matches(entry, filter).map(|matches| !matches),
            // Every entry has one, whether the test said so or not.
            Filter::Present(name) if name.eq_ignore_ascii_case("objectClass") => Some(true),
            Filter::Present(name) => Some(!self.values(entry, name).is_empty()),
            Filter::Equal(name, value) | Filter::Approximately(name, value) => {
                let value = self.normal(name, value);
                Some(self.values(entry, name).iter().any(|known| self.normal(name, known) == value))
            }
            Filter::AtLeast(name, value) => {
                Some(self.values(entry, name).iter().any(|known| order(known, value).is_ge()))
            }
            Filter::AtMost(name, value) => {
                Some(self.values(entry, name).iter().any(|known| order(known, value).is_le()))
            }
            Filter::Substrings { attribute, initial, any, last } => {
                let fits = |known: &Vec<u8>| substrings(known, initial.as_deref(), any, last.as_deref());
                Some(self.values(entry, attribute).iter().any(fits))
            }
            Filter::Extensible { rule, attribute: Some(name), value, dn: false } => {
                self.extensible(entry, rule.as_deref(), name, value)
            }
            Filter::Extensible { .. } => None,
        }
    }

    /// One that is `enough` decides; else one that is undefined does.
    fn all(&self, entry: &Entry, filters: &[Filter], enough: bool) -> Option<bool> {
        let mut undefined = false;
        for filter in filters {
            match self.matches(entry, filter) {
                Some(matches) if matches == enough => return Some(enough),
                Some(_) => {}
                None => undefined = true,
            }
        }
        (!undefined).then_some(!enough)
    }

    fn extensible(&self, entry: &Entry, rule: Option<&str>, name: &str, value: &[u8]) -> Option<bool> {
        let values = self.values(entry, name);
        match rule {
            Some(IN_CHAIN) if self.settings.in_chain => self.in_chain(entry, name, value),
            Some(BIT_AND | BIT_OR) => {
                let asked: i64 = number(value)?;
                let fits =
                    |bits: i64| if rule == Some(BIT_AND) { bits & asked == asked } else { bits & asked != 0 };
                Some(values.iter().filter_map(|known| number(known)).any(fits))
            }
            Some(rule) if CASE_EXACT.contains(&rule) => Some(values.iter().any(|known| known == value)),
            Some(rule) if CASE_IGNORE.contains(&rule) => {
                Some(values.iter().any(|known| folded(known) == folded(value)))
            }
            None => {
                let value = self.normal(name, value);
                Some(values.iter().any(|known| self.normal(name, known) == value))
            }
            Some(_) => None,
        }
    }

    /// Whether a chain of `member` leads from the entry to the value, or of `memberOf`.
    fn in_chain(&self, entry: &Entry, name: &str, value: &[u8]) -> Option<bool> {
        let asked = Dn::read(std::str::from_utf8(value).ok()?)?;
        match name.to_ascii_lowercase().as_str() {
            "member" => Some(self.above(&asked).contains(&entry.key)),
            "memberof" => Some(self.above(&entry.key).contains(&asked)),
            _ => None,
        }
    }

    fn above(&self, name: &Dn) -> HashSet<&'a Dn> {
        let mut found = HashSet::new();
        let mut next = vec![name];
        while let Some(name) = next.pop() {
            for &group in self.groups().get(name).map_or(&[][..], Vec::as_slice) {
                if found.insert(&group.key) {
                    next.push(&group.key);
                }
            }
        }
        found
    }

    fn groups(&self) -> &HashMap<Rc<Dn>, Vec<&'a Entry>> {
        self.groups.get_or_init(|| {
            let mut groups: HashMap<Rc<Dn>, Vec<&'a Entry>> = HashMap::new();
            for group in self.entries.iter() {
                let values = group.values("member").iter().chain(group.values("uniqueMember"));
                for member in values.filter_map(|value| self.name(value)) {
                    groups.entry(member).or_default().push(group);
                }
            }
            groups
        })
    }

    fn name(&self, value: &[u8]) -> Option<Rc<Dn>> {
        let mut names = self.names.borrow_mut();
        if let Some(known) = names.get(value) {
            return known.clone();
        }
        let name = std::str::from_utf8(value).ok().and_then(Dn::read).map(Rc::new);
        names.insert(value.to_vec(), name.clone());
        name
    }

    fn normal<'v>(&self, attribute: &str, value: &'v [u8]) -> Normal<'v> {
        let is = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(attribute));
        if is(&BYTES) {
            return Normal::Bytes(value);
        }
        let name = if is(&NAMES) { self.name(value) } else { None };
        name.map_or_else(|| Normal::Text(folded(value)), Normal::Name)
    }
}

#[derive(PartialEq, Eq)]
enum Normal<'a> {
    Name(Rc<Dn>),
    Text(Vec<u8>),
    Bytes(&'a [u8]),
}

fn number(value: &[u8]) -> Option<i64> {
    std::str::from_utf8(value).ok()?.trim().parse().ok()
}

fn order(known: &[u8], asked: &[u8]) -> std::cmp::Ordering {
    match (number(known), number(asked)) {
        (Some(known), Some(asked)) => known.cmp(&asked),
        _ => folded(known).cmp(&folded(asked)),
    }
}

fn substrings(known: &[u8], initial: Option<&[u8]>, any: &[Vec<u8>], last: Option<&[u8]>) -> bool {
    let lower = |value: &[u8]| String::from_utf8_lossy(value).to_lowercase();
    let known = lower(known);
    let Some(mut rest) = known.strip_prefix(&lower(initial.unwrap_or_default())) else { return false };
    for part in any {
        match rest.split_once(&lower(part)) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(&lower(last.unwrap_or_default()))
}
