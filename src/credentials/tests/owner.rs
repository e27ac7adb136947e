//! The link is asked again, and its word counts.

use dockgate_api::{ActionSet, Actions, LabelValue, Labels, ReasonCode};

use super::*;

#[tokio::test]
async fn it_is_its_owners_alone_and_for_its_registry() {
    let site = Site::new();
    let secret = site.mint().await;
    for account in ["", "<token>", "alice", "ALICE"] {
        assert_eq!(
            site.show(noon(), account, "registry", &secret).await.unwrap().account,
            "alice",
            "{account}"
        );
    }
    for account in ["bob", "alice ", "token", "al"] {
        assert!(
            why(site.show(noon(), account, "registry", &secret).await).contains("another account"),
            "{account}"
        );
    }
    for service in ["", "other", "Registry"] {
        assert!(
            why(site.show(noon(), "alice", service, &secret).await).contains("the service registry"),
            "{service}"
        );
    }
}

#[tokio::test]
async fn who_is_gone_gets_nothing_and_who_changed_is_who_they_are_today() {
    let site = Site::new();
    let secret = site.mint().await;
    for code in [ReasonCode::Removed, ReasonCode::Disabled, ReasonCode::Expired, ReasonCode::NotMember] {
        site.directory_says(Ok(Reloaded::Gone(Reason::new(code, "so it is"))));
        assert!(why(site.use_at(noon(), &secret).await).contains("so it is"));
    }
    site.directory_says(Ok(Reloaded::Unsupported));
    assert!(why(site.use_at(noon(), &secret).await).contains("cannot say"));
    let mut labels = Labels::new();
    labels.add("groups", LabelValue::Pattern("*".to_owned()));
    let renamed = Identity::new("alicia").with_subject("1-2-3").with_labels(labels).with_epoch("first");
    site.directory_says(Ok(Reloaded::Current(renamed)));
    let identity = site.use_at(noon(), &secret).await.unwrap();
    assert_eq!(identity.account, "alicia");
    let values = identity.labels.values("groups");
    assert!(matches!(values, [LabelValue::Literal(_)]), "the link's values are literal: {values:?}");
}

#[tokio::test]
async fn a_new_password_ends_it_even_where_the_backend_forgets_to_say_so() {
    let site = Site::new();
    let secret = site.mint().await;
    let changed = Identity::new("alice").with_subject("1-2-3").with_epoch("second");
    site.directory_says(Ok(Reloaded::Current(changed)));
    assert!(why(site.use_at(noon(), &secret).await).contains("password changed"));
}

#[tokio::test]
async fn a_directory_that_is_down_is_no_refusal_and_ends_nothing() {
    let site = Site::new();
    let secret = site.mint().await;
    site.directory_says(Err(BackendError::Unavailable("it is down".to_owned())));
    assert_eq!(why(site.use_at(noon(), &secret).await), "corp failed: unavailable: it is down");
    *site.directory.answer.lock().unwrap() = None;
    assert!(site.use_at(noon(), &secret).await.is_ok());
}

#[tokio::test]
async fn an_answer_counts_for_a_moment_and_revocation_at_once() {
    let site = Site::with(Duration::from_secs(10), Some(TERMS));
    let secret = site.mint().await;
    for seconds in [0, 1, 9] {
        site.use_at(noon() + Duration::from_secs(seconds), &secret).await.unwrap();
    }
    assert_eq!(*site.directory.asked.lock().unwrap(), 1);
    site.directory_says(Ok(Reloaded::Gone(Reason::new(ReasonCode::Disabled, "disabled"))));
    assert!(site.use_at(noon() + Duration::from_secs(9), &secret).await.is_ok());
    assert!(site.use_at(noon() + Duration::from_secs(10), &secret).await.is_err());
    *site.directory.answer.lock().unwrap() = None;
    assert!(
        site.use_at(noon() - Duration::from_secs(1), &secret).await.is_ok(),
        "a clock that went back asks"
    );
    let which = Which { account: Some("Alice".to_owned()), ..Which::default() };
    assert_eq!(revoked(&site, &call_at(noon()), &which).await, 1);
    assert!(why(site.use_at(noon(), &secret).await).contains("no such refresh token"));
}

#[tokio::test]
async fn a_robots_token_is_never_more_than_its_scopes() {
    let site = Site::new();
    let wanted = NewToken {
        scopes: vec![Limit::parse("repository:team/*:pull").unwrap()],
        ends: Some(noon() + DAY),
        ..NewToken::default()
    };
    let (minted, listed) = site.credentials.create_token(&call_at(noon()), &alice(), wanted).await.unwrap();
    assert_eq!(listed.scopes.as_deref(), Some(&["repository:team/*:pull".to_owned()][..]));
    let identity = site.use_at(noon(), &minted.secret).await.unwrap();
    let [restriction] = identity.restrictions.as_slice() else { panic!("{:?}", identity.restrictions) };
    let [limit] = restriction.scopes.as_slice() else { panic!("{restriction:?}") };
    assert_eq!((limit.kind.as_str(), limit.name.as_str()), ("repository", "team/*"));
    assert_eq!(limit.actions, Actions::Only(ActionSet::from_iter(["pull"])));
    assert_eq!(identity.expires_at, Some(noon() + DAY));
    assert!(why(site.use_at(noon() + DAY, &minted.secret).await).contains("no such API token"));
}

/// A backend may forget to compare; then an account that anybody could log in to would keep who did, behind its password.
#[tokio::test]
async fn an_epoch_that_came_or_went_is_another_one() {
    let site = Site::new();
    let secret = site.mint().await;
    let without = Identity::new("alice").with_subject("1-2-3");
    site.directory_says(Ok(Reloaded::Current(without.clone())));
    assert!(why(site.use_at(noon(), &secret).await).contains("the password changed"));

    let mut open = without.clone();
    open.link = "corp".into();
    let made = site.credentials.refresh_token(&call_at(noon()), &site.chain, &open, "registry", None).await;
    let secret = made.unwrap().unwrap().secret;
    site.use_at(noon(), &secret).await.unwrap();
    site.directory_says(Ok(Reloaded::Current(without.with_epoch("first"))));
    assert!(why(site.use_at(noon(), &secret).await).contains("the password changed"));
}
