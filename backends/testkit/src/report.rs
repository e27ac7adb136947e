//! What a suite found.

use std::fmt;

/// A rule of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// A short name.
    pub name: &'static str,
    /// What it demands.
    pub demand: &'static str,
    /// Where it stands.
    pub docs: &'static str,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} [{}]", self.name, self.demand, self.docs)
    }
}

/// A rule that a backend broke, and how.
#[derive(Clone, Debug)]
pub struct Broken {
    /// The rule.
    pub rule: Rule,
    /// What was asked and answered.
    pub how: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n    {}", self.rule, self.how)
    }
}

/// What a suite did.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Names of the rules that were tried, each once, in order.
    pub ran: Vec<&'static str>,
    /// What the fixture says the backend does not do, with its reasons.
    pub unsupported: Vec<String>,
    /// What is wrong.
    pub broken: Vec<Broken>,
}

impl Report {
    /// Whether a rule was tried.
    pub fn ran(&self, rule: &Rule) -> bool {
        self.ran.contains(&rule.name)
    }

    /// Whether a rule was broken.
    pub fn is_broken(&self, rule: &Rule) -> bool {
        self.broken.iter().any(|broken| broken.rule == *rule)
    }

    pub(crate) fn begin(&mut self, rule: &Rule) {
        if !self.ran(rule) {
            self.ran.push(rule.name);
        }
    }

    /// Tries a rule.
    pub(crate) fn demand(&mut self, rule: &Rule, holds: bool, how: impl FnOnce() -> String) {
        self.begin(rule);
        if !holds {
            self.broken.push(Broken { rule: *rule, how: how() });
        }
    }

    /// Panics if anything is wrong.
    pub(crate) fn or_panic(self, suite: &str) -> Self {
        if self.broken.is_empty() {
            return self;
        }
        let broken: Vec<String> = self.broken.iter().map(ToString::to_string).collect();
        panic!("{suite} breaks {} of the contract's rules:\n{}", broken.len(), broken.join("\n"));
    }
}
