//! `lockout:` — who fails too often is slowed, then refused for a while.

use std::time::Duration;

use dockgate_api::config::{GoDuration, KeyPath, Located, Problem};
use schemars::JsonSchema;
use serde::Deserialize;

use super::server::TrustedNetwork;
use crate::lockout::{Limit, Settings, Slowing};

/// Counts above it count nothing that anybody waits for.
const MOST_FAILURES: u32 = 100_000;
const LONGEST_WITHIN: Duration = Duration::from_hours(24);
const LONGEST_BAN: Duration = Duration::from_hours(7 * 24);
/// Clients give up, and whoever waits holds a connection.
const LONGEST_DELAY: Duration = Duration::from_secs(10);
/// For so long a password that was wrong and was made right would be refused.
const LONGEST_REPEAT: Duration = Duration::from_mins(1);
/// Directories lock accounts themselves, many after ten failures.
const MOST_BEFORE_A_DIRECTORY: u32 = 10;

/// The `lockout` section.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LockoutConfig {
    /// Whether failed logins are counted at all; true if not given.
    pub enabled: Option<Located<bool>>,
    /// Networks that are never banned, such as build machines behind one address.
    pub allow: Vec<Located<TrustedNetwork>>,
    /// One account from one address: 5 failures in 2m are a ban of 5m if not given.
    pub pair: LimitConfig,
    /// One address (IPv6: a /64), whatever the account: 50 failures in 10m are a ban of 5m if not given.
    pub address: LimitConfig,
    /// One account, wherever from: never banned; from 10 failures in 10m on it waits up to 2s if not given.
    pub account: SlowingConfig,
    /// For so long the same wrong password of the same client is refused without asking again, and counts once; 10s if
    /// not given, 0 for never.
    pub repeat: Option<Located<GoDuration>>,
}

/// When somebody is banned, and for how long.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LimitConfig {
    /// So many failures.
    pub failures: Option<Located<u32>>,
    /// Within this time, from the first of them.
    pub within: Option<Located<GoDuration>>,
    /// Are a ban of this length.
    pub ban: Option<Located<GoDuration>>,
}

/// When somebody is slowed, and how much.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SlowingConfig {
    /// From so many failures on.
    pub failures: Option<Located<u32>>,
    /// Within this time, from the first of them.
    pub within: Option<Located<GoDuration>>,
    /// Logins wait so long at the most; 0 for never.
    pub delay: Option<Located<GoDuration>>,
}

impl LockoutConfig {
    /// What holds; none if nothing is counted.
    pub fn settings(&self) -> Option<Settings> {
        let default = Settings::default();
        let is_on = self.enabled.as_ref().is_none_or(|enabled| enabled.value);
        is_on.then(|| Settings {
            allow: self.allow.iter().map(|network| network.value.0).collect(),
            pair: self.pair.limit(default.pair),
            address: self.address.limit(default.address),
            account: self.account.slowing(default.account),
            repeat: given(self.repeat.as_ref(), default.repeat),
        })
    }

    /// Looks for what makes no sense, and for what makes little.
    pub fn validate(&self, path: &KeyPath, problems: &mut Vec<Problem>, warnings: &mut Vec<Problem>) {
        let second = Duration::from_secs(1);
        for (key, limit) in [("pair", &self.pair), ("address", &self.address)] {
            let path = path.key(key);
            count(limit.failures.as_ref(), &path, problems);
            time(limit.within.as_ref(), &path.key("within"), (second, LONGEST_WITHIN), problems);
            time(limit.ban.as_ref(), &path.key("ban"), (second, LONGEST_BAN), problems);
        }
        let account = path.key("account");
        count(self.account.failures.as_ref(), &account, problems);
        time(self.account.within.as_ref(), &account.key("within"), (second, LONGEST_WITHIN), problems);
        time(self.account.delay.as_ref(), &account.key("delay"), (Duration::ZERO, LONGEST_DELAY), problems);
        time(self.repeat.as_ref(), &path.key("repeat"), (Duration::ZERO, LONGEST_REPEAT), problems);
        self.warn(path, warnings);
    }

    fn warn(&self, path: &KeyPath, warnings: &mut Vec<Problem>) {
        let Some(settings) = self.settings() else {
            if let Some(enabled) = &self.enabled {
                let message =
                    "passwords can be guessed as fast as they can be checked: put a rate limit in front";
                warnings.push(Problem::new(enabled.location.clone(), path.key("enabled"), message));
            }
            return;
        };
        for (index, network) in self.allow.iter().enumerate() {
            if network.value.0.to_string().ends_with("/0") {
                let message = "nobody is ever banned so: write the networks of your build machines";
                let path = path.key("allow").item(network.index.unwrap_or(index));
                warnings.push(Problem::new(network.location.clone(), path, message));
            }
        }
        if let Some(failures) = &self.pair.failures {
            let path = path.key("pair").key("failures");
            if failures.value > settings.address.failures {
                let message = "the address is banned before: write more for `address.failures`, or less here";
                warnings.push(Problem::new(failures.location.clone(), path, message));
            } else if failures.value > MOST_BEFORE_A_DIRECTORY {
                let message =
                    "a directory may lock the account before: stay below its own number of failures";
                warnings.push(Problem::new(failures.location.clone(), path, message));
            }
        }
    }
}

impl LimitConfig {
    fn limit(&self, default: Limit) -> Limit {
        Limit {
            failures: self.failures.as_ref().map_or(default.failures, |failures| failures.value),
            within: given(self.within.as_ref(), default.within),
            ban: given(self.ban.as_ref(), default.ban),
        }
    }
}

impl SlowingConfig {
    fn slowing(&self, default: Slowing) -> Slowing {
        Slowing {
            failures: self.failures.as_ref().map_or(default.failures, |failures| failures.value),
            within: given(self.within.as_ref(), default.within),
            delay: given(self.delay.as_ref(), default.delay),
        }
    }
}

fn given(duration: Option<&Located<GoDuration>>, default: Duration) -> Duration {
    duration.map_or(default, |duration| duration.value.0)
}

fn count(failures: Option<&Located<u32>>, path: &KeyPath, problems: &mut Vec<Problem>) {
    if let Some(failures) = failures.filter(|failures| !(1..=MOST_FAILURES).contains(&failures.value)) {
        let message = format!(
            "{} is out of range: write a number from 1 to {MOST_FAILURES}; `enabled: false` turns lock-out off",
            failures.value
        );
        problems.push(Problem::new(failures.location.clone(), path.key("failures"), message));
    }
}

fn time(
    duration: Option<&Located<GoDuration>>,
    path: &KeyPath,
    (least, most): (Duration, Duration),
    problems: &mut Vec<Problem>,
) {
    if let Some(duration) = duration.filter(|duration| !(least..=most).contains(&duration.value.0)) {
        let message =
            format!("out of range: write a duration from `{}` to `{}`", in_words(least), in_words(most));
        problems.push(Problem::new(duration.location.clone(), path.clone(), message));
    }
}

/// `24h`, `1m`, `10s`.
fn in_words(duration: Duration) -> String {
    match duration.as_secs() {
        hours if hours >= 3600 => format!("{}h", hours / 3600),
        minutes if minutes >= 60 => format!("{}m", minutes / 60),
        seconds => format!("{seconds}s"),
    }
}
