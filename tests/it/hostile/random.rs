//! Requests that a machine made up.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Request, Uri};
use base64::Engine as _;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::{server, still_serves};
use crate::support::TestServer;

/// Pieces of which requests are made; more of them than not are nearly right.
fn piece() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "scope=",
        "service=",
        "account=",
        "username=",
        "password=",
        "grant_type=",
        "refresh_token=",
        "client_id=",
        "repository:",
        "registry:catalog:*",
        "alice",
        "bob",
        "password",
        "public/a",
        "(plugin)",
        ":pull",
        ",push",
        ":*",
        "+",
        "%20",
        "%00",
        "%0a",
        "%ff",
        "&",
        "&&",
        "=",
        "%",
        ";",
        "correct+horse",
        "${account}",
        "*",
        "/",
        "..",
    ]);
    prop_oneof![3 => known.prop_map(str::to_owned), 1 => "[!-~]{0,6}"]
}

fn pieces(most: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(piece(), 0..most).prop_map(|pieces| pieces.concat())
}

fn path() -> impl Strategy<Value = String> {
    let known =
        prop::sample::select(vec!["/auth", "/auth/token", "/token", "/healthz", "/.well-known/jwks.json"]);
    prop_oneof![8 => known.prop_map(str::to_owned), 1 => "/[!-~]{0,10}"]
}

fn authorization() -> impl Strategy<Value = Option<Vec<u8>>> {
    let encoded = |bytes: Vec<u8>| base64::engine::general_purpose::STANDARD.encode(bytes);
    let basic = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        "(alice|bob|nobody|\\PC{0,5})?:?(correct horse|\\PC{0,10})".prop_map(String::into_bytes),
    ];
    prop_oneof![
        3 => Just(None),
        4 => basic.prop_map(move |bytes| Some(format!("Basic {}", encoded(bytes)).into_bytes())),
        1 => prop::collection::vec(0x20..=0xff_u8, 0..40).prop_map(Some),
    ]
}

#[derive(Clone, Debug)]
struct Made {
    method: &'static str,
    path: String,
    query: String,
    authorization: Option<Vec<u8>>,
    header: (String, Vec<u8>),
    body: Vec<u8>,
}

fn made() -> impl Strategy<Value = Made> {
    let method =
        prop::sample::select(vec!["GET", "GET", "GET", "POST", "POST", "POST", "HEAD", "PUT", "OPTIONS"]);
    let header = prop::sample::select(vec![
        "content-type",
        "accept",
        "host",
        "x-forwarded-for",
        "expect",
        "cookie",
        "range",
    ]);
    let header = (header.prop_map(str::to_owned), prop::collection::vec(0x20..=0xff_u8, 0..20));
    let noise = prop::collection::vec(any::<u8>(), 0..200);
    let body = prop_oneof![4 => pieces(30).prop_map(String::into_bytes), 1 => noise];
    (method, path(), pieces(20), authorization(), header, body).prop_map(
        |(method, path, query, authorization, header, body)| Made {
            method,
            path,
            query,
            authorization,
            header,
            body,
        },
    )
}

impl Made {
    /// None if HTTP cannot carry it.
    fn request(&self) -> Option<Request<Body>> {
        let uri: Uri = format!("{}?{}", self.path, self.query).parse().ok()?;
        let mut request = Request::builder().method(self.method).uri(uri);
        if let Some(value) = &self.authorization {
            request = request.header("authorization", HeaderValue::from_bytes(value).ok()?);
        }
        let (name, value) = &self.header;
        request = request.header(name.parse::<HeaderName>().ok()?, HeaderValue::from_bytes(value).ok()?);
        request.body(Body::from(self.body.clone())).ok()
    }
}

fn check(server: &TestServer, made: &Made) -> Result<bool, TestCaseError> {
    let Some(request) = made.request() else { return Ok(false) };
    let answer = server.send(request, None);
    prop_assert!([200, 400, 401, 404, 405, 413].contains(&answer.status), "{}", answer.status);
    prop_assert!(answer.body.len() < 64 * 1024);
    if made.method == "HEAD" {
        prop_assert!(answer.body.is_empty());
    } else {
        let json: Result<serde_json::Value, _> = serde_json::from_slice(&answer.body);
        prop_assert!(json.is_ok_and(|json| json.is_object()), "{}", answer.text());
    }
    prop_assert_eq!(answer.headers.contains_key("www-authenticate"), answer.status == 401);
    Ok(answer.status == 200)
}

#[test]
fn every_answer_is_sound() {
    let server = server();
    let mut runner = TestRunner::new(Config { cases: 3_000, failure_persistence: None, ..Config::default() });
    let served = std::cell::Cell::new(0);
    let outcome = runner.run(&made(), |made| {
        served.set(served.get() + u32::from(check(&server, &made)?));
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    // A generator whose requests all fail at the first door would prove little.
    assert!(served.get() > 300, "{} were served", served.get());
    still_serves(&server);
}
