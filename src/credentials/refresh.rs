//! Refresh tokens (RFC 6749, sections 1.5 and 6): opaque, reusable, never rotated at use (docker keeps its first one for
//! ever).

use std::time::Duration;

use dockgate_api::secrecy::SecretString;
use dockgate_api::{Authenticator, BackendError, Call, CredentialId, Filter, Identity, Owner, Record};

use super::kept::{Kept, seconds};
use super::secret::{Kind, Minted, id_of, mint};
use super::{Credentials, PAGE};
use crate::chain::Chain;

/// Refresh tokens of one owner for one service. Pipelines that log in at every run make many: the one that was used
/// longest ago makes room.
const MOST_OF_ONE: usize = 500;
/// Of one owner for all services: where none are listed, clients make them up.
const MOST_IN_ALL: usize = 1_000;

/// The part of a request's time that is for it, as a divisor: the token that was asked for must not be lost over one
/// beside it.
const PART: u32 = 2;

/// `token.refresh`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshTerms {
    /// How long one lives, however much it is used.
    pub lifetime: Duration,
    /// How long one lives that nobody uses.
    pub idle: Duration,
}

/// A refresh token for a client.
pub struct RefreshToken {
    /// For the client alone.
    pub secret: SecretString,
    /// For logs.
    pub id: CredentialId,
}

impl Credentials {
    /// A refresh token for somebody who just proved who they are; none where none are issued, or where their link cannot
    /// say later whether they are still there.
    ///
    /// # Errors
    /// If it is not known to be stored.
    pub async fn refresh_token(
        &self,
        cx: &Call,
        chain: &Chain<dyn Authenticator>,
        identity: &Identity,
        service: &str,
        client_id: Option<&str>,
    ) -> Result<Option<RefreshToken>, BackendError> {
        let Some(terms) = &self.refresh else { return Ok(None) };
        // What was stored must not make more of itself: a stolen one would never end.
        if identity.credential.is_some() || identity.account.is_empty() || !chain.can_reload(&identity.link) {
            return Ok(None);
        }
        let minted = mint(Kind::RefreshToken, self.random.as_ref());
        let Minted { secret, key } = minted.map_err(|error| BackendError::Unavailable(error.to_string()))?;
        let now = cx.now();
        let kept = Kept {
            epoch: identity.epoch.clone(),
            service: Some(service.to_owned()),
            client_id: client_id.map(str::to_owned),
            used: Some(seconds(now)),
            ends: now.checked_add(terms.lifetime).map(seconds),
            ..Kept::default()
        };
        let owner = Owner::of(identity);
        let mut record = Record::new(key, now, kept.value()?).owned_by(owner.clone());
        record.expires_at = self.ends(Kind::RefreshToken, &kept, now);
        let id = id_of(&record.key);
        let stored = async {
            self.make_room(cx, &owner, service).await?;
            self.store.put(cx, Kind::RefreshToken.shelf(), record).await
        };
        let late = || BackendError::Timeout("the store did not answer in time".to_owned());
        let stored = tokio::time::timeout(cx.remaining() / PART, stored).await;
        stored.unwrap_or_else(|_| Err(late()))?;
        Ok(Some(RefreshToken { secret, id }))
    }

    /// Takes away what was used longest ago, where an owner has too many for a service, or in all.
    async fn make_room(&self, cx: &Call, owner: &Owner, service: &str) -> Result<(), BackendError> {
        let shelf = Kind::RefreshToken.shelf();
        let (filter, mut after, mut all) = (Filter::owned_by(owner), None, Vec::new());
        loop {
            let page = self.store.list(cx, shelf, &filter, after.as_ref(), PAGE).await?;
            for record in &page.records {
                let kept = Kept::of(record)?;
                let is_same = kept.service.as_deref() == Some(service);
                all.push((kept.used.unwrap_or_default(), record.key.clone(), is_same));
            }
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        all.sort();
        let same = all.iter().filter(|(_, _, is_same)| *is_same).count();
        let mut too_many_of_one = (same + 1).saturating_sub(MOST_OF_ONE);
        let mut too_many_in_all = (all.len() + 1).saturating_sub(MOST_IN_ALL).saturating_sub(too_many_of_one);
        for (_, key, is_same) in all {
            let left =
                if is_same && too_many_of_one > 0 { &mut too_many_of_one } else { &mut too_many_in_all };
            if *left > 0 {
                *left -= 1;
                self.store.take(cx, shelf, &key).await?;
            }
        }
        Ok(())
    }
}
