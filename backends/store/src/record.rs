//! A record as bytes, alike in every store.
//!
//! JSON with a version: the previous release reads what this one writes, since fields that it does not know are none of
//! its business, and what it cannot do without keeps its name for ever.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use dockgate_api::{BackendError, Owner, Record};
use serde::{Deserialize, Serialize};

/// The layout of records. A release writes its own and reads every older one.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Stored {
    v: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    /// Milliseconds since 1970.
    created: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<u64>,
    /// Base64 without padding.
    value: String,
}

/// A record as bytes, without its key.
pub(crate) fn encode(record: &Record) -> Result<Vec<u8>, BackendError> {
    let owner = record.owner.as_ref();
    let stored = Stored {
        v: VERSION,
        link: owner.map(|owner| owner.link.clone()),
        subject: owner.map(|owner| owner.subject.clone()),
        account: owner.map(|owner| owner.account.clone()),
        created: milliseconds(record.created_at),
        expires: record.expires_at.map(milliseconds),
        value: STANDARD_NO_PAD.encode(&record.value),
    };
    serde_json::to_vec(&stored).map_err(|error| BackendError::Protocol(error.to_string()))
}

/// The record that was written under a key.
pub(crate) fn decode(key: &str, bytes: &[u8]) -> Result<Record, BackendError> {
    let damaged = || BackendError::Protocol("the store holds a record that is damaged".to_owned());
    let stored: Stored = serde_json::from_slice(bytes).map_err(|_| damaged())?;
    let value = STANDARD_NO_PAD.decode(&stored.value).map_err(|_| damaged())?;
    let mut record = Record::new(key, time(stored.created).ok_or_else(damaged)?, value);
    if let (Some(link), Some(subject), Some(account)) = (stored.link, stored.subject, stored.account) {
        record = record.owned_by(Owner::new(link, subject, account));
    }
    record.expires_at = stored.expires.map(|expires| time(expires).ok_or_else(damaged)).transpose()?;
    Ok(record)
}

/// Whether a record has ended.
pub(crate) fn is_over(expires_at: Option<SystemTime>, now: SystemTime) -> bool {
    expires_at.is_some_and(|end| end <= now)
}

/// Milliseconds since 1970.
pub(crate) fn milliseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// The time of so many milliseconds since 1970.
pub(crate) fn time(milliseconds: u64) -> Option<SystemTime> {
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(milliseconds))
}
