//! Attempts to be somebody else, to see what is nobody's business, and to keep others out.

mod accounts;
mod answers;
mod confusion;
mod crowds;
mod secrets;

use std::sync::Arc;
use std::time::{Duration, Instant};

use dockgate_api::secrecy::SecretString;
use dockgate_api::{
    Answer, Authenticator, BackendError, Call, Configure as _, Credential, Decision, Dialect, Identity,
    Login, Reason, RequestId,
};
use dockgate_testkit::directory::{Directory, RunningDirectory};
use dockgate_testkit::fakes::{World, noon};
use serde_json::{Value, json};

use crate::LdapAuthConfig;

const BASE: &str = "dc=example,dc=com";
const SERVICE: &str = "cn=dockgate,dc=example,dc=com";
const ALICE: &str = "uid=alice,ou=people,dc=example,dc=com";
const MALLORY: &str = "uid=mallory,ou=people,dc=example,dc=com";

/// Longer than any test should take: what waits for it is stuck.
const PATIENCE: Duration = Duration::from_secs(20);

/// Alice, Mallory, and who searches.
fn directory() -> Directory {
    Directory::new()
        .base(BASE)
        .entry(SERVICE, [("cn", "dockgate")])
        .password("service-password")
        .entry(ALICE, [("uid", "alice"), ("mail", "alice@example.com"), ("entryUUID", "a-1")])
        .password("alice-password")
        .entry(MALLORY, [("uid", "mallory"), ("mail", "mallory@example.com"), ("entryUUID", "m-1")])
        .password("mallory-password")
}

/// A section for it, with some keys changed or added; those that are null are taken away.
fn section(server: &RunningDirectory, changes: Value) -> Value {
    let mut section = json!({
        "addr": server.url(),
        "bind_dn": SERVICE,
        "bind_password": "service-password",
        "base": BASE,
        "filter": "(uid=${account})",
    });
    let keys = section.as_object_mut().unwrap();
    for (key, value) in changes.as_object().unwrap() {
        drop(keys.insert(key.clone(), value.clone()));
    }
    keys.retain(|_, value| !value.is_null());
    section
}

struct Link {
    // What is done in the background ends with it.
    _world: World,
    backend: Arc<dyn Authenticator>,
}

fn link(section: Value) -> Link {
    let world = World::new();
    let config: LdapAuthConfig = serde_json::from_value(section).unwrap();
    let backend = config.build(&world.build_context().for_link("corp", Dialect::Native)).unwrap();
    Link { _world: world, backend }
}

fn refused(section: Value) -> String {
    let config: LdapAuthConfig = serde_json::from_value(section).unwrap();
    let cx = World::new().build_context().for_link("corp", Dialect::Native);
    config.build(&cx).err().expect("it is taken").to_string()
}

fn within(time: Duration) -> Call {
    Call::new(noon(), Instant::now() + time, RequestId::from_bits(1))
}

fn login(account: &str, password: &str) -> Login {
    Login::new(account.to_owned(), Credential::Password(SecretString::from(password)))
}

impl Link {
    async fn answer(&self, account: &str, password: &str) -> Answer<Identity> {
        self.backend.authenticate(&within(PATIENCE), &login(account, password)).await
    }

    async fn let_in(&self, account: &str, password: &str) -> Identity {
        match self.answer(account, password).await {
            Ok(Decision::Allow(identity)) => identity,
            other => panic!("{account}: {other:?}"),
        }
    }

    async fn denied(&self, account: &str, password: &str) -> Reason {
        match self.answer(account, password).await {
            Ok(Decision::Deny(reason)) => reason,
            other => panic!("{account}: {other:?}"),
        }
    }

    async fn error(&self, account: &str, password: &str) -> BackendError {
        match self.answer(account, password).await {
            Err(error) => error,
            other => panic!("{account}: {other:?}"),
        }
    }

    async fn unknown(&self, account: &str, password: &str) {
        let answer = self.answer(account, password).await;
        assert!(matches!(answer, Ok(Decision::NoMatch)), "{account}: {answer:?}");
    }
}

fn labels(identity: &Identity, label: &str) -> Vec<String> {
    let mut values: Vec<_> =
        identity.labels.values(label).iter().map(|value| value.as_str().to_owned()).collect();
    values.sort_unstable();
    values
}
