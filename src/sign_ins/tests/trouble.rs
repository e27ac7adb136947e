//! A provider or a store that does not answer.

use super::*;

fn down() -> Option<BackendError> {
    Some(BackendError::Unavailable("connection refused".to_owned()))
}

#[tokio::test]
async fn a_provider_that_is_down_changes_nothing_for_a_while_and_then_ends_it_with_503() {
    let site = Site::new();
    site.sign_in(noon()).await;
    site.provider.change(|mood| mood.trouble = down());
    for minutes in [60, 90, 120, 179] {
        assert_eq!(site.said(noon() + minutes * 60 * SECOND).await, "alice: ops");
    }
    assert_eq!(site.said(noon() + 3 * HOUR).await, "corp failed: unavailable");
    assert_eq!(site.said(noon() + 1000 * HOUR).await, "corp failed: unavailable", "never for ever");
    site.provider.change(|mood| mood.trouble = None);
    assert_eq!(site.said(noon() + 1001 * HOUR).await, "alice: ops");
}

#[tokio::test]
async fn a_provider_that_is_down_is_not_asked_by_every_request() {
    let site = Site::new();
    site.sign_in(noon()).await;
    site.provider.change(|mood| mood.trouble = down());
    for now in [noon() + HOUR, noon() + 5 * HOUR] {
        for _ in 0..20 {
            site.said(now).await;
        }
    }
    assert_eq!(site.provider.asked().len(), 2, "once each time");
    site.said(noon() + 5 * HOUR + 16 * SECOND).await;
    assert_eq!(site.provider.asked().len(), 3);
    // After three in a row the others are not asked about either, but for one that finds out.
    for subject in ["50", "51", "52"] {
        site.provider.change(|mood| (mood.trouble, mood.subject) = (None, subject));
        site.sign_in(noon()).await;
    }
    site.provider.change(|mood| mood.trouble = down());
    let asked = site.provider.asked().len();
    let about = async |subject: &str, now| {
        let owner = Owner::new("corp", subject, "alice");
        said(site.sign_ins.today(&call_at(now), &site.chain, &owner).await)
    };
    let now = noon() + 5 * HOUR + 20 * SECOND;
    for subject in ["50", "51", "52"] {
        assert_eq!(about(subject, now).await, "corp failed: unavailable");
    }
    assert_eq!(site.provider.asked().len(), asked);
    for subject in ["50", "51", "52"] {
        about(subject, now + 30 * SECOND).await;
    }
    assert_eq!(site.provider.asked().len(), asked + 1, "one finds out");
}

#[tokio::test]
async fn the_next_configuration_knows_that_a_provider_is_down() {
    let site = Site::new();
    let breakers = Arc::default();
    let configuration = || server(&site.store, key(1, &[]), RECHECK).after(&breakers);
    for subject in ["50", "51", "52", "53"] {
        site.provider.change(|mood| mood.subject = subject);
        site.sign_in(noon()).await;
    }
    site.provider.change(|mood| mood.trouble = down());
    let now = noon() + 5 * HOUR;
    let before = configuration();
    for subject in ["50", "51", "52"] {
        let owner = Owner::new("corp", subject, "alice");
        assert!(before.today(&call_at(now), &site.chain, &owner).await.is_err());
    }
    let (after, owner) = (configuration(), Owner::new("corp", "53", "alice"));
    assert!(after.today(&call_at(now + SECOND), &site.chain, &owner).await.is_err());
    assert_eq!(site.provider.asked().len(), 3, "it is left alone");
}

#[tokio::test]
async fn a_provider_that_hangs_is_waited_for_no_longer_than_the_client_waits() {
    let site = Site::new();
    site.sign_in(noon()).await;
    let places = site.provider.gate.acquire_many(1000).await.unwrap();
    let hurried = |now| {
        let soon = std::time::Instant::now() + Duration::from_millis(300);
        call_at(now).with_deadline(soon)
    };
    let today = site.sign_ins.today(&hurried(noon() + HOUR), &site.chain, &alice()).await;
    assert_eq!(said(today), "alice: ops", "its last answer");
    let today = site.sign_ins.today(&hurried(noon() + 5 * HOUR), &site.chain, &alice()).await;
    assert_eq!(said(today), "corp failed: timeout");
    drop(places);
    until(|| site.provider.asked().len() == 1).await;
    assert_eq!(site.said(noon() + HOUR).await, "alice: ops");
}

#[tokio::test]
async fn a_clock_that_went_back_makes_no_answer_last_longer() {
    let site = Site::new();
    site.sign_in(noon() + 10 * HOUR).await;
    site.provider.change(|mood| mood.trouble = down());
    assert_eq!(site.said(noon()).await, "corp failed: unavailable", "nobody knows how old it is");
    site.provider.change(|mood| mood.trouble = None);
    assert_eq!(site.said(noon() + 16 * SECOND).await, "alice: ops");
    assert_eq!(site.provider.asked().len(), 2);
}

#[tokio::test]
async fn an_answer_about_somebody_else_changes_nothing() {
    let site = Site::new();
    site.sign_in(noon()).await;
    site.provider.change(|mood| mood.subject = "1");
    assert_eq!(site.said(noon() + HOUR).await, "alice: ops");
    assert_eq!(site.said(noon() + 5 * HOUR).await, "corp failed: protocol");
}

#[tokio::test]
async fn a_new_token_is_written_as_soon_as_the_store_lets_it() {
    let site = Site::new();
    site.sign_in(noon()).await;
    let before = site.person();
    // The lease is written, and then nothing more.
    site.store.break_after(1);
    assert_eq!(site.said(noon() + HOUR).await, "alice: ops", "with the last answer");
    assert_eq!(site.person(), before);
    assert_eq!(site.said(noon() + HOUR).await, "alice: ops", "still; nobody asks with the old token");
    site.store.break_after(usize::MAX);
    until(|| site.person() != before).await;
    assert_eq!(site.said(noon() + 2 * HOUR + SECOND).await, "alice: ops");
    assert_eq!(site.provider.asked(), ["r1", "r2"]);
}

#[tokio::test]
async fn without_a_lease_nobody_asks() {
    let site = Site::new();
    site.sign_in(noon()).await;
    site.store.break_after(0);
    assert_eq!(site.said(noon() + HOUR).await, "alice: ops");
    assert_eq!(site.replica().said(noon() + 5 * HOUR).await, "store failed: unavailable");
    assert!(site.provider.asked().is_empty());
}

#[tokio::test]
async fn who_is_gone_is_gone_even_if_the_store_fails_and_their_things_end_later() {
    let site = Site::new();
    let owner = site.sign_in(noon()).await;
    site.hang_on(&owner).await;
    site.provider.change(|mood| mood.gone = true);
    site.store.break_after(1);
    assert!(site.said(noon() + HOUR).await.contains("no member"));
    assert_eq!(site.keys(Shelf::AppPasswords), ["a42"], "they could not be taken away");
    assert_eq!(site.said(noon() + HOUR).await, "store failed: unavailable", "but nobody is let in again");
    site.store.break_after(usize::MAX);
    // The lease has ended by then.
    assert!(site.said(noon() + 2 * HOUR).await.contains("no member"));
    assert!(site.keys(Shelf::AppPasswords).is_empty());
}
