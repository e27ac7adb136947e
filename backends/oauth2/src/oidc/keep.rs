//! What is kept of a sign-in, to ask again; the server encrypts it.

use std::time::{Duration, SystemTime};

use dockgate_api::BackendError;
use dockgate_api::secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::token_endpoint::Tokens;

/// In bytes. A longer ID token is not kept: it would be sent in a URL at sign-out.
const LONGEST_ID_TOKEN: usize = 8 * 1024;
/// In bytes; no provider's token is longer.
const LONGEST_TOKEN: usize = 32 * 1024;

/// Never shown: it has no `Debug`.
#[derive(Deserialize, Serialize)]
pub(crate) struct Keep {
    /// The claim `sub`.
    pub(crate) subject: String,
    refresh: Option<String>,
    /// Only where there is nothing to refresh with.
    access: Option<String>,
    /// In seconds since the epoch.
    access_until: Option<u64>,
    id_token: Option<String>,
}

impl Keep {
    /// What to keep of new tokens. What the provider gave before, and did not replace, stays.
    pub(crate) fn of(subject: &str, tokens: Tokens, before: Option<Self>, now: SystemTime) -> Self {
        let short = |token: SecretString, longest| {
            Some(token.expose_secret().to_owned()).filter(|token| token.len() <= longest)
        };
        let (old_refresh, old_id) = before.map_or((None, None), |before| (before.refresh, before.id_token));
        let refresh = tokens.refresh.and_then(|token| short(token, LONGEST_TOKEN)).or(old_refresh);
        let ends = tokens.lives.and_then(|lives| now.checked_add(lives));
        let access = if refresh.is_none() { short(tokens.access, LONGEST_TOKEN) } else { None };
        Self {
            subject: subject.to_owned(),
            access_until: access.as_ref().and(ends).map(seconds),
            refresh,
            access,
            id_token: tokens.id.and_then(|token| short(token, LONGEST_ID_TOKEN)).or(old_id),
        }
    }

    /// Takes another refresh token in place of the one that is used up, and nothing else; whether there is one.
    pub(crate) fn renew(&mut self, tokens: &Tokens) -> bool {
        let given = tokens.refresh.as_ref().map(SecretString::expose_secret);
        let Some(given) = given.filter(|token| token.len() <= LONGEST_TOKEN) else { return false };
        let is_another = self.refresh.as_deref() != Some(given);
        self.refresh = Some(given.to_owned());
        is_another
    }

    /// Reads what was kept.
    ///
    /// # Errors
    /// If it is something else.
    pub(crate) fn read(kept: &SecretString) -> Result<Self, BackendError> {
        serde_json::from_str(kept.expose_secret())
            .map_err(|_| BackendError::Protocol("what was kept of the sign-in cannot be read".to_owned()))
    }

    pub(crate) fn write(&self) -> Result<SecretString, BackendError> {
        let written = serde_json::to_string(self).map(SecretString::from);
        written
            .map_err(|_| BackendError::Protocol("what is kept of the sign-in cannot be written".to_owned()))
    }

    pub(crate) fn refresh(&self) -> Option<SecretString> {
        self.refresh.clone().map(SecretString::from)
    }

    /// The access token, while it lives; one without an end may.
    pub(crate) fn access(&self, now: SystemTime) -> Option<SecretString> {
        let lives = self.access_until.is_none_or(|until| seconds(now) < until);
        self.access.clone().filter(|_| lives).map(SecretString::from)
    }

    pub(crate) fn id_token(&self) -> Option<&str> {
        self.id_token.as_deref()
    }
}

fn seconds(at: SystemTime) -> u64 {
    at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs()
}
