//! docker_auth's protocol: the exit code decides (its `ext_auth` and `ext_authz`).

use std::collections::BTreeMap;

use dockgate_api::secrecy::{ExposeSecret, SecretString};
use dockgate_api::{
    AccessRequest, Actions, BackendError, Because, Decision, Granted, Identity, LabelValue, Labels, Login,
    Reason, ReasonCode,
};
use dockgate_hooks::Reply;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::hook::Hook;
use crate::process::Finished;

/// Why a login cannot be put to a program that reads `ACCOUNT SPACE PASSWORD` as one line, if it cannot.
pub(crate) fn refusal(account: &str, password: &SecretString) -> Option<&'static str> {
    if account.chars().any(|c| c.is_whitespace() || c.is_control()) {
        Some("an account with white space, which the plain protocol cannot tell from a password")
    } else if password.expose_secret().chars().any(char::is_control) {
        Some("a password with control characters, which scripts do not read to its end")
    } else {
        None
    }
}

/// `ACCOUNT SPACE PASSWORD`, without a line's end.
pub(crate) fn credentials(account: &str, password: &SecretString) -> SecretString {
    format!("{account} {}", password.expose_secret()).into()
}

/// 0 is yes, with labels if there are any; 1 is no, 2 is nobody that the program knows.
pub(crate) fn identity(
    hook: &Hook,
    login: &Login,
    password: &SecretString,
    finished: &Finished,
) -> Result<Reply<Identity>, BackendError> {
    let decision = match finished.code {
        0 => {
            let labels = labels(&finished.stdout).map_err(|error| {
                hook.senseless(format!("output that is no labels: {error}"), Some(password))
            })?;
            Decision::Allow(Identity::new(&login.account).with_labels(labels))
        }
        1 => Decision::Deny(Reason::bad_credentials(format!("{} says no", hook.program.name))),
        2 => Decision::NoMatch,
        code => {
            return Err(hook.senseless(format!("exit code {code}, which decides nothing"), Some(password)));
        }
    };
    Ok(Reply::new(decision))
}

/// `{"labels": {"team": ["a", "b"]}}`, as Go reads it: the key in any case, everything else ignored, null for nothing.
fn labels(output: &[u8]) -> Result<Labels, String> {
    let mut labels = Labels::new();
    if output.is_empty() {
        return Ok(labels);
    }
    let answered: Option<BTreeMap<String, &RawValue>> =
        serde_json::from_slice(output).map_err(|error| error.to_string())?;
    let found = answered.into_iter().flatten().filter(|(key, _)| key.eq_ignore_ascii_case("labels"));
    for (_, value) in found {
        let values: Option<BTreeMap<String, Option<Vec<String>>>> =
            serde_json::from_str(value.get()).map_err(|error| format!("labels: {error}"))?;
        for (name, values) in values.into_iter().flatten() {
            for value in values.into_iter().flatten() {
                labels.add(name.clone(), LabelValue::Literal(value));
            }
        }
    }
    Ok(labels)
}

/// What docker_auth writes for `ext_authz`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AuthRequestInfo<'a> {
    account: &'a str,
    r#type: &'a str,
    name: &'a str,
    service: &'a str,
    #[serde(rename = "IP")]
    ip: String,
    actions: Vec<&'a str>,
    labels: Option<BTreeMap<&'a str, Vec<&'a str>>>,
}

/// The request as Go's encoder writes it: some scripts search the text.
pub(crate) fn request(request: &AccessRequest<'_>) -> SecretString {
    let identity = request.identity;
    let labels: BTreeMap<_, Vec<_>> = identity
        .labels
        .iter()
        .map(|(name, values)| (name, values.iter().map(LabelValue::as_str).collect()))
        .collect();
    let info = AuthRequestInfo {
        account: &identity.account,
        r#type: &request.resource.kind,
        name: &request.resource.name,
        service: request.service,
        ip: request.client_ip.map(|ip| ip.to_canonical().to_string()).unwrap_or_default(),
        actions: request.actions.iter().collect(),
        labels: (!labels.is_empty()).then_some(labels),
    };
    escaped(&serde_json::to_string(&info).unwrap_or_default()).into()
}

/// Go's encoder escapes these, so that the text can stand in HTML (Go, `encoding/json`).
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => text.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => text.push(c),
        }
    }
    text
}

/// 0 is all that was asked, 1 is nothing.
pub(crate) fn granted(
    hook: &Hook,
    request: &AccessRequest<'_>,
    finished: &Finished,
) -> Result<Reply<Granted>, BackendError> {
    let decision = match finished.code {
        0 => {
            let actions = Actions::Only(request.actions.clone());
            Decision::Allow(Granted::new(actions, Because::at(&*hook.program.name)))
        }
        1 => Decision::Deny(Reason::new(ReasonCode::Forbidden, format!("{} says no", hook.program.name))),
        code => return Err(hook.senseless(format!("exit code {code}, which decides nothing"), None)),
    };
    Ok(Reply::new(decision))
}

#[cfg(test)]
mod tests;
