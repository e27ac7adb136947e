//! Asks the link that made an identity for it again, and no more often than it must be.

use std::time::{Duration, SystemTime};

use dockgate_api::{Call, KnownIdentity, Reloaded};
use quick_cache::sync::Cache;

use crate::chain::LinkError;

/// Owners whose links' answers are remembered at a time.
const MOST: usize = 10_000;

/// What links said of owners lately. It ends with the configuration that made the links.
pub(super) struct Rechecks {
    fresh_for: Duration,
    answers: Cache<Owner, Answer>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Owner {
    link: String,
    subject: String,
    account: String,
    epoch: Option<String>,
}

#[derive(Clone)]
struct Answer {
    reloaded: Reloaded,
    given_at: SystemTime,
}

impl Rechecks {
    /// Remembers answers for so long; zero asks every time.
    pub(super) fn new(fresh_for: Duration) -> Self {
        Self { fresh_for, answers: Cache::new(MOST) }
    }

    /// What the link says of an owner now, or said a moment ago.
    ///
    /// # Errors
    /// The link's error, which is never remembered.
    pub(super) async fn ask(
        &self,
        cx: &Call,
        link: &str,
        known: &KnownIdentity,
        reload: impl Future<Output = Result<Reloaded, LinkError>>,
    ) -> Result<Reloaded, LinkError> {
        let owner = Owner {
            link: link.to_owned(),
            subject: known.subject.clone(),
            account: known.account.clone(),
            epoch: known.epoch.clone(),
        };
        if let Some(answer) = self.answers.get(&owner)
            && self.is_fresh(&answer, cx.now())
        {
            return Ok(answer.reloaded);
        }
        let reloaded = reload.await?;
        if !self.fresh_for.is_zero() {
            self.answers.insert(owner, Answer { reloaded: reloaded.clone(), given_at: cx.now() });
        }
        Ok(reloaded)
    }

    /// A clock that went back makes nothing last longer.
    fn is_fresh(&self, answer: &Answer, now: SystemTime) -> bool {
        now.duration_since(answer.given_at).is_ok_and(|age| age < self.fresh_for)
    }
}
