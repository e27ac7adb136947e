//! A token is used up, another is given, and then the question fails.

use super::*;

#[tokio::test]
async fn what_was_given_for_a_token_that_is_used_up_outlives_a_failure() {
    let site = Site::new();
    site.sign_in(noon()).await;
    site.provider.change(|mood| mood.then = Then::Fails);
    assert_eq!(site.said(noon() + HOUR).await, "alice: ops", "the last answer");
    // It is no newer for that: grace does not begin anew.
    assert_eq!(site.said(noon() + 2 * HOUR).await, "alice: ops");
    assert_eq!(site.said(noon() + 3 * HOUR).await, "corp failed: unavailable");
    let other = site.replica();
    assert_eq!(other.said(noon() + 3 * HOUR).await, "corp failed: unavailable");
    site.provider.change(|mood| mood.then = Then::Answers);
    assert_eq!(site.replica().said(noon() + 4 * HOUR).await, "alice: ops");
    assert_eq!(site.provider.asked(), ["r1", "r2", "r3", "r4", "r5"], "each once, whoever asks");
    assert_eq!(site.said(noon() + 4 * HOUR + 20 * SECOND).await, "alice: ops");
    assert_eq!(site.provider.asked().len(), 5);
}

#[tokio::test]
async fn a_failure_leaves_the_rest_of_the_record_alone() {
    let site = Site::new();
    let owner = site.sign_in(noon()).await;
    site.hang_on(&owner).await;
    let before = site.person();
    site.provider.change(|mood| mood.then = Then::Fails);
    site.said(noon() + HOUR).await;
    let after = site.person();
    assert_ne!(after.value, before.value);
    assert_eq!((after.created_at, &after.owner), (before.created_at, &before.owner));
    assert_eq!(site.keys(Shelf::AppPasswords), ["a42"]);
    // Whoever signs in meanwhile has a record of their own.
    site.provider.change(|mood| mood.token = 10);
    site.sign_in(noon() + 2 * HOUR).await;
    site.provider.change(|mood| mood.then = Then::Answers);
    assert_eq!(site.said(noon() + 3 * HOUR).await, "alice: ops");
    assert_eq!(site.provider.asked(), ["r1", "r11"]);
}

/// A server that is killed while it asks leaves its lease behind, and what it was given.
#[tokio::test]
async fn who_takes_over_from_a_server_that_was_killed_goes_on_with_what_it_was_given() {
    let site = Site::new();
    site.sign_in(noon()).await;
    let before = site.person();
    site.provider.change(|mood| mood.then = Then::Hangs);
    // Its runtime ends, and with it whatever it was about.
    let killed = std::thread::spawn({
        let killed = site.replica();
        move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
            runtime.spawn(async move { killed.said(noon() + HOUR).await });
            runtime
        }
    });
    let runtime = killed.join().unwrap();
    until(|| site.person() != before).await;
    runtime.shutdown_background();
    site.provider.change(|mood| mood.then = Then::Answers);
    assert_eq!(site.said(noon() + HOUR + SECOND).await, "alice: ops", "nobody waits for the lease");
    assert_eq!(site.provider.asked(), ["r1"], "it may be asking still");
    let other = site.replica();
    assert_eq!(other.said(noon() + HOUR + 121 * SECOND).await, "alice: ops");
    assert_eq!(site.provider.asked(), ["r1", "r2"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_one_asks_with_what_it_was_given_no_other_does() {
    let one = Arc::new(Site::new());
    one.sign_in(noon()).await;
    let before = one.person();
    one.provider.change(|mood| mood.then = Then::Hangs);
    let (two, over) = (one.replica(), noon() + 3 * HOUR);
    let asks = tokio::spawn({
        let one = Arc::clone(&one);
        async move { one.said(over - SECOND).await }
    });
    until(|| one.person() != before).await;
    for _ in 0..3 {
        assert_eq!(two.said(over - SECOND).await, "alice: ops");
    }
    assert_eq!(asks.await.unwrap(), "alice: ops");
    // What was renewed is no answer: where the last one is too old, it lets nobody in.
    let three = one.replica();
    for server in [&*one, &two, &three] {
        let soon = call_at(over).with_deadline(std::time::Instant::now() + SECOND / 2);
        assert_eq!(said(server.sign_ins.today(&soon, &server.chain, &alice()).await), "corp failed: timeout");
    }
    assert_eq!(one.provider.asked(), ["r1"]);
}

#[tokio::test]
async fn what_was_given_is_written_as_soon_as_the_store_lets_it() {
    let site = Site::new();
    site.sign_in(noon()).await;
    let before = site.person();
    site.provider.change(|mood| mood.then = Then::Fails);
    // The lease is written, and then nothing more.
    site.store.break_after(1);
    assert_eq!(site.said(noon() + HOUR).await, "alice: ops");
    assert_eq!(site.said(noon() + HOUR + 30 * SECOND).await, "alice: ops", "nobody asks with the old token");
    assert_eq!(site.person(), before);
    site.store.break_after(usize::MAX);
    until(|| site.person() != before).await;
    site.provider.change(|mood| mood.then = Then::Answers);
    // By then the lease is given back, or has ended.
    assert_eq!(site.said(noon() + 2 * HOUR).await, "alice: ops");
    assert_eq!(site.replica().said(noon() + 2 * HOUR).await, "alice: ops");
    assert_eq!(site.provider.asked(), ["r1", "r2"]);
}

#[tokio::test]
async fn an_answer_about_somebody_else_uses_a_token_up_all_the_same() {
    let site = Site::new();
    site.sign_in(noon()).await;
    site.provider.change(|mood| mood.subject = "1");
    assert_eq!(site.said(noon() + HOUR).await, "alice: ops");
    site.provider.change(|mood| mood.subject = "42");
    assert_eq!(site.said(noon() + 5 * HOUR).await, "alice: ops");
    assert_eq!(site.provider.asked(), ["r1", "r2"]);
}
