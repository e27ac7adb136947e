//! The passwords that docker_auth has left in Redis, until they lapse.

use std::sync::Arc;

use dockgate_api::secrecy::ExposeSecret as _;
use dockgate_api::{
    Answer, BuildContext, Call, Credential, Decision, HashFormats, Identity, Login, Passwords, Reason,
    ReasonCode,
};
use dockgate_store::{RedisLookup, RedisSettings};

use super::record::LegacyRecord;

/// How docker_auth's keys begin; the account follows, as it is.
const PREFIX: &str = "t:";
/// Longer accounts have never signed in anywhere.
const LONGEST_ACCOUNT: usize = 256;

/// Who signed in to docker_auth.
pub(crate) struct LegacyTokens {
    redis: RedisLookup,
    passwords: Arc<dyn Passwords>,
}

impl LegacyTokens {
    pub(super) fn new(settings: RedisSettings, cx: &BuildContext) -> Self {
        Self { redis: RedisLookup::new(settings), passwords: cx.passwords() }
    }

    /// Whether this is somebody who signed in to docker_auth, with the password that it gave them.
    ///
    /// # Errors
    /// If Redis does not answer, or holds nonsense.
    pub(crate) async fn authenticate(&self, cx: &Call, login: &Login) -> Answer<Identity> {
        let Credential::Password(password) = &login.credential else { return Ok(Decision::NoMatch) };
        let account = login.account.as_str();
        if account.is_empty() || account.len() > LONGEST_ACCOUNT {
            return Ok(Decision::NoMatch);
        }
        let Some(found) = self.redis.get(cx, &format!("{PREFIX}{account}")).await? else {
            cx.note(|| "nobody of this name has signed in to docker_auth".to_owned());
            return Ok(Decision::NoMatch);
        };
        let record = LegacyRecord::parse(&found)?;
        let stored = record.docker_password.expose_secret();
        if stored.is_empty() || password.expose_secret().is_empty() {
            return Ok(Decision::Deny(Reason::bad_credentials("no password")));
        }
        if !self.passwords.verify(cx, stored, HashFormats::Modern, password).await? {
            let detail = "not the password that docker_auth gave out at the last sign-in";
            return Ok(Decision::Deny(Reason::bad_credentials(detail)));
        }
        if cx.now() >= record.valid_until {
            let detail = "docker_auth's password has lapsed: sign in once more";
            return Ok(Decision::Deny(Reason::new(ReasonCode::Expired, detail)));
        }
        let identity = Identity::new(account)
            .with_labels(record.labels)
            .with_expires_at(Some(record.valid_until))
            .with_epoch(self.passwords.epoch(stored));
        Ok(Decision::Allow(identity))
    }
}
