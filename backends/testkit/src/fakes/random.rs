//! Randomness that repeats itself.

use std::sync::atomic::{AtomicU64, Ordering};

use dockgate_api::{Random, RandomError};

/// Bytes that look random and are the same for the same seed (`SplitMix64`). Predictable: for tests only.
#[derive(Debug)]
pub struct RepeatableRandom(AtomicU64);

impl RepeatableRandom {
    /// The bytes of a seed.
    pub fn seeded(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }
}

impl Random for RepeatableRandom {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomError> {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        for chunk in buffer.chunks_mut(8) {
            let mut bits = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
            bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            for (to, from) in chunk.iter_mut().zip((bits ^ (bits >> 31)).to_le_bytes()) {
                *to = from;
            }
        }
        Ok(())
    }
}
