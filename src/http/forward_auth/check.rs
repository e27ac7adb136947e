//! One question of a proxy on its way, so that whatever becomes of it is counted and written down once.

use std::time::Instant;

use dockgate_api::RequestId;

use super::stop::Stop;
use crate::access::AtTheDoor;
use crate::http::ClientAddress;
use crate::metrics::Checked;
use crate::state::{OpenGate, State};

/// One question. One that goes without an answer counts as abandoned.
pub(super) struct Check<'s> {
    pub(super) state: &'s State,
    pub(super) id: RequestId,
    /// Whose request it is about, as far as it is known: the proxy's address at first.
    pub(super) client: ClientAddress,
    pub(super) open: &'s OpenGate,
    begun: Instant,
    came_of_it: Checked,
}

impl<'s> Check<'s> {
    pub(super) fn new(state: &'s State, open: &'s OpenGate, client: ClientAddress, id: RequestId) -> Self {
        Self { state, id, client, open, begun: Instant::now(), came_of_it: Checked::Abandoned }
    }

    /// It is answered: with yes, unless something stopped it.
    pub(super) fn ends(&mut self, stop: Option<&Stop>) {
        self.came_of_it = stop.map_or(Checked::Passed, Stop::checked);
        if let Some(detail) = stop.and_then(Stop::at_the_door) {
            self.state.access().refused_at_the_door(&AtTheDoor {
                request_id: self.id,
                client: self.client.0,
                client_id: None,
                account: None,
                service: Some(&self.open.gate.service),
                reason: self.came_of_it.as_str(),
                detail,
            });
        }
    }
}

impl Drop for Check<'_> {
    fn drop(&mut self) {
        self.open.meter.count(self.came_of_it, self.begun.elapsed());
    }
}
