//! The doors that are open, and those that another configuration wants.

use std::sync::Arc;

use dockgate_api::config::Problem;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::front::Front;
use super::operators::Operators;
use crate::config::server::{DoorAddress, Limits};
use crate::live::Live;
use crate::metrics::Connections;
use crate::net::{self, Answers, Listener, Slots, Terms};
use crate::state::State;

/// Connections at a time of those who watch and run the server. Clients take none of them.
const OPERATORS: usize = 64;

/// Every open door.
pub(super) struct Doors {
    open: Vec<OpenDoor>,
    front: Front,
    operators: Operators,
    public: Slots,
    private: Slots,
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
            private: Slots::new(OPERATORS),
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
                    "another door is open at this address, or with another mode or owner: restart to change that",
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
        self.public.resize(limits.connections);
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
        let slots = if leads_to == LeadsTo::Clients { &self.public } else { &self.private };
        let socket = Socket {
            listener,
            terms: Arc::clone(&terms),
            slots: slots.clone(),
            meter: self.meter.clone(),
            closing,
        };
        let closed = match leads_to {
            LeadsTo::Clients => socket.serve(self.front.clone()),
            LeadsTo::Metrics => socket.serve(self.operators.watching()),
            LeadsTo::Admin => socket.serve(self.operators.commanding()),
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
        self.leads_to == wanted.leads_to && self.address.socket.is_as(&wanted.address.socket)
    }

    fn close(self) -> JoinHandle<bool> {
        let _ = self.close.send(true);
        self.closed
    }
}

/// A socket that is about to be served.
struct Socket {
    listener: Listener,
    terms: Arc<Live<Terms>>,
    slots: Slots,
    meter: Connections,
    closing: watch::Receiver<bool>,
}

impl Socket {
    fn serve<A: Answers>(self, answers: A) -> JoinHandle<bool> {
        let Self { listener, terms, slots, meter, mut closing } = self;
        let door = net::OpenDoor { listener, terms, slots, meter, answers };
        tokio::spawn(net::serve(door, async move {
            // Dropped is closed.
            let _ = closing.wait_for(|closing| *closing).await;
        }))
    }
}

fn wanted(state: &State) -> Vec<Wanted> {
    let server = state.server();
    let limits = state.limits();
    let private = |leads_to| {
        let terms = Terms { tls: None, limits: Arc::clone(limits) };
        move |address: DoorAddress| Wanted { address, leads_to, terms }
    };
    let public = state.doors().iter().map(|door| Wanted {
        address: door.address.clone(),
        leads_to: LeadsTo::Clients,
        terms: Terms {
            tls: door.tls.as_ref().map(|tls| Arc::clone(&tls.config)),
            limits: Arc::clone(limits),
        },
    });
    public
        .chain(server.metrics_door().map(private(LeadsTo::Metrics)))
        .chain(server.admin_door().map(private(LeadsTo::Admin)))
        .collect()
}
