//! From what was counted to figures.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use crate::client::NoAnswer;
use crate::rounds::Round;
use crate::series::Series;
use crate::stream::Outcome;

const TOKEN: u16 = 200;

/// What one round showed. Times are microseconds where the name does not say otherwise.
#[derive(Serialize)]
pub(super) struct RoundFigures {
    pub(super) answers: u64,
    pub(super) statuses: BTreeMap<u16, u64>,
    pub(super) failures: BTreeMap<NoAnswer, u64>,
    pub(super) unsent: u64,
    pub(super) server_cpu_seconds: Option<f64>,
    figures: Medians<Option<f64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) flood: Option<FloodFigures>,
}

/// What came of the wrong passwords.
#[derive(Serialize)]
pub(super) struct FloodFigures {
    pub(super) statuses: BTreeMap<u16, u64>,
    pub(super) failures: BTreeMap<NoAnswer, u64>,
}

/// A value of each kind of figure.
#[derive(Clone, Copy, Serialize)]
pub(super) struct Medians<T> {
    pub(super) answers_a_second: T,
    pub(super) p50: T,
    pub(super) p90: T,
    pub(super) p99: T,
    pub(super) slowest: T,
    /// The server's processor time for a request.
    pub(super) server_cpu: T,
    /// The generator's, those who guess included.
    pub(super) generator_cpu: T,
    pub(super) guesses_a_second: T,
}

impl RoundFigures {
    pub(super) fn new(round: &Round) -> Self {
        let Outcome { tally, elapsed, unsent } = &round.outcome;
        let answers = tally.answers();
        let a_request = |cpu: Duration| (answers > 0).then(|| cpu.as_secs_f64() * 1e6 / float(answers));
        let latency = |micros: u64| (answers > 0).then(|| float(micros));
        let figures = Medians {
            answers_a_second: a_second(answers, *elapsed),
            p50: latency(tally.percentile(50.0)),
            p90: latency(tally.percentile(90.0)),
            p99: latency(tally.percentile(99.0)),
            slowest: latency(tally.slowest()),
            server_cpu: round.server_cpu.filter(|_| round.flood.is_none()).and_then(a_request),
            generator_cpu: a_request(round.generator_cpu),
            guesses_a_second: round
                .flood
                .as_ref()
                .and_then(|flood| a_second(flood.tally.answers(), flood.elapsed)),
        };
        Self {
            answers,
            statuses: tally.statuses.clone(),
            failures: tally.failures.clone(),
            unsent: *unsent,
            server_cpu_seconds: round.server_cpu.map(|cpu| cpu.as_secs_f64()),
            figures,
            flood: round.flood.as_ref().map(|flood| FloodFigures {
                statuses: flood.tally.statuses.clone(),
                failures: flood.tally.failures.clone(),
            }),
        }
    }

    /// Requests that brought no token.
    pub(super) fn others(&self) -> u64 {
        let statuses: u64 =
            self.statuses.iter().filter(|(status, _)| **status != TOKEN).map(|(_, n)| n).sum();
        statuses + self.failures.values().sum::<u64>()
    }
}

impl<T: Copy> Medians<T> {
    fn each<U>(from: impl Fn(fn(&Self) -> T) -> U) -> Medians<U> {
        Medians {
            answers_a_second: from(|of| of.answers_a_second),
            p50: from(|of| of.p50),
            p90: from(|of| of.p90),
            p99: from(|of| of.p99),
            slowest: from(|of| of.slowest),
            server_cpu: from(|of| of.server_cpu),
            generator_cpu: from(|of| of.generator_cpu),
            guesses_a_second: from(|of| of.guesses_a_second),
        }
    }
}

impl Medians<Option<Series>> {
    pub(super) fn of(rounds: &[RoundFigures]) -> Self {
        Medians::<Option<f64>>::each(|get| Series::of(rounds.iter().map(|round| get(&round.figures))))
    }
}

impl Medians<Option<f64>> {
    pub(super) fn ratios(first: &Medians<Option<Series>>, second: &Medians<Option<Series>>) -> Self {
        Medians::<Option<Series>>::each(|get| Series::ratio(get(first), get(second)))
    }
}

fn a_second(number: u64, elapsed: Duration) -> Option<f64> {
    let seconds = elapsed.as_secs_f64();
    (seconds > 0.0).then(|| float(number) / seconds)
}

#[expect(clippy::cast_precision_loss, reason = "no count comes near 2^52")]
fn float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hyper::StatusCode;

    use super::{Medians, RoundFigures};
    use crate::client::NoAnswer;
    use crate::rounds::Round;
    use crate::stream::Outcome;
    use crate::tally::Tally;

    fn round(answers: u32, cpu_millis: u64) -> RoundFigures {
        let mut tally = Tally::new().unwrap();
        for _ in 0..answers {
            tally.count(Ok(StatusCode::OK), Duration::from_micros(250));
        }
        tally.count(Ok(StatusCode::UNAUTHORIZED), Duration::from_micros(250));
        tally.count(Err(NoAnswer::Broken), Duration::ZERO);
        RoundFigures::new(&Round {
            outcome: Outcome { tally, elapsed: Duration::from_secs(2), unsent: 0 },
            server_cpu: Some(Duration::from_millis(cpu_millis)),
            generator_cpu: Duration::ZERO,
            flood: None,
        })
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "these have no remainder")]
    fn processor_time_is_shared_among_the_answers() {
        let ours = [round(999, 40), round(999, 20), round(999, 30)];
        let theirs = [round(99, 240)];
        let (ours, theirs) = (Medians::of(&ours), Medians::of(&theirs));
        assert_eq!(ours.server_cpu.unwrap().median, 30.0);
        assert_eq!(ours.answers_a_second.unwrap().median, 500.0);
        assert_eq!(ours.p99.unwrap().median, 250.0);
        assert!(ours.guesses_a_second.is_none());
        let ratios = Medians::ratios(&ours, &theirs);
        assert_eq!((ratios.server_cpu, ratios.answers_a_second), (Some(80.0), Some(0.1)));
    }

    #[test]
    fn whatever_is_no_token_is_counted_apart() {
        assert_eq!(round(10, 1).others(), 2);
    }

    #[test]
    fn without_answers_there_is_nothing_to_say() {
        let mut empty = round(0, 1);
        empty.figures = RoundFigures::new(&Round {
            outcome: Outcome { tally: Tally::new().unwrap(), elapsed: Duration::from_secs(1), unsent: 3 },
            server_cpu: Some(Duration::ZERO),
            generator_cpu: Duration::ZERO,
            flood: None,
        })
        .figures;
        assert!(empty.figures.p99.is_none() && empty.figures.server_cpu.is_none());
    }
}
