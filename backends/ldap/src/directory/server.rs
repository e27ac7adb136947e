//! One server: its connections, how it is doing, and one question at a time.

use std::sync::Arc;
use std::time::Instant;

use dockgate_api::secrecy::SecretString;
use dockgate_api::{BackendError, Call};

use super::memory::Known;
use super::meter::{Meter, Operation};
use super::notes::note_connection;
use super::pool::{Lease, Line, Pool};
use super::rest::{Rank, Rest, Trial};
use super::shared::Shared;
use super::trouble::{Trouble, unanswered};
use crate::failure::Failure;
use crate::wire::{BindAnswer, Connection, Endpoint, Found, Search};

/// One server.
pub(super) struct Server {
    pub(super) endpoint: Endpoint,
    pub(super) shared: Arc<Shared>,
    pub(super) known: Arc<Known>,
    pub(super) meter: Meter,
    service: Pool,
    user: Pool,
}

/// The turn of one server with a question.
pub(super) struct Turn {
    pub(super) server: Arc<Server>,
    pub(super) deadline: Instant,
    /// Where the server rested until now.
    pub(super) trial: Option<Trial>,
}

/// A connection that somebody is bound on, in its place.
pub(super) struct Bound {
    pub(super) lease: Lease,
    pub(super) line: Line,
}

impl Server {
    /// One that nobody is connected to. `counted_as` is its name in metrics.
    pub(super) fn new(shared: &Arc<Shared>, endpoint: Endpoint, counted_as: &str) -> Self {
        let meter = Meter::new(shared.metrics.as_ref(), counted_as);
        let known = shared.memory.of(&endpoint);
        meter.up(known.rest.resting().is_none());
        Self {
            service: Pool::new(shared.pool, meter.service.clone()),
            user: Pool::new(shared.pool, meter.user.clone()),
            shared: Arc::clone(shared),
            known,
            meter,
            endpoint,
        }
    }

    pub(super) fn rest(&self) -> &Arc<Rest> {
        &self.known.rest
    }

    pub(super) fn sweep(&self, now: Instant) {
        self.service.sweep(now);
        self.user.sweep(now);
    }

    /// Connects.
    pub(super) async fn connect(&self, deadline: Instant) -> Result<Connection, Trouble> {
        let step = self.step(Operation::Connect, deadline);
        let dialed = self.shared.dialer.dial(&self.endpoint, step.until).await;
        step.end(dialed.map_err(no_connection))
    }

    /// What began then failed, and says that the server is in trouble.
    pub(super) fn failed(&self, began: Instant, now: Instant, error: &BackendError) {
        let news = self.rest().failed(began, now, detail(error));
        // What is open now breaks as well, or hangs.
        self.service.clear();
        self.user.clear();
        // Perhaps it came back since then.
        self.meter.up(self.rest().resting().is_none());
        if news {
            let (link, server) = (self.shared.link.as_str(), &self.endpoint);
            tracing::warn!(link, %server, %error, "a directory server is in trouble and rests");
        }
        self.shared.wake.notify_one();
    }

    /// A question that began then was answered.
    pub(super) fn answered(&self, began: Instant) {
        if self.rest().answered(began, Instant::now()) {
            self.is_back();
        }
    }

    pub(super) fn is_back(&self) {
        self.meter.up(true);
        let (link, server) = (self.shared.link.as_str(), &self.endpoint);
        tracing::info!(link, %server, "a directory server is back");
    }

    /// Whoever waited for a place or for another to bind may find the server at rest meanwhile.
    pub(super) fn still_stands(&self, turn: &Turn) -> Result<(), Trouble> {
        match (&turn.trial, self.rest().resting()) {
            (None, Some(why)) => Err(Trouble::next(BackendError::Unavailable(why))),
            _ => Ok(()),
        }
    }

    async fn lease(&self, pool: &Pool, turn: &Turn) -> Result<Lease, Trouble> {
        let lease = pool.lease(turn.deadline).await;
        let lease = lease.map_err(|full| Trouble::full(&self.endpoint, full, pool.bounds()))?;
        self.still_stands(turn)?;
        Ok(lease)
    }

    /// A new connection that the service account is bound on.
    async fn service_line(&self, cx: &Call, turn: &Turn) -> Result<Line, Trouble> {
        self.service_may_bind()?;
        let mut connection = self.connect(turn.deadline).await?;
        note_connection(cx, &connection, "to search");
        self.bind_service(cx, turn, &mut connection).await?;
        Ok(self.service.line(connection))
    }

    /// Searches as the service account.
    pub(super) async fn search(&self, cx: &Call, turn: &Turn, search: &Search) -> Result<Found, Trouble> {
        let mut lease = self.lease(&self.service, turn).await?;
        let (mut line, mut reused) = match lease.take() {
            Some(line) => (line, true),
            None => (self.service_line(cx, turn).await?, false),
        };
        loop {
            let step = self.step(Operation::Search, turn.deadline);
            match line.connection.search(search, step.until).await {
                Err(failure @ Failure::Unreachable(_)) if reused => {
                    // The server closed it while nobody looked, and the others with it.
                    step.end_without_verdict(&failure);
                    reused = false;
                    drop(line);
                    self.service.clear();
                    line = self.service_line(cx, turn).await?;
                }
                result => {
                    self.put_back(&self.service, step.began, lease, line);
                    return step.end(result.map_err(|failure| failure.below(&search.base)));
                }
            }
        }
    }

    /// Binds as a user. The answer is whatever the server says, but for "not now".
    pub(super) async fn bind(
        &self,
        cx: &Call,
        turn: &Turn,
        name: &str,
        password: &SecretString,
    ) -> Result<(BindAnswer, Bound), Trouble> {
        let mut lease = self.lease(&self.user, turn).await?;
        let (mut line, mut reused) = match lease.take() {
            Some(line) => (line, true),
            None => (self.user_line(cx, turn).await?, false),
        };
        loop {
            let step = self.step(Operation::Bind, turn.deadline);
            match line.connection.bind(name, password, step.until).await {
                Err(failure @ Failure::Unreachable(_)) if reused => {
                    step.end_without_verdict(&failure);
                    reused = false;
                    drop(line);
                    self.user.clear();
                    line = self.user_line(cx, turn).await?;
                }
                result => {
                    let began = step.began;
                    let new = |failure| if reused { failure } else { unanswered(&line.connection, failure) };
                    let answer = step.end(result.map_err(new))?;
                    self.answered(began);
                    self.usable(&answer)?;
                    return Ok((answer, Bound { lease, line }));
                }
            }
        }
    }

    async fn user_line(&self, cx: &Call, turn: &Turn) -> Result<Line, Trouble> {
        let connection = self.connect(turn.deadline).await?;
        note_connection(cx, &connection, "to bind users");
        Ok(self.user.line(connection))
    }

    /// Searches as the user who is bound on a connection of the user pool. Nobody else's connection will do.
    pub(super) async fn search_as_user(
        &self,
        line: &mut Line,
        search: &Search,
        deadline: Instant,
    ) -> Result<Found, Trouble> {
        let step = self.step(Operation::Search, deadline);
        let result = line.connection.search(search, step.until).await;
        if let Err(failure @ Failure::Unreachable(_)) = &result {
            // Whether the server is in trouble shows when the user is bound anew.
            step.end_without_verdict(failure);
            return Err(Trouble::of(&self.endpoint, failure));
        }
        if line.connection.is_usable() {
            self.answered(step.began);
        }
        step.end(result.map_err(|failure| failure.below(&search.base)))
    }

    /// Gives a user's connection back for the next user.
    pub(super) fn reuse(&self, bound: Bound) {
        bound.lease.put(bound.line, self.user.bounds());
    }

    /// Puts a connection back unless it is of no use any more: then an answer may be outstanding.
    fn put_back(&self, pool: &Pool, began: Instant, lease: Lease, line: Line) {
        if line.connection.is_usable() {
            self.answered(began);
            lease.put(line, pool.bounds());
        }
    }

    pub(super) fn rank(&self, now: Instant) -> Rank {
        self.rest().rank(now)
    }
}

/// A server that refuses to protect the connection, or speaks something else, is as good as none.
fn no_connection(failure: Failure) -> Failure {
    match failure {
        Failure::Refused { .. } | Failure::Nonsense(_) => Failure::Unreachable(failure.to_string()),
        other => other,
    }
}

/// The words of an error, without its kind.
pub(super) fn detail(error: &BackendError) -> String {
    match error {
        BackendError::Unavailable(detail)
        | BackendError::Timeout(detail)
        | BackendError::Protocol(detail) => detail.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_that_is_refused_is_none() {
        let refused = Failure::Refused { code: 2, text: String::new() };
        for failure in [refused, Failure::Nonsense("no LDAP".to_owned())] {
            assert_eq!(no_connection(failure.clone()), Failure::Unreachable(failure.to_string()));
        }
        let late = Failure::Late("late".to_owned());
        assert_eq!(no_connection(late.clone()), late);
    }
}
