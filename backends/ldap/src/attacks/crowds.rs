//! Connections are few: whoever holds one must not wait for another, nor keep it while something else is done.

use dockgate_testkit::directory::Mood;

use super::*;

const ONE: &str = "1 connection";

#[tokio::test]
async fn whoever_binds_by_themselves_never_waits_for_their_own_connection() {
    let server = directory().bind_name("mallory@corp.example.com").start().await;
    let link = link(section(
        &server,
        json!({
            "bind_dn": "${account}@corp.example.com",
            "bind_password": null,
            "initial_bind_as_user": true,
            "pool": {"max_connections": 1},
        }),
    ));
    let cx = within(Duration::from_secs(3));
    let answer = link.backend.authenticate(&cx, &login("mallory", "mallory-password")).await;
    assert!(matches!(answer, Ok(Decision::Allow(_))), "{ONE} is enough: {answer:?}");
    // Whom the name belongs to was proven by a bind with the entry's own.
    let names: Vec<_> = server.binds().into_iter().map(|bind| bind.name).collect();
    assert_eq!(names, ["mallory@corp.example.com", MALLORY]);
    assert_eq!(server.searches()[0].who, MALLORY);
}

#[tokio::test]
async fn a_search_for_groups_keeps_nobody_from_binding() {
    let chain = (0..20).fold(directory(), |directory, level| {
        let member = if level == 0 { ALICE.to_owned() } else { group(level - 1) };
        directory.entry(&group(level), [("cn", format!("g{level}"))]).values("member", [member])
    });
    let server = chain.start().await;
    let link = Arc::new(link(section(
        &server,
        json!({
            "groups": {"search": {"filter": "(member=${dn})"}, "nested": "recursive", "max_depth": 30},
            "pool": {"max_connections": 1},
        }),
    )));
    assert_eq!(labels(&link.let_in("alice", "alice-password").await, "groups").len(), 20);
    server.forget();
    server.mood_of_searches(Mood::Late(Duration::from_millis(50)));
    let first = tokio::spawn({
        let link = Arc::clone(&link);
        async move { link.let_in("alice", "alice-password").await }
    });
    while server.binds().is_empty() {
        assert!(!first.is_finished());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    link.denied("mallory", "wrong").await;
    assert!(!first.is_finished(), "the bind waited for all of somebody else's groups");
    first.await.unwrap();
}

fn group(level: usize) -> String {
    format!("cn=g{level},ou=groups,{BASE}")
}
