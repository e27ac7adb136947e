//! `ldap_auth` with 389 Directory Server behind it.

use std::time::{Duration, Instant};

use dockgate_api::{Identity, KnownIdentity, ReasonCode, Reloaded};
use dockgate_testkit::authenticator::{self, Anonymous, Fixture, Person, Reload, Unknown};
use dockgate_testkit::fakes::call;
use serde_json::{Value, json};

use super::authority::Authority;
use super::backend::{Backend, Gate, LdapTest, link, values, with};
use super::ds389::{Ds389, GROUPS, SERVICE, SUFFIX, USERS};
use super::sample::Sample;
use crate::harness::process::free_port;

fn section(server: &Ds389) -> Value {
    json!({
        "addr": server.tls_uri(),
        "ca_certificate": server.authority.certificate,
        "bind_dn": SERVICE.0,
        "bind_password": SERVICE.1,
        "base": USERS,
        "filter": "(&(objectClass=inetOrgPerson)(uid=${account}))",
    })
}

fn as_user() -> Value {
    json!({"initial_bind_as_user": true, "bind_dn": format!("uid=${{account}},{USERS}"), "bind_password": null})
}

fn replace(person: &str, attribute: &str, value: &str) -> String {
    format!("dn: uid={person},{USERS}\nchangetype: modify\nreplace: {attribute}\n{attribute}: {value}\n\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_is_kept() {
    let Some(server) = Ds389::start(&Authority::new()) else { return };
    // The suite has more wrong passwords than the five that lock.
    server.change("dn: cn=config\nchangetype: modify\nreplace: passwordLockout\npasswordLockout: off\n");
    let ldaps = section(&server);
    let starttls = with(&ldaps, json!({"addr": server.uri(), "tls": "starttls"}));
    let removed = "nsuniqueid:00000000-00000000-00000000-00000000".to_owned();
    let epoch = Backend::of(&ldaps).identity("alice", "alice-pass").await.epoch.is_some();
    for (section, unknown, reload) in [
        (
            &ldaps,
            Unknown::NoMatch("mallory".to_owned()),
            Reload::Supported { removed: removed.clone(), epoch },
        ),
        (&starttls, Unknown::NoMatch("mallory".to_owned()), Reload::Supported { removed, epoch }),
        (
            &with(&ldaps, as_user()),
            Unknown::Deny("mallory".to_owned()),
            Reload::NotSupported("without a service account nobody can be looked up"),
        ),
    ] {
        let fixture = Fixture {
            known: Person::new("ALICE", "alice-pass"),
            canonical: "alice".to_owned(),
            unknown,
            anonymous: Anonymous::NotSupported("a directory is asked about somebody"),
            reload,
        };
        let backend = Backend::of(section);
        authenticator::conformance(backend.authenticator.clone(), fixture).await;
    }
}

#[test]
fn each_refusal_has_its_reason() {
    let Some(server) = Ds389::start(&Authority::new()) else { return };
    for section in [with(&section(&server), as_user()), section(&server)] {
        let gate = Gate::start(&[link(&section)]);
        let mut bodies = Vec::new();
        let mut refused = |account: &str, password: &str, reason: &str, text: &str| {
            let (answer, line) = gate.audited(account, password);
            assert_eq!((answer.status, &line["reason"]), (401, &json!(reason)), "{account}: {line}");
            assert!(line["detail"].as_str().unwrap().contains(text), "{account}: {line}");
            bodies.push(answer.body);
        };
        refused("alice", "wrong", "bad_credentials", "invalidCredentials (49)");
        refused("disabled", "disabled-pass", "disabled", "Account inactivated");
        refused("expired", "expired-pass", "expired", "password expired");
        // The bind succeeds, and a control says that nothing but a new password may follow.
        refused("must-change", "must-change-pass", "expired", "success (0): the password must be changed");
        for _ in 0..5 {
            gate.log_in("locked", "wrong");
        }
        refused("locked", "locked-pass", "locked", "Exceed password retry limit");
        bodies.dedup();
        assert_eq!(bodies.len(), 1, "the client is told which it is: {bodies:?}");
        assert!(!gate.log().contains("-pass"), "{}", gate.log());
    }

    // A password that ends soon is one that does for now.
    server.change(
        "dn: cn=config\nchangetype: modify\nreplace: passwordWarning\npasswordWarning: 8640000\n-\n\
         replace: passwordSendExpiringTime\npasswordSendExpiringTime: on\n",
    );
    let told = LdapTest::of(&section(&server)).logging_in("bob", "bob-pass", &[]).succeeds().stdout;
    assert!(told.contains(&format!("bound as uid=bob,{USERS}: the password expires in ")), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_and_what_ends_a_login() {
    let Some(server) = Ds389::start(&Authority::new()) else { return };
    let section = with(&section(&server), json!({"groups": {}}));
    let ways = [
        json!({}),
        json!({"nested": "recursive"}),
        json!({"nested": "recursive", "search": {"base": GROUPS, "filter": "(member=${dn})"}}),
        json!({"below": GROUPS.to_uppercase()}),
    ];
    let ways = ways.map(|groups| Backend::of(&with(&section, json!({"groups": groups}))));
    for (account, groups) in [
        ("erin", &[][..]),
        ("alice", &["developers", "engineering"]),
        ("bob", &["testers"]),
        ("carol", &["developers", "engineering", "interns"]),
        ("dave", &["loop-a", "loop-b", "loop-c"]),
        ("odd", &["Smith, John's team", "plus+equals=", "the \"quoted\"", "Übersicht"]),
    ] {
        for (way, backend) in ways.iter().enumerate() {
            let found = backend.label(account, &format!("{account}-pass"), "groups").await;
            assert_eq!(found, groups, "{account}, way {way}");
        }
    }
    let rule = json!({"groups": {"nested": "matching_rule", "search": {"base": SUFFIX}}});
    let error = Backend::of(&with(&section, rule)).error("alice", "alice-pass").await.to_string();
    assert!(error.contains("write `nested: recursive`"), "{error}");

    server.change(
        &[
            "dn: cn=config\nchangetype: modify\nreplace: passwordMustChange\npasswordMustChange: off\n-\n\
         replace: passwordTrackUpdateTime\npasswordTrackUpdateTime: on\n\n"
                .to_owned(),
            replace("bob", "userPassword", "bob-pass"),
        ]
        .concat(),
    );
    let backend = Backend::of(&with(&section, json!({"required_groups": null})));
    let mut people = Vec::new();
    for account in ["alice", "bob", "carol", "dave", "erin"] {
        people.push(KnownIdentity::of(&backend.identity(account, &format!("{account}-pass")).await));
    }
    server.change(&[
        replace("alice", "nsAccountLock", "true"),
        format!("dn: cn=developers,{GROUPS}\nchangetype: modify\ndelete: member\nmember: cn=interns,{GROUPS}\n\n"),
        format!("dn: uid=dave,{USERS}\nchangetype: delete\n\n"),
        format!("dn: uid=erin,{USERS}\nchangetype: modrdn\nnewrdn: uid=erika\ndeleteoldrdn: 1\n\n"),
    ].concat());
    let mut reloaded = Vec::new();
    let began = Instant::now();
    for known in &people {
        reloaded.push(backend.authenticator.reload(&call(), known).await.unwrap());
    }
    let [alice, _, carol, dave, erin] = reloaded.as_slice() else { panic!() };
    assert!(matches!(alice, Reloaded::Gone(reason) if reason.code == ReasonCode::Disabled), "{alice:?}");
    assert!(matches!(dave, Reloaded::Gone(reason) if reason.code == ReasonCode::Removed), "{dave:?}");
    assert!(matches!(carol, Reloaded::Current(now) if values(now, "groups") == ["interns"]), "{carol:?}");
    let same = |now: &Identity| (now.account.as_str(), &now.subject) == ("erika", &people[4].subject);
    assert!(matches!(erin, Reloaded::Current(now) if same(now)), "{erin:?}");

    // The server writes down the second in which a password was changed.
    let bob = loop {
        server.change(&replace("bob", "userPassword", "new-pass"));
        match backend.authenticator.reload(&call(), &people[1]).await.unwrap() {
            Reloaded::Current(_) => assert!(began.elapsed() < Duration::from_secs(10)),
            other => break other,
        }
    };
    assert!(matches!(&bob, Reloaded::Gone(reason) if reason.code == ReasonCode::BadCredentials), "{bob:?}");
}

/// People are as `FreeIPA` makes them.
#[test]
fn the_sample() {
    let authority = Authority::new();
    let Some(server) = Ds389::start(&authority) else { return };
    let sysaccounts = SERVICE.0.split_once(',').unwrap().1;
    let posix = |account: &str, number: u16| {
        format!(
            "dn: uid={account},{USERS}\nchangetype: add\nobjectClass: inetOrgPerson\nobjectClass: posixAccount\n\
             objectClass: inetUser\nuid: {account}\ncn: {account}\nsn: {account}\nuidNumber: {number}\n\
             gidNumber: {number}\nhomeDirectory: /home/{account}\nuserPassword: {account}-pass\n\n"
        )
    };
    let group = |name: &str, below: &str, member: &str| {
        format!(
            "dn: cn={name},{below}\nchangetype: add\nobjectClass: groupOfNames\nobjectClass: nsMemberOf\ncn: {name}\n\
             member: {member}\n\n"
        )
    };
    server.change(&[
        "dn: cn=config\nchangetype: modify\nreplace: passwordMustChange\npasswordMustChange: off\n\n".to_owned(),
        format!(
            "dn: uid=dockgate,{sysaccounts}\nchangetype: add\nobjectClass: account\nobjectClass: simpleSecurityObject\n\
             uid: dockgate\nuserPassword: service-pass\n\n"
        ),
        posix("anna", 1001),
        posix("berta", 1002),
        group("ops", GROUPS, &format!("uid=anna,{USERS}")),
        group("registry-admins", GROUPS, &format!("cn=ops,{GROUPS}")),
        group("team", GROUPS, &format!("uid=berta,{USERS}")),
        // A role is no group.
        group("registry-admins", SUFFIX, &format!("uid=berta,{USERS}")),
    ].concat());
    let sample = Sample::start(
        "freeipa.yml",
        &authority,
        &[
            ("ipa1.example.com:636", &server.tls_uri()),
            ("ipa2.example.com:636", &format!("ldaps://127.0.0.1:{}", free_port())),
            ("dc=example,dc=com", SUFFIX),
        ],
    );
    assert_eq!(sample.granted("anna", "anna-pass", "any/app"), "pull,push", "{}", sample.log());
    assert_eq!(sample.granted("Berta", "berta-pass", "team/app"), "pull,push");
    assert_eq!(sample.granted("berta", "berta-pass", "any/app"), "pull");
    assert_eq!(sample.granted("berta", "wrong", "any/app"), "401");
    let told = sample.told_of("anna");
    for line in [
        "TLS 1.3, certificate for localhost, ",
        &format!("  bound as the service account uid=dockgate,{sysaccounts}\n"),
        &format!("  the entry is uid=anna,{USERS}\n"),
        "the account is anna, its subject nsuniqueid:",
        "Label groups: ops, registry-admins (stand for themselves).",
    ] {
        assert!(told.contains(line), "no {line:?}:\n{told}");
    }
}
