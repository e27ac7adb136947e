//! `dockgate keys export --bundle | --jwks CONFIG`.

use std::path::Path;
use std::process::ExitCode;

use crate::backends::Backends;
use crate::outside::Outside;
use crate::state::Signing;

pub(super) fn print_bundle(config: &Path, backends: &Backends, outside: &Outside) -> ExitCode {
    match super::load(config, backends, outside) {
        Ok(state) => print(&bundle(&state.signing())),
        Err(code) => code,
    }
}

pub(super) fn print_jwks(
    config: &Path,
    short_lived: bool,
    backends: &Backends,
    outside: &Outside,
) -> ExitCode {
    let state = match super::load(config, backends, outside) {
        Ok(state) => state,
        Err(code) => return code,
    };
    let signing = state.signing();
    if !short_lived && signing.keys().iter().any(|key| key.managed.is_some()) {
        return super::super::failed(
            "managed keys change every few days, and a registry reads its `jwks` file only when it starts: give it \
             `--bundle`, which stays good for years, or insist with --short-lived",
        );
    }
    print(&jwks(&signing))
}

/// What a registry's `rootcertbundle` should hold: the authorities of managed keys, and of other keys their own
/// certificate. Never a foreign authority, since a registry trusts whatever that one issues.
pub(in crate::cli) fn bundle(signing: &Signing) -> String {
    let mut certificates: Vec<String> = Vec::new();
    for key in signing.keys() {
        let own = match &key.managed {
            Some(managed) => managed.authorities.iter().map(crate::token::Certificate::pem).collect(),
            None => vec![key.key.leaf().pem()],
        };
        certificates.extend(own);
    }
    let mut seen = std::collections::HashSet::new();
    certificates.into_iter().filter(|pem| seen.insert(pem.clone())).collect()
}

/// What a registry's `jwks` file should hold.
pub(in crate::cli) fn jwks(signing: &Signing) -> String {
    String::from_utf8_lossy(&signing.jwks).into_owned() + "\n"
}

fn print(text: &str) -> ExitCode {
    use std::io::Write as _;
    // Half a file is worse than none: a pipe that broke is no success.
    match std::io::stdout().write_all(text.as_bytes()).and_then(|()| std::io::stdout().flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => super::super::failed(&format!("cannot write: {error}")),
    }
}
