//! The servers that records name, as long as these last.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use dockgate_api::BackendError;
use hickory_resolver::TokioResolver;
use tokio::time::timeout_at;

use super::order::{arrange, lies_below};
use super::{Record, lookup};
use crate::directory::rest::{Rank, Rest};
use crate::directory::server::Server;
use crate::directory::shared::Shared;
use crate::wire::{Endpoint, Security};

/// How long a lookup in the background may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where resolvers come from.
pub(in crate::directory) type Resolvers = Box<dyn Fn() -> Result<TokioResolver, String> + Send + Sync>;

/// The servers of a domain.
pub(in crate::directory) struct SrvRoster {
    shared: Arc<Shared>,
    domain: String,
    security: Security,
    resolvers: Resolvers,
    /// One lookup at a time.
    looking: tokio::sync::Mutex<()>,
    /// A name service in trouble rests as a server does.
    rest: Arc<Rest>,
    listing: Mutex<Option<Arc<Listing>>>,
}

/// What the last lookup found.
struct Listing {
    records: Vec<Record>,
    /// Of each record.
    servers: Vec<Arc<Server>>,
    due: Instant,
}

impl SrvRoster {
    /// Nothing is looked up yet.
    pub(in crate::directory) fn new(shared: &Arc<Shared>, domain: String, security: Security) -> Self {
        Self::asking(shared, domain, security, Box::new(lookup::system))
    }

    pub(in crate::directory) fn asking(
        shared: &Arc<Shared>,
        domain: String,
        security: Security,
        resolvers: Resolvers,
    ) -> Self {
        let rest = Arc::new(Rest::default());
        let (shared, looking, listing) =
            (Arc::clone(shared), tokio::sync::Mutex::default(), Mutex::default());
        Self { shared, domain, security, resolvers, looking, rest, listing }
    }

    fn name(&self) -> String {
        format!("_ldap._tcp.{}", self.domain.trim_end_matches('.'))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<Listing>>> {
        self.listing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn listing(&self) -> Option<Arc<Listing>> {
        self.lock().clone()
    }

    pub(in crate::directory) fn security(&self) -> Security {
        self.security
    }

    /// The servers that are known so far.
    pub(in crate::directory) fn known(&self) -> Vec<Arc<Server>> {
        self.listing().map(|listing| listing.servers.clone()).unwrap_or_default()
    }

    /// Why the last lookup failed, if it did.
    pub(in crate::directory) fn trouble(&self) -> Option<String> {
        self.rest.trouble()
    }

    /// The servers in the order in which one question goes to them. Looks them up if nobody has.
    ///
    /// # Errors
    /// If they cannot be looked up. Then nobody tries again for a while.
    pub(in crate::directory) async fn candidates(
        &self,
        deadline: Instant,
    ) -> Result<Vec<Arc<Server>>, BackendError> {
        let listing = match self.listing() {
            Some(listing) => listing,
            None => self.first(deadline).await?,
        };
        let arranged = arrange(&listing.records, |bound| self.shared.draw(bound));
        Ok(arranged.into_iter().filter_map(|place| listing.servers.get(place).cloned()).collect())
    }

    async fn first(&self, deadline: Instant) -> Result<Arc<Listing>, BackendError> {
        let late = || BackendError::Timeout(format!("{} was not looked up in time", self.name()));
        let alone = match (self.looking.try_lock(), self.rest.trouble()) {
            (Ok(alone), _) => alone,
            // Somebody tries again: who knows for how long.
            (Err(_), Some(trouble)) => return Err(BackendError::Unavailable(trouble)),
            (Err(_), None) => timeout_at(deadline.into(), self.looking.lock()).await.map_err(|_| late())?,
        };
        if let Some(listing) = self.listing() {
            return Ok(listing);
        }
        let now = Instant::now();
        if self.rest.rank(now) == Rank::Resting {
            return Err(BackendError::Unavailable(self.rest.trouble().unwrap_or_default()));
        }
        // Early enough to say so: whoever asked is gone at the deadline.
        let most = deadline.saturating_duration_since(now) * 9 / 10;
        let looked_up = self.look_up(now + most.min(self.shared.timeouts.connect)).await;
        drop(alone);
        self.shared.wake.notify_one();
        looked_up.map_err(BackendError::Unavailable)
    }

    /// When to look up next: never before somebody needed it, and not while somebody does.
    pub(in crate::directory) fn due(&self, now: Instant) -> Option<Instant> {
        let _alone = self.looking.try_lock().ok()?;
        self.next(now)
    }

    fn next(&self, now: Instant) -> Option<Instant> {
        // After trouble: when its rest is over.
        self.rest.due(now).or(self.listing().map(|listing| listing.due))
    }

    /// Makes the records as old as they may become.
    #[cfg(test)]
    pub(in crate::directory) fn expire(&self) {
        let old = self.listing().map(|listing| {
            let (records, servers) = (listing.records.clone(), listing.servers.clone());
            Arc::new(Listing { records, servers, due: Instant::now() })
        });
        *self.lock() = old;
    }

    /// Looks up in the background; an answer that failed leaves the last one in its place.
    pub(in crate::directory) async fn refresh(&self) {
        let Ok(alone) = self.looking.try_lock() else { return };
        let now = Instant::now();
        if self.next(now).is_some_and(|due| due <= now) {
            // What it came to stands in the rest.
            let _ = self.look_up(now + PATIENCE).await;
        }
        drop(alone);
        self.shared.wake.notify_one();
    }

    async fn look_up(&self, deadline: Instant) -> Result<Arc<Listing>, String> {
        let began = Instant::now();
        let name = self.name();
        let answer = match (self.resolvers)() {
            Ok(resolver) => timeout_at(deadline.into(), lookup::records(&resolver, &name)).await,
            Err(error) => Ok(Err(error)),
        };
        let late = || format!("{name} was not looked up in time");
        let answer = answer.unwrap_or_else(|_| Err(late())).and_then(|answer| self.listed(answer));
        match answer {
            Ok(listing) => {
                let listing = Arc::new(listing);
                *self.lock() = Some(Arc::clone(&listing));
                if self.rest.answered(began, Instant::now()) {
                    tracing::info!(link = self.shared.link, name, "directory servers can be looked up again");
                }
                Ok(listing)
            }
            Err(error) => {
                if self.rest.failed(began, Instant::now(), error.clone()) {
                    tracing::warn!(link = self.shared.link, %error, "no directory servers were found by their records");
                }
                Err(error)
            }
        }
    }

    fn listed(&self, answer: lookup::Answer) -> Result<Listing, String> {
        let mut records: Vec<_> = answer.records.into_iter().filter(|record| self.accepts(record)).collect();
        // A server that is named twice is asked once.
        records.sort_by_key(|record| record.priority);
        let mut named = HashSet::new();
        records.retain(|record| named.insert((record.target.clone(), record.port)));
        if records.is_empty() {
            return Err(format!("{} names no server that may be asked", self.name()));
        }
        let known = self.known();
        let server = |record: &Record| {
            let (host, port, security) = (record.target.clone(), record.port, self.security);
            let endpoint = Endpoint { host, port, security };
            let same = known.iter().find(|server| server.endpoint == endpoint);
            let new = || Arc::new(Server::new(&self.shared, endpoint.clone(), &endpoint.to_string()));
            same.map_or_else(new, Arc::clone)
        };
        Ok(Listing {
            servers: records.iter().map(server).collect(),
            records,
            due: Instant::now() + answer.lasts,
        })
    }

    fn accepts(&self, record: &Record) -> bool {
        if record.target.is_empty() {
            // The service is decidedly not there (RFC 2782).
            return false;
        }
        let accepted = self.shared.dialer.server_name.is_some() || lies_below(&record.target, &self.domain);
        if !accepted {
            let (link, domain, target) = (self.shared.link.as_str(), &self.domain, &record.target);
            tracing::warn!(
                link,
                domain,
                target,
                "a record names a server outside its domain: it is not asked \
                 (`server_name` says which name certificates must be for, and then it may be anywhere)"
            );
        }
        accepted
    }
}
