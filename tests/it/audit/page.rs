//! The page says of the log what the log says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use dockgate::state::{TokenRequest, WhichCredentials};
use serde_json::Value;

use super::events::chains;
use super::{fields, lines, sign_ins, whole};
use crate::process::{Server, Site};
use crate::support::{ALICE, Ask, Setup, TestServer, users};

const PAGE: &str = include_str!("../../../docs/monitoring.md");

/// The rows of the table below a line, each as the texts of its cells.
fn table(heading: &str) -> Vec<Vec<String>> {
    let (_, below) = PAGE.split_once(heading).unwrap_or_else(|| panic!("no {heading:?}"));
    let rows =
        below.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let cells = |row: &str| {
        let cells = row.trim_matches('|').split(" | ").map(|cell| cell.trim().replace('`', ""));
        cells.collect::<Vec<_>>()
    };
    rows.skip(2).map(cells).collect()
}

/// One line of every kind, with every field in one of them.
fn specimens() -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("audit.log");
    let server = TestServer::of(Setup::new(chains(&file)));
    let scopes = "repository:web/a:pull repository(plugin):denied:pull x";
    server.ask(&Ask::auth().query("client_id", "docker").basic(ALICE).scope(scopes));
    server.ask(&Ask::auth().basic(("moved", "x")).scope("repository:denied:pull"));
    server.ask(
        &Ask::auth().query("client_id", "docker").basic((ALICE.0, "wrong")).scope("repository:a:pull x"),
    );
    server.ask(&Ask::auth().query("client_id", "docker").basic(("far", "x")).scope("repository:a:pull x"));
    server.ask(&Ask::auth().query("client_id", "docker").header("authorization", "Bearer x"));
    server.ask(&Ask::auth().basic(("a\u{1}", "x")));
    lines(&file, 6);
    let kept = directory.path().join("kept.log");
    keep(&kept);
    let signed_in = directory.path().join("signed-in.log");
    sign_ins::specimens(&signed_in);
    let at_the_gate = directory.path().join("gate.log");
    gate(&at_the_gate);
    // A gap.
    let site = Site::with(&format!("audit: {{to: audit.log}}\n{}", super::rotation::CONFIG));
    std::fs::create_dir(site.file("elsewhere")).unwrap();
    let lost = {
        let server = Server::start(&site, "auth.yml");
        std::fs::create_dir(site.file("audit.log")).unwrap();
        server.ask(None, "");
        server.said("cannot be written", 1);
        std::fs::remove_dir(site.file("audit.log")).unwrap();
        server.ask(None, "");
        lines(&site.file("audit.log"), 2);
        std::fs::read_to_string(site.file("audit.log")).unwrap()
    };
    let files = [file, kept, signed_in, at_the_gate];
    let all = files.map(|file| std::fs::read_to_string(file).unwrap()).concat() + &lost;
    all.lines().map(str::to_owned).collect()
}

/// Makes credentials, uses one, and takes them away, with a line for each.
fn keep(file: &Path) {
    let chains = format!("audit: {{to: {}}}\nusers: {}\nacl: []", file.display(), users("\"\": {}"));
    let server = TestServer::of(Setup::new(chains).refreshing("{}"));
    let answer = server.ask(&Ask::auth().basic(ALICE).query("offline_token", "true"));
    let token = answer.json()["refresh_token"].as_str().unwrap().to_owned();
    server.ask(&Ask::auth().basic((ALICE.0, &token)));
    let wanted = TokenRequest {
        account: ALICE.0.to_owned(),
        link: None,
        scopes: vec!["repository:a:pull".to_owned()],
        service: Some("registry".to_owned()),
        ends: Some("2027-01-01".parse().unwrap()),
        note: Some("nightly".to_owned()),
    };
    let id = server.with_state(async |state| state.create_token(wanted).await).unwrap().listed.id;
    let which = WhichCredentials {
        id: Some(id),
        account: Some(ALICE.0.to_owned()),
        link: Some("users".to_owned()),
        ..WhichCredentials::default()
    };
    server.with_state(async |state| state.revoke_credentials(which).await).unwrap();
    lines(file, 4);
}

/// Requests that pass the gate, and that are stopped, each by a password, a stored credential and a token; and one that is
/// refused before anybody is asked.
fn gate(file: &Path) {
    let secret = "0123456789abcdef0123456789abcdef";
    let section = format!(
        "forward_auth: {{preset: nginx, mode: both, service: test-service, secret: {secret}, \
         trusted_proxies: [127.0.0.1], public_url: \"https://auth.example.com\"}}\n{}",
        chains(file)
    );
    let server = TestServer::of(Setup::new(section).refreshing("{}"));
    let about = |method: &str, path: &str| {
        let ask = Ask::get("/forward-auth").header("x-forwarded-for", "192.0.2.1");
        ask.header("x-original-method", method).header("x-original-uri", path)
    };
    let asked = |method: &str, path: &str| about(method, path).header("x-dockgate-secret", secret);
    let (reads, writes) = (("GET", "/v2/web/a/tags/list"), ("PUT", "/v2/web/a/manifests/1"));
    let moved = ("moved", "x");
    assert_eq!(server.ask(&asked("GET", "/v2/").basic(moved)).status, 200);
    assert_eq!(server.ask(&asked(reads.0, reads.1).basic(moved)).status, 403);
    let token =
        server.ask(&Ask::auth().basic(ALICE).query("offline_token", "true").scope("repository:web/a:pull"));
    let said = |name: &str| token.json()[name].as_str().unwrap().to_owned();
    let (bearer, kept) = (format!("Bearer {}", said("token")), said("refresh_token"));
    for ((method, path), kept_says, token_says) in [(reads, 200, 200), (writes, 403, 401)] {
        assert_eq!(server.ask(&asked(method, path).basic((ALICE.0, &kept))).status, kept_says);
        assert_eq!(server.ask(&asked(method, path).header("authorization", &bearer)).status, token_says);
    }
    assert_eq!(server.ask(&about(reads.0, reads.1)).status, 403);
    lines(file, 8);
}

#[test]
fn every_field_stands_on_the_page_and_in_its_order() {
    let rows = table("### Fields");
    let order: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
    let mut seen: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for line in specimens() {
        let event = whole(&line)["event"].as_str().unwrap().to_owned();
        let places: Vec<usize> = fields(&line)
            .iter()
            .map(|field| {
                let place = order.iter().position(|known| known == field);
                place.unwrap_or_else(|| panic!("{field} is not on the page: {line}"))
            })
            .collect();
        assert!(places.is_sorted(), "{line}");
        for place in places {
            seen.entry(order[place]).or_default().insert(event.clone());
        }
    }
    for row in &rows {
        let documented: BTreeSet<String> = match row[1].as_str() {
            "all" => {
                let kinds =
                    ["token", "refused", "error", "passed", "stopped", "token_created", "revoked", "lost"];
                kinds.into_iter().chain(sign_ins::KINDS).map(str::to_owned).collect()
            }
            some => some.split(", ").map(str::to_owned).collect(),
        };
        assert_eq!(seen.get(row[0].as_str()), Some(&documented), "{}", row[0]);
    }
}

#[test]
fn every_field_of_a_scope_stands_on_the_page() {
    let documented: BTreeSet<String> = table("### Scopes").into_iter().map(|row| row[0].clone()).collect();
    let mut seen = BTreeSet::new();
    for line in specimens() {
        let line = whole(&line);
        let scopes = ["asked", "granted"].into_iter().filter_map(|list| line[list].as_array()).flatten();
        seen.extend(scopes.filter_map(Value::as_object).flat_map(|scope| scope.keys().cloned()));
    }
    assert_eq!(seen, documented);
}
