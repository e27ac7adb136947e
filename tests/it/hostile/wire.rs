//! Bytes on a real connection that no client sends.

use super::chains;
use crate::support::{ALICE, Listening, RawClient, Setup, basic};

fn listening() -> Listening {
    Listening::start(Setup::new(chains()))
}

fn asks(server: &Listening, bytes: &[u8]) -> RawClient {
    let mut client = server.connect();
    client.send(bytes);
    client
}

fn still_serves(server: &Listening) {
    let authorization = basic(ALICE.0, ALICE.1);
    let mut client = asks(
        server,
        format!("GET /auth HTTP/1.1\r\nhost: x\r\nauthorization: {authorization}\r\n\r\n").as_bytes(),
    );
    assert_eq!(client.answer().status, 200);
}

#[test]
fn a_large_head_is_431() {
    let server = listening();
    let megabyte = "x".repeat(1024 * 1024);
    for head in [
        format!("GET /auth HTTP/1.1\r\nhost: x\r\nauthorization: Basic {megabyte}\r\n\r\n"),
        format!(
            "GET /auth HTTP/1.1\r\nhost: x\r\n{}\r\n",
            format!("x: {}\r\n", "y".repeat(1000)).repeat(1000)
        ),
    ] {
        let mut client = asks(&server, head.as_bytes());
        // A server that closes while the client still writes may take its answer with it.
        if let Ok(answer) = client.try_answer() {
            assert_eq!(answer.status, 431);
        }
        assert!(client.is_closed());
        still_serves(&server);
    }
    // Just the bound and no end in sight: nothing is left unread, and the answer arrives for certain.
    let mut client =
        asks(&server, format!("GET /auth HTTP/1.1\r\nx: {}", "y".repeat(32 * 1024 - 23)).as_bytes());
    assert_eq!(client.answer().status, 431);
}

#[test]
fn the_bound_on_a_head_is_the_configured_one() {
    let server = listening();
    let status = |size: usize| {
        let head = format!("GET /auth HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "y".repeat(size));
        asks(&server, head.as_bytes()).answer().status
    };
    assert_eq!(status(31 * 1024), 200);
    assert_eq!(status(33 * 1024), 431);
}

#[test]
fn a_long_target_is_refused() {
    let server = listening();
    let target = format!("GET /auth?scope={} HTTP/1.1\r\nhost: x\r\n\r\n", "a:b:c+".repeat(10_000));
    let mut client = asks(&server, target.as_bytes());
    if let Ok(answer) = client.try_answer() {
        assert!([400, 414, 431].contains(&answer.status), "{}", answer.status);
    }
    assert!(client.is_closed());
    still_serves(&server);
}

#[test]
fn a_large_body_is_413_and_not_read() {
    let server = listening();
    let head = "POST /auth HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\n";
    let mut counted = server.connect();
    counted.send(format!("{head}content-length: 1048576\r\n\r\n{}", "x".repeat(70_000)));
    let answer = counted.answer();
    assert_eq!(answer.error(413, "SIZE_INVALID"), "invalid_request");
    let mut chunked = server.connect();
    chunked.send(format!("{head}transfer-encoding: chunked\r\n\r\n"));
    let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
    for _ in 0..17 {
        chunked.send(&chunk);
    }
    assert_eq!(chunked.answer().error(413, "SIZE_INVALID"), "invalid_request");
    still_serves(&server);
}

#[test]
fn garbage_is_refused_and_the_connection_closed() {
    let server = listening();
    for garbage in [
        &b"\0\0\0\0\r\n\r\n"[..],
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a TLS hello\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /auth\r\n\r\n",
        b"GET /auth HTTP/9.9\r\n\r\n",
        b"GET /a b HTTP/1.1\r\n\r\n",
        b"GET /auth HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET /auth HTTP/1.1\r\nhost: x\r\na\0b: c\r\n\r\n",
        b"GET /auth HTTP/1.1\r\nhost: x\r\na: b\0c\r\n\r\n",
        b"GET /auth HTTP/1.1\r\n folded: x\r\n\r\n",
        b"POST /auth HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        b"POST /auth HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999999999999999\r\n\r\n",
        b"POST /auth HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        b"POST /auth HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let mut client = asks(&server, garbage);
        if let Ok(answer) = client.try_answer() {
            assert!(
                (400..500).contains(&answer.status),
                "{:?}: {}",
                garbage.escape_ascii().to_string(),
                answer.status
            );
        }
        assert!(client.is_closed(), "{}", garbage.escape_ascii());
        still_serves(&server);
    }
}

#[test]
fn garbage_behind_a_request_does_not_touch_it() {
    let server = listening();
    let mut client = asks(
        &server,
        b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\nGET /healthz HTTP/1.1\r\nhost: x\r\n\r\n\0garbage\r\n\r\n",
    );
    assert_eq!([client.answer().status, client.answer().status], [200, 200]);
    if let Ok(answer) = client.try_answer() {
        assert_eq!(answer.status, 400);
    }
    assert!(client.is_closed());
    still_serves(&server);
}

#[test]
fn a_body_cannot_smuggle_a_request() {
    let server = listening();
    let smuggled = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
    for head in [
        format!("POST /auth HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", smuggled.len()),
        format!(
            "POST /auth HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            smuggled.len()
        ),
        format!("PUT /nowhere HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", smuggled.len()),
    ] {
        let mut client = asks(&server, format!("{head}{smuggled}").as_bytes());
        assert!([200, 400, 404].contains(&client.answer().status));
        client.send("GET /nowhere HTTP/1.1\r\nhost: x\r\n\r\n");
        if let Ok(answer) = client.try_answer() {
            assert_eq!(answer.status, 404, "the body was taken for a request: {head}");
        }
    }
}

#[test]
fn no_request_is_taken_from_behind_chunks() {
    let server = listening();
    let smuggled = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
    for lines in [
        "content-length: 5\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 5\r\n",
        "transfer-encoding: chunked\r\n",
    ] {
        let post = format!("POST /auth HTTP/1.1\r\nhost: x\r\n{lines}\r\n0\r\n\r\n{smuggled}");
        let mut client = asks(&server, post.as_bytes());
        assert_eq!(client.answer().status, 200);
        assert!(client.is_closed(), "{lines:?}");
    }
    still_serves(&server);
}

#[test]
fn a_request_has_one_host() {
    let server = listening();
    let mut client = asks(&server, b"GET /auth HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n");
    assert_eq!(client.answer().error(400, "UNSUPPORTED"), "invalid_request");
}

#[test]
fn an_absolute_target_is_served_here() {
    let server = listening();
    let mut client = server.connect();
    assert_eq!(client.get("http://elsewhere.example/auth?service=a").status, 200);
    assert_eq!(client.get("http://elsewhere.example").status, 404);
    assert_eq!(client.get("*").status, 404);
    assert_eq!(client.get("/auth/../token").status, 404);
    assert_eq!(client.get("//auth").status, 404);
}
