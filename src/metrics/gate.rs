//! Questions of proxies, by what came of them.

use std::time::Duration;

use dockgate_api::{Counter, Histogram, Metrics, Series};

/// What came of a question at the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// The request may pass.
    Passed,
    /// It may not: somebody lacks a right.
    Denied,
    /// It may not as nobody in particular: the client is asked who it is.
    Challenged,
    /// Nobody vouches for the login.
    BadCredentials,
    /// The token counts for nothing.
    BadToken,
    /// Too many logins failed before.
    Locked,
    /// The request is none of a registry's, or can be read in more than one way.
    Unreadable,
    /// The question did not come from the proxy.
    NotTheProxy,
    /// A backend could not answer.
    Unavailable,
    /// More was asked of a backend than it takes on.
    Overloaded,
    /// `audit.required` is on, and the audit line could not be written.
    NotAudited,
    /// The proxy went away, or the request took too long, before there was an answer.
    Abandoned,
}

impl Checked {
    const ALL: [Self; 12] = [
        Self::Passed,
        Self::Denied,
        Self::Challenged,
        Self::BadCredentials,
        Self::BadToken,
        Self::Locked,
        Self::Unreadable,
        Self::NotTheProxy,
        Self::Unavailable,
        Self::Overloaded,
        Self::NotAudited,
        Self::Abandoned,
    ];

    /// As it is written in metrics and in the audit log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Denied => "denied",
            Self::Challenged => "challenged",
            Self::BadCredentials => "bad_credentials",
            Self::BadToken => "bad_token",
            Self::Locked => "locked",
            Self::Unreadable => "unreadable",
            Self::NotTheProxy => "not_the_proxy",
            Self::Unavailable => "unavailable",
            Self::Overloaded => "overloaded",
            Self::NotAudited => "not_audited",
            Self::Abandoned => "abandoned",
        }
    }
}

/// Counts questions. One that was made by default counts where nobody looks.
#[derive(Debug, Default)]
pub struct GateMeter {
    checks: [Counter; Checked::ALL.len()],
    took: Histogram,
}

impl GateMeter {
    /// The handles.
    pub fn new(metrics: &dyn Metrics) -> Self {
        let help = "Questions of proxies (forward_auth) by what came of them.";
        let checks = Checked::ALL.map(|checked| {
            let series = Series::new("dockgate_gate_checks_total", help);
            metrics.counter(&series.label("outcome", checked.as_str()))
        });
        let help = "How long questions of proxies took, from the end of the request to the answer.";
        let took = metrics.histogram(&Series::new("dockgate_gate_check_duration_seconds", help));
        Self { checks, took }
    }

    /// Counts a question.
    pub fn count(&self, checked: Checked, took: Duration) {
        if let Some(counter) = self.checks.get(checked as usize) {
            counter.add(1);
        }
        self.took.observe(took);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_stand_in_their_order() {
        for (place, checked) in Checked::ALL.into_iter().enumerate() {
            assert_eq!(checked as usize, place);
        }
    }
}
