//! `dockgate check CONFIG`.

use std::path::Path;
use std::process::ExitCode;
use std::time::UNIX_EPOCH;

use crate::backends::Backends;
use crate::outside::Outside;
use crate::state::{self, Lasting, Loaded, LoadedKey, ServiceProfile, State};

pub(super) fn run(config: &Path, offline: bool, backends: &Backends, outside: &Outside) -> ExitCode {
    let runtime = match super::runtime() {
        Ok(runtime) => runtime,
        Err(error) => return super::failed(&format!("cannot start: {error}")),
    };
    let _entered = runtime.enter();
    let checked = if offline {
        state::check_offline(config, backends, outside).map(|warnings| (warnings, None))
    } else {
        let loaded = state::load(config, backends, outside, &Lasting::default());
        loaded.map(|Loaded { state, warnings }| (warnings, Some(summary(&state))))
    };
    let (warnings, summary) = match checked {
        Ok(checked) => checked,
        Err(problems) => return super::refuse(config, &problems),
    };
    for warning in &warnings {
        super::say(&format!("warning: {warning}"));
    }
    if let Some(summary) = summary {
        super::say(&summary);
    }
    let seen = if offline { "fine as far as can be seen without keys and secrets" } else { "fine" };
    super::say(&format!("{}: {seen}, {} warning(s)", config.display(), warnings.len()));
    ExitCode::SUCCESS
}

/// What the configuration does, in the words of one who has to run it.
fn summary(state: &State) -> String {
    let (authn, authz) = state.access().chains();
    let names = |names: Vec<&str>| names.join(", then ");
    let mut lines = vec![
        format!(
            "listens on       {} ({})",
            state.server().addr.value,
            if state.tls().is_some() { "HTTPS" } else { "HTTP" }
        ),
        format!("token endpoint   {}/auth", state.prefix()),
        format!("who is this      {}", names(authn.links().iter().map(|link| link.name.as_ref()).collect())),
        format!("what may they do {}", names(authz.links().iter().map(|link| link.name.as_ref()).collect())),
        format!("signs as         {}", state.issuer()),
    ];
    lines.extend(state.signing().profiles().flat_map(|(profile, key)| signing(profile, key)));
    lines.join("\n")
}

/// How tokens for one service, or for all others, are signed.
fn signing(profile: &ServiceProfile, key: &LoadedKey) -> Vec<String> {
    let kid = profile.header.kid.as_ref();
    let expires = key.key.leaf().not_after().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
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
        format!("certificate      {} until {}", key.key.leaf().subject(), date(expires)),
    ]);
    lines
}

/// `2026-11-21`, in UTC.
fn date(seconds: u64) -> String {
    let date = i64::try_from(seconds)
        .ok()
        .and_then(|seconds| time::OffsetDateTime::from_unix_timestamp(seconds).ok());
    date.map_or_else(|| "the far future".to_owned(), |date| date.date().to_string())
}
