//! `dockgate serve CONFIG`.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use dockgate_api::config::{KeyPath, Problem};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::backends::Backends;
use crate::http::Routes;
use crate::net::{self, Listener};
use crate::outside::Outside;
use crate::state::{self, Lasting, Loaded, State};

pub(super) fn run(config: &Path, backends: &Backends, outside: &Outside) -> ExitCode {
    let runtime = match super::runtime() {
        Ok(runtime) => runtime,
        Err(error) => return super::failed(&format!("cannot start: {error}")),
    };
    let code = runtime.block_on(async {
        let stop = StopSignals::listen();
        let Loaded { state, warnings, notes } =
            match state::load(config, backends, outside, &Lasting::default()) {
                Ok(loaded) => loaded,
                Err(problems) => return super::refuse(config, &problems),
            };
        let listener = match bind(&state).await {
            Ok(listener) => listener,
            Err(problem) => return super::refuse(config, &[problem]),
        };
        let _lines = match outside.log.start(state.log()) {
            Ok(flush) => flush,
            Err(error) => return super::failed(&format!("cannot start the log: {error}")),
        };
        log_findings(&warnings, &notes);
        until_stopped(Arc::new(state), listener, stop).await;
        ExitCode::SUCCESS
    });
    // A file that hangs, on a dead file system, is no reason to stay.
    runtime.shutdown_background();
    code
}

/// Tells the log what `check` would tell the terminal.
pub(super) fn log_findings(warnings: &[Problem], notes: &[Problem]) {
    for note in notes {
        tracing::info!(place = %note.location, key = %note.path, "{}", note.message);
    }
    for warning in warnings {
        tracing::warn!(place = %warning.location, key = %warning.path, "{}", warning.message);
    }
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

/// Serves a state until the first signal and until requests in flight have ended, or until the second signal.
pub(super) async fn until_stopped(state: Arc<State>, listener: Listener, stop: StopSignals) {
    let scheme = if state.tls().is_some() { "https" } else { "http" };
    let version = env!("CARGO_PKG_VERSION");
    raise_descriptor_limit();
    tokio::spawn(super::memory::give_back());
    tracing::info!(address = %listener, scheme, issuer = state.issuer(), version, "listening");
    let (tls, limits) = (state.tls(), state.limits().clone());
    let keeping = state::keep_keys(Arc::clone(&state));
    let serving = net::serve(listener, Routes::new(state), tls, limits, stop.clone().times(1));
    tokio::select! {
        () = serving => tracing::info!("stopped"),
        never = keeping => match never {},
        () = stop.times(2) => tracing::warn!("stopped at once, as the second signal asks"),
    }
}

/// Every connection takes a descriptor; the usual soft limit is below `server.limits.connections`.
fn raise_descriptor_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        tracing::debug!(%error, "the limit of open files stays as it is");
    }
}

/// Counts how often the process was told to stop, from the moment it is made.
#[derive(Clone)]
pub(super) struct StopSignals(watch::Receiver<u32>);

impl StopSignals {
    /// Begins to listen for SIGTERM and SIGINT. Made before anything is started, so that no signal is lost.
    pub(super) fn listen() -> Self {
        let (count, counted) = watch::channel(0);
        for kind in [SignalKind::terminate(), SignalKind::interrupt()] {
            match signal(kind) {
                Err(error) => super::complain(&format!("cannot listen for a signal: {error}")),
                Ok(mut stream) => {
                    let count = count.clone();
                    tokio::spawn(async move {
                        while stream.recv().await.is_some() {
                            count.send_modify(|count| *count += 1);
                        }
                    });
                }
            }
        }
        Self(counted)
    }

    /// Ready after so many signals.
    pub(super) async fn times(mut self, times: u32) {
        let told = self.0.wait_for(|count| *count >= times).await.is_ok();
        if !told {
            // Nobody can tell any more.
            std::future::pending::<()>().await;
        }
    }
}
