//! The ways of a login, from a section to an identity, with a small directory.

use dockgate_api::{Configure as _, Dialect, Identity, LabelValue};
use dockgate_testkit::directory::{Authority, Directory, RunningDirectory};
use dockgate_testkit::fakes::World;
use serde_json::{Value, json};

use super::*;
use crate::LdapAuthConfig;

const BASE: &str = "dc=example,dc=com";
const SERVICE: &str = "cn=dockgate,dc=example,dc=com";
const ALICE: &str = "uid=Alice,ou=people,dc=example,dc=com";
const BOB: &str = "uid=bob,ou=people,dc=example,dc=com";
const ADMINS: &str = "cn=admins,ou=groups,dc=example,dc=com";

async fn directory() -> RunningDirectory {
    let directory = Directory::new()
        .computed_member_of()
        .entry(SERVICE, [("cn", "dockgate")])
        .password("service-password")
        .entry(ALICE, [("uid", "Alice"), ("mail", "a@example.com"), ("ou", "dev"), ("entryUUID", "A-1")])
        .password("alice-password")
        .entry(BOB, [("uid", "bob"), ("mail", "a@example.com"), ("entryUUID", "b-1")])
        .password("bob-password")
        .entry(ADMINS, [("objectClass", "group")])
        .values("member", [ALICE]);
    directory.start().await
}

struct Link {
    // What is done in the background ends with it.
    world: World,
    backend: Arc<dyn Authenticator>,
}

/// A link to it, with some keys changed; those that are null are taken away.
fn link(server: &RunningDirectory, changes: Value) -> Link {
    let mut section = json!({
        "addr": server.url(),
        "bind_dn": SERVICE,
        "bind_password": "service-password",
        "base": BASE,
        "filter": "(uid=${account})",
    });
    let (Value::Object(keys), Value::Object(changes)) = (&mut section, changes) else {
        panic!("two objects")
    };
    keys.extend(changes);
    keys.retain(|_, value| !value.is_null());
    let config: LdapAuthConfig = serde_json::from_value(section).unwrap();
    let world = World::new();
    let backend = config.build(&world.build_context().for_link("corp", Dialect::Native)).unwrap();
    Link { world, backend }
}

impl Link {
    /// `ok ACCOUNT`, `unknown`, `denied CODE`, or the kind of the error.
    async fn says(&self, account: &str, password: &str) -> String {
        let login = Login::new(account, Credential::Password(password.into()));
        match self.backend.authenticate(&self.world.call(), &login).await {
            Ok(Decision::Allow(identity)) => format!("ok {}", identity.account),
            Ok(Decision::Deny(reason)) => format!("denied {}", reason.code),
            Ok(Decision::NoMatch) => "unknown".to_owned(),
            Err(error) => error.kind().to_owned(),
        }
    }

    async fn alice(&self) -> Identity {
        let login = Login::new("alice", Credential::Password("alice-password".into()));
        match self.backend.authenticate(&self.world.call(), &login).await {
            Ok(Decision::Allow(identity)) => identity,
            other => panic!("{other:?}"),
        }
    }

    /// `current ACCOUNT`, `gone CODE`, `unsupported`, or the kind of the error.
    async fn says_later(&self, known: &KnownIdentity) -> String {
        match self.backend.reload(&self.world.call(), known).await {
            Ok(Reloaded::Current(identity)) => format!("current {}", identity.account),
            Ok(Reloaded::Gone(reason)) => format!("gone {}", reason.code),
            Ok(_) => "unsupported".to_owned(),
            Err(error) => error.kind().to_owned(),
        }
    }
}

#[tokio::test]
async fn an_account_is_found_and_its_password_tried() {
    let server = directory().await;
    let link =
        link(&server, json!({"domains": ["CORP"], "labels": {"team": {"attribute": "ou"}}, "groups": {}}));
    for (account, password, said) in [
        ("alice", "alice-password", "ok Alice"),
        ("CORP\\ALICE", "alice-password", "ok Alice"),
        ("OTHER\\alice", "alice-password", "unknown"),
        ("alice", "bob-password", "denied bad_credentials"),
        ("*", "alice-password", "unknown"),
        ("nobody", "alice-password", "unknown"),
    ] {
        assert_eq!(link.says(account, password).await, said, "{account}");
    }
    server.forget();
    for (account, password) in [("alice", ""), ("", "alice-password")] {
        assert_eq!(link.says(account, password).await, "unknown");
    }
    let asked = Login::new("alice", Credential::None);
    assert_eq!(link.backend.authenticate(&link.world.call(), &asked).await, Ok(Decision::NoMatch));
    assert!(server.searches().is_empty() && server.binds().is_empty(), "nobody is asked without a password");

    let identity = link.alice().await;
    assert_eq!((identity.account.as_str(), identity.subject.as_str()), ("Alice", "entryuuid:a-1"));
    for (label, value) in [("team", "dev"), ("groups", "admins")] {
        assert_eq!(identity.labels.values(label).iter().map(LabelValue::as_str).collect::<Vec<_>>(), [value]);
    }
}

#[tokio::test]
async fn two_entries_are_nobody() {
    let server = directory().await;
    let link = link(&server, json!({"filter": "(mail=${account})", "account_attribute": "uid"}));
    assert_eq!(link.says("a@example.com", "alice-password").await, "protocol");
    assert!(server.binds().iter().all(|bind| bind.name == SERVICE), "no password is tried");
    server.add("uid=alice,ou=guests,dc=example,dc=com", [("uid", "alice")]);
    let apart =
        json!({"base": null, "bases": ["ou=people,dc=example,dc=com", "ou=guests,dc=example,dc=com"]});
    assert_eq!(self::link(&server, apart).says("alice", "alice-password").await, "protocol");
    server.remove("uid=alice,ou=guests,dc=example,dc=com");
    // Bases within each other show the same entry twice.
    let people = "OU=People, dc=example,dc=com";
    let twice = self::link(&server, json!({"base": null, "bases": [BASE, people]}));
    assert_eq!(twice.says("alice", "alice-password").await, "ok Alice");
}

#[tokio::test]
async fn an_entry_may_speak_against_a_right_password() {
    let server = directory().await;
    let plain = link(&server, json!({}));
    let members = link(&server, json!({"required_groups": ["Admins"]}));
    assert_eq!(members.says("alice", "alice-password").await, "ok Alice");
    assert_eq!(members.says("bob", "bob-password").await, "denied not_member");
    assert_eq!(members.says("bob", "wrong").await, "denied bad_credentials");
    server.set(ALICE, "nsAccountLock", ["true"]);
    assert_eq!(plain.says("alice", "alice-password").await, "denied disabled");
    assert_eq!(plain.says("alice", "wrong").await, "denied bad_credentials");
}

#[tokio::test]
async fn without_a_service_account_users_search_for_themselves() {
    let server = directory().await;
    let as_user = |more: Value| {
        let mut keys = json!({
            "initial_bind_as_user": true,
            "bind_dn": "uid=${account},ou=people,dc=example,dc=com",
            "bind_password": null,
        });
        let (Value::Object(all), Value::Object(more)) = (&mut keys, more) else { panic!("two objects") };
        all.extend(more);
        link(&server, keys)
    };
    let users = as_user(json!({"groups": {"search": {"filter": "(member=${dn})"}}}));
    let alice = users.alice().await;
    assert_eq!(alice.labels.values("groups").len(), 1);
    assert!(
        server.searches().iter().all(|search| search.who.eq_ignore_ascii_case(ALICE)),
        "{:?}",
        server.searches()
    );
    assert_eq!(users.says("alice", "wrong").await, "denied bad_credentials");
    assert_eq!(users.says_later(&KnownIdentity::of(&alice)).await, "unsupported");
    assert!(!users.backend.can_reload());
    assert!(users.backend.preview(&users.world.call(), "alice").await.is_none());

    let next = as_user(json!({"on_invalid": "no_match"}));
    assert_eq!(next.says("alice", "wrong").await, "unknown");
    server.on_bind(
        BOB,
        dockgate_testkit::directory::Answer::code(53)
            .text("Account inactivated. Contact system administrator."),
    );
    let refused = next.says("bob", "bob-password").await;
    assert!(
        refused.starts_with("denied"),
        "what the directory says of an account is not overheard: {refused}"
    );

    // The filter finds somebody else than who bound: that password is not theirs.
    let other = as_user(json!({"filter": "(&(entryUUID=b-1)(!(uid=${account})))"}));
    assert_eq!(other.says("alice", "alice-password").await, "denied bad_credentials");
}

#[tokio::test]
async fn who_was_let_in_is_looked_up_later() {
    let server = directory().await;
    let link = link(
        &server,
        json!({
            "filter": "(&(uid=${account})(!(description=left)))",
            "required_groups": ["admins"],
        }),
    );
    server.set(ALICE, "pwdChangedTime", ["20260101000000Z"]);
    let known = KnownIdentity::of(&link.alice().await);
    assert!(link.backend.can_reload() && known.epoch.is_some());
    assert_eq!(link.says_later(&known).await, "current Alice");

    server.set(ALICE, "description", ["left"]);
    assert_eq!(link.says_later(&known).await, "gone removed", "the filter counts");
    server.set(ALICE, "description", [""; 0]);
    server.set(ALICE, "pwdChangedTime", ["20260102000000Z"]);
    assert_eq!(link.says_later(&known).await, "gone bad_credentials");
    server.set(ALICE, "pwdChangedTime", ["20260101000000Z"]);
    server.set(ALICE, "nsAccountLock", ["true"]);
    assert_eq!(link.says_later(&known).await, "gone disabled");
    server.set(ALICE, "nsAccountLock", [""; 0]);
    server.set(ADMINS, "member", [BOB]);
    assert_eq!(link.says_later(&known).await, "gone not_member");
    server.set(ADMINS, "member", [ALICE]);
    assert_eq!(link.says_later(&known).await, "current Alice");
    // Another entry of the same name is somebody else.
    server.set(ALICE, "entryUUID", ["a-2"]);
    assert_eq!(link.says_later(&known).await, "gone removed");
    server.stop().await;
    assert_eq!(link.says_later(&known).await, "unavailable", "nobody is gone because nobody answers");
}

#[tokio::test]
async fn an_account_is_shown_without_its_password() {
    let server = directory().await;
    let link = link(&server, json!({"groups": {}}));
    let shown = async |account: &str| link.backend.preview(&link.world.call(), account).await;
    let Some(Ok(Decision::Allow(identity))) = shown("alice").await else { panic!("alice is there") };
    assert_eq!((identity.account.as_str(), identity.labels.values("groups").len()), ("Alice", 1));
    assert_eq!(shown("nobody").await, Some(Ok(Decision::NoMatch)));
    assert!(shown("").await.is_none());
    assert!(server.binds().iter().all(|bind| bind.name == SERVICE));
}

#[tokio::test]
async fn what_a_user_was_shown_is_nobody_elses() {
    let server = directory().await;
    let link = link(
        &server,
        json!({
            "initial_bind_as_user": true,
            "bind_dn": "uid=${account},ou=people,dc=example,dc=com",
            "bind_password": null,
            "groups": {"search": {"filter": "(member=${dn})"}, "cache": "1h"},
        }),
    );
    assert_eq!(link.alice().await.labels.values("groups").len(), 1);
    server.set(ADMINS, "member", [BOB]);
    assert_eq!(
        link.alice().await.labels.values("groups").len(),
        0,
        "nothing is remembered of a user's own search"
    );
}

#[tokio::test]
async fn certificates_are_believed_only_where_that_is_written() {
    let identity = Authority::new().server(&["127.0.0.1"]);
    let server = Directory::new()
        .entry(SERVICE, [("cn", "dockgate")])
        .password("service-password")
        .entry(ALICE, [("uid", "Alice")])
        .password("alice-password")
        .ldaps(&identity)
        .start()
        .await;
    for (insecure, said) in
        [(json!(null), "unavailable"), (json!(false), "unavailable"), (json!(true), "ok Alice")]
    {
        let link = link(&server, json!({"tls": "always", "insecure_tls_skip_verify": insecure}));
        assert_eq!(link.says("alice", "alice-password").await, said, "{insecure}");
        assert_eq!(server.binds().is_empty(), insecure != json!(true), "no password goes to a stranger");
    }
}

#[tokio::test]
async fn a_name_for_users_is_none_for_a_service_account() {
    let world = World::new();
    let section = json!({
        "addr": "127.0.0.1:389",
        "bind_dn": "uid=${account},ou=people,dc=example,dc=com",
        "bind_password": "service-password",
        "base": BASE,
        "filter": "(uid=${account})",
    });
    let config: LdapAuthConfig = serde_json::from_value(section).unwrap();
    let refused = config.build(&world.build_context().for_link("corp", Dialect::Native)).err().unwrap();
    assert!(refused.to_string().contains("initial_bind_as_user: true"), "{refused}");
}
