//! Two people, their passwords, and how a client writes both into a header.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dockgate_api::secrecy::SecretString;
use dockgate_passwords::{LOWEST_COST, hash_bcrypt};
use dockgate_testkit::fakes::RepeatableRandom;

/// An account and its password.
pub(crate) type Person = (&'static str, &'static str);

/// Somebody with an ordinary password.
pub(crate) const ALICE: Person = ("alice", "correct horse");
/// Somebody whose password holds what headers, forms and shells trip over.
pub(crate) const BOB: Person = ("bob", "p:@%&+ ü\"'\\$x");

/// A bcrypt hash of the lowest cost; each password is hashed once in a run.
pub(crate) fn hash(password: &str) -> String {
    static KNOWN: Mutex<Option<HashMap<String, String>>> = Mutex::new(None);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let hashed = known.get_or_insert_default().entry(password.to_owned()).or_insert_with(|| {
        let password = SecretString::from(password.to_owned());
        hash_bcrypt(&password, LOWEST_COST, &RepeatableRandom::seeded(7)).unwrap()
    });
    hashed.clone()
}

/// The flow mapping of a `users` section: Alice, Bob, and whatever else is given (`"": {}` for anonymous).
pub(crate) fn users(more: &str) -> String {
    let entry = |(account, password)| format!("{account}: {{password: \"{}\"}}", hash(password));
    let separator = if more.is_empty() { "" } else { ", " };
    format!("{{{}, {}{separator}{more}}}", entry(ALICE), entry(BOB))
}

/// The value of an `Authorization` header (RFC 7617).
pub(crate) fn basic(account: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{account}:{password}")))
}
