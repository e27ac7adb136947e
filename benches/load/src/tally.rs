//! What came of the requests of a round.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use hdrhistogram::Histogram;
use hyper::StatusCode;

use crate::client::NoAnswer;
use crate::error::LoadError;

/// Three digits, from a microsecond to an hour.
const HIGHEST: u64 = 3_600_000_000;
const DIGITS: u8 = 3;

pub(crate) struct Tally {
    pub(crate) statuses: BTreeMap<u16, u64>,
    pub(crate) failures: BTreeMap<NoAnswer, u64>,
    /// Microseconds of those that were answered.
    latencies: Histogram<u64>,
}

impl Tally {
    pub(crate) fn new() -> Result<Self, LoadError> {
        let latencies = Histogram::new_with_bounds(1, HIGHEST, DIGITS);
        let latencies = latencies.map_err(|error| LoadError::Start(io::Error::other(error)))?;
        Ok(Self { statuses: BTreeMap::new(), failures: BTreeMap::new(), latencies })
    }

    pub(crate) fn count(&mut self, answer: Result<StatusCode, NoAnswer>, latency: Duration) {
        match answer {
            Ok(status) => {
                *self.statuses.entry(status.as_u16()).or_default() += 1;
                self.latencies.saturating_record(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX));
            }
            Err(failure) => *self.failures.entry(failure).or_default() += 1,
        }
    }

    /// Requests that were answered.
    pub(crate) fn answers(&self) -> u64 {
        self.statuses.values().sum()
    }

    /// So many of a hundred answers took no longer, in microseconds.
    pub(crate) fn percentile(&self, percent: f64) -> u64 {
        self.latencies.value_at_percentile(percent)
    }

    /// The slowest answer, in microseconds.
    pub(crate) fn slowest(&self) -> u64 {
        self.latencies.max()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hyper::StatusCode;

    use super::Tally;
    use crate::client::NoAnswer;

    #[test]
    fn percentiles_are_those_of_the_answers() {
        let mut tally = Tally::new().unwrap();
        for micros in 1..=1000 {
            tally.count(Ok(StatusCode::OK), Duration::from_micros(micros));
        }
        tally.count(Err(NoAnswer::Late), Duration::from_secs(3));
        let shown = [50.0, 90.0, 99.0].map(|percent| tally.percentile(percent));
        assert_eq!((shown, tally.slowest()), ([500, 900, 990], 1000));

        tally.count(Ok(StatusCode::UNAUTHORIZED), Duration::from_secs(100_000));
        assert!(tally.slowest() >= 3_600_000_000, "what takes longer than can be counted took long");
        assert_eq!((tally.answers(), tally.statuses[&200], tally.statuses[&401]), (1001, 1000, 1));
        assert_eq!(tally.failures[&NoAnswer::Late], 1);
    }
}
