use dockgate_api::Health;
use dockgate_testkit::directory::{Answer, Mood};

use super::*;

#[tokio::test]
async fn the_first_is_asked_or_each_as_often() {
    let (world, first, second) = (World::new(), kit().start().await, kit().start().await);
    let directory = started(&world, settings(&[&first, &second]));
    for _ in 0..20 {
        finds_alice(&directory).await;
    }
    assert_eq!((first.searches().len(), second.searches().len()), (20, 0));
    let random = Settings { order: Order::Random, ..settings(&[&first, &second]) };
    let directory = started(&world, random);
    for _ in 0..80 {
        finds_alice(&directory).await;
    }
    assert_eq!(first.searches().len() + second.searches().len(), 100);
    assert!((20..=60).contains(&second.searches().len()), "{}", second.searches().len());
}

#[tokio::test]
async fn a_server_that_is_gone_rests_and_comes_back_without_a_login() {
    let (world, first, second) = (World::new(), kit().start().await, kit().start().await);
    first.stop().await;
    let directory = started(&world, settings(&[&first, &second]));
    finds_alice(&directory).await;
    assert_eq!(second.searches().len(), 1);
    assert_eq!(world.metrics.counted("dockgate_ldap_failovers_total"), 1);
    let Health::Degraded(why) = directory.health() else { panic!("{:?}", directory.health()) };
    assert!(why.contains(&first.url()) && !why.contains(&second.url()), "{why}");
    // While it rests nobody tries it: no login goes on from one server to another.
    finds_alice(&directory).await;
    assert_eq!(world.metrics.counted("dockgate_ldap_failovers_total"), 1);
    first.listen_again();
    health_becomes(&directory, |health| *health == Health::Up).await;
    finds_alice(&directory).await;
    assert_eq!((first.searches().len(), second.searches().len()), (1, 2));
}

#[tokio::test]
async fn rests_outlive_a_reload() {
    let (world, first, second) = (World::new(), kit().start().await, kit().start().await);
    first.stop().await;
    let cx = context(&world);
    let before = Directory::start(settings(&[&first, &second]), &cx);
    finds_alice(&before).await;
    let after = Directory::start(settings(&[&first, &second]), &cx);
    assert!(matches!(after.health(), Health::Degraded(_)));
    finds_alice(&after).await;
    assert_eq!(world.metrics.counted("dockgate_ldap_failovers_total"), 1);
}

#[tokio::test]
async fn with_all_down_the_answer_is_quick_and_names_them_all() {
    let (world, first, second) = (World::new(), kit().start().await, kit().start().await);
    first.stop().await;
    second.stop().await;
    let directory = started(&world, settings(&[&first, &second]));
    for _ in 0..3 {
        let asked = Instant::now();
        let error = names(&*directory, &call(), "alice").await.unwrap_err();
        assert!(asked.elapsed() < PATIENCE / 3);
        let BackendError::Unavailable(text) = error else { panic!("{error}") };
        assert!(text.contains(&first.url()) && text.contains(&second.url()), "{text}");
    }
    assert!(matches!(directory.health(), Health::Down(_)));
    assert!(matches!(bind(&directory, ALICE, "x").await.map(|_| ()), Err(BackendError::Unavailable(_))));
    second.listen_again();
    until("a login", || async { names(&*directory, &call(), "alice").await.is_ok() }).await;
    assert!(matches!(directory.health(), Health::Degraded(_)));
}

#[tokio::test]
async fn a_busy_server_passes_the_question_on() {
    let (world, first, second) = (World::new(), kit().start().await, kit().start().await);
    let directory = started(&world, settings(&[&first, &second]));
    for code in [51, 52] {
        first.mood(Mood::Result(Answer::code(code)));
        finds_alice(&directory).await;
        assert_eq!(bind(&directory, ALICE, "alice-password").await.unwrap().0, 0);
    }
    assert_eq!(directory.health(), Health::Up, "it answers");
    second.mood(Mood::Result(Answer::code(51)));
    let error = names(&*directory, &call(), "alice").await.unwrap_err();
    assert!(matches!(error, BackendError::Unavailable(_)), "{error}");
    let error = bind(&directory, ALICE, "alice-password").await.map(|_| ()).unwrap_err();
    assert!(matches!(error, BackendError::Unavailable(_)), "{error}");
}

#[tokio::test]
async fn a_server_that_answers_nothing_costs_its_share_of_the_time_and_once() {
    let (world, first, second) = (World::new(), kit().start().await, kit().start().await);
    let short = Duration::from_millis(400);
    let mut settings = settings(&[&first, &second]);
    settings.timeouts = Timeouts { connect: short, bind: short, search: short };
    let directory = started(&world, settings);
    finds_alice(&directory).await;
    first.mood(Mood::Silent);
    let asked = Instant::now();
    finds_alice(&directory).await;
    assert!(asked.elapsed() >= short);
    assert!(matches!(directory.health(), Health::Degraded(_)));
    let searched = first.searches().len();
    for _ in 0..10 {
        finds_alice(&directory).await;
        assert_eq!(bind(&directory, ALICE, "alice-password").await.unwrap().0, 0);
    }
    assert_eq!(first.searches().len(), searched, "it rests");
    // It accepts connections all the time. That is not enough to be back.
    assert!(matches!(directory.health(), Health::Degraded(_)));
    first.mood(Mood::Well);
    health_becomes(&directory, |health| *health == Health::Up).await;
}

#[tokio::test]
async fn what_a_server_refuses_is_final() {
    let (world, first, second) = (World::new(), kit().start().await, kit().start().await);
    let directory = started(&world, settings(&[&first, &second]));
    let nowhere = Search { base: "dc=nowhere".to_owned(), ..of("alice") };
    let error = directory.search(&call(), &nowhere).await.unwrap_err();
    assert!(matches!(&error, BackendError::Protocol(text) if text.contains("32")), "{error}");
    assert_eq!(second.searches().len(), 0);
    finds_alice(&directory).await;
    assert_eq!(first.connections_made(), 1, "the connection is as good as before");
}

#[tokio::test]
async fn a_server_that_speaks_something_else_leaves_the_question_to_the_next() {
    let (world, first, second) = (World::new(), kit().start().await, kit().start().await);
    let directory = started(&world, settings(&[&first, &second]));
    for mood in [Mood::Raw(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()), Mood::OtherMessage] {
        first.mood(mood);
        finds_alice(&directory).await;
        assert_eq!(bind(&directory, ALICE, "alice-password").await.unwrap().0, 0);
        assert_eq!(bind(&directory, ALICE, "wrong").await.unwrap().0, 49);
    }
    assert_eq!(directory.health(), Health::Up, "anybody's entry may be too much to be read");
    // Nobody is left: what is said is no answer.
    second.mood(Mood::OtherMessage);
    let error = bind(&directory, ALICE, "alice-password").await.map(|_| ()).unwrap_err();
    assert!(matches!(error, BackendError::Protocol(_)), "{error}");
}
