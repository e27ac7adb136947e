//! Asks the provider about one person, and writes down what it says.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use dockgate_api::{
    Authenticator, BackendError, Call, Owner, Reason, Record, RequestId, Revalidated, Shelf, SignIn,
};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::sleep;

use super::Inside;
use super::breaker::{Breaker, pause_after};
use super::folk::{Outcome, Place, Progress, Read};
use super::meter::Said;
use super::person::{self, Person};
use super::renewing::Renewing;
use super::today::nobody;
use crate::chain::{Chain, LinkError};

/// The provider has so long, several questions to it together.
const ASKED_WITHIN: Duration = Duration::from_secs(30);
/// Each question to the store.
pub(super) const STORED_WITHIN: Duration = Duration::from_secs(10);
/// For so long nobody else asks: longer than asking takes. It ends by itself if the replica that has it dies.
const LEASE: Duration = Duration::from_secs(120);
/// How often it is looked whether another replica is through.
const LOOKED_EVERY: Duration = Duration::from_millis(200);
/// A new token is not given up soon: the old one may be worth nothing.
const WRITTEN_WITHIN: Duration = Duration::from_secs(600);
/// Between two tries to write; the first come faster.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// One question to a provider.
pub(super) struct Asking {
    pub(super) inside: Arc<Inside>,
    pub(super) chain: Arc<Chain<dyn Authenticator>>,
    pub(super) owner: Owner,
    pub(super) place: Arc<Place>,
    /// What was known when it was due.
    pub(super) read: Arc<Read>,
    pub(super) breaker: Arc<Breaker>,
    pub(super) now: SystemTime,
    pub(super) request_id: RequestId,
}

impl Asking {
    /// Asks, and says how far it is.
    pub(super) async fn run(self, progress: watch::Sender<Progress>, _permit: OwnedSemaphorePermit) {
        let begun = Instant::now();
        let outcome = self.outcome(&progress).await.unwrap_or_else(|failed| failed);
        let now = self.now + begun.elapsed();
        match &outcome {
            Outcome::Current(read) => self.place.note(Some(Arc::clone(read)), now),
            Outcome::Gone(_) => self.place.note(None, now),
            Outcome::Failed(link, error) => {
                tracing::warn!(
                    request_id = %self.request_id, link = %link, account = ?self.owner.account, %error,
                    "whether somebody who signed in is still there could not be found out"
                );
                self.place.pause(now + pause_after(error));
            }
        }
        progress.send_replace(Progress::Done(outcome));
    }

    /// The error is an outcome too.
    async fn outcome(&self, progress: &watch::Sender<Progress>) -> Result<Outcome, Outcome> {
        let (inside, lease) = (&self.inside, format!("lease:{}", self.read.writing));
        let store = &inside.store;
        let of_store = |error| Outcome::Failed("store".into(), error);
        let cx = self.call(STORED_WITHIN);
        let taken = store.add(&cx, Shelf::SignIns, &lease, 1, self.now + LEASE).await.map_err(of_store)?;
        if taken != 1 {
            progress.send_replace(Progress::Elsewhere);
            return self.elsewhere().await;
        }
        // Who had the lease before may be through.
        let read = match inside.read(&cx, &self.owner).await {
            Ok(Some(read)) if read.writing == self.read.writing => read,
            Ok(Some(newer)) => return Ok(Outcome::Current(newer)),
            Ok(None) => return Ok(Outcome::Gone(nobody())),
            Err(error) => {
                self.release(&lease).await;
                return Err(of_store(error));
            }
        };
        let (cx, renewing) = (self.call(ASKED_WITHIN), Renewing::of(self, &read));
        let link = &self.owner.link;
        let (said, failed) = match self.chain.revalidate(&cx, link, &read.person.keep, &renewing).await {
            Ok(Revalidated::Current(SignIn { identity, .. })) if identity.subject != self.owner.subject => {
                (Some(Said::Nothing), self.strange("the provider answered with somebody else"))
            }
            Ok(Revalidated::Current(sign_in)) => {
                self.breaker.answered();
                inside.meter.count(link, Said::Current);
                return self.write_down(&read, sign_in, progress).await;
            }
            Ok(Revalidated::Gone(reason)) => {
                self.breaker.answered();
                inside.meter.count(link, Said::Gone);
                return self.end(&read, reason, &lease).await;
            }
            Ok(_) => (None, self.strange("the provider's answer is of a kind that is not known here")),
            Err(LinkError { link, error }) => {
                self.breaker.failed(&error, self.now);
                (Some(Said::Nothing), Outcome::Failed(link, error))
            }
        };
        if let Some(said) = said {
            inside.meter.count(link, said);
        }
        renewing.finish(progress).await;
        self.release(&lease).await;
        Err(failed)
    }

    fn strange(&self, detail: &str) -> Outcome {
        Outcome::Failed(self.owner.link.as_str().into(), BackendError::Protocol(detail.to_owned()))
    }

    /// Waits for another replica that asks.
    async fn elsewhere(&self) -> Result<Outcome, Outcome> {
        let until = Instant::now() + ASKED_WITHIN;
        while Instant::now() < until {
            let read = self.inside.read(&self.call(STORED_WITHIN), &self.owner).await;
            match read.map_err(|error| Outcome::Failed("store".into(), error))? {
                Some(read) if read.writing != self.read.writing => return Ok(Outcome::Current(read)),
                Some(_) => sleep(LOOKED_EVERY).await,
                None => return Ok(Outcome::Gone(nobody())),
            }
        }
        let detail = "another replica asks the provider, and has no answer yet".to_owned();
        Err(Outcome::Failed(self.owner.link.as_str().into(), BackendError::Timeout(detail)))
    }

    /// Writes what the provider said in place of what was known, unless they signed in anew or out meanwhile.
    async fn write_down(
        &self,
        before: &Read,
        SignIn { identity, keep, .. }: SignIn,
        progress: &watch::Sender<Progress>,
    ) -> Result<Outcome, Outcome> {
        let mut person = Person::new(&identity, self.now, keep);
        person.since = before.person.since;
        self.write(before, person, progress).await
    }

    /// Writes somebody down in place of what was known, however long the store takes.
    pub(super) async fn write(
        &self,
        before: &Read,
        person: Person,
        progress: &watch::Sender<Progress>,
    ) -> Result<Outcome, Outcome> {
        let of_store = |error| Outcome::Failed("store".into(), error);
        let (read, record) = self.inside.write(person, &self.call(STORED_WITHIN)).map_err(of_store)?;
        let read = Arc::new(read);
        let (until, mut wait) = (Instant::now() + WRITTEN_WITHIN, Duration::from_millis(50));
        loop {
            let error = match self.try_to_write(before, &read, &record).await {
                Ok(outcome) => return Ok(outcome),
                Err(error) => error,
            };
            if Instant::now() >= until {
                tracing::error!(
                    request_id = %self.request_id, link = self.owner.link, account = ?self.owner.account, %error,
                    "what a provider said of somebody was not written and is given up: they may have to sign in again"
                );
                return Err(of_store(error));
            }
            tracing::error!(
                request_id = %self.request_id, link = self.owner.link, account = ?self.owner.account, %error,
                "what a provider said of somebody is not written yet: it is tried again"
            );
            // Whoever can do with the last answer does not wait for the store.
            progress.send_replace(Progress::Elsewhere);
            sleep(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    pub(super) async fn try_to_write(
        &self,
        before: &Read,
        read: &Arc<Read>,
        record: &Record,
    ) -> Result<Outcome, BackendError> {
        let (cx, store) = (self.call(STORED_WITHIN), &self.inside.store);
        let found = match store.get(&cx, Shelf::SignIns, &record.key).await? {
            Some(found) if found.value == record.value => Some(Arc::clone(read)),
            Some(found) if person::writing(&found) == before.writing => {
                let is_there = store.replace(&cx, Shelf::SignIns, record.clone()).await?;
                is_there.then(|| Arc::clone(read))
            }
            Some(_) => self.inside.read(&cx, &self.owner).await?,
            None => None,
        };
        Ok(found.map_or_else(|| Outcome::Gone(nobody()), Outcome::Current))
    }

    /// The provider does not know them any more; unless they signed in anew while it was asked.
    async fn end(&self, before: &Read, reason: Reason, lease: &str) -> Result<Outcome, Outcome> {
        let cx = self.call(STORED_WITHIN);
        match self.inside.read(&cx, &self.owner).await {
            Ok(Some(newer)) if newer.writing != before.writing => return Ok(Outcome::Current(newer)),
            Ok(None) => return Ok(Outcome::Gone(nobody())),
            _ => {}
        }
        if !self.inside.end(&cx, &self.owner, &before.person.identity, &reason).await {
            self.place.note_gone(&before.writing);
            self.release(lease).await;
        }
        Ok(Outcome::Gone(reason))
    }

    /// Lets somebody else ask.
    async fn release(&self, lease: &str) {
        let released = self.inside.store.reset(&self.call(STORED_WITHIN), Shelf::SignIns, lease).await;
        if let Err(error) = released {
            tracing::warn!(request_id = %self.request_id, %error, "a lease is not given back: it ends by itself");
        }
    }

    pub(super) fn call(&self, within: Duration) -> Call {
        Call::new(self.now, Instant::now() + within, self.request_id)
    }
}
