//! One line a decision: who, from where, for what, and who said so. Never a secret.
//!
//! Names that a client chose are written with escapes, so that none can forge a line.

use std::fmt::Write as _;

use dockgate_api::{Call, Login};

use super::grant::{Decided, Grant};
use super::question::Question;
use super::refusal::NotIdentified;
use crate::chain::LinkError;

/// Somebody was identified; what they asked for was decided.
pub(super) fn decided(cx: &Call, question: &Question, grant: &Grant) {
    let Login { client_ip, service, .. } = &question.login;
    tracing::info!(
        request_id = %cx.request_id(),
        account = grant.identity().account.as_str(),
        backend = %grant.identity().link,
        client = %client(*client_ip),
        service = service.as_str(),
        asked = asked(question).as_str(),
        granted = granted(grant).as_str(),
        rules = rules(grant).as_str(),
        "decided"
    );
    for scope in &question.scopes.malformed {
        tracing::warn!(request_id = %cx.request_id(), scope = %shown(scope), "left out a scope that cannot be read");
    }
}

/// Nobody vouched for a login.
pub(super) fn not_identified(cx: &Call, question: &Question, failure: &NotIdentified) {
    match failure {
        NotIdentified::Failed(failed) => failed_link(cx, question, failed),
        NotIdentified::Denied(link, reason) => {
            refused(
                cx,
                &question.login,
                link.as_deref().unwrap_or("-"),
                reason.code.as_str(),
                &reason.detail,
            );
        }
        NotIdentified::Unknown => {
            refused(cx, &question.login, "-", "unknown_account", "no backend knows the account");
        }
    }
}

/// Somebody was identified, but what they may do could not be found out.
pub(super) fn not_authorized(cx: &Call, question: &Question, failed: &LinkError) {
    failed_link(cx, question, failed);
}

/// The service is none of those that get tokens.
pub(super) fn unknown_service(cx: &Call, login: &Login) {
    let detail = "not listed under token.services or token.keys";
    refused(cx, login, "-", "unknown_service", detail);
}

fn refused(cx: &Call, login: &Login, backend: &str, reason: &str, detail: &str) {
    tracing::info!(
        request_id = %cx.request_id(),
        account = login.account.as_str(),
        backend,
        client = %client(login.client_ip),
        service = login.service.as_str(),
        reason,
        detail,
        "refused"
    );
}

fn failed_link(cx: &Call, question: &Question, failed: &LinkError) {
    let login = &question.login;
    tracing::error!(
        request_id = %cx.request_id(),
        account = login.account.as_str(),
        backend = %failed.link,
        client = %client(login.client_ip),
        service = login.service.as_str(),
        error = failed.error.kind(),
        detail = failed.error.to_string().as_str(),
        "could not decide"
    );
}

fn client(ip: Option<std::net::IpAddr>) -> String {
    ip.map_or_else(|| "-".to_owned(), |ip| ip.to_string())
}

fn asked(question: &Question) -> String {
    joined(question.scopes.scopes.iter().map(|scope| format!("{}:{}", scope.resource, scope.actions)))
}

fn granted(grant: &Grant) -> String {
    let some = grant.access().iter().filter(|scope| !scope.actions().is_empty());
    joined(some.map(|scope| format!("{}:{}", scope.resource(), scope.actions())))
}

fn rules(grant: &Grant) -> String {
    joined(grant.access().iter().map(|scope| match scope.decided() {
        Decided::By(link, because) => format!("{link}: {because}"),
        Decided::Refused(link, reason) => format!("{link}: {reason}"),
        Decided::Nobody => "no rule".to_owned(),
    }))
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    let mut text = String::new();
    for part in parts {
        let separator = if text.is_empty() { "" } else { " " };
        let _ = write!(text, "{separator}{part}");
    }
    text
}

/// The beginning of what a client sent, without what could write on a terminal.
fn shown(text: &str) -> String {
    text.chars().take(200).flat_map(char::escape_debug).collect()
}
