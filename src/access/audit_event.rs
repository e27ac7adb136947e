//! What the audit log says of a decision. `docs/monitoring.md` describes every field; their order is stable.

use dockgate_api::{ActionSet, Reason, Resource};

use super::grant::{Decided, Grant, GrantedScope};
use super::refusal::{DIFFERENT_ACCOUNTS, NotIdentified, UNKNOWN_ACCOUNT, UNKNOWN_SERVICE};
use super::{About, Signed};
use crate::audit::{Audit, Event, Object};
use crate::chain::LinkError;
use crate::token::Verified;

/// A token was made of a grant.
pub(super) fn token(audit: &Audit, about: &About<'_>, grant: &Grant, signed: Signed<'_>) -> Event {
    audit.event("token", |event| {
        let issued = signed.token;
        granted(event, about, grant);
        event.text_if_any("refresh_token", signed.refresh.map(|id| id.0.as_str()));
        event.text("jti", &issued.jwt_id);
        event.number("exp", issued.expires_at);
        event.number("expires_in", issued.expires_in);
        event.flag("reused", issued.reused);
    })
}

/// A request was let through to a registry, or not, by whom it is of.
pub(super) fn at_the_gate(audit: &Audit, about: &About<'_>, grant: &Grant, passes: bool) -> Event {
    audit.event(gate_kind(passes), |event| granted(event, about, grant))
}

/// The same by a token.
pub(super) fn token_at_the_gate(audit: &Audit, about: &About<'_>, token: &Verified, passes: bool) -> Event {
    audit.event(gate_kind(passes), |event| {
        asked(event, about, &token.subject, None, None);
        event.text("jti", &token.jwt_id);
    })
}

fn gate_kind(passes: bool) -> &'static str {
    if passes { "passed" } else { "stopped" }
}

/// A grant could not be made into a token.
pub(super) fn not_signed(audit: &Audit, about: &About<'_>, grant: &Grant) -> Event {
    audit.event("error", |event| {
        granted(event, about, grant);
        event.text("reason", "not_signed");
        event.text("detail", "the token could not be signed");
    })
}

/// Nobody vouched for a login.
pub(super) fn not_identified(audit: &Audit, about: &About<'_>, failure: &NotIdentified) -> Event {
    match failure {
        NotIdentified::Failed(failed) => failed_link(audit, about, failed),
        NotIdentified::Denied(link, Reason { code, detail, .. }) => {
            refused(audit, about, link.as_deref(), (code.as_str(), detail))
        }
        NotIdentified::Unknown => refused(audit, about, None, UNKNOWN_ACCOUNT),
        NotIdentified::Locked { detail, .. } => refused(audit, about, None, ("locked", detail)),
        NotIdentified::Differs => refused(audit, about, None, ("different_accounts", DIFFERENT_ACCOUNTS)),
    }
}

/// The service is none of those that get tokens.
pub(super) fn unknown_service(audit: &Audit, about: &About<'_>) -> Event {
    refused(audit, about, None, UNKNOWN_SERVICE)
}

/// A link could not answer.
pub(super) fn failed_link(audit: &Audit, about: &About<'_>, failed: &LinkError) -> Event {
    audit.event("error", |event| {
        asked(event, about, &about.question.login.account, Some(&failed.link), None);
        event.text("reason", failed.error.kind());
        event.text("detail", &failed.error.to_string());
    })
}

fn refused(audit: &Audit, about: &About<'_>, link: Option<&str>, (reason, detail): (&str, &str)) -> Event {
    audit.event("refused", |event| {
        asked(event, about, &about.question.login.account, link, None);
        event.text("reason", reason);
        event.text("detail", detail);
    })
}

fn granted(event: &mut Object<'_>, about: &About<'_>, grant: &Grant) {
    let identity = grant.identity();
    let subject = Some(identity.subject.as_str()).filter(|subject| *subject != identity.account);
    asked(event, about, &identity.account, Some(&identity.link), subject);
    event.text_if_any("credential", identity.credential.as_ref().map(|id| id.0.as_str()));
    event.objects("granted", grant.access(), grant_of);
}

/// Who asked for what.
fn asked(
    event: &mut Object<'_>,
    about: &About<'_>,
    account: &str,
    link: Option<&str>,
    subject: Option<&str>,
) {
    let (login, scopes) = (&about.question.login, &about.question.scopes);
    event.quoted("request_id", |to| to.id(about.cx.request_id()));
    event.text("account", account);
    event.text_if_any("backend", link);
    event.text_if_any("subject", subject);
    match login.client_ip {
        Some(_) => event.quoted("client", |to| to.address(login.client_ip)),
        None => event.null("client"),
    }
    event.text_if_any("client_id", about.client_id);
    event.text("service", &login.service);
    event.objects("asked", &scopes.scopes, |object, scope| {
        resource(object, &scope.resource, &scope.actions);
    });
    if !scopes.malformed.is_empty() {
        event.texts("unreadable", scopes.malformed.iter().map(String::as_str));
    }
}

fn grant_of(object: &mut Object<'_>, scope: &GrantedScope) {
    resource(object, scope.resource(), scope.actions());
    match scope.decided() {
        Decided::By(link, because) => {
            object.text("link", link);
            object.text("rule", &because.place);
            object.text_if_any("comment", because.comment.as_deref());
        }
        Decided::Refused(link, reason) => {
            object.text("link", link);
            object.text("reason", reason.code.as_str());
            object.text("detail", &reason.detail);
        }
        Decided::Nobody => object.text("reason", "no_rule"),
    }
}

fn resource(object: &mut Object<'_>, resource: &Resource, actions: &ActionSet) {
    object.text("type", &resource.kind);
    object.text_if_any("class", resource.class.as_deref());
    object.text("name", &resource.name);
    object.texts("actions", actions.iter());
}
