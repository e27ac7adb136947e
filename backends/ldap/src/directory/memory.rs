//! What is known of servers beyond one configuration.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use dockgate_api::secrecy::{ExposeSecret, SecretString};

use super::rest::Rest;
use crate::wire::Endpoint;

/// For how long a refused service account is not tried again at the same server: directories lock accounts out.
pub(super) const REFUSED_FOR: Duration = Duration::from_secs(30);

/// The servers that one link knows. What no configuration holds any more is forgotten.
#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<HashMap<Endpoint, Weak<Known>>>);

/// What is known of one server.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) rest: Arc<Rest>,
    pub(super) refusal: Refusal,
    /// The service account is bound on one connection at a time: a wrong password is tried once, not once for each.
    pub(super) binding: tokio::sync::Mutex<()>,
}

impl Memory {
    /// What is known of a server.
    pub(super) fn of(&self, endpoint: &Endpoint) -> Arc<Known> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, held| held.strong_count() > 0);
        if let Some(held) = known.get(endpoint).and_then(Weak::upgrade) {
            return held;
        }
        let made = Arc::new(Known::default());
        known.insert(endpoint.clone(), Arc::downgrade(&made));
        made
    }
}

/// That a server refused the service account.
#[derive(Debug, Default)]
pub(super) struct Refusal(Mutex<Option<Refused>>);

#[derive(Debug)]
struct Refused {
    name: String,
    password: SecretString,
    at: Instant,
    said: String,
}

impl Refusal {
    pub(super) fn remember(&self, name: &str, password: &SecretString, at: Instant, said: String) {
        let refused = Refused { name: name.to_owned(), password: password.clone(), at, said };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(refused);
    }

    pub(super) fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// What the server said, while this name with this password must not be tried.
    pub(super) fn holds(&self, name: &str, password: &SecretString, now: Instant) -> Option<String> {
        self.said(name, password, |refused| now.saturating_duration_since(refused.at) < REFUSED_FOR)
    }

    /// What the server said to this name and password when they were tried last.
    pub(super) fn last(&self, name: &str, password: &SecretString) -> Option<String> {
        self.said(name, password, |_| true)
    }

    fn said(&self, name: &str, password: &SecretString, counts: impl Fn(&Refused) -> bool) -> Option<String> {
        let refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |it: &&Refused| it.name == name && it.password.expose_secret() == password.expose_secret();
        refused.as_ref().filter(same).filter(|it| counts(it)).map(|it| it.said.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Security;

    #[test]
    fn a_refusal_holds_for_the_same_account_and_for_a_while() {
        let (refusal, now) = (Refusal::default(), Instant::now());
        let (old, new) = (SecretString::from("old"), SecretString::from("new"));
        refusal.remember("cn=dockgate", &old, now, "49".to_owned());
        assert_eq!(refusal.holds("cn=dockgate", &old, now + REFUSED_FOR * 9 / 10).as_deref(), Some("49"));
        assert_eq!(refusal.holds("cn=dockgate", &old, now + REFUSED_FOR), None);
        assert_eq!(refusal.last("cn=dockgate", &old).as_deref(), Some("49"));
        assert_eq!(refusal.holds("cn=dockgate", &new, now), None);
        assert_eq!(refusal.holds("cn=other", &old, now), None);
        refusal.forget();
        assert_eq!(refusal.last("cn=dockgate", &old), None);
        refusal.remember("cn=dockgate", &SecretString::from("canary"), now, String::new());
        assert!(!format!("{refusal:?}").contains("canary"));
    }

    #[test]
    fn servers_are_told_apart_and_forgotten_with_their_last_configuration() {
        let memory = Memory::default();
        let one = Endpoint { host: "a.test".to_owned(), port: 389, security: Security::None };
        let other = Endpoint { security: Security::StartTls, ..one.clone() };
        let known = memory.of(&one);
        assert!(Arc::ptr_eq(&known, &memory.of(&one)));
        assert!(!Arc::ptr_eq(&known, &memory.of(&other)));
        known.rest.failed(Instant::now(), Instant::now(), "down".to_owned());
        drop(known);
        assert_eq!(memory.of(&one).rest.trouble(), None);
        assert_eq!(memory.0.lock().unwrap().len(), 1);
    }
}
