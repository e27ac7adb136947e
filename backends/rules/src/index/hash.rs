//! Short hashes of texts, prefix by prefix.
//!
//! A collision costs a look at one more rule and never an answer, so this needs to be fast and even, not secure.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// What is looked up in the index: a hash of a key's form and texts.
pub(super) type Key = u64;

/// A map from keys, which are hashes already.
pub(super) type KeyMap<T> = HashMap<Key, T, BuildHasherDefault<Ready>>;

/// A hash that grows byte by byte: FNV-1a, mixed at its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rolling(u64);

impl Rolling {
    /// Different seeds give unrelated hashes.
    pub(super) fn new(seed: u64) -> Self {
        Self(0xcbf2_9ce4_8422_2325 ^ mix(seed))
    }

    pub(super) fn push(&mut self, byte: u8) {
        self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }

    pub(super) fn with(mut self, text: &str) -> Self {
        text.bytes().for_each(|byte| self.push(byte));
        self
    }

    /// Sets what follows apart from what came before.
    pub(super) fn apart(self) -> Self {
        Self(mix(self.0))
    }

    pub(super) fn key(self) -> Key {
        mix(self.0)
    }
}

/// The last step of `SplitMix64`.
pub(super) fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// Passes a key through.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ready(u64);

impl Hasher for Ready {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = mix(self.0 ^ u64::from(*byte));
        }
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}
