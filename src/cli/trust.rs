//! `dockgate check CONFIG --registry-bundle FILE | --registry-jwks FILE`: whether a registry takes our tokens.

use std::fmt::Write as _;
use std::path::Path;
use std::time::SystemTime;

use dockgate_api::read_file;

use super::arguments::{CheckOptions, Given};
use super::keys::unknown_service;
use super::{header_words, shell_word};
use crate::state::{LoadedKey, ServiceProfile, Signing, State};
use crate::token::trust::{TokenForm, Trust, TrustFile, Version};
use crate::token::{Certificate, HeaderOptions};

/// No bundle comes near this.
const LARGEST: u64 = 16 * 1024 * 1024;

/// A file of all public authorities has more than anybody reads.
const MOST_STRANGERS: usize = 10;

/// What came of it.
pub(super) struct Report {
    pub(super) text: String,
    /// Whether tokens for every service are taken, by some version or by the one that was asked about, and nobody
    /// else's are.
    pub(super) is_good: bool,
}

/// Holds the kinds of token that a configuration signs against what a registry was given.
///
/// # Errors
/// The file cannot be used by any registry, or the service gets no tokens.
pub(super) fn report(given: &Given, options: &CheckOptions, state: &State) -> Result<Report, String> {
    let trust = match given {
        Given::Bundle(path) => Trust::bundle(&read(path)?).map_err(|error| error.to_string())?,
        Given::Jwks(path) => Trust::jwks(&read(path)?).map_err(|error| error.to_string())?,
    };
    let signing = state.signing();
    let service = options.service.as_deref();
    let asked = match service {
        None => signing.profiles().map(|(profile, _)| profile).collect(),
        Some(service) => vec![signing.profile(service).ok_or_else(|| unknown_service(&signing, service))?],
    };
    let versions = options.registry_version.map_or_else(|| Version::ALL.to_vec(), |version| vec![version]);
    let mut report = Report { text: String::new(), is_good: true };
    for profile in asked {
        let Some(key) = signing.keys().get(profile.key()) else { continue };
        let question = Question { trust: &trust, profile, key, options, now: state.now() };
        report.is_good &= question.answer(&versions, &mut report.text);
    }
    missing_authorities(&trust, &signing, &mut report.text);
    report.is_good &= strangers(&trust, &signing, service, &mut report.text);
    Ok(report)
}

/// Whether a registry takes the tokens for one service.
struct Question<'a> {
    trust: &'a Trust,
    profile: &'a ServiceProfile,
    key: &'a LoadedKey,
    options: &'a CheckOptions,
    now: SystemTime,
}

impl Question<'_> {
    /// Writes a line a version; whether one of them takes the tokens.
    fn answer(&self, versions: &[Version], text: &mut String) -> bool {
        let service = self.profile.service.as_deref().unwrap_or("services that are not listed");
        let _ = writeln!(text, "tokens for {service}:");
        let mut taken = false;
        for &version in versions {
            let _ = match self.takes(version, &self.profile.header) {
                Ok(()) if !self.lasts(version) => {
                    let cure = self.export();
                    writeln!(
                        text,
                        "  registry {version}  takes them until the key is renewed, in days; {cure}"
                    )
                }
                Ok(()) => {
                    taken = true;
                    writeln!(text, "  registry {version}  takes them")
                }
                Err(obstacle) => {
                    writeln!(text, "  registry {version}  refuses them: {obstacle}; {}", self.cure(version))
                }
            };
        }
        taken
    }

    fn takes(&self, version: Version, header: &HeaderOptions) -> Result<(), crate::token::trust::Obstacle> {
        self.trust.takes(version, TokenForm { key: &self.key.key, header }, self.now)
    }

    /// Whether it takes them also when a managed key was renewed: then it must know the authority, not the key.
    fn lasts(&self, version: Version) -> bool {
        if self.key.managed.is_none() {
            return true;
        }
        let without_key = self.trust.certificates().iter().filter(|held| *held != self.key.key.leaf());
        let form = TokenForm { key: &self.key.key, header: &self.profile.header };
        Trust::of(without_key.cloned().collect()).takes(version, form, self.now).is_ok()
    }

    fn export(&self) -> String {
        let service = self.options.service.as_ref().or(self.profile.service.as_ref());
        let only = service.map_or_else(String::new, |service| format!(" --service {}", shell_word(service)));
        let config = shell_word(&self.options.config.display().to_string());
        format!("give the registry what `dockgate keys export --bundle{only} {config}` prints")
    }

    fn cure(&self, version: Version) -> String {
        let present = &self.profile.header;
        let form = TokenForm { key: &self.key.key, header: present };
        let header = self.trust.header_for(version, form, self.now);
        // Without the certificate a registry knows one key, and a managed one is another in days.
        let Some(header) = header.filter(|header| header.x5c || self.key.managed.is_none()) else {
            return self.export();
        };
        let lost = Version::ALL
            .into_iter()
            .filter(|other| self.takes(*other, present).is_ok() && self.takes(*other, &header).is_err());
        let lost: Vec<String> = lost.map(|version| version.to_string()).collect();
        let price =
            if lost.is_empty() { String::new() } else { format!(" (then {} refuses them)", lost.join(", ")) };
        let place = match &self.profile.service {
            Some(service) => format!("for `{service}` in `token.services`"),
            None => "in `token`".to_owned(),
        };
        format!("write {} {place}{price}", header_words(&header))
    }
}

/// Warns of authorities that will issue one day, and that the registry does not know.
fn missing_authorities(trust: &Trust, signing: &Signing, text: &mut String) {
    let managed = signing.keys().iter().filter_map(|key| Some((key, key.managed.as_ref()?)));
    for (key, managed) in managed {
        let issuer = managed.authorities.iter().find(|authority| key.key.leaf().is_issued_by(authority));
        let Some(issuer) = issuer.filter(|issuer| trust.certificates().contains(issuer)) else { continue };
        let later = managed.authorities.iter().filter(|other| other.not_before() >= issuer.not_before());
        for missing in later.filter(|other| !trust.certificates().contains(other)) {
            let _ = writeln!(
                text,
                "warning: {}: it will issue one day, and is not in this bundle; give the registry the new bundle before that",
                missing.subject()
            );
        }
    }
}

/// Names the certificates of a bundle that are not ours; whether none of them is a danger.
fn strangers(trust: &Trust, signing: &Signing, service: Option<&str>, text: &mut String) -> bool {
    let (mut harmless, mut found) = (true, 0);
    for certificate in trust.certificates() {
        let Some((is_error, message)) = foreign(certificate, signing, service) else { continue };
        harmless &= !is_error;
        found += 1;
        if found <= MOST_STRANGERS {
            let kind = if is_error { "error" } else { "warning" };
            let _ = writeln!(text, "{kind}: {}: {message}", certificate.subject());
        }
    }
    if found > MOST_STRANGERS {
        let _ = writeln!(text, "and {} more certificates that are not ours", found - MOST_STRANGERS);
    }
    harmless
}

/// A registry trusts every certificate of its bundle, and whatever such a certificate issues.
fn foreign(
    certificate: &Certificate,
    signing: &Signing,
    service: Option<&str>,
) -> Option<(bool, &'static str)> {
    let of_service =
        service.and_then(|service| signing.profile(service)).map(|profile| signing.keys_for(profile));
    let is_meant = |position: usize| of_service.as_ref().is_none_or(|keys| keys.contains(&position));
    let owner = signing
        .keys()
        .iter()
        .position(|key| key.key.leaf() == certificate || key.trusted_as().contains(certificate));
    match owner {
        Some(position) if is_meant(position) => return None,
        Some(_) => {
            return Some((
                false,
                "of a key that signs for other registries: its tokens are taken here too; take it out unless that is meant",
            ));
        }
        None => {}
    }
    if signing.retired().iter().any(|key| key.is_published && key.trusted_as().contains(certificate)) {
        return None;
    }
    let above = |key: &&LoadedKey| {
        key.key.issuers().any(|issuer| issuer == certificate)
            || key.key.x5c().any(|below| below.is_issued_by(certificate))
    };
    match signing.keys().iter().find(above) {
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
    let bytes = read_file(path, LARGEST).map_err(|error| {
        format!("{}: cannot be read ({error}); name the registry's own file, or a copy of it", path.display())
    })?;
    Ok(TrustFile { path: path.to_path_buf(), bytes })
}
