//! `token.refresh`: tokens that clients keep in place of passwords.

use std::time::Duration;

use dockgate_api::config::{KeyPath, Located, Problem, Span};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::credentials::RefreshTerms;

const DAY: Duration = Duration::from_hours(24);
const LIFETIME: Duration = Duration::from_hours(90 * 24);
const IDLE: Duration = Duration::from_hours(14 * 24);
/// Who wants one for ever has not thought of the laptop in the train.
const LONGEST: Duration = Duration::from_hours(730 * 24);
const SHORTEST: Duration = Duration::from_mins(5);

/// `token.refresh` as written. Needs `store:`.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct RefreshConfig {
    /// Whether clients that ask for a refresh token get one.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// How long one lives, however much it is used; `90d` if not given.
    pub lifetime: Option<Located<Span>>,
    /// How long one lives that nobody uses; `14d` if not given.
    pub idle: Option<Located<Span>>,
}

fn yes() -> bool {
    true
}

impl RefreshConfig {
    /// What types alone cannot say.
    pub(super) fn validate(&self, path: &KeyPath, problems: &mut Vec<Problem>, warnings: &mut Vec<Problem>) {
        for (name, span) in [("lifetime", &self.lifetime), ("idle", &self.idle)] {
            let Some(span) = span else { continue };
            if !(SHORTEST..=LONGEST).contains(&span.value.0) {
                let message = "out of range: write a span from `5m` to `730d`";
                problems.push(Problem::new(span.location.clone(), path.key(name), message));
            }
        }
        if let Some(idle) = self.idle.as_ref().filter(|idle| idle.value.0 > self.terms().lifetime) {
            let message =
                "longer than `lifetime`, which ends a token in any case: write less, or take it away";
            warnings.push(Problem::new(idle.location.clone(), path.key("idle"), message));
        }
        if let Some(lifetime) = self.lifetime.as_ref().filter(|lifetime| lifetime.value.0 > 365 * DAY) {
            let message = "a token that is stolen and used lives as long; `90d` is usual";
            warnings.push(Problem::new(lifetime.location.clone(), path.key("lifetime"), message));
        }
    }

    /// How long they live.
    pub fn terms(&self) -> RefreshTerms {
        let of = |span: &Option<Located<Span>>, usual| span.as_ref().map_or(usual, |span| span.value.0);
        RefreshTerms { lifetime: of(&self.lifetime, LIFETIME), idle: of(&self.idle, IDLE) }
    }
}
