//! One server.

use std::fs;
use std::os::unix::fs::MetadataExt as _;

use super::authority::EXTERNAL;
use super::{HOST, LONG, Site, client, configuration, directory, says, serve};
use crate::harness::process::{Process, free_port};

const ISSUED: &str = "certificate issued";

#[test]
fn the_first_certificate_is_kept_for_the_next_start_and_over_a_reload() {
    let Some(mut site) = Site::start(LONG) else { return };
    site.says(ISSUED, 1);
    let root = site.authority.root();
    let mut connection = site.connect(&root);
    assert_eq!(connection.get("/healthz").status, "HTTP/1.1 200 OK");
    let first = connection.certificate();
    assert!(client::connect(site.port, "second.example.com", &root).is_ok(), "both names stand in it");
    assert!(client::connect(site.port, "third.example.com", &root).is_err());

    let names: Vec<String> = site
        .kept()
        .iter()
        .map(|path| {
            assert_eq!(fs::metadata(path).unwrap().mode() & 0o777, 0o600, "{}", path.display());
            path.file_name().unwrap().to_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(names.len(), 3, "{names:?}");
    assert!(names[0].starts_with("dockgate-account-") && names[1] == "dockgate-acme.lock", "{names:?}");
    assert!(names[2].starts_with("dockgate-auth.example.com-"), "{names:?}");

    let config = fs::read_to_string(site.dir.path().join("dockgate.yml")).unwrap();
    let other = config.replace("expiration: 900", "expiration: 600");
    fs::write(site.dir.path().join("dockgate.yml"), other).unwrap();
    site.says("configuration reloaded", 1);
    assert_eq!(site.connect(&root).certificate(), first);
    assert_eq!(connection.get("/healthz").status, "HTTP/1.1 200 OK", "the connection from before");

    // Without the authority: what is kept serves at once.
    assert_eq!(site.authority.orders(), 1);
    site.authority.stop();
    site.restart();
    assert_eq!(site.connect(&root).certificate(), first);
    assert!(!site.log().contains("asking for a certificate"), "{}", site.log());
}

#[test]
fn renewed_in_time_with_the_same_account_and_no_connection_is_dropped() {
    let Some(site) = Site::start(20) else { return };
    site.says(ISSUED, 1);
    let root = site.authority.root();
    let mut connection = site.connect(&root);
    let first = connection.certificate();
    site.says(ISSUED, 2);
    assert_eq!(connection.get("/healthz").status, "HTTP/1.1 200 OK");
    assert_ne!(site.connect(&root).certificate(), first);
    assert!(!site.log().contains("not renewed"), "{}", site.log());
    assert_eq!(site.log().matches("account made").count(), 1);
}

#[test]
fn while_the_authority_is_down_the_old_certificate_goes_on() {
    let Some(mut site) = Site::start(45) else { return };
    site.says(ISSUED, 1);
    let root = site.authority.root();
    let first = site.connect(&root).certificate();
    site.authority.stop();
    site.says("certificate not renewed: the old one goes on", 1);
    assert!(site.log().contains("localhost:"), "it says who was not reached: {}", site.log());
    assert_eq!(site.connect(&root).certificate(), first);
    // It has forgotten the account, and its root is another one.
    site.authority.start_again();
    site.says(ISSUED, 2);
    assert!(site.log().contains("another one is made"), "{}", site.log());
    assert_ne!(site.connect(&site.authority.root()).certificate(), first);
}

#[test]
fn what_the_authority_saw_stands_in_the_log() {
    let Some(dir) = directory() else { return };
    // It looks where nobody is.
    let terms = super::Terms { tls_port: free_port(), validity: LONG, wants_external: false };
    let authority = super::Authority::start(dir.path(), terms);
    let (server, port) = Process::listening("listening", |port| {
        serve(dir.path(), "dockgate", &configuration(port, authority.port, ""))
    });
    says(&server, "no certificate: TLS handshakes are refused, or fail", 1);
    let log = server.log();
    let seen = format!(
        "example.com: Failed to connect to 127.0.0.1:{} for the tls-alpn-01 challenge",
        terms.tls_port
    );
    assert!(log.contains(&seen), "{log}");
    let refused = client::connect(port, HOST, &authority.root()).err().unwrap();
    assert!(refused.contains("AccessDenied"), "{refused}");
}

#[test]
fn an_account_that_exists_elsewhere_is_bound() {
    let more = format!("    external_account: {{key_id: {}, key_file: external.key}}\n", EXTERNAL.0);
    let Some(site) = Site::start_with(LONG, true, &more) else { return };
    site.says(ISSUED, 1);
}
