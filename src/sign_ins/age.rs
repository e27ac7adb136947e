//! How old an answer of a provider is, and what that means.

use std::time::{Duration, SystemTime};

use dockgate_api::FlowTerms;

/// Replicas' clocks differ; further ahead is a clock that was turned.
const SKEW: Duration = Duration::from_secs(60);

/// What an answer is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Worth {
    /// It counts.
    Fresh,
    /// The provider is to be asked; while it does not answer, this counts.
    Due,
    /// It counts no more.
    Over,
}

/// What an answer of then is worth now. One that was given in the future was given by a clock that was turned back since:
/// nobody knows how old it is, and it lasts no longer than any other.
pub(super) fn worth(checked_at: SystemTime, now: SystemTime, terms: &FlowTerms) -> Worth {
    let age = match now.duration_since(checked_at) {
        Ok(age) => age,
        Err(ahead) if ahead.duration() <= SKEW => Duration::ZERO,
        Err(ahead) => terms.revalidate_after.saturating_add(ahead.duration()),
    };
    if age < terms.revalidate_after {
        Worth::Fresh
    } else if age < terms.revalidate_after.saturating_add(terms.revalidate_grace) {
        Worth::Due
    } else {
        Worth::Over
    }
}

#[cfg(test)]
mod tests {
    use dockgate_testkit::fakes::noon;

    use super::*;

    #[test]
    fn an_answer_counts_then_is_asked_for_again_then_ends() {
        let hour = Duration::from_secs(3600);
        let mut terms = FlowTerms::new("GitHub");
        (terms.revalidate_after, terms.revalidate_grace) = (hour, 2 * hour);
        let second = Duration::from_secs(1);
        for (now, expected) in [
            (noon(), Worth::Fresh),
            (noon() + hour - second, Worth::Fresh),
            (noon() + hour, Worth::Due),
            (noon() + 3 * hour - second, Worth::Due),
            (noon() + 3 * hour, Worth::Over),
            (noon() - SKEW, Worth::Fresh),
            (noon() - SKEW - second, Worth::Due),
            (noon() - 2 * hour + second, Worth::Due),
            (noon() - 2 * hour, Worth::Over),
        ] {
            assert_eq!(worth(noon(), now, &terms), expected, "{:?}", now.duration_since(noon()));
        }
    }
}
