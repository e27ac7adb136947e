//! What real clients sent, sent again.
//!
//! `tests/data/client_requests.jsonl` was recorded between real clients and a server that answered as it was
//! told. Where it played at being broken, or refused a right password, or took a refresh token, we answer
//! otherwise: every such case is an [`Outcome`] of its own, and how many there are of each is checked.

mod recording;

use std::collections::BTreeMap;

use crate::support::{ALICE, Answer, BOB, Setup, TestServer, names, users};
use recording::{Account, Outcome, Request, recorded};

/// Alice may do everything, Bob and the public may pull from the team's repositories.
fn server() -> TestServer {
    let acl = "acl:
- {match: {account: alice, name: 'team/*'}, actions: ['*']}
- {match: {account: alice, type: registry, name: catalog}, actions: ['*']}
- {match: {account: '/^(bob)?$/', name: 'team/*'}, actions: [pull]}";
    let chains = format!("users: {}\n{acl}", users("\"\": {}"));
    TestServer::of(Setup::new(chains).issuer("test-issuer"))
}

#[test]
fn every_recorded_request_is_answered_as_its_client_needs() {
    let server = server();
    let mut seen: BTreeMap<Outcome, usize> = BTreeMap::new();
    let requests = recorded();
    for request in &requests {
        let outcome = request.outcome();
        let answer = server.send(request.again(outcome), Some("127.0.0.1".parse().unwrap()));
        let place = format!("line {}, {} {}", request.line, request.client, request.operation);
        check(&server, request, outcome, &answer, &place);
        *seen.entry(outcome).or_default() += 1;
    }
    let counts = [
        (Outcome::Token, 140),
        (Outcome::BadCredentials, 12),
        (Outcome::NoRefreshTokensYet, 18),
        (Outcome::ServedWhereTheyFailed, 29),
        (Outcome::HeadOfAToken, 1),
    ];
    assert_eq!(seen, BTreeMap::from(counts));
    assert_eq!(requests.len(), 200);
}

fn check(server: &TestServer, request: &Request, outcome: Outcome, answer: &Answer, place: &str) {
    match outcome {
        Outcome::Token | Outcome::ServedWhereTheyFailed => {
            assert_eq!(answer.status, 200, "{place}: {}", answer.text());
            let token = server.read(answer);
            assert_eq!(token.account(), request.account.name(), "{place}");
            assert_eq!(token.claims["aud"], "test-service", "{place}");
            let access = token.claims["access"].as_array().unwrap();
            let asked = request.asked();
            assert_eq!(access.len(), asked.len(), "{place}: {access:?} for {asked:?}");
            for (entry, (resource, actions)) in access.iter().zip(&asked) {
                let named =
                    format!("{}:{}", entry["type"].as_str().unwrap(), entry["name"].as_str().unwrap());
                assert_eq!(named, *resource, "{place}");
                let rights = rights(request.account, resource, actions);
                assert_eq!(entry["actions"], serde_json::json!(rights), "{place}");
            }
            assert_eq!(names(&answer.json()).contains(&"scope"), request.method == "POST", "{place}");
        }
        Outcome::BadCredentials | Outcome::NoRefreshTokensYet => {
            assert_eq!(answer.error(401, "UNAUTHORIZED"), "invalid_grant", "{place}");
        }
        Outcome::HeadOfAToken => {
            assert_eq!((answer.status, answer.body.len()), (200, 0), "{place}");
        }
    }
}

/// What the rules of [`server`] say, in the words of this test.
fn rights<'a>(account: Account, resource: &str, asked: &[&'a str]) -> Vec<&'a str> {
    let team = resource.starts_with("repository:team/");
    let mut rights: Vec<&str> = match account {
        Account::Alice if team && asked.contains(&"*") => vec!["delete", "pull", "push"],
        Account::Alice if team || resource == "registry:catalog" => asked.to_vec(),
        Account::Bob | Account::Nobody if team => {
            asked.iter().copied().filter(|action| *action == "pull").collect()
        }
        _ => Vec::new(),
    };
    rights.sort_unstable();
    rights
}

#[test]
fn the_recording_holds_every_kind_of_client() {
    let requests = recorded();
    let clients: std::collections::BTreeSet<&str> =
        requests.iter().map(|request| request.client.as_str()).collect();
    for client in ["docker", "docker-buildkit", "ctr-containerd", "podman", "skopeo", "buildah", "curl"] {
        assert!(clients.contains(client), "{client} is missing: {clients:?}");
    }
    for (account, person) in [(Account::Alice, ALICE), (Account::Bob, BOB)] {
        assert_eq!(account.name(), person.0);
        assert!(requests.iter().any(|request| request.account == account), "{person:?}");
    }
}
