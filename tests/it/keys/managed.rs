//! A server whose keys renew themselves, under a clock that is turned.

use std::time::Duration;

use dockgate::token::managed::ManagedKeys;
use dockgate_testkit::fakes::noon;
use serde_json::Value;

use crate::support::{ALICE, Ask, Setup, TestServer, users};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

struct Managed {
    server: TestServer,
    directory: tempfile::TempDir,
}

impl Managed {
    fn new(token: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        ManagedKeys::init(&directory.path().join("keys"), noon()).unwrap();
        let keys = format!("managed_keys: {}", directory.path().join("keys").display());
        let setup = Setup::new(format!("users: {}\nacl: []", users(""))).keys(&keys).token(token);
        Self { server: TestServer::of(setup), directory }
    }

    /// The certificate that travels with a token, and what the token lives.
    fn signs(&self) -> (String, u64) {
        let token = self.server.token(&Ask::auth().basic(ALICE));
        let certificates = token.header["x5c"].as_array().map_or(&[][..], Vec::as_slice);
        let [Value::String(leaf)] = certificates else { panic!("not a leaf alone: {}", token.header) };
        (leaf.clone(), token.expires_in())
    }
}

#[test]
fn a_new_key_signs_before_the_old_one_ends() {
    let managed = Managed::new("");
    let (first, _) = managed.signs();
    let mut seen = vec![first];
    for _ in 0..60 {
        managed.server.clock.turn(DAY);
        assert_eq!(managed.server.review_keys(), Vec::<String>::new());
        let (leaf, lives) = managed.signs();
        assert_eq!(lives, 900, "a token is cut short");
        if seen.last() != Some(&leaf) {
            assert!(!seen.contains(&leaf), "a key comes back");
            seen.push(leaf);
        }
    }
    assert!((5..=8).contains(&seen.len()), "{} keys in 60 days", seen.len());
}

/// Tokens that were signed a moment before still verify.
#[test]
fn the_key_before_stays_published() {
    let managed = Managed::new("");
    let before = managed.server.ask(&Ask::auth().basic(ALICE));
    managed.server.clock.turn(10 * DAY);
    managed.server.review_keys();
    let after = managed.server.ask(&Ask::auth().basic(ALICE));
    for answer in [before, after] {
        managed.server.read(&answer);
    }
}

/// A renewal that fails is no reason to stop signing; tokens end with the certificate, and are signed without it at last.
#[test]
fn without_the_directory_the_last_key_goes_on() {
    let managed = Managed::new("");
    let (leaf, _) = managed.signs();
    std::fs::rename(managed.directory.path().join("keys"), managed.directory.path().join("gone")).unwrap();
    managed.server.clock.turn(10 * DAY);
    let said = managed.server.review_keys();
    assert!(said.iter().any(|line| line.contains("the key from before goes on signing")), "{said:?}");
    assert_eq!(managed.signs(), (leaf, 900));
    managed.server.clock.turn(3 * DAY + Duration::from_secs(86_400 - 100));
    assert_eq!(managed.signs().1, 100);
    managed.server.clock.turn(Duration::from_secs(90));
    let header = managed.server.token(&Ask::auth().basic(ALICE)).header;
    assert!(header.get("x5c").is_none(), "{header}");

    std::fs::rename(managed.directory.path().join("gone"), managed.directory.path().join("keys")).unwrap();
    assert_eq!(managed.server.review_keys(), Vec::<String>::new());
    assert_eq!(managed.signs().1, 900);
}

/// Registries read a key file once; a key that is gone in two weeks is nothing for it.
#[test]
fn services_without_certificate_are_warned_of() {
    let managed = Managed::new("services: {a: {x5c: false}}");
    let warned = managed.server.warnings.iter().any(|warning| warning.message.contains("leave `x5c` on"));
    assert!(warned, "{:?}", managed.server.warnings);
}
