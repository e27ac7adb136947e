use dockgate_api::config::{KeyPath, Location, Node};
use dockgate_testkit::fakes::{World, build_context};
use serde_json::{Value, json};

use super::config::PostgresConfig;
use super::parameter::{escape, unescape};
use super::settings::PostgresSettings;

fn section(changes: &Value) -> Value {
    let mut section = json!({"host": "db.example.test", "database": "d", "user": "u", "password": "p"});
    for (key, value) in changes.as_object().unwrap() {
        section[key] = value.clone();
    }
    section
}

fn settings(changes: Value) -> Result<PostgresSettings, String> {
    let config: PostgresConfig =
        serde_json::from_value(section(&changes)).map_err(|error| error.to_string())?;
    config.settings(&build_context()).map_err(|error| error.to_string())
}

#[test]
fn tls_is_spoken_to_every_server_but_one_on_this_machine() {
    let spoken = |host: &str| settings(json!({"host": host})).unwrap().tls.map(|tls| tls.verifies);
    for host in ["/run/postgresql", "localhost", "127.0.0.1", "127.0.0.2", "::1"] {
        assert_eq!(spoken(host), None, "{host}");
    }
    for host in ["db.example.test", "192.0.2.1", "10.0.0.1", "2001:db8::1", "localhost.example.test"] {
        assert_eq!(spoken(host), Some(true), "{host}");
    }
    let require = settings(json!({"tls": {"mode": "require"}})).unwrap();
    assert_eq!(require.tls.map(|tls| tls.verifies), Some(false));
}

#[test]
fn what_is_wrong_is_named_with_the_cure() {
    let cases = [
        (json!({"host": ""}), "postgres.host: write a host's name"),
        (json!({"host": "postgres://u:geheim@db/d"}), "postgres.host: write a host's name"),
        (json!({"database": ""}), "postgres.database: must not be empty"),
        (json!({"user": ""}), "postgres.user: must not be empty"),
        (json!({"port": 0}), "postgres.port: write a port"),
        (json!({"schema": "a\"; DROP TABLE b; --"}), "postgres.schema: write a name"),
        (json!({"schema": "Upper"}), "postgres.schema: write a name"),
        (json!({"schema": ""}), "postgres.schema: write a name"),
        (json!({"schema": "a".repeat(64)}), "postgres.schema: write a name"),
        (json!({"host": "/run", "tls": {}}), "postgres.tls: there is no TLS on a Unix socket"),
        (json!({"tls": {"certificate": "a"}}), "postgres.tls.certificate: `key` is missing"),
        (json!({"tls": {"key": "a"}}), "postgres.tls.key: `certificate` is missing"),
        (json!({"tls": {"ca_certificate": "/nowhere/ca.pem"}}), "postgres.tls.ca_certificate: cannot read"),
        (json!({"tls": {"mode": "prefer"}}), "`verify-full`"),
        (json!({"max_connections": 0}), "1"),
        (json!({"timeouts": {"connect": "0"}}), "out of range"),
        (
            json!({"password_file": "/nowhere"}),
            "postgres.password_file: `password` stands there too: keep one",
        ),
        (json!({"password": null, "password_file": "/nowhere"}), "postgres.password_file: cannot read"),
    ];
    for (changes, words) in cases {
        let Err(why) = settings(changes.clone()) else { panic!("{changes} is taken") };
        assert!(why.contains(words), "{changes}: {why}");
        assert!(!why.contains("geheim"), "{why}");
    }
}

#[test]
fn settings_that_differ_are_another_store() {
    let first = settings(json!({})).unwrap();
    assert!(first == settings(json!({})).unwrap());
    let others = [
        json!({"password": "q"}),
        json!({"schema": "other"}),
        json!({"port": 5433}),
        json!({"tls": {"mode": "require"}}),
        json!({"timeouts": {"answer": "1s"}}),
    ];
    for changes in others {
        assert!(first != settings(changes.clone()).unwrap(), "{changes}");
    }
}

#[test]
fn a_certificate_that_anybody_may_show_is_warned_of() {
    let world = World::new();
    let cx = world.build_context();
    let config: PostgresConfig =
        serde_json::from_value(section(&json!({"tls": {"mode": "require"}}))).unwrap();
    assert!(config.settings(&cx).is_ok());
    let warned = cx.take_warnings(&Node::text(Location::unknown(), ""), &KeyPath::root());
    assert_eq!(warned.len(), 1);
    assert_eq!(warned[0].path.as_str(), "postgres.tls.mode");
}

#[test]
fn what_the_server_cannot_hold_is_written_otherwise_and_read_back() {
    for text in ["", "plain", "ä\n", "\0", "\\", "\\0", "a\0b\\c\\\\0", "\\\\"] {
        let escaped = escape(text);
        assert!(!escaped.contains('\0'));
        assert_eq!(unescape(&escaped).as_deref(), Some(text));
    }
    assert_ne!(escape("\\0"), escape("\0"));
    assert_eq!(unescape("\\x"), None);
    assert_eq!(unescape("\\"), None);
}
