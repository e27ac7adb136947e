//! `dockgate serve CONFIG`.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

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
        let Loaded { state, warnings, notes } =
            match state::load(config, &backends, outside, &Lasting::default()) {
                Ok(loaded) => loaded,
                Err(problems) => return super::refuse(config, &problems),
            };
        let server = match Server::bind(config, backends, state).await {
            Ok(server) => server,
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
    // A file that hangs, on a dead file system, is no reason to stay.
    runtime.shutdown_background();
    code
}

/// Serves until told to stop.
pub(super) async fn until_stopped(server: Server, signals: Signals) {
    raise_descriptor_limit();
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
