//! What the suite has to know of a backend. There are no defaults: whatever is not supported is said.

use std::net::IpAddr;

use dockgate_api::{ActionSet, Identity, Resource};

/// One request.
#[derive(Clone, Debug)]
pub struct Case {
    /// Who asks.
    pub identity: Identity,
    /// For which registry.
    pub service: String,
    /// From where.
    pub client_ip: Option<IpAddr>,
    /// About what.
    pub resource: Resource,
    /// To do what.
    pub actions: ActionSet,
}

impl Case {
    /// A request for a registry named `registry`, from nowhere in particular.
    pub fn new(identity: Identity, resource: Resource, actions: &[&str]) -> Self {
        Self {
            identity,
            service: "registry".to_owned(),
            client_ip: None,
            resource,
            actions: actions.iter().copied().collect(),
        }
    }
}

/// A request that is allowed, and what it gets.
#[derive(Clone, Debug)]
pub struct Allowed {
    /// The request.
    pub case: Case,
    /// Which of the asked actions are granted, in full.
    pub granted: ActionSet,
}

impl Allowed {
    /// A request that gets these of its actions.
    pub fn new(case: Case, granted: &[&str]) -> Self {
        Self { case, granted: granted.iter().copied().collect() }
    }
}

/// What the backend under test decides.
#[derive(Clone, Debug)]
pub struct Fixture {
    /// A request that gets something. Ask for more than is granted, where the backend can tell.
    pub allowed: Allowed,
    /// A request that gets nothing.
    pub denied: Case,
    /// A request about which the backend says nothing.
    pub not_mine: NotMine,
}

/// Whether the backend leaves anything to the next link.
#[derive(Clone, Debug)]
pub enum NotMine {
    /// It does; such a request.
    Request(Box<Case>),
    /// It decides everything; why.
    DecidesEverything(&'static str),
}

impl Fixture {
    pub(super) fn refuse_if_useless(&self) {
        assert!(!self.allowed.granted.is_empty(), "the fixture's allowed request must be granted something");
        assert!(
            self.allowed.granted.iter().all(|action| self.allowed.case.actions.contains(action)),
            "the fixture's allowed request must ask for whatever it is granted"
        );
        assert!(!self.denied.actions.is_empty(), "the fixture's denied request must ask for something");
    }
}
