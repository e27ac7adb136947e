use dockgate_testkit::fakes::build_context;
use serde_json::{Value, json};

use super::*;

fn read(section: Value) -> Result<RedisSettings, String> {
    let config: RedisConfig = serde_json::from_value(section).map_err(|error| error.to_string())?;
    config.settings(&build_context()).map_err(|error| error.to_string())
}

#[test]
fn an_address_is_enough() {
    let settings = read(json!({"addr": "redis.example.com"})).unwrap().0;
    assert_eq!(settings.addresses[0].to_string(), "redis.example.com:6379");
    assert_eq!((settings.prefix.as_str(), settings.database), ("dockgate:", 0));
    assert_eq!(settings.durability, Durability::Required);
    assert!(settings.tls.is_none() && !settings.is_cluster);
    let cluster = read(json!({"cluster": ["a:7000", "b:7000"], "tls": true})).unwrap().0;
    assert!(cluster.is_cluster && cluster.tls.is_some());
}

#[test]
fn what_is_wrong_is_told_with_the_cure_and_without_the_secret() {
    let cases = [
        (json!({}), "redis: say where Redis is"),
        (json!({"addr": "redis://u:Secret1@redis:6379"}), "redis.addr: this is a URL"),
        (json!({"addr": "a:1", "cluster": ["b:1"]}), "keep one of `addr` and `cluster`"),
        (json!({"cluster": ["a:1", "a:1"]}), "is there twice"),
        (json!({"cluster": ["a:1"], "database": 2}), "a cluster has no databases"),
        (json!({"cluster": ["/run/redis.sock"]}), "a socket is for one Redis"),
        (json!({"addr": "/run/redis.sock", "tls": true}), "a socket is for one Redis"),
        (json!({"addr": "a:1", "username": "u"}), "`password_file: FILE`"),
        (
            json!({"addr": "a:1", "password": "Secret1", "password_file": "f"}),
            "redis.password_file: `password` stands",
        ),
        (json!({"addr": "a:1", "password_file": "no-such-file"}), "redis.password_file: cannot read"),
        (json!({"addr": "a:1", "prefix": "{x}:"}), "a brace"),
        (json!({"addr": "a:1", "prefix": ""}), "write 1 to 64"),
        (json!({"addr": "a:1", "tls": {"certificate": "c"}}), "redis.tls.certificate: `key` is missing"),
        (
            json!({"addr": "a:1", "tls": {"ca_certificate": "no-such-file"}}),
            "redis.tls.ca_certificate: cannot read",
        ),
        (json!({"addr": "a:1", "tls": {"server_name": "a b"}}), "as it stands in the certificate"),
        (json!({"addr": "a:1", "tls": {"insecure": true}}), "unknown field `insecure`"),
        (json!({"addr": "a:1", "tls": "yes"}), "`true`, or a mapping"),
        (json!({"addr": "a:1", "timeouts": {"answer": "0"}}), "out of range"),
        (json!({"addr": "a:1", "durability": "some"}), "best_effort"),
    ];
    for (section, part) in cases {
        let shown = section.to_string();
        match read(section) {
            Err(message) => {
                assert!(message.contains(part), "{shown}: {message}");
                assert!(!message.contains("Secret1"), "{shown}: {message}");
            }
            Ok(_) => panic!("{shown} is taken"),
        }
    }
}

#[test]
fn another_password_is_another_store() {
    let of =
        |password: &str| read(json!({"addr": "a:1", "username": "u", "password": password, "tls": true}));
    assert!(of("one").unwrap() == of("one").unwrap());
    assert!(of("one").unwrap() != of("two").unwrap());
}

#[test]
fn passwords_in_clear_are_warned_about() {
    let warnings = |section: Value| {
        let cx = build_context();
        let config: RedisConfig = serde_json::from_value(section).unwrap();
        config.settings(&cx).unwrap();
        let location = dockgate_api::config::Location::unknown();
        let node = dockgate_api::config::Node::text(location, "");
        cx.take_warnings(&node, &dockgate_api::config::KeyPath::root()).len()
    };
    assert_eq!(warnings(json!({"addr": "redis.example.com:6379"})), 1);
    assert_eq!(warnings(json!({"addr": "redis.example.com:6379", "tls": true})), 0);
    assert_eq!(warnings(json!({"addr": "127.0.0.1:6379"})), 0);
    assert_eq!(warnings(json!({"addr": "/run/redis.sock"})), 0);
}
