//! What the answers of an authentication chain come to, for who logs in and for who wants to know what would be.

use std::sync::Arc;

use dockgate_api::{Answer, Authenticator, BackendError, Decision, Identity};

use super::{Link, LinkError, Verdict};
use crate::config::links::OnError;

/// An error that the consent of a later link would make up for.
///
/// Only its consent counts: where nobody allows, the error stands, so that a directory that is down never looks like a
/// wrong password.
#[derive(Default)]
pub(super) struct Pending(Option<LinkError>);

impl Pending {
    /// Takes a link's answer. None lets the next link be asked.
    pub(super) fn take(
        &mut self,
        link: &Link<dyn Authenticator>,
        answer: Answer<Identity>,
    ) -> Option<Result<Decision<Identity>, LinkError>> {
        match answer {
            Ok(Decision::NoMatch) => None,
            Ok(denied @ Decision::Deny(_)) => Some(self.0.take().map_or(Ok(denied), Err)),
            Ok(allowed) => Some(Ok(allowed)),
            // Whoever comes again finds room: no other link is asked in its place.
            Err(error @ BackendError::Overloaded { .. }) => Some(Err(link.failed(error))),
            Err(error) if link.on_error == OnError::Next => {
                self.0.get_or_insert_with(|| link.failed(error));
                None
            }
            Err(error) => Some(Err(self.0.take().unwrap_or_else(|| link.failed(error)))),
        }
    }

    /// What it comes to where no link decided.
    pub(super) fn end(self) -> Result<Verdict<Identity>, LinkError> {
        self.0.map_or(Ok(Verdict { decision: Decision::NoMatch, decided_by: None }), Err)
    }
}

impl<T> Verdict<T> {
    /// What a link decided.
    pub(super) fn of<B: ?Sized>(link: &Link<B>, decision: Decision<T>) -> Self {
        Self { decision, decided_by: Some(Arc::clone(&link.name)) }
    }
}
