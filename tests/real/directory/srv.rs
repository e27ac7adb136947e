//! Directories that a real name server names.

use std::net::Ipv4Addr;
use std::time::Duration;

use serde_json::json;

use super::authority::Authority;
use super::backend::{Gate, link, with};
use super::dns::{Dns, Record};
use super::slapd::{Options, PEOPLE, Slapd};
use crate::harness::poll;

const DOMAIN: &str = "example.test";
const HOSTS: [&str; 2] = ["ldap1.example.test", "ldap2.example.test"];
const BACK_WITHIN: Duration = Duration::from_secs(30);

fn binds(slapd: &Slapd) -> usize {
    slapd.log().matches(&format!(",{PEOPLE}\" mech=SIMPLE")).count()
}

#[test]
fn by_priority_and_the_next_if_one_is_gone() {
    let authority = Authority::new();
    let start = |host| {
        Slapd::start(&authority, Options { named_only: Some(host), chatty: true, ..Options::default() })
    };
    let (Some(mut first), Some(second)) = (start(HOSTS[0]), start(HOSTS[1])) else { return };
    let server = |host, port, priority| Record::Ldap { domain: DOMAIN, host, port, priority, weight: 100 };
    let hosts = HOSTS.map(|host| Record::Address { host, address: Ipv4Addr::LOCALHOST });
    let servers = [server(HOSTS[1], second.port, 20), server(HOSTS[0], first.port, 10)];
    let Some(dns) = Dns::start(&[hosts, servers].concat()) else { return };
    let section = with(&first.section(), json!({"addr": null, "srv": DOMAIN, "tls": "starttls"}));
    let gate = Gate::start_in(&dns.launcher(), &[link(&section)]);
    for _ in 0..3 {
        assert_eq!(gate.log_in("alice", "alice-pass"), 200, "{}\n{}", gate.log(), dns.log());
    }
    assert_eq!([binds(&first), binds(&second)], [3, 0]);
    assert!(dns.log().contains("query[SRV] _ldap._tcp.example.test"), "{}", dns.log());

    first.kill();
    for _ in 0..3 {
        assert_eq!(gate.log_in("alice", "alice-pass"), 200, "{}", gate.log());
    }
    assert_eq!(binds(&second), 3);
    first.restart();
    let used_again = poll(BACK_WITHIN, || {
        assert_eq!(gate.log_in("alice", "alice-pass"), 200);
        (binds(&first) > 0).then_some(())
    });
    assert!(used_again.is_some(), "{}", gate.log());
}

#[test]
fn a_domain_without_directories() {
    let authority = Authority::new();
    let Some(slapd) = Slapd::start(&authority, Options { named_too: Some(HOSTS[0]), ..Options::default() })
    else {
        return;
    };
    let host = Record::Address { host: HOSTS[0], address: Ipv4Addr::LOCALHOST };
    let Some(mut dns) = Dns::start(std::slice::from_ref(&host)) else { return };
    let section = with(&slapd.section(), json!({"addr": null, "srv": DOMAIN, "tls": "starttls"}));
    let gate = Gate::start_in(&dns.launcher(), &[link(&section)]);
    let (answer, line) = gate.audited("alice", "alice-pass");
    assert_eq!((answer.status, &line["reason"]), (503, &json!("unavailable")), "{line}");
    assert!(line["detail"].as_str().unwrap().contains("_ldap._tcp.example.test"), "{line}");
    // It is looked up again, by itself.
    let server = Record::Ldap { domain: DOMAIN, host: HOSTS[0], port: slapd.port, priority: 1, weight: 1 };
    dns.replace(&[host, server]);
    let found = poll(BACK_WITHIN, || (gate.log_in("alice", "alice-pass") == 200).then_some(()));
    assert!(found.is_some(), "{}", gate.log());
}
