use dockgate_api::config::Problem;

use crate::token::managed::Severity;

/// What is to be said of the signing keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// What keeps a server from starting, or lets keys from before go on.
    pub problems: Vec<Problem>,
    /// Registries refuse tokens, or will soon.
    pub alarms: Vec<Problem>,
    /// What somebody should look after.
    pub warnings: Vec<Problem>,
    /// Good to know.
    pub notes: Vec<Problem>,
}

impl Findings {
    /// Puts what managed keys say where it belongs.
    pub(super) fn notice(&mut self, severity: Severity, problem: Problem) {
        match severity {
            Severity::Info => self.notes.push(problem),
            Severity::Warn => self.warnings.push(problem),
            Severity::Error => self.alarms.push(problem),
        }
    }

    /// Adds a warning that several services may have in common.
    pub(super) fn warn_once(&mut self, warning: Problem) {
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }
}
