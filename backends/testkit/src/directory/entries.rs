//! The entries of a directory.

use std::collections::{HashMap, HashSet};

use super::answer::Answer;
use super::dn::Dn;

#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// As it is shown.
    pub(super) dn: String,
    pub(super) key: Dn,
    pub(super) attributes: Vec<(String, Vec<Vec<u8>>)>,
    pub(super) password: Option<Vec<u8>>,
    /// Further names that binds may use: `alice@example.com`, `CORP\alice`.
    pub(super) names: Vec<String>,
    /// For the right password.
    pub(super) right: Answer,
    /// For a wrong one, if not the directory's own.
    pub(super) wrong: Option<Answer>,
}

impl Entry {
    pub(super) fn new(dn: &str, attributes: Vec<(String, Vec<Vec<u8>>)>) -> Self {
        let mut entry = Self {
            dn: dn.to_owned(),
            key: read(dn),
            attributes: Vec::new(),
            password: None,
            names: Vec::new(),
            right: Answer::success(),
            wrong: None,
        };
        for (name, values) in attributes {
            entry.add(&name, values);
        }
        entry
    }

    pub(super) fn add(&mut self, name: &str, values: Vec<Vec<u8>>) {
        match self.attributes.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some((_, known)) => known.extend(values),
            None => self.attributes.push((name.to_owned(), values)),
        }
    }

    pub(super) fn set(&mut self, name: &str, values: Vec<Vec<u8>>) {
        self.attributes.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        if !values.is_empty() {
            self.attributes.push((name.to_owned(), values));
        }
    }

    pub(super) fn values(&self, name: &str) -> &[Vec<u8>] {
        self.attributes
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map_or(&[], |(_, values)| values.as_slice())
    }
}

/// Part of the tree that is elsewhere (RFC 3296).
#[derive(Clone, Debug)]
pub(super) struct Referral {
    pub(super) key: Dn,
    pub(super) urls: Vec<String>,
}

#[derive(Debug, Default)]
pub(super) struct Entries {
    list: Vec<Entry>,
    by_name: HashMap<Dn, usize>,
    /// What was ever above an entry exists, if only as a base.
    bases: HashSet<Dn>,
    pub(super) referrals: Vec<Referral>,
}

impl Entries {
    pub(super) fn add(&mut self, entry: Entry) {
        self.base(entry.key.clone());
        if let Some(known) = self.by_name.get(&entry.key).and_then(|&place| self.list.get_mut(place)) {
            *known = entry;
        } else {
            self.by_name.insert(entry.key.clone(), self.list.len());
            self.list.push(entry);
        }
    }

    pub(super) fn base(&mut self, mut key: Dn) {
        while !key.is_root() {
            let above = key.parent();
            if !self.bases.insert(key) {
                return;
            }
            match above {
                Some(above) => key = above,
                None => return,
            }
        }
    }

    pub(super) fn has_base(&self, key: &Dn) -> bool {
        self.bases.contains(key)
    }

    pub(super) fn remove(&mut self, dn: &str) {
        let key = read(dn);
        let before = self.list.len();
        self.list.retain(|entry| entry.key != key);
        assert!(self.list.len() < before, "there is no entry {dn}");
        self.bases.remove(&key);
        self.by_name =
            self.list.iter().enumerate().map(|(place, entry)| (entry.key.clone(), place)).collect();
    }

    /// The entry that was added last.
    pub(super) fn last(&mut self) -> &mut Entry {
        match self.list.last_mut() {
            Some(entry) => entry,
            None => panic!("there is no entry yet that this could be about"),
        }
    }

    pub(super) fn change(&mut self, dn: &str) -> &mut Entry {
        match self.by_name.get(&read(dn)).and_then(|&place| self.list.get_mut(place)) {
            Some(entry) => entry,
            None => panic!("there is no entry {dn}"),
        }
    }

    pub(super) fn get(&self, key: &Dn) -> Option<&Entry> {
        self.by_name.get(key).and_then(|&place| self.list.get(place))
    }

    pub(super) fn named(&self, name: &str) -> Option<&Entry> {
        self.list.iter().find(|entry| entry.names.iter().any(|known| known.eq_ignore_ascii_case(name)))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.list.iter()
    }
}

/// A name that the test itself spelled.
pub(super) fn read(dn: &str) -> Dn {
    match Dn::read(dn) {
        Some(key) => key,
        None => panic!("{dn} is no distinguished name"),
    }
}
