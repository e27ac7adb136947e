//! Everything at once, and calls in it.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use dockgate_api::{BuildContext, Call, Clock, RequestId};

use super::{
    CountingMetrics, PlainTextPasswords, RepeatableRandom, TokioSpawner, ToldFileWatcher, TurnableClock,
};

/// Longer than any test should take: what waits for it is stuck.
const PATIENCE: Duration = Duration::from_secs(30);

/// One of each fake, to look at after the backend has used them.
#[derive(Clone, Debug)]
pub struct World {
    /// Shows [`noon`].
    pub clock: Arc<TurnableClock>,
    /// Seeded with 1.
    pub random: Arc<RepeatableRandom>,
    /// On the runtime of whoever spawns.
    pub spawner: Arc<TokioSpawner>,
    /// All zero.
    pub metrics: Arc<CountingMetrics>,
    /// Plain text.
    pub passwords: Arc<PlainTextPasswords>,
    /// Told nothing yet.
    pub files: Arc<ToldFileWatcher>,
}

impl World {
    /// A new world.
    pub fn new() -> Self {
        Self {
            clock: Arc::new(TurnableClock::at(noon())),
            random: Arc::new(RepeatableRandom::seeded(1)),
            spawner: Arc::default(),
            metrics: Arc::default(),
            passwords: Arc::default(),
            files: Arc::default(),
        }
    }

    /// What a backend of this world is handed.
    pub fn build_context(&self) -> BuildContext {
        BuildContext::new(
            self.clock.clone(),
            self.random.clone(),
            self.spawner.clone(),
            self.metrics.clone(),
            self.passwords.clone(),
        )
        .with_file_watcher(self.files.clone())
    }

    /// A call at the time that the clock shows.
    pub fn call(&self) -> Call {
        call_at(self.clock.now())
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

/// What a backend is handed, made of fakes that nobody looks at.
pub fn build_context() -> BuildContext {
    World::new().build_context()
}

/// 2026-01-01 12:00:00 UTC.
pub fn noon() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_268_800)
}

/// A call at [`noon`] with a deadline that no test reaches.
pub fn call() -> Call {
    call_at(noon())
}

/// A call at a time with a deadline that no test reaches.
pub fn call_at(now: SystemTime) -> Call {
    Call::new(now, Instant::now() + PATIENCE, RequestId::from_bits(1))
}

/// A call at [`noon`] whose deadline has passed.
pub fn late_call() -> Call {
    Call::new(noon(), Instant::now(), RequestId::from_bits(1))
}
