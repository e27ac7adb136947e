//! `dockgate serve CONFIG`.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use dockgate_api::config::{KeyPath, Problem};
use tokio::signal::unix::{SignalKind, signal};

use crate::backends::Backends;
use crate::http;
use crate::logging;
use crate::net::{self, Listener};
use crate::outside::Outside;
use crate::state::{self, Lasting, Loaded, State};

pub(super) fn run(config: &Path, backends: &Backends, outside: &Outside) -> ExitCode {
    let runtime = match super::runtime() {
        Ok(runtime) => runtime,
        Err(error) => return super::failed(&format!("cannot start: {error}")),
    };
    let loaded = {
        // Backends may start background tasks while they are made.
        let _entered = runtime.enter();
        state::load(config, backends, outside, &Lasting::default())
    };
    let Loaded { state, warnings } = match loaded {
        Ok(loaded) => loaded,
        Err(problems) => return super::refuse(config, &problems),
    };
    logging::start(state.log());
    for warning in &warnings {
        tracing::warn!(place = %warning.location, key = %warning.path, "{}", warning.message);
    }
    runtime.block_on(async {
        match bind(&state).await {
            Ok(listener) => {
                until_stopped(Arc::new(state), listener, stop_signal()).await;
                ExitCode::SUCCESS
            }
            Err(problem) => super::refuse(config, &[problem]),
        }
    })
}

/// Binds the socket of a state.
///
/// # Errors
/// Why it cannot be bound, at the line that names the address.
pub(super) async fn bind(state: &State) -> Result<Listener, Problem> {
    let server = state.server();
    Listener::bind(server.net, &server.addr).await.map_err(|message| {
        Problem::new(state.addr_location().clone(), KeyPath::root().key("server").key("addr"), message)
    })
}

/// Serves a state until `stop` is ready and requests in flight have ended.
pub(super) async fn until_stopped(state: Arc<State>, listener: Listener, stop: impl Future<Output = ()>) {
    let scheme = if state.tls().is_some() { "https" } else { "http" };
    tracing::info!(address = %listener, scheme, issuer = state.issuer().name(), version = env!("CARGO_PKG_VERSION"), "listening");
    let (tls, limits) = (state.tls(), state.limits().clone());
    net::serve(listener, http::router(state), tls, limits, stop).await;
    tracing::info!("stopped");
}

/// Ready when the process is told to stop.
pub(super) async fn stop_signal() {
    let mut signals = Vec::new();
    for kind in [SignalKind::terminate(), SignalKind::interrupt()] {
        match signal(kind) {
            Ok(stream) => signals.push(stream),
            Err(error) => tracing::warn!(%error, "cannot listen for a signal"),
        }
    }
    std::future::poll_fn(|cx| {
        let any = signals.iter_mut().any(|signal| signal.poll_recv(cx).is_ready());
        if any { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
}
