//! Device logins: who let a program in or refused it, and what becomes of its app password.

use std::net::IpAddr;

use dockgate_api::secrecy::SecretString;
use dockgate_api::{BackendError, Call, Credential, Login, Owner, Reason, ReasonCode};

use super::sign_in::no_store_error;
use super::{Access, is_over};
use crate::audit::Event;
use crate::credentials::{AppPasswordTerms, Kind, Limit, Listed, NotRenewed, Renewed, recognise};
use crate::login::device::Request;

impl Access {
    /// Writes down that somebody let a program in, or refused it.
    pub fn device_decided(
        &self,
        cx: &Call,
        owner: &Owner,
        request: &Request,
        is_confirmed: bool,
        from: Option<IpAddr>,
    ) {
        let what = if is_confirmed { "device_confirmed" } else { "device_refused" };
        let (account, link) = (owner.account.as_str(), owner.link.as_str());
        let (name, device) = (request.name(), request.from.as_deref());
        tracing::info!(request_id = %cx.request_id(), account, link, ?name, device, "{what}");
        self.audited(|audit| -> Event {
            audit.event(what, |event| {
                event.quoted("request_id", |to| to.id(cx.request_id()));
                event.text_if_any("client", from.map(|from| from.to_string()).as_deref());
                event.text("account", account);
                event.text("backend", link);
                event.text("client_id", &request.client_id);
                event.text("note", name);
                event.text_if_any("device", device);
                event.texts(
                    "scopes",
                    request.scopes.iter().map(Limit::text).collect::<Vec<_>>().iter().map(String::as_str),
                );
            })
        });
    }

    /// Gives a program that shows its app password the next one, if the owner is still let in, and writes it down.
    ///
    /// # Errors
    /// If there is no such password, it is none that a program renews, its owner is gone, or that cannot be known.
    pub async fn renew_app_password(
        &self,
        cx: &Call,
        shown: &SecretString,
        terms: &AppPasswordTerms,
        from: Option<IpAddr>,
    ) -> Result<(SecretString, Listed), NotRenewed> {
        let none = || NotRenewed::Denied(Reason::bad_credentials("no app password"));
        let presented = recognise(shown).filter(|shown| shown.kind == Kind::AppPassword).ok_or_else(none)?;
        let credentials = self.credentials.as_ref().ok_or_else(no_store_error)?;
        let mut login = Login::new("", Credential::Password(shown.clone()));
        login.client_ip = from;
        let identity = credentials.identify(cx, self.owners(), &login, &presented).await?;
        if is_over(identity.expires_at, cx.now()) {
            return Err(NotRenewed::Denied(Reason::new(ReasonCode::Expired, "its owner's time is over")));
        }
        let Renewed { secret, listed, before } =
            credentials.renew_app_password(cx, &presented, terms, from).await?;
        self.app_password_made(cx, &listed, Some(&before), from);
        Ok((secret, listed))
    }

    /// Takes an app password away for whoever shows it, and writes it down. Not a word about whether there was one.
    ///
    /// # Errors
    /// If the store cannot be asked.
    pub async fn give_back_app_password(
        &self,
        cx: &Call,
        shown: &SecretString,
        from: Option<IpAddr>,
    ) -> Result<(), BackendError> {
        let credentials = self.credentials.as_ref().ok_or_else(no_store_error)?;
        let Some(presented) = recognise(shown).filter(|shown| shown.kind == Kind::AppPassword) else {
            return Ok(());
        };
        let record = credentials.store().get(cx, Kind::AppPassword.shelf(), &presented.key).await?;
        if let Some(owner) = record.and_then(|record| record.owner) {
            self.revoke_app_password(cx, &owner, &presented.id().0, from).await?;
        }
        Ok(())
    }
}
