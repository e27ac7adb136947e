//! What clients reach: the routes of the configuration of this moment.

use std::sync::Arc;

use axum::http::Request;
use axum::response::Response;

use crate::http::{ErrorAnswer, Peer, Routes};
use crate::live::Live;
use crate::net::{Answers, RequestBody};
use crate::state::State;

/// The routes of this moment. A clone is the same.
#[derive(Clone)]
pub(crate) struct Front(Arc<Live<Routes>>);

impl Front {
    pub(super) fn new(state: Arc<State>) -> Self {
        Self(Arc::new(Live::new(Routes::new(state))))
    }

    /// The state that answers now.
    pub(crate) fn state(&self) -> Arc<State> {
        Arc::clone(self.0.load().state())
    }

    /// Lets another state answer from now on. Requests in flight end with the one that they began with.
    pub(super) fn swap(&self, state: Arc<State>) {
        self.0.swap(Routes::new(state));
    }
}

impl Answers for Front {
    async fn answer(&self, peer: Peer, request: Request<RequestBody>) -> Response {
        self.0.load().answer(peer, request).await
    }

    fn refuse(&self, peer: Peer, answer: ErrorAnswer) -> Response {
        self.0.load().refuse(peer, answer)
    }
}
