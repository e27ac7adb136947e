//! What docker_auth writes of somebody who signed in.

use std::collections::BTreeMap;
use std::time::SystemTime;

use dockgate_api::config::Moment;
use dockgate_api::secrecy::SecretString;
use dockgate_api::{BackendError, LabelValue, Labels};
use serde::Deserialize;

/// Larger than anything that docker_auth writes.
const LARGEST: usize = 1024 * 1024;

/// A record, as far as it counts here.
pub(super) struct LegacyRecord {
    /// A hash; empty if there is none.
    pub(super) docker_password: SecretString,
    /// Until when docker_auth lets it through without asking the provider again.
    pub(super) valid_until: SystemTime,
    /// Those that the provider gave, which act as no patterns.
    pub(super) labels: Labels,
}

/// docker_auth's `TokenDBValue`; its tokens at the provider are left alone.
#[derive(Deserialize)]
struct Written {
    #[serde(default)]
    docker_password: String,
    valid_until: String,
    #[serde(default)]
    labels: Option<BTreeMap<String, Option<Vec<String>>>>,
}

impl LegacyRecord {
    /// Reads it.
    ///
    /// # Errors
    /// If it is none; nothing of it is repeated.
    pub(super) fn parse(text: &[u8]) -> Result<Self, BackendError> {
        let nonsense = |what: &str| BackendError::Protocol(format!("docker_auth's record in Redis {what}"));
        if text.len() > LARGEST {
            return Err(nonsense("is too large"));
        }
        let written: Written =
            serde_json::from_slice(text).map_err(|_| nonsense("is not what docker_auth writes"))?;
        let Moment(valid_until) =
            written.valid_until.parse().map_err(|_| nonsense("has no time in `valid_until`"))?;
        let mut labels = Labels::new();
        for (name, values) in written.labels.unwrap_or_default() {
            for value in values.unwrap_or_default() {
                labels.add(name.clone(), LabelValue::Literal(value));
            }
        }
        Ok(Self { docker_password: written.docker_password.into(), valid_until, labels })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use dockgate_api::secrecy::ExposeSecret as _;

    use super::*;

    /// As docker_auth's Go writes one.
    const WRITTEN: &str = r#"{"token_type":"bearer","access_token":"gho_Secret1","refresh_token":"Secret2",
        "valid_until":"2026-11-22T20:15:30.123456789+01:00","docker_password":"$2a$10$abc",
        "labels":{"teams":["core","*"],"none":null}}"#;

    #[test]
    fn what_docker_auth_writes_is_read() {
        let record = LegacyRecord::parse(WRITTEN.as_bytes()).unwrap();
        assert_eq!(record.docker_password.expose_secret(), "$2a$10$abc");
        let time = SystemTime::UNIX_EPOCH + Duration::new(1_795_374_930, 123_456_789);
        assert_eq!(record.valid_until, time);
        let literal = |text: &str| LabelValue::Literal(text.to_owned());
        assert_eq!(record.labels.values("teams"), [literal("core"), literal("*")]);
        // What Go writes of a time that was never set.
        let never = LegacyRecord::parse(br#"{"valid_until":"0001-01-01T00:00:00Z"}"#).unwrap();
        assert!(never.valid_until < SystemTime::UNIX_EPOCH);
        assert!(never.docker_password.expose_secret().is_empty());
    }

    #[test]
    fn nonsense_is_named_and_not_repeated() {
        let damaged = WRITTEN.replace("2026-11", "Secret3");
        let without = WRITTEN.replace("valid_until", "until");
        let large = "x".repeat(LARGEST + 1);
        for text in ["", "null", "Secret3", "[]", &damaged, &without, &large] {
            let Err(error) = LegacyRecord::parse(text.as_bytes()) else { panic!("{text} is taken") };
            assert!(matches!(&error, BackendError::Protocol(_)), "{error}");
            assert!(!error.to_string().contains("Secret"), "{error}");
        }
    }
}
