//! `dockgate keys …`: the signing keys, and what registries must be told of them.

mod export;
mod list;
mod managed;
mod rotate;
mod show;

use std::path::Path;
use std::process::ExitCode;

use dockgate_api::config::nearest;

use super::arguments::KeysCommand;
use crate::backends::Backends;
use crate::outside::Outside;
use crate::state::{self, Lasting, Loaded, Signing, State};

pub(super) fn run(command: &KeysCommand, backends: &Backends, outside: &Outside) -> ExitCode {
    match command {
        KeysCommand::Init { directory } => managed::init(directory, outside),
        KeysCommand::List { json, live, config } => list::run(config, *json, *live, backends, outside),
        KeysCommand::Rotate(options) => rotate::run(options, backends, outside),
        KeysCommand::Show { config } => show::run(config, backends, outside),
        KeysCommand::Export(options) => export::run(options, backends, outside),
        KeysCommand::Renew { directory } => managed::renew(directory, outside),
        KeysCommand::IssueLeaf { directory, into, days } => {
            managed::issue_leaf(directory, into, *days, outside)
        }
        KeysCommand::NextCa { directory } => managed::next_ca(directory, outside),
        KeysCommand::SwitchCa { directory, now } => managed::switch_ca(directory, *now, outside),
    }
}

/// What to say where tokens for a service are asked about that gets none.
pub(super) fn unknown_service(signing: &Signing, service: &str) -> String {
    let known: Vec<&str> = signing.profiles().filter_map(|(profile, _)| profile.service.as_deref()).collect();
    match nearest(service, known.iter().copied()) {
        Some(near) => format!("the service `{service}` gets no tokens here: did you mean `{near}`?"),
        None => {
            format!("the service `{service}` gets no tokens here: those that do are {}", known.join(", "))
        }
    }
}

/// Loads a configuration for what it signs with. Its warnings are `check`'s to show.
fn load(config: &Path, backends: &Backends, outside: &Outside) -> Result<State, ExitCode> {
    let runtime = super::runtime().map_err(|error| super::failed(&format!("cannot start: {error}")))?;
    let _entered = runtime.enter();
    let loaded = state::load(config, backends, outside, &Lasting::default());
    let Loaded { state, .. } = loaded.map_err(|problems| super::refuse(config, &problems))?;
    Ok(state)
}
