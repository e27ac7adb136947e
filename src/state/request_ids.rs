//! The ids under which requests appear in the log.

use std::sync::atomic::{AtomicU64, Ordering};

use dockgate_api::{Random, RandomError, RequestId};

/// Hands out ids that no other request of this state has, and that look random: where they start is.
///
/// They name a line of the log and open nothing, so that randomness for each, at half a microsecond, would be wasted.
#[derive(Debug)]
pub(super) struct RequestIds(AtomicU64);

impl RequestIds {
    /// Ids from a random start.
    pub(super) fn new(random: &dyn Random) -> Result<Self, RandomError> {
        let mut start = [0; 8];
        random.fill(&mut start)?;
        Ok(Self(AtomicU64::new(u64::from_ne_bytes(start))))
    }

    pub(super) fn next(&self) -> RequestId {
        RequestId::from_bits(scattered(self.0.fetch_add(1, Ordering::Relaxed)))
    }
}

/// One number for each, neighbours far apart (the finalizer of `SplitMix64`).
fn scattered(number: u64) -> u64 {
    let mixed = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use dockgate_testkit::fakes::RepeatableRandom;

    use super::*;

    #[test]
    fn no_two_requests_share_an_id_and_no_two_starts_share_ids() {
        let ids = |seed| {
            let ids = RequestIds::new(&RepeatableRandom::seeded(seed)).unwrap();
            (0..10_000).map(|_| ids.next()).collect::<HashSet<_>>()
        };
        let (one, other) = (ids(1), ids(2));
        assert_eq!((one.len(), other.len()), (10_000, 10_000));
        assert!(one.is_disjoint(&other));
    }
}
