//! Answers that are given again to the same question.

mod config;
mod flights;
mod key;
mod weight;

use std::fmt;
use std::future::Future;
use std::time::{Duration, SystemTime};

use dockgate_api::{Answer, BackendError, BuildContext, BuildError, Call, Counter, Decision, Series};
use quick_cache::Weighter;
use tokio::time::timeout_at;

pub use self::config::CacheConfig;
use self::flights::{Flights, Outcome};
use self::key::{Digest, Digester};
pub use self::weight::Remembered;
use self::weight::entries;
use crate::{Question, Reply};

/// What was answered lately, by question. It belongs to one configuration: a reload makes a new one.
///
/// While a question is asked, equal questions wait for its answer, each until its own deadline. A decision that may be
/// given again goes to all who wait, a refusal too that is not remembered afterwards. One that may not
/// (`"cache": false`) goes to the one who asked, and the others ask at once, each for itself. An error is shared with
/// nobody: the next who waits asks again, one after another, and so does the next if the one who asks goes away.
pub struct Cache<T>(Option<On<T>>);

struct On<T> {
    ttl: Duration,
    negative_ttl: Duration,
    digester: Digester,
    held: quick_cache::sync::Cache<Digest, Held<T>, Weights>,
    flights: Flights<T>,
    hits: Counter,
    misses: Counter,
}

#[derive(Clone)]
struct Held<T> {
    decision: Decision<T>,
    /// When it was asked. What was asked in the future is of a clock that was wrong then, or is now.
    from: SystemTime,
    until: SystemTime,
    /// As how many entries it counts.
    entries: u64,
}

#[derive(Clone)]
struct Weights;

impl<T> Weighter<Digest, Held<T>> for Weights {
    fn weight(&self, _: &Digest, held: &Held<T>) -> u64 {
        held.entries
    }
}

impl CacheConfig {
    /// An empty cache.
    ///
    /// # Errors
    /// If there is no randomness for its key.
    pub fn build<T: Remembered>(&self, cx: &BuildContext) -> Result<Cache<T>, BuildError> {
        let digester =
            Digester::new(cx.random().as_ref()).map_err(|error| BuildError::new(error.to_string()))?;
        let counter = |name, help| cx.metrics().counter(&Series::new(name, help));
        Ok(Cache(Some(On {
            ttl: self.ttl(),
            negative_ttl: self.negative_ttl(),
            digester,
            held: quick_cache::sync::Cache::with_weighter(self.entries(), self.entries() as u64, Weights),
            flights: Flights::new(),
            hits: counter("dockgate_hook_cache_hits_total", "Questions answered without asking."),
            misses: counter(
                "dockgate_hook_cache_misses_total",
                "Questions that were asked despite the cache.",
            ),
        })))
    }
}

impl<T: Remembered> Cache<T> {
    /// None: every question is asked.
    pub fn off() -> Self {
        Self(None)
    }

    /// The answer to a question: a remembered one, that of an equal question which is being asked, or what `ask`
    /// answers. Life is counted from the time of the call, so that a slow answer is not remembered for longer.
    ///
    /// # Errors
    /// Those of `ask`; [`BackendError::Timeout`] if the deadline comes while an equal question is being asked.
    pub async fn answer(
        &self,
        cx: &Call,
        question: &Question,
        ask: impl Future<Output = Result<Reply<T>, BackendError>>,
    ) -> Answer<T> {
        let Some(cache) = &self.0 else { return Ok(ask.await?.decision) };
        let digest = cache.digester.of(question);
        if let Some(decision) = cache.known(&digest, cx.now()) {
            return Ok(cache.hit(cx, decision));
        }
        let flight = cache.flights.join(digest);
        let Ok(mut outcome) = timeout_at(cx.deadline().into(), flight.turn()).await else {
            return Err(BackendError::Timeout("the answer to an equal question took too long".to_owned()));
        };
        match &*outcome {
            Outcome::Decided { decision, expires_at } if expires_at.is_none_or(|end| cx.now() < end) => {
                return Ok(cache.hit(cx, decision.clone()));
            }
            // Who waits next need not wait until this one has asked.
            Outcome::Decided { .. } | Outcome::NotToShare => {
                drop(outcome);
                return cache.asked(cx, digest, ask).await.map(|reply| reply.decision);
            }
            Outcome::Open => {}
        }
        // The flight that this question just missed may have left an answer.
        if let Some(decision) = cache.known(&digest, cx.now()) {
            return Ok(cache.hit(cx, decision));
        }
        let reply = cache.asked(cx, digest, ask).await?;
        *outcome = if reply.cacheable {
            Outcome::Decided { decision: reply.decision.clone(), expires_at: reply.expires_at }
        } else {
            Outcome::NotToShare
        };
        flight.land();
        Ok(reply.decision)
    }
}

impl<T: Remembered> On<T> {
    fn hit(&self, cx: &Call, decision: Decision<T>) -> Decision<T> {
        self.hits.add(1);
        cx.note(|| "an equal question was answered so lately".to_owned());
        decision
    }

    fn known(&self, digest: &Digest, now: SystemTime) -> Option<Decision<T>> {
        let held = self.held.get(digest)?;
        (held.from <= now && now < held.until).then_some(held.decision)
    }

    async fn asked(
        &self,
        cx: &Call,
        digest: Digest,
        ask: impl Future<Output = Result<Reply<T>, BackendError>>,
    ) -> Result<Reply<T>, BackendError> {
        self.misses.add(1);
        let reply = ask.await?;
        if let Some(held) = self.to_hold(cx.now(), &reply) {
            self.held.insert(digest, held);
        }
        Ok(reply)
    }

    fn to_hold(&self, from: SystemTime, reply: &Reply<T>) -> Option<Held<T>> {
        let ttl = match reply.decision {
            Decision::Allow(_) => self.ttl,
            Decision::Deny(_) | Decision::NoMatch => self.negative_ttl,
        };
        let end = from.checked_add(ttl)?;
        let until = reply.expires_at.map_or(end, |expires_at| expires_at.min(end));
        let held = || {
            let decision = reply.decision.clone();
            Held { entries: entries(&decision), decision, from, until }
        };
        (reply.cacheable && from < until).then(held)
    }
}

impl<T> fmt::Debug for Cache<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(On { ttl, negative_ttl, .. }) => {
                write!(f, "answers for {ttl:?}, refusals for {negative_ttl:?}")
            }
            None => f.write_str("off"),
        }
    }
}

#[cfg(test)]
mod tests;
