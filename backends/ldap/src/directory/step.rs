//! One step within a question: how long it may take, and what it says of the server.

use std::time::{Duration, Instant};

use super::meter::Operation;
use super::server::{Server, detail};
use super::trouble::Trouble;
use crate::failure::Failure;

/// A step that had less than this, or less than its timeout, says little of a server that did not answer.
const FAIR: Duration = Duration::from_secs(1);

/// A step that has begun. Whoever drops it without an answer has stopped waiting: then the time that passed counts.
pub(super) struct Step<'s> {
    server: &'s Server,
    operation: Operation,
    pub(super) began: Instant,
    pub(super) until: Instant,
    /// How long a healthy server may take.
    fair: Duration,
    ended: bool,
}

impl Server {
    /// A step that begins now.
    pub(super) fn step(&self, operation: Operation, deadline: Instant) -> Step<'_> {
        let timeouts = self.shared.timeouts;
        let timeout = match operation {
            Operation::Connect => timeouts.connect,
            Operation::Bind => timeouts.bind,
            Operation::Search => timeouts.search,
        };
        let began = Instant::now();
        let until = deadline.min(began + timeout);
        Step { server: self, operation, began, until, fair: timeout.min(FAIR), ended: false }
    }
}

impl Step<'_> {
    /// Counts it, and draws conclusions from a failure.
    pub(super) fn end<T>(mut self, result: Result<T, Failure>) -> Result<T, Trouble> {
        let now = self.counted(result.as_ref().err());
        let failure = match result {
            Ok(value) => return Ok(value),
            Err(failure) => failure,
        };
        let trouble = Trouble::of(&self.server.endpoint, &failure);
        match &failure {
            Failure::Unreachable(_) => self.server.failed(self.began, now, &trouble.error),
            Failure::Late(_) => self.late(now, &trouble),
            Failure::Refused { .. } | Failure::Nonsense(_) => {}
        }
        Err(trouble)
    }

    /// Counts it as failed, and leaves it to the next step to see whether the server is in trouble.
    pub(super) fn end_without_verdict(mut self, failure: &Failure) {
        self.counted(Some(failure));
    }

    fn counted(&mut self, failure: Option<&Failure>) -> Instant {
        let now = Instant::now();
        self.server.meter.observe(self.operation, failure, now.saturating_duration_since(self.began));
        self.ended = true;
        now
    }

    fn late(&self, now: Instant, trouble: &Trouble) {
        let waited = now.saturating_duration_since(self.began);
        // Where others were answered meanwhile it may be the question that takes long: else whoever asks such questions
        // would have the server rest, and nobody could log in.
        let answers = self.server.rest().answered_since(self.began + waited / 2);
        if waited >= self.fair && !answers {
            self.server.failed(self.began, now, &trouble.error);
        } else {
            self.doubt(now, trouble);
        }
    }

    fn doubt(&self, now: Instant, trouble: &Trouble) {
        if self.server.rest().doubted(self.began, now, detail(&trouble.error)) {
            self.server.shared.wake.notify_one();
        }
    }
}

impl Drop for Step<'_> {
    fn drop(&mut self) {
        let now = Instant::now();
        // A client that hangs up early says nothing of the server.
        let waited = now >= self.until || now.saturating_duration_since(self.began) >= self.fair;
        if !self.ended && waited {
            let failure = Failure::Late("nobody waits for its answer any more".to_owned());
            self.counted(Some(&failure));
            let trouble = Trouble::of(&self.server.endpoint, &failure);
            if now >= self.until {
                self.late(now, &trouble);
            } else {
                // It may be at work: looked into, before it is left alone.
                self.doubt(now, &trouble);
            }
        }
    }
}
