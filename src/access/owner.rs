//! Whose a token for a robot is to be: an account that a link knows, without its password.

use dockgate_api::{Call, Decision, Identity};

use super::Access;
use super::explanation::shown;
use crate::audit::Event;
use crate::chain::Preview;
use crate::credentials::{Listed, Which};

/// Why a token cannot be somebody's.
#[derive(Debug)]
pub enum NoOwner {
    /// What is wrong, and the cure.
    Mistake(String),
    /// That cannot be known now.
    Unavailable(String),
}

impl Access {
    /// Who an account is to the link that would let it in.
    ///
    /// # Errors
    /// Why a token cannot be its own.
    pub async fn owner(&self, cx: &Call, account: &str, link: Option<&str>) -> Result<Identity, NoOwner> {
        let name = shown(account);
        let mistake = |message: String| Err(NoOwner::Mistake(message));
        if account.is_empty() || account.len() > self.bounds.name {
            return mistake("a token is somebody's: give an account".to_owned());
        }
        let names = || self.authn.links().iter().map(|link| link.name.as_ref()).collect::<Vec<_>>();
        if let Some(link) = link.filter(|link| !names().contains(link)) {
            return mistake(format!("`authn` has no link `{}`, only {}", shown(link), names().join(", ")));
        }
        let verdict = match self.authn.preview(cx, account).await {
            Ok(Preview::Told(verdict)) => verdict,
            Ok(Preview::Untold(link)) => {
                return mistake(format!(
                    "{link} cannot tell who `{name}` is without a password: only accounts of links that can have tokens"
                ));
            }
            Err(failed) => {
                return Err(NoOwner::Unavailable(format!("{} cannot answer: {}", failed.link, failed.error)));
            }
        };
        match verdict.decision {
            Decision::Allow(identity) if link.is_some_and(|link| link != identity.link.as_ref()) => {
                mistake(format!("`{name}` is an account of {}, which is asked first", identity.link))
            }
            Decision::Allow(identity) if !self.authn.can_reload(&identity.link) => {
                mistake(format!("{} cannot say later whether `{name}` is still there", identity.link))
            }
            Decision::Allow(identity) => Ok(identity),
            Decision::Deny(reason) => mistake(format!("`{name}` is refused: {reason}")),
            Decision::NoMatch => mistake(format!(
                "no link knows `{name}`: write it as {} does, or make the account there; a robot can be one of `users`, \
                 with a password that nobody knows",
                names().join(" or ")
            )),
        }
    }

    /// Writes down that an administrator made a token.
    pub fn token_created(&self, cx: &Call, listed: &Listed) {
        let (id, account, link) = (listed.id.as_str(), shown(&listed.account), listed.link.as_str());
        tracing::info!(request_id = %cx.request_id(), credential = id, account = account.as_str(), link, "API token created");
        self.audited(|audit| -> Event {
            audit.event("token_created", |event| {
                event.quoted("request_id", |to| to.id(cx.request_id()));
                event.text("account", &listed.account);
                event.text("backend", link);
                event.text_if_any("service", listed.service.as_deref());
                event.text("credential", id);
                event.texts("scopes", listed.scopes.iter().flatten().map(String::as_str));
                event.text_if_any("ends", listed.ends.map(|ends| ends.to_string()).as_deref());
                event.text_if_any("note", listed.note.as_deref());
            })
        });
    }

    /// Writes down that an administrator took credentials away.
    pub fn credentials_revoked(&self, cx: &Call, which: &Which, revoked: usize) {
        tracing::info!(request_id = %cx.request_id(), revoked, ?which, "credentials revoked");
        self.audited(|audit| -> Event {
            audit.event("revoked", |event| {
                event.quoted("request_id", |to| to.id(cx.request_id()));
                event.text_if_any("account", which.account.as_deref());
                event.text_if_any("backend", which.link.as_deref());
                event.text_if_any("credential", which.id.as_deref());
                event.number("revoked", u64::try_from(revoked).unwrap_or(u64::MAX));
            })
        });
    }
}
