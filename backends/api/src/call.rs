//! What every question carries along: time, deadline, an id, and a place for explanations.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use crate::trace::{RuleNote, Step, TraceSink};

/// The context of one call of a backend.
///
/// Cheap to clone; clones share what the request has done so far.
#[derive(Clone)]
pub struct Call {
    now: SystemTime,
    deadline: Instant,
    link: Arc<str>,
    /// In nanoseconds since the epoch. Only where several links are asked.
    no_match_until: Option<Arc<AtomicU64>>,
    shared: Arc<Shared>,
}

struct Shared {
    request_id: RequestId,
    trace: Option<Box<dyn TraceSink>>,
    password_work: AtomicBool,
}

impl Call {
    /// A call at `now` that is worth nothing after `deadline`.
    pub fn new(now: SystemTime, deadline: Instant, request_id: RequestId) -> Self {
        let shared = Shared { request_id, trace: None, password_work: AtomicBool::new(false) };
        Self { now, deadline, link: Arc::default(), no_match_until: None, shared: Arc::new(shared) }
    }

    /// A call whose steps are written down for the administrator.
    pub fn traced(
        now: SystemTime,
        deadline: Instant,
        request_id: RequestId,
        sink: Box<dyn TraceSink>,
    ) -> Self {
        let shared = Shared { request_id, trace: Some(sink), password_work: AtomicBool::new(false) };
        Self { now, deadline, link: Arc::default(), no_match_until: None, shared: Arc::new(shared) }
    }

    /// The same call with an earlier deadline; a later one changes nothing.
    #[must_use]
    pub fn with_deadline(&self, deadline: Instant) -> Self {
        Self { deadline: deadline.min(self.deadline), ..self.clone() }
    }

    /// The same call as one link sees it.
    #[must_use]
    pub fn for_link(&self, link: &Arc<str>) -> Self {
        Self { link: Arc::clone(link), ..self.clone() }
    }

    /// The same call for one question that goes from link to link.
    #[must_use]
    pub fn for_question(&self) -> Self {
        Self { no_match_until: Some(Arc::new(AtomicU64::new(u64::MAX))), ..self.clone() }
    }

    /// Says until when this link has nothing to say: from then on it would decide. What a later link grants ends there.
    ///
    /// An authorizer whose rules have windows calls this beside [`NoMatch`](crate::Decision::NoMatch).
    pub fn bound_no_match(&self, until: SystemTime) {
        if let Some(bound) = &self.no_match_until {
            let since_epoch = until.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            bound.fetch_min(u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
    }

    /// The earliest time up to which the links of this question had nothing to say, if they bound that.
    pub fn no_match_until(&self) -> Option<SystemTime> {
        let nanoseconds = self.no_match_until.as_ref()?.load(Ordering::Relaxed);
        let until = SystemTime::UNIX_EPOCH.checked_add(Duration::from_nanos(nanoseconds));
        until.filter(|_| nanoseconds != u64::MAX)
    }

    /// The link that is being asked; empty before any is.
    pub fn link(&self) -> &str {
        &self.link
    }

    /// The wall clock at the time of the request. Windows of validity are compared with this and nothing else.
    pub fn now(&self) -> SystemTime {
        self.now
    }

    /// When the answer is no longer wanted.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// What is left until the deadline; zero when it has passed.
    pub fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// The id under which the request appears in log and audit.
    pub fn request_id(&self) -> RequestId {
        self.shared.request_id
    }

    /// Writes down a step for `explain`. Costs nothing on a call without a sink: the text is not even made.
    pub fn note(&self, text: impl FnOnce() -> String) {
        if let Some(sink) = &self.shared.trace {
            sink.note(Step::new(Arc::clone(&self.link), text()));
        }
    }

    /// Whether the steps are written down. What is done only for that stands behind this question.
    pub fn is_traced(&self) -> bool {
        self.shared.trace.is_some()
    }

    /// Writes down what one rule is to the request. Costs nothing on a call without a sink.
    pub fn note_rule(&self, rule: impl FnOnce() -> RuleNote) {
        if let Some(sink) = &self.shared.trace {
            sink.rule(&self.link, rule());
        }
    }

    /// Says that a password was hashed, or was known to be right, for this request.
    ///
    /// Whoever checks a password without [`Passwords`](crate::Passwords) calls this, so that an unknown account
    /// can be made to cost as much time as a known one, and not twice as much.
    pub fn mark_password_work(&self) {
        self.shared.password_work.store(true, Ordering::Relaxed);
    }

    /// Whether a password was hashed for this request.
    pub fn did_password_work(&self) -> bool {
        self.shared.password_work.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("now", &self.now)
            .field("request_id", &self.shared.request_id)
            .finish_non_exhaustive()
    }
}

/// Names one request in log and audit: 64 bits that no other request of the process has, written as 16 hexadecimal
/// digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestId(u64);

impl RequestId {
    /// An id from random bits.
    pub fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The bits.
    pub fn bits(self) -> u64 {
        self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_links_of_one_question_bound_it_together_and_other_questions_not() {
        let at = |nanoseconds| SystemTime::UNIX_EPOCH + Duration::from_nanos(nanoseconds);
        let call = Call::new(at(0), Instant::now(), RequestId::from_bits(1));
        call.bound_no_match(at(1));
        assert_eq!(call.no_match_until(), None, "nobody is asked after it");
        let question = call.for_question();
        assert_eq!(question.no_match_until(), None);
        question.for_link(&"a".into()).bound_no_match(at(2_000_000_003));
        question.for_link(&"b".into()).bound_no_match(at(2_000_000_004));
        assert_eq!(question.no_match_until(), Some(at(2_000_000_003)));
        assert_eq!(call.for_question().no_match_until(), None);
    }
}
