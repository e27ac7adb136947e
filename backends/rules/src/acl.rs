//! Rules in order: the first that matches decides.

#[cfg(test)]
mod docker_auth_cases;
mod explained;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod window_tests;

use dockgate_api::{AccessRequest, Answer, BackendError, Call, Decision, Granted};

use crate::index::Index;
use crate::regexes::Regexes;
use crate::rule::{Effect, Rule};
use crate::sharing::share;

/// How many rules are tried between two looks at the clock.
const RULES_BETWEEN_LOOKS: usize = 16;

/// An access control list.
#[derive(Debug)]
pub struct Acl {
    rules: Box<[Rule]>,
    index: Index,
    regexes: Regexes,
}

impl Acl {
    /// A list of rules in the order in which they are tried.
    pub fn new(mut rules: Vec<Rule>) -> Self {
        share(&mut rules);
        Self { index: Index::of(&rules), rules: rules.into(), regexes: Regexes::default() }
    }

    /// How many rules there are.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether there is no rule: nothing is then granted.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// What the first matching rule says of those that count at the time of the call; nothing if there is none. It
    /// holds until that rule ends, or until a matching one before it begins.
    ///
    /// # Errors
    /// [`BackendError::Protocol`] if a rule cannot be decided within its bounds. Passing it over could open access.
    pub fn decide(&self, cx: &Call, request: &AccessRequest<'_>) -> Answer<Granted> {
        if cx.is_traced() {
            self.explain(cx, request);
        }
        self.first_of(self.index.candidates(request), cx, request)
    }

    #[cfg(test)]
    pub(crate) fn index(&self) -> &Index {
        &self.index
    }

    /// The same by trying every rule: what the index must answer.
    ///
    /// # Errors
    /// As [`decide`](Self::decide).
    #[doc(hidden)]
    pub fn decide_one_by_one(&self, cx: &Call, request: &AccessRequest<'_>) -> Answer<Granted> {
        self.first_of(0..self.rules.len(), cx, request)
    }

    /// What the first rule says that counts and matches, of those with these numbers.
    fn first_of(
        &self,
        numbers: impl Iterator<Item = usize>,
        cx: &Call,
        request: &AccessRequest<'_>,
    ) -> Answer<Granted> {
        // When a rule that would have decided begins to count.
        let mut begins = None;
        for (tried, rule) in numbers.filter_map(|number| self.rules.get(number)).enumerate() {
            // Nothing else can interrupt work that never waits.
            if tried % RULES_BETWEEN_LOOKS == RULES_BETWEEN_LOOKS - 1 && cx.remaining().is_zero() {
                let detail = format!("{tried} of {} rules took too long", self.rules.len());
                return Err(BackendError::Timeout(detail));
            }
            let effect = rule.effect(cx.now(), request, &self.regexes).map_err(|error| {
                BackendError::Protocol(format!("the rule at {}: {error}", rule.because()))
            })?;
            match effect {
                Effect::None => {}
                Effect::From(from) => {
                    begins = Some(begins.map_or(from, |earlier| from.min(earlier)));
                }
                Effect::Decides => {
                    let ends = [begins, rule.validity().window.until()].into_iter().flatten().min();
                    let granted = Granted::new(rule.actions().clone(), rule.because().clone());
                    return Ok(Decision::Allow(granted.with_valid_until(ends)));
                }
            }
        }
        if let Some(begins) = begins {
            cx.bound_no_match(begins);
        }
        Ok(Decision::NoMatch)
    }
}
