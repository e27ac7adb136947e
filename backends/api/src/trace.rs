//! What `explain` is told: steps, and what rules are to a request.

use std::sync::Arc;
use std::time::SystemTime;

use crate::config::Standing;
use crate::{Actions, Because};

/// Takes the steps of one call, for `explain`.
pub trait TraceSink: Send + Sync {
    /// One step, in the order in which it happened.
    fn note(&self, step: Step);

    /// What one rule is to the request.
    fn rule(&self, _link: &Arc<str>, _rule: RuleNote) {}
}

/// One step of a decision.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The link where it happened; empty for what stands between the links.
    pub link: Arc<str>,
    /// What happened, for the administrator.
    pub text: String,
}

impl Step {
    pub(crate) fn new(link: Arc<str>, text: String) -> Self {
        Self { link, text }
    }
}

/// What one rule is to one request.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleNote {
    /// Where it stands, and its comment.
    pub because: Because,
    /// What part it plays.
    pub role: RuleRole,
    /// What it grants where it decides.
    pub actions: Actions,
    /// Whether it counts at the time of the call.
    pub standing: Standing,
    /// When it ends, if it does.
    pub until: Option<SystemTime>,
    /// Each of its conditions.
    pub conditions: Vec<ConditionNote>,
}

/// The part that a rule plays in a decision.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleRole {
    /// The first that matches and counts.
    Decides,
    /// Stands before that one, or there is none, and nearly decided.
    Close,
    /// Stands behind that one, matches too, and would have granted more.
    Shadowed,
}

/// One condition of a rule against one request.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionNote {
    /// Its key: `name`, `labels.team`.
    pub key: String,
    /// The pattern as it is written.
    pub pattern: String,
    /// What the request has there; none if it has nothing.
    pub value: Option<String>,
    /// The pattern's variables and what they stand for; none if for nothing.
    pub variables: Vec<(String, Option<String>)>,
    /// Whether it holds; none if that cannot be told, because it needs what another condition did not find.
    pub holds: Option<bool>,
}

impl RuleNote {
    /// A rule that counts, without an end and without conditions.
    pub fn new(because: Because, role: RuleRole, actions: Actions) -> Self {
        Self { because, role, actions, standing: Standing::Valid, until: None, conditions: Vec::new() }
    }

    /// The same as it stands at the time, and when it ends.
    #[must_use]
    pub fn standing(mut self, standing: Standing, until: Option<SystemTime>) -> Self {
        self.standing = standing;
        self.until = until;
        self
    }

    /// The same with conditions.
    #[must_use]
    pub fn with_conditions(mut self, conditions: Vec<ConditionNote>) -> Self {
        self.conditions = conditions;
        self
    }
}

impl ConditionNote {
    /// A condition without variables.
    pub fn new(
        key: impl Into<String>,
        pattern: impl Into<String>,
        value: Option<String>,
        holds: Option<bool>,
    ) -> Self {
        Self { key: key.into(), pattern: pattern.into(), value, variables: Vec::new(), holds }
    }

    /// The same with what its variables stand for.
    #[must_use]
    pub fn with_variables(mut self, variables: Vec<(String, Option<String>)>) -> Self {
        self.variables = variables;
        self
    }
}
