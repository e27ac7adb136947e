//! What all servers of one directory share.

use std::sync::Arc;

use dockgate_api::{BuildContext, Counter, Metrics, Random};
use tokio::sync::Notify;

use super::memory::Memory;
use super::meter::failovers;
use super::{PoolBounds, Service, Timeouts};
use crate::wire::Dialer;

/// What all servers of one directory share.
pub(super) struct Shared {
    pub(super) link: String,
    pub(super) dialer: Dialer,
    pub(super) service: Service,
    pub(super) timeouts: Timeouts,
    pub(super) pool: PoolBounds,
    pub(super) memory: Arc<Memory>,
    pub(super) metrics: Arc<dyn Metrics>,
    pub(super) failovers: Counter,
    pub(super) random: Arc<dyn Random>,
    /// Tells the keeper that there is something to do.
    pub(super) wake: Notify,
}

impl Shared {
    pub(super) fn new(
        cx: &BuildContext,
        dialer: Dialer,
        service: Service,
        timeouts: Timeouts,
        pool: PoolBounds,
    ) -> Self {
        let (link, metrics) = (cx.link().to_owned(), cx.metrics());
        Self {
            memory: cx.kept(&format!("{link}: directory servers"), Memory::default),
            failovers: failovers(metrics.as_ref()),
            random: cx.random(),
            wake: Notify::new(),
            link,
            dialer,
            service,
            timeouts,
            pool,
            metrics,
        }
    }

    /// A number up to a bound, the bound included; the least of them if there is no randomness.
    pub(super) fn draw(&self, bound: u64) -> u64 {
        let mut bytes = [0; 8];
        match (self.random.fill(&mut bytes), bound.checked_add(1)) {
            (Ok(()), Some(numbers)) => u64::from_le_bytes(bytes) % numbers,
            _ => 0,
        }
    }
}
