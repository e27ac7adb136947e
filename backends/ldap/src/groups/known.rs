//! Groups that were met so far, each once.

use std::collections::HashSet;
use std::ops::Range;

use dockgate_api::BackendError;

use super::{Group, MOST_GROUPS};
use crate::dn::Dn;

/// A group that a member was found in.
#[derive(Debug)]
pub(super) struct Met {
    pub(super) dn: Dn,
    /// As the directory spells it.
    pub(super) spelled: String,
    pub(super) name: Name,
}

/// What is known of a group's name.
#[derive(Debug)]
pub(super) enum Name {
    /// Nobody asked yet.
    Unread,
    /// It has this one, or none.
    Read(Option<String>),
}

impl Met {
    /// # Errors
    /// If the text is no distinguished name. `of` says whose it is.
    pub(super) fn new(spelled: &str, name: Name, of: &str) -> Result<Self, BackendError> {
        let dn = Dn::parse(spelled).map_err(|_| {
            BackendError::Protocol(format!("{of} names a group by `{spelled}`, which is no DN"))
        })?;
        Ok(Self { dn, spelled: spelled.to_owned(), name })
    }

    pub(super) fn into_group(self) -> Group {
        let name = match self.name {
            Name::Unread => None,
            Name::Read(name) => name,
        };
        Group { dn: self.spelled, name }
    }
}

/// The groups, in the order in which they were met. That a group is in itself, over however many others, ends nothing and
/// repeats nothing.
#[derive(Debug, Default)]
pub(super) struct Known {
    seen: HashSet<Dn>,
    pub(super) met: Vec<Met>,
}

impl Known {
    /// Adds groups. Returns where those stand that are new.
    ///
    /// # Errors
    /// If they are too many.
    pub(super) fn add(&mut self, groups: Vec<Met>) -> Result<Range<usize>, BackendError> {
        let before = self.met.len();
        for group in groups {
            if self.seen.insert(group.dn.clone()) {
                self.met.push(group);
            }
        }
        if self.met.len() > MOST_GROUPS { Err(too_many()) } else { Ok(before..self.met.len()) }
    }

    pub(super) fn at(&self, places: Range<usize>) -> &[Met] {
        self.met.get(places).unwrap_or_default()
    }
}

pub(super) fn too_many() -> BackendError {
    BackendError::Protocol(format!(
        "the account is in more than {MOST_GROUPS} groups: have `groups.search` find those that matter, with its `base` or \
         in its `filter`"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn met(numbers: Range<usize>) -> Vec<Met> {
        let met = numbers.map(|number| Met::new(&format!("cn={number}"), Name::Unread, "a test").unwrap());
        met.collect()
    }

    #[test]
    fn each_is_there_once_and_only_new_ones_are_told() {
        let mut known = Known::default();
        assert_eq!(known.add(met(0..2)).unwrap(), 0..2);
        assert_eq!(known.add(met(1..4)).unwrap(), 2..4);
        assert_eq!(known.add(met(0..4)).unwrap(), 4..4);
        let spelled: Vec<_> = known.at(2..4).iter().map(|group| group.spelled.as_str()).collect();
        assert_eq!(spelled, ["cn=2", "cn=3"]);
    }

    #[test]
    fn more_than_the_bound_are_an_error_on_whatever_level() {
        let mut known = Known::default();
        known.add(met(0..1)).unwrap();
        known.add(met(0..MOST_GROUPS)).unwrap();
        let error = known.add(met(MOST_GROUPS..MOST_GROUPS + 1)).unwrap_err().to_string();
        assert!(error.contains("more than 10000 groups"), "{error}");
    }
}
