//! `dockgate serve CONFIG`.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use dockgate_api::config::{KeyPath, Location, Problem};

use crate::backends::Backends;
use crate::outside::Outside;
use crate::server::{Server, Signals, log_findings};
use crate::state::{self, Lasting, Loaded};

pub(super) fn run(config: &Path, backends: Arc<Backends>, outside: &Outside) -> ExitCode {
    let runtime = match super::runtime() {
        Ok(runtime) => runtime,
        Err(error) => return super::failed(&format!("cannot start: {error}")),
    };
    let code = runtime.block_on(async {
        let signals = Signals::listen();
        let bound = tokio::select! {
            bound = bound(config, backends, outside) => bound,
            // Nothing is served yet, and a file may hang.
            () = signals.stop(1) => return ExitCode::SUCCESS,
        };
        let (server, warnings, notes) = match bound {
            Ok(bound) => bound,
            Err(problems) => return super::refuse(config, &problems),
        };
        let _lines = match outside.log.start(server.state().log()) {
            Ok(flush) => flush,
            Err(error) => return super::failed(&format!("cannot start the log: {error}")),
        };
        log_findings(&warnings, &notes);
        until_stopped(server, signals).await;
        ExitCode::SUCCESS
    });
    super::end(runtime);
    code
}

/// A server with its sockets, and what its administrator should know.
async fn bound(
    config: &Path,
    backends: Arc<Backends>,
    outside: &Outside,
) -> Result<(Server, Vec<Problem>, Vec<Problem>), Vec<Problem>> {
    let (file, known, outside) = (config.to_path_buf(), Arc::clone(&backends), outside.clone());
    let loading = move || {
        let loaded = state::load(&file, &known, &outside, &Lasting::default())?;
        loaded.state.open_store()?;
        Ok(loaded)
    };
    let loaded = tokio::task::spawn_blocking(loading).await.unwrap_or_else(|error| {
        let place = Location::new(config.display().to_string(), 1, 1);
        Err(vec![Problem::new(place, KeyPath::root(), format!("cannot be read: {error}"))])
    });
    let Loaded { state, warnings, notes } = loaded?;
    Ok((Server::bind(config, backends, state).await?, warnings, notes))
}

/// Serves until told to stop.
pub(super) async fn until_stopped(server: Server, signals: Signals) {
    raise_descriptor_limit();
    take_in_orphans();
    let lasting = server.state().lasting().clone();
    server.run(signals).await;
    // Connections that are cut off hold on to it until the process is gone.
    lasting.audit().flush();
}

/// Every connection takes a descriptor; the usual soft limit is below `server.limits.connections`.
fn raise_descriptor_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        tracing::debug!(%error, "the limit of open files stays as it is");
    }
}

/// What programs leave behind comes to this process, which sees to its end.
fn take_in_orphans() {
    use rustix::process::{getpid, set_child_subreaper};
    if let Err(error) = set_child_subreaper(Some(getpid())) {
        tracing::debug!(%error, "orphans of programs go elsewhere");
    }
}
