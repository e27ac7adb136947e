//! A directory over the wire, and groups that are looked for in it.

use std::time::{Duration, Instant};

use dockgate_api::{BackendError, Call, async_trait};
use dockgate_testkit::directory::{Directory, RunningDirectory};
use dockgate_testkit::fakes::call;
use tokio::sync::Mutex;

use super::super::{Group, Groups, MEMBER_OF, Naming, Nesting, Way};
use crate::directory::Searcher;
use crate::entry::Entry;
use crate::filter::{Place, Template};
use crate::labels::Shape;
use crate::wire::{Connection, Dialer, Endpoint, Found, Search, Security};

pub(super) const BASE: &str = "dc=example,dc=com";
pub(super) const ALICE: &str = "uid=alice,ou=people,dc=example,dc=com";

pub(super) fn group(name: &str) -> String {
    format!("cn={name},ou=groups,{BASE}")
}

/// A directory in which everybody may search, with a user and with groups of these members.
pub(super) fn directory(groups: &[(&str, &[&str])]) -> Directory {
    let directory = Directory::new()
        .anonymous(dockgate_testkit::directory::Anonymous::Search)
        .entry(ALICE, [("objectClass", "person"), ("uid", "alice")]);
    groups.iter().fold(directory, |directory, (name, members)| {
        let attributes = [("objectClass", "group"), ("cn", name)];
        directory.entry(&group(name), attributes).values("member", *members)
    })
}

/// One connection to it, as whoever searches.
pub(super) struct Line(Mutex<Connection>);

impl Line {
    pub(super) async fn to(directory: &RunningDirectory) -> Self {
        let addr = directory.addr;
        let endpoint = Endpoint { host: addr.ip().to_string(), port: addr.port(), security: Security::None };
        let dialer = Dialer { tls: None, server_name: None };
        let deadline = Instant::now() + Duration::from_secs(10);
        Self(Mutex::new(dialer.dial(&endpoint, deadline).await.unwrap()))
    }

    /// An entry, as it is found at a login.
    pub(super) async fn entry(&self, dn: &str, attributes: &[String]) -> Entry {
        let search = Search::entry(dn, attributes.into());
        self.search(&call(), &search).await.unwrap().entries.pop().unwrap()
    }
}

#[async_trait]
impl Searcher for Line {
    async fn search(&self, cx: &Call, search: &Search) -> Result<Found, BackendError> {
        Ok(self.0.lock().await.search(search, cx.deadline()).await?)
    }
}

pub(super) fn by_member_of(nesting: Nesting) -> Groups {
    Groups {
        label: Some("groups".to_owned()),
        way: Way::MemberOf(MEMBER_OF.to_owned()),
        base: BASE.to_owned(),
        naming: Naming::Leaf,
        below: None,
        nesting,
        primary: false,
        shape: Shape::default(),
        cache: None,
    }
}

pub(super) fn by_search(filter: &str, nesting: Nesting) -> Groups {
    Groups { way: Way::Search(Template::parse(filter, Place::OfEntry).unwrap()), ..by_member_of(nesting) }
}

pub(super) const RECURSIVE: Nesting = Nesting::Recursive { max_depth: 10 };

/// The groups of a user of the directory.
pub(super) async fn of(
    groups: &Groups,
    directory: &RunningDirectory,
    user: &str,
) -> Result<Vec<Group>, BackendError> {
    let line = Line::to(directory).await;
    let user = line.entry(user, &groups.attributes()).await;
    groups.of(&call(), &line, &user, "alice", Some("alice-subject")).await.map(|found| found.to_vec())
}

/// Their names, in alphabetical order.
pub(super) async fn names(groups: &Groups, directory: &RunningDirectory) -> Vec<String> {
    let found = of(groups, directory, ALICE).await.unwrap();
    let mut names: Vec<String> = found.into_iter().map(|group| group.name.unwrap_or_default()).collect();
    names.sort_unstable();
    names
}

pub(super) async fn refused(groups: &Groups, directory: &RunningDirectory) -> String {
    of(groups, directory, ALICE).await.unwrap_err().to_string()
}
