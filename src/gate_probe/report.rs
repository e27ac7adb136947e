//! What came of each check.

use serde::Serialize;

use super::answer::Answer;
use super::request::Request;

/// More lines of the same kind teach nothing new.
const MOST_SHOWN: usize = 5;

/// What came of one check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Outcome {
    /// It holds.
    Ok,
    /// It does not, or nobody could tell for want of an answer.
    Failed,
    /// It was not looked at.
    Skipped,
}

/// One line of the report.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Finding {
    /// Its name for programs, which stays.
    pub(crate) check: &'static str,
    /// What is to hold.
    pub(crate) says: String,
    pub(crate) outcome: Outcome,
    /// What was seen, or why nothing was looked at.
    pub(crate) seen: Vec<String>,
    /// What to do about it.
    pub(crate) cure: Option<String>,
}

/// What a check says.
#[derive(Debug)]
pub(super) enum Verdict {
    Holds,
    /// It holds, and there is something to know.
    HoldsBut(String),
    Fails {
        seen: Vec<String>,
        cure: String,
    },
    Skipped(String),
}

/// An answer that was needed did not come.
#[derive(Debug)]
pub(super) struct Broken(pub(super) String);

/// What becomes of a check.
pub(super) type Checked = Result<Verdict, Broken>;

impl Finding {
    pub(super) fn of(check: &'static str, says: String, checked: Checked) -> Self {
        let (outcome, seen, cure) = match checked {
            Ok(Verdict::Holds) => (Outcome::Ok, Vec::new(), None),
            Ok(Verdict::HoldsBut(note)) => (Outcome::Ok, vec![note], None),
            Ok(Verdict::Fails { seen, cure }) => (Outcome::Failed, seen, Some(cure)),
            Ok(Verdict::Skipped(why)) => (Outcome::Skipped, vec![why], None),
            Err(Broken(why)) => {
                (Outcome::Failed, vec![why], Some("look at the proxy's log and at the gate's".to_owned()))
            }
        };
        Self { check, says, outcome, seen, cure }
    }
}

impl Verdict {
    pub(super) fn fails(seen: impl Into<String>, cure: impl Into<String>) -> Self {
        Self::Fails { seen: vec![seen.into()], cure: cure.into() }
    }

    pub(super) fn skipped(why: impl Into<String>) -> Self {
        Self::Skipped(why.into())
    }
}

/// What was tried and went wrong.
#[derive(Debug, Default)]
pub(super) struct Tried {
    wrong: Vec<String>,
}

impl Tried {
    /// Notes an answer that should have been another one.
    pub(super) fn expect(&mut self, is_right: bool, request: &Request, answer: &Answer) {
        if !is_right {
            self.wrong.push(format!("{request}: {}", answer.status));
        }
    }

    /// The verdict of all that was tried.
    pub(super) fn verdict(mut self, cure: impl Into<String>) -> Verdict {
        if self.wrong.is_empty() {
            return Verdict::Holds;
        }
        let more = self.wrong.len().saturating_sub(MOST_SHOWN);
        self.wrong.truncate(MOST_SHOWN);
        if more > 0 {
            self.wrong.push(format!("and {more} more"));
        }
        Verdict::Fails { seen: self.wrong, cure: cure.into() }
    }
}
