//! What reviews have in common.

use dockgate_hooks::Object;
use serde::{Deserialize, Serialize};

/// An object that is made to be answered (Kubernetes API conventions, "virtual resources").
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Asked<'a, Spec> {
    pub(super) api_version: &'a str,
    pub(super) kind: &'a str,
    pub(super) spec: Spec,
}

impl<Spec: Serialize> Asked<'_, Spec> {
    pub(super) fn json(&self) -> String {
        // Texts and lists of them: nothing can fail to be written.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// The same with its answer. It may have more: a server adds what it likes.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answered<Status> {
    api_version: String,
    kind: String,
    status: Option<Object<Status>>,
}

/// Reads the status of an object of this kind.
pub(super) fn status<'a, Status: Deserialize<'a>>(
    answer: &'a [u8],
    api_version: &str,
    kind: &str,
) -> Result<Status, String> {
    let Object(read): Object<Answered<Status>> = serde_json::from_slice(answer)
        .map_err(|error| format!("not the object that is expected: {error}"))?;
    if (read.api_version.as_str(), read.kind.as_str()) != (api_version, kind) {
        return Err(format!("the answer is no {kind} of {api_version}"));
    }
    read.status
        .map(|Object(status)| status)
        .ok_or_else(|| format!("the {kind} has no status: does this URL answer reviews?"))
}
