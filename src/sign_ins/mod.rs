//! Who signed in through a browser, as the identity provider described them last.
//!
//! A record for each person: account and labels, when the provider was asked, and, encrypted, what it takes to ask again.
//! App passwords count for as long as their owner's record does; after `revalidate_after` the provider is asked again, and
//! whoever it does not know any more is gone with the next token. A provider that is down changes nothing for
//! `revalidate_grace`, and then ends it with 503, never for ever.
//!
//! What asks again may be good for one time only (OAuth 2.0 refresh tokens that rotate). So at most one replica asks at a
//! time, by a lease in the store; it goes on when the client who made it ask is gone; and the new one is written before
//! anything else is asked, whatever the question comes to.

mod age;
mod asking;
mod breaker;
mod ending;
mod folk;
mod key;
mod key_file;
mod meter;
mod person;
mod renewing;
mod seal;
#[cfg(test)]
pub(crate) mod tests;
mod today;

use std::sync::Arc;
use std::time::Duration;

use dockgate_api::secrecy::SecretString;
use dockgate_api::{BackendError, Call, Identity, Metrics, Owner, Random, Record, Shelf, Store};
use tokio::sync::Semaphore;

pub use breaker::Breakers;
pub use key::KeySource;
pub use seal::{SealKey, Sealer};

use crate::audit::Audit;
use folk::{Folk, Read};
use meter::Meter;
use person::{PURPOSE, Person};

/// Questions to providers at a time. Everybody is due at once after a weekend.
const MOST_AT_ONCE: usize = 256;
/// A record outlives what counts with it by so much.
const MARGIN: Duration = Duration::from_secs(31 * 24 * 60 * 60);

/// Those who signed in.
pub struct SignIns(Arc<Inside>);

struct Inside {
    store: Arc<dyn Store>,
    random: Arc<dyn Random>,
    key: KeySource,
    fresh_for: Duration,
    lives: Duration,
    folk: Folk,
    breakers: Arc<Breakers>,
    places: Arc<Semaphore>,
    meter: Meter,
    audit: Option<Audit>,
}

impl SignIns {
    /// Those whose records are in a store. A record that was read counts for `recheck`; nothing that hangs on one lives
    /// longer than `longest`.
    pub fn new(
        store: Arc<dyn Store>,
        random: Arc<dyn Random>,
        key: KeySource,
        (recheck, longest): (Duration, Duration),
    ) -> Self {
        Self(Arc::new(Inside {
            store,
            random,
            key,
            fresh_for: recheck,
            lives: longest.saturating_add(MARGIN),
            folk: Folk::new(),
            breakers: Arc::default(),
            places: Arc::new(Semaphore::new(MOST_AT_ONCE)),
            meter: Meter::default(),
            audit: None,
        }))
    }

    /// The same after others: what they know of providers that do not answer counts for it too. Nobody else may hold it yet.
    #[must_use]
    pub fn after(mut self, breakers: &Arc<Breakers>) -> Self {
        if let Some(inside) = Arc::get_mut(&mut self.0) {
            inside.breakers = Arc::clone(breakers);
        }
        self
    }

    /// The same, seen: what providers of these links say is counted, and whoever they do not know any more is written down.
    /// Nobody else may hold it yet.
    #[must_use]
    pub fn seen(
        mut self,
        audit: Option<Audit>,
        metrics: &dyn Metrics,
        links: impl Iterator<Item = String>,
    ) -> Self {
        if let Some(inside) = Arc::get_mut(&mut self.0) {
            let links: Vec<String> = links.collect();
            inside.breakers.retain(&links);
            (inside.audit, inside.meter) = (audit, Meter::new(metrics, links.into_iter()));
        }
        self
    }

    /// Reads the key, or makes its file: what serves does, once the store is open.
    ///
    /// # Errors
    /// What is wrong with the file, and the cure.
    pub fn open(&self) -> Result<(), String> {
        self.0.key.open(self.0.random.as_ref())
    }

    /// What provider tokens and cookies are sealed with.
    ///
    /// # Errors
    /// If the store is not open.
    pub fn seal_key(&self) -> Result<&SealKey, BackendError> {
        self.0.key.get()
    }

    /// Remembers a completed sign-in, in place of an earlier one of the same person. Where there is none, what is left of
    /// one that ended is taken away first: what ended stays ended.
    ///
    /// # Errors
    /// If it is not known to be stored.
    pub async fn remember(
        &self,
        cx: &Call,
        identity: &Identity,
        keep: &SecretString,
    ) -> Result<(), BackendError> {
        let (inside, owner) = (&self.0, Owner::of(identity));
        if inside.store.get(cx, Shelf::SignIns, &person::key(&owner)).await?.is_none() {
            inside.take_all(cx, &owner).await?;
        }
        let (read, record) = inside.write(Person::new(identity, cx.now(), keep.clone()), cx)?;
        inside.store.put(cx, Shelf::SignIns, record).await?;
        inside.folk.place(&owner).note(Some(Arc::new(read)), cx.now());
        Ok(())
    }

    /// What the provider wants to see when somebody signs out there; none if nobody is remembered.
    pub async fn kept(&self, cx: &Call, owner: &Owner) -> Option<SecretString> {
        let read = self.0.read(cx, owner).await;
        read.inspect_err(
            |error| tracing::warn!(request_id = %cx.request_id(), %error, "a sign-in is not read"),
        )
        .ok()??
        .person
        .keep
        .clone()
        .into()
    }
}

impl Inside {
    /// What the store holds of somebody. A record that is not ours is as good as none.
    async fn read(&self, cx: &Call, owner: &Owner) -> Result<Option<Arc<Read>>, BackendError> {
        let Some(record) = self.store.get(cx, Shelf::SignIns, &person::key(owner)).await? else {
            return Ok(None);
        };
        Ok(match Person::of(&record, owner, &self.sealer()?) {
            Ok(person) => Some(Arc::new(Read { person, writing: person::writing(&record) })),
            Err(why) => {
                tracing::error!(
                    request_id = %cx.request_id(),
                    link = owner.link,
                    account = ?owner.account,
                    "the record of who signed in is ignored: {why}; if `store.secret` was changed, write the old one as \
                     `secret_before`, or have them sign in again"
                );
                None
            }
        })
    }

    /// The record to write of somebody.
    fn write(&self, person: Person, cx: &Call) -> Result<(Read, Record), BackendError> {
        let ends = cx.now().checked_add(self.lives);
        let record = person.record(&self.sealer()?, self.random.as_ref(), ends)?;
        Ok((Read { person, writing: person::writing(&record) }, record))
    }

    fn sealer(&self) -> Result<Sealer, BackendError> {
        Ok(self.key.get()?.derive(PURPOSE))
    }
}
