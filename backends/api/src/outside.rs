//! The outside world as parameters: clock, randomness, tasks, metrics.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

/// Tells the time of day.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> SystemTime;
}

/// The operating system's randomness, or a test's.
pub trait Random: Send + Sync {
    /// Fills a buffer with unpredictable bytes.
    ///
    /// # Errors
    /// The source failed; the bytes must not be used.
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomError>;
}

/// The source of randomness failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RandomError;

impl fmt::Display for RandomError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the operating system gave no random bytes")
    }
}

impl std::error::Error for RandomError {}

/// Work that goes on in the background.
pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Runs background work for as long as the configuration that started it is in use: when a reload replaces the
/// configuration, its tasks end.
pub trait Spawner: Send + Sync {
    /// Starts a task; the name appears in diagnostics.
    fn spawn(&self, name: &'static str, task: Task);
}

/// Hands out the handles through which a backend counts. They are resolved once, when the backend is made; counting is
/// an atomic addition. What [`BuildContext::metrics`](crate::BuildContext::metrics) hands out carries the link's name and
/// chain as the labels `link` and `chain`, and is shown for as long as somebody holds the handle: it ends with the
/// configuration.
pub trait Metrics: Send + Sync {
    /// A number that only grows. The same series gives the same counter.
    fn counter(&self, series: &Series) -> Counter;
    /// A number that goes up and down. The same series gives the same gauge.
    fn gauge(&self, series: &Series) -> Gauge;
    /// How long something takes. The same series gives the same histogram.
    fn histogram(&self, series: &Series) -> Histogram;
}

/// Names what is counted (Prometheus data model).
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Series {
    /// Such as `dockgate_password_hashes_total`.
    pub name: &'static str,
    /// One sentence.
    pub help: &'static str,
    /// Few names with few values: never an account.
    pub labels: Vec<(&'static str, String)>,
}

impl Series {
    /// A series without labels.
    pub fn new(name: &'static str, help: &'static str) -> Self {
        Self { name, help, labels: Vec::new() }
    }

    /// The same with one more label.
    #[must_use]
    pub fn label(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.labels.push((name, value.into()));
        self
    }
}

/// A number that only grows; a clone counts on.
#[derive(Clone, Debug, Default)]
pub struct Counter(Arc<AtomicU64>);

impl Counter {
    /// Counts.
    pub fn add(&self, amount: u64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    /// How many so far.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Whether anybody but the one who asks still has a handle. For whoever keeps the series.
    pub fn is_held(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }
}

/// A number that goes up and down; a clone is the same number.
#[derive(Clone, Debug, Default)]
pub struct Gauge(Arc<AtomicI64>);

impl Gauge {
    /// Sets it.
    pub fn set(&self, value: i64) {
        self.0.store(value, Ordering::Relaxed);
    }

    /// Moves it, up or down.
    pub fn add(&self, change: i64) {
        self.0.fetch_add(change, Ordering::Relaxed);
    }

    /// What it is.
    pub fn get(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Whether anybody but the one who asks still has a handle. For whoever keeps the series.
    pub fn is_held(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }
}

/// How long something takes, in buckets; a clone is the same histogram.
#[derive(Clone, Debug, Default)]
pub struct Histogram(Arc<HistogramCells>);

#[derive(Debug, Default)]
struct HistogramCells {
    buckets: [AtomicU64; Histogram::BOUNDS.len() + 1],
    nanoseconds: AtomicU64,
}

impl Histogram {
    /// The upper bounds of the buckets but the last, which has none.
    pub const BOUNDS: [Duration; 10] = [
        Duration::from_micros(100),
        Duration::from_micros(500),
        Duration::from_millis(2),
        Duration::from_millis(10),
        Duration::from_millis(50),
        Duration::from_millis(200),
        Duration::from_secs(1),
        Duration::from_secs(3),
        Duration::from_secs(10),
        Duration::from_secs(30),
    ];

    /// Counts one that took so long.
    pub fn observe(&self, took: Duration) {
        let bucket = Self::BOUNDS.iter().position(|bound| took <= *bound).unwrap_or(Self::BOUNDS.len());
        if let Some(cell) = self.0.buckets.get(bucket) {
            cell.fetch_add(1, Ordering::Relaxed);
        }
        let nanoseconds = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.0.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    /// How many fell into each bucket, and how long all took together.
    pub fn get(&self) -> (Vec<u64>, Duration) {
        let counts = self.0.buckets.iter().map(|cell| cell.load(Ordering::Relaxed)).collect();
        (counts, Duration::from_nanos(self.0.nanoseconds.load(Ordering::Relaxed)))
    }

    /// Whether anybody but the one who asks still has a handle. For whoever keeps the series.
    pub fn is_held(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }
}
