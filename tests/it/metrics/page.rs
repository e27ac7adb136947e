//! The page lists what the server shows, with kinds and labels.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use dockgate::metrics::{AcmeMeter, Certificates, Connections, Reloads};
use dockgate_testkit::fakes::noon;

use crate::support::{ALICE, Ask, TestServer};

const PAGE: &str = include_str!("../../../docs/monitoring.md");

const GATE_SECRET: &str = "0123456789abcdef0123456789abcdef";

/// Name, kind and labels of every metric on the page.
fn documented() -> BTreeMap<String, (String, BTreeSet<String>)> {
    let rows =
        PAGE.lines().filter(|line| line.starts_with("| `dockgate_") || line.starts_with("| `process_"));
    let rows = rows.map(|row| {
        let cells: Vec<String> = row.split('|').map(|cell| cell.trim().replace('`', "")).collect();
        let labels = cells[3].split(", ").filter(|label| !label.is_empty()).map(str::to_owned).collect();
        (cells[1].clone(), (cells[2].clone(), labels))
    });
    rows.collect()
}

/// The same of a text, whose labels all of its samples have.
pub(super) fn shown(text: &str) -> BTreeMap<String, (String, BTreeSet<String>)> {
    let mut shown = BTreeMap::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|line| line.split_once(' ')) else {
            continue;
        };
        let sample = lines.peek().unwrap();
        let labels = sample.split_once('{').map_or("", |(_, after)| after.rsplit_once('}').unwrap().0);
        let names =
            labels.split("\",").filter_map(|label| label.split_once("=\"")).map(|(name, _)| name.to_owned());
        let names: BTreeSet<String> = names.filter(|name| name != "le").collect();
        shown.insert(name.to_owned(), (kind.to_owned(), names));
    }
    shown
}

/// The text of a server with everything that can be counted.
pub(super) fn whole() -> String {
    let directory = tempfile::tempdir().unwrap();
    let server = TestServer::new(&format!(
        "store: {{file: \"{}\"}}\naudit: {{to: \"{}\"}}\n\
         forward_auth: {{preset: nginx, service: a, secret: {GATE_SECRET}, trusted_proxies: [127.0.0.1]}}\nauthn: [{{users: {}}}, {{http_auth: {{url: \"http://127.0.0.1:1\", cache: {{ttl: 1s}}}}}}, \
         {{ext_auth: {{command: \"true\", protocol: lines}}}}, \
         {{ldap_auth: {{addr: \"127.0.0.1:1\", base: dc=a, filter: \"(uid=${{account}})\"}}}}, \
         {{github_auth: {{client_id: a, client_secret: b, organization: c}}}}]\nacl: []",
        directory.path().join("store").display(),
        directory.path().join("audit.log").display(),
        crate::support::users("")
    ));
    server.ask(&Ask::auth().basic(ALICE));
    server.review_keys();
    let metrics = Arc::clone(&server.metrics);
    let _connections = Connections::new(metrics.as_ref());
    let _acme = AcmeMeter::new(&metrics);
    Reloads::new(&metrics).started("abc", noon());
    Certificates::Tls.end(&metrics, [("server.certificate", noon())]);
    metrics.text()
}

#[test]
fn every_outcome_at_the_gate_stands_on_the_page() {
    let (_, below) = PAGE.split_once("| `outcome` of a question at the gate |").unwrap();
    let rows = below.lines().skip(2).take_while(|row| row.starts_with('|'));
    let first_cells = rows.filter_map(|row| row.split('|').nth(1));
    let documented: BTreeSet<&str> =
        first_cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
    let text = whole();
    let shown = text.lines().filter_map(|line| line.strip_prefix("dockgate_gate_checks_total{outcome=\""));
    let shown: BTreeSet<&str> = shown.filter_map(|rest| rest.split('"').next()).collect();
    assert!(shown.len() > 5, "{text}");
    assert_eq!(documented, shown);
}

#[test]
fn every_metric_stands_on_the_page_and_the_other_way_round() {
    let (documented, shown) = (documented(), shown(&whole()));
    assert!(shown.len() > 30, "{shown:?}");
    assert_eq!(documented, shown);
}
