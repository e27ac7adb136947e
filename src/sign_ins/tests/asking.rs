//! The provider is asked when it is time, once, and what it says counts.

use super::*;

#[tokio::test]
async fn groups_are_those_of_today_and_each_token_is_used_once() {
    let site = Site::new();
    site.sign_in(noon()).await;
    for hours in 1..5 {
        site.provider.change(|mood| mood.groups = vec!["ops", "release"]);
        assert_eq!(site.said(noon() + hours * HOUR).await, "alice: ops release");
        assert_eq!(site.said(noon() + hours * HOUR + HOUR / 2).await, "alice: ops release");
    }
    assert_eq!(site.provider.asked(), ["r1", "r2", "r3", "r4"]);
    assert_eq!(site.replica().said(noon() + 4 * HOUR).await, "alice: ops release", "it is written");
}

#[tokio::test]
async fn who_is_gone_is_refused_at_this_very_use_and_everything_of_theirs_ends() {
    let site = Site::new();
    let owner = site.sign_in(noon()).await;
    site.hang_on(&owner).await;
    let bob = Owner::new("corp", "43", "bob");
    site.hang_on(&bob).await;
    site.provider.change(|mood| mood.gone = true);
    assert_eq!(site.said(noon() + HOUR - SECOND).await, "alice: ops", "nobody asks before it is time");
    assert!(site.said(noon() + HOUR).await.contains("no member of the team"));
    assert_eq!(site.keys(Shelf::AppPasswords), ["a43"], "another's stay");
    assert_eq!(site.keys(Shelf::SignIns), ["session:s43"]);
    assert!(site.said(noon() + HOUR).await.contains("sign in again"));
    assert_eq!(site.provider.asked().len(), 1);
}

#[tokio::test]
async fn what_ended_does_not_come_back_with_the_next_sign_in() {
    let site = Site::new();
    // Left behind by a store that failed.
    site.hang_on(&alice()).await;
    site.sign_in(noon()).await;
    assert!(site.keys(Shelf::AppPasswords).is_empty());
    site.hang_on(&alice()).await;
    site.sign_in(noon() + SECOND).await;
    assert_eq!(site.keys(Shelf::AppPasswords), ["a42"], "who is remembered keeps what they have");
}

#[tokio::test]
async fn many_at_once_ask_once() {
    let site = Arc::new(Site::new());
    site.sign_in(noon()).await;
    for now in [noon() + HOUR, noon() + 10 * HOUR] {
        let all = (0..50).map(|_| {
            let site = Arc::clone(&site);
            tokio::spawn(async move { site.said(now).await })
        });
        for said in all.collect::<Vec<_>>() {
            assert_eq!(said.await.unwrap(), "alice: ops");
        }
    }
    assert_eq!(site.provider.asked(), ["r1", "r2"]);
}

/// A refresh token that rotates and is used twice ends the whole sign-in at many a provider.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_with_one_store_use_each_token_once() {
    let one = Arc::new(Site::new());
    one.sign_in(noon()).await;
    let two = Arc::new(one.replica());
    // While the last answer counts, and when it does not any more.
    for (round, now) in
        [HOUR, 2 * HOUR, 12 * HOUR, 24 * HOUR].map(|after| noon() + after).into_iter().enumerate()
    {
        let before = one.person();
        let all = (0..20).map(|place| {
            let site = Arc::clone(if place % 2 == 0 { &one } else { &two });
            tokio::spawn(async move { site.said(now).await })
        });
        for said in all.collect::<Vec<_>>() {
            assert_eq!(said.await.unwrap(), "alice: ops", "{round}");
        }
        until(|| one.person() != before).await;
    }
    assert_eq!(one.provider.asked(), ["r1", "r2", "r3", "r4"]);
}

/// The provider has given a new token by then; without it nobody could ask again.
#[tokio::test]
async fn a_client_that_goes_away_takes_no_answer_with_it() {
    let site = Arc::new(Site::new());
    site.sign_in(noon()).await;
    let places = site.provider.gate.acquire_many(1000).await.unwrap();
    let client = tokio::spawn({
        let site = Arc::clone(&site);
        async move { site.said(noon() + 10 * HOUR).await }
    });
    until(|| !site.provider.asked().is_empty()).await;
    client.abort();
    assert!(client.await.unwrap_err().is_cancelled());
    let before = site.person();
    drop(places);
    until(|| site.person() != before).await;
    assert_eq!(site.said(noon() + 10 * HOUR).await, "alice: ops");
    assert_eq!(site.provider.asked(), ["r1"]);
}

#[tokio::test]
async fn who_signs_in_anew_while_the_provider_is_asked_keeps_the_newer_record() {
    for gone in [false, true] {
        let site = Arc::new(Site::new());
        site.sign_in(noon()).await;
        site.hang_on(&alice()).await;
        let places = site.provider.gate.acquire_many(1000).await.unwrap();
        let asks = tokio::spawn({
            let site = Arc::clone(&site);
            async move { site.said(noon() + 10 * HOUR).await }
        });
        until(|| !site.provider.asked().is_empty()).await;
        site.sign_in(noon() + 10 * HOUR).await;
        let newer = site.person();
        site.provider.change(|mood| (mood.gone, mood.token) = (gone, 1));
        drop(places);
        assert_eq!(asks.await.unwrap(), "alice: ops");
        assert_eq!(site.person(), newer, "{gone}");
        assert_eq!(site.keys(Shelf::AppPasswords), ["a42"]);
    }
}

#[tokio::test]
async fn where_the_providers_word_ends_by_itself_it_is_asked_then() {
    let site = Site::new();
    site.provider.change(|mood| mood.ends = Some(noon() + HOUR / 2));
    site.sign_in(noon()).await;
    assert_eq!(site.said(noon() + HOUR / 2 - SECOND).await, "alice: ops");
    site.provider.change(|mood| mood.ends = None);
    assert_eq!(site.said(noon() + HOUR / 2).await, "alice: ops");
    assert_eq!(site.provider.asked(), ["r1"]);
}

#[tokio::test]
async fn an_account_that_was_renamed_is_still_the_same_person() {
    let site = Site::new();
    site.sign_in(noon()).await;
    site.provider.change(|mood| mood.account = "alice2");
    assert_eq!(site.said(noon() + HOUR).await, "alice2: ops");
    assert_eq!(site.person().owner.unwrap().account, "alice2");
    assert_eq!(site.store.records(Shelf::SignIns).len(), 1);
}
