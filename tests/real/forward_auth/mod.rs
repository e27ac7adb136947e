//! The gate behind real proxies, in front of a registry that asks nobody anything: what the samples in
//! `examples/forward-auth` say works as they stand there, but for addresses and files.

mod attacks;
mod by_http2;
mod caddy;
mod envoy;
mod handed_on;
mod haproxy;
mod ingress_nginx;
mod large;
mod nginx;
mod others;
mod regctl;
mod sample;
mod scenarios;
mod site;
mod spoofed;
mod traefik;
mod trouble;
mod tunnel;
mod wire;

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

/// A kind of proxy, as its sample configures it. `scenarios::all!(Name);` behind it makes the tests that every proxy has.
pub(crate) trait Front {
    /// The directory below `examples/forward-auth`, and the `preset` of the gate.
    const NAME: &'static str;
    const COMPONENTS: &'static [Component];
    /// Whether clients come through it for their tokens too; else they ask the server itself.
    const SERVES_TOKENS: bool = false;
    /// What it says itself under a name that counts at the gate, whatever a client says.
    const OVERWRITES: &'static [&'static str] = &[];
    /// The targets for which it has answers of its own, without a registry.
    const ANSWERS_ITSELF: &'static [&'static str] = &[];
    /// Attacks, by name, that it makes a plain request of before it asks: the gate and the registry are given the same one.
    const CLEANS: &'static [&'static str] = &[];
    /// Whether its configuration cannot tell a header without a value from none.
    const IS_BLIND_TO_EMPTY_HEADERS: bool = false;
    /// What it may need at a time for layers of any size, in KiB.
    const MOST_RESIDENT: u64 = 64 * 1024;

    /// Starts it with its sample, where it stands with other addresses; answers the port where clients come in, by TLS.
    fn start(places: &Places<'_>) -> (Process, u16);
}

/// What the sample of a proxy says in one of its files.
pub(crate) fn sample(front: &str, file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/forward-auth").join(front).join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Puts something in the place of what stands in a sample, where it must stand.
#[track_caller]
pub(crate) fn put(text: &str, written: &str, instead: &str) -> String {
    assert!(text.contains(written), "the sample does not say {written:?}:\n{text}");
    text.replace(written, instead)
}
