//! That the provider is one, asked with plain HTTP as a browser and a client would ask it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::provider::{CLIENT, CLIENT_SECRET, Options, Provider};
use crate::api::open;
use crate::harness::http::{Response, encode, request, send};

const CALLBACK: &str = "http://127.0.0.1:1/callback";
const VERIFIER: &str = "a-verifier-of-at-least-forty-three-characters";
const FORM: &str = "application/x-www-form-urlencoded";

fn accounts() -> Value {
    json!({"alice": {
        "email": "alice@example.test", "email_verified": true, "groups": ["team"], "hd": "example.test",
        "realm_access": {"roles": ["pusher"]},
    }})
}

#[test]
fn somebody_signs_in_and_is_known_again() {
    let Some(provider) = started(&Options { rotates: true, ..Options::default() }) else { return };
    let tokens = signed_in(&provider, "alice");
    let [_, claims] = open(tokens["id_token"].as_str().unwrap());
    assert_eq!([&claims["sub"], &claims["nonce"], &claims["aud"]], ["alice", "a-nonce", CLIENT]);
    assert!(claims["groups"].is_null(), "{claims}");
    let told = userinfo(&provider, &tokens);
    assert_eq!(told["groups"], json!(["team"]));
    assert_eq!(told["realm_access"]["roles"], json!(["pusher"]));

    let renewed = refreshed(&provider, &tokens);
    assert_eq!(renewed.status, 200, "{renewed:?}\n{}", provider.log());
    assert_ne!(renewed.json()["refresh_token"], tokens["refresh_token"]);
    let again = refreshed(&provider, &tokens);
    assert_eq!((again.status, &again.json()["error"]), (400, &json!("invalid_grant")));
}

#[test]
fn claims_change_and_accounts_are_suspended() {
    let Some(provider) = started(&Options { claims_in_id_token: true, ..Options::default() }) else { return };
    let tokens = signed_in(&provider, "alice");
    let [_, claims] = open(tokens["id_token"].as_str().unwrap());
    assert_eq!([&claims["hd"], &claims["email"]], ["example.test", "alice@example.test"]);

    provider.says("alice", &json!({"email": "alice@example.test", "groups": []}));
    let renewed = refreshed(&provider, &tokens).json();
    assert_eq!(userinfo(&provider, &renewed)["groups"], json!([]));
    assert_eq!(renewed["refresh_token"], tokens["refresh_token"], "it does not rotate");

    provider.says("alice", &Value::Null);
    let refused = refreshed(&provider, &tokens);
    assert_eq!((refused.status, &refused.json()["error"]), (400, &json!("invalid_grant")));
}

#[test]
fn keys_change_and_trouble_comes_and_goes() {
    let Some(provider) = started(&Options::default()) else { return };
    let tokens = signed_in(&provider, "alice");
    let keys = || ask(&provider, "GET", "/jwks", &[], "");
    let before = keys().json();
    provider.takes_another_key();
    let after = keys().json();
    assert_ne!(before["keys"][0]["kid"], after["keys"][0]["kid"]);
    assert_eq!(after["keys"].as_array().unwrap().len(), 1, "{after}");
    let renewed = refreshed(&provider, &tokens);
    assert_eq!(renewed.status, 200, "{renewed:?}\n{}", provider.log());
    let [header, _] = open(renewed.json()["id_token"].as_str().unwrap());
    assert_eq!(header["kid"], after["keys"][0]["kid"]);

    provider.is_in_trouble(true);
    assert_eq!(keys().status, 500);
    provider.is_in_trouble(false);
    assert_eq!(keys().status, 200);
    assert_eq!(provider.requests().last().unwrap(), "GET /jwks 200");
}

fn started(options: &Options) -> Option<Provider> {
    let provider = Provider::start(&accounts(), options)?;
    provider.registers(&[CALLBACK.to_owned()], &[]);
    Some(provider)
}

/// The whole way of a browser and of the client behind it.
fn signed_in(provider: &Provider, account: &str) -> Value {
    let challenge =
        URL_SAFE_NO_PAD.encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, VERIFIER.as_bytes()));
    let first = format!(
        "/auth?client_id={CLIENT}&response_type=code&redirect_uri={}&scope={}&prompt=consent&state=a-state\
         &nonce=a-nonce&code_challenge={challenge}&code_challenge_method=S256",
        encode(CALLBACK),
        encode("openid email profile groups offline_access"),
    );
    let mut cookies = Cookies::default();
    let mut target = first;
    // The login, the consent, and between them the way back to the endpoint.
    for _ in 0..10 {
        let answer = if target.starts_with("/interaction/") {
            let page = cookies.ask(provider, "GET", &target, "").body;
            let prompt = if page.contains("value=\"login\"") { "login" } else { "consent" };
            cookies.ask(provider, "POST", &target, &format!("prompt={prompt}&login={account}&password=p"))
        } else {
            cookies.ask(provider, "GET", &target, "")
        };
        let next = answer.header("Location").unwrap_or_else(|| panic!("{answer:?}\n{}", provider.log()));
        if let Some(query) = next.strip_prefix(CALLBACK) {
            let answer: BTreeMap<_, _> =
                form_urlencoded::parse(query.trim_start_matches('?').as_bytes()).collect();
            assert_eq!([&answer["state"], &answer["iss"]], ["a-state", &*provider.issuer]);
            let code = encode(&answer["code"]);
            let form = format!(
                "grant_type=authorization_code&code={code}&redirect_uri={}&code_verifier={VERIFIER}",
                encode(CALLBACK)
            );
            let tokens = ask(provider, "POST", "/token", &[("Authorization", &basic())], &form);
            assert_eq!(tokens.status, 200, "{tokens:?}\n{}", provider.log());
            return tokens.json();
        }
        next.strip_prefix(&provider.issuer).unwrap_or(next).clone_into(&mut target);
    }
    panic!("no end:\n{}", provider.log());
}

fn refreshed(provider: &Provider, tokens: &Value) -> Response {
    let token = encode(tokens["refresh_token"].as_str().unwrap());
    let form = format!("grant_type=refresh_token&refresh_token={token}");
    ask(provider, "POST", "/token", &[("Authorization", &basic())], &form)
}

fn userinfo(provider: &Provider, tokens: &Value) -> Value {
    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    request("GET", provider.issuer.trim_start_matches("http://"), "/me", Some(&bearer)).json()
}

/// RFC 6749, section 2.3.1: both are form-encoded first.
fn basic() -> String {
    format!("Basic {}", STANDARD.encode(format!("{}:{}", encode(CLIENT), encode(CLIENT_SECRET))))
}

fn ask(provider: &Provider, method: &str, target: &str, fields: &[(&str, &str)], form: &str) -> Response {
    let fields = [&[("Content-Type", FORM)], fields].concat();
    send(method, provider.issuer.trim_start_matches("http://"), target, &fields, form)
}

/// What a browser keeps.
#[derive(Default)]
struct Cookies(BTreeMap<String, String>);

impl Cookies {
    fn ask(&mut self, provider: &Provider, method: &str, target: &str, form: &str) -> Response {
        let kept: Vec<String> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = ask(provider, method, target, &[("Cookie", &kept.join("; "))], form);
        for set in answer.headers("Set-Cookie") {
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            self.0.insert(name.to_owned(), value.to_owned());
        }
        answer
    }
}
