//! The outside world as a test wants it.

mod clock;
mod files;
mod http;
mod metrics;
mod passwords;
mod random;
mod renewals;
mod spawner;
mod world;

pub use clock::TurnableClock;
pub use files::ToldFileWatcher;
pub use http::ScriptedHttp;
pub use metrics::CountingMetrics;
pub use passwords::PlainTextPasswords;
pub use random::RepeatableRandom;
pub use renewals::Renewals;
pub use spawner::TokioSpawner;
pub use world::{World, build_context, call, call_at, late_call, noon};
