//! An app password takes the place of another, for programs that renew theirs by themselves.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use dockgate_api::secrecy::SecretString;
use dockgate_api::{BackendError, Call, CredentialId, Reason, ReasonCode, Record};

use super::app_passwords::AppPasswordTerms;
use super::kept::{Kept, from_seconds, seconds};
use super::manage::listed;
use super::secret::{Kind, Minted, Presented, id_of, mint};
use super::using::denied;
use super::{Credentials, Listed, NotUsable};

/// For so long the one before still counts: what was pulled in parallel has it in hand.
const OVERLAP: Duration = Duration::from_secs(10 * 60);

/// Why there is no new one.
#[derive(Debug)]
pub enum NotRenewed {
    /// There is no such password (any more), it is none that a program renews, was renewed, or its owner is gone; the text
    /// is for the log.
    Denied(Reason),
    /// The account has as many as it can have.
    TooMany(usize),
    /// It cannot be known now.
    Failed(BackendError),
}

impl From<BackendError> for NotRenewed {
    fn from(error: BackendError) -> Self {
        Self::Failed(error)
    }
}

impl From<NotUsable> for NotRenewed {
    fn from(failure: NotUsable) -> Self {
        match failure {
            NotUsable::Denied(_, reason) => Self::Denied(reason),
            NotUsable::Failed(failed) => Self::Failed(failed.error),
        }
    }
}

/// An app password in the place of another.
pub struct Renewed {
    /// For its owner, once.
    pub secret: SecretString,
    /// What the list says of it.
    pub listed: Listed,
    /// The one before.
    pub before: CredentialId,
}

impl Credentials {
    /// Makes an app password in the place of one whose owner is known to be there: with its name, its scopes and as long a
    /// life from now, but none longer than the terms allow from the first on. The one before ends ten minutes later, and
    /// is renewed once.
    ///
    /// # Errors
    /// If it is none, was renewed already, has lived as long as it can, or the store cannot be asked.
    pub async fn renew_app_password(
        &self,
        cx: &Call,
        presented: &Presented,
        terms: &AppPasswordTerms,
        from: Option<IpAddr>,
    ) -> Result<Renewed, NotRenewed> {
        let (kind, shelf, now) = (Kind::AppPassword, Kind::AppPassword.shelf(), cx.now());
        let unknown =
            || denied(ReasonCode::BadCredentials, format!("no such {kind}: it ended, or was revoked"));
        if presented.kind != kind {
            return Err(
                denied(ReasonCode::BadCredentials, format!("a {} is not renewed", presented.kind)).into()
            );
        }
        let mut old = self.store.get(cx, shelf, &presented.key).await?.ok_or_else(unknown)?;
        let mut kept = Kept::of(&old)?;
        let owner = old.owner.clone().ok_or_else(unknown)?;
        // Whoever made one on the page said when it ends.
        if kept.client_id.is_none() {
            return Err(denied(ReasonCode::BadCredentials, format!("no program renews this {kind}")).into());
        }
        // One of them is the one that is shown.
        if self.app_passwords(cx, &owner).await?.len() > terms.most {
            return Err(NotRenewed::TooMany(terms.most));
        }
        let (ends, first) = ends(&old, &kept, terms, now)?;
        let counter = format!("renewed:{}", presented.key);
        let until = kept.ends_at().unwrap_or(ends).max(now + OVERLAP);
        if self.store.add(cx, shelf, &counter, 1, until).await? != 1 {
            return Err(denied(ReasonCode::BadCredentials, format!("the {kind} was renewed already")).into());
        }
        let minted = mint(kind, self.random.as_ref());
        let Minted { secret, key } = minted.map_err(|error| BackendError::Unavailable(error.to_string()))?;
        let new = Kept {
            scopes: kept.scopes.clone(),
            note: kept.note.clone(),
            service: kept.service.clone(),
            client_id: kept.client_id.clone(),
            lives: kept.lives,
            first: Some(first),
            follows: Some(presented.key.clone()),
            ends: Some(seconds(ends)),
            made_from: from.map(|from| from.to_string()),
            ..Kept::default()
        };
        let mut record = Record::new(key.clone(), now, new.value()?).owned_by(owner);
        record.expires_at = new.ends_at();
        let listed = listed(kind, &record, new);
        let over = kept.ends_at().map_or(now + OVERLAP, |ends| ends.min(now + OVERLAP));
        kept.ends = Some(seconds(over));
        (old.value, old.expires_at) = (kept.value()?, Some(over));
        let exchanged = async {
            self.store.put(cx, shelf, record).await?;
            match self.store.replace(cx, shelf, old).await {
                Ok(true) => Ok(()),
                Ok(false) => Err(NotRenewed::from(unknown())),
                Err(error) => Err(error.into()),
            }
        };
        if let Err(failure) = exchanged.await {
            // The one before goes on as it was, and no other beside it.
            let taken = self.store.take(cx, shelf, &key).await.map(|_| ());
            if let Err(error) = taken.and(self.store.reset(cx, shelf, &counter).await) {
                tracing::warn!(request_id = %cx.request_id(), %error, "an app password that nobody has is left behind");
            }
            return Err(failure);
        }
        Ok(Renewed { secret, listed, before: id_of(&presented.key) })
    }

    /// The one that this one took the place of may have been written again by a use that was noted while it was renewed.
    pub(super) async fn end_the_one_before(&self, cx: &Call, kind: Kind, record: &Record, kept: &mut Kept) {
        if cx.now().duration_since(record.created_at).is_ok_and(|age| age >= OVERLAP)
            && let Some(before) = kept.follows.take()
            && let Err(error) = self.store.take(cx, kind.shelf(), &before).await
        {
            tracing::warn!(request_id = %cx.request_id(), %error, "the app password before is not taken away yet");
            kept.follows = Some(before);
        }
    }
}

/// When the new one ends, and when the first one was made.
fn ends(
    old: &Record,
    kept: &Kept,
    terms: &AppPasswordTerms,
    now: SystemTime,
) -> Result<(SystemTime, u64), NotUsable> {
    let first = kept.first.unwrap_or_else(|| seconds(old.created_at));
    let lifetime = kept.lives.map_or(terms.lifetime, Duration::from_secs).min(terms.longest);
    let latest = from_seconds(first).checked_add(terms.longest);
    match [now.checked_add(lifetime), latest].into_iter().flatten().min() {
        Some(ends) if ends > now => Ok((ends, first)),
        _ => {
            let detail = "it was renewed for as long as `login.app_passwords.longest` allows: sign in again";
            Err(NotUsable::Denied(None, Reason::new(ReasonCode::Expired, detail)))
        }
    }
}
