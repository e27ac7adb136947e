//! `token:` — what we sign, and with what.

use std::path::PathBuf;
use std::time::Duration;

use dockgate_api::config::{KeyPath, Located, Problem};
use schemars::JsonSchema;
use serde::Deserialize;

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
    /// `kid` is the RFC 7638 thumbprint that registry 3 looks for, instead of registry 2's libtrust id.
    #[serde(default)]
    pub disable_legacy_key_id: bool,
    /// Sends the certificate along with each token, so that any registry that trusts it needs no key id.
    #[serde(default = "yes")]
    pub x5c: bool,
}

fn yes() -> bool {
    true
}

impl TokenConfig {
    /// What types alone cannot say. Warnings go to the second list.
    pub fn validate(&self, path: &KeyPath, problems: &mut Vec<Problem>, warnings: &mut Vec<Problem>) {
        let at = |located: &Located<u32>, message: String| {
            Problem::new(located.location.clone(), path.key("expiration"), message)
        };
        if self.issuer.trim().is_empty() {
            let message = "must not be empty: write the same text as the registry's `issuer`";
            problems.push(Problem::new(self.issuer.location.clone(), path.key("issuer"), message));
        }
        if self.issuer.chars().any(char::is_control) {
            let message = "must be one line of text without control characters";
            problems.push(Problem::new(self.issuer.location.clone(), path.key("issuer"), message));
        }
        match self.expiration.value {
            0 => problems.push(at(&self.expiration, "must be at least 1 second; 900 is usual".to_owned())),
            1..60 => warnings.push(at(
                &self.expiration,
                "below 60 seconds clients come back for every step, and some assume 60 anyway".to_owned(),
            )),
            seconds if seconds > 900 => warnings.push(at(
                &self.expiration,
                format!(
                    "a right that is taken away lives on for up to {} minutes in tokens already signed",
                    seconds / 60
                ),
            )),
            _ => {}
        }
        let beside = |located: &Located<PathBuf>, key: &str, other: &str| {
            Problem::new(located.location.clone(), path.key(key), format!("needs `{other}` beside it"))
        };
        match (&self.certificate, &self.key) {
            (Some(given), None) => problems.push(beside(given, "certificate", "key")),
            (None, Some(given)) => problems.push(beside(given, "key", "certificate")),
            _ => {}
        }
    }

    /// How long a token lives.
    pub fn lifetime(&self) -> Duration {
        Duration::from_secs(u64::from(self.expiration.value))
    }
}
