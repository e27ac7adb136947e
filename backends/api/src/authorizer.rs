//! What may they do?

use async_trait::async_trait;

use crate::{AccessRequest, Answer, Call, Granted, Health};

/// Says what an identity may do to a resource.
#[async_trait]
pub trait Authorizer: Send + Sync {
    /// Decides one resource.
    ///
    /// [`Decision::NoMatch`](crate::Decision::NoMatch) asks the next link; at the end of the chain nothing is
    /// granted. A rule that matches and grants nothing is `Allow` of no actions: the client sees no difference
    /// from a denial, the administrator does.
    ///
    /// # Errors
    /// If the question cannot be answered. The whole request then fails, not just this resource.
    async fn authorize(&self, cx: &Call, request: &AccessRequest<'_>) -> Answer<Granted>;

    /// How the backend is doing.
    async fn health(&self, _cx: &Call) -> Health {
        Health::Up
    }
}
