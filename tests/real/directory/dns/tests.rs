//! `OpenLDAP`'s client finds directories by name.

use super::*;
use crate::directory::authority::Authority;
use crate::directory::samba::{self, Samba};
use crate::directory::slapd::{self, Options, Slapd};
use crate::harness::command;
use crate::harness::logs::Logs;

const HOSTS: [&str; 2] = ["ldap1.example.test", "ldap2.example.test"];

fn server(domain: &'static str, host: &'static str, port: u16, priority: u16) -> Record {
    Record::Ldap { domain, host, port, priority, weight: 100 }
}

#[test]
fn two_servers_of_one_directory() {
    let authority = Authority::new();
    let start = |host| {
        Slapd::start(&authority, Options { named_too: Some(host), chatty: true, ..Options::default() })
    };
    let (Some(mut first), Some(second)) = (start(HOSTS[0]), start(HOSTS[1])) else { return };
    let home = Ipv4Addr::LOCALHOST;
    let hosts = HOSTS.map(|host| Record::Address { host, address: home });
    let servers =
        [server("example.test", HOSTS[0], first.port, 10), server("example.test", HOSTS[1], second.port, 20)];
    let Some(mut dns) = Dns::start(&[hosts.clone(), servers.clone()].concat()) else { return };
    let (name, password) = slapd::SERVICE;
    let client = first.client_of_domain().asking(&dns).with(&["-ZZ"]).bound(name, password);
    let binds = |slapd: &Slapd| slapd.log().matches(&format!("BIND dn=\"{name}\" mech=SIMPLE")).count();
    client.whoami().succeeds();
    assert_eq!([binds(&first), binds(&second)], [1, 0], "{}", dns.log());
    first.stop();
    client.whoami().succeeds();
    assert_eq!(binds(&second), 1);
    dns.replace(&hosts);
    client.whoami().fails();
    dns.replace(&[hosts.as_slice(), &servers[1..]].concat());
    client.whoami().succeeds();
    assert!(dns.log().contains("query[SRV] _ldap._tcp.example.test"), "{}", dns.log());
}

#[test]
fn a_domain_controller() {
    let authority = Authority::new();
    let Some(samba) = Samba::start(&authority) else { return };
    let records = [
        server(samba::REALM, samba::HOST, 389, 0),
        Record::Address { host: samba::HOST, address: samba.address },
    ];
    let Some(dns) = Dns::start(&records) else { return };
    let mut lookup = dns.command("getent");
    let dir = tempfile::tempdir().unwrap();
    let found = command::run(lookup.args(["ahostsv4", samba::HOST]), dir.path(), &Logs::default()).succeeds();
    assert!(found.stdout.starts_with(&samba.address.to_string()), "{found}");
    let (name, password) = samba::SERVICE;
    let client = samba.client_of_domain().asking(&dns).with(&["-ZZ"]).bound(name, password);
    client.search(samba::PEOPLE, "(sAMAccountName=alice)", &["cn"]).succeeds();
}
