//! Internet addresses.

use dockgate::config::server::{DoorAddress, Net};
use dockgate::http::ClientAddress;
use dockgate::net::Listener;

use super::{ask, chains, granted};
use crate::support::{Listening, Setup};

#[test]
fn rules_see_the_address_that_a_client_comes_from() {
    for (addr, allowed) in [("127.0.0.1:0", "pull"), ("[::1]:0", "push"), ("localhost:0", "pull")] {
        let server = Listening::start(Setup::new(chains()).addr(addr));
        let [a, free] = granted(&ask(&mut server.connect()));
        if addr.starts_with("localhost") {
            // Which of its addresses a machine means by that is the machine's business.
            assert!(["pull", "push"].contains(&a.as_str()), "{a}");
        } else {
            assert_eq!([a, free], [allowed, allowed], "{addr}");
        }
    }
}

#[test]
fn an_ipv4_client_of_a_server_on_every_interface_is_an_ipv4_client() {
    for addr in [":0", "[::]:0", "0.0.0.0:0"] {
        let server = Listening::start(Setup::new(chains()).addr(addr));
        assert_eq!(granted(&ask(&mut server.connect_v4())), ["pull", "pull"], "{addr}");
    }
}

#[test]
fn a_mapped_address_is_the_ipv4_address_from_the_door_on() {
    let of = |text: &str| ClientAddress::of(text.parse().unwrap()).0.unwrap().to_string();
    assert_eq!(of("::ffff:203.0.113.9"), "203.0.113.9");
    assert_eq!(of("2001:db8::9"), "2001:db8::9");
}

#[test]
fn a_server_on_every_interface_serves_both_families() {
    for addr in [":0", "[::]:0"] {
        let server = Listening::start(Setup::new(chains()).addr(addr));
        assert_eq!(granted(&ask(&mut server.connect_v6())), ["push", "push"], "{addr}");
    }
}

/// Whatever the system's default for IPv6 sockets is.
#[test]
fn both_families_are_asked_for() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for addr in [":0", "[::]:0"] {
        let bound = runtime.block_on(Listener::bind(&DoorAddress::new(Net::Tcp, addr)));
        let Ok(Listener::Tcp(listener)) = bound else { panic!("{bound:?}") };
        assert!(listener.local_addr().unwrap().is_ipv6(), "{addr}");
        assert!(!socket2::SockRef::from(&listener).only_v6().unwrap(), "{addr}");
    }
}

#[test]
fn a_connection_serves_many_requests() {
    let server = Listening::start(Setup::new(chains()));
    let mut client = server.connect();
    for _ in 0..5 {
        assert_eq!(granted(&ask(&mut client)), ["pull", "pull"]);
        assert_eq!(client.get("/healthz").status, 200);
        assert_eq!(client.get("/nowhere").status, 404);
        assert_eq!(client.get("/auth").status, 401);
    }
    client.send("GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    assert_eq!(client.answer().status, 200);
    assert!(client.is_closed());
}

#[test]
fn an_address_that_cannot_be_had_is_named_with_a_cure() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let bind = async |addr: &str| Listener::bind(&DoorAddress::new(Net::Tcp, addr)).await;
        let Listener::Tcp(taken) = bind("127.0.0.1:0").await.unwrap() else { panic!("no TCP") };
        let addr = taken.local_addr().unwrap().to_string();
        let error = bind(&addr).await.unwrap_err().message;
        assert!(error.starts_with(&addr) && error.contains("in use"), "{error}");
        for (addr, cure) in [
            ("192.0.2.1:0", "has no address"),
            ("nowhere.invalid:0", "cannot listen on"),
            ("5001", "has no port"),
        ] {
            let error = bind(addr).await.unwrap_err().message;
            assert!(error.contains(cure) && error.contains(addr), "{error}");
        }
    });
}
