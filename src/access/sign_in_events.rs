//! What is written down of signing in through a browser: a line in the log, and one in the audit log.
//!
//! Names that a provider or a client chose are written with escapes.

use std::net::IpAddr;

use dockgate_api::{Call, CredentialId, Identity, Owner, Reason};

use super::Access;
use super::explanation::shown;
use crate::audit::Object;
use crate::chain::LinkError;
use crate::credentials::Listed;

impl Access {
    /// Somebody signed in.
    pub(super) fn signed_in_written(&self, cx: &Call, identity: &Identity, from: Option<IpAddr>) {
        let (account, link) = (shown(&identity.account), identity.link.as_ref());
        tracing::info!(request_id = %cx.request_id(), account = account.as_str(), link, client = from.map(tracing::field::display), "signed in");
        self.audited(|audit| {
            audit.event("signed_in", |event| {
                whose(event, cx, &Owner::of(identity));
                let subject = Some(identity.subject.as_str()).filter(|subject| *subject != identity.account);
                event.text_if_any("subject", subject);
                client(event, from);
            })
        });
    }

    /// Nobody is signed in: the provider refused, or what came back from it is none of ours.
    pub fn sign_in_refused(&self, cx: &Call, link: &str, reason: &Reason, from: Option<IpAddr>) {
        let why = shown(&reason.to_string());
        tracing::info!(request_id = %cx.request_id(), link, client = from.map(tracing::field::display), reason = why.as_str(), "sign-in refused");
        self.not_signed_in(cx, link, (reason.code.as_str(), &reason.detail), from);
    }

    /// Whether somebody can be signed in could not be found out.
    pub(super) fn sign_in_failed(&self, cx: &Call, failed: &LinkError, from: Option<IpAddr>) {
        let (link, error) = (failed.link.as_ref(), shown(&failed.error.to_string()));
        tracing::error!(request_id = %cx.request_id(), link, client = from.map(tracing::field::display), error = error.as_str(), "sign-in failed");
        self.not_signed_in(cx, link, (failed.error.kind(), &failed.error.to_string()), from);
    }

    fn not_signed_in(&self, cx: &Call, link: &str, (reason, detail): (&str, &str), from: Option<IpAddr>) {
        self.audited(|audit| {
            audit.event("sign_in_refused", |event| {
                event.quoted("request_id", |to| to.id(cx.request_id()));
                event.text("backend", link);
                client(event, from);
                event.text("reason", reason);
                event.text("detail", detail);
            })
        });
    }

    /// Somebody ended their session in the browser.
    pub fn signed_out(&self, cx: &Call, owner: &Owner, from: Option<IpAddr>) {
        let (account, link) = (shown(&owner.account), owner.link.as_str());
        tracing::info!(request_id = %cx.request_id(), account = account.as_str(), link, client = from.map(tracing::field::display), "signed out");
        self.audited(|audit| {
            audit.event("signed_out", |event| {
                whose(event, cx, owner);
                client(event, from);
            })
        });
    }

    /// Somebody made an app password, or a program had one made in the place of another.
    pub(super) fn app_password_made(
        &self,
        cx: &Call,
        listed: &Listed,
        before: Option<&CredentialId>,
        from: Option<IpAddr>,
    ) {
        let (id, account, link) = (listed.id.as_str(), shown(&listed.account), listed.link.as_str());
        let (kind, what) = match before {
            None => ("app_password_created", "app password created"),
            Some(_) => ("app_password_renewed", "app password renewed"),
        };
        tracing::info!(request_id = %cx.request_id(), credential = id, account = account.as_str(), link, client = from.map(tracing::field::display), "{what}");
        self.audited(|audit| {
            audit.event(kind, |event| {
                event.quoted("request_id", |to| to.id(cx.request_id()));
                event.text("account", &listed.account);
                event.text("backend", link);
                client(event, from);
                event.text("credential", id);
                event.text_if_any("replaces", before.map(|before| before.0.as_str()));
                event.texts("scopes", listed.scopes.iter().flatten().map(String::as_str));
                event.text_if_any("ends", listed.ends.map(|ends| ends.to_string()).as_deref());
                event.text_if_any("note", listed.note.as_deref());
            })
        });
    }

    /// Somebody took an app password of theirs away.
    pub(super) fn app_password_revoked(&self, cx: &Call, owner: &Owner, id: &str, from: Option<IpAddr>) {
        let (account, link) = (shown(&owner.account), owner.link.as_str());
        tracing::info!(request_id = %cx.request_id(), credential = id, account = account.as_str(), link, client = from.map(tracing::field::display), "app password revoked");
        self.audited(|audit| {
            audit.event("app_password_revoked", |event| {
                whose(event, cx, owner);
                client(event, from);
                event.text("credential", id);
            })
        });
    }
}

fn whose(event: &mut Object<'_>, cx: &Call, owner: &Owner) {
    event.quoted("request_id", |to| to.id(cx.request_id()));
    event.text("account", &owner.account);
    event.text("backend", &owner.link);
}

fn client(event: &mut Object<'_>, from: Option<IpAddr>) {
    match from {
        Some(_) => event.quoted("client", |to| to.address(from)),
        None => event.null("client"),
    }
}
