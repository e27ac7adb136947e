//! All servers of a directory, and how a question finds one.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use dockgate_api::secrecy::SecretString;
use dockgate_api::{BackendError, Call};

use super::notes::note_found;
use super::round::Round;
use super::server::Server;
use super::session::Held;
use super::shared::Shared;
use super::srv::SrvRoster;
use super::{Order, Servers};
use crate::wire::{BindAnswer, Endpoint, Found, Search};

/// Servers that references named and that are remembered; of further ones the first is forgotten.
const MOST_GUESTS: usize = 32;

/// All servers of a directory.
pub(super) struct Fleet {
    pub(super) shared: Arc<Shared>,
    pub(super) roster: Roster,
    /// Those that references named.
    guests: Mutex<Vec<Arc<Server>>>,
}

pub(super) enum Roster {
    Listed { servers: Vec<Arc<Server>>, order: Order },
    Srv(SrvRoster),
}

impl Roster {
    pub(super) fn new(shared: &Arc<Shared>, servers: Servers, order: Order) -> Self {
        let server = |endpoint: Endpoint| {
            let name = endpoint.to_string();
            Arc::new(Server::new(shared, endpoint, &name))
        };
        match servers {
            Servers::Listed(endpoints) => {
                Self::Listed { servers: endpoints.into_iter().map(server).collect(), order }
            }
            Servers::Srv { domain, security } => Self::Srv(SrvRoster::new(shared, domain, security)),
        }
    }

    /// Those that are known so far.
    pub(super) fn known(&self) -> Vec<Arc<Server>> {
        match self {
            Self::Listed { servers, .. } => servers.clone(),
            Self::Srv(roster) => roster.known(),
        }
    }
}

impl Fleet {
    pub(super) fn new(shared: Arc<Shared>, roster: Roster) -> Self {
        Self { shared, roster, guests: Mutex::default() }
    }

    /// All that somebody may be connected to.
    pub(super) fn known(&self) -> Vec<Arc<Server>> {
        let mut known = self.roster.known();
        known.extend(self.guests.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned());
        known
    }

    /// The servers in the order in which one question goes to them.
    async fn candidates(&self, deadline: Instant) -> Result<Vec<Arc<Server>>, BackendError> {
        match &self.roster {
            Roster::Srv(roster) => roster.candidates(deadline).await,
            Roster::Listed { servers, order: Order::Listed } => Ok(servers.clone()),
            Roster::Listed { servers, order: Order::Random } => {
                let mut servers = servers.clone();
                for place in (1..servers.len()).rev() {
                    let other = self.shared.draw(place as u64);
                    servers.swap(place, usize::try_from(other).unwrap_or(place));
                }
                Ok(servers)
            }
        }
    }

    async fn round(&self, cx: &Call) -> Result<Round, BackendError> {
        Ok(Round::new(self.candidates(cx.deadline()).await?, cx.deadline()))
    }

    /// Searches as the service account at the first server that answers.
    pub(super) async fn search(&self, cx: &Call, search: &Search) -> Result<Found, BackendError> {
        searched(cx, self.round(cx).await?, search).await
    }

    /// Searches as the service account at a server that a reference named.
    pub(super) async fn search_at(
        &self,
        cx: &Call,
        endpoint: Endpoint,
        search: &Search,
    ) -> Result<Found, BackendError> {
        searched(cx, Round::new(vec![self.guest(endpoint)], cx.deadline()), search).await
    }

    fn guest(&self, endpoint: Endpoint) -> Arc<Server> {
        let mut guests = self.guests.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = guests.iter().find(|guest| guest.endpoint == endpoint) {
            return Arc::clone(known);
        }
        if guests.len() >= MOST_GUESTS {
            guests.remove(0);
        }
        // Hosts that others name are no labels.
        let guest = Arc::new(Server::new(&self.shared, endpoint, "referred"));
        guests.push(Arc::clone(&guest));
        guest
    }

    /// Binds as a user at the first server that answers.
    pub(super) async fn bind(
        &self,
        cx: &Call,
        name: &str,
        password: &SecretString,
    ) -> Result<(BindAnswer, Held), BackendError> {
        let mut round = self.round(cx).await?;
        while let Some(turn) = round.next() {
            match turn.server.bind(cx, &turn, name, password).await {
                Ok((answer, bound)) => {
                    let held = Held::new(Arc::clone(&turn.server), bound, &answer);
                    return Ok((answer, held));
                }
                Err(trouble) => round.failed(cx, trouble)?,
            }
        }
        Err(round.into_error())
    }
}

async fn searched(cx: &Call, mut round: Round, search: &Search) -> Result<Found, BackendError> {
    while let Some(turn) = round.next() {
        match turn.server.search(cx, &turn, search).await {
            Ok(found) => {
                note_found(cx, &turn.server, search, &found);
                return Ok(found);
            }
            Err(trouble) => round.failed(cx, trouble)?,
        }
    }
    Err(round.into_error())
}
