//! The doors that are open, and those that another configuration wants.

use std::sync::Arc;

use dockgate_api::config::Problem;
use rustix::process::{Resource, getrlimit};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::front::Front;
use super::operators::Operators;
use crate::config::server::{DoorAddress, Limits};
use crate::live::Live;
use crate::metrics::Connections;
use crate::net::{self, Answers, Listener, Serving, Slots, Terms};
use crate::state::State;

/// Connections at a time of those who watch the server, and of those who run it. Clients take none of them, and who may
/// look keeps nobody from the commands.
const OPERATORS: usize = 64;

/// File descriptors that clients leave alone: for operators, and for files.
const KEPT_DESCRIPTORS: u64 = 2 * OPERATORS as u64 + 128;

/// Every open door.
pub(super) struct Doors {
    open: Vec<OpenDoor>,
    front: Front,
    operators: Operators,
    public: Slots,
    watching: Slots,
    commanding: Slots,
    meter: Connections,
}

struct OpenDoor {
    address: DoorAddress,
    leads_to: LeadsTo,
    shown: String,
    terms: Arc<Live<Terms>>,
    /// Tells it to close.
    close: watch::Sender<bool>,
    closed: JoinHandle<bool>,
}

/// What is behind a door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LeadsTo {
    Clients,
    Metrics,
    Admin,
}

/// A door that a configuration wants.
struct Wanted {
    address: DoorAddress,
    leads_to: LeadsTo,
    terms: Terms,
}

/// The doors that a configuration wants, with the sockets of those that are not open yet.
pub(super) struct Prepared(Vec<(Wanted, Option<Listener>)>);

impl Doors {
    pub(super) fn new(front: Front, operators: Operators) -> Self {
        let state = front.state();
        let (connections, meter) = (state.limits().connections, Connections::new(state.metrics().as_ref()));
        Self {
            open: Vec::new(),
            front,
            operators,
            public: Slots::new(connections),
            watching: Slots::new(OPERATORS),
            commanding: Slots::new(OPERATORS),
            meter,
        }
    }

    /// Binds what is not open yet. Nothing is served or closed before [`Doors::commit`].
    pub(super) async fn prepare(&self, state: &State) -> Result<Prepared, Vec<Problem>> {
        let (mut prepared, mut problems) = (Vec::new(), Vec::new());
        for wanted in wanted(state) {
            match self.open.iter().find(|open| open.address.does_for(&wanted.address)) {
                Some(open) if open.serves(&wanted) => prepared.push((wanted, None)),
                Some(_) => problems.push(wanted.address.problem(
                    "another door is open at this address, or it is on other interfaces or with another mode or owner: \
                     restart to change that",
                )),
                None => match Listener::bind(&wanted.address).await {
                    Ok(listener) => prepared.push((wanted, Some(listener))),
                    Err(problem) => problems.push(problem),
                },
            }
        }
        if problems.is_empty() { Ok(Prepared(prepared)) } else { Err(problems) }
    }

    /// Opens the new doors, gives the others their new terms, and closes those that nobody wants any more.
    pub(super) fn commit(&mut self, Prepared(prepared): Prepared, limits: &Limits) {
        self.public.resize(room(limits.connections));
        let wanted: Vec<DoorAddress> = prepared.iter().map(|(wanted, _)| wanted.address.clone()).collect();
        let unwanted = |open: &mut OpenDoor| !wanted.iter().any(|address| open.address.does_for(address));
        for door in self.open.extract_if(.., unwanted) {
            tracing::info!(address = %door.shown, "closing: the configuration does not name it any more");
            door.close();
        }
        for (wanted, listener) in prepared {
            match listener {
                Some(listener) => self.open(wanted, listener),
                None => {
                    if let Some(open) = self.open.iter().find(|open| open.address.does_for(&wanted.address)) {
                        open.terms.swap(wanted.terms);
                    }
                }
            }
        }
    }

    fn open(&mut self, wanted: Wanted, listener: Listener) {
        let Wanted { address, leads_to, terms } = wanted;
        let shown = listener.to_string();
        let scheme = if terms.tls.is_some() { "https" } else { "http" };
        match leads_to {
            LeadsTo::Clients => tracing::info!(address = %shown, scheme, "listening"),
            LeadsTo::Metrics => tracing::info!(address = %shown, "listening for those who watch"),
            LeadsTo::Admin => tracing::info!(address = %shown, "listening for admin commands"),
        }
        let terms = Arc::new(Live::new(terms));
        let (close, closing) = watch::channel(false);
        let slots = match leads_to {
            LeadsTo::Clients => &self.public,
            LeadsTo::Metrics => &self.watching,
            LeadsTo::Admin => &self.commanding,
        };
        let serving =
            Serving { listener, terms: Arc::clone(&terms), slots: slots.clone(), meter: self.meter.clone() };
        let closed = match leads_to {
            LeadsTo::Clients => served(serving, self.front.clone(), closing),
            LeadsTo::Metrics => served(serving, self.operators.watching(), closing),
            LeadsTo::Admin => served(serving, self.operators.commanding(), closing),
        };
        self.open.push(OpenDoor { address, leads_to, shown, terms, close, closed });
    }

    /// Connections of clients.
    pub(super) fn connections(&self) -> usize {
        self.public.taken()
    }

    /// Closes every door and waits until requests in flight have ended; answers whether all did in their time.
    pub(super) async fn close(self) -> bool {
        let closing: Vec<_> = self.open.into_iter().map(OpenDoor::close).collect();
        let mut all_ended = true;
        for closed in closing {
            all_ended &= closed.await.unwrap_or(false);
        }
        all_ended
    }
}

impl OpenDoor {
    fn serves(&self, wanted: &Wanted) -> bool {
        let (address, wanted_address) = (&self.address, &wanted.address);
        self.leads_to == wanted.leads_to
            && address.listens_as(wanted_address)
            && address.socket.is_as(&wanted_address.socket)
    }

    fn close(self) -> JoinHandle<bool> {
        let _ = self.close.send(true);
        self.closed
    }
}

fn served<A: Answers>(serving: Serving, answers: A, mut closing: watch::Receiver<bool>) -> JoinHandle<bool> {
    tokio::spawn(net::serve(serving, answers, async move {
        // Dropped is closed.
        let _ = closing.wait_for(|closing| *closing).await;
    }))
}

/// How many connections of clients there may be: so many as are wanted, and as leave file descriptors for those who watch
/// and run the server, and for reading its files.
fn room(wanted: usize) -> usize {
    let Some(most) = getrlimit(Resource::Nofile).current else { return wanted };
    let room = room_under(most, wanted);
    if room < wanted {
        tracing::warn!(
            open_files = most,
            connections = room,
            "the system allows too few open files for server.limits.connections: fewer are taken at a time"
        );
    }
    room
}

fn room_under(open_files: u64, wanted: usize) -> usize {
    let left = open_files.saturating_sub(KEPT_DESCRIPTORS).max(open_files / 2).max(1);
    wanted.min(usize::try_from(left).unwrap_or(usize::MAX))
}

fn wanted(state: &State) -> Vec<Wanted> {
    let server = state.server();
    let limits = state.limits();
    let private = |leads_to| {
        let terms = Terms { tls: None, proxies: None, limits: Arc::clone(limits) };
        move |address: DoorAddress| Wanted { address, leads_to, terms }
    };
    let public = state.doors().iter().map(|door| Wanted {
        address: door.address.clone(),
        leads_to: LeadsTo::Clients,
        terms: Terms {
            tls: door.tls.as_ref().map(|tls| Arc::clone(&tls.config)),
            proxies: door.proxies.clone(),
            limits: Arc::clone(limits),
        },
    });
    public
        .chain(server.metrics_door().map(private(LeadsTo::Metrics)))
        .chain(server.admin_door().map(private(LeadsTo::Admin)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::room_under;

    #[test]
    fn clients_leave_descriptors_for_others() {
        for (open_files, wanted, room) in [
            (1_048_576, 10_000, 10_000),
            (10_256, 10_000, 10_000),
            (1_024, 10_000, 768),
            (64, 10_000, 32),
            (0, 10, 1),
        ] {
            assert_eq!(room_under(open_files, wanted), room, "{open_files}");
        }
    }
}
