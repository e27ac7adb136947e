//! `dockgate keys export --bundle | --jwks CONFIG`.

use std::io::Write as _;
use std::process::ExitCode;

use crate::backends::Backends;
use crate::cli::arguments::ExportOptions;
use crate::cli::{failed, refuse_usage};
use crate::outside::Outside;
use crate::state::{ServiceProfile, Signing};
use crate::token::Certificate;

pub(super) fn run(options: &ExportOptions, backends: &Backends, outside: &Outside) -> ExitCode {
    let state = match super::load(&options.config, backends, outside) {
        Ok(state) => state,
        Err(code) => return code,
    };
    let signing = state.signing();
    let profile = match chosen(&signing, options.service.as_deref()) {
        Ok(profile) => profile,
        Err(message) => return refuse_usage(&message),
    };
    if options.bundle {
        return print(&bundle(&signing, profile));
    }
    let managed = |position: usize| signing.keys().get(position).is_some_and(|key| key.managed.is_some());
    if !options.short_lived && signing.keys_for(profile).into_iter().any(managed) {
        return failed(
            "managed keys change every few days, and a registry reads its `jwks` file only when it starts: give it \
             `--bundle`, which stays good for years, or insist with --short-lived",
        );
    }
    match jwks(&signing, profile) {
        Ok(document) => print(&document),
        Err(error) => failed(&error.to_string()),
    }
}

/// The registry that is meant: the named one, or any if all have the same key.
fn chosen<'a>(signing: &'a Signing, service: Option<&str>) -> Result<&'a ServiceProfile, String> {
    match service {
        Some(service) => signing.profile(service).ok_or_else(|| super::unknown_service(signing, service)),
        None if need_service(signing) => {
            Err("registries have keys of their own here, and none should be told of \
                                              another's: say which with --service SERVICE, its `service`"
                .to_owned())
        }
        None => signing
            .profiles()
            .map(|(profile, _)| profile)
            .next()
            .ok_or_else(|| "nothing signs here".to_owned()),
    }
}

/// Whether registries are to be told different things.
pub(super) fn need_service(signing: &Signing) -> bool {
    let mut told = signing.profiles().map(|(profile, _)| {
        let retired: Vec<&str> =
            signing.retired_for(profile).map(|retired| retired.standing.path.as_str()).collect();
        (profile.key(), signing.keys_for(profile), retired)
    });
    let first = told.next();
    told.any(|told| Some(told) != first)
}

/// What the `rootcertbundle` of a registry should hold.
pub(super) fn bundle(signing: &Signing, profile: &ServiceProfile) -> String {
    let keys = signing.keys_for(profile).into_iter().filter_map(|position| signing.keys().get(position));
    let retired = signing.retired_for(profile).flat_map(crate::state::RetiredKey::trusted_as);
    let mut certificates: Vec<Certificate> = Vec::new();
    for certificate in keys.flat_map(crate::state::LoadedKey::trusted_as).chain(retired) {
        if !certificates.contains(&certificate) {
            certificates.push(certificate);
        }
    }
    certificates.iter().map(Certificate::pem).collect()
}

/// What the `jwks` file of a registry should hold.
pub(super) fn jwks(signing: &Signing, profile: &ServiceProfile) -> Result<String, serde_json::Error> {
    Ok(String::from_utf8_lossy(&signing.jwks_for(profile)?).into_owned() + "\n")
}

fn print(text: &str) -> ExitCode {
    // Half a file is worse than none: a pipe that broke is no success.
    match std::io::stdout().write_all(text.as_bytes()).and_then(|()| std::io::stdout().flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&format!("cannot write: {error}")),
    }
}
