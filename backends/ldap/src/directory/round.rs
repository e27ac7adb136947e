//! One question goes from server to server.

use std::sync::Arc;
use std::time::Instant;

use dockgate_api::{BackendError, Call};

use super::rest::Rank;
use super::server::{Server, Turn, detail};
use super::trouble::{Trouble, named};

/// The servers that a question may go to, and what it met with so far.
pub(super) struct Round {
    /// Those that were not asked, in order.
    left: Vec<Arc<Server>>,
    deadline: Instant,
    troubles: Vec<String>,
    last: Option<BackendError>,
}

impl Round {
    pub(super) fn new(servers: Vec<Arc<Server>>, deadline: Instant) -> Self {
        Self { left: servers, deadline, troubles: Vec::new(), last: None }
    }

    /// The next server, with the time it may take: half of what is left if there is another.
    pub(super) fn next(&mut self) -> Option<Turn> {
        let now = Instant::now();
        if now >= self.deadline {
            return None;
        }
        loop {
            let ranks: Vec<Rank> = self.left.iter().map(|server| server.rank(now)).collect();
            let (place, others) = pick(&ranks)?;
            let server = self.left.remove(place);
            let rested = ranks.get(place) == Some(&Rank::Rested);
            let trial = if rested { server.rest().claim(now) } else { None };
            if rested && trial.is_none() {
                // Somebody else was quicker.
                self.left.push(server);
                continue;
            }
            if self.last.is_some() {
                server.shared.failovers.add(1);
            }
            return Some(Turn { server, deadline: share(now, self.deadline, others), trial });
        }
    }

    /// A server gave no answer.
    ///
    /// # Errors
    /// If no other would do better.
    pub(super) fn failed(&mut self, cx: &Call, trouble: Trouble) -> Result<(), BackendError> {
        if !trouble.next {
            return Err(trouble.error);
        }
        cx.note(|| format!("no answer: {}", trouble.error));
        self.troubles.push(detail(&trouble.error));
        self.last = Some(trouble.error);
        Ok(())
    }

    /// Nobody answered: the last trouble of each server.
    pub(super) fn into_error(mut self) -> BackendError {
        let late = Instant::now() >= self.deadline;
        let rest = |server: &Arc<Server>| {
            server.rest().trouble().map(|why| format!("{} (it rests)", named(&server.endpoint, &why)))
        };
        self.troubles.extend(self.left.iter().filter_map(rest));
        let mut text = self.troubles.join("; ");
        if text.is_empty() {
            text.push_str("no time was left to ask a directory server");
        }
        match self.last {
            Some(BackendError::Overloaded { retry_after, .. }) => {
                BackendError::Overloaded { detail: text, retry_after }
            }
            Some(BackendError::Timeout(_)) => BackendError::Timeout(text),
            Some(BackendError::Protocol(_)) => BackendError::Protocol(text),
            None if late => BackendError::Timeout(text),
            _ => BackendError::Unavailable(text),
        }
    }
}

/// The first of the best, and how many may be asked after it. One that rests is not asked.
fn pick(ranks: &[Rank]) -> Option<(usize, usize)> {
    let may = || ranks.iter().enumerate().filter(|(_, rank)| **rank < Rank::Resting);
    let (place, _) = may().min_by_key(|(_, rank)| **rank)?;
    Some((place, may().count().saturating_sub(1)))
}

/// Until when a server may take where `others` may have to be asked after it.
fn share(now: Instant, deadline: Instant, others: usize) -> Instant {
    let left = deadline.saturating_duration_since(now);
    if others == 0 { deadline } else { now + left / 2 }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_first_of_the_best_is_asked_and_never_one_that_rests() {
        use Rank::{Doubted, Rested, Resting, Well};
        for (ranks, picked) in [
            (vec![Well, Well], Some((0, 1))),
            (vec![Resting, Well, Well], Some((1, 1))),
            (vec![Doubted, Well], Some((1, 1))),
            (vec![Rested, Doubted], Some((1, 1))),
            (vec![Resting, Rested], Some((1, 0))),
            (vec![Resting, Resting], None),
            (vec![], None),
        ] {
            assert_eq!(pick(&ranks), picked, "{ranks:?}");
        }
    }

    #[test]
    fn time_is_left_for_another() {
        let now = Instant::now();
        let deadline = now + Duration::from_secs(4);
        assert_eq!(share(now, deadline, 0), deadline);
        assert_eq!(share(now, deadline, 1), now + Duration::from_secs(2));
        assert_eq!(share(now, deadline, 9), now + Duration::from_secs(2));
        assert_eq!(share(deadline, now, 1), deadline);
    }
}
