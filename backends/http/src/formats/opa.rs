//! Open Policy Agent's data API (openpolicyagent.org/docs/rest-api, "Get a Document (with Input)").

use dockgate_api::{AccessRequest, Actions, Because, Decision, Granted, Identity, Login, Reason, ReasonCode};
use dockgate_hooks::{Object, Question, Reply};
use serde::Deserialize;
use serde_json::value::RawValue;

/// Its answer may have more: an id, metrics, warnings.
#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    result: Option<&'a RawValue>,
}

const FORBIDDEN: &str = "the policy says false";

/// The question as the policy's `input`.
pub(super) fn wrapped(question: &Question) -> String {
    format!("{{\"input\":{}}}", question.as_json())
}

/// What the policy says of who somebody is: true, false, or our document.
pub(super) fn identity(
    answer: &[u8],
    login: &Login,
    ours: impl FnOnce(&[u8]) -> Result<Reply<Identity>, String>,
) -> Result<Reply<Identity>, String> {
    Ok(match result(answer)? {
        "true" => Reply::new(Decision::Allow(Identity::new(&login.account))),
        "false" => Reply::new(Decision::Deny(Reason::bad_credentials(FORBIDDEN))),
        document => ours(document.as_bytes())?,
    })
}

/// What the policy says of what they may do: true for all that is asked, false, or our document.
pub(super) fn granted(
    answer: &[u8],
    request: &AccessRequest<'_>,
    place: &str,
    ours: impl FnOnce(&[u8]) -> Result<Reply<Granted>, String>,
) -> Result<Reply<Granted>, String> {
    Ok(match result(answer)? {
        "true" => {
            let all = Actions::Only(request.actions.clone());
            Reply::new(Decision::Allow(Granted::new(all, Because::at(place))))
        }
        "false" => Reply::new(Decision::Deny(Reason::new(ReasonCode::Forbidden, FORBIDDEN))),
        document => ours(document.as_bytes())?,
    })
}

fn result(answer: &[u8]) -> Result<&str, String> {
    let Object(read): Object<Answer<'_>> = serde_json::from_slice(answer)
        .map_err(|error| format!("not the document that is expected: {error}"))?;
    let result = read.result.ok_or(
        "there is no `result`: the policy is not loaded, the URL names another, or no rule of it speaks of this \
         question (give it a `default`)",
    )?;
    Ok(result.get())
}
