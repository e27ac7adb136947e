//! The signing key of a configuration: which files, what is wrong with them, what the administrator should know.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use dockgate_api::Dialect;
use dockgate_api::config::{KeyPath, Located, Location, Problem};

use crate::config::token::TokenConfig;
use crate::config::{Sections, Source};
use crate::token::{Certificate, FileRole, HeaderOptions, Issuer, KidKind, SigningKey, jwks_document};

/// Certificates that end within this time are warned of.
const EXPIRES_SOON: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// What signs.
pub struct Signing {
    /// Signs grants.
    pub issuer: Issuer,
    /// The key itself, for those who ask about it.
    pub key: SigningKey,
    /// What the tokens' header says of it.
    pub header: HeaderOptions,
    /// The JWKS document.
    pub jwks: Bytes,
}

/// The two files, with the section that names them.
struct Pair<'a> {
    section: &'static str,
    certificate: &'a Located<PathBuf>,
    key: &'a Located<PathBuf>,
}

impl Pair<'_> {
    fn problem(&self, at: &Location, key: &str, message: impl Into<String>) -> Problem {
        Problem::new(at.clone(), KeyPath::root().key(self.section).key(key), message)
    }
}

/// Loads the signing key. Problems and warnings go to the lists.
pub(super) fn load(
    source: &Source,
    sections: &Sections,
    now: SystemTime,
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<Problem>,
) -> Option<Signing> {
    let token = sections.token.as_ref()?;
    let pair = pair(source, sections, token, problems)?;
    if pair.section == "server" {
        let message = "the TLS key signs tokens too, and every registry comes to trust the TLS certificate for that: \
                       give `token.certificate` and `token.key` of their own";
        warnings.push(pair.problem(&pair.certificate.location, "certificate", message));
    }
    let paths = (source.resolve(&pair.certificate.value), source.resolve(&pair.key.value));
    let key = match SigningKey::load(&paths.0, &paths.1) {
        Ok(key) => key,
        Err(error) => {
            let (given, name) = match error.role() {
                FileRole::Key => (pair.key, "key"),
                FileRole::Certificate => (pair.certificate, "certificate"),
            };
            problems.push(pair.problem(&given.location, name, error.to_string()));
            return None;
        }
    };
    let x5c = token.x5c && certificate_is_good(source.dialect(), &key, &pair, now, problems, warnings);
    if key.public_key().has_leading_zero_coordinate() {
        let message = "a coordinate of this EC key begins with a zero byte, which registry 3 drops: it takes the tokens \
                       only through `x5c`; a new key avoids it";
        warnings.push(pair.problem(&pair.key.location, "key", message));
    }
    let kid = if token.disable_legacy_key_id { KidKind::Rfc7638 } else { KidKind::Libtrust };
    let header = HeaderOptions { kid: Some(kid), x5c };
    let issuer = Issuer::new(token.issuer.value.clone(), token.lifetime(), &key, header);
    let issuer =
        issuer.map_err(|error| problems.push(pair.problem(&pair.key.location, "key", error.to_string())));
    let issuer = issuer.ok()?;
    if let Some(bytes) = issuer.oversized_header() {
        let message = format!(
            "the certificate chain makes every token more than {bytes} bytes long: proxies need larger header limits, \
             or set `token.x5c: false`"
        );
        warnings.push(pair.problem(&pair.certificate.location, "certificate", message));
    }
    let jwks = jwks_document([&key]).map_err(|error| error.to_string());
    let jwks = jwks.map_err(|text| problems.push(pair.problem(&pair.key.location, "key", text))).ok()?;
    Some(Signing { issuer, key, header, jwks: Bytes::from(jwks) })
}

/// The token's own pair, else the server's, as docker_auth chooses.
fn pair<'a>(
    source: &Source,
    sections: &'a Sections,
    token: &'a TokenConfig,
    problems: &mut Vec<Problem>,
) -> Option<Pair<'a>> {
    if let (Some(certificate), Some(key)) = (&token.certificate, &token.key) {
        return Some(Pair { section: "token", certificate, key });
    }
    if token.certificate.is_some() || token.key.is_some() {
        return None;
    }
    // Without a sound server section, whether it has a pair is not known.
    let server = sections.server.as_ref()?;
    if let (Some(certificate), Some(key)) = (&server.certificate, &server.key) {
        return Some(Pair { section: "server", certificate, key });
    }
    if server.certificate.is_none() && server.key.is_none() {
        let place = source.root.get("token").map_or(&source.root.location, |entry| &entry.key.location);
        let message =
            "nothing to sign with: give `certificate` and `key` (`dockgate quickstart` makes a pair)";
        problems.push(Problem::new(place.clone(), KeyPath::root().key("token"), message));
    }
    None
}

/// Whether the certificate can travel with tokens: no registry takes one that has expired.
fn certificate_is_good(
    dialect: Dialect,
    key: &SigningKey,
    pair: &Pair<'_>,
    now: SystemTime,
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<Problem>,
) -> bool {
    let leaf = key.leaf();
    // The first certificate to end ends the chain.
    let ends = key.x5c().map(Certificate::not_after).min().unwrap_or(leaf.not_after());
    let say = |list: &mut Vec<Problem>, message: String| {
        list.push(pair.problem(&pair.certificate.location, "certificate", message));
    };
    if ends <= now {
        let expired = if leaf.not_after() <= now {
            "the signing certificate has expired"
        } else {
            "a certificate of the signing certificate's chain has expired"
        };
        match dialect {
            Dialect::DockerAuth => say(
                warnings,
                format!(
                    "{expired}: tokens go out without it, and only registries that know the key id take them"
                ),
            ),
            Dialect::Native => {
                say(
                    problems,
                    format!("{expired}: renew it, or set `x5c: false` if your registries know the key id"),
                );
            }
        }
        return false;
    }
    if leaf.not_before() > now {
        say(
            warnings,
            "the signing certificate is not valid yet: registries refuse its tokens until it is".to_owned(),
        );
    } else if ends <= now + EXPIRES_SOON {
        let left = ends.duration_since(now).unwrap_or_default().as_secs() / (24 * 60 * 60);
        say(warnings, format!("the signing certificate expires in {left} days: renew it"));
    }
    true
}
