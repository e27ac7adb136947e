//! What is counted, and what never is.

mod board;
mod page;

use std::time::Duration;

use crate::support::{ALICE, Ask, BOB, Gate, Setup, TestServer, users};

/// A sample's value, a whole number; 0 if it is not there.
fn value(text: &str, sample: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
    line.map_or(0, |value| value.parse().unwrap())
}

fn requests(text: &str, outcome: &str, service: &str) -> u64 {
    let sample = format!("dockgate_token_requests_total{{outcome=\"{outcome}\",service=\"{service}\"}}");
    assert!(text.contains(&sample), "no {sample}:\n{text}");
    value(text, &sample)
}

fn chains() -> String {
    let users = users("\"\": {}");
    format!(
        "authn:
- users: {users}
- script_authn: {{says: unavailable, knows: [far]}}
  name: far
- script_authn: {{says: overloaded, knows: [busy]}}
  name: busy
- script_authn: {{says: allow, gate: metrics-slow}}
  name: slow
  accounts: slow
authz:
- acl:
  - {{match: {{account: alice, name: \"web/*\"}}, actions: [pull]}}"
    )
}

#[test]
fn every_outcome_is_counted_once() {
    let setup = Setup::new(chains())
        .server("limits: {body: 1024}")
        .token("services: {listed: {}, test-service: {}}\nother_services: refuse");
    let server = TestServer::of(setup);
    let alice = || Ask::auth().basic(ALICE);
    let asks = [
        (alice(), "granted"),
        (alice().scope("repository:web/a:pull"), "granted"),
        (alice().scope("repository:web/a:"), "granted"),
        (alice().scope("repository:web/a:pull,push"), "partly"),
        (alice().scope("repository:web/a:pull x"), "partly"),
        (alice().scope("repository:db/a:pull"), "nothing"),
        (alice().scope("x"), "nothing"),
        (Ask::auth().basic(BOB), "granted"),
        (Ask::auth().basic((ALICE.0, "wrong")), "bad_credentials"),
        (Ask::auth().basic(("mallory", "wrong")), "bad_credentials"),
        (Ask::auth().header("authorization", "Bearer x"), "no_proof"),
        (Ask::auth().header("authorization", "Basic !"), "malformed"),
        (Ask::auth().basic(("far", "x")), "unavailable"),
        (Ask::auth().basic(("busy", "x")), "overloaded"),
    ];
    let outcomes = [
        "granted",
        "partly",
        "nothing",
        "bad_credentials",
        "no_proof",
        "malformed",
        "unavailable",
        "overloaded",
    ];
    let counts = |text: &str| outcomes.map(|outcome| requests(text, outcome, "test-service"));
    for (ask, outcome) in asks {
        let before = counts(&server.metrics.text());
        server.ask(&ask);
        let after = counts(&server.metrics.text());
        let more: Vec<&str> =
            (0..outcomes.len()).filter(|at| after[*at] > before[*at]).map(|at| outcomes[at]).collect();
        assert_eq!(more, [outcome], "{ask:?}");
        assert_eq!(after.iter().sum::<u64>(), before.iter().sum::<u64>() + 1);
    }
    server.ask(&Ask::auth_for("elsewhere").basic(ALICE));
    server.ask(&Ask::auth_for("listed").basic(ALICE));
    server.ask(&Ask::post(&[("password", &"x".repeat(2000))]));
    let _ = Gate::named("metrics-slow");
    server.give_up(&Ask::auth_for("listed").basic(("slow", "x")));
    let text = server.metrics.text();
    assert_eq!(requests(&text, "unknown_service", "other"), 1);
    assert_eq!(requests(&text, "too_large", "other"), 1);
    assert_eq!((requests(&text, "granted", "listed"), requests(&text, "abandoned", "listed")), (1, 1));
    let durations =
        |class| value(&text, &format!("dockgate_token_request_duration_seconds_count{{class=\"{class}\"}}"));
    assert_eq!(["token", "refused", "error"].map(durations), [9, 6, 3]);
    assert_eq!(value(&text, "dockgate_tokens_signed_total"), 9);
    let decisions = |labels| value(&text, &format!("dockgate_decisions_total{{{labels}}}"));
    assert_eq!(decisions("chain=\"authn\",link=\"users\",outcome=\"deny\""), 1);
    assert_eq!(decisions("chain=\"authn\",link=\"users\",outcome=\"no_match\""), 3);
    assert_eq!(decisions("chain=\"authn\",link=\"far\",outcome=\"error\""), 1);
    assert_eq!(decisions("chain=\"authn\",link=\"busy\",outcome=\"overloaded\""), 1);
    assert_eq!(decisions("chain=\"authz\",link=\"acl\",outcome=\"allow\""), 4);
    assert_eq!(decisions("chain=\"authz\",link=\"acl\",outcome=\"no_match\""), 1);
    // One password of each person, checked again and again, and a wrong one.
    assert!(value(&text, "dockgate_password_memo_hits_total") >= 6, "{text}");
    assert_eq!(value(&text, "dockgate_password_memo_entries"), 2);
}

#[test]
fn nothing_that_a_client_chose_is_in_it() {
    let server = TestServer::of(Setup::new(chains()).token("services: {listed: {}}"));
    let canary = "canary\"}\n# TYPE x counter\nx{a=\"\\";
    let name = "canary-name";
    let asks = [
        Ask::auth_for(canary).query("client_id", canary).query("account", canary).scope(canary),
        Ask::auth_for(name).basic((name, name)).scope("repository:canary-name:canary-name"),
        Ask::auth_for(name).basic(ALICE).scope("repository:canary-name:canary-name"),
        Ask::auth_for("listed").basic((canary, canary)),
        Ask::get("/canary-name").basic((name, name)),
        Ask::new("CANARY", "/auth"),
        Ask::auth().header("authorization", "canary-name canary-name"),
        Ask::post(&[("grant_type", name), ("service", name), ("username", name), ("password", name)]),
        Ask::post(&[("service", name), ("username", name), ("password", name), ("client_id", name)]),
    ];
    let series = |text: &str| text.lines().filter(|line| line.starts_with("dockgate_")).count();
    let before = series(&server.metrics.text());
    for ask in &asks {
        server.ask(ask);
    }
    let text = server.metrics.text();
    assert_eq!(series(&text), before, "no request makes a series");
    assert!(!text.to_ascii_lowercase().contains("canary"), "{text}");
    for account in [ALICE.0, BOB.0] {
        assert!(!text.contains(account), "{account}:\n{text}");
    }
    assert!(requests(&text, "bad_credentials", "other") + requests(&text, "granted", "other") > 0, "{text}");
}

#[test]
fn the_answer_is_what_prometheus_reads() {
    let server = TestServer::new(&chains());
    server.ask(&Ask::auth().basic(ALICE));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let answer = dockgate::http::metrics::text(&server.metrics);
    assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let body = runtime.block_on(http_body_util::BodyExt::collect(answer.into_body())).unwrap().to_bytes();
    let text = String::from_utf8(body.to_vec()).unwrap();
    assert!(text.contains("dockgate_token_requests_total{"), "{text}");
}

#[test]
fn the_end_of_the_signing_certificate_is_told() {
    let server = TestServer::new(&chains());
    assert!(!server.metrics.text().contains("dockgate_certificate_expiry"));
    server.review_keys();
    let text = server.metrics.text();
    let ends = value(&text, "dockgate_certificate_expiry_timestamp_seconds{name=\"token\",use=\"signing\"}");
    let now = dockgate_testkit::fakes::noon().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let day = Duration::from_secs(24 * 60 * 60).as_secs();
    assert!(ends > now + day && ends < now + 100_000 * day, "{ends} {now}\n{text}");
}
