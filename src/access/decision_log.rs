//! One line a decision: who, from where, for what, and who said so. Never a secret.
//!
//! Names that a client chose are written with escapes, so that none can forge a line.

use dockgate_api::{ActionSet, BackendError, Because, Call, Login, Reason, Resource};

use super::grant::{Decided, Grant};
use super::question::Question;
use super::refusal::NotIdentified;
use crate::chain::LinkError;
use crate::logging::{Importance, Log, Quoted};

/// Somebody was identified; what they asked for was decided.
pub(super) fn decided(log: &Log, cx: &Call, question: &Question, grant: &Grant) {
    if let Some(mut line) = log.decision(Importance::Info, "decided") {
        line.request(cx.request_id());
        line.text("account", &grant.identity().account);
        line.word("backend", &grant.identity().link);
        line.client(question.login.client_ip);
        line.text("service", &question.login.service);
        line.pieces("asked", |to| {
            let asked = question.scopes.scopes.iter();
            separated(to, asked, |to, scope| write_scope(to, &scope.resource, &scope.actions));
        });
        line.pieces("granted", |to| {
            let granted = grant.access().iter().filter(|scope| !scope.actions().is_empty());
            separated(to, granted, |to, scope| write_scope(to, scope.resource(), scope.actions()));
        });
        line.pieces("rules", |to| {
            separated(to, grant.access().iter(), |to, scope| match scope.decided() {
                Decided::By(link, because) => {
                    to.push(link);
                    to.plain(": ");
                    write_because(to, because);
                }
                Decided::Refused(link, reason) => {
                    to.push(link);
                    to.plain(": ");
                    write_reason(to, reason);
                }
                Decided::Nobody => to.plain("no rule"),
            });
        });
    }
    for scope in &question.scopes.malformed {
        tracing::warn!(request_id = %cx.request_id(), scope = %shown(scope), "left out a scope that cannot be read");
    }
}

/// Nobody vouched for a login.
pub(super) fn not_identified(log: &Log, cx: &Call, question: &Question, failure: &NotIdentified) {
    match failure {
        NotIdentified::Failed(failed) => failed_link(log, cx, question, failed),
        NotIdentified::Denied(link, reason) => {
            let link = link.as_deref().unwrap_or("-");
            refused(log, cx, &question.login, link, reason.code.as_str(), &reason.detail);
        }
        NotIdentified::Unknown => {
            refused(log, cx, &question.login, "-", "unknown_account", "no backend knows the account");
        }
    }
}

/// Somebody was identified, but what they may do could not be found out.
pub(super) fn not_authorized(log: &Log, cx: &Call, question: &Question, failed: &LinkError) {
    failed_link(log, cx, question, failed);
}

/// The service is none of those that get tokens.
pub(super) fn unknown_service(log: &Log, cx: &Call, login: &Login) {
    let detail = "not listed under token.services or token.keys";
    refused(log, cx, login, "-", "unknown_service", detail);
}

fn refused(log: &Log, cx: &Call, login: &Login, backend: &str, reason: &str, detail: &str) {
    if let Some(mut line) = log.decision(Importance::Info, "refused") {
        line.request(cx.request_id());
        line.text("account", &login.account);
        line.word("backend", backend);
        line.client(login.client_ip);
        line.text("service", &login.service);
        line.text("reason", reason);
        line.text("detail", detail);
    }
}

fn failed_link(log: &Log, cx: &Call, question: &Question, failed: &LinkError) {
    // More work than we take on is nothing broken, and comes in thousands: it must not drown what is.
    let importance = match failed.error {
        BackendError::Overloaded { .. } => Importance::Info,
        _ => Importance::Error,
    };
    if let Some(mut line) = log.decision(importance, "could not decide") {
        let login = &question.login;
        line.request(cx.request_id());
        line.text("account", &login.account);
        line.word("backend", &failed.link);
        line.client(login.client_ip);
        line.text("service", &login.service);
        line.text("error", failed.error.kind());
        line.text("detail", &failed.error.to_string());
    }
}

fn separated<T>(
    to: &mut Quoted<'_>,
    items: impl Iterator<Item = T>,
    mut write: impl FnMut(&mut Quoted<'_>, T),
) {
    for (place, item) in items.enumerate() {
        if place > 0 {
            to.plain(" ");
        }
        write(to, item);
    }
}

/// As in a request: `repository(plugin):name:pull,push`.
fn write_scope(to: &mut Quoted<'_>, resource: &Resource, actions: &ActionSet) {
    to.push(&resource.kind);
    if let Some(class) = &resource.class {
        to.plain("(");
        to.push(class);
        to.plain(")");
    }
    to.plain(":");
    to.push(&resource.name);
    to.plain(":");
    for (place, action) in actions.iter().enumerate() {
        if place > 0 {
            to.plain(",");
        }
        to.push(action);
    }
}

fn write_because(to: &mut Quoted<'_>, because: &Because) {
    to.push(&because.place);
    if let Some(comment) = &because.comment {
        to.plain(" (");
        to.push(comment);
        to.plain(")");
    }
}

fn write_reason(to: &mut Quoted<'_>, reason: &Reason) {
    to.push(reason.code.as_str());
    if !reason.detail.is_empty() {
        to.plain(": ");
        to.push(&reason.detail);
    }
}

/// The beginning of what a client sent, without what could write on a terminal.
fn shown(text: &str) -> String {
    text.chars().take(200).flat_map(char::escape_debug).collect()
}
