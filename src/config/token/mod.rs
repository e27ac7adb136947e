//! `token:` — what we sign, and with what.

mod key_id;
mod keys;
mod refresh;
mod roles;
mod services;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use dockgate_api::config::{GoDuration, KeyPath, Located, Problem};
use schemars::JsonSchema;
use serde::Deserialize;

pub use key_id::KeyIdConfig;
pub use keys::{KeyConfig, KeyFiles, SigningKeyConfig};
pub use refresh::RefreshConfig;
pub use roles::KeyRole;
pub use services::{OtherServices, ServiceConfig, validate_names};

/// Longer and the times of a token say little about who fetched it.
const LONGEST_REUSE: Duration = Duration::from_secs(60);

/// The `token` section as written.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct TokenConfig {
    /// `iss` of every token; the registry's `issuer` must be the same text.
    pub issuer: Located<String>,
    /// How long a token lives, in seconds.
    pub expiration: Located<u32>,
    /// The signing certificate, leaf first (PEM); the server's pair signs if there is none.
    pub certificate: Option<Located<PathBuf>>,
    /// The signing key (PEM).
    pub key: Option<Located<PathBuf>>,
    /// A directory of keys that renew themselves (`dockgate keys init`), in place of `certificate` and `key`.
    pub managed_keys: Option<Located<PathBuf>>,
    /// Several signing keys, in place of the above.
    pub keys: Option<Located<Vec<Located<KeyConfig>>>>,
    /// docker_auth's spelling of `key_id: rfc7638`.
    #[serde(default)]
    pub disable_legacy_key_id: bool,
    /// What `kid` says, for services that do not say it themselves.
    pub key_id: Option<Located<KeyIdConfig>>,
    /// Sends the certificate along with each token, so that any registry that trusts it needs no key id.
    #[serde(default = "yes")]
    pub x5c: bool,
    /// What differs for single registries, by their `service`.
    #[serde(default)]
    pub services: BTreeMap<String, Option<ServiceConfig>>,
    /// Whether services that are not listed get tokens.
    pub other_services: Option<Located<OtherServices>>,
    /// For how long a signed token is handed out again to who is to have the same; 0 (the default) never.
    pub reuse: Option<Located<GoDuration>>,
    /// Tokens that clients keep in place of passwords. None if not given.
    pub refresh: Option<RefreshConfig>,
}

fn yes() -> bool {
    true
}

impl TokenConfig {
    /// What types alone cannot say. Warnings go to the second list.
    pub fn validate(&self, path: &KeyPath, problems: &mut Vec<Problem>, warnings: &mut Vec<Problem>) {
        if self.issuer.trim().is_empty() {
            let message = "must not be empty: write the same text as the registry's `issuer`";
            problems.push(Problem::new(self.issuer.location.clone(), path.key("issuer"), message));
        }
        if self.issuer.chars().any(char::is_control) {
            let message = "must be one line of text without control characters";
            problems.push(Problem::new(self.issuer.location.clone(), path.key("issuer"), message));
        }
        validate_expiration(&self.expiration, path, problems, warnings);
        if let Some(key_id) = self.key_id.as_ref().filter(|_| self.disable_legacy_key_id) {
            let message = "`disable_legacy_key_id: true` says `rfc7638` already: keep one of the two";
            problems.push(Problem::new(key_id.location.clone(), path.key("key_id"), message));
        }
        self.validate_keys(path, problems);
        self.validate_services(path, problems, warnings);
        self.validate_reuse(path, problems);
        if let Some(refresh) = &self.refresh {
            refresh.validate(&path.key("refresh"), problems, warnings);
        }
    }

    /// A token that is handed out late must still be worth fetching.
    fn validate_reuse(&self, path: &KeyPath, problems: &mut Vec<Problem>) {
        let Some(reuse) = &self.reuse else { return };
        let mut refuse = |message: String| {
            problems.push(Problem::new(reuse.location.clone(), path.key("reuse"), message));
        };
        let services = self.services.values().flatten().filter_map(|service| service.expiration.as_ref());
        let shortest = services.chain([&self.expiration]).map(|expiration| expiration.value).min();
        let shortest = Duration::from_secs(shortest.unwrap_or_default().into());
        if reuse.value.0 > LONGEST_REUSE {
            refuse(format!(
                "at most {} seconds: what is spared is the signature alone, and storms pass; `5s` is usual",
                LONGEST_REUSE.as_secs()
            ));
        } else if !reuse.value.0.is_zero() && reuse.value.0 * 2 > shortest {
            refuse(format!(
                "more than half of the {} seconds that a token lives: who gets it last would come back at once; \
                write less, or a longer `expiration`",
                shortest.as_secs()
            ));
        }
    }

    /// For how long a signed token is handed out again.
    pub fn reuse(&self) -> Duration {
        self.reuse.as_ref().map_or(Duration::ZERO, |reuse| reuse.value.0)
    }

    /// How long a token lives, for services that do not say it themselves.
    pub fn lifetime(&self) -> Duration {
        Duration::from_secs(u64::from(self.expiration.value))
    }

    /// Whether services that are not listed get tokens.
    pub fn others_get_tokens(&self) -> bool {
        self.other_services.as_ref().is_none_or(|said| said.value == OtherServices::Sign)
    }
}

fn validate_expiration(
    expiration: &Located<u32>,
    path: &KeyPath,
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<Problem>,
) {
    let at = |message: String| Problem::new(expiration.location.clone(), path.key("expiration"), message);
    match expiration.value {
        0 => problems.push(at("must be at least 1 second; 900 is usual".to_owned())),
        1..60 => warnings.push(at(
            "below 60 seconds clients come back for every step, and some assume 60 anyway".to_owned(),
        )),
        seconds if seconds > 900 => warnings.push(at(format!(
            "a right that is taken away lives on for up to {} minutes in tokens already signed",
            seconds / 60
        ))),
        _ => {}
    }
}
