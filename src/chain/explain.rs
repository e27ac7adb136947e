//! What a chain would do, for `explain`: whose turn it is, and who somebody would be with the right proof.

use std::sync::Arc;
use std::time::Instant;

use dockgate_api::{Answer, Authenticator, Call, Decision, Identity};

use super::pending::Pending;
use super::{Chain, Link, LinkError, Verdict};

/// Whether a link is asked about an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It is, unless an earlier one decides.
    Asked,
    /// Its `accounts` do not fit the account.
    OwnsOthers,
    /// It owns nothing, and the `accounts` of another link fit.
    OwnedElsewhere,
}

/// Who an account would be with the right proof.
#[derive(Debug)]
pub enum Preview {
    /// What the chain would answer.
    Told(Verdict<Identity>),
    /// This link is asked, and cannot tell without the proof.
    Untold(Arc<str>),
}

impl<B: ?Sized> Chain<B> {
    /// Every link in order, and whether it is asked about an account: its owners are, or those that own nothing if nobody
    /// owns it; all of them where no account is claimed.
    pub fn turns(&self, account: Option<&str>) -> impl Iterator<Item = (&Link<B>, Turn)> {
        let owned = account.is_some_and(|account| self.is_owned(account));
        self.links.iter().map(move |link| {
            let turn = match account {
                Some(account) if link.accounts.is_some() && !link.owns(account) => Turn::OwnsOthers,
                Some(_) if owned && link.accounts.is_none() => Turn::OwnedElsewhere,
                _ => Turn::Asked,
            };
            (link, turn)
        })
    }
}

impl Chain<dyn Authenticator> {
    /// What [`identify`](Self::identify) would answer this account if it gave the right proof. Nobody is let in by it.
    ///
    /// # Errors
    /// As [`identify`](Self::identify).
    pub async fn preview(&self, cx: &Call, account: &str) -> Result<Preview, LinkError> {
        let mut pending = Pending::default();
        for (link, _) in self.asked_for(Some(account)) {
            let Some(answer) = link.preview(cx, account).await else {
                return Ok(Preview::Untold(Arc::clone(&link.name)));
            };
            if let Some(decided) = pending.take(link, answer) {
                return Ok(Preview::Told(Verdict::of(link, self.refuse_foreign(link, decided?))));
            }
        }
        pending.end().map(Preview::Told)
    }

    /// An identity as a link would hand it on; none if there is no link of that name.
    pub fn as_link(&self, link: &str, identity: Identity) -> Option<Verdict<Identity>> {
        let link = self.links.iter().find(|candidate| candidate.name.as_ref() == link)?;
        let decision = self.refuse_foreign(link, Decision::Allow(link.stamp(identity)));
        Some(Verdict::of(link, decision))
    }
}

impl Link<dyn Authenticator> {
    async fn preview(&self, cx: &Call, account: &str) -> Option<Answer<Identity>> {
        let (cx, asked) = (self.call(cx), Instant::now());
        let answer = tokio::time::timeout(cx.remaining(), self.backend.preview(&cx, account)).await;
        let answer = answer.unwrap_or_else(|_| Some(Err(self.timed_out(asked))));
        cx.note(|| said(answer.as_ref()));
        Some(answer?.map(|decision| match decision {
            Decision::Allow(identity) => Decision::Allow(self.stamp(identity)),
            other => other,
        }))
    }
}

fn said(answer: Option<&Answer<Identity>>) -> String {
    match answer {
        None => "cannot tell without the password".to_owned(),
        Some(Ok(Decision::Allow(_))) => {
            "knows the account; the right password is taken for granted".to_owned()
        }
        Some(Ok(Decision::Deny(reason))) => format!("knows the account and refuses it ({reason})"),
        Some(Ok(Decision::NoMatch)) => "does not know the account".to_owned(),
        Some(Err(error)) => format!("cannot answer ({error})"),
    }
}

#[cfg(test)]
mod tests;
