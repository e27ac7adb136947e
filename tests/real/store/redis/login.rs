//! Who is let in, and what they need rights for.

use dockgate_api::Store as _;
use dockgate_testkit::store::conformance;
use serde_json::json;

use super::server::{KEEPS, Server};
use super::{SHELF, call, health, open, record};

/// The line of the manual.
fn acl_line() -> String {
    let page = include_str!("../../../../docs/stores-redis.md");
    let line = page.lines().find(|line| line.starts_with("user dockgate ")).unwrap();
    line.replace("PASSWORD", "Secret1")
}

/// A Redis of an administrator, for whom `redis-cli` speaks, and of users by lines of its ACL file.
fn with_users(lines: &str) -> Option<Server> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("users.acl");
    std::fs::write(&file, format!("user default on >Admin1 ~* &* +@all\n{lines}\n")).unwrap();
    let options = [&KEEPS[..], &["--aclfile", file.to_str().unwrap()]].concat();
    Server::with_login(&options, &["-a", "Admin1"])
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rights_that_the_manual_names_are_enough() {
    let Some(server) = with_users(&acl_line()) else { return };
    let store = open(&json!({"addr": server.addr(), "username": "dockgate", "password": "Secret1"}));
    conformance(store.clone()).await;
    server.ask(&["SCRIPT", "FLUSH"]);
    store.put(&call(), SHELF, record("after the flush")).await.unwrap();
    assert_eq!(health(&*store).await, "up");
    assert_eq!(server.ask(&["ACL", "LOG"]), "", "it tried something that it may not");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_database_needs_one_right_more() {
    let lines = [acl_line(), acl_line() + " +select"];
    for (lines, is_enough) in lines.iter().zip([false, true]) {
        let Some(server) = with_users(lines) else { return };
        let login =
            json!({"addr": server.addr(), "username": "dockgate", "password": "Secret1", "database": 3});
        let put = open(&login).put(&call(), SHELF, record("one")).await;
        assert_eq!(put.is_ok(), is_enough, "{put:?}");
        assert!(is_enough || put.unwrap_err().to_string().contains("ACL line"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_ask_is_told_that_nothing_could_be_checked() {
    let lines = [" +config|get", " +info"].iter().fold(acl_line(), |line, right| line.replace(right, ""));
    let Some(server) = with_users(&lines) else { return };
    let login = json!({"addr": server.addr(), "username": "dockgate", "password": "Secret1"});
    let store = open(&login);
    let error = store.put(&call(), SHELF, record("one")).await.unwrap_err().to_string();
    assert!(error.contains("cannot be checked") && error.contains("+info +config|get"), "{error}");
    assert!(error.contains("`durability: best_effort`"), "{error}");
    let mut section = login;
    section["durability"] = json!("best_effort");
    let store = open(&section);
    store.put(&call(), SHELF, record("one")).await.unwrap();
    assert!(health(&*store).await.starts_with("degraded: "), "{}", health(&*store).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_that_is_missing_is_named() {
    let Some(server) = with_users(&acl_line().replace(" +zadd", "")) else { return };
    let store = open(&json!({"addr": server.addr(), "username": "dockgate", "password": "Secret1"}));
    let error = store.put(&call(), SHELF, record("one")).await.unwrap_err().to_string();
    assert!(error.contains("may not run all commands") && error.contains("ACL line"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_told_at_once_and_never_repeated() {
    let Some(server) = with_users(&acl_line()) else { return };
    for section in [
        json!({"addr": server.addr(), "username": "dockgate", "password": "Wrong1"}),
        json!({"addr": server.addr(), "password": "Wrong1"}),
        json!({"addr": server.addr(), "username": "mallory", "password": "Wrong1"}),
    ] {
        let store = open(&section);
        let error = store.get(&call(), SHELF, "one").await.unwrap_err();
        assert_eq!(error.kind(), "unavailable", "{error}");
        let error = error.to_string();
        assert!(error.contains("refuses the login") && !error.contains("Wrong1"), "{error}");
        assert!(health(&*store).await.starts_with("down: "));
    }
    let error = open(&server.section()).get(&call(), SHELF, "one").await.unwrap_err().to_string();
    assert!(error.contains("wants a login: write `username`"), "{error}");
}
