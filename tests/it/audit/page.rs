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
    let kept = std::fs::read_to_string(&kept).unwrap() + &std::fs::read_to_string(&signed_in).unwrap();
    let all = std::fs::read_to_string(&file).unwrap() + &kept + &lost;
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
                let kinds = ["token", "refused", "error", "token_created", "revoked", "lost"];
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
