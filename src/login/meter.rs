//! Sign-ins, counted.

use std::collections::HashMap;

use dockgate_api::{Counter, Metrics, Series};

use super::Trouble;

/// What came of a sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Somebody is signed in.
    SignedIn,
    /// The provider, or we, do not let them in.
    Refused,
    /// They said no at the provider.
    Cancelled,
    /// The answer belongs to no sign-in of that browser.
    Stale,
    /// Too many failed from there.
    Locked,
    /// The provider, or the store, does not answer.
    Unavailable,
}

impl Outcome {
    const ALL: [(Self, &str); 6] = [
        (Self::SignedIn, "signed_in"),
        (Self::Refused, "refused"),
        (Self::Cancelled, "cancelled"),
        (Self::Stale, "stale"),
        (Self::Locked, "locked"),
        (Self::Unavailable, "unavailable"),
    ];

    /// What came of it, by what the person is told.
    pub(super) fn of(trouble: Option<&Trouble>) -> Self {
        match trouble {
            None => Self::SignedIn,
            Some(Trouble::Refused(_)) => Self::Refused,
            Some(Trouble::Cancelled(_)) => Self::Cancelled,
            Some(Trouble::Locked(_)) => Self::Locked,
            Some(Trouble::Unavailable(_) | Trouble::Failed(_) | Trouble::NoStore) => Self::Unavailable,
            Some(_) => Self::Stale,
        }
    }
}

/// The counters of each link.
#[derive(Debug, Default)]
pub(crate) struct Meter(HashMap<String, [Counter; Outcome::ALL.len()]>);

impl Meter {
    pub(super) fn new<'l>(metrics: &dyn Metrics, links: impl Iterator<Item = &'l str>) -> Self {
        let counters = |link: &str| {
            Outcome::ALL.map(|(_, outcome)| {
                let series = Series::new("dockgate_sign_ins_total", "Sign-ins through a browser.");
                metrics.counter(&series.label("link", link).label("outcome", outcome))
            })
        };
        Self(links.map(|link| (link.to_owned(), counters(link))).collect())
    }

    pub(super) fn count(&self, link: &str, outcome: Outcome) {
        let place = Outcome::ALL.iter().position(|(known, _)| *known == outcome);
        if let Some(counter) = self.0.get(link).zip(place).and_then(|(counters, place)| counters.get(place)) {
            counter.add(1);
        }
    }
}
