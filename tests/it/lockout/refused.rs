//! What a client sees of a ban, and whom it touches.

use std::time::Duration;

use super::{HERE, THERE, fail, from, login, server};
use crate::support::{ALICE, Answer, Ask, BOB, Setup, TestServer, users};

#[track_caller]
fn is_banned(answer: &Answer, seconds: u64) {
    assert_eq!(answer.error(429, "TOOMANYREQUESTS"), "temporarily_unavailable");
    assert_eq!(answer.header("retry-after"), seconds.to_string());
    answer.is_kept_by_nobody();
}

#[test]
fn the_sixth_login_is_429_for_the_time_that_is_left() {
    let server = server("");
    fail(&server, "alice", HERE, 5);
    let refused = login(&server, ALICE.0, ALICE.1, HERE);
    is_banned(&refused, 300);
    assert_eq!(
        refused.text(),
        "{\"errors\":[{\"code\":\"TOOMANYREQUESTS\",\"message\":\"too many failed logins, please try again later\"}],\
         \"error\":\"temporarily_unavailable\",\"error_description\":\"too many failed logins, please try again later\"}"
    );
    server.clock.turn(Duration::from_millis(299_500));
    is_banned(&login(&server, ALICE.0, ALICE.1, HERE), 1);
    server.clock.turn(Duration::from_millis(500));
    assert_eq!(login(&server, ALICE.0, ALICE.1, HERE).status, 200);
}

#[test]
fn right_and_wrong_passwords_of_known_and_unknown_accounts_get_the_same_answer() {
    let server = server("");
    fail(&server, "alice", HERE, 5);
    fail(&server, "nobody-knows", HERE, 5);
    let answers = [
        login(&server, ALICE.0, ALICE.1, HERE),
        login(&server, "alice", "wrong", HERE),
        login(&server, "ALICE", "wrong", HERE),
        login(&server, "nobody-knows", "wrong", HERE),
    ];
    for answer in &answers {
        is_banned(answer, 300);
        assert_eq!(answer.body, answers[0].body);
        let names = |answer: &Answer| answer.headers.keys().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(names(answer), names(&answers[0]));
    }
}

#[test]
fn others_go_on_and_so_does_who_needs_no_proof() {
    let server = server("");
    fail(&server, "alice", HERE, 5);
    assert_eq!(login(&server, BOB.0, BOB.1, HERE).status, 200);
    assert_eq!(login(&server, ALICE.0, ALICE.1, THERE).status, 200);
    assert_eq!(server.ask(&Ask::auth().from(from(HERE))).status, 200, "the anonymous account");
    assert_eq!(server.ask(&Ask::auth().query("account", "alice").from(from(HERE))).status, 200);
}

#[test]
fn success_clears_only_its_own_pair() {
    let server = server("");
    fail(&server, "alice", HERE, 4);
    fail(&server, "bob", HERE, 4);
    assert_eq!(login(&server, ALICE.0, ALICE.1, HERE).status, 200);
    assert_eq!(login(&server, "alice", "wrong again", HERE).status, 401);
    assert_eq!(login(&server, ALICE.0, ALICE.1, HERE).status, 200);
    assert_eq!(login(&server, "bob", "wrong again", HERE).status, 401);
    is_banned(&login(&server, BOB.0, BOB.1, HERE), 300);
}

#[test]
fn while_it_holds_nothing_is_hashed_and_nobody_asked() {
    let server = server("");
    fail(&server, "alice", HERE, 5);
    let hashed = |server: &TestServer| {
        let text = server.metrics.text();
        let line = text.lines().find(|line| line.starts_with("dockgate_password_hashes_total"));
        line.unwrap_or_else(|| panic!("{text}")).to_owned()
    };
    let before = hashed(&server);
    for number in 0..20 {
        is_banned(&login(&server, "alice", &format!("{number}"), HERE), 300);
    }
    assert_eq!(hashed(&server), before);
    let text = server.metrics.text();
    for line in [
        "dockgate_lockout_bans{kind=\"pair\"} 1",
        "dockgate_lockout_bans{kind=\"address\"} 0",
        "dockgate_lockout_refusals_total{kind=\"pair\"} 20",
        "dockgate_lockout_failures_total 5",
    ] {
        assert!(text.lines().any(|there| there == line), "{line}\n{text}");
    }
    assert!(
        text.contains("dockgate_token_requests_total{outcome=\"locked\",service=\"other\"} 20"),
        "{text}"
    );
}

#[test]
fn a_backend_that_cannot_answer_counts_against_nobody() {
    for says in ["unavailable", "timeout", "protocol", "overloaded"] {
        let chains = format!(
            "lockout: {{pair: {{failures: 1}}}}\nauthn: [{{script_authn: {{says: {says}}}}}]\nauthz: [{{acl: []}}]"
        );
        let server = TestServer::new(&chains);
        for number in 0..20 {
            assert_eq!(login(&server, "alice", &format!("{number}"), HERE).status, 503, "{says}");
        }
    }
}

#[test]
fn every_refusal_is_in_the_audit_log_once() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("audit.log");
    let server = super::server(&format!("}}\naudit: {{to: \"{}\"", file.display()));
    fail(&server, "alice", HERE, 5);
    for _ in 0..3 {
        is_banned(&login(&server, ALICE.0, ALICE.1, HERE), 300);
    }
    server.with_state(async |state| state.lasting().audit().reopen());
    let locked = crate::process::poll(crate::support::PATIENCE, || {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        let locked: Vec<serde_json::Value> = text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .filter(|event: &serde_json::Value| event["reason"] == "locked")
            .collect();
        (locked.len() >= 3).then_some(locked)
    });
    let locked = locked.unwrap();
    assert_eq!(locked.len(), 3);
    for event in locked {
        assert_eq!((&event["event"], &event["account"]), (&"refused".into(), &"alice".into()));
        assert_eq!(event["client"], HERE);
        assert!(event["detail"].as_str().unwrap().contains("lockout.pair"), "{event}");
    }
}

#[test]
fn turned_off_it_refuses_nobody() {
    let server = TestServer::of(Setup::new(format!(
        "lockout: {{enabled: false}}\nusers: {}\n{}",
        users(""),
        super::RULES
    )));
    fail(&server, "alice", HERE, 60);
    assert_eq!(login(&server, ALICE.0, ALICE.1, HERE).status, 200);
    let warnings: Vec<String> = server.warnings.iter().map(ToString::to_string).collect();
    assert!(
        warnings.iter().any(|warning| warning.contains("lockout.enabled: passwords can be guessed")),
        "{warnings:?}"
    );
}

#[test]
fn it_is_on_without_being_asked_for_and_slows_an_account() {
    let server = TestServer::new(&format!("users: {}\n{}", users(""), super::RULES));
    for address in 0..10 {
        fail(&server, "alice", &format!("198.51.100.{address}"), 1);
    }
    assert_eq!(login(&server, ALICE.0, ALICE.1, HERE).status, 200, "slowed, and let in");
    assert!(server.metrics.text().contains("dockgate_lockout_slowed_total 1\n"));
    assert_eq!(login(&server, ALICE.0, ALICE.1, HERE).status, 200);
    assert!(server.metrics.text().contains("dockgate_lockout_slowed_total 1\n"), "known to be right");
}
