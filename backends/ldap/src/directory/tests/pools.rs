use dockgate_testkit::directory::Mood;
use tokio::time::timeout;

use super::*;

#[tokio::test]
async fn the_service_account_binds_once_for_each_connection() {
    let (world, server) = (World::new(), kit().start().await);
    let directory = started(&world, settings(&[&server]));
    for _ in 0..10 {
        finds_alice(&directory).await;
    }
    assert_eq!((server.connections_made(), server.binds().len()), (1, 1));
    assert!(server.searches().iter().all(|search| search.who == SERVICE));
    assert_eq!(world.metrics.gauged("dockgate_ldap_connections"), 1);
    drop((directory, world));
    until("all closed", || std::future::ready(server.connections_open() == 0)).await;
}

#[tokio::test]
async fn nobody_binds_where_everybody_may_search() {
    use dockgate_testkit::directory::Anonymous;
    let (world, server) = (World::new(), kit().anonymous(Anonymous::Search).start().await);
    let directory = started(&world, Settings { service: Service::Anonymous, ..settings(&[&server]) });
    finds_alice(&directory).await;
    assert_eq!(server.binds().len(), 0);
    server.stop().await;
    assert!(names(&*directory, &call(), "alice").await.is_err());
    server.listen_again();
    health_becomes(&directory, |health| *health == dockgate_api::Health::Up).await;
    finds_alice(&directory).await;
}

#[tokio::test]
async fn what_the_server_closed_meanwhile_is_replaced() {
    let (world, server) = (World::new(), kit().start().await);
    let directory = started(&world, settings(&[&server]));
    for round in 1..=3 {
        let all = (0..4).map(|_| {
            let directory = Arc::clone(&directory);
            tokio::spawn(async move { finds_alice(&directory).await })
        });
        for search in all.collect::<Vec<_>>() {
            search.await.unwrap();
        }
        assert_eq!(bind(&directory, ALICE, "alice-password").await.unwrap().0, 0);
        server.close_connections();
        assert_eq!(directory.health(), dockgate_api::Health::Up, "round {round}");
    }
    assert_eq!(world.metrics.counted("dockgate_ldap_failovers_total"), 0);
}

#[tokio::test]
async fn idle_connections_are_closed_in_the_background() {
    let (world, server) = (World::new(), kit().start().await);
    let mut settings = settings(&[&server]);
    settings.pool.idle_timeout = Duration::from_millis(50);
    let directory = started(&world, settings);
    finds_alice(&directory).await;
    drop(bind(&directory, ALICE, "alice-password").await.unwrap());
    until("all closed", || std::future::ready(server.connections_open() == 0)).await;
    assert_eq!(server.connections_made(), 2);
    assert_eq!(world.metrics.gauged("dockgate_ldap_connections"), 0);
}

#[tokio::test]
async fn old_connections_are_closed_however_busy_they_are() {
    let (world, server) = (World::new(), kit().start().await);
    let mut settings = settings(&[&server]);
    settings.pool.max_age = Duration::from_millis(50);
    let directory = started(&world, settings);
    until("three connections", || async {
        finds_alice(&directory).await;
        server.connections_made() >= 3
    })
    .await;
    until("one at a time", || std::future::ready(server.connections_open() <= 1)).await;
}

#[tokio::test]
async fn a_full_queue_is_said_at_once() {
    let (world, server) = (World::new(), kit().start().await);
    let mut settings = settings(&[&server]);
    settings.pool = PoolBounds { max_connections: 1, max_queue: 1, ..settings.pool };
    let directory = started(&world, settings);
    finds_alice(&directory).await;
    server.mood_of_searches(Mood::Silent);
    let ask = || {
        let directory = Arc::clone(&directory);
        tokio::spawn(async move { names(&*directory, &call(), "alice").await })
    };
    let first = ask();
    until("the first is asked", || std::future::ready(server.searches().len() == 2)).await;
    let second = ask();
    // The first that does not wait finds the queue full.
    let impatient = within(Duration::from_secs(10));
    let error = timeout(PATIENCE, async {
        loop {
            tokio::task::yield_now().await;
            let asked = Instant::now();
            let brief = impatient.with_deadline(asked + Duration::from_millis(20));
            match names(&*directory, &brief, "alice").await {
                Err(error @ BackendError::Overloaded { .. }) if error.to_string().contains("max_queue") => {
                    return error;
                }
                Err(BackendError::Overloaded { .. }) => {}
                other => panic!("{other:?}"),
            }
        }
    });
    let error = error.await.unwrap();
    assert_eq!(error.retry_after(), Duration::from_secs(1));
    assert_eq!(server.searches().len(), 2);
    // Whoever stops waiting leaves the queue, and whoever stops asking leaves the place.
    server.mood_of_searches(Mood::Well);
    first.abort();
    assert_eq!(second.await.unwrap().unwrap(), ["Alice"]);
    assert_eq!(server.connections_made(), 2);
}

#[tokio::test]
async fn a_question_that_is_given_up_takes_its_connection_along() {
    let (world, server) = (World::new(), kit().start().await);
    let directory = started(&world, settings(&[&server]));
    finds_alice(&directory).await;
    for number in 0..5 {
        server.mood(Mood::Late(Duration::from_millis(100)));
        let asked = server.searches().len();
        given_up(names(&*directory, &call(), "alice"), || server.searches().len() > asked).await;
        server.mood(Mood::Well);
        // An answer to the one before would be Alice.
        assert_eq!(names(&*directory, &call(), "bob").await.unwrap(), ["Bob"]);
        assert_eq!(server.connections_made(), 2 + number);
    }
    until("all others closed", || std::future::ready(server.connections_open() == 1)).await;
    assert_eq!(world.metrics.gauged("dockgate_ldap_connections"), 1);
}

#[tokio::test]
async fn a_place_that_was_left_empty_hides_no_connection() {
    let (world, server) = (World::new(), kit().start().await);
    let directory = started(&world, settings(&[&server]));
    server.mood_of_searches(Mood::Late(Duration::from_millis(50)));
    let (one, other) = (call(), call());
    let both = tokio::join!(names(&*directory, &one, "alice"), names(&*directory, &other, "bob"));
    assert_eq!((both.0.unwrap(), both.1.unwrap()), (vec!["Alice".to_owned()], vec!["Bob".to_owned()]));
    assert_eq!(server.connections_made(), 2);
    server.mood_of_searches(Mood::Silent);
    given_up(names(&*directory, &call(), "alice"), || server.searches().len() == 3).await;
    server.mood_of_searches(Mood::Well);
    finds_alice(&directory).await;
    assert_eq!(server.connections_made(), 2);
}

#[tokio::test]
async fn connections_are_no_more_than_the_pool_allows() {
    let (world, server) = (World::new(), kit().start().await);
    let directory = started(&world, settings(&[&server]));
    let all = (0..40).map(|_| {
        let directory = Arc::clone(&directory);
        tokio::spawn(async move { finds_alice(&directory).await })
    });
    for search in all.collect::<Vec<_>>() {
        search.await.unwrap();
    }
    assert!(server.connections_made() <= 4, "{}", server.connections_made());
    assert_eq!(server.binds().len() as u64, server.connections_made());
}
