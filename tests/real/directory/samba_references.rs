//! A search from the domain's root: it holds references to the forest's other parts.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::authority::Authority;
use super::backend::{Gate, link, with};
use super::dns::{Dns, Record};
use super::samba::{REALM, Samba, free_address};
use super::samba_link::section;
use crate::harness::poll;

const CONNECT: Duration = Duration::from_secs(1);
/// The rest of a login, on a machine that has much to do.
const MARGIN: Duration = Duration::from_secs(10);

fn login(gate: &Gate) -> (u16, Value) {
    let began = Instant::now();
    let (answer, line) = gate.audited("alice", "alice-pass");
    assert!(began.elapsed() < CONNECT + MARGIN, "after {:?}: {line}", began.elapsed());
    (answer.status, line)
}

#[test]
fn are_left_out_or_followed_and_nothing_hangs() {
    let Some(samba) = Samba::start(&Authority::new()) else { return };
    let Some(mut dns) = Dns::start(&[]) else { return };
    let section = with(&section(&samba), json!({"groups": {"nested": "matching_rule"}}));

    let ignoring = Gate::start_in(&dns.launcher(), &[link(&section)]);
    assert_eq!(login(&ignoring).0, 200);
    assert!(!dns.log().contains(REALM), "somebody looked for it:\n{}", dns.log());

    let follow = json!({"referrals": "follow", "timeouts": {"connect": "1s"}});
    let following = Gate::start_in(&dns.launcher(), &[link(&with(&section, follow))]);
    // Nobody has that name, and a part of an answer is none.
    assert_eq!(status_with(&following, "no address is found for it"), 503);
    // Whoever has it says nothing.
    let silent = free_address();
    let _silent = TcpListener::bind((silent, 636)).unwrap();
    dns.replace(&[Record::Address { host: REALM, address: silent }]);
    assert_eq!(status_with(&following, "no connection in time"), 503);
    dns.replace(&[Record::Address { host: REALM, address: samba.address }]);
    assert_eq!(status_with(&following, r#""event":"token""#), 200);
    assert!(dns.log().contains(REALM), "{}", dns.log());
}

/// Logs in until the audit log has `text`: a server that was in trouble rests for a while.
#[track_caller]
fn status_with(gate: &Gate, text: &str) -> u16 {
    let found = poll(MARGIN, || {
        let (status, line) = login(gate);
        line.to_string().contains(text).then_some(status)
    });
    found.unwrap_or_else(|| panic!("no login is like that: {text}\n{}", gate.log()))
}
