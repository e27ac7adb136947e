//! When a certificate is renewed, and when a failed order is tried again.

use std::time::{Duration, SystemTime};

use dockgate_api::Random;

use super::failure::{Failure, Kind};
use crate::net::tls::ServerCertificate;

const MINUTE: Duration = Duration::from_secs(60);
/// With nothing to show nobody waits longer, and most authorities take five refusals of a host in an hour.
const LONGEST_WITHOUT: Duration = Duration::from_secs(60 * 60);
/// While the old one is good.
const LONGEST: Duration = Duration::from_secs(6 * 60 * 60);
/// By how much servers that share a certificate are apart: a part of its life.
const SPREAD: f64 = 1.0 / 30.0;

/// When a certificate is to be renewed: after two thirds of its life, and a little later where chance says so.
pub(super) fn due(certificate: &ServerCertificate, spread: f64) -> SystemTime {
    let life = certificate.not_after.duration_since(certificate.not_before).unwrap_or_default();
    certificate.not_before + life * 2 / 3 + life.mul_f64(spread * SPREAD)
}

/// How long to wait after a number of failures in a row, the last of which is known.
pub(super) fn pause(
    failure: &Failure,
    failures: u32,
    has_one: bool,
    chance: f64,
    now: SystemTime,
) -> Duration {
    let first = match failure.kind {
        Kind::Passing => Duration::from_secs(10),
        Kind::Refused | Kind::NoAccount => 2 * MINUTE,
        Kind::TooOften => LONGEST_WITHOUT,
    };
    let longest = if has_one { LONGEST } else { LONGEST_WITHOUT };
    let doubled = first.saturating_mul(1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX));
    let own = doubled.min(longest);
    let wanted = failure.not_before.and_then(|until| until.duration_since(now).ok()).unwrap_or_default();
    own.max(wanted) + own.mul_f64(chance / 10.0)
}

/// From 0 to 1; without chance, 0.
pub(super) fn fraction(random: &dyn Random) -> f64 {
    let mut bytes = [0; 4];
    match random.fill(&mut bytes) {
        Ok(()) => f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX),
        Err(_) => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use dockgate_testkit::fakes::noon;

    use super::*;

    fn failure(kind: Kind, not_before: Option<SystemTime>) -> Failure {
        Failure { kind, not_before, ..Failure::ours("") }
    }

    #[test]
    fn failures_in_a_row_are_further_and_further_apart() {
        let waits = |kind, has_one| -> Vec<u64> {
            let of = |failures| pause(&failure(kind, None), failures, has_one, 0.0, noon()).as_secs();
            [1, 2, 3, 10, 32, 33, 1000].map(of).to_vec()
        };
        assert_eq!(waits(Kind::Passing, true), [10, 20, 40, 5120, 21600, 21600, 21600]);
        assert_eq!(waits(Kind::Passing, false), [10, 20, 40, 3600, 3600, 3600, 3600]);
        assert_eq!(waits(Kind::Refused, false), [120, 240, 480, 3600, 3600, 3600, 3600]);
        assert_eq!(waits(Kind::TooOften, false), [3600; 7]);
    }

    #[test]
    fn five_refusals_in_the_first_hour_are_the_most() {
        let wait = |failures| pause(&failure(Kind::Refused, None), failures, false, 0.0, noon());
        let within: Duration = (1..=5).map(wait).sum();
        assert!(within > Duration::from_secs(60 * 60), "{within:?}");
    }

    #[test]
    fn what_the_authority_asks_for_counts() {
        let until = noon() + Duration::from_secs(100_000);
        assert_eq!(pause(&failure(Kind::Passing, Some(until)), 1, true, 0.0, noon()).as_secs(), 100_000);
        let past = noon() - Duration::from_secs(5);
        assert_eq!(pause(&failure(Kind::Passing, Some(past)), 1, true, 1.0, noon()).as_secs(), 11);
    }
}
