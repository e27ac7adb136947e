//! `dockgate check CONFIG --registry-bundle FILE | --registry-jwks FILE`: whether a registry takes our tokens.

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::header_words;
use crate::state::{LoadedKey, ServiceProfile, Signing, State};
use crate::token::Certificate;
use crate::token::trust::{TokenForm, Trust, TrustFile, Version};

/// No bundle comes near this.
const LARGEST: u64 = 16 * 1024 * 1024;

/// A file of all public authorities has more than anybody reads.
const MOST_STRANGERS: usize = 10;

/// What a registry was given.
pub(super) enum Given {
    Bundle(PathBuf),
    Jwks(PathBuf),
}

/// What came of it.
pub(super) struct Report {
    pub(super) text: String,
    /// Whether tokens for every service are taken by some version, and nobody else's are.
    pub(super) is_good: bool,
}

/// Holds every kind of token that a configuration signs against what a registry was given.
///
/// # Errors
/// The file cannot be used by any registry.
pub(super) fn report(given: &Given, service: Option<&str>, state: &State) -> Result<Report, String> {
    let trust = match given {
        Given::Bundle(path) => Trust::bundle(&read(path)?).map_err(|error| error.to_string())?,
        Given::Jwks(path) => Trust::jwks(&read(path)?).map_err(|error| error.to_string())?,
    };
    let signing = state.signing();
    let mut report = Report { text: String::new(), is_good: true };
    for (profile, key) in asked_about(&signing, service) {
        let service = profile.service.as_deref().unwrap_or("services that are not listed");
        let _ = writeln!(report.text, "tokens for {service}:");
        let form = TokenForm { key: &key.key, header: &profile.header };
        let mut taken = false;
        for version in Version::ALL {
            let _ = match trust.takes(version, form, state.now()) {
                Ok(()) => {
                    taken = true;
                    writeln!(report.text, "  registry {version}  takes them")
                }
                Err(obstacle) => {
                    let cure = match trust.header_for(version, form, state.now()) {
                        Some(header) => {
                            format!("write {} in `token`, or for the service", header_words(&header))
                        }
                        None => "give the registry what `dockgate keys export` prints".to_owned(),
                    };
                    writeln!(report.text, "  registry {version}  refuses them: {obstacle}; {cure}")
                }
            };
        }
        report.is_good &= taken;
    }
    let mut strangers = 0;
    for certificate in trust.certificates() {
        let Some((is_error, message)) = foreign(certificate, &signing) else { continue };
        report.is_good &= !is_error;
        strangers += 1;
        if strangers <= MOST_STRANGERS {
            let kind = if is_error { "error" } else { "warning" };
            let _ = writeln!(report.text, "{kind}: {}: {message}", certificate.subject());
        }
    }
    if strangers > MOST_STRANGERS {
        let _ =
            writeln!(report.text, "and {} more certificates that are not ours", strangers - MOST_STRANGERS);
    }
    Ok(report)
}

/// The tokens for one service, or for all.
fn asked_about<'a>(
    signing: &'a Signing,
    service: Option<&'a str>,
) -> Vec<(&'a ServiceProfile, &'a LoadedKey)> {
    let of_service: Vec<_> = signing
        .profiles()
        .filter(|(profile, _)| service.is_some() && profile.service.as_deref() == service)
        .collect();
    match service {
        None => signing.profiles().collect(),
        // It is not listed, and so signed for as all others are.
        Some(_) if of_service.is_empty() => {
            signing.profiles().filter(|(profile, _)| profile.service.is_none()).collect()
        }
        Some(_) => of_service,
    }
}

/// A registry trusts every certificate of its bundle, and whatever such a certificate issues.
fn foreign(certificate: &Certificate, signing: &Signing) -> Option<(bool, &'static str)> {
    let is = |other: &Certificate| other.der() == certificate.der();
    let ours = signing.keys().iter().any(|key| {
        is(key.key.leaf()) || key.managed.as_ref().is_some_and(|managed| managed.authorities.iter().any(is))
    });
    if ours {
        return None;
    }
    let issued = signing.keys().iter().find(|key| key.key.leaf().is_issued_by(certificate));
    match issued {
        Some(key) if key.key.leaf().is_for_tls_servers() => Some((
            true,
            "an authority for TLS servers: whoever gets a certificate from it can sign tokens that the registry takes; \
             give the registry the signing certificate itself (`dockgate keys export --bundle`)",
        )),
        Some(_) => Some((false, "an authority: whatever else it issues can sign tokens too")),
        None if certificate.may_issue() => Some((
            true,
            "an authority that has nothing to do with our keys: whoever gets a certificate from it can sign tokens that \
             the registry takes; take it out",
        )),
        None => Some((
            false,
            "not one of our certificates: its key can sign tokens too; take it out if nobody needs it",
        )),
    }
}

fn read(path: &Path) -> Result<TrustFile, String> {
    let failed =
        |error: std::io::Error| format!("{}: cannot be read ({error}); check the path", path.display());
    let mut bytes = Vec::new();
    std::fs::File::open(path).and_then(|file| file.take(LARGEST).read_to_end(&mut bytes)).map_err(failed)?;
    Ok(TrustFile { path: path.to_path_buf(), bytes })
}
