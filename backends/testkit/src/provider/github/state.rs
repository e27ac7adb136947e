//! Who is there, what they belong to, and what was given out for them.

use std::collections::{BTreeMap, HashMap};
use std::time::SystemTime;

use super::super::grants::Grants;
use super::Limit;

#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) id: u64,
    pub(super) login: String,
    pub(super) suspended: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Membership {
    pub(super) pending: bool,
    pub(super) admin: bool,
    /// Whether the app's token was authorized for single sign-on.
    pub(super) sso: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Team {
    pub(super) id: u64,
    pub(super) slug: String,
    pub(super) parent: Option<u64>,
    pub(super) members: Vec<u64>,
}

#[derive(Clone, Debug)]
pub(super) struct Org {
    pub(super) id: u64,
    pub(super) login: String,
    pub(super) sso: bool,
    pub(super) restricted: bool,
    pub(super) members: BTreeMap<u64, Membership>,
    pub(super) teams: Vec<Team>,
}

impl Org {
    pub(super) fn leave(&mut self, person: u64) {
        self.members.remove(&person);
        self.teams.iter_mut().for_each(|team| team.members.retain(|member| *member != person));
    }

    pub(super) fn team(&self, slug: &str) -> Option<&Team> {
        self.teams.iter().find(|team| team.slug.eq_ignore_ascii_case(slug))
    }

    pub(super) fn team_mut(&mut self, slug: &str) -> &mut Team {
        match self.teams.iter_mut().find(|team| team.slug == slug) {
            Some(team) => team,
            None => panic!("make the team {slug} first"),
        }
    }

    /// What keeps a token of somebody out.
    pub(super) fn closed_to(&self, person: u64) -> Option<Closed> {
        if self.restricted {
            return Some(Closed::ToApps);
        }
        let authorized = self.members.get(&person).is_some_and(|membership| membership.sso);
        (self.sso && !authorized).then_some(Closed::WithoutSso)
    }
}

/// Why a token does not see an organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closed {
    ToApps,
    WithoutSso,
}

#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) person: u64,
    pub(super) client: String,
    pub(super) scopes: Vec<String>,
    pub(super) ends: Option<SystemTime>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) grants: Grants,
    pub(super) people: Vec<Person>,
    pub(super) orgs: Vec<Org>,
    pub(super) tokens: HashMap<String, Token>,
    /// A refresh token, and whose; with the access token that ends when it is used.
    pub(super) refresh: HashMap<String, Token>,
    pub(super) access_of: HashMap<String, String>,
    pub(super) expiring: bool,
    pub(super) limit: Option<Limit>,
    ids: u64,
}

impl State {
    pub(super) fn id(&mut self) -> u64 {
        self.ids += 1;
        self.ids
    }

    pub(super) fn person(&self, login: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.login.eq_ignore_ascii_case(login))
    }

    pub(super) fn person_mut(&mut self, login: &str) -> &mut Person {
        match self.people.iter_mut().find(|person| person.login == login) {
            Some(person) => person,
            None => panic!("make the user {login} first"),
        }
    }

    pub(super) fn by_id(&self, id: u64) -> Option<&Person> {
        self.people.iter().find(|person| person.id == id)
    }

    pub(super) fn org(&self, login: &str) -> Option<&Org> {
        self.orgs.iter().find(|org| org.login.eq_ignore_ascii_case(login))
    }

    pub(super) fn org_mut(&mut self, login: &str) -> &mut Org {
        let place = self.orgs.iter().position(|org| org.login == login).unwrap_or_else(|| {
            let (id, members) = (self.id(), BTreeMap::new());
            let login = login.to_owned();
            self.orgs.push(Org { id, login, sso: false, restricted: false, members, teams: Vec::new() });
            self.orgs.len() - 1
        });
        match self.orgs.get_mut(place) {
            Some(org) => org,
            None => panic!("an organization that was made is there"),
        }
    }
}
