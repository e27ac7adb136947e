//! Doors that come and go with a reload.

use std::net::TcpListener;

use super::{NOT_RELOADED, RELOADED, granted, granting, hang_up, pulling};
use crate::process::{Address, Server, Site, dockgate, free_port, poll};
use crate::support::PATIENCE;

fn at(site: &Site, name: &str) -> Address {
    Address::Unix(site.file(name))
}

fn asks(address: &Address) -> u16 {
    address.get("/auth?service=registry&scope=repository:a:pull", None).status
}

#[test]
fn several_doors_lead_to_the_same_server() {
    let listeners = "[{addr: a.sock, net: unix}, {addr: '127.0.0.1:0'}, {addr: '[::1]:0'}]";
    let site = Site::with(&granting("pull", &format!(", listeners: {listeners}")));
    let server = Server::start(&site, "auth.yml");
    assert_eq!(granted(&server), "pull");
    assert_eq!(asks(&at(&site, "a.sock")), 200);
    let [_, _, Address::Tcp(third), Address::Tcp(fourth)] = &server.doors(4)[..] else { panic!("no TCP") };
    assert!(third.is_ipv4() && fourth.is_ipv6(), "{third} {fourth}");
    for address in [third, fourth] {
        assert_eq!(asks(&Address::Tcp(*address)), 200, "{address}");
    }
}

#[test]
fn a_door_opens_and_closes_with_the_configuration() {
    let (site, server) = pulling("");
    site.write("auth.yml", granting("pull", ", listeners: [{addr: a.sock, net: unix}]"));
    server.said(RELOADED, 1);
    assert_eq!(asks(&at(&site, "a.sock")), 200);
    assert_eq!(granted(&server), "pull", "the first door stays open");
    site.write("auth.yml", granting("pull", ""));
    server.said(RELOADED, 2);
    server.said("closing", 1);
    let gone = poll(PATIENCE, || (!site.file("a.sock").exists()).then_some(()));
    assert!(gone.is_some(), "the socket file stays");
    assert_eq!(granted(&server), "pull");
}

#[test]
fn an_address_that_is_taken_leaves_everything_as_it_was() {
    let (site, server) = pulling("");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let doors = format!(", listeners: [{{addr: b.sock, net: unix}}, {{addr: '127.0.0.1:{port}'}}]");
    site.write("auth.yml", granting("push", &doors));
    server.said(NOT_RELOADED, 1);
    assert!(server.stderr().contains("server.listeners[1].addr"), "{}", server.stderr());
    assert_eq!(granted(&server), "pull");
    assert!(!site.file("b.sock").exists(), "half of a configuration");
    drop(taken);
    hang_up(&server, RELOADED);
    assert_eq!(granted(&server), "push");
    assert_eq!(asks(&at(&site, "b.sock")), 200);
}

#[test]
fn a_door_that_is_to_lead_elsewhere_asks_for_a_restart() {
    let (site, server) = pulling(", listeners: [{addr: a.sock, net: unix}]");
    site.write("auth.yml", granting("push", ", metrics: {addr: a.sock, net: unix}"));
    server.said(NOT_RELOADED, 1);
    assert!(server.stderr().contains("restart to change that"), "{}", server.stderr());
    assert_eq!(granted(&server), "pull");
}

#[test]
fn a_bound_on_connections_follows_the_configuration() {
    let (site, server) = pulling("");
    site.write("auth.yml", granting("pull", ", limits: {connections: 1, header_timeout: 1h}"));
    server.said(RELOADED, 1);
    let Address::Tcp(address) = server.address() else { panic!("no TCP") };
    let only = std::net::TcpStream::connect(address).unwrap();
    let begun = std::time::Instant::now();
    // The only one is taken, as soon as it is accepted: the next waits until it is gone, or has been silent for half a second.
    let asking = {
        let address = server.address().clone();
        std::thread::spawn(move || asks(&address))
    };
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert!(!asking.is_finished() || begun.elapsed() >= std::time::Duration::from_millis(500));
    drop(only);
    assert_eq!(asking.join().unwrap(), 200);
}

#[test]
fn a_door_that_shall_be_narrower_does_not_stay_as_it_is_without_a_word() {
    // The port may be taken in between.
    let (site, server, port) = (0..20)
        .find_map(|_| {
            let port = free_port();
            let site = Site::with(&granting("pull", "").replace("127.0.0.1:0", &format!("0.0.0.0:{port}")));
            let server = Server::try_start(dockgate().args(["serve", "auth.yml"]).current_dir(site.path()));
            Some((site, server.ok()?, port))
        })
        .unwrap();
    site.write("auth.yml", granting("push", "").replace("127.0.0.1:0", &format!("127.0.0.1:{port}")));
    server.said(NOT_RELOADED, 1);
    assert!(server.stderr().contains("it is on other interfaces"), "{}", server.stderr());
    assert_eq!(granted(&server), "pull");
}
