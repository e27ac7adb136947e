//! What the record says, and whose it is.

use super::*;

#[tokio::test]
async fn the_record_answers_and_nobody_else_is_asked() {
    let site = Site::new();
    site.sign_in(noon()).await;
    for minutes in [0, 1, 30, 59] {
        assert_eq!(site.said(noon() + minutes * 60 * SECOND).await, "alice: ops");
    }
    assert!(site.provider.asked().is_empty());
    let today = site.today(noon()).await.unwrap();
    let Reloaded::Current(identity) = today else { panic!("{today:?}") };
    assert_eq!((identity.link.as_ref(), identity.subject.as_str(), identity.epoch), ("corp", "42", None));
}

/// Ten thousand logins a second are not ten thousand questions to the store.
#[tokio::test]
async fn a_record_that_was_read_counts_for_a_moment_and_no_longer() {
    let site = Site::new();
    site.sign_in(noon()).await;
    let other = site.replica();
    assert_eq!(other.said(noon()).await, "alice: ops");
    site.store.take(&call_at(noon()), Shelf::SignIns, &site.person().key).await.unwrap();
    assert_eq!(other.said(noon() + RECHECK - SECOND).await, "alice: ops");
    assert!(other.said(noon() + RECHECK).await.contains("sign in again"));
    assert!(other.said(noon() - SECOND).await.contains("sign in again"), "the clock went back");
}

#[tokio::test]
async fn who_never_signed_in_is_nobody() {
    let site = Site::new();
    assert!(site.said(noon()).await.starts_with("removed"), "{}", site.said(noon()).await);
    assert!(site.sign_ins.kept(&call_at(noon()), &alice()).await.is_none());
}

#[tokio::test]
async fn provider_tokens_are_encrypted_and_what_belongs_to_another_is_refused() {
    let site = Site::new();
    site.sign_in(noon()).await;
    let record = site.person();
    assert!(!String::from_utf8_lossy(&record.value).contains("\"r1\""));
    let kept = site.sign_ins.kept(&call_at(noon()), &alice()).await;
    assert_eq!(kept.unwrap().expose_secret(), "r1");
    // Bob's record, with what Alice's says.
    let bob = Owner::new("corp", "43", "bob");
    let mut copied = record.clone().owned_by(bob.clone());
    copied.key = crate::sign_ins::person::key(&bob);
    site.store.put(&call_at(noon()), Shelf::SignIns, copied).await.unwrap();
    let today = site.sign_ins.today(&call_at(noon()), &site.chain, &bob).await;
    assert!(said(today).contains("sign in again"));
    assert!(site.sign_ins.kept(&call_at(noon()), &bob).await.is_none());
}

#[tokio::test]
async fn a_record_that_was_changed_is_as_good_as_none_and_nothing_is_taken_away_for_it() {
    let site = Site::new();
    let owner = site.sign_in(noon()).await;
    site.hang_on(&owner).await;
    let mut changed = site.person();
    let text = String::from_utf8(changed.value).unwrap();
    changed.value = text.replace(r#""keep":"1."#, r#""keep":"1.A"#).into_bytes();
    site.store.put(&call_at(noon()), Shelf::SignIns, changed).await.unwrap();
    assert!(site.replica().said(noon()).await.contains("sign in again"));
    assert_eq!(site.keys(Shelf::AppPasswords), ["a42"], "whoever writes to the store ends nothing by it");
}

#[tokio::test]
async fn another_secret_opens_what_the_one_before_sealed() {
    let site = Site::new();
    site.sign_in(noon()).await;
    let with = |key| Site { sign_ins: Arc::new(server(&site.store, key, RECHECK)), ..site.replica() };
    assert!(with(key(2, &[])).said(noon()).await.contains("sign in again"));
    let later = with(key(2, &[1]));
    assert_eq!(later.said(noon() + HOUR).await, "alice: ops");
    assert_eq!(site.provider.asked(), ["r1"]);
    // From then on it is sealed with the new one.
    assert_eq!(with(key(2, &[])).said(noon() + HOUR).await, "alice: ops");
}

#[tokio::test]
async fn what_the_configuration_says_of_the_link_holds_whatever_was_stored() {
    let site = Site::new();
    site.sign_in(noon()).await;
    let now = |links| Site { chain: Arc::new(Chain::new(links)), ..site.replica() };
    let gone = now(vec![link("other", Arc::clone(&site.provider) as _)]);
    assert!(gone.said(noon()).await.contains("nobody signs in through `corp`"), "the link is gone");
    let gone = now(vec![link("corp", Arc::new(Nobody))]);
    assert!(gone.said(noon()).await.contains("nobody signs in through `corp`"), "its flow is");
    let mut owner = link("staff", Arc::new(Nobody));
    owner.accounts =
        Some(dockgate_rules::Pattern::parse("alice", dockgate_rules::DoubleStar::CrossesSlash).unwrap());
    let taken = now(vec![link("corp", Arc::clone(&site.provider) as _), owner]);
    assert!(taken.said(noon()).await.contains("another link"), "{}", taken.said(noon()).await);
    let mut patterns = link("corp", Arc::clone(&site.provider) as _);
    patterns.values = LabelValues::Pattern;
    let today = now(vec![patterns]).today(noon()).await.unwrap();
    let Reloaded::Current(identity) = today else { panic!("{today:?}") };
    assert_eq!(identity.labels.values("groups"), [LabelValue::Pattern("ops".to_owned())]);
    assert_eq!(site.said(noon()).await, "alice: ops", "nothing was taken away");
}

#[tokio::test]
async fn a_record_outlives_whatever_counts_with_it_and_ends() {
    let site = Site::new();
    site.sign_in(noon()).await;
    let year = 365 * 24 * HOUR;
    assert!(site.person().expires_at.unwrap() > noon() + year);
    site.said(noon() + HOUR).await;
    let record = site.person();
    assert!(record.expires_at.unwrap() > noon() + HOUR + year, "renewed at each revalidation");
    assert!(record.expires_at.unwrap() < noon() + 2 * year);
    assert_eq!(record.created_at, noon(), "when they signed in");
}
