//! What is to be said of a server's certificate.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use x509_parser::prelude::{ASN1Time, FromDer, X509Certificate};

/// A certificate that ends within this time is warned of.
const EXPIRES_SOON: Duration = Duration::from_secs(30 * DAY);
const DAY: u64 = 24 * 60 * 60;

/// The certificate that a server proves itself with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerCertificate {
    /// When it begins.
    pub not_before: SystemTime,
    /// When it ends: the second after which no client takes it.
    pub not_after: SystemTime,
    der: Vec<u8>,
}

/// What is to be said of it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Every client refuses it: no reason to start, but none to stop either.
    Expired,
    /// Clients refuse it until its time begins.
    NotYetValid,
    /// Somebody should renew it.
    EndsIn {
        /// What is left, in whole days.
        days: u64,
    },
}

impl Finding {
    /// What is wrong, and the cure.
    pub fn message(&self) -> String {
        match self {
            Self::Expired => "the server's certificate has expired, and every client refuses it: renew it".to_owned(),
            Self::NotYetValid => {
                "the server's certificate is not valid yet: clients refuse it until it is; look at the clock too".to_owned()
            }
            Self::EndsIn { days } => format!("the server's certificate expires in {days} days: renew it"),
        }
    }
}

impl ServerCertificate {
    pub(crate) fn of(der: &[u8]) -> Option<Self> {
        let (_, parsed) = X509Certificate::from_der(der).ok()?;
        let validity = parsed.validity();
        Some(Self {
            not_before: system_time(validity.not_before)?,
            not_after: system_time(validity.not_after)?,
            der: der.to_vec(),
        })
    }

    /// What is to be said of it at a time, if anything.
    pub fn finding(&self, now: SystemTime) -> Option<Finding> {
        if now > self.not_after {
            Some(Finding::Expired)
        } else if now < self.not_before {
            Some(Finding::NotYetValid)
        } else {
            let left = self.not_after.duration_since(now).unwrap_or_default();
            (left <= EXPIRES_SOON).then_some(Finding::EndsIn { days: left.as_secs() / DAY })
        }
    }
}

fn system_time(time: ASN1Time) -> Option<SystemTime> {
    let seconds = time.timestamp();
    let distance = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_of_its_life() {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        let begin = 1_000_000_000;
        let end = begin + 90 * DAY;
        let certificate = ServerCertificate { not_before: at(begin), not_after: at(end), der: Vec::new() };
        for (now, found) in [
            (begin - 1, Some(Finding::NotYetValid)),
            (begin, None),
            (end - 30 * DAY - 1, None),
            (end - 30 * DAY, Some(Finding::EndsIn { days: 30 })),
            (end - 1, Some(Finding::EndsIn { days: 0 })),
            (end, Some(Finding::EndsIn { days: 0 })),
            (end + 1, Some(Finding::Expired)),
        ] {
            assert_eq!(certificate.finding(at(now)), found, "{now}");
        }
    }
}
