//! Sockets of every kind, and how serving on them ends.

mod around;
mod bounds;
mod client_certificates;
mod crowds;
mod doors;
mod modes;
mod proxies;
mod proxy_protocol;
mod stopping;
mod tcp;
mod tls;
mod tls_options;
mod unix;

use crate::support::{ALICE, Answer, RawClient, basic, users};

/// Users, and rules about the client's address.
fn chains() -> String {
    let acl = "acl:
- {match: {ip: 127.0.0.1}, actions: [pull]}
- {match: {ip: '::1'}, actions: [push]}
- {match: {name: free}, actions: [delete]}";
    format!("users: {}\n{acl}", users(""))
}

/// Asks for a token as Alice.
fn ask(client: &mut RawClient) -> Answer {
    let authorization = basic(ALICE.0, ALICE.1);
    client.send(format!(
        "GET /auth?service=s&scope=repository:a:*+repository:free:* HTTP/1.1\r\nhost: x\r\n\
         authorization: {authorization}\r\n\r\n"
    ));
    client.answer()
}

/// What the rules granted on both repositories.
fn granted(answer: &Answer) -> [String; 2] {
    use base64::Engine as _;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let token = answer.json()["token"].as_str().unwrap().to_owned();
    let claims = token.split('.').nth(1).unwrap();
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(claims).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
    [0, 1].map(|place| {
        let actions = claims["access"][place]["actions"].as_array().unwrap();
        actions.iter().map(|action| action.as_str().unwrap()).collect()
    })
}
