use dockgate_testkit::directory::{Answer, Mood};

use super::*;

#[tokio::test]
async fn one_connection_serves_one_user_after_another() {
    let (world, server) = (World::new(), kit().start().await);
    let directory = started(&world, settings(&[&server]));
    for (password, code) in [("alice-password", 0), ("wrong", 49), ("alice-password", 0), ("wrong", 49)] {
        assert_eq!(bind(&directory, ALICE, password).await.unwrap().0, code);
    }
    assert_eq!(server.connections_made(), 1);
    let sessions = [
        bind(&directory, ALICE, "alice-password").await.unwrap(),
        bind(&directory, ALICE, "alice-password").await.unwrap(),
    ];
    assert_eq!(server.connections_made(), 2, "one that is held is nobody else's");
    drop(sessions);
    // A user's connection never becomes the service account's.
    finds_alice(&directory).await;
    assert_eq!(server.connections_made(), 3);
    assert_eq!(server.searches()[0].who, SERVICE);
}

#[tokio::test]
async fn after_any_other_answer_the_connection_is_closed() {
    for answer in [
        Answer::success().password_policy_error(2),
        Answer::success().password_policy_expires_in(60),
        Answer::code(49).password_policy_error(1),
        Answer::code(53),
        Answer::code(19),
    ] {
        let (world, server) = (World::new(), kit().start().await);
        server.on_bind(ALICE, answer.clone());
        let directory = started(&world, settings(&[&server]));
        drop(bind(&directory, ALICE, "alice-password").await.unwrap());
        until("it is closed", || std::future::ready(server.connections_open() == 0)).await;
        assert_eq!(world.metrics.gauged("dockgate_ldap_connections"), 0, "{answer:?}");
    }
}

#[tokio::test]
async fn an_empty_name_or_password_never_reaches_a_server() {
    let (world, server) = (World::new(), kit().start().await);
    let directory = started(&world, settings(&[&server]));
    for (name, password) in [(ALICE, ""), ("", "alice-password"), ("", "")] {
        let error = bind(&directory, name, password).await.map(|_| ()).unwrap_err();
        assert!(matches!(error, BackendError::Protocol(_)), "{error}");
    }
    assert_eq!(bind(&directory, ALICE, "alice-password").await.unwrap().0, 0);
    assert_eq!(server.connections_made(), 1, "nobody even connected before");
}

#[tokio::test]
async fn a_user_searches_on_the_connection_on_which_they_are_bound() {
    let (world, server) = (World::new(), kit().start().await);
    let directory = started(&world, settings(&[&server]));
    let (code, session) = bind(&directory, ALICE, "alice-password").await.unwrap();
    assert_eq!(code, 0);
    assert_eq!(names(&session, &call(), "bob").await.unwrap(), ["Bob"]);
    let (bound, searched) = (server.binds(), server.searches());
    assert_eq!((searched[0].who.as_str(), searched[0].connection), (ALICE, bound[0].connection));
    assert_eq!(server.connections_made(), 1);
    // What the user may not is no reason to close it.
    let nowhere = Search { base: "dc=nowhere".to_owned(), ..of("bob") };
    assert!(session.search(&call(), &nowhere).await.is_err());
    assert_eq!(names(&session, &call(), "bob").await.unwrap(), ["Bob"]);
    drop(session);
    assert_eq!(bind(&directory, ALICE, "alice-password").await.unwrap().0, 0);
    assert_eq!(server.connections_made(), 1);
}

#[tokio::test]
async fn a_user_whose_connection_breaks_is_bound_anew() {
    let (world, first, second) = (World::new(), kit().start().await, kit().start().await);
    let directory = started(&world, settings(&[&first, &second]));
    let (_, session) = bind(&directory, ALICE, "alice-password").await.unwrap();
    first.close_connections();
    assert_eq!(names(&session, &call(), "bob").await.unwrap(), ["Bob"]);
    assert_eq!((first.binds().len(), second.binds().len()), (2, 0), "the same server, if it is there");
    first.stop().await;
    assert_eq!(names(&session, &call(), "bob").await.unwrap(), ["Bob"]);
    assert_eq!(second.searches()[0].who, ALICE);
    second.set_password(ALICE, "another-password");
    second.close_connections();
    let error = names(&session, &call(), "bob").await.unwrap_err();
    assert!(matches!(error, BackendError::Protocol(_)), "{error}");
}

#[tokio::test]
async fn a_search_that_is_given_up_takes_the_users_connection_along() {
    let (world, server) = (World::new(), kit().start().await);
    let directory = started(&world, settings(&[&server]));
    let (_, session) = bind(&directory, ALICE, "alice-password").await.unwrap();
    server.mood_of_searches(Mood::Silent);
    given_up(names(&session, &call(), "bob"), || !server.searches().is_empty()).await;
    drop(session);
    until("it is closed", || std::future::ready(server.connections_open() == 0)).await;
}
