//! App passwords: their owner signed in through a browser, and the provider says whether they are still there.

use std::net::IpAddr;

use dockgate_api::Owner;

use super::*;
use crate::sign_ins::tests::{HOUR, Site as Provided};

const LOOPBACK: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

/// A site with credentials.
struct Passwords {
    site: Provided,
    owner: Owner,
    credentials: Credentials,
}

fn terms() -> AppPasswordTerms {
    AppPasswordTerms { lifetime: 90 * DAY, longest: 200 * DAY, most: 3 }
}

impl Passwords {
    async fn new() -> Self {
        let site = Provided::new();
        let owner = site.sign_in(noon()).await;
        let credentials =
            Credentials::new(site.store.clone(), World::new().random, Duration::from_secs(10), None);
        Self { site, owner, credentials }
    }

    async fn make(&self, wanted: NewAppPassword) -> SecretString {
        let cx = call_at(noon());
        let made = self.credentials.create_app_password(&cx, &self.owner, wanted, &terms(), None).await;
        made.unwrap().0
    }

    /// One that a program renews.
    async fn laptop(&self) -> SecretString {
        let client_id = Some("helper".to_owned());
        self.make(NewAppPassword { name: "laptop".to_owned(), client_id, ..NewAppPassword::default() }).await
    }

    async fn use_at(&self, now: SystemTime, secret: &SecretString) -> Result<Identity, NotUsable> {
        let mut login = Login::new("alice", Credential::Password(secret.clone())).for_service("registry");
        login.client_ip = Some(LOOPBACK);
        let owners = Owners { chain: &self.site.chain, sign_ins: Some(&self.site.sign_ins) };
        self.credentials.identify(&call_at(now), owners, &login, &recognise(secret).unwrap()).await
    }

    async fn renew(&self, now: SystemTime, secret: &SecretString) -> Result<Renewed, NotRenewed> {
        let presented = recognise(secret).unwrap();
        self.credentials.renew_app_password(&call_at(now), &presented, &terms(), Some(LOOPBACK)).await
    }

    async fn listed(&self, now: SystemTime) -> Vec<Listed> {
        self.credentials.app_passwords(&call_at(now), &self.owner).await.unwrap()
    }
}

fn refused<T>(outcome: Result<T, impl Into<NotRenewed>>) -> String {
    match outcome.map_err(Into::into) {
        Ok(_) => "not refused".to_owned(),
        Err(NotRenewed::Denied(reason)) => reason.to_string(),
        Err(NotRenewed::TooMany(most)) => format!("more than {most}"),
        Err(NotRenewed::Failed(error)) => format!("failed: {error}"),
    }
}

#[tokio::test]
async fn its_owner_is_who_the_provider_says_and_where_it_is_used_from_is_written_down() {
    let passwords = Passwords::new().await;
    let secret = passwords.laptop().await;
    let identity = passwords.use_at(noon(), &secret).await.unwrap();
    assert_eq!((identity.account.as_str(), identity.link.as_ref()), ("alice", "corp"));
    assert_eq!(identity.labels.values("groups").len(), 1);
    let [listed] = passwords.listed(noon()).await.try_into().unwrap();
    assert_eq!((listed.note.as_deref(), listed.used_from.as_deref()), (Some("laptop"), Some("127.0.0.1")));
    assert_eq!(listed.ends.unwrap().0, noon() + 90 * DAY);
}

/// Somebody who left the team is out with the first token after `revalidate_after`.
#[tokio::test]
async fn who_is_gone_at_the_provider_gets_nothing_any_more() {
    let passwords = Passwords::new().await;
    let secret = passwords.laptop().await;
    passwords.site.provider.change(|mood| mood.gone = true);
    assert!(passwords.use_at(noon() + HOUR - Duration::from_secs(1), &secret).await.is_ok());
    assert!(refused(passwords.use_at(noon() + HOUR, &secret).await).contains("no member of the team"));
    assert!(refused(passwords.use_at(noon() + HOUR, &secret).await).contains("no such app password"));
    // Nor does it come back when they do.
    passwords.site.sign_in(noon() + HOUR).await;
    assert!(refused(passwords.use_at(noon() + HOUR, &secret).await).contains("no such app password"));
}

#[tokio::test]
async fn where_nobody_signs_in_any_more_none_counts() {
    let passwords = Passwords::new().await;
    let secret = passwords.laptop().await;
    let login = Login::new("alice", Credential::Password(secret.clone()));
    let owners = Owners { chain: &passwords.site.chain, sign_ins: None };
    let used =
        passwords.credentials.identify(&call_at(noon()), owners, &login, &recognise(&secret).unwrap()).await;
    assert!(refused(used).contains("nobody signs in"));
}

#[tokio::test]
async fn one_that_is_renewed_is_the_same_again_and_the_one_before_ends_soon() {
    let passwords = Passwords::new().await;
    let scopes = vec![Limit::parse("repository:a/**:pull").unwrap()];
    let client_id = Some("helper".to_owned());
    let wanted = NewAppPassword { name: "laptop".to_owned(), scopes, lifetime: Some(30 * DAY), client_id };
    let old = passwords.make(wanted).await;
    let later = noon() + 20 * DAY;
    let Renewed { secret: new, listed, .. } = passwords.renew(later, &old).await.unwrap();
    assert_eq!(listed.note.as_deref(), Some("laptop"));
    assert_eq!(listed.scopes, Some(vec!["repository:a/**:pull".to_owned()]));
    assert_eq!(listed.ends.unwrap().0, later + 30 * DAY);
    let minutes = |minutes: u64| later + Duration::from_secs(minutes * 60);
    for secret in [&old, &new] {
        let identity = passwords.use_at(minutes(9), secret).await.unwrap();
        assert_eq!(identity.restrictions.len(), 1, "no wider than before");
    }
    assert!(refused(passwords.use_at(minutes(10), &old).await).contains("no such"));
    assert!(passwords.use_at(minutes(10), &new).await.is_ok());
}

#[tokio::test]
async fn what_was_made_on_the_page_is_renewed_by_nobody() {
    let passwords = Passwords::new().await;
    let secret =
        passwords.make(NewAppPassword { name: "mine".to_owned(), ..NewAppPassword::default() }).await;
    assert!(refused(passwords.renew(noon(), &secret).await).contains("no program renews"));
}

#[tokio::test]
async fn it_is_renewed_once() {
    let passwords = Passwords::new().await;
    let old = passwords.laptop().await;
    let first = passwords.renew(noon() + DAY, &old).await.unwrap().secret;
    assert!(refused(passwords.renew(noon() + DAY, &old).await).contains("renewed already"));
    assert_eq!(passwords.listed(noon() + DAY).await.len(), 2);
    assert_eq!(passwords.listed(noon() + DAY + HOUR).await.len(), 1);
    passwords.renew(noon() + 2 * DAY, &first).await.unwrap();
}

#[tokio::test]
async fn it_lives_no_longer_than_the_longest_from_the_first_on() {
    let passwords = Passwords::new().await;
    let mut secret = passwords.laptop().await;
    for days in [80, 160] {
        secret = passwords.renew(noon() + days * DAY, &secret).await.unwrap().secret;
    }
    let ends = passwords.listed(noon() + 161 * DAY).await[0].ends.unwrap().0;
    assert_eq!(ends, noon() + 200 * DAY);
    secret = passwords.renew(noon() + 199 * DAY, &secret).await.unwrap().secret;
    assert_eq!(passwords.listed(noon() + 199 * DAY + HOUR).await[0].ends.unwrap().0, noon() + 200 * DAY);
    assert!(refused(passwords.renew(noon() + 200 * DAY, &secret).await).contains("no such"));
}

/// A use that was noted while it was renewed writes the old end again.
#[tokio::test]
async fn one_that_came_back_by_accident_ends_with_the_next_use_of_the_new_one() {
    let passwords = Passwords::new().await;
    let old = passwords.laptop().await;
    let record = passwords.site.store.records(Shelf::AppPasswords).remove(0);
    let new = passwords.renew(noon(), &old).await.unwrap().secret;
    let cx = call_at(noon());
    dockgate_api::Store::put(passwords.site.store.as_ref(), &cx, Shelf::AppPasswords, record).await.unwrap();
    assert!(refused(passwords.renew(noon() + HOUR, &old).await).contains("renewed already"));
    passwords.use_at(noon() + HOUR, &new).await.unwrap();
    assert!(refused(passwords.use_at(noon() + HOUR, &old).await).contains("no such"));
}

#[tokio::test]
async fn a_store_that_fails_leaves_the_old_one_as_it_was() {
    for changes in [0, 1, 2] {
        let passwords = Passwords::new().await;
        let old = passwords.laptop().await;
        let before = passwords.site.store.records(Shelf::AppPasswords);
        passwords.site.store.break_after(changes);
        assert!(refused(passwords.renew(noon(), &old).await).starts_with("failed"), "{changes}");
        passwords.site.store.break_after(usize::MAX);
        let after = passwords.site.store.records(Shelf::AppPasswords);
        assert!(after.contains(&before[0]), "{changes}");
        assert!(passwords.use_at(noon(), &old).await.is_ok());
    }
}

#[tokio::test]
async fn who_takes_everything_of_an_account_away_ends_its_sessions_too() {
    let passwords = Passwords::new().await;
    let secret = passwords.laptop().await;
    let session = Record::new("session:1", noon(), Vec::new()).owned_by(passwords.owner.clone());
    let cx = call_at(noon());
    let store = &passwords.site.store;
    let keys = || store.records(Shelf::SignIns).into_iter().map(|record| record.key).collect::<Vec<_>>();
    dockgate_api::Store::put(store.as_ref(), &cx, Shelf::SignIns, session).await.unwrap();
    let mut revoked = 0;
    let of = |account: &str| Which { account: Some(account.to_owned()), ..Which::default() };
    for which in [of("bob"), Which { kinds: vec![Kind::ApiToken], ..of("alice") }] {
        passwords.credentials.revoke(&cx, &which, &mut revoked).await.unwrap();
    }
    assert_eq!((revoked, keys().len()), (0, 2));
    let before = Which { before: Some(noon() + HOUR), ..of("Alice") };
    passwords.credentials.revoke(&call_at(noon() + HOUR), &before, &mut revoked).await.unwrap();
    assert_eq!(revoked, 1);
    assert!(keys()[0].starts_with("person:") && keys().len() == 1, "{:?}", keys());
    passwords.credentials.revoke(&cx, &of("alice"), &mut revoked).await.unwrap();
    assert!(keys().is_empty());
    assert!(refused(passwords.use_at(noon(), &secret).await).contains("no such"));
}

/// `dockgate revoke --all-before`: whoever stole a session would make new app passwords with it.
#[tokio::test]
async fn what_was_before_a_time_is_taken_from_everybody_sessions_included() {
    let passwords = Passwords::new().await;
    passwords.laptop().await;
    let cx = call_at(noon());
    let store = &passwords.site.store;
    let session = Record::new("session:1", noon(), Vec::new()).owned_by(passwords.owner.clone());
    let newer = Record::new("session:2", noon() + HOUR, Vec::new()).owned_by(passwords.owner.clone());
    let nobodys = Record::new("used:1", noon(), Vec::new());
    for record in [session, newer, nobodys] {
        dockgate_api::Store::put(store.as_ref(), &cx, Shelf::SignIns, record).await.unwrap();
    }
    let (mut revoked, before) = (0, Some(noon() + HOUR));
    let which = Which { before, ..Which::default() };
    passwords.credentials.revoke(&call_at(noon() + HOUR), &which, &mut revoked).await.unwrap();
    assert_eq!(revoked, 1);
    let mut left: Vec<_> = store.records(Shelf::SignIns).into_iter().map(|record| record.key).collect();
    left.sort();
    assert!(left[0].starts_with("person:") && left[1..] == ["session:2", "used:1"], "{left:?}");
}
