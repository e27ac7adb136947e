//! What is wrong with a section from which a backend was to be made.

use std::fmt;

use crate::config::{KeyPath, Node, Problem, Remark};

/// Why a backend could not be made: one or more problems, each with its place where that is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BuildError {
    problems: Vec<Remark>,
}

impl BuildError {
    /// A problem of the section as a whole.
    pub fn new(message: impl Into<String>) -> Self {
        Self { problems: vec![Remark::on_section(message)] }
    }

    /// No problem yet; see [`is_empty`](Self::is_empty).
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds a problem.
    pub fn add(&mut self, remark: Remark) {
        self.problems.push(remark);
    }

    /// These problems and those of another part.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.problems.extend(other.problems);
        self
    }

    /// The same problems of a section that stands in another: `above` is the way to it.
    #[must_use]
    pub fn below(self, above: &KeyPath) -> Self {
        Self { problems: self.problems.into_iter().map(|remark| remark.below(above)).collect() }
    }

    /// Whether nothing is wrong after all.
    pub fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }

    /// The problems with whole paths; one without a place gets the section's.
    pub fn into_problems(self, section: &Node, path: &KeyPath) -> Vec<Problem> {
        self.problems.into_iter().map(|remark| remark.into_problem(section, path)).collect()
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, Remark { key, message, .. }) in self.problems.iter().enumerate() {
            let separator = if place == 0 { "" } else { "\n" };
            if key.as_str().is_empty() {
                write!(f, "{separator}{message}")?;
            } else {
                write!(f, "{separator}{key}: {message}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for BuildError {}
