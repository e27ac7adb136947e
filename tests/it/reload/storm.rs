//! Many requests while many reloads.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustix::process::Signal;

use super::RELOADED;
use crate::process::{Address, Server, Site, poll};
use crate::support::PATIENCE;

const REQUESTS: usize = 100_000;
const RELOADS: usize = 50;
const CLIENTS: usize = 4;

/// A configuration whose issuer, lifetime, user labels and rules all say which one it is.
fn configuration(number: usize) -> String {
    let word = if number.is_multiple_of(2) { "even" } else { "odd" };
    format!(
        "server: {{addr: \"127.0.0.1:0\"}}\n\
         token: {{issuer: {word}, expiration: {expiration}, managed_keys: keys}}\n\
         authn: [{{users: {{\"\": {{labels: {{which: [{word}]}}}}}}}}]\n\
         authz: [{{acl: [{{match: {{labels: {{which: {word}}}}}, actions: [{action}]}}]}}]\n",
        expiration = 600 + number % 2,
        action = if number.is_multiple_of(2) { "pull" } else { "push" },
    )
}

/// Asks on one connection until all requests are done, and looks at every answer.
fn ask(address: SocketAddr, asked: &AtomicUsize) -> [usize; 2] {
    let mut stream = BufReader::new(TcpStream::connect(address).unwrap());
    let mut seen = [0, 0];
    while asked.fetch_add(1, Ordering::Relaxed) < REQUESTS {
        let request =
            b"GET /auth?service=registry&scope=repository:a:pull,push HTTP/1.1\r\nHost: localhost\r\n\r\n";
        stream.get_mut().write_all(request).unwrap();
        let body = read_answer(&mut stream);
        let answer: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let token = answer["token"].as_str().unwrap();
        let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
        let which = usize::from(claims["iss"] == "odd");
        let action = ["pull", "push"][which];
        assert_eq!(claims["access"][0]["actions"], serde_json::json!([action]), "{claims}");
        assert_eq!(answer["expires_in"], 600 + which, "{claims}");
        seen[which] += 1;
    }
    seen
}

fn read_answer(stream: &mut BufReader<TcpStream>) -> Vec<u8> {
    let (mut length, mut line) = (0, String::new());
    for number in 0.. {
        line.clear();
        assert_ne!(stream.read_line(&mut line).unwrap(), 0, "the connection was closed");
        if number == 0 {
            assert!(line.starts_with("HTTP/1.1 200 "), "{line}");
        }
        if let Some((name, value)) = line.split_once(": ")
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap();
        }
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    body
}

#[test]
fn no_request_fails_or_sees_half_a_configuration() {
    let site = Site::with(&(configuration(0) + "log: {level: info}\n"));
    let made = crate::process::run(
        crate::process::dockgate().args(["keys", "init", "keys"]).current_dir(site.path()),
    );
    assert_eq!(made.code, Some(0), "{made:?}");
    let server = Server::start(&site, "auth.yml");
    let &Address::Tcp(address) = server.address() else { panic!("no TCP") };
    let asked = AtomicUsize::new(0);
    let seen = std::thread::scope(|scope| {
        let asked = &asked;
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(move || ask(address, asked))).collect();
        for number in 1..=RELOADS {
            // Spread over the requests, with a file that is no good before each good one.
            let due = || asked.load(Ordering::Relaxed) >= number * REQUESTS / (RELOADS + 1);
            assert!(poll(PATIENCE, || due().then_some(())).is_some(), "the clients do not get on");
            site.write("auth.yml", "server: {addr: [");
            site.write("auth.yml", configuration(number));
            server.signal(Signal::HUP);
            server.said(RELOADED, number);
        }
        clients
            .into_iter()
            .map(|client| client.join().unwrap())
            .fold([0, 0], |sum, seen| [sum[0] + seen[0], sum[1] + seen[1]])
    });
    assert_eq!(seen[0] + seen[1], REQUESTS);
    assert!(seen[0] > REQUESTS / 10 && seen[1] > REQUESTS / 10, "not spread over both: {seen:?}");
}
