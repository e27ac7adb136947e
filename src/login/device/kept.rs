//! What is kept of a request while somebody is asked about it.

use dockgate_api::{BackendError, Owner, Record};
use serde::{Deserialize, Serialize};

use crate::credentials::Limit;

/// A request. Fields may be added; none changes its meaning, since the release before reads them too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) client_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) client_name: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) scopes: Vec<Limit>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) from: Option<String>,
    /// When it can be confirmed no more, in seconds since 1970.
    pub(super) ends: u64,
    pub(super) state: State,
}

/// What has become of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    Pending,
    Refused,
    Confirmed { link: String, subject: String, account: String },
}

impl State {
    pub(super) fn confirmed_by(owner: &Owner) -> Self {
        let Owner { link, subject, account, .. } = owner.clone();
        Self::Confirmed { link, subject, account }
    }
}

impl Kept {
    pub(super) fn of(record: &Record) -> Result<Self, BackendError> {
        serde_json::from_slice(&record.value).map_err(|_| {
            BackendError::Protocol("the store holds a device login that cannot be read".to_owned())
        })
    }

    pub(super) fn value(&self) -> Result<Vec<u8>, BackendError> {
        serde_json::to_vec(self).map_err(|error| BackendError::Protocol(error.to_string()))
    }
}
