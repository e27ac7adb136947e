//! Which kinds and costs of hash a configuration uses now, and how often.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dockgate_api::HashInUse;

use crate::formats::Shape;

/// A counter's owners beside this one are the hashes of its shape that are in use.
#[derive(Default)]
pub(crate) struct InUse(Mutex<BTreeMap<Shape, Arc<()>>>);

impl InUse {
    pub(crate) fn count(&self, shape: Shape) -> HashInUse {
        let mut counters = self.lock();
        if !counters.contains_key(&shape) {
            // A list that is read again and again must not leave behind every shape that it ever had.
            counters.retain(|_, counter| uses(counter) > 0);
        }
        HashInUse::counted_by(counters.entry(shape).or_default())
    }

    /// The shape at a point of the whole range, each having its share of it. Few points change their shape
    /// when a few hashes are added: an account whose time changed at a reload would give itself away as
    /// unknown.
    pub(crate) fn at(&self, point: u64) -> Option<Shape> {
        let counters = self.lock();
        // Once and for all: uses end while this goes on.
        let counts: Vec<(Shape, u128)> =
            counters.iter().map(|(shape, counter)| (*shape, uses(counter))).collect();
        drop(counters);
        let total: u128 = counts.iter().map(|(_, count)| count).sum();
        let mut left = (u128::from(point) * total) >> 64;
        for (shape, count) in counts {
            match left.checked_sub(count) {
                Some(rest) => left = rest,
                None => return Some(shape),
            }
        }
        None
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Shape, Arc<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn uses(counter: &Arc<()>) -> u128 {
    Arc::strong_count(counter).saturating_sub(1) as u128
}
