//! One line a decision: who, from where, for what, and who said so. Never a secret.
//!
//! Names that a client chose are written with escapes, so that none can forge a line.

use dockgate_api::{ActionSet, BackendError, Because, Reason, Resource};

use super::grant::{Decided, Grant};
use super::refusal::{DIFFERENT_ACCOUNTS, NotIdentified, UNKNOWN_ACCOUNT, UNKNOWN_SERVICE};
use super::{About, Signed};
use crate::chain::LinkError;
use crate::logging::{DecisionLine, Importance, Log, Quoted};
use crate::token::Verified;

/// Somebody was identified; what they asked for was decided.
pub(super) fn decided(log: &Log, about: &About<'_>, grant: &Grant, signed: Option<Signed<'_>>) {
    let About { cx, question, .. } = about;
    if let Some(mut line) = log.decision(Importance::Info, "decided") {
        line.request(cx.request_id());
        line.text("account", &grant.identity().account);
        line.word("backend", &grant.identity().link);
        from(&mut line, about);
        write_asked(&mut line, about);
        line.pieces("granted", |to| {
            let granted = grant.access().iter().filter(|scope| !scope.actions().is_empty());
            separated(to, granted, |to, scope| write_scope(to, scope.resource(), scope.actions()));
        });
        write_rules(&mut line, grant);
        if let Some(credential) = &grant.identity().credential {
            line.word("credential", &credential.0);
        }
        if let Some(signed) = signed {
            line.word("jti", &signed.token.jwt_id);
            if let Some(refresh) = signed.refresh {
                line.word("refresh_token", &refresh.0);
            }
        }
    }
    for scope in &question.scopes.malformed {
        tracing::warn!(request_id = %cx.request_id(), scope = %shown(scope), "left out a scope that cannot be read");
    }
}

/// A request of somebody was let through to a registry, or not.
pub(super) fn at_the_gate(log: &Log, about: &About<'_>, grant: &Grant, passes: bool) {
    if passes {
        let account = grant.identity().account.as_str();
        tracing::debug!(request_id = %about.cx.request_id(), account, "passes the gate");
        return;
    }
    if let Some(mut line) = log.decision(Importance::Info, "stopped at the gate") {
        line.request(about.cx.request_id());
        line.text("account", &grant.identity().account);
        line.word("backend", &grant.identity().link);
        from(&mut line, about);
        write_asked(&mut line, about);
        write_rules(&mut line, grant);
    }
}

/// The same by a token.
pub(super) fn token_at_the_gate(log: &Log, about: &About<'_>, token: &Verified, passes: bool) {
    if passes {
        let (account, jti) = (token.subject.as_str(), token.jwt_id.as_str());
        tracing::debug!(request_id = %about.cx.request_id(), account, jti, "passes the gate");
        return;
    }
    if let Some(mut line) = log.decision(Importance::Info, "stopped at the gate") {
        line.request(about.cx.request_id());
        line.text("account", &token.subject);
        from(&mut line, about);
        write_asked(&mut line, about);
        line.word("jti", &token.jwt_id);
    }
}

fn write_asked(line: &mut DecisionLine<'_>, about: &About<'_>) {
    line.pieces("asked", |to| {
        let asked = about.question.scopes.scopes.iter();
        separated(to, asked, |to, scope| write_scope(to, &scope.resource, &scope.actions));
    });
}

fn write_rules(line: &mut DecisionLine<'_>, grant: &Grant) {
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

/// Nobody vouched for a login.
pub(super) fn not_identified(log: &Log, about: &About<'_>, failure: &NotIdentified) {
    match failure {
        NotIdentified::Failed(failed) => failed_link(log, about, failed),
        NotIdentified::Denied(link, reason) => {
            let link = link.as_deref().unwrap_or("-");
            refused(log, about, link, reason.code.as_str(), &reason.detail);
        }
        NotIdentified::Unknown => refused(log, about, "-", UNKNOWN_ACCOUNT.0, UNKNOWN_ACCOUNT.1),
        // The ban had its line when it began; a client that goes on trying must not fill the log.
        NotIdentified::Locked { detail, .. } => {
            tracing::debug!(request_id = %about.cx.request_id(), reason = detail, "refused without asking");
        }
        NotIdentified::Differs => refused(log, about, "-", "different_accounts", DIFFERENT_ACCOUNTS),
    }
}

/// The service is none of those that get tokens.
pub(super) fn unknown_service(log: &Log, about: &About<'_>) {
    refused(log, about, "-", UNKNOWN_SERVICE.0, UNKNOWN_SERVICE.1);
}

fn refused(log: &Log, about: &About<'_>, backend: &str, reason: &str, detail: &str) {
    if let Some(mut line) = log.decision(Importance::Info, "refused") {
        line.request(about.cx.request_id());
        line.text("account", &about.question.login.account);
        line.word("backend", backend);
        from(&mut line, about);
        line.text("reason", reason);
        line.text("detail", detail);
    }
}

/// A link could not answer.
pub(super) fn failed_link(log: &Log, about: &About<'_>, failed: &LinkError) {
    // More work than we take on is nothing broken, and comes in thousands: it must not drown what is.
    let importance = match failed.error {
        BackendError::Overloaded { .. } => Importance::Info,
        _ => Importance::Error,
    };
    if let Some(mut line) = log.decision(importance, "could not decide") {
        line.request(about.cx.request_id());
        line.text("account", &about.question.login.account);
        line.word("backend", &failed.link);
        from(&mut line, about);
        line.text("error", failed.error.kind());
        line.text("detail", &failed.error.to_string());
    }
}

/// Where the request comes from, and for which registry.
fn from(line: &mut DecisionLine<'_>, about: &About<'_>) {
    let login = &about.question.login;
    line.client(login.client_ip);
    if let Some(client_id) = about.client_id {
        line.text("client_id", client_id);
    }
    line.text("service", &login.service);
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
