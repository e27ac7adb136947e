//! Which kinds and costs of hash a configuration uses now, and how often.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dockgate_api::HashInUse;

use crate::formats::Shape;

/// So many shapes may be left behind before they are looked for.
const LEFT_BEHIND: usize = 16;

#[derive(Default)]
pub(crate) struct InUse(Mutex<Counters>);

/// A counter's owners beside this one are the hashes of its shape that are in use.
#[derive(Default)]
struct Counters {
    by_shape: BTreeMap<Shape, Arc<()>>,
    /// How many shapes were in use when those that are not were taken out.
    swept: usize,
}

impl InUse {
    pub(crate) fn count(&self, shape: Shape) -> HashInUse {
        let counters = &mut *self.lock();
        // A list that is read again and again must not leave behind every shape that it ever had. Not at every new
        // shape: a list in which each hash has one of its own would never be read to its end.
        if counters.by_shape.len() >= 2 * counters.swept + LEFT_BEHIND {
            counters.by_shape.retain(|_, counter| uses(counter) > 0);
            counters.swept = counters.by_shape.len();
        }
        HashInUse::counted_by(counters.by_shape.entry(shape).or_default())
    }

    /// The shape at a point of the whole range, each having its share of it. Few points change their shape
    /// when a few hashes are added: an account whose time changed at a reload would give itself away as
    /// unknown.
    pub(crate) fn at(&self, point: u64) -> Option<Shape> {
        let counters = self.lock();
        // Once and for all: uses end while this goes on.
        let counts: Vec<(Shape, u128)> =
            counters.by_shape.iter().map(|(shape, counter)| (*shape, uses(counter))).collect();
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

    fn lock(&self) -> MutexGuard<'_, Counters> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn uses(counter: &Arc<()>) -> u128 {
    Arc::strong_count(counter).saturating_sub(1) as u128
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn shape(cost: u32) -> Shape {
        Shape::Bcrypt { cost }
    }

    #[test]
    fn what_is_left_behind_is_bounded() {
        let in_use = InUse::default();
        let _kept: Vec<HashInUse> = (0..100).map(|cost| in_use.count(shape(cost))).collect();
        for cost in 100..10_000 {
            drop(in_use.count(shape(cost)));
            let kept = in_use.lock().by_shape.len();
            assert!(kept <= 2 * 100 + LEFT_BEHIND, "{kept}");
        }
        assert_eq!(in_use.at(u64::MAX), Some(shape(99)));
    }

    /// One by one with a look at all others it would take minutes.
    #[test]
    fn every_hash_may_have_a_shape_of_its_own() {
        let (in_use, started) = (InUse::default(), Instant::now());
        let kept: Vec<HashInUse> = (0..200_000).map(|cost| in_use.count(shape(cost))).collect();
        assert_eq!(in_use.lock().by_shape.len(), kept.len());
        assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
    }
}
