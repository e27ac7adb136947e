//! `dockgate quickstart [DIR] [--with-registry]`.

use std::process::ExitCode;
use std::sync::Arc;

use super::arguments::QuickstartOptions;
use super::serve;
use crate::backends::Backends;
use crate::config::Source;
use crate::config::server::host_and_port;
use crate::outside::Outside;
use crate::quickstart::{Directory, Guide, Registry, RegistryProgram, Welcome};
use crate::server::{Server, Signals, log_findings};
use crate::state::{self, Lasting, Loaded};

pub(super) fn run(options: &QuickstartOptions, backends: Arc<Backends>, outside: &Outside) -> ExitCode {
    let made = Directory::open_or_make(&options.directory, options.port, options.registry_port, outside);
    let (directory, users) = match made {
        Ok(made) => made,
        Err(message) => return super::failed(&message),
    };
    // At once: whatever fails from here on, nobody can say them again.
    super::say(&Welcome { directory: &directory, users: users.as_ref() }.to_string());
    let runtime = match super::runtime() {
        Ok(runtime) => runtime,
        Err(error) => return super::failed(&format!("cannot start: {error}")),
    };
    let code = runtime.block_on(async {
        let signals = Signals::listen();
        let at_once = signals.clone();
        tokio::select! {
            code = start(options, &directory, backends, outside, signals) => code,
            () = at_once.stop(2) => ExitCode::SUCCESS,
        }
    });
    super::end(runtime);
    code
}

async fn start(
    options: &QuickstartOptions,
    directory: &Directory,
    backends: Arc<Backends>,
    outside: &Outside,
    signals: Signals,
) -> ExitCode {
    let config = directory.config();
    let Loaded { state, warnings, notes } =
        match state::load(&config, &backends, outside, &Lasting::default()) {
            Ok(loaded) => loaded,
            Err(problems) => return super::refuse(&config, &problems),
        };
    if let Err(problems) = state.open_store() {
        return super::refuse(&config, &problems);
    }
    let server = match Server::bind(&config, backends, state).await {
        Ok(server) => server,
        Err(problems) => return super::refuse(&config, &problems),
    };
    let state = server.state();
    let registry_port = registry_port(directory, outside).unwrap_or(options.registry_port);
    let registry = tokio::select! {
        registry = start_registry(options, directory, registry_port) => registry,
        () = signals.stop(1) => return ExitCode::SUCCESS,
    };
    let registry = match registry {
        Ok(registry) => registry,
        Err(message) => return super::failed(&message),
    };
    let guide = Guide {
        directory,
        auth_port: host_and_port(&state.server().addr).map_or(options.port, |(_, port)| port),
        registry_port,
        registry_runs: registry.is_some(),
    };
    super::say(&guide.to_string());
    let _lines = match outside.log.start(state.log()) {
        Ok(flush) => flush,
        Err(error) => return super::failed(&format!("cannot start the log: {error}")),
    };
    log_findings(&warnings, &notes);
    drop(state);
    serve::until_stopped(server, signals).await;
    if let Some(registry) = registry {
        registry.stop().await;
    }
    ExitCode::SUCCESS
}

/// The port that the directory's registry configuration names: it may be older than this command line.
fn registry_port(directory: &Directory, outside: &Outside) -> Option<u16> {
    let source = Source::read(&directory.registry_config(), outside.environment.as_ref()).ok()?;
    let addr = source.root.get("http")?.value.get("addr")?.value.as_text()?.to_owned();
    host_and_port(&addr).ok().map(|(_, port)| port)
}

async fn start_registry(
    options: &QuickstartOptions,
    directory: &Directory,
    port: u16,
) -> Result<Option<Registry>, String> {
    if !options.with_registry {
        return Ok(None);
    }
    let program = RegistryProgram::find().await.ok_or_else(|| {
        "no registry to start: neither `docker-registry` nor `registry` is in PATH and no Docker engine answers; \
         install one (Debian: `apt-get install docker-registry`), or leave out --with-registry"
            .to_owned()
    })?;
    Registry::start(&program, directory, port).await.map(Some)
}
