//! What was issued for somebody ends when the domain says so.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dockgate_api::{Decision, KnownIdentity, ReasonCode, Reloaded};
use dockgate_testkit::fakes::call;
use serde_json::json;

use super::authority::Authority;
use super::backend::{Backend, values, with};
use super::samba::{GROUPS, PEOPLE, Samba};
use super::samba_link::section;

/// Somebody who logged in.
async fn known(backend: &Backend, account: &str) -> KnownIdentity {
    KnownIdentity::of(&backend.identity(account, &format!("{account}-pass")).await)
}

async fn reloaded(backend: &Backend, known: &KnownIdentity) -> Reloaded {
    backend.authenticator.reload(&call(), known).await.unwrap()
}

async fn gone(backend: &Backend, known: &KnownIdentity) -> ReasonCode {
    match reloaded(backend, known).await {
        Reloaded::Gone(reason) => reason.code,
        other => panic!("{}: {other:?}", known.account),
    }
}

fn replace(person: &str, attribute: &str, value: &str) -> String {
    format!("dn: CN={person},{PEOPLE}\nchangetype: modify\nreplace: {attribute}\n{attribute}{value}\n\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn until_the_domain_says_otherwise() {
    let Some(samba) = Samba::start(&Authority::new()) else { return };
    let filter = "(&(objectClass=user)(sAMAccountName=${account})(!(title=left)))";
    let section = with(
        &section(&samba),
        json!({"filter": filter, "groups": {"nested": "matching_rule"}, "required_groups": null}),
    );
    let backend = Backend::of(&section);
    let required = Backend::of(&with(&section, json!({"required_groups": ["engineering"]})));

    let mut people = Vec::new();
    for account in ["alice", "bob", "carol", "dave", "erin", "reader", "petra", "odd", "jsmith"] {
        let known = known(&backend, account).await;
        assert!(matches!(reloaded(&backend, &known).await, Reloaded::Current(_)), "{account}");
        people.push(known);
    }
    let [alice, bob, carol, dave, erin, reader, petra, odd, jsmith] = people.as_slice() else { panic!() };
    for account in ["alice", "carol"] {
        known(&required, account).await;
    }

    let quoted: Vec<u8> = "\"new-pass\"".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let changes = [
        replace("Bob", "userAccountControl", ": 514"),
        replace("Alice Liddell", "unicodePwd", &format!(":: {}", STANDARD.encode(quoted))),
        format!(
            "dn: CN=developers,{GROUPS}\nchangetype: modify\ndelete: member\nmember: CN=interns,{GROUPS}\n\n"
        ),
        format!("dn: CN=Dave,{PEOPLE}\nchangetype: delete\n\n"),
        replace("Erin", "title", ": left"),
        replace("Petra", "pwdLastSet", ": 0"),
        replace("Odd", "accountExpires", ": 126543168000000000"),
        replace("Smith\\, John", "sAMAccountName", ": johnny"),
        format!("dn: CN=Smith\\, John,{PEOPLE}\nchangetype: modrdn\nnewrdn: CN=Johnny\ndeleteoldrdn: 1\n\n"),
    ];
    samba.change(&changes.concat());
    assert_eq!(gone(&backend, bob).await, ReasonCode::Disabled);
    assert_eq!(gone(&backend, alice).await, ReasonCode::BadCredentials);
    assert_eq!(gone(&backend, dave).await, ReasonCode::Removed);
    assert_eq!(gone(&backend, erin).await, ReasonCode::Removed);
    assert_eq!(gone(&backend, petra).await, ReasonCode::Expired);
    assert_eq!(gone(&backend, odd).await, ReasonCode::Expired);
    // She is in fewer groups: that ends it where one of the others is required.
    let Reloaded::Current(identity) = reloaded(&backend, carol).await else { panic!() };
    assert_eq!(values(&identity, "groups"), ["interns"]);
    assert_eq!(gone(&required, carol).await, ReasonCode::NotMember);
    // Another account and another name, and still the same person.
    let Reloaded::Current(identity) = reloaded(&backend, jsmith).await else { panic!() };
    assert_eq!((identity.account.as_str(), &identity.subject), ("johnny", &jsmith.subject));
    assert_eq!(KnownIdentity::of(&backend.identity("johnny", "jsmith-pass").await).subject, jsmith.subject);
    // Wrong passwords lock the reader out, and that ends nothing: anybody could do it.
    for _ in 0..5 {
        let _refused = backend.log_in("reader", "wrong").await;
    }
    let refused = backend.log_in("reader", "reader-pass").await;
    assert!(
        matches!(&refused, Ok(Decision::Deny(reason)) if reason.code == ReasonCode::Locked),
        "{refused:?}"
    );
    assert!(matches!(reloaded(&backend, reader).await, Reloaded::Current(_)));
    // With the new password she is as she was, but for what was issued on the old one.
    let now = KnownIdentity::of(&backend.identity("alice", "new-pass").await);
    assert_eq!((now.subject == alice.subject, now.epoch == alice.epoch), (true, false));
    assert!(matches!(reloaded(&backend, &now).await, Reloaded::Current(_)));
}
