//! Keeps a certificate good while the server runs.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::task::{JoinHandle, spawn_blocking};

use super::cache::{Cache, Held};
use super::certificate::Certificate;
use super::failure::Failure;
use super::{Acme, order, schedule};

/// How often the time of day is looked at, and whether another server has renewed the certificate.
const TICK: Duration = Duration::from_secs(20);
/// Another server orders.
const WHILE_ANOTHER_ORDERS: Duration = Duration::from_secs(1);
/// It takes minutes at most; one that hangs keeps the lock, and is told of so often, in seconds.
const TOLD_EVERY: u32 = 10 * 60;
/// Of a disk.
const PATIENCE: Duration = Duration::from_secs(30);
/// No pause is longer: a clock that was wrong and is right again must not silence us.
const LONGEST_PAUSE: Duration = Duration::from_secs(8 * 24 * 60 * 60);

/// What came of a look at a certificate that is due.
enum Came {
    /// It is as it should be.
    Good,
    /// Another server is about to renew it.
    Elsewhere,
}

pub(super) async fn keep(acme: &Acme) -> Infallible {
    let (hosts, directory) = (acme.name(), acme.settings.directory.as_str());
    if acme.resolver.current().is_none() {
        tracing::warn!(
            hosts,
            directory,
            "no certificate yet: TLS handshakes are refused (access_denied) until the authority has issued one"
        );
    }
    acme.count();
    let (mut failures, mut again_at, mut waited) = (0_u32, None, 0_u32);
    loop {
        acme.look().await;
        let now = acme.clock.now();
        let next = acme.due(now).max(again_at.unwrap_or(now));
        let wait = next.duration_since(now).unwrap_or_default();
        if wait > LONGEST_PAUSE && again_at.is_some() {
            again_at = None;
        } else if !wait.is_zero() {
            tokio::time::sleep(wait.min(TICK)).await;
            continue;
        }
        match acme.renew().await {
            Ok(Came::Good) => (failures, again_at, waited) = (0, None, 0),
            Ok(Came::Elsewhere) => {
                waited = waited.saturating_add(1);
                if waited % TOLD_EVERY == 0 {
                    tracing::warn!(
                        hosts,
                        "another process has held the lock of cache_dir for long: no certificate is ordered"
                    );
                }
                tokio::time::sleep(WHILE_ANOTHER_ORDERS).await;
            }
            Err(failure) => {
                failures = failures.saturating_add(1);
                again_at = Some(acme.failed(&failure, failures));
            }
        }
    }
}

impl Acme {
    fn due(&self, now: SystemTime) -> SystemTime {
        let current = self.resolver.current();
        current.map_or(now, |certificate| schedule::due(&certificate.validity, self.spread))
    }

    /// Takes up what another server has put into the directory.
    async fn look(&self) {
        let path = self.cache.certificate();
        let Ok(Some(pem)) = on_disk(spawn_blocking(move || Cache::read(&path))).await else { return };
        let current = self.resolver.current();
        if current.as_ref().is_some_and(|current| current.pem == pem) {
            return;
        }
        let Ok(found) = Certificate::read(pem, &self.settings.hosts) else { return };
        let ends = found.validity.not_after;
        if current.is_none_or(|current| current.validity.not_after < ends) {
            self.show(found, "a certificate of another server is taken up");
        }
    }

    async fn renew(&self) -> Result<Came, Failure> {
        let cache = self.cache.clone();
        let locked: Option<Held> = on_disk(spawn_blocking(move || cache.lock())).await?;
        let Some(lock) = locked else { return Ok(Came::Elsewhere) };
        // Who held the lock until now may have renewed it.
        self.look().await;
        let now = self.clock.now();
        if self.resolver.current().is_some() && self.due(now) > now {
            return Ok(Came::Good);
        }
        tracing::info!(
            hosts = self.name(),
            directory = self.settings.directory.as_str(),
            "asking for a certificate"
        );
        let certificate = order::order(self, lock).await?;
        self.meter.issued();
        self.show(certificate, "certificate issued");
        Ok(Came::Good)
    }

    fn show(&self, certificate: Certificate, said: &'static str) {
        let until = crate::cli::date(certificate.validity.not_after);
        self.resolver.show(certificate);
        self.count();
        tracing::info!(hosts = self.name(), until, "{said}");
    }

    /// Says in the metrics when the certificate ends.
    fn count(&self) {
        let first = self.settings.hosts.first().map_or("", String::as_str);
        self.meter.ends(self.ends().map(|ends| (first, ends)));
    }

    /// Says what went wrong; answers when to try again.
    fn failed(&self, failure: &Failure, failures: u32) -> SystemTime {
        let now = self.clock.now();
        self.meter.failed(now);
        let ends = self.ends().filter(|ends| *ends > now);
        let chance = schedule::fraction(self.random.as_ref());
        let pause = schedule::pause(failure, failures, ends.is_some(), chance, now);
        let (hosts, reason) = (self.name(), failure.reason.as_str());
        let again_in = format!("{}s", pause.as_secs());
        match ends {
            Some(ends) => {
                let until = crate::cli::date(ends);
                tracing::warn!(
                    hosts,
                    reason,
                    until,
                    again_in,
                    "certificate not renewed: the old one goes on"
                );
            }
            None => {
                tracing::error!(
                    hosts,
                    reason,
                    again_in,
                    "no certificate: TLS handshakes are refused, or fail"
                );
            }
        }
        now + pause
    }
}

/// What came of work on files, which may hang with their file system.
pub(super) async fn on_disk<T>(work: JoinHandle<io::Result<T>>) -> Result<T, Failure> {
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(Ok(done)) => done.map_err(|error| Failure::ours(&format!("cache_dir: {error}"))),
        Ok(Err(error)) => Err(Failure::ours(&error.to_string())),
        Err(_) => Err(Failure::ours("cache_dir: the file system hangs")),
    }
}

/// One task for as long as the certificate is wanted.
pub(crate) struct Renewing {
    acme: Arc<Acme>,
    task: tokio::task::AbortHandle,
}

impl Renewing {
    /// Goes on with the task that there is if it is for the same certificate.
    pub(crate) fn follow(before: Option<Self>, wanted: Option<&Arc<Acme>>) -> Option<Self> {
        let wanted = wanted?;
        if let Some(before) = before.filter(|before| Arc::ptr_eq(&before.acme, wanted)) {
            return Some(before);
        }
        let acme = Arc::clone(wanted);
        let task = tokio::spawn(async move { match acme.keep().await {} });
        Some(Self { acme: Arc::clone(wanted), task: task.abort_handle() })
    }
}

impl Drop for Renewing {
    fn drop(&mut self) {
        self.task.abort();
        self.acme.meter.ends(None);
    }
}
