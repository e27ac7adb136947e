//! Who somebody is today: by the record, or by the provider if it is time.

use std::sync::Arc;
use std::time::Duration;

use dockgate_api::{
    Authenticator, BackendError, Call, Decision, FlowTerms, Owner, Reason, ReasonCode, Reloaded,
};
use tokio::sync::watch;
use tokio::time::timeout;

use super::age::{self, Worth};
use super::asking::Asking;
use super::folk::{Outcome, Place, Progress, Read, Turn};
use super::{Inside, SignIns};
use crate::chain::{Chain, LinkError};

/// So long the provider is waited for while its last answer counts.
const PATIENCE: Duration = Duration::from_secs(3);
/// Where the provider is to be asked the record is read again after so long: another replica may have asked.
const READ_AGAIN: Duration = Duration::from_secs(1);

/// Still there, or gone and why.
type Answer = Result<Arc<Read>, Reason>;

impl SignIns {
    /// Who somebody is today, asking the provider again if it is time.
    ///
    /// # Errors
    /// If that cannot be known: the provider does not answer, and its last answer is too old.
    pub async fn today(
        &self,
        cx: &Call,
        chain: &Arc<Chain<dyn Authenticator>>,
        owner: &Owner,
    ) -> Result<Reloaded, LinkError> {
        let inside = &self.0;
        let Some(flow) = chain.flow(&owner.link) else {
            let detail = format!("nobody signs in through `{}` any more", owner.link);
            return Ok(Reloaded::Gone(Reason::new(ReasonCode::Removed, detail)));
        };
        let terms = flow.terms();
        let place = inside.folk.place(owner);
        let Some(read) = inside.recent(cx, owner, &place, terms).await? else {
            return Ok(Reloaded::Gone(nobody()));
        };
        let answer = match worth(&read, cx, terms) {
            Worth::Fresh => Ok(read),
            Worth::Due => {
                let last = Some(&read).filter(|read| !place.is_gone(&read.writing));
                inside.ask(cx, chain, owner, &place, &read, last).await?
            }
            Worth::Over => inside.ask(cx, chain, owner, &place, &read, None).await?,
        };
        let read = match answer {
            Ok(read) => read,
            Err(reason) => return Ok(Reloaded::Gone(reason)),
        };
        cx.for_link(&Arc::from(owner.link.as_str())).note(|| {
            let age = cx.now().duration_since(read.person.checked_at).unwrap_or_default();
            format!("who signed in is as {} said {} s ago", terms.title, age.as_secs())
        });
        // `accounts` and `values` are those of the link today.
        Ok(match chain.as_link(&owner.link, read.person.identity.clone()).map(|verdict| verdict.decision) {
            Some(Decision::Allow(identity)) => Reloaded::Current(identity),
            Some(Decision::Deny(reason)) => Reloaded::Gone(reason),
            _ => Reloaded::Unsupported,
        })
    }
}

/// Nobody is remembered.
pub(super) fn nobody() -> Reason {
    Reason::new(ReasonCode::Removed, "nobody is signed in as that any more: they sign in again in a browser")
}

/// What the record is worth. Where the provider's word ended by itself it is asked before anything else.
fn worth(read: &Read, cx: &Call, terms: &FlowTerms) -> Worth {
    if read.person.identity.expires_at.is_some_and(|end| end <= cx.now()) {
        return Worth::Over;
    }
    age::worth(read.person.checked_at, cx.now(), terms)
}

impl Inside {
    /// What is known of somebody, from memory if that is fresh enough.
    async fn recent(
        &self,
        cx: &Call,
        owner: &Owner,
        place: &Place,
        terms: &FlowTerms,
    ) -> Result<Option<Arc<Read>>, LinkError> {
        let remembered = place.read_within(self.fresh_for, cx.now()).filter(|read| {
            worth(read, cx, terms) == Worth::Fresh
                || place.read_within(READ_AGAIN.min(self.fresh_for), cx.now()).is_some()
        });
        if remembered.is_some() {
            return Ok(remembered);
        }
        let read = self.read(cx, owner).await.map_err(of_store)?;
        place.note(read.clone(), cx.now());
        Ok(read)
    }

    /// Has the provider asked, by whoever's turn it is. `last` is its last answer, if it still counts.
    async fn ask(
        self: &Arc<Self>,
        cx: &Call,
        chain: &Arc<Chain<dyn Authenticator>>,
        owner: &Owner,
        place: &Arc<Place>,
        read: &Arc<Read>,
        last: Option<&Arc<Read>>,
    ) -> Result<Answer, LinkError> {
        let or_last = |error: BackendError| match last {
            Some(last) => Ok(Ok(Arc::clone(last))),
            None => Err(LinkError { link: owner.link.as_str().into(), error }),
        };
        let progress = match place.turn(cx.now()) {
            Turn::Wait(progress) => progress,
            Turn::Pause => return or_last(down()),
            Turn::Ask(sender) => {
                // First, for whoever is let through after a pause asks for all.
                let Ok(permit) = Arc::clone(&self.places).try_acquire_owned() else {
                    let detail = "too many of those who signed in are asked about at once".to_owned();
                    return or_last(BackendError::Overloaded { detail, retry_after: Duration::from_secs(5) });
                };
                let breaker = self.breakers.of(&owner.link);
                if !breaker.lets_through(cx.now()) {
                    return or_last(down());
                }
                let progress = sender.subscribe();
                let asking = Asking {
                    inside: Arc::clone(self),
                    chain: Arc::clone(chain),
                    owner: owner.clone(),
                    place: Arc::clone(place),
                    read: Arc::clone(read),
                    breaker,
                    now: cx.now(),
                    request_id: cx.request_id(),
                };
                // It goes on when the client is gone, and when another configuration takes over: an answer that nobody
                // writes down may be the last one.
                tokio::spawn(asking.run(sender, permit));
                progress
            }
        };
        let patience = last.map_or(cx.remaining(), |_| PATIENCE.min(cx.remaining() / 2));
        match timeout(patience, outcome(progress, last.is_some())).await {
            Ok(Some(Outcome::Current(read))) => Ok(Ok(read)),
            Ok(Some(Outcome::Gone(reason))) => Ok(Err(reason)),
            Ok(Some(Outcome::Failed(link, error))) => match last {
                Some(last) => Ok(Ok(Arc::clone(last))),
                None => Err(LinkError { link, error }),
            },
            Ok(None) => or_last(BackendError::Unavailable("asking was given up".to_owned())),
            Err(_) => or_last(BackendError::Timeout("the provider did not answer in time".to_owned())),
        }
    }
}

/// What came of asking. Where the last answer counts nobody waits for another replica.
async fn outcome(mut progress: watch::Receiver<Progress>, has_last: bool) -> Option<Outcome> {
    loop {
        let so_far = progress.borrow_and_update().clone();
        match so_far {
            Progress::Done(outcome) => return Some(outcome),
            Progress::Elsewhere if has_last => return None,
            Progress::Elsewhere | Progress::Asking => {}
        }
        if progress.changed().await.is_err() {
            return None;
        }
    }
}

fn down() -> BackendError {
    let detail = "the provider did not answer a moment ago, and its last answer is too old";
    BackendError::Unavailable(detail.to_owned())
}

pub(super) fn of_store(error: BackendError) -> LinkError {
    LinkError { link: "store".into(), error }
}
