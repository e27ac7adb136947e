//! The outside world as a test wants it.

mod clock;
mod files;
mod metrics;
mod passwords;
mod random;
mod spawner;
mod world;

pub use clock::TurnableClock;
pub use files::ToldFileWatcher;
pub use metrics::CountingMetrics;
pub use passwords::PlainTextPasswords;
pub use random::RepeatableRandom;
pub use spawner::TokioSpawner;
pub use world::{World, build_context, call, call_at, late_call, noon};
