//! What networks do between the server and its directory.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use dockgate_testkit::proxy::{Direction, Mood, Proxy};
use serde_json::{Value, json};

use super::authority::Authority;
use super::backend::{Gate, link, with};
use super::slapd::{Options, PEOPLE, ROOT, Slapd};
use crate::accounts::ADMIN;
use crate::directory::ldap::values;
use crate::harness::poll;

/// What one login may take at most: half a second each for the search and the bind, a connection for each, and a busy machine.
const ANSWERED_WITHIN: Duration = Duration::from_secs(5);
const BACK_WITHIN: Duration = Duration::from_secs(20);

fn local(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// People of the configuration before those of a directory that is asked over the proxy.
fn links(slapd: &Slapd, proxy: &Proxy) -> [Value; 2] {
    let short = json!({
        "addr": format!("ldaps://{}", proxy.addr),
        "timeouts": {"connect": "500ms", "bind": "500ms", "search": "500ms"},
        "groups": {"nested": "recursive"},
    });
    [json!({"users": {ADMIN.name: {"password": ADMIN.hash}}}), link(&with(&slapd.section(), short))]
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_is_nobodys_fault() {
    let Some(slapd) = Slapd::start(&Authority::new(), Options::default()) else { return };
    let proxy = Proxy::to(local(slapd.tls_port));
    let gate = Gate::start(&links(&slapd, &proxy));
    assert_eq!(gate.log_in("carol", "carol-pass"), 200);
    for trouble in [
        Trouble::Mood(Mood::Silent),
        Trouble::Mood(Mood::Reset),
        Trouble::Mood(Mood::Late(Duration::from_secs(1))),
        Trouble::Mood(Mood::Slow(100)),
        Trouble::Mood(Mood::Cut(Direction::ToClient, 20)),
        Trouble::Mood(Mood::Cut(Direction::ToServer, 20)),
        Trouble::Refused,
    ] {
        match trouble {
            Trouble::Mood(mood) => proxy.mood(mood),
            Trouble::Refused => proxy.stop().await,
        }
        if let Trouble::Mood(Mood::Reset) = trouble {
            proxy.reset_connections();
        }
        // Wrong ones are no more wrong than right ones are right while nobody can tell.
        for password in ["carol-pass", "wrong"] {
            let began = Instant::now();
            let answer = gate.ask_for("carol", password, "");
            let took = began.elapsed();
            assert_eq!(answer.status, 503, "{trouble:?} {answer:?}");
            assert!(took < ANSWERED_WITHIN, "{trouble:?} after {took:?}");
            assert!(answer.header("retry-after").is_some(), "{answer:?}");
            let line = gate.line(&answer);
            let reason = line["reason"].as_str().unwrap();
            assert!(line["event"] == "error" && ["unavailable", "timeout"].contains(&reason), "{line}");
            let detail = line["detail"].as_str().unwrap();
            assert!(detail.contains(&proxy.addr.to_string()), "{trouble:?} {detail}");
            assert!(!answer.body.contains("127.0.0.1"), "{answer:?}");
        }
        assert_eq!(gate.log_in(ADMIN.name, ADMIN.password), 200, "{trouble:?}");
        assert_eq!(gate.log_in(ADMIN.name, "wrong"), 401, "{trouble:?}");
        proxy.mood(Mood::Pass);
        proxy.listen_again();
        // By itself: somebody who tries meanwhile is told the same as before.
        let back = poll(BACK_WITHIN, || {
            let status = gate.log_in("carol", "carol-pass");
            assert!([200, 503].contains(&status), "{status} after {trouble:?}");
            (status == 200).then_some(())
        });
        assert!(back.is_some(), "{trouble:?}\n{}", gate.log());
    }
    // A little late is no trouble.
    proxy.mood(Mood::Late(Duration::from_millis(20)));
    assert_eq!(gate.log_in("carol", "carol-pass"), 200);
    let refused = |line: &&Value| line["event"] == "refused" && line["account"] == "carol";
    assert_eq!(gate.audit().iter().filter(refused).count(), 0);
    // The directory counted none either.
    let seen =
        slapd.client().bound(ROOT.0, ROOT.1).search(PEOPLE, "(uid=carol)", &["pwdFailureTime"]).succeeds();
    assert_eq!(values(&seen, "pwdFailureTime"), [""; 0]);
}

#[derive(Clone, Copy, Debug)]
enum Trouble {
    Mood(Mood),
    Refused,
}

/// The server closes what nobody uses, and whoever comes next does not notice.
#[tokio::test(flavor = "multi_thread")]
async fn connections_that_ended_meanwhile() {
    let Some(slapd) = Slapd::start(&Authority::new(), Options::default()) else { return };
    let proxy = Proxy::to(local(slapd.tls_port));
    let gate = Gate::start(&links(&slapd, &proxy));
    for _ in 0..5 {
        assert_eq!(gate.log_in("carol", "carol-pass"), 200);
        proxy.close_connections();
        assert_eq!(gate.log_in("carol", "wrong"), 401);
        proxy.reset_connections();
        poll(BACK_WITHIN, || (proxy.connections_open() == 0).then_some(())).unwrap();
    }
    let errors = gate.audit().into_iter().filter(|line| line["event"] == "error").count();
    assert_eq!(errors, 0, "{}", gate.log());
    // And none is made for each login.
    let before = proxy.connections_made();
    for _ in 0..20 {
        assert_eq!(gate.log_in("alice", "alice-pass"), 200);
    }
    assert!(proxy.connections_made() <= before + 2, "{} connections", proxy.connections_made() - before);
}

/// The first of two servers falls silent, or breaks off, while people log in: they wait a little, and get in.
#[tokio::test(flavor = "multi_thread")]
async fn the_other_server_answers_for_one_in_trouble() {
    let Some(slapd) = Slapd::start(&Authority::new(), Options::default()) else { return };
    let proxies = [Proxy::to(local(slapd.tls_port)), Proxy::to(local(slapd.tls_port))];
    let addrs: Vec<String> = proxies.iter().map(|proxy| format!("ldaps://{}", proxy.addr)).collect();
    let [_, alone] = links(&slapd, &proxies[0]);
    let both = with(&alone["ldap_auth"], json!({"addr": null, "addrs": addrs}));
    let gate = Gate::start(&[link(&both)]);
    for mood in [Mood::Silent, Mood::Cut(Direction::ToClient, 200), Mood::Late(Duration::from_secs(1))] {
        let done = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for account in ["alice", "bob", "carol", "dave"] {
                let (gate, done) = (&gate, &done);
                scope.spawn(move || {
                    for _ in 0..30 {
                        let began = Instant::now();
                        let answer = gate.ask_for(account, &format!("{account}-pass"), "");
                        assert_eq!(answer.status, 200, "{mood:?} {answer:?}\n{}", gate.log());
                        assert!(began.elapsed() < ANSWERED_WITHIN, "{mood:?} after {:?}", began.elapsed());
                        done.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
            poll(BACK_WITHIN, || (done.load(Ordering::SeqCst) > 20).then_some(())).expect("too few logins");
            proxies[0].mood(mood);
        });
        proxies[0].mood(Mood::Pass);
        // It is asked again, by itself.
        let before = proxies[0].connections_made();
        let back = poll(BACK_WITHIN, || {
            assert_eq!(gate.log_in("alice", "alice-pass"), 200);
            (proxies[0].connections_made() > before).then_some(())
        });
        assert!(back.is_some(), "{mood:?}\n{}", gate.log());
    }
    let errors: Vec<Value> = gate.audit().into_iter().filter(|line| line["event"] != "token").collect();
    assert_eq!(errors, [Value::Null; 0]);
}
