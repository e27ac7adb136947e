//! What of an entry is shown (RFC 4511 section 4.5.1.8), and in which pieces.

use lber::structure::StructureTag;

use super::answer;
use super::entries::Entry;
use super::matching::View;
use super::message::SearchRequest;

pub(super) struct Selection<'a> {
    view: &'a View<'a>,
    types_only: bool,
    /// `*`, or nothing asked for.
    users: bool,
    /// `+`.
    operational: bool,
    named: Vec<(&'a str, Option<Range>)>,
}

/// Some values of many: `member;range=1500-*`, as Active Directory has it.
#[derive(Clone, Copy)]
struct Range {
    first: usize,
    last: usize,
}

impl Range {
    fn read(option: &str) -> Option<Self> {
        let (name, range) = option.split_once('=')?;
        let (first, last) = range.split_once('-')?;
        let last = if last == "*" { usize::MAX } else { last.parse().ok()? };
        name.eq_ignore_ascii_case("range").then_some(Self { first: first.parse().ok()?, last })
    }
}

impl<'a> Selection<'a> {
    pub(super) fn new(view: &'a View<'a>, request: &'a SearchRequest) -> Self {
        let asked = |sign: &str| request.attributes.iter().any(|attribute| attribute == sign);
        let named = request.attributes.iter().filter(|name| !matches!(name.as_str(), "*" | "+" | "1.1"));
        Self {
            view,
            types_only: request.types_only,
            users: request.attributes.is_empty() || asked("*"),
            operational: asked("+"),
            named: named.map(|name| ranged(name)).collect(),
        }
    }

    pub(super) fn show(&self, entry: &Entry) -> StructureTag {
        let mut names: Vec<&str> = entry.attributes.iter().map(|(name, _)| name.as_str()).collect();
        if self.view.settings.computed_member_of && entry.values("memberOf").is_empty() {
            names.push("memberOf");
        }
        let mut shown = Vec::new();
        for name in names {
            let values = self.view.values(entry, name);
            if values.is_empty() {
                continue;
            }
            let asked = self.named.iter().find(|(asked, _)| asked.eq_ignore_ascii_case(name));
            let all = if self.view.settings.is_operational(name) { self.operational } else { self.users };
            match asked {
                Some(&(_, range)) => self.pieces(name, &values, range, &mut shown),
                None if all => self.pieces(name, &values, None, &mut shown),
                None => {}
            }
        }
        if self.types_only {
            for (_, values) in &mut shown {
                values.clear();
            }
        }
        answer::entry(&entry.dn, shown)
    }

    fn pieces(
        &self,
        name: &str,
        values: &[Vec<u8>],
        range: Option<Range>,
        shown: &mut Vec<(String, Vec<Vec<u8>>)>,
    ) {
        let most = self.view.settings.most_values;
        if range.is_none() && values.len() <= most {
            shown.push((name.to_owned(), values.to_vec()));
            return;
        }
        let first = range.map_or(0, |range| range.first);
        let end =
            range.map_or(usize::MAX, |range| range.last.saturating_add(1)).min(first.saturating_add(most));
        let piece: Vec<Vec<u8>> = values.iter().take(end).skip(first).cloned().collect();
        if range.is_none() {
            shown.push((name.to_owned(), Vec::new()));
        }
        if piece.is_empty() {
            return;
        }
        let last = if end >= values.len() { "*".to_owned() } else { (end - 1).to_string() };
        shown.push((format!("{name};range={first}-{last}"), piece));
    }
}

fn ranged(description: &str) -> (&str, Option<Range>) {
    match description.split_once(';') {
        Some((name, option)) => match Range::read(option) {
            Some(range) => (name, Some(range)),
            None => (description, None),
        },
        None => (description, None),
    }
}
