//! Junk in targets and in what is encoded.

use axum::body::Body;
use axum::http::{HeaderValue, Request, Uri};

use super::{is_sound, server};
use crate::support::{ALICE, Ask, basic};

#[test]
fn tricks_in_paths_reach_nothing() {
    let server = server();
    for path in [
        "//auth",
        "/./auth",
        "/auth/.",
        "/auth/..",
        "/x/../auth",
        "/auth/../token",
        "/auth/../../token",
        "/auth//token",
        "/%2e%2e/auth",
        "/%2Fauth",
        "/auth%2Ftoken",
        "/%61uth",
        "/auth%00",
        "/auth%0a",
        "/auth;a=b",
        "/AUTH",
        "/auth/token/",
        "/token/",
        "/.well-known/",
        "/.well-known/jwks.json/",
        "/.well-known//jwks.json",
        "/healthz/",
        "/healthz/../auth",
        "/*",
        "/{prefix}/auth",
        "/:path",
        "/~root",
        "/\u{e9}",
    ] {
        for method in ["GET", "POST", "HEAD"] {
            let answer = server.ask(&Ask::new(method, path).basic(ALICE));
            assert_eq!(answer.status, 404, "{method} {path}");
            is_sound(&server, &answer, path);
        }
    }
}

#[test]
fn other_forms_of_target() {
    let server = server();
    for (method, target, status) in [
        ("GET", "http://elsewhere.example/auth?service=test-service", 200),
        ("GET", "http://elsewhere.example/", 404),
        ("GET", "http://elsewhere.example", 404),
        ("OPTIONS", "*", 404),
        ("GET", "*", 404),
        ("CONNECT", "elsewhere.example:443", 404),
        ("GET", "elsewhere.example:443", 404),
    ] {
        let uri: Uri = target.parse().unwrap();
        let request =
            Request::builder().method(method).uri(uri).header("authorization", basic(ALICE.0, ALICE.1));
        let answer = server.send(request.body(Body::empty()).unwrap(), None);
        assert_eq!(answer.status, status, "{method} {target}");
        is_sound(&server, &answer, target);
    }
}

#[test]
fn percent_signs_and_bytes_that_are_no_text() {
    let server = server();
    for junk in [
        "%",
        "%%",
        "%zz",
        "%u0041",
        "%c0%af",
        "%ff%fe",
        "%00",
        "%0d%0a",
        "scope=%",
        "scope=%ff%ff",
        "scope=repository:%ff:pull",
        "scope=repository%3Aa%00b%3Apull",
        "=",
        "&&&",
        "scope",
        "scope&service",
        "?scope=?",
        "%73cope=repository:a:pull",
        "scope[]=repository:a:pull",
        "scope=repository:a:pull;repository:b:pull",
        "+",
        "scope=+++",
        "service=\u{e9}",
    ] {
        for ask in [
            Ask::get("/auth").basic(ALICE).raw_query(junk),
            Ask::new("POST", "/auth").basic(ALICE).body(junk),
        ] {
            let answer = server.ask(&ask);
            is_sound(&server, &answer, junk);
            let refused = junk.contains("service=%");
            assert_eq!(answer.status == 400, refused, "{junk}");
        }
    }
    for (query, status) in
        [("service=%00", 400), ("service=%0a", 400), ("account=%ff", 400), ("account=alice%00", 400)]
    {
        assert_eq!(server.ask(&Ask::get("/auth").basic(ALICE).raw_query(query)).status, status, "{query}");
    }
    for body in
        [&b"\xff\xfe"[..], b"username=\xff&password=x", b"\0\0\0\0", b"username=alice&password=\xff\xff"]
    {
        let answer = server.ask(&Ask::new("POST", "/auth").body(body));
        is_sound(&server, &answer, &format!("{body:?}"));
        assert_eq!(answer.status, if body.starts_with(b"username") { 401 } else { 200 }, "{body:?}");
    }
}

#[test]
fn authorization_headers_of_every_kind() {
    let server = server();
    let with = |values: &[&[u8]]| {
        let mut request = Request::get("/auth");
        for value in values {
            request = request.header("authorization", HeaderValue::from_bytes(value).unwrap());
        }
        server.send(request.body(Body::empty()).unwrap(), None)
    };
    let right = basic(ALICE.0, ALICE.1);
    let long = format!("Basic {}", "A".repeat(20_000));
    let table: &[(&[&[u8]], u16)] = &[
        (&[right.as_bytes()], 200),
        (&[right.as_bytes(), right.as_bytes()], 400),
        (&[right.as_bytes(), b"Basic Og=="], 400),
        (&[b""], 401),
        (&[b" "], 401),
        (&[b"Basic"], 400),
        (&[b"Basic "], 400),
        (&[b"Basic \xff\xff"], 400),
        (&[b"Basic ===="], 400),
        (&[b"Basic YWxpY2U"], 400),
        (&[b"Basic //79"], 400),
        (&[b"Basic AAAA"], 400),
        (&[long.as_bytes()], 400),
        (&[b"Basic YWxpY2U6eA==, Basic YWxpY2U6eA=="], 400),
        (&[b"Bearer"], 401),
        (&[b"Negotiate YII="], 401),
        (&[b"\xff\xfe"], 400),
    ];
    for (values, status) in table {
        let answer = with(values);
        assert_eq!(answer.status, *status, "{values:?}");
        is_sound(&server, &answer, "authorization");
    }
}
