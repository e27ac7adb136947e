//! Who somebody is later, whom something that lasts was issued to.

use dockgate_api::{Identity, KnownIdentity, ReasonCode, Reloaded};
use dockgate_testkit::fakes::call;
use serde_json::json;

use super::authority::Authority;
use super::backend::{Backend, values, with};
use super::slapd::{GROUPS, Options, PARTNERS, PEOPLE, Slapd};

fn start() -> Option<Slapd> {
    Slapd::start(&Authority::new(), Options::default())
}

/// What the backend says now of somebody whom it knew.
async fn now(backend: &Backend, known: &Identity) -> Reloaded {
    backend.authenticator.reload(&call(), &KnownIdentity::of(known)).await.unwrap()
}

#[track_caller]
fn current(reloaded: Reloaded) -> Identity {
    match reloaded {
        Reloaded::Current(identity) => identity,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn gone(reloaded: Reloaded) -> ReasonCode {
    match reloaded {
        Reloaded::Gone(reason) => reason.code,
        other => panic!("{other:?}"),
    }
}

fn modify(account: &str, change: &str) -> String {
    format!("dn: uid={account},{PEOPLE}\nchangetype: modify\n{change}\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_changes_is_known_again() {
    let Some(slapd) = start() else { return };
    let section = with(&slapd.section(), json!({"groups": {"nested": "recursive"}}));
    let backend = Backend::of(&section);
    assert!(backend.authenticator.can_reload());
    let erin = backend.identity("erin", "erin-pass").await;
    assert_eq!(current(now(&backend, &erin).await), erin);

    // Another group, another name: the same person.
    slapd.change(&format!(
        "dn: cn=developers,{GROUPS}\nchangetype: modify\nadd: member\nmember: uid=erin,{PEOPLE}\n"
    ));
    let with_groups = current(now(&backend, &erin).await);
    assert_eq!(values(&with_groups, "groups"), ["developers", "engineering"]);
    slapd.change(&format!(
        "dn: uid=erin,{PEOPLE}\nchangetype: modrdn\nnewrdn: uid=erin-smith\ndeleteoldrdn: 1\n"
    ));
    let renamed = current(now(&backend, &erin).await);
    assert_eq!((renamed.account.as_str(), &renamed.subject), ("erin-smith", &erin.subject));
    assert_eq!(values(&renamed, "groups"), ["developers", "engineering"]);
    // Who takes the old name is somebody else.
    slapd.change(&format!(
        "dn: uid=erin,{PEOPLE}\nobjectClass: inetOrgPerson\nuid: erin\ncn: Erin\nsn: Erin\nuserPassword: other-pass\n"
    ));
    assert_eq!(current(now(&backend, &erin).await).account, "erin-smith");
    assert_ne!(backend.identity("erin", "other-pass").await.subject, erin.subject);
    // Moved to where nobody is looked for, and back.
    slapd.change(&format!(
        "dn: uid=erin-smith,{PEOPLE}\nchangetype: modrdn\nnewrdn: uid=erin-smith\ndeleteoldrdn: 0\nnewsuperior: {PARTNERS}\n"
    ));
    assert_eq!(gone(now(&backend, &erin).await), ReasonCode::Removed);
    let both = Backend::of(&with(&section, json!({"base": null, "bases": [PEOPLE, PARTNERS]})));
    assert_eq!(current(now(&both, &erin).await).account, "erin-smith");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_no_more_is_gone() {
    let Some(slapd) = start() else { return };
    let section = with(
        &slapd.section(),
        json!({
            "filter": "(&(objectClass=inetOrgPerson)(uid=${account})(!(title=gone)))",
            "groups": {},
            "required_groups": ["developers", "Testers", "interns"],
        }),
    );
    let backend = Backend::of(&section);
    let alice = backend.identity("alice", "alice-pass").await;
    let bob = backend.identity("bob", "bob-pass").await;
    let carol = backend.identity("carol", "carol-pass").await;

    slapd.change(&format!(
        "dn: cn=Testers,{GROUPS}\nchangetype: modify\nadd: member\nmember: uid=alice,{PEOPLE}\n"
    ));
    slapd.change(&format!(
        "dn: cn=developers,{GROUPS}\nchangetype: modify\ndelete: member\nmember: uid=alice,{PEOPLE}\n"
    ));
    assert_eq!(values(&current(now(&backend, &alice).await), "groups"), ["Testers", "stray"]);
    slapd.change(&format!(
        "dn: cn=Testers,{GROUPS}\nchangetype: modify\ndelete: member\nmember: uid=alice,{PEOPLE}\n"
    ));
    assert_eq!(gone(now(&backend, &alice).await), ReasonCode::NotMember);

    // A lock that ends is nobody's end: others could bring it about.
    slapd.change(&modify("bob", "add: pwdAccountLockedTime\npwdAccountLockedTime: 20200101000000Z"));
    assert_eq!(current(now(&backend, &bob).await).account, "bob");
    slapd.change(&modify("bob", "replace: pwdAccountLockedTime\npwdAccountLockedTime: 000001010000Z"));
    assert_eq!(gone(now(&backend, &bob).await), ReasonCode::Disabled);

    slapd.change(&modify("carol", "replace: title\ntitle: gone"));
    assert_eq!(gone(now(&backend, &carol).await), ReasonCode::Removed);
    slapd.change(&modify("carol", "delete: title"));
    assert_eq!(current(now(&backend, &carol).await).account, "carol");
    slapd.change(&format!("dn: uid=carol,{PEOPLE}\nchangetype: delete\n"));
    assert_eq!(gone(now(&backend, &carol).await), ReasonCode::Removed);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_password_ends_what_was_issued_for_the_old_one() {
    let Some(slapd) = start() else { return };
    let backend = Backend::of(&slapd.section());
    // The directory knows when the one was changed, of the other it does not before that happens.
    for account in ["warned", "dave"] {
        let known = backend.identity(account, &format!("{account}-pass")).await;
        assert_eq!(current(now(&backend, &known).await).epoch, known.epoch);
        slapd.change(&modify(account, "replace: description\ndescription: other"));
        assert_eq!(current(now(&backend, &known).await).epoch, known.epoch);
        slapd.change(&modify(account, "replace: userPassword\nuserPassword: another-pass"));
        // Whoever is given one by others must choose another, by some policies.
        slapd.change(&modify(account, "replace: pwdReset\npwdReset: FALSE"));
        assert_eq!(gone(now(&backend, &known).await), ReasonCode::BadCredentials, "{account}");
        let known = backend.identity(account, "another-pass").await;
        assert!(known.epoch.is_some());
        assert_eq!(current(now(&backend, &known).await).epoch, known.epoch);
    }
    let known = backend.identity("alice", "alice-pass").await;
    slapd.change(&modify("alice", "replace: pwdReset\npwdReset: TRUE"));
    assert_eq!(gone(now(&backend, &known).await), ReasonCode::Expired);
}

/// What cannot be found out is an error, not the end.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_gone_because_the_directory_is() {
    let Some(mut slapd) = start() else { return };
    let backend = Backend::of(&slapd.section());
    let known = backend.identity("alice", "alice-pass").await;
    slapd.stop();
    let answer = backend.authenticator.reload(&call(), &KnownIdentity::of(&known)).await;
    assert!(answer.is_err(), "{answer:?}");
}
