//! Several servers with one directory.

use std::fs;

use super::authority::{Authority, Terms};
use super::{HOST, LONG, client, configuration, directory, says, serve};
use crate::harness::poll;
use crate::harness::process::Process;

/// The authority reaches only the first of them, as it may behind a load balancer: whoever orders, that one answers.
#[test]
fn two_servers_order_once_and_show_the_same() {
    let Some(dir) = directory() else { return };
    let mut authority = None;
    let (first, port) = Process::listening("listening", |tls_port| {
        authority = None;
        let asked = Authority::start(dir.path(), Terms { tls_port, validity: LONG, wants_external: false });
        let server = serve(dir.path(), "first", &configuration(tls_port, asked.port, ""));
        authority = Some(asked);
        server
    });
    let authority = authority.unwrap();
    let (second, second_port) = Process::listening("listening", |port| {
        serve(dir.path(), "second", &configuration(port, authority.port, ""))
    });
    let root = authority.root();
    let shown = |port| poll(super::WITHIN, || client::connect(port, HOST, &root).ok());
    let [one, other] = [port, second_port].map(shown).map(|connection| connection.unwrap().certificate());
    assert_eq!(one, other);
    assert_eq!(authority.orders(), 1);
    let issued = || -> usize {
        [&first, &second].map(|server| server.log().matches("certificate issued").count()).iter().sum()
    };
    // It is said a moment after it is shown.
    poll(super::WITHIN, || (issued() > 0).then_some(()));
    assert_eq!(issued(), 1, "{}\n{}", first.log(), second.log());
}

#[test]
fn one_answers_for_another_that_the_authority_does_not_reach() {
    let Some(dir) = directory() else { return };
    // The first has the directory, and an authority that is not there.
    let (first, port) = Process::listening("listening", |port| serve(dir.path(), "first", &nobody(port)));
    let terms = Terms { tls_port: port, validity: LONG, wants_external: false };
    let authority = Authority::start(dir.path(), terms);
    let (second, second_port) = Process::listening("listening", |port| {
        serve(dir.path(), "second", &configuration(port, authority.port, ""))
    });
    says(&second, "certificate issued", 1);
    assert!(client::connect(second_port, HOST, &authority.root()).is_ok());
    assert!(first.log().contains("no certificate"), "{}", first.log());
    let left = fs::read_dir(dir.path().join("kept")).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let is_gone = || {
        poll(super::WITHIN, || {
            let mut names = fs::read_dir(dir.path().join("kept")).unwrap();
            names
                .all(|entry| !entry.unwrap().file_name().to_string_lossy().contains("challenge"))
                .then_some(())
        })
    };
    assert!(is_gone().is_some(), "{left:?}");
}

fn nobody(port: u16) -> String {
    configuration(port, 1, "").replace("    ca: authority-ca.pem\n", "")
}
