//! A record as bytes, alike in a file and in Redis.
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_record() -> impl Strategy<Value = Record> {
        let times = 0..=253_402_300_799_999_u64;
        let owner = prop::option::of((any::<String>(), any::<String>(), any::<String>()));
        let value = prop::collection::vec(any::<u8>(), 0..300);
        (any::<String>(), owner, times.clone(), value, prop::option::of(times)).prop_map(
            |(key, owner, created, value, expires)| {
                let mut record = Record::new(key, time(created).unwrap(), value);
                record.owner = owner.map(|(link, subject, account)| Owner::new(link, subject, account));
                record.expires_at = expires.and_then(time);
                record
            },
        )
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(record in any_record()) {
            let bytes = encode(&record).unwrap();
            prop_assert_eq!(decode(&record.key, &bytes).unwrap(), record);
        }

        #[test]
        fn any_bytes_are_a_record_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = decode("key", &bytes);
        }

        #[test]
        fn a_record_that_was_cut_or_changed_is_a_record_or_an_error(
            record in any_record(),
            at in any::<prop::sample::Index>(),
            byte in any::<u8>(),
            cut in any::<bool>(),
        ) {
            let mut bytes = encode(&record).unwrap();
            let at = at.index(bytes.len());
            if cut {
                bytes.truncate(at);
                prop_assert!(decode(&record.key, &bytes).is_err());
            } else {
                bytes[at] = byte;
                let _ = decode(&record.key, &bytes);
            }
        }

        #[test]
        fn any_time_is_milliseconds_or_none(milliseconds in any::<u64>()) {
            if let Some(time) = time(milliseconds) {
                prop_assert_eq!(super::milliseconds(time), milliseconds);
            }
        }
    }

    #[test]
    fn a_later_release_may_add_fields() {
        let later =
            br#"{"v":2,"link":"staff","subject":"1","account":"alice","created":5,"expires":7,"value":"YQ",
            "note":"new","groups":["a"],"more":{"deep":null}}"#;
        let record = decode("key", later).unwrap();
        let expected = Record::new("key", time(5).unwrap(), b"a".to_vec())
            .owned_by(Owner::new("staff", "1", "alice"))
            .with_expires_at(time(7).unwrap());
        assert_eq!(record, expected);
    }

    /// What earlier releases have written is read for ever: this text never changes.
    #[test]
    fn the_first_layout_is_read() {
        let first = br#"{"v":1,"created":1767268800000,"value":"AAEC/w"}"#;
        let expected = Record::new("key", time(1_767_268_800_000).unwrap(), vec![0, 1, 2, 255]);
        assert_eq!(decode("key", first).unwrap(), expected);
        assert_eq!(encode(&expected).unwrap(), first);
    }

    #[test]
    fn what_is_damaged_says_so_without_its_contents() {
        for bytes in ["", "{", "null", r#"{"v":1,"created":1,"value":"s3cret!"}"#, r#"{"v":1,"value":"YQ"}"#]
        {
            let error = decode("key", bytes.as_bytes()).unwrap_err();
            assert_eq!(error.to_string(), "unusable answer: the store holds a record that is damaged");
        }
    }

    #[test]
    fn a_record_is_over_at_its_end() {
        let end = time(1000);
        assert!(!is_over(end, time(999).unwrap()));
        assert!(is_over(end, time(1000).unwrap()));
        assert!(!is_over(None, time(u64::MAX / 2).unwrap()));
    }
}
