//! What time it is for a provider.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use dockgate_api::Clock;

use super::lock;
use crate::fakes::{TurnableClock, noon};

/// A clock that can be changed for another one while the provider runs.
pub(super) struct Time(Mutex<Arc<dyn Clock>>);

impl Time {
    pub(super) fn now(&self) -> SystemTime {
        let clock = Arc::clone(&*lock(&self.0));
        clock.now()
    }

    /// Seconds since 1970.
    pub(super) fn seconds(&self) -> u64 {
        self.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
    }

    pub(super) fn after(&self, time: Duration) -> SystemTime {
        self.now() + time
    }

    pub(super) fn follow(&self, clock: Arc<dyn Clock>) {
        *lock(&self.0) = clock;
    }
}

impl Default for Time {
    /// It is noon.
    fn default() -> Self {
        Self(Mutex::new(Arc::new(TurnableClock::at(noon()))))
    }
}
