//! `dockgate check CONFIG`.

use std::path::Path;
use std::process::ExitCode;
use std::time::UNIX_EPOCH;

use crate::backends::Backends;
use crate::outside::Outside;
use crate::state::{self, Lasting, Loaded, State};

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
    let signing = state.signing();
    let expires = signing.key.leaf().not_after().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let kid = signing.header.kid.map_or_else(|| "none".to_owned(), |kind| kind.of(signing.key.public_key()));
    [
        format!(
            "listens on       {} ({})",
            state.server().addr.value,
            if state.tls().is_some() { "HTTPS" } else { "HTTP" }
        ),
        format!("token endpoint   {}/auth", state.prefix()),
        format!("who is this      {}", names(authn.links().iter().map(|link| link.name.as_ref()).collect())),
        format!("what may they do {}", names(authz.links().iter().map(|link| link.name.as_ref()).collect())),
        format!("signs as         {} with {}", state.issuer().name(), signing.key.algorithm().name()),
        format!("key id           {kid}"),
        format!("x5c              {}", if signing.header.x5c { "sent along" } else { "not sent" }),
        format!("certificate      {} until {}", signing.key.leaf().subject(), date(expires)),
    ]
    .join("\n")
}

/// `2026-11-21`, in UTC.
fn date(seconds: u64) -> String {
    let date = i64::try_from(seconds)
        .ok()
        .and_then(|seconds| time::OffsetDateTime::from_unix_timestamp(seconds).ok());
    date.map_or_else(|| "the far future".to_owned(), |date| date.date().to_string())
}
