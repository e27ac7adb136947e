//! Finds the few rules of a list that may match a request.
//!
//! Each rule is filed under one key: the text, or the fixed start or end, of one of its fields, two of those together,
//! or a label that it needs. Of the keys that a rule has, the one that the fewest others have is taken. A request asks
//! for every form of key that occurs, so what a decision costs depends on the number of forms, not on that of rules.
//! What has no key at all is tried for every request.
//!
//! The index only leaves out rules that [`Rule::may_match`](crate::Rule) refuses too: what is found is matched in full
//! and in the rules' order, so that answers and errors are those of trying every rule.

mod build;
mod candidates;
mod hash;
mod shape;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use dockgate_api::{AccessRequest, Labels};

pub(crate) use candidates::Candidates;

use crate::rule::{Rule, field_text};
use crate::variable::Field;
use hash::{Key, KeyMap, Rolling};
use shape::{Shape, end_seed, inside_key, push, start_seed, whole_key};

/// Rule numbers by key.
#[derive(Debug, Default)]
pub(crate) struct Index {
    fields: [Lengths; 4],
    mixed: Box<[Shape]>,
    pairs: Box<[(Shape, Shape)]>,
    labels: HashMap<Box<str>, LabelForms>,
    lists: Lists,
    /// What has no key.
    rest: Box<[u32]>,
}

/// The forms of key that one field has.
#[derive(Debug, Default)]
struct Lengths {
    whole: bool,
    /// Ascending, in bytes.
    starts: Box<[usize]>,
    /// Ascending, in bytes.
    ends: Box<[usize]>,
    /// In bytes.
    inside: Box<[usize]>,
}

/// How rules are filed under one label.
#[derive(Clone, Copy, Debug, Default)]
struct LabelForms {
    by_label: bool,
    by_value: bool,
}

/// Ascending rule numbers, list after list.
#[derive(Debug, Default)]
struct Lists {
    places: KeyMap<(u32, u32)>,
    numbers: Box<[u32]>,
}

impl Lists {
    fn get(&self, key: Key) -> &[u32] {
        let place = |&(start, end): &(u32, u32)| {
            self.numbers.get(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
        };
        self.places.get(&key).and_then(place).unwrap_or(&[])
    }
}

impl Index {
    /// An index of these rules.
    pub(crate) fn of(rules: &[Rule]) -> Self {
        build::build(rules)
    }

    /// The numbers of all rules that may match, in order.
    pub(crate) fn candidates(&self, request: &AccessRequest<'_>) -> Candidates<'_> {
        let mut found = Candidates::default();
        found.add(&self.rest);
        for (field, lengths) in Field::ALL.into_iter().zip(&self.fields) {
            self.add_field(&mut found, field, lengths, field_text(request, field));
        }
        let mixed = self.mixed.iter().filter_map(|shape| shape.key(request));
        let pairs = self
            .pairs
            .iter()
            .filter_map(|(one, other)| Some(pair_key(one.key(request)?, other.key(request)?)));
        mixed.chain(pairs).for_each(|key| found.add(self.lists.get(key)));
        self.add_labels(&mut found, &request.identity.labels);
        found
    }

    fn add_field<'i>(&'i self, found: &mut Candidates<'i>, field: Field, lengths: &Lengths, text: &str) {
        if lengths.whole {
            found.add(self.lists.get(whole_key(field, text)));
        }
        self.add_lengths(found, &lengths.starts, start_seed(field), text.bytes());
        self.add_lengths(found, &lengths.ends, end_seed(field), text.bytes().rev());
        for &length in &lengths.inside {
            let windows = text.as_bytes().windows(length);
            windows.for_each(|window| found.add(self.lists.get(inside_key(field, window))));
        }
    }

    /// One pass over the text passes by all lengths.
    fn add_lengths<'i>(
        &'i self,
        found: &mut Candidates<'i>,
        lengths: &[usize],
        mut key: Rolling,
        mut bytes: impl ExactSizeIterator<Item = u8>,
    ) {
        let (all, mut done) = (bytes.len(), 0);
        for &length in lengths.iter().take_while(|length| **length <= all) {
            key = bytes.by_ref().take(length - done).fold(key, push);
            done = length;
            found.add(self.lists.get(key.key()));
        }
    }

    /// Goes through the identity's labels or the index's, whichever are fewer.
    fn add_labels<'i>(&'i self, found: &mut Candidates<'i>, labels: &Labels) {
        let mut add = |label: &str, forms: &LabelForms| {
            let values = labels.values(label);
            if forms.by_label && !values.is_empty() {
                found.add(self.lists.get(label_key(label)));
            }
            if forms.by_value {
                for value in values {
                    found.add(self.lists.get(value_key(label, value.as_str())));
                }
            }
        };
        if labels.len() < self.labels.len() {
            for (label, _) in labels.iter() {
                if let Some(forms) = self.labels.get(label) {
                    add(label, forms);
                }
            }
        } else {
            self.labels.iter().for_each(|(label, forms)| add(label, forms));
        }
    }
}

fn pair_key(one: Key, other: Key) -> Key {
    hash::mix(one.rotate_left(17) ^ other)
}

fn label_key(label: &str) -> Key {
    Rolling::new(100).with(label).key()
}

fn value_key(label: &str, value: &str) -> Key {
    Rolling::new(101).with(label).apart().with(value).key()
}
