//! How much hashing goes on at once.

use std::thread::available_parallelism;

/// The bounds of a [`Pool`](crate::Pool).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolOptions {
    /// Hashes computed at the same time, at least 1. By default two a core: with fewer, throughput suffers;
    /// with more, everybody waits longer and nobody is served sooner.
    pub slots: usize,
    /// Checks that may wait for a slot. One more is refused as overload. By default 32 a slot: with bcrypt at
    /// cost 10 that is some five seconds of waiting.
    pub queue: usize,
    /// Right passwords that are remembered; 0 remembers none. By default 16,384, which is about 2 MiB.
    pub memo_entries: usize,
}

impl Default for PoolOptions {
    fn default() -> Self {
        let slots = available_parallelism().map_or(1, usize::from) * 2;
        Self { slots, queue: slots * 32, memo_entries: 16_384 }
    }
}
