//! The real outside world: the system's clock and randomness, tasks on tokio, counters in memory, files that change.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use aws_lc_rs::rand::SecureRandom;
use dockgate_api::{Clock, FileChanges, FileWatcher, Random, RandomError, Spawner, Task};

use crate::logging::Log;
pub use crate::metrics::MemoryMetrics;
use crate::watch::Watcher;

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the clock is read")]
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// The crypto library's generator, seeded by the operating system.
#[derive(Debug, Default)]
pub struct SystemRandom(aws_lc_rs::rand::SystemRandom);

impl Random for SystemRandom {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomError> {
        self.0.fill(buffer).map_err(|_| RandomError)
    }
}

/// Runs tasks on the current tokio runtime and ends them when it is dropped, with the configuration that it was made
/// for.
#[derive(Debug, Default)]
pub struct TokioSpawner {
    tasks: Mutex<tokio::task::JoinSet<()>>,
}

impl Spawner for TokioSpawner {
    fn spawn(&self, name: &'static str, task: Task) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(async move {
            tracing::debug!(task = name, "background task starts");
            task.await;
        });
    }
}

/// The system's events, and a look now and then.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemFileWatcher;

impl FileWatcher for SystemFileWatcher {
    fn watch(&self, paths: Vec<PathBuf>) -> Box<dyn FileChanges> {
        Box::new(Watcher::new(paths))
    }
}

/// Looks up an environment variable.
pub type Environment = dyn Fn(&str) -> Option<String> + Send + Sync;

/// Everything from outside that the server itself needs.
#[derive(Clone)]
pub struct Outside {
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// Unpredictable bytes.
    pub random: Arc<dyn Random>,
    /// Counters.
    pub metrics: Arc<MemoryMetrics>,
    /// Environment variables.
    pub environment: Arc<Environment>,
    /// Where decisions are written.
    pub log: Log,
}

impl Outside {
    /// The real world.
    pub fn real() -> Self {
        let metrics = Arc::new(MemoryMetrics::default());
        Self {
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom::default()),
            environment: Arc::new(|name| std::env::var(name).ok()),
            log: Log::new(Arc::new(SystemClock), metrics.as_ref()),
            metrics,
        }
    }
}
