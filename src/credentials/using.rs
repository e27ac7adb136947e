//! A credential is used: in place of a password, or as the grant `refresh_token`.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use dockgate_api::{
    Authenticator, BackendError, Call, Identity, KnownIdentity, Login, Owner, Reason, ReasonCode, Record,
    Reloaded,
};

use super::Credentials;
use super::kept::{Kept, seconds};
use super::secret::{Kind, Presented, id_of};
use crate::chain::{Chain, LinkError};
use crate::sign_ins::SignIns;

/// A use is written down at most so often: a pull storm is one use.
const NOTED_EVERY: Duration = Duration::from_secs(60);

/// What clients write for an account when they have a token and no name.
const NO_NAME: [&str; 2] = ["", "<token>"];

/// Who says who the owner of a credential is today.
#[derive(Clone, Copy)]
pub struct Owners<'a> {
    /// The links.
    pub chain: &'a Arc<Chain<dyn Authenticator>>,
    /// Those who signed in through a browser, if anybody can.
    pub sign_ins: Option<&'a SignIns>,
}

/// Why a credential lets nobody in.
#[derive(Debug)]
pub enum NotUsable {
    /// It is none, or none any more; the link that said so, if one did.
    Denied(Option<Arc<str>>, Reason),
    /// That could not be found out.
    Failed(LinkError),
}

impl From<LinkError> for NotUsable {
    fn from(failed: LinkError) -> Self {
        Self::Failed(failed)
    }
}

impl From<BackendError> for NotUsable {
    fn from(error: BackendError) -> Self {
        Self::Failed(LinkError { link: "store".into(), error })
    }
}

pub(super) fn denied(code: ReasonCode, detail: impl Into<String>) -> NotUsable {
    NotUsable::Denied(None, Reason::new(code, detail))
}

impl Credentials {
    /// Who shows this credential, under what it is restricted to.
    ///
    /// # Errors
    /// Why it lets nobody in, or why that cannot be known now.
    pub async fn identify(
        &self,
        cx: &Call,
        owners: Owners<'_>,
        login: &Login,
        presented: &Presented,
    ) -> Result<Identity, NotUsable> {
        let Presented { kind, key } = presented;
        let unknown =
            || denied(ReasonCode::BadCredentials, format!("no such {kind}: it ended, or was revoked"));
        let record = self.store.get(cx, kind.shelf(), key).await?.ok_or_else(unknown)?;
        let kept = Kept::of(&record)?;
        let owner = record.owner.clone().ok_or_else(unknown)?;
        refuse_misuse(*kind, &kept, &owner, login)?;
        let identity = self.owner_now(cx, owners, *kind, &owner, &kept).await?;
        let ends = self.note_use(cx, *kind, record, &kept, login.client_ip).await?;
        let mut identity = kept.restrict(identity);
        identity.expires_at = [identity.expires_at, ends].into_iter().flatten().min();
        identity.credential = Some(id_of(key));
        Ok(identity)
    }

    /// The owner as its link knows it today.
    async fn owner_now(
        &self,
        cx: &Call,
        Owners { chain, sign_ins }: Owners<'_>,
        kind: Kind,
        owner: &Owner,
        kept: &Kept,
    ) -> Result<Identity, NotUsable> {
        let link = || Some(Arc::from(owner.link.as_str()));
        let reloaded = match (kind, sign_ins) {
            // Who signed in through a browser has no password that a link could ask for.
            (Kind::AppPassword, Some(sign_ins)) => sign_ins.today(cx, chain, owner).await?,
            (Kind::AppPassword, None) => {
                let detail = "nobody signs in through a browser here any more";
                Reloaded::Gone(Reason::new(ReasonCode::Removed, detail))
            }
            _ => {
                let known = KnownIdentity::new(&owner.subject, &owner.account, kept.epoch.clone());
                let reload = chain.reload_identity(cx, &owner.link, &known);
                self.rechecks.ask(cx, &owner.link, &known, reload).await?
            }
        };
        match reloaded {
            // Backends compare epochs themselves; that one forgets to must not let anybody in. One that came or went is
            // another: without it, whoever logged in to an account that took any password would stay in it.
            Reloaded::Current(identity) if identity.epoch != kept.epoch => Err(NotUsable::Denied(
                link(),
                Reason::new(
                    ReasonCode::BadCredentials,
                    format!("the password changed since the {kind} was made"),
                ),
            )),
            Reloaded::Current(identity) => Ok(identity),
            Reloaded::Gone(reason) => Err(NotUsable::Denied(link(), reason)),
            _ => Err(NotUsable::Denied(
                link(),
                Reason::new(
                    ReasonCode::Removed,
                    "the link cannot say any more who somebody is without a password",
                ),
            )),
        }
    }

    /// Writes down that it was used, and answers when it ends. One that was revoked meanwhile stays revoked.
    pub(super) async fn note_use(
        &self,
        cx: &Call,
        kind: Kind,
        mut record: Record,
        kept: &Kept,
        from: Option<IpAddr>,
    ) -> Result<Option<SystemTime>, NotUsable> {
        let is_due = kept.used_at().is_none_or(|used| {
            cx.now().duration_since(used).is_ok_and(|past| past >= NOTED_EVERY) || used > cx.now()
        });
        if !is_due {
            return Ok(record.expires_at);
        }
        let mut kept = Kept { used: Some(seconds(cx.now())), ..kept.clone() };
        kept.used_from = from.map(|from| from.to_string());
        self.end_the_one_before(cx, kind, &record, &mut kept).await;
        record.value = kept.value()?;
        // Where none are issued any more nothing says how long an unused one lives: it ends when it was to end.
        if kind != Kind::RefreshToken || self.refresh.is_some() {
            record.expires_at = self.ends(kind, &kept, cx.now());
        }
        let (ends, id) = (record.expires_at, id_of(&record.key));
        match self.store.replace(cx, kind.shelf(), record).await {
            Ok(true) => Ok(ends),
            Ok(false) => Err(denied(ReasonCode::BadCredentials, format!("the {kind} was revoked just now"))),
            Err(error) => {
                // It is good all the same; the next use is written down.
                tracing::warn!(request_id = %cx.request_id(), credential = id.0.as_str(), %error, "a use is not written down");
                Ok(ends)
            }
        }
    }

    /// When a credential that is used now ends: with its life, or when nobody used it for too long.
    pub(super) fn ends(&self, kind: Kind, kept: &Kept, now: SystemTime) -> Option<SystemTime> {
        let idle = match (kind, &self.refresh) {
            (Kind::RefreshToken, Some(terms)) => now.checked_add(terms.idle),
            _ => None,
        };
        [kept.ends_at(), idle].into_iter().flatten().min()
    }
}

/// It is its owner's alone, and for the registry that it was made for.
fn refuse_misuse(kind: Kind, kept: &Kept, owner: &Owner, login: &Login) -> Result<(), NotUsable> {
    let claimed = login.account.as_str();
    let is_owners = NO_NAME.contains(&claimed) || claimed.to_lowercase() == owner.account.to_lowercase();
    if !is_owners {
        let detail = format!("the {kind} is another account's: {}", owner.account);
        return Err(denied(ReasonCode::BadCredentials, detail));
    }
    match &kept.service {
        Some(service) if *service != login.service => {
            let detail = format!("the {kind} was made for the service {service}");
            Err(denied(ReasonCode::BadCredentials, detail))
        }
        _ => Ok(()),
    }
}
