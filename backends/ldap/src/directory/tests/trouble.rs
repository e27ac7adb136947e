//! Servers that are there and are not.

use dockgate_api::Health;
use dockgate_testkit::directory::{Answer, Mood};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;

use super::*;

/// A port where no connection is ever made and none is refused: its queue is full, and nobody takes from it.
struct BlackHole {
    endpoint: Endpoint,
    _listener: TcpListener,
    _queue: Vec<TcpStream>,
}

impl BlackHole {
    async fn new() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let addr = listener.local_addr().unwrap();
        let mut queue = Vec::new();
        while let Ok(stream) = timeout(Duration::from_millis(500), TcpStream::connect(addr)).await {
            queue.push(stream.unwrap());
            assert!(queue.len() < 100, "the queue never fills");
        }
        let host = addr.ip().to_string();
        let endpoint = Endpoint { host, port: addr.port(), security: Security::None };
        Self { endpoint, _listener: listener, _queue: queue }
    }
}

#[tokio::test]
async fn a_black_hole_costs_one_login_its_time_and_no_other() {
    let (world, hole, second) = (World::new(), BlackHole::new().await, kit().start().await);
    let connect = Duration::from_secs(1);
    let mut settings = settings(&[&second]);
    settings.servers = Servers::Listed(vec![hole.endpoint.clone(), endpoint(&second)]);
    settings.timeouts.connect = connect;
    let directory = started(&world, settings);
    let asked = Instant::now();
    finds_alice(&directory).await;
    assert!(asked.elapsed() >= connect);
    assert!(matches!(directory.health(), Health::Degraded(_)));
    // Long enough for several tries in the background: no login takes part in them.
    let end = Instant::now() + connect * 2;
    while Instant::now() < end {
        let asked = Instant::now();
        finds_alice(&directory).await;
        assert!(asked.elapsed() < connect, "{:?}", asked.elapsed());
    }
    assert_eq!(world.metrics.counted("dockgate_ldap_failovers_total"), 1);
}

#[tokio::test]
async fn half_of_the_time_is_left_for_the_second_server() {
    let (world, hole, second) = (World::new(), BlackHole::new().await, kit().start().await);
    let mut settings = settings(&[&second]);
    settings.servers = Servers::Listed(vec![hole.endpoint.clone(), endpoint(&second)]);
    let directory = started(&world, settings);
    let cx = within(Duration::from_secs(4));
    assert_eq!(names(&*directory, &cx, "alice").await.unwrap(), ["Alice"]);
}

#[tokio::test]
async fn a_lone_server_that_is_late_is_a_timeout() {
    let (world, server) = (World::new(), kit().start().await);
    let mut settings = settings(&[&server]);
    settings.timeouts.search = Duration::from_millis(200);
    let directory = started(&world, settings);
    server.mood_of_searches(Mood::Result(Answer::code(3)));
    let error = names(&*directory, &call(), "alice").await.unwrap_err();
    assert!(matches!(error, BackendError::Timeout(_)), "{error}");
    assert_eq!(directory.health(), Health::Up, "it answered");
    server.mood_of_searches(Mood::Silent);
    let error = names(&*directory, &call(), "alice").await.unwrap_err();
    assert!(matches!(&error, BackendError::Timeout(text) if text.contains(&server.url())), "{error}");
    // It rests now: the next does not wait.
    let error = names(&*directory, &call(), "alice").await.unwrap_err();
    assert!(matches!(error, BackendError::Unavailable(_)), "{error}");
}

#[tokio::test]
async fn whoever_waits_for_a_connection_learns_that_the_server_rests() {
    let (world, first, second) = (World::new(), kit().start().await, kit().start().await);
    let mut settings = settings(&[&first, &second]);
    settings.timeouts.search = Duration::from_millis(300);
    settings.pool.max_connections = 1;
    let directory = started(&world, settings);
    first.mood_of_searches(Mood::Silent);
    let all = (0..4).map(|_| {
        let directory = Arc::clone(&directory);
        tokio::spawn(async move { finds_alice(&directory).await })
    });
    for question in all.collect::<Vec<_>>() {
        question.await.unwrap();
    }
    assert_eq!((first.searches().len(), second.searches().len()), (1, 4));
}

#[tokio::test]
async fn a_question_without_time_says_nothing_of_the_server() {
    let (world, server) = (World::new(), kit().start().await);
    let directory = started(&world, settings(&[&server]));
    finds_alice(&directory).await;
    server.mood_of_searches(Mood::Late(Duration::from_millis(300)));
    let error = names(&*directory, &within(Duration::from_millis(30)), "alice").await.unwrap_err();
    assert!(matches!(error, BackendError::Timeout(_)), "{error}");
    assert_eq!(directory.health(), Health::Up);
    let error = names(&*directory, &within(Duration::ZERO), "alice").await.unwrap_err();
    assert!(matches!(error, BackendError::Timeout(_)), "{error}");
    finds_alice(&directory).await;
}

#[tokio::test]
async fn a_question_that_is_dropped_at_its_deadline_counts_as_late() {
    let (world, server) = (World::new(), kit().start().await);
    let directory = started(&world, settings(&[&server]));
    finds_alice(&directory).await;
    server.mood(Mood::Silent);
    let time = Duration::from_millis(1200);
    let cx = within(time);
    // Dropped before it can say so itself, as the chain may do.
    let asked = names(&*directory, &cx, "alice");
    tokio::select! {
        biased;
        () = tokio::time::sleep_until(cx.deadline().into()) => {}
        answer = asked => panic!("{answer:?}"),
    }
    assert!(matches!(directory.health(), Health::Down(_)), "{:?}", directory.health());
    server.mood(Mood::Well);
    health_becomes(&directory, |health| *health == Health::Up).await;
}

#[tokio::test]
async fn answers_that_are_cut_off_go_to_the_next_server() {
    for mood in [Mood::Cut, Mood::HangUp, Mood::Notice] {
        let (world, first, second) = (World::new(), kit().start().await, kit().start().await);
        first.mood_of_searches(mood.clone());
        let directory = started(&world, settings(&[&first, &second]));
        finds_alice(&directory).await;
        assert!(matches!(directory.health(), Health::Degraded(_)), "{mood:?}");
        assert_eq!(second.searches().len(), 1);
    }
}

#[tokio::test]
async fn a_question_that_takes_long_is_no_trouble_of_a_server_that_answers_others() {
    let (world, server) = (World::new(), kit().start().await);
    let mut settings = settings(&[&server]);
    settings.timeouts.search = Duration::from_millis(1200);
    let directory = started(&world, settings);
    finds_alice(&directory).await;
    server.mood_of_searches(Mood::Silent);
    let slow = tokio::spawn({
        let directory = Arc::clone(&directory);
        async move { names(&*directory, &call(), "alice").await }
    });
    // Somebody else's logins go on, while it is waited for and after it.
    let mut after = 0;
    while after < 20 {
        assert_eq!(bind(&directory, ALICE, "alice-password").await.unwrap().0, 0);
        after += usize::from(slow.is_finished());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let error = slow.await.unwrap().unwrap_err();
    assert!(matches!(error, BackendError::Timeout(_)), "{error}");
    assert!(!matches!(directory.health(), Health::Down(_)), "{:?}", directory.health());
}
