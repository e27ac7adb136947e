//! A user who is bound.

use std::sync::Arc;

use dockgate_api::secrecy::SecretString;
use dockgate_api::{BackendError, Call, async_trait};
use tokio::sync::Mutex;

use super::fleet::Fleet;
use super::notes::note_found;
use super::server::{Bound, Server};
use super::{Searcher, here};
use crate::failure::Failure;
use crate::wire::{BindAnswer, Found, PASSWORD_POLICY, Search};

/// A user who just logged in, on a connection of the user pool. Dropped, it gives the connection back, to be bound again
/// by the next.
pub(crate) struct UserSession {
    fleet: Arc<Fleet>,
    name: String,
    password: SecretString,
    held: Mutex<Option<Held>>,
}

/// Where the user is bound.
pub(super) struct Held {
    server: Arc<Server>,
    bound: Bound,
    /// Whether a bind of somebody else leaves nothing behind of this one.
    plain: bool,
}

impl Held {
    pub(super) fn new(server: Arc<Server>, bound: Bound, answer: &BindAnswer) -> Self {
        Self { server, bound, plain: is_plain(answer) }
    }
}

impl UserSession {
    pub(super) fn new(fleet: Arc<Fleet>, name: &str, password: &SecretString, held: Held) -> Self {
        Self { fleet, name: name.to_owned(), password: password.clone(), held: Mutex::new(Some(held)) }
    }
}

impl Drop for UserSession {
    fn drop(&mut self) {
        if let Some(Held { server, bound, plain: true }) = self.held.get_mut().take() {
            server.reuse(bound);
        }
    }
}

#[async_trait]
impl Searcher for UserSession {
    /// Searches on the connection on which the user is bound. If that breaks, the user is bound anew, elsewhere if need be.
    /// References are never followed: a user's password goes to no other host.
    async fn search(&self, cx: &Call, search: &Search) -> Result<Found, BackendError> {
        let mut place = self.held.lock().await;
        for last in [false, true] {
            // Taken out for as long as an answer is outstanding: whoever stops waiting takes the connection along.
            let mut held = match place.take() {
                Some(held) => held,
                None => self.bind_again(cx).await?,
            };
            let result = held.server.search_as_user(&mut held.bound.line, search, cx.deadline()).await;
            if let Ok(found) = &result {
                note_found(cx, &held.server, search, found);
            }
            if held.bound.line.connection.is_usable() {
                *place = Some(held);
            }
            match result {
                Ok(found) => return here(found, search),
                Err(trouble) if trouble.next && !last => cx.note(|| format!("no answer: {}", trouble.error)),
                Err(trouble) => return Err(trouble.error),
            }
        }
        Err(BackendError::Unavailable("the user's connection broke".to_owned()))
    }
}

impl UserSession {
    async fn bind_again(&self, cx: &Call) -> Result<Held, BackendError> {
        let (answer, held) = self.fleet.bind(cx, &self.name, &self.password).await?;
        if answer.code == 0 {
            return Ok(held);
        }
        let refused = Failure::Refused { code: answer.code, text: answer.text };
        Err(BackendError::Protocol(format!("the user was bound a moment ago, and is now {refused}")))
    }
}

/// Whether the answer says nothing but yes or no. After anything else the server may hold something against the
/// connection: that the password must be changed first.
fn is_plain(answer: &BindAnswer) -> bool {
    // An empty sequence is what OpenLDAP sends where there is nothing to say.
    let says_nothing = |value: &Option<Vec<u8>>| {
        value.as_ref().is_none_or(|value| matches!(value.as_slice(), [] | [0x30, 0x00]))
    };
    let policy = |(oid, value): &(String, Option<Vec<u8>>)| oid != PASSWORD_POLICY || says_nothing(value);
    matches!(answer.code, 0 | 49) && answer.controls.iter().all(policy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_or_a_no_without_more_to_say_is_plain() {
        let answer = |code, control: Option<&[u8]>| {
            let controls = control.map(|value| (PASSWORD_POLICY.to_owned(), Some(value.to_vec())));
            is_plain(&BindAnswer { code, text: String::new(), controls: controls.into_iter().collect() })
        };
        assert!(answer(0, None) && answer(49, None));
        assert!(answer(0, Some(&[0x30, 0x00])) && answer(49, Some(&[0x30, 0x00])));
        // changeAfterReset, accountLocked
        assert!(!answer(0, Some(&[0x30, 0x03, 0x81, 0x01, 0x02])));
        assert!(!answer(49, Some(&[0x30, 0x03, 0x81, 0x01, 0x01])));
        for code in [1, 8, 19, 32, 34, 50, 53, 80] {
            assert!(!answer(code, None), "{code}");
        }
        let other = ("1.2.3".to_owned(), Some(vec![1]));
        assert!(is_plain(&BindAnswer { code: 0, text: String::new(), controls: vec![other] }));
    }
}
