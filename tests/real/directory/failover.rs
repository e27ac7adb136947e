//! Directories go and come back.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::authority::Authority;
use super::backend::{Gate, link, with};
use super::slapd::{Options, PEOPLE, SERVICE, Slapd};
use crate::harness::poll;

const BACK_WITHIN: Duration = Duration::from_secs(30);
const CLIENTS: usize = 4;
/// Logins before the first server is killed, and after.
const BEFORE: usize = 60;
const ALL: usize = 200;

/// How often people have bound at a server since its start.
fn binds(slapd: &Slapd) -> usize {
    slapd.log().matches(&format!(",{PEOPLE}\" mech=SIMPLE")).count()
}

#[test]
fn a_server_is_killed_and_no_login_fails() {
    let authority = Authority::new();
    let start = || Slapd::start(&authority, Options { chatty: true, ..Options::default() });
    let (Some(mut first), Some(second)) = (start(), start()) else { return };
    let section: Value = with(
        &first.section(),
        json!({
            "addr": null,
            "addrs": [first.tls_uri(), second.tls_uri()],
            "order": "listed",
            "groups": {"nested": "recursive"},
        }),
    );
    let gate = Gate::start(&[link(&section)]);
    let (done, is_killed) = (AtomicUsize::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (gate, done, is_killed) = (&gate, &done, &is_killed);
            scope.spawn(move || {
                // Until as many came after the end of the server as before it.
                while done.load(Ordering::SeqCst) < ALL || !is_killed.load(Ordering::SeqCst) {
                    let account = ["alice", "bob", "carol", "dave"][client % 4];
                    let answer = gate.ask_for(account, &format!("{account}-pass"), "");
                    assert_eq!(answer.status, 200, "{answer:?}\n{}", gate.log());
                    done.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        poll(BACK_WITHIN, || (done.load(Ordering::SeqCst) >= BEFORE).then_some(())).expect("too few logins");
        assert!(binds(&first) > 0 && binds(&second) == 0, "the first that is well is asked");
        first.kill();
        is_killed.store(true, Ordering::SeqCst);
    });
    assert!(binds(&second) > 0);
    let errors: Vec<_> = gate.audit().into_iter().filter(|line| line["event"] != "token").collect();
    assert_eq!(errors, [Value::Null; 0]);
    let status = gate.status();
    assert!(status.is_success(), "one server is enough: {status}");

    first.restart();
    let used_again = poll(BACK_WITHIN, || {
        assert_eq!(gate.log_in("alice", "alice-pass"), 200);
        (binds(&first) > 0).then_some(())
    });
    assert!(used_again.is_some(), "{}", gate.log());
    // From now on it is the first again.
    let before = binds(&second);
    for _ in 0..5 {
        assert_eq!(gate.log_in("alice", "alice-pass"), 200);
    }
    assert_eq!(binds(&second), before);
    assert!(second.log().contains(&format!("BIND dn=\"{}\"", SERVICE.0)));
}

/// Each is asked as often as the other, and the one that is left for both.
#[test]
fn in_any_order() {
    let authority = Authority::new();
    let start = || Slapd::start(&authority, Options { chatty: true, ..Options::default() });
    let (Some(mut first), Some(second)) = (start(), start()) else { return };
    let addrs = json!({"addr": null, "addrs": [first.tls_uri(), second.tls_uri()], "order": "random"});
    let gate = Gate::start(&[link(&with(&first.section(), addrs))]);
    let log_in = || {
        for _ in 0..40 {
            assert_eq!(gate.log_in("alice", "alice-pass"), 200, "{}", gate.log());
        }
    };
    log_in();
    let shares = [binds(&first), binds(&second)];
    assert!(shares[0] + shares[1] == 40 && shares.iter().all(|share| *share > 2), "{shares:?}");
    first.kill();
    log_in();
    assert_eq!(binds(&second), shares[1] + 40);
}

#[test]
fn the_server_starts_and_reloads_while_its_directory_is_down() {
    let Some(mut slapd) = Slapd::start(&Authority::new(), Options::default()) else { return };
    slapd.stop();
    let mut gate = Gate::start(&[link(&slapd.section())]);
    let (answer, line) = gate.audited("alice", "alice-pass");
    assert_eq!((answer.status, &line["reason"]), (503, &json!("unavailable")), "{line}");
    assert!(line["detail"].as_str().unwrap().contains(&slapd.tls_uri()), "{line}");
    let status = gate.status();
    assert!(status.stdout.contains(&slapd.tls_uri()), "{status}");
    gate.reload(&[link(&with(&slapd.section(), json!({"groups": {}})))]).succeeds();
    assert_eq!(gate.log_in("alice", "alice-pass"), 503);
    slapd.restart();
    let back = poll(BACK_WITHIN, || {
        let status = gate.log_in("alice", "alice-pass");
        assert!([200, 503].contains(&status), "{status}");
        (status == 200).then_some(())
    });
    assert!(back.is_some(), "{}", gate.log());
    gate.status().succeeds();
    assert!(gate.is_running());
}

/// A service account that is refused is said with its name, and not tried with every login: it would be locked.
#[test]
fn the_service_account_is_refused() {
    let Some(slapd) = Slapd::start(&Authority::new(), Options { chatty: true, ..Options::default() }) else {
        return;
    };
    let gate = Gate::start(&[link(&with(&slapd.section(), json!({"bind_password": "wrong"})))]);
    for _ in 0..10 {
        let (answer, line) = gate.audited("alice", "alice-pass");
        assert_eq!((answer.status, &line["reason"]), (503, &json!("unavailable")), "{line}");
        assert!(line["detail"].as_str().unwrap().contains(SERVICE.0), "{line}");
    }
    let tries = slapd.log().matches(&format!("BIND dn=\"{}\" method", SERVICE.0)).count();
    assert!((1..=2).contains(&tries), "{tries} tries\n{}", slapd.log());
    gate.reload(&[link(&slapd.section())]).succeeds();
    assert_eq!(gate.log_in("alice", "alice-pass"), 200);
}
