//! `mode: basic`.

use std::time::Duration;

use super::gate::{MANIFEST, gate, nginx, people, section};
use crate::support::{ALICE, Answer, Ask, BOB, Setup, TestServer, hash};

const UPLOADS: &str = "/v2/team/app/blobs/uploads/";
const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn status(server: &TestServer, ask: &Ask) -> u16 {
    server.ask(ask).status
}

#[test]
fn who_may_passes_and_the_registry_is_told_who_came() {
    let server = gate("preset: nginx");
    let base = server.ask(&nginx("GET", "/v2/"));
    assert_eq!((base.status, base.header("www-authenticate")), (401, "Basic realm=\"test-issuer\""));
    let alice = server.ask(&nginx("PUT", MANIFEST).basic(ALICE));
    assert_eq!(alice.status, 200, "{alice:?}");
    assert_eq!((alice.header("x-auth-user"), alice.header("x-auth-groups")), ("alice", "dev,ops"));
    assert!(alice.body.is_empty() && !alice.headers.contains_key("www-authenticate"), "{alice:?}");
    let bob = server.ask(&nginx("PUT", MANIFEST).basic(BOB));
    assert_eq!((bob.status, bob.header("x-auth-user"), bob.header("x-auth-groups")), (403, "", ""));
    assert_eq!(bob.error(403, "DENIED"), "access_denied");
    assert_eq!(status(&server, &nginx("GET", MANIFEST).basic(BOB)), 200);
    assert_eq!(status(&server, &nginx("GET", "/v2/").basic(BOB)), 200);
    assert_eq!(status(&server, &nginx("GET", "/v2/").basic((BOB.0, "wrong"))), 401);
}

#[test]
fn nobody_in_particular_may_what_the_rules_say_and_is_asked_for_a_name_else() {
    let server = gate("preset: nginx");
    let nobody = |ask: Ask| {
        let answer = server.ask(&ask);
        (answer.status, answer.headers.contains_key("www-authenticate"))
    };
    assert_eq!(nobody(nginx("GET", "/v2/public/app/manifests/1")), (200, false));
    assert_eq!(nobody(nginx("GET", "/v2/public/app/manifests/1").basic(("", ""))), (200, false));
    assert_eq!(nobody(nginx("PUT", "/v2/public/app/manifests/1")), (401, true));
    assert_eq!(nobody(nginx("GET", MANIFEST)), (401, true));
    assert_eq!(nobody(nginx("GET", "/v2/").basic(("", ""))), (401, true));
    // Without an anonymous account there is nobody to be asked about.
    let closed = Setup::new(format!(
        "{}users: {{alice: {{password: \"{}\"}}}}\nacl: [{{match: {{}}, actions: ['*']}}]",
        section("preset: nginx"),
        hash(ALICE.1)
    ));
    let closed = TestServer::of(closed);
    for uri in ["/v2/", MANIFEST] {
        let answer = closed.ask(&nginx("GET", uri));
        assert_eq!((answer.status, answer.header("www-authenticate")), (401, "Basic realm=\"test-issuer\""));
    }
}

#[test]
fn what_reads_and_what_writes() {
    let server = gate("preset: nginx");
    let blob = format!("/v2/team/app/blobs/{DIGEST}");
    let upload = format!("{UPLOADS}1");
    for (method, uri, alice, bob) in [
        ("GET", "/v2/team/app/tags/list", 200, 200),
        ("HEAD", MANIFEST, 200, 200),
        ("PUT", MANIFEST, 200, 403),
        ("DELETE", MANIFEST, 200, 403),
        ("GET", &blob, 200, 200),
        ("DELETE", &blob, 200, 403),
        ("POST", UPLOADS, 200, 403),
        ("PATCH", &upload, 200, 403),
        ("PUT", &upload, 200, 403),
        ("GET", &upload, 200, 200),
        ("GET", "/v2/_catalog", 403, 403),
        ("GET", "/v2/other/app/manifests/1", 403, 403),
    ] {
        assert_eq!(status(&server, &nginx(method, uri).basic(ALICE)), alice, "alice: {method} {uri}");
        assert_eq!(status(&server, &nginx(method, uri).basic(BOB)), bob, "bob: {method} {uri}");
    }
    let mount = |from: &str| {
        status(&server, &nginx("POST", &format!("{UPLOADS}?mount={DIGEST}&from={from}")).basic(ALICE))
    };
    assert_eq!([mount("public/app"), mount("team/app"), mount("other/app")], [200, 200, 403]);
}

#[test]
fn every_answer_says_that_this_is_a_registry_and_is_kept_by_nobody() {
    let server = gate("preset: nginx");
    let answers: [(u16, Answer); 5] = [
        (200, server.ask(&nginx("GET", MANIFEST).basic(ALICE))),
        (401, server.ask(&nginx("GET", MANIFEST))),
        (403, server.ask(&nginx("GET", "/elsewhere").basic(ALICE))),
        (403, server.ask(&nginx("PUT", MANIFEST).basic(BOB))),
        (403, server.ask(&Ask::get("/forward-auth"))),
    ];
    for (status, answer) in answers {
        assert_eq!(answer.status, status, "{answer:?}");
        assert_eq!(answer.header("docker-distribution-api-version"), "registry/2.0");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert!(answer.headers.contains_key("x-auth-user") && answer.headers.contains_key("x-auth-groups"));
    }
}

#[test]
fn what_proves_nothing_is_not_nobody() {
    let server = gate("preset: nginx");
    let open = "/v2/public/app/manifests/1";
    for (authorization, status) in [
        ("Basic !", 403),
        ("Basic YWJj", 403),
        ("Basic", 403),
        ("Bearer x.y.z", 401),
        ("Digest username=\"alice\"", 401),
        ("", 401),
    ] {
        let answer = server.ask(&nginx("GET", open).header("authorization", authorization));
        assert_eq!(answer.status, status, "{authorization:?}");
    }
}

#[test]
fn a_window_that_closes_stops_the_next_request() {
    let users = people().replace("bob: {", "bob: {valid: {until: '2026-04-01'}, ");
    let rules = "acl:
- {match: {account: alice}, actions: [pull], valid: {until: '2026-04-01'}}
- {match: {account: bob}, actions: [pull]}
";
    let server = TestServer::of(Setup::new(format!("{}{users}{rules}", section("preset: nginx"))));
    let end = std::time::UNIX_EPOCH + Duration::from_secs(1_775_001_600);
    for (now, expected) in [(end - Duration::from_secs(1), [200, 200]), (end, [403, 401])] {
        server.clock.set(now);
        let asked = [ALICE, BOB].map(|person| status(&server, &nginx("GET", MANIFEST).basic(person)));
        assert_eq!(asked, expected);
    }
}

#[test]
fn who_cannot_be_asked_about_is_our_fault_and_counts_as_no_failure() {
    let section = section("preset: nginx");
    let down =
        |chains: &str| TestServer::new(&format!("{section}lockout: {{account: {{delay: 0}}}}\n{chains}"));
    let rules = "authz: [{acl: [{match: {}, actions: ['*']}]}]";
    let nobody_knows = down(&format!("authn: [{{script_authn: {{says: unavailable}}}}]\n{rules}"));
    let nobody_decides =
        down("authn: [{script_authn: {says: allow}}]\nauthz: [{script_authz: {says: timeout}}]");
    for server in [nobody_knows, nobody_decides] {
        for _ in 0..12 {
            let answer = server.ask(&nginx("GET", MANIFEST).basic(ALICE));
            assert_eq!(answer.status, 503, "{answer:?}");
            assert_eq!(
                (answer.header("x-auth-user"), answer.headers.contains_key("retry-after")),
                ("", true)
            );
        }
    }
}
