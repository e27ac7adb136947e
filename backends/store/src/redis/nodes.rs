//! Who has what: one Redis, or the members of a cluster that are in use.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dockgate_api::Shelf;
use tokio::runtime::Handle;

use super::address::Address;
use super::session::Node;
use super::settings::Details;

/// Beyond so many, those to which a slot was on its way are forgotten.
const MOST_NODES: usize = 64;

/// Every Redis that is in use.
pub(super) struct Nodes {
    settings: Arc<Details>,
    runtime: Handle,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    nodes: Vec<Arc<Node>>,
    /// Who last had a shelf. A shelf is in one slot, and a slot is at one member.
    routes: HashMap<Shelf, Arc<Node>>,
}

impl Nodes {
    /// Begins to connect to those that are configured.
    pub(super) fn new(settings: Arc<Details>, runtime: &Handle) -> Self {
        let nodes = Self { settings, runtime: runtime.clone(), known: Mutex::default() };
        for address in &nodes.settings.addresses {
            nodes.at(address.clone());
        }
        nodes
    }

    /// Whom to ask for a shelf, but those who were asked: who had it last, or anybody, for they know who has it.
    pub(super) fn of(&self, shelf: Option<Shelf>, asked: &[Arc<Node>]) -> Option<Arc<Node>> {
        let known = self.known();
        let is_left = |node: &&Arc<Node>| !asked.iter().any(|asked| Arc::ptr_eq(asked, node));
        let routed = shelf.and_then(|shelf| known.routes.get(&shelf)).filter(is_left);
        let connected = || known.nodes.iter().filter(is_left).find(|node| !node.is_down());
        let node = routed.filter(|node| !node.is_down()).or_else(connected);
        node.or_else(|| known.nodes.iter().find(is_left)).cloned()
    }

    /// Every Redis that is in use.
    pub(super) fn all(&self) -> Vec<Arc<Node>> {
        self.known().nodes.clone()
    }

    /// The Redis at an address.
    pub(super) fn at(&self, address: Address) -> Arc<Node> {
        let mut known = self.known();
        if let Some(node) = known.nodes.iter().find(|node| node.address == address) {
            return Arc::clone(node);
        }
        if known.nodes.len() >= MOST_NODES {
            known.forget_unused(&self.settings.addresses);
        }
        let node = Arc::new(Node::new(address, Arc::clone(&self.settings), &self.runtime));
        known.nodes.push(Arc::clone(&node));
        node
    }

    /// Notes who has a shelf, and forgets who has none and is not configured.
    pub(super) fn has(&self, shelf: Option<Shelf>, node: &Arc<Node>) {
        let Some(shelf) = shelf else { return };
        let mut known = self.known();
        let before = known.routes.insert(shelf, Arc::clone(node));
        if before.is_some_and(|before| Arc::ptr_eq(&before, node)) {
            return;
        }
        known.forget_unused(&self.settings.addresses);
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn forget_unused(&mut self, configured: &[Address]) {
        let Self { nodes, routes } = self;
        nodes.retain(|node| {
            configured.contains(&node.address) || routes.values().any(|routed| Arc::ptr_eq(routed, node))
        });
    }
}
