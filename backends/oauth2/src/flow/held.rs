//! What is kept of a sign-in, to ask again.

use std::time::{Duration, SystemTime};

use dockgate_api::BackendError;
use dockgate_api::secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::Tokens;

/// The form that is written. Others are left to those who know them.
const VERSION: u32 = 1;

/// Whose tokens.
pub(crate) struct Held {
    pub(crate) subject: String,
    pub(crate) tokens: Tokens,
}

#[derive(Serialize, Deserialize)]
struct Written {
    v: u32,
    subject: String,
    access_token: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    /// In seconds since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<u64>,
}

impl Held {
    /// As the server keeps it.
    pub(crate) fn write(&self) -> Result<SecretString, BackendError> {
        let expires_at = self
            .tokens
            .expires_at
            .map(|end| end.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs());
        let written = Written {
            v: VERSION,
            subject: self.subject.clone(),
            access_token: self.tokens.access.expose_secret().to_owned(),
            refresh_token: self.tokens.refresh.as_ref().map(|token| token.expose_secret().to_owned()),
            expires_at,
        };
        let text = serde_json::to_string(&written);
        text.map(Into::into).map_err(|_| BackendError::Protocol("the tokens cannot be written".to_owned()))
    }

    /// As it was kept.
    pub(crate) fn read(keep: &SecretString) -> Result<Self, BackendError> {
        let strange =
            || BackendError::Protocol("what was kept of the sign-in is not of this version".to_owned());
        let written: Written = serde_json::from_str(keep.expose_secret()).map_err(|_| strange())?;
        if written.v != VERSION {
            return Err(strange());
        }
        let expires_at = written.expires_at.map(Duration::from_secs);
        Ok(Self {
            subject: written.subject,
            tokens: Tokens {
                access: written.access_token.into(),
                refresh: written.refresh_token.map(Into::into),
                expires_at: expires_at.and_then(|end| SystemTime::UNIX_EPOCH.checked_add(end)),
            },
        })
    }
}
