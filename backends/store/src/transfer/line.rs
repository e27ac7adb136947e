//! One line of an export.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use dockgate_api::{BackendError, Owner, Record, Shelf};
use serde::{Deserialize, Serialize};

use crate::record::{milliseconds, time};

const FORMAT: &str = "dockgate-store";
/// What is written; older ones are read for ever.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Line {
    Head(Head),
    End(End),
    Record(RecordLine),
}

#[derive(Serialize, Deserialize)]
pub(super) struct Head {
    format: String,
    version: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct End {
    end: bool,
    pub(super) records: u64,
}

/// Unknown keys are errors: they may be what a record is bound by.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RecordLine {
    shelf: String,
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<OwnerLine>,
    /// Milliseconds since 1970.
    created: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<u64>,
    /// Base64 without padding.
    value: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OwnerLine {
    link: String,
    subject: String,
    account: String,
}

impl Line {
    pub(super) fn head() -> Self {
        Self::Head(Head { format: FORMAT.to_owned(), version: VERSION })
    }

    pub(super) fn end(records: u64) -> Self {
        Self::End(End { end: true, records })
    }

    pub(super) fn of(shelf: Shelf, record: &Record) -> Self {
        Self::Record(RecordLine {
            shelf: shelf.name().to_owned(),
            key: record.key.clone(),
            owner: record.owner.as_ref().map(|owner| OwnerLine {
                link: owner.link.clone(),
                subject: owner.subject.clone(),
                account: owner.account.clone(),
            }),
            created: milliseconds(record.created_at),
            expires: record.expires_at.map(milliseconds),
            value: STANDARD_NO_PAD.encode(&record.value),
        })
    }

    /// With its end.
    pub(super) fn text(&self) -> Result<String, BackendError> {
        let mut text =
            serde_json::to_string(self).map_err(|error| BackendError::Protocol(error.to_string()))?;
        text.push('\n');
        Ok(text)
    }

    /// What is wrong is said without the line: it is as good as a record.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        let value: serde_json::Value =
            serde_json::from_slice(bytes).map_err(|error| format!("this is no JSON: {error}"))?;
        let has = |key| value.get(key).is_some();
        let (is_head, is_end) = (has("format"), has("end"));
        let read = if is_head {
            serde_json::from_value(value).map(Self::Head)
        } else if is_end {
            serde_json::from_value(value).map(Self::End)
        } else {
            serde_json::from_value(value).map(Self::Record)
        };
        read.map_err(|error| error.to_string())
    }
}

impl Head {
    pub(super) fn check(&self) -> Result<(), String> {
        if self.format != FORMAT {
            return Err(format!("this is no export of a store: its format is not `{FORMAT}`"));
        }
        if self.version > VERSION {
            return Err(format!(
                "the export is of version {}, and this release reads up to {VERSION}: import it with the release that wrote it",
                self.version
            ));
        }
        Ok(())
    }
}

impl RecordLine {
    pub(super) fn record(self) -> Result<(Shelf, Record), String> {
        let shelf = Shelf::of_name(&self.shelf).ok_or("no such shelf is known here")?;
        if self.key.is_empty() {
            return Err("`key` is empty".to_owned());
        }
        let value =
            STANDARD_NO_PAD.decode(&self.value).map_err(|_| "`value` is no base64 without padding")?;
        let moment = |milliseconds| time(milliseconds).ok_or("this is no time that there is");
        let mut record = Record::new(self.key, moment(self.created)?, value);
        record.expires_at = self.expires.map(moment).transpose()?;
        if let Some(OwnerLine { link, subject, account }) = self.owner {
            record = record.owned_by(Owner::new(link, subject, account));
        }
        Ok((shelf, record))
    }
}
