//! `dockgate check CONFIG`.

mod findings;

use std::process::ExitCode;

use super::arguments::{CheckOptions, Given};
use super::trust;
use crate::backends::Backends;
use crate::config::server::{DoorAddress, Net};
use crate::credentials::Credentials;
use crate::outside::Outside;
use crate::state::{self, Lasting, Loaded, LoadedKey, Seen, ServiceProfile, State};

pub(super) fn run(options: &CheckOptions, backends: &Backends, outside: &Outside) -> ExitCode {
    let CheckOptions { config, offline, json, .. } = options;
    let runtime = match super::runtime() {
        Ok(runtime) => runtime,
        Err(error) => return super::failed(&format!("cannot start: {error}")),
    };
    let _entered = runtime.enter();
    let checked = if *offline {
        state::check_offline(config, backends, outside)
            .map(|Seen { warnings, notes }| (warnings, notes, None))
    } else {
        let loaded = state::load(config, backends, outside, &Lasting::default());
        loaded.map(|Loaded { state, warnings, notes }| (warnings, notes, Some(state)))
    };
    if *json {
        return findings::tell(config, checked.map(|(warnings, notes, _)| (warnings, notes)));
    }
    let (warnings, notes, state) = match checked {
        Ok(checked) => checked,
        Err(problems) => return super::refuse(config, &problems),
    };
    for warning in &warnings {
        super::say(&format!("warning: {warning}"));
    }
    for note in &notes {
        super::say(&format!("note: {note}"));
    }
    if let Some(state) = &state {
        super::say(&summary(state));
    }
    let seen = if *offline { "fine as far as can be seen without keys and secrets" } else { "fine" };
    super::say(&format!("{}: {seen}, {} warning(s)", config.display(), warnings.len()));
    match (&state, options.registry()) {
        (Some(state), Some(given)) => registry(&given, options, state),
        _ => ExitCode::SUCCESS,
    }
}

/// Says whether a registry with that trust takes our tokens.
fn registry(given: &Given, options: &CheckOptions, state: &State) -> ExitCode {
    match trust::report(given, options, state) {
        Ok(report) => {
            super::say(report.text.trim_end());
            if report.is_good { ExitCode::SUCCESS } else { ExitCode::from(super::MISTAKE) }
        }
        Err(message) => {
            super::complain(&message);
            ExitCode::from(super::MISTAKE)
        }
    }
}

/// What the configuration does, in the words of one who has to run it.
fn summary(state: &State) -> String {
    let (authn, authz) = state.access().chains();
    let names = |names: Vec<&str>| names.join(", then ");
    let mut lines = doors(state);
    lines.extend([
        format!("token endpoint   {}/auth", state.prefix()),
        format!("who is this      {}", names(authn.links().iter().map(|link| link.name.as_ref()).collect())),
        format!("what may they do {}", names(authz.links().iter().map(|link| link.name.as_ref()).collect())),
    ]);
    lines.extend(gate(state));
    lines.extend(callbacks(state));
    lines.extend(kept(state));
    lines.push(format!("signs as         {}", state.issuer()));
    lines.extend(state.signing().profiles().flat_map(|(profile, key)| signing(profile, key)));
    lines.join("\n")
}

/// What a proxy asks, and for which registry.
fn gate(state: &State) -> Option<String> {
    let gate = &state.gate()?.gate;
    let (prefix, preset, mode, service) = (state.prefix(), gate.preset(), gate.mode, &gate.service);
    Some(format!(
        "gate             {prefix}/forward-auth for {preset} (mode {mode}), service {}",
        service.escape_debug()
    ))
}

/// What is to be registered at the providers where people sign in.
fn callbacks(state: &State) -> Vec<String> {
    let Some(login) = state.login() else { return Vec::new() };
    login.callbacks().map(|(link, callback)| format!("callback         {callback} ({link})")).collect()
}

/// Where credentials are kept, and which.
fn kept(state: &State) -> Option<String> {
    let issues = state.access().credentials().is_some_and(Credentials::issues_refresh_tokens);
    let refresh = if issues { "refresh tokens for clients that ask" } else { "no refresh tokens" };
    state.store().map(|store| format!("store            {}, {refresh}", store.kind()))
}

/// Every door, a line each: one that somebody forgot is one that somebody finds.
fn doors(state: &State) -> Vec<String> {
    let place = |door: &DoorAddress| match door.net {
        Net::Tcp => door.addr.clone(),
        Net::Unix => format!("unix:{}", door.addr),
    };
    let public = state.doors().iter().map(|door| {
        let spoken = if door.tls.is_some() { "HTTPS" } else { "HTTP" };
        format!("listens on       {} ({spoken})", place(&door.address))
    });
    let server = state.server();
    let metrics = server.metrics_door().map(|door| format!("metrics          {} (HTTP)", place(&door)));
    let admin = server.admin_door().map(|door| format!("admin commands   {}", place(&door)));
    public.chain(metrics).chain(admin).chain(issued(state)).collect()
}

/// What an authority issues to the server.
fn issued(state: &State) -> Option<String> {
    let acme = &state.acme()?.acme;
    let settings = acme.settings();
    let kept = acme.ends().map_or_else(
        || "none yet, asked for at the start".to_owned(),
        |ends| format!("kept, until {}", super::date(ends)),
    );
    Some(format!("TLS certificate  of {} for {}: {kept}", settings.directory, settings.hosts.join(", ")))
}

/// How tokens for one service, or for all others, are signed.
fn signing(profile: &ServiceProfile, key: &LoadedKey) -> Vec<String> {
    let kid = profile.header.kid.as_ref();
    let mut lines: Vec<String> = profile.service.iter().map(|service| format!("for {service}")).collect();
    lines.extend([
        format!(
            "algorithm        {} ({}), {} seconds",
            key.key.algorithm(),
            key.key.public_key().material().kind(),
            profile.lifetime.as_secs()
        ),
        format!(
            "key id           {}",
            kid.map_or_else(|| "none".to_owned(), |id| id.of(key.key.public_key()))
        ),
        format!("x5c              {}", if profile.header.x5c { "sent along" } else { "not sent" }),
        format!(
            "certificate      {} until {}",
            key.key.leaf().subject(),
            super::date(key.key.leaf().not_after())
        ),
    ]);
    lines
}
