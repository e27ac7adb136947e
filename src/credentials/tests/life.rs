//! From the login that made it to its end.

use super::*;

#[tokio::test]
async fn a_refresh_token_stands_for_its_owner_again_and_again() {
    let site = Site::new();
    let secret = site.mint().await;
    for days in 0..10 {
        let identity = site.use_at(noon() + DAY * days, &secret).await.unwrap();
        assert_eq!((identity.account.as_str(), identity.subject.as_str()), ("alice", "1-2-3"));
        assert_eq!(identity.link.as_ref(), "corp");
        assert_eq!(identity.credential.unwrap().0.len(), 16);
    }
    let [record] = site.records().try_into().unwrap();
    let stored = format!("{record:?} {}", String::from_utf8_lossy(&record.value));
    assert!(!stored.contains(secret.expose_secret()), "the store knows the hash alone: {stored}");
    assert!(stored.contains("docker"), "who asked for it is written down: {stored}");
}

#[tokio::test]
async fn it_ends_when_nobody_used_it_and_at_the_latest_with_its_life() {
    let site = Site::new();
    let (idle, used) = (site.mint().await, site.mint().await);
    let just_before = noon() + 14 * DAY - Duration::from_secs(1);
    site.use_at(just_before, &used).await.unwrap();
    assert!(why(site.use_at(noon() + 14 * DAY, &idle).await).contains("ended"));
    let mut now = just_before;
    while now + 13 * DAY < noon() + 90 * DAY {
        now += 13 * DAY;
        let identity = site.use_at(now, &used).await.unwrap();
        assert!(identity.expires_at.unwrap() <= noon() + 90 * DAY, "no token outlives it");
    }
    assert!(why(site.use_at(noon() + 90 * DAY, &used).await).contains("ended"));
}

/// The token that was asked for is still to be signed and written down.
#[tokio::test]
async fn a_store_that_hangs_takes_no_more_than_half_of_the_time() {
    let site = Site::new();
    site.store.hang();
    let cx = Call::new(noon(), Instant::now() + Duration::from_secs(2), RequestId::from_bits(1));
    let made = site.credentials.refresh_token(&cx, &site.chain, &alice(), "registry", None).await;
    assert!(matches!(made, Err(BackendError::Timeout(_))));
    assert!(!cx.remaining().is_zero());
}

/// What was made while they were issued ends as it was told to when they are issued no more.
#[tokio::test]
async fn turning_them_off_makes_none_last_longer() {
    let site = Site::new();
    let secret = site.mint().await;
    let off = Site {
        credentials: Credentials::new(site.store.clone(), World::new().random, Duration::ZERO, None),
        ..site
    };
    off.use_at(noon() + 13 * DAY, &secret).await.unwrap();
    assert!(off.records()[0].expires_at.unwrap() <= noon() + 14 * DAY, "{:?}", off.records());
    assert!(why(off.use_at(noon() + 14 * DAY, &secret).await).contains("ended"));
}

#[tokio::test]
async fn a_use_is_written_down_once_a_minute() {
    let site = Site::new();
    let secret = site.mint().await;
    let end = || site.records()[0].expires_at.unwrap();
    let first = end();
    site.use_at(noon() + Duration::from_secs(59), &secret).await.unwrap();
    assert_eq!(end(), first);
    site.use_at(noon() + Duration::from_secs(60), &secret).await.unwrap();
    assert_eq!(end(), first + Duration::from_secs(60));
    // A clock that was wrong and went back does not keep a use from being written down.
    site.use_at(noon(), &secret).await.unwrap();
    assert_eq!(end(), first);
}

#[tokio::test]
async fn only_who_just_gave_a_password_gets_one() {
    let site = Site::new();
    let ask = async |identity: &Identity| {
        let made =
            site.credentials.refresh_token(&call_at(noon()), &site.chain, identity, "registry", None).await;
        made.unwrap().is_some()
    };
    assert!(ask(&alice()).await);
    let secret = site.mint().await;
    let by_token = site.use_at(noon(), &secret).await.unwrap();
    assert!(!ask(&by_token).await, "a stolen one would never end");
    let mut elsewhere = alice();
    elsewhere.link = "gone".into();
    assert!(!ask(&elsewhere).await, "nobody could say later who it is");
    let mut anonymous = alice();
    anonymous.account = String::new();
    assert!(!ask(&anonymous).await);
    let off = Site::with(Duration::ZERO, None);
    let made = off.credentials.refresh_token(&call_at(noon()), &off.chain, &alice(), "registry", None).await;
    assert!(made.unwrap().is_none());
}

#[tokio::test]
async fn the_one_that_was_used_longest_ago_makes_room() {
    let site = Site::new();
    let first = site.mint_at(noon()).await;
    let second = site.mint_at(noon()).await;
    site.use_at(noon() + DAY, &first).await.unwrap();
    for number in 0..500 {
        site.mint_at(noon() + DAY + Duration::from_secs(number)).await;
    }
    assert_eq!(site.records().len(), 500);
    let late = noon() + 2 * DAY;
    assert!(why(site.use_at(late, &second).await).contains("no such refresh token"));
    let other_service =
        site.credentials.refresh_token(&call_at(late), &site.chain, &alice(), "other", None).await.unwrap();
    assert!(other_service.is_some());
    assert_eq!(site.records().len(), 501, "another registry's have room of their own");
}

/// Where `token.services` is not written, a client names the services.
#[tokio::test]
async fn nobody_fills_the_store_by_asking_for_ever_more_registries() {
    let site = Site::new();
    let ask = async |at: SystemTime, service: &str| {
        let made = site.credentials.refresh_token(&call_at(at), &site.chain, &alice(), service, None).await;
        made.unwrap().unwrap().secret
    };
    let first = ask(noon(), "registry").await;
    for number in 0..1_100 {
        ask(noon() + Duration::from_secs(number), &format!("made-up-{number}")).await;
    }
    assert_eq!(site.records().len(), 1_000);
    let late = noon() + DAY;
    assert!(why(site.use_at(late, &first).await).contains("no such refresh token"), "used longest ago");
    assert!(site.show(late, "", "newest", &ask(late, "newest").await).await.is_ok());
    assert_eq!(site.records().len(), 1_000);
}
