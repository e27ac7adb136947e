//! The load generator of `benches/load`, against the real server.

use serde_json::{Value, json};

use crate::process::{Server, Site};
use crate::support::{ALICE, users};

struct Ran {
    code: u8,
    out: String,
    err: String,
}

impl Ran {
    fn report(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {} {}", self.out, self.err))
    }

    /// The only round with the only server.
    fn round(&self) -> Value {
        self.report()["servers"][0]["rounds"][0].clone()
    }
}

fn server() -> Server {
    let users = users("");
    let site = Site::with(&format!(
        "server: {{addr: \"127.0.0.1:0\"}}\n\
         token: {{issuer: it, expiration: 300, certificate: cert.pem, key: key.pem}}\n\
         authn: [{{users: {users}}}]\n\
         authz: [{{acl: [{{match: {{account: alice}}, actions: [pull]}}]}}]\n\
         lockout: {{enabled: false}}\n"
    ));
    Server::start(&site, "auth.yml")
}

fn url(server: &Server) -> String {
    format!("http://127.0.0.1:{}/auth?service=registry&scope=repository:a/b:pull", server.address().port())
}

/// Runs it for two connections, without any time to warm up.
fn load(servers: &[&Server], more: &[&str]) -> Ran {
    let urls = servers.iter().flat_map(|server| ["--url".to_owned(), url(server)]);
    let fixed = ["dockgate-load", "--json", "--connections", "2", "--warm-up", "0", "--user", ALICE.0];
    let words = fixed.iter().chain(more).map(|word| (*word).to_owned()).chain(urls);
    let environment = |name: &str| (name == "DOCKGATE_LOAD_PASSWORD").then(|| ALICE.1.to_owned());
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = dockgate_load::run(words.map(Into::into), &environment, &mut out, &mut err);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code, out: text(out), err: text(err) }
}

#[test]
fn two_servers_take_turns_and_are_compared() {
    let (first, second) = (server(), server());
    let ran = load(&[&first, &second], &["--rounds", "2", "--seconds", "0.2"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(!ran.out.contains(ALICE.1) && !ran.err.contains(ALICE.1));
    let report = ran.report();
    for (index, server) in [&first, &second].into_iter().enumerate() {
        let shown = &report["servers"][index];
        assert_eq!(shown["name"], format!("127.0.0.1:{}", server.address().port()));
        let rounds = shown["rounds"].as_array().unwrap();
        assert_eq!(rounds.len(), 2);
        for round in rounds {
            let answers = round["answers"].as_u64().unwrap();
            assert!(answers > 0, "{round}");
            assert_eq!((&round["statuses"], &round["failures"]), (&json!({"200": answers}), &json!({})));
            assert!(round["server_cpu_seconds"].is_number(), "it was not found by its port: {round}");
        }
        assert!(shown["medians"]["p99"]["median"].as_f64().unwrap() > 0.0);
    }
    assert!(report["ratios"]["p99"].as_f64().unwrap() > 0.0);
}

#[test]
fn wrong_passwords_are_another_stream_and_each_is_new() {
    let server = server();
    let flood = ["--flood", "same", "--flood-user", "alice:RANDOM", "--flood-connections", "2"];
    let more = [&["--rounds", "1", "--seconds", "0.3", "--rate", "100"], &flood[..]].concat();
    let ran = load(&[&server], &more);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let round = ran.round();
    let answers = round["answers"].as_u64().unwrap();
    assert!((1..=30).contains(&answers), "100 a second: {round}");
    assert_eq!(round["statuses"], json!({"200": answers}));
    assert!(round["flood"]["statuses"]["401"].as_u64().unwrap() > 0, "{round}");
    assert_eq!(round["figures"]["server_cpu"], Value::Null, "it would be that of the flood");
}

#[test]
fn every_token_over_a_connection_of_its_own_with_tls() {
    let site = Site::with(&format!(
        "server: {{addr: \"127.0.0.1:0\", certificate: cert.pem, key: key.pem}}\n\
         token: {{issuer: it, expiration: 300}}\n\
         users: {}\n\
         acl: [{{match: {{}}, actions: [pull]}}]\n",
        users("")
    ));
    let server = Server::start(&site, "auth.yml");
    let url = format!("https://localhost:{}/auth?scope=repository:a:pull", server.address().port());
    let certificate = site.file("cert.pem");
    let fixed = ["--url", &url, "--new-connection", "--rounds", "1", "--requests", "20", "--seconds", "20"];
    for more in [&[][..], &["--resume"]] {
        let trusting = [&fixed[..], &["--ca", certificate.to_str().unwrap()], more].concat();
        let ran = load(&[], &trusting);
        assert_eq!((ran.code, &ran.round()["statuses"]), (0, &json!({"200": 20})), "{}", ran.err);
    }
    let stranger = Site::new();
    let ran = load(&[], &[&fixed[..], &["--ca", stranger.file("cert.pem").to_str().unwrap()]].concat());
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert!(ran.err.contains("certificate"), "{}", ran.err);
}

#[test]
fn a_crowd_that_wants_nothing_is_there_meanwhile() {
    let server = server();
    let ran = load(&[&server], &["--rounds", "1", "--requests", "20", "--idle", "30", "--slow", "5"]);
    assert_eq!((ran.code, &ran.round()["statuses"]), (0, &json!({"200": 20})), "{}", ran.err);
}

#[test]
fn refusals_are_no_figures_of_tokens() {
    let server = server();
    let ran = load(&[&server], &["--rounds", "1", "--requests", "7", "--new-connection", "--seconds", "20"]);
    assert_eq!((ran.code, &ran.round()["statuses"]), (0, &json!({"200": 7})));

    let wrong = ["--rounds", "1", "--requests", "7", "--rate", "1000", "--password-env", "NOWHERE"];
    let ran = load(&[&server], &wrong);
    assert_eq!(ran.code, 2, "no password: {}", ran.err);
    assert!(ran.err.contains("--password-env"), "{}", ran.err);

    let service_of_nobody = format!("http://127.0.0.1:{}/nothing", server.address().port());
    let ran = load(&[], &["--rounds", "1", "--requests", "7", "--rate", "1000", "--url", &service_of_nobody]);
    assert_eq!((ran.code, &ran.round()["statuses"]), (1, &json!({"404": 7})));
    assert!(ran.report()["notes"][0].as_str().unwrap().contains("no token"), "{}", ran.out);
}

#[test]
fn nobody_listening_is_said_at_once() {
    let ran = load(&[], &["--url", "http://127.0.0.1:1/auth"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("127.0.0.1:1") && ran.err.contains("start the server"), "{}", ran.err);
}
