//! Which kinds and costs of hash a configuration uses, and how often.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::formats::Shape;

#[derive(Default)]
pub(crate) struct InUse(Mutex<BTreeMap<Shape, u64>>);

impl InUse {
    pub(crate) fn count(&self, shape: Shape) {
        let mut counts = self.lock();
        let count = counts.entry(shape).or_default();
        *count = count.saturating_add(1);
    }

    /// The shape at a point of the whole range, each having its share of it. Few points change their shape
    /// when a few hashes are added: an account whose time changed at a reload would give itself away as
    /// unknown.
    pub(crate) fn at(&self, point: u64) -> Option<Shape> {
        let counts = self.lock();
        let total: u128 = counts.values().map(|count| u128::from(*count)).sum();
        let mut left = (u128::from(point) * total) >> 64;
        for (shape, count) in counts.iter() {
            match left.checked_sub(u128::from(*count)) {
                Some(rest) => left = rest,
                None => return Some(*shape),
            }
        }
        None
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Shape, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
