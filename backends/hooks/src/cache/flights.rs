//! Questions that are being asked, and who waits for the same answer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use dockgate_api::Decision;

use super::key::Digest;

/// What came of a question, for those who waited.
pub(super) enum Outcome<T> {
    /// Nothing yet: whoever has the turn asks.
    Open,
    /// Decided, for all who wait.
    Decided { decision: Decision<T>, expires_at: Option<SystemTime> },
    /// Decided for the one who asked alone.
    NotToShare,
}

type Turn<T> = tokio::sync::Mutex<Outcome<T>>;
type Known<T> = Mutex<HashMap<Digest, Entry<T>>>;

struct Entry<T> {
    users: usize,
    turn: Arc<Turn<T>>,
}

pub(super) struct Flights<T>(Known<T>);

impl<T> Flights<T> {
    pub(super) fn new() -> Self {
        Self(Mutex::default())
    }

    /// The flight of a question, begun if there is none.
    pub(super) fn join(&self, digest: Digest) -> Flight<'_, T> {
        let mut known = lock(&self.0);
        let entry = known
            .entry(digest)
            .or_insert_with(|| Entry { users: 0, turn: Arc::new(Turn::new(Outcome::Open)) });
        entry.users += 1;
        Flight { known: &self.0, digest, turn: Arc::clone(&entry.turn) }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        lock(&self.0).len()
    }
}

/// One question's part in a flight. The last one takes it away.
pub(super) struct Flight<'c, T> {
    known: &'c Known<T>,
    digest: Digest,
    turn: Arc<Turn<T>>,
}

impl<T> Flight<'_, T> {
    /// Waits until nobody of the flight asks, first come, first served.
    pub(super) async fn turn(&self) -> tokio::sync::MutexGuard<'_, Outcome<T>> {
        self.turn.lock().await
    }

    /// Who comes from now on begins a new flight: an outcome is for those who waited for it, however many come after.
    pub(super) fn land(&self) {
        let mut known = lock(self.known);
        if known.get(&self.digest).is_some_and(|entry| Arc::ptr_eq(&entry.turn, &self.turn)) {
            known.remove(&self.digest);
        }
    }
}

impl<T> Drop for Flight<'_, T> {
    fn drop(&mut self) {
        let mut known = lock(self.known);
        if let Some(entry) = known.get_mut(&self.digest)
            && Arc::ptr_eq(&entry.turn, &self.turn)
        {
            entry.users = entry.users.saturating_sub(1);
            if entry.users == 0 {
                known.remove(&self.digest);
            }
        }
    }
}

fn lock<T>(known: &Known<T>) -> MutexGuard<'_, HashMap<Digest, Entry<T>>> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}
