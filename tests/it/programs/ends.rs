//! What ends a program before it has answered.

use std::io::Write as _;
use std::net::TcpStream;

use rustix::process::Signal;

use super::{all_gone, children, site, wait_for};
use crate::process::{Server, basic, poll};

const SCOPE: &str = "repository:a:pull";
const CHAINS: &str = "authn:\n  - ext_auth: {command: ./who, environment: {PATH: \"/usr/bin:/bin\"}}\n\
                      authz:\n  - acl: [{match: {}, actions: [pull]}]\n";
const HANGS: (&str, &str) = ("who", "echo $$ >> processes; sleep 1000 & echo $! >> processes; wait");

/// Sends a request and leaves the connection open.
fn half(server: &Server, account: &str) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", server.address().port())).unwrap();
    let login = basic(account, "password");
    write!(
        stream,
        "GET /auth?service=registry&scope={SCOPE} HTTP/1.1\r\nHost: a\r\nAuthorization: {login}\r\n\r\n"
    )
    .unwrap();
    stream
}

#[test]
fn a_client_that_leaves_takes_its_program_along() {
    let site = site(CHAINS, &[HANGS]);
    let server = Server::start(&site, "auth.yml");
    let client = half(&server, "alice");
    let processes = wait_for(&site, "processes", 2);
    drop(client);
    all_gone(&processes);
}

#[test]
fn a_server_that_stops_takes_its_programs_along() {
    let site = site(&CHAINS.replace("{command", "{timeout: 50s, command"), &[HANGS]);
    let config = std::fs::read_to_string(site.file("auth.yml")).unwrap();
    let config = config.replace(":0\"}", ":0\", limits: {drain_timeout: 1s, request_timeout: 50s}}");
    site.write("auth.yml", config);
    let server = Server::start(&site, "auth.yml");
    let _client = half(&server, "alice");
    let processes = wait_for(&site, "processes", 2);
    let ended = server.stop(Signal::TERM);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    all_gone(&processes);
}

/// The old configuration's program answers, the new one's is asked from then on.
#[test]
fn a_reload_lets_programs_end_and_asks_others() {
    let site = site(
        CHAINS,
        &[("who", "echo $$ >> processes; while [ ! -e go ]; do sleep 0.01; done"), ("none", "exit 1")],
    );
    let server = Server::start(&site, "auth.yml");
    std::thread::scope(|threads| {
        let first = threads.spawn(|| server.ask(Some(("alice", "password")), SCOPE).granted());
        wait_for(&site, "processes", 1);
        let config = std::fs::read_to_string(site.file("auth.yml")).unwrap();
        site.write("auth.yml", config.replace("./who", "./none"));
        server.signal(Signal::HUP);
        server.said("configuration reloaded", 1);
        assert_eq!(server.ask(Some(("alice", "password")), SCOPE).granted(), "401");
        site.write("go", "");
        assert_eq!(first.join().unwrap(), "pull");
    });
}

/// A reload does not let twice as many programs run.
#[test]
fn places_outlive_a_reload() {
    let chains = CHAINS.replace("{command", "{max_concurrent: 1, max_queue: 0, command");
    let site = site(&chains, &[("who", "echo $$ >> processes; while [ ! -e go ]; do sleep 0.01; done")]);
    let server = Server::start(&site, "auth.yml");
    std::thread::scope(|threads| {
        let first = threads.spawn(|| server.ask(Some(("alice", "password")), SCOPE).granted());
        wait_for(&site, "processes", 1);
        let config = std::fs::read_to_string(site.file("auth.yml")).unwrap();
        site.write("auth.yml", config.replace("issuer: a", "issuer: b"));
        server.signal(Signal::HUP);
        server.said("configuration reloaded", 1);
        assert_eq!(server.ask(Some(("alice", "password")), SCOPE).status, 503);
        site.write("go", "");
        assert_eq!(first.join().unwrap(), "pull");
    });
}

/// Written by people who think of a command, not of a program that decides.
#[test]
fn programs_that_misbehave_are_no_answer_and_leave_nothing() {
    let misbehaving = [
        ("daemon", "setsid sh -c 'echo $$ >> processes; exec sleep 1000' & exit 0", 200),
        ("flood", "echo $$ >> processes; exec yes", 503),
        ("complains", "echo $$ >> processes; yes >&2 & echo $! >> processes; exit 1", 401),
        (
            "forks",
            "for i in 1 2 3 4 5 6 7 8; do (sleep 1000 & echo $! >> processes) & done; wait; exit 3",
            503,
        ),
        ("closes", "exec <&- >&- 2>&-; echo $$ >> processes; exit 0", 200),
    ];
    for (name, lines, status) in misbehaving {
        let site = site(&CHAINS.replace("./who", &format!("./{name}")), &[(name, lines)]);
        let server = Server::start(&site, "auth.yml");
        assert_eq!(
            server.ask(Some(("alice", "password")), SCOPE).status,
            status,
            "{name}: {}",
            server.stderr()
        );
        all_gone(&super::written(&site, "processes"));
        let none = poll(super::PATIENCE, || children(server.pid()).is_empty().then_some(()));
        assert!(none.is_some(), "{name}: {:?}", children(server.pid()));
    }
}
