//! Who is there, what they belong to, and what was given out for them.

use std::collections::{BTreeMap, HashMap};
use std::time::SystemTime;

use super::super::grants::Grants;
use super::Level;

#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) id: u64,
    pub(super) username: String,
    pub(super) blocked: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) id: u64,
    pub(super) full_path: String,
    pub(super) members: BTreeMap<u64, Level>,
}

#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) person: u64,
    pub(super) client: String,
    pub(super) scope: String,
    pub(super) ends: SystemTime,
    pub(super) revoked: bool,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) grants: Grants,
    pub(super) people: Vec<Person>,
    pub(super) groups: Vec<Group>,
    pub(super) tokens: HashMap<String, Token>,
    /// A refresh token, with the access token that came with it.
    pub(super) refresh: HashMap<String, (String, Token)>,
    ids: u64,
}

impl State {
    pub(super) fn id(&mut self) -> u64 {
        self.ids += 1;
        self.ids
    }

    pub(super) fn person(&self, id: u64) -> Option<&Person> {
        self.people.iter().find(|person| person.id == id)
    }

    pub(super) fn person_mut(&mut self, username: &str) -> &mut Person {
        match self.people.iter_mut().find(|person| person.username == username) {
            Some(person) => person,
            None => panic!("make the user {username} first"),
        }
    }

    /// By number, or by path.
    pub(super) fn group(&self, key: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.id.to_string() == key || group.full_path == key)
    }

    pub(super) fn group_mut(&mut self, path: &str) -> &mut Group {
        if let Some((above, _)) = path.rsplit_once('/') {
            self.group_mut(above);
        }
        let place = self.groups.iter().position(|group| group.full_path == path).unwrap_or_else(|| {
            let group = Group { id: self.id(), full_path: path.to_owned(), members: BTreeMap::new() };
            self.groups.push(group);
            self.groups.len() - 1
        });
        match self.groups.get_mut(place) {
            Some(group) => group,
            None => panic!("a group that was made is there"),
        }
    }

    pub(super) fn above<'a>(&'a self, group: &Group) -> Option<&'a Group> {
        self.group(group.full_path.rsplit_once('/')?.0)
    }

    /// The highest that somebody has in a group or in those above it.
    pub(super) fn level(&self, group: &Group, person: u64) -> Option<Level> {
        let above = self.above(group).and_then(|above| self.level(above, person));
        group.members.get(&person).copied().max(above)
    }
}
