//! What backends say of one call.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dockgate_api::{Call, RuleNote, Step, TraceSink};

use super::Occasion;
use crate::access::explanation::{ExplainedRule, shown};

/// More than any backend says of one call; a bound on what a stranger's may.
const MOST: usize = 200;

/// Gathers what is said.
#[derive(Clone, Default)]
pub(super) struct Notes(Arc<Mutex<Said>>);

#[derive(Default)]
struct Said {
    steps: Vec<Step>,
    rules: Vec<(Arc<str>, RuleNote)>,
}

impl Notes {
    /// A call whose steps come here.
    pub(super) fn call(&self, occasion: Occasion) -> Call {
        Call::traced(occasion.now, occasion.deadline, occasion.request_id, Box::new(self.clone()))
    }

    /// What a link said.
    pub(super) fn texts(&self, link: &str) -> Vec<String> {
        let said = self.said();
        said.steps.iter().filter(|step| step.link.as_ref() == link).map(|step| shown(&step.text)).collect()
    }

    /// The rules, each once: the same question may have been asked for parts of what was asked, too.
    pub(super) fn rules(&self) -> Vec<ExplainedRule> {
        let said = self.said();
        let mut rules: Vec<&(Arc<str>, RuleNote)> = Vec::new();
        for rule in &said.rules {
            if !rules.contains(&rule) {
                rules.push(rule);
            }
        }
        rules.into_iter().map(|(link, rule)| ExplainedRule::of(link, rule)).collect()
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TraceSink for Notes {
    fn note(&self, step: Step) {
        let mut said = self.said();
        if said.steps.len() < MOST {
            said.steps.push(step);
        }
    }

    fn rule(&self, link: &Arc<str>, rule: RuleNote) {
        let mut said = self.said();
        if said.rules.len() < MOST {
            said.rules.push((Arc::clone(link), rule));
        }
    }
}
