//! Kubernetes' `SubjectAccessReview`
//! (kubernetes.io/docs/reference/kubernetes-api/authorization-resources/subject-access-review-v1).

use std::collections::BTreeMap;
use std::sync::Arc;

use dockgate_api::{
    AccessRequest, ActionSet, Actions, Answer, BackendError, Because, Call, Decision, Granted, LabelValue,
    Reason, ReasonCode,
};
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use super::kubernetes::{Asked, status};
use crate::hook;
use crate::hook::Hook;

const VERSION: &str = "authorization.k8s.io/v1";
const KIND: &str = "SubjectAccessReview";

/// Nobody in particular, as Kubernetes calls it: a review of no name is refused.
const ANONYMOUS: (&str, &str) = ("system:anonymous", "system:unauthenticated");

/// A client may ask for as many actions as fit into a request, and each is one review.
const MOST_ACTIONS: usize = 16;
/// Reviews of one question at a time.
const AT_ONCE: usize = 4;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Spec<'a> {
    user: &'a str,
    groups: Vec<&'a str>,
    extra: BTreeMap<&'static str, Vec<String>>,
    non_resource_attributes: NonResource<'a>,
}

#[derive(Serialize)]
struct NonResource<'a> {
    path: String,
    verb: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    #[serde(default)]
    allowed: bool,
    #[serde(default)]
    denied: bool,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    evaluation_error: String,
}

/// What one review says.
enum Verdict {
    Allowed,
    Denied(String),
    NoOpinion,
}

/// Asks for each action by itself, and puts the answers together.
pub(crate) async fn reviewed(
    hook: &Arc<Hook>,
    cx: &Call,
    request: &AccessRequest<'_>,
    place: &str,
) -> Answer<Granted> {
    if let Some(why) = unaskable(request) {
        return Ok(Decision::Deny(Reason::new(ReasonCode::Forbidden, why)));
    }
    let (mut allowed, mut denied, mut failed) = (ActionSet::EMPTY, None, None);
    let mut bodies = request.actions.iter().map(|action| (action.to_owned(), body(request, action)));
    let mut running = JoinSet::new();
    loop {
        // Of a hook that is left alone, the first answer tells whether there will be others.
        let at_once = if hook.is_left_alone() { 1 } else { AT_ONCE };
        let room = if failed.is_some() { 0 } else { at_once.saturating_sub(running.len()) };
        for (action, body) in bodies.by_ref().take(room) {
            let (hook, cx) = (Arc::clone(hook), cx.clone());
            running.spawn(async move {
                let asked = hook::Asked { body: &body, made: true, secret: "" };
                (action, hook.ask(&cx, &asked, read).await)
            });
        }
        // Also after an error: what was asked shows how the hook is.
        let Some(joined) = running.join_next().await else { break };
        match joined {
            Ok((action, Ok(Verdict::Allowed))) => allowed.insert(action),
            Ok((_, Ok(Verdict::Denied(why)))) => denied = denied.or(Some(why)),
            Ok((_, Ok(Verdict::NoOpinion))) => {}
            Ok((_, Err(error))) => failed = failed.or(Some(error)),
            Err(_) => failed = Some(BackendError::Protocol("a review was not read to its end".to_owned())),
        }
    }
    if let Some(error) = failed {
        return Err(error);
    }
    Ok(match denied {
        _ if !allowed.is_empty() => Decision::Allow(Granted::new(Actions::Only(allowed), Because::at(place))),
        Some(why) => Decision::Deny(Reason::new(ReasonCode::Forbidden, why)),
        None => Decision::NoMatch,
    })
}

fn unaskable(request: &AccessRequest<'_>) -> Option<&'static str> {
    if request.actions.len() > MOST_ACTIONS {
        Some("more actions were asked for at once than are reviewed")
    } else if request.resource.kind.contains('/') {
        Some("a type with a slash would be the path of another resource")
    } else {
        None
    }
}

fn body(request: &AccessRequest<'_>, verb: &str) -> String {
    let identity = request.identity;
    let named = identity.labels.values("groups").iter().map(LabelValue::as_str);
    let (user, groups) = match identity.account.as_str() {
        "" => (ANONYMOUS.0, named.chain([ANONYMOUS.1]).collect()),
        account => (account, named.collect()),
    };
    let resource = request.resource;
    let class = resource.class.as_ref().map_or_else(String::new, |class| format!("({class})"));
    let path = format!("/{}{class}/{}", resource.kind, resource.name);
    let mut extra = BTreeMap::from([
        ("dockgate/link", vec![identity.link.to_string()]),
        ("dockgate/service", vec![request.service.to_owned()]),
    ]);
    if let Some(address) = request.client_ip {
        extra.insert("dockgate/client-ip", vec![address.to_string()]);
    }
    let spec = Spec { user, groups, extra, non_resource_attributes: NonResource { path, verb } };
    Asked { api_version: VERSION, kind: KIND, spec }.json()
}

fn read(answer: &[u8]) -> Result<Verdict, String> {
    let status: Status = status(answer, VERSION, KIND)?;
    match (status.allowed, status.denied) {
        (true, true) => Err("allowed and denied at once".to_owned()),
        (true, false) => Ok(Verdict::Allowed),
        (false, _) if !status.evaluation_error.is_empty() => {
            Err(format!("the review failed: {}", status.evaluation_error))
        }
        (false, true) => Ok(Verdict::Denied(status.reason)),
        (false, false) => Ok(Verdict::NoOpinion),
    }
}
