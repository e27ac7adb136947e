//! A clock that stands still until it is turned.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use dockgate_api::Clock;

/// A clock that stands still until it is turned.
#[derive(Debug)]
pub struct TurnableClock(Mutex<SystemTime>);

impl TurnableClock {
    /// A clock that shows a time.
    pub fn at(now: SystemTime) -> Self {
        Self(Mutex::new(now))
    }

    /// Turns it forward.
    pub fn turn(&self, by: Duration) {
        *self.lock() += by;
    }

    /// Sets it, backward too.
    pub fn set(&self, now: SystemTime) {
        *self.lock() = now;
    }

    fn lock(&self) -> MutexGuard<'_, SystemTime> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for TurnableClock {
    fn now(&self) -> SystemTime {
        *self.lock()
    }
}
