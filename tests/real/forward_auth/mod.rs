//! The gate behind real proxies, in front of a registry that asks nobody anything: what the samples in
//! `examples/forward-auth` say works as they stand there, but for addresses and files.

use std::path::Path;

use crate::components::Component;
use crate::harness::process::Process;

/// Where the sample finds everything.
pub(crate) struct Places<'a> {
    /// The proxy's own directory, for its files.
    pub(crate) dir: &'a Path,
    /// Where the gate listens: `127.0.0.1:PORT`.
    pub(crate) gate: String,
    /// Where the registry listens, likewise.
    pub(crate) registry: String,
    /// The secret of `forward_auth`.
    pub(crate) secret: &'a str,
    /// The proxy's certificate and key (PEM), for `localhost` and `127.0.0.1`.
    pub(crate) certificate: &'a Path,
    pub(crate) key: &'a Path,
}

/// A kind of proxy, as its sample configures it.
pub(crate) trait Front {
    /// The directory below `examples/forward-auth`, and the `preset` of the gate.
    const NAME: &'static str;
    const COMPONENTS: &'static [Component];

    /// Starts it with its sample, where it stands with other addresses; answers the port where clients come in.
    fn start(places: &Places<'_>) -> (Process, u16);
}
