//! Kubernetes' `TokenReview` (kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-review-v1).

use dockgate_api::{Decision, Identity, LabelValue, Labels, Login, Reason};
use dockgate_hooks::Object;
use serde::{Deserialize, Serialize};

use super::kubernetes::{Asked, status};

const VERSION: &str = "authentication.k8s.io/v1";
const KIND: &str = "TokenReview";

/// What a client can write in place of a user's name that has a colon in it: HTTP's Basic ends the name there.
const ANYBODY: &str = "token";

#[derive(Serialize)]
struct Spec<'a> {
    token: &'a str,
    audiences: &'a [String],
}

#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    authenticated: bool,
    #[serde(default)]
    user: Object<User>,
    #[serde(default)]
    audiences: Vec<String>,
    #[serde(default)]
    error: String,
}

#[derive(Default, Deserialize)]
struct User {
    #[serde(default)]
    username: String,
    #[serde(default)]
    uid: String,
    #[serde(default)]
    groups: Vec<String>,
}

pub(super) fn body(token: &str, audiences: &[String]) -> String {
    Asked { api_version: VERSION, kind: KIND, spec: Spec { token, audiences } }.json()
}

/// A token that is not authenticated is a refusal, with an `error` beside it too: real API servers say so of every wrong
/// token, and an error would let whoever has none make the hook look broken.
pub(super) fn read(answer: &[u8], login: &Login, audiences: &[String]) -> Result<Decision<Identity>, String> {
    let status: Status = status(answer, VERSION, KIND)?;
    if !status.authenticated {
        let said = if status.error.is_empty() { "the token is not authenticated" } else { &status.error };
        return Ok(Decision::Deny(Reason::bad_credentials(said)));
    }
    if !status.error.is_empty() {
        return Err(format!("authenticated, and an error too: {}", status.error));
    }
    if !status.audiences.iter().any(|audience| audiences.contains(audience)) {
        return Err(
            "the token is for none of the `audiences`, or whoever reviewed it looks at none".to_owned()
        );
    }
    let Object(User { username, uid, groups }) = status.user;
    if username.is_empty() || username.chars().any(char::is_control) {
        return Err("authenticated, as a user without a name that can be used".to_owned());
    }
    if login.claims_account() && ![username.as_str(), ANYBODY].contains(&login.account.as_str()) {
        return Ok(Decision::Deny(Reason::bad_credentials("the token is somebody else's")));
    }
    let mut labels = Labels::new();
    for group in groups {
        labels.add("groups", LabelValue::Literal(group));
    }
    let subject = if uid.is_empty() { username.clone() } else { uid };
    Ok(Decision::Allow(Identity::new(username).with_subject(subject).with_labels(labels)))
}
