//! How much room an answer takes: a number of them is no bound where each may be as long as it likes.

use dockgate_api::{Actions, Decision, Granted, Identity};
use quick_cache::Weighter;

use super::Held;
use super::key::Digest;

/// So many bytes count as one entry; labels of somebody in fifty groups fit.
const ENTRY: usize = 4 * 1024;
/// Nothing counts for more, so that the largest answer fits into one part of the cache: the least that a part has room for.
const HEAVIEST: usize = 32;

/// What a decision holds, in bytes: what it was answered, and what each of its texts costs beside its letters.
pub trait Weigh {
    /// About so many.
    fn size(&self) -> usize;
}

/// What a text costs beside its letters.
const TEXT: usize = 48;

impl Weigh for Identity {
    fn size(&self) -> usize {
        let texts = self.labels.iter().flat_map(|(_, values)| values);
        texts.map(|text| TEXT + text.as_str().len()).sum::<usize>() + self.subject.len() + self.account.len()
    }
}

impl Weigh for Granted {
    fn size(&self) -> usize {
        match &self.actions {
            Actions::Only(actions) => actions.iter().map(|action| TEXT + action.len()).sum(),
            Actions::All => 0,
        }
    }
}

/// As how many entries a decision counts in a cache of so many.
pub(super) fn of<T: Weigh>(decision: &Decision<T>, entries: usize) -> u64 {
    let size = match decision {
        Decision::Allow(allowed) => allowed.size(),
        // Its reason is short: whoever reads an answer cuts it.
        Decision::Deny(_) | Decision::NoMatch => 0,
    };
    (1 + size / ENTRY).min(HEAVIEST).min(entries) as u64
}

#[derive(Clone, Debug)]
pub(super) struct ByWeight;

impl<T> Weighter<Digest, Held<T>> for ByWeight {
    fn weight(&self, _: &Digest, held: &Held<T>) -> u64 {
        held.weight
    }
}
