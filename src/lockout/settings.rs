//! What holds of lock-out under one configuration.

use std::time::Duration;

use dockgate_rules::Network;

use super::Place;

/// When somebody is refused for a while, and when slowed.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Networks that are never banned.
    pub allow: Vec<Network>,
    /// For one account from one place.
    pub pair: Limit,
    /// For one place, whatever the account.
    pub address: Limit,
    /// For one account, wherever from.
    pub account: Slowing,
    /// For so long the same wrong password of the same client is known to be wrong.
    pub repeat: Duration,
}

/// So many failures within a time are a ban.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// How many.
    pub failures: u32,
    /// Since the first of them.
    pub within: Duration,
    /// How long it lasts.
    pub ban: Duration,
}

/// From so many failures within a time on, logins wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slowing {
    /// How many.
    pub failures: u32,
    /// Since the first of them.
    pub within: Duration,
    /// How long they wait at the most.
    pub delay: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        let minutes = |number: u64| Duration::from_secs(60 * number);
        Self {
            allow: Vec::new(),
            pair: Limit { failures: 5, within: minutes(2), ban: minutes(5) },
            address: Limit { failures: 50, within: minutes(10), ban: minutes(5) },
            account: Slowing { failures: 10, within: minutes(10), delay: Duration::from_secs(2) },
            repeat: Duration::from_secs(10),
        }
    }
}

impl Settings {
    pub(super) fn allows(&self, place: Place) -> bool {
        self.allow.iter().any(|network| place.meets(network))
    }
}

impl Slowing {
    /// How long the next login waits after so many failures: an eighth of the most, then twice as long each time.
    pub(super) fn delay_after(&self, failures: u32) -> Duration {
        match failures.checked_sub(self.failures) {
            None => Duration::ZERO,
            Some(beyond) => self.delay / (8 >> beyond.min(3)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_slowed_step_by_step_and_never_more_than_so_much() {
        let slowing = Settings::default().account;
        for (failures, milliseconds) in
            [(0, 0), (9, 0), (10, 250), (11, 500), (12, 1000), (13, 2000), (14, 2000), (u32::MAX, 2000)]
        {
            assert_eq!(slowing.delay_after(failures), Duration::from_millis(milliseconds), "{failures}");
        }
    }
}
