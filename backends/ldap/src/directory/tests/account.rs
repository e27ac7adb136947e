use dockgate_api::Health;
use dockgate_testkit::directory::Answer;

use super::*;

/// Many logins at once, with a service account that is refused.
async fn refused(directory: &Arc<Directory>) -> String {
    let all = (0..20).map(|_| {
        let directory = Arc::clone(directory);
        tokio::spawn(async move { names(&*directory, &call(), "alice").await.unwrap_err() })
    });
    let mut last = String::new();
    for login in all.collect::<Vec<_>>() {
        let BackendError::Unavailable(text) = login.await.unwrap() else { panic!("not unavailable") };
        last = text;
    }
    last
}

#[tokio::test]
async fn a_refused_service_account_is_tried_once_and_the_error_says_the_cure() {
    let (world, server) = (World::new(), kit().start().await);
    let cx = context(&world);
    let wrong = || Settings { service: service("canary-password"), ..settings(&[&server]) };
    let before = Directory::start(wrong(), &cx);
    let text = refused(&before).await;
    for part in [SERVICE, "`bind_dn`", "`bind_password_file`", "49", &server.url()] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!text.contains("canary"), "{text}");
    assert_eq!(server.binds().len(), 1);
    assert_eq!(before.health(), Health::Down(text.clone()));
    // A reload that changes nothing of the account is no reason to try again.
    let after = Directory::start(wrong(), &cx);
    assert_eq!(refused(&after).await, text);
    assert_eq!(server.binds().len(), 1);
    // Users do not wait for that.
    assert_eq!(bind(&after, ALICE, "alice-password").await.unwrap().0, 0);
    // Another password is tried at once.
    let cured = Directory::start(settings(&[&server]), &cx);
    finds_alice(&cured).await;
    assert_eq!(cured.health(), Health::Up);
}

#[tokio::test]
async fn one_server_that_refuses_the_account_leaves_the_others() {
    let (world, first, second) = (World::new(), kit().start().await, kit().start().await);
    first.set_password(SERVICE, "not-replicated-yet");
    let directory = started(&world, settings(&[&first, &second]));
    for _ in 0..5 {
        finds_alice(&directory).await;
    }
    assert_eq!((first.binds().len(), second.searches().len()), (1, 5));
    assert!(matches!(directory.health(), Health::Degraded(_)));
}

#[tokio::test]
async fn a_server_that_comes_back_and_refuses_the_account_is_asked_nothing_more() {
    let (world, server) = (World::new(), kit().start().await);
    let directory = started(&world, settings(&[&server]));
    finds_alice(&directory).await;
    server.stop().await;
    assert!(names(&*directory, &call(), "alice").await.is_err());
    server.set_password(SERVICE, "changed");
    server.forget();
    server.listen_again();
    let refuses = |health: &Health| matches!(health, Health::Down(text) if text.contains("bind_dn"));
    health_becomes(&directory, refuses).await;
    refused(&directory).await;
    assert_eq!(server.binds().len(), 1);
}

#[tokio::test]
async fn a_server_that_wants_protection_is_said_to_want_it() {
    for code in [8, 13] {
        let kit = kit().on_password_without_tls(Answer::code(code).text("confidentiality required"));
        let (world, server) = (World::new(), kit.start().await);
        let directory = started(&world, settings(&[&server]));
        let errors = [
            names(&*directory, &call(), "alice").await.map(|_| ()).unwrap_err(),
            bind(&directory, ALICE, "alice-password").await.map(|_| ()).unwrap_err(),
        ];
        for error in errors {
            let BackendError::Unavailable(text) = error else { panic!("{error}") };
            assert!(text.contains("`tls: starttls`") && text.contains("`tls: always`"), "{text}");
        }
    }
}
