//! Rules that end, and what then decides in their place.

#[cfg(test)]
mod tests;

use std::fmt;
use std::time::SystemTime;

use dockgate_api::config::{Moment, Standing};
use dockgate_api::{ActionSet, Actions, Because};

use crate::rule::{Comparisons, Rule};

/// Pairs of rules that are compared at most: a fraction of a second.
const MOST_PAIRS: u32 = 1_000_000;

/// A rule ends, and a broader one behind it then grants more.
#[derive(Debug)]
pub struct Takeover<'r> {
    /// Which rule of the list ends, counted from 0.
    pub rule: usize,
    /// When it ends.
    pub ends: SystemTime,
    /// The broader rule.
    pub by: &'r Because,
    /// When that one begins to decide: not before the end, and not before its own window.
    pub from: SystemTime,
    /// What it grants beyond the first.
    pub more: Actions,
}

impl fmt::Display for Takeover<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (ends, from) = (Moment(self.ends), Moment(self.from));
        let more = match &self.more {
            Actions::All => "all that is asked".to_owned(),
            Actions::Only(more) => format!("`{more}` too"),
        };
        write!(
            f,
            "this rule ends on {ends}, and from {from} on the broader rule at {} decides instead: it grants {more}; \
             put a rule without an end between them if that is not meant",
            self.by
        )
    }
}

/// The rules that count now or later, and whose end opens more than they grant: whatever one matches, a later rule
/// matches too and grants more. Very long lists with many such ends are looked at in part.
pub fn takeovers(rules: &[Rule], now: SystemTime) -> Vec<Takeover<'_>> {
    let mut comparisons = Comparisons::new(MOST_PAIRS);
    let mut found = Vec::new();
    for (place, rule) in rules.iter().enumerate() {
        let Some(ends) = rule.validity().window.until() else { continue };
        if matches!(rule.validity().at(now), Standing::Over(_) | Standing::Disabled) {
            continue;
        }
        for broader in rules.iter().skip(place + 1) {
            if !comparisons.spend(1) {
                return found;
            }
            let from = broader.validity().window.from().map_or(ends, |from| from.max(ends));
            if broader.validity().at(from) != Standing::Valid || !broader.covers(rule, &mut comparisons) {
                continue;
            }
            if let Some(more) = more(rule.actions(), broader.actions()) {
                found.push(Takeover { rule: place, ends, by: broader.because(), from, more });
            }
            break;
        }
    }
    found
}

/// What the second grants beyond the first, if anything.
fn more(narrow: &Actions, broad: &Actions) -> Option<Actions> {
    match (narrow, broad) {
        (Actions::All, _) => None,
        (Actions::Only(_), Actions::All) => Some(Actions::All),
        (Actions::Only(narrow), Actions::Only(broad)) => {
            let more: ActionSet = broad.iter().filter(|action| !narrow.contains(action)).collect();
            (!more.is_empty()).then_some(Actions::Only(more))
        }
    }
}
