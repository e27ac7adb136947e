//! One token request on its way, so that whatever becomes of it is counted and written down once.

use std::sync::Arc;
use std::time::Instant;

use axum::response::Response;
use dockgate_api::{ClientCertificate, RequestId};

use super::Client;
use super::failure::Failure;
use crate::access::{AtTheDoor, Grant, Question};
use crate::credentials::gives_away;
use crate::http::ClientAddress;
use crate::lockout::Standing;
use crate::metrics::Outcome;
use crate::state::State;

/// One token request. One that goes without an answer counts as abandoned.
pub(super) struct Asked<'s> {
    pub(super) state: &'s State,
    pub(super) id: RequestId,
    pub(super) client: ClientAddress,
    pub(super) standing: Standing,
    pub(super) certificate: Option<Arc<ClientCertificate>>,
    /// When the whole request was there.
    pub(super) complete: Instant,
    pub(super) client_id: Option<String>,
    pub(super) service: Option<String>,
    /// What it asks, once it is known.
    pub(super) question: Option<Question>,
    outcome: Outcome,
}

/// The longest `client_id` that is written down, in bytes.
const LONGEST_CLIENT_ID: usize = 256;

impl<'s> Asked<'s> {
    pub(super) fn new(state: &'s State, client: Client, id: RequestId) -> Self {
        Self {
            state,
            id,
            client: client.address,
            certificate: client.certificate,
            standing: client.standing,
            complete: Instant::now(),
            client_id: None,
            service: None,
            question: None,
            outcome: Outcome::Abandoned,
        }
    }

    /// What the client says it is. It proves nothing.
    pub(super) fn client_is(&mut self, client_id: Option<String>) {
        tracing::trace!(request_id = %self.id, ?client_id, "token request");
        self.client_id = client_id.map(|mut client_id| {
            client_id.truncate(client_id.floor_char_boundary(LONGEST_CLIENT_ID));
            client_id
        });
    }

    /// Answers it.
    pub(super) fn respond(mut self, answer: Result<(Outcome, Response), Failure>) -> Response {
        match answer {
            Ok((outcome, response)) => {
                self.outcome = outcome;
                response
            }
            Err(failure) => {
                self.outcome = failure.outcome();
                if let Some(detail) = failure.at_the_door() {
                    self.refused_at_the_door(detail);
                }
                failure.respond(self.state.issuer())
            }
        }
    }

    fn refused_at_the_door(&self, detail: &'static str) {
        let login = self.question.as_ref().map(|question| &question.login);
        self.state.access().refused_at_the_door(&AtTheDoor {
            request_id: self.id,
            client: self.client.0,
            client_id: self.client_id.as_deref(),
            account: login.map(|login| login.account.as_str()).filter(|account| !gives_away(account)),
            service: login.map(|login| login.service.as_str()).or(self.service.as_deref()),
            reason: self.outcome.as_str(),
            detail,
        });
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        let service = self.question.as_ref().map(|question| question.login.service.as_str());
        let service = service.or(self.service.as_deref()).unwrap_or_default();
        self.state.access().meter().count(self.outcome, service, self.complete.elapsed());
    }
}

/// How much of what was asked is granted.
pub(super) fn outcome(question: &Question, grant: &Grant) -> Outcome {
    let scopes = &question.scopes;
    let whole = scopes.scopes.iter().zip(grant.access()).all(|(asked, got)| asked.actions == *got.actions());
    if whole && scopes.malformed.is_empty() {
        Outcome::Granted
    } else if grant.access().iter().any(|got| !got.actions().is_empty()) {
        Outcome::Partly
    } else {
        Outcome::Nothing
    }
}
