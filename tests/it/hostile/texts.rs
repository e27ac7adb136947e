//! Texts that mean something to somebody, in every place where a client can write.

use dockgate_testkit::hostile::TEXTS;

use super::{is_sound, server, still_serves};
use crate::support::{ALICE, Ask};

/// What every backend is tried with, what only a server is, and long ones.
fn texts() -> Vec<String> {
    let own = [
        "a\r\nSet-Cookie: x=y",
        "\u{85}",
        "${account:1}",
        "${env:HOME}",
        "<script>alert(1)</script>",
        "alice\0",
        "alice,",
        "alice:",
    ];
    let long = ["a".repeat(300), "a".repeat(9_000), "*a".repeat(4_000), "🦀".repeat(2_000)];
    TEXTS.iter().chain(&own).map(|text| (*text).to_owned()).chain(long).collect()
}

/// Whether no account or service can be called so.
fn impossible(name: &str) -> bool {
    name.len() > 256 || name.chars().any(|c| c.is_control() || c == '\u{202e}')
}

#[test]
fn as_an_account() {
    let server = server();
    for text in texts() {
        let asks = [
            Ask::auth().basic((&text, "secret")),
            Ask::auth().basic((&text, ALICE.1)).scope("repository:alice/app:pull"),
            Ask::post(&[("username", &text), ("password", "secret")]),
            Ask::post(&[("grant_type", "password"), ("username", &text), ("password", ALICE.1)]),
        ];
        for ask in asks {
            let answer = server.ask(&ask);
            is_sound(&server, &answer, &format!("{ask:?}"));
            // A name ends at the first colon of a header: `alice:` is Alice with another password.
            let status = if impossible(&text) && !text.contains(':') { 400 } else { 401 };
            if !text.contains(':') {
                assert_eq!(answer.status, status, "{text:?}");
            }
            assert_ne!(answer.status, 200, "{text:?}");
        }
        let hint = server.ask(&Ask::auth().basic(ALICE).query("account", &text));
        assert_eq!(hint.status, 400, "{text:?}");
    }
}

#[test]
fn as_a_password() {
    let server = server();
    for text in texts() {
        for ask in
            [Ask::auth().basic(("alice", &text)), Ask::post(&[("username", "alice"), ("password", &text)])]
        {
            let answer = server.ask(&ask);
            assert_eq!(answer.error(401, "UNAUTHORIZED"), "invalid_grant", "{text:?}");
        }
    }
    still_serves(&server);
}

#[test]
fn as_a_service() {
    let server = server();
    for text in texts() {
        let answer = server.ask(&Ask::get("/auth").query("service", &text).basic(ALICE));
        is_sound(&server, &answer, &text);
        assert_eq!(answer.status, if impossible(&text) { 400 } else { 200 }, "{text:?}");
        if answer.status == 200 {
            assert_eq!(server.read(&answer).claims["aud"], text);
        }
    }
}

#[test]
fn as_a_scope_or_a_part_of_one() {
    let server = server();
    for text in texts().iter().filter(|text| text.len() < 1_000) {
        for scope in [
            text.clone(),
            format!("repository:{text}:pull"),
            format!("repository:alice/app:{text}"),
            format!("{text}:alice/app:pull"),
            format!("repository({text}):alice/app:pull"),
            format!("repository:{text}/app:push"),
        ] {
            let token =
                server.token(&Ask::auth().basic(ALICE).scope(&scope).scope("repository:alice/app:pull"));
            let last = token.access().pop().unwrap();
            assert!(last.starts_with("repository:alice/app:") && last.contains("pull"), "{scope:?}: {last}");
            let foreign = token
                .access()
                .into_iter()
                .filter(|entry| !entry.contains(":alice/") && !entry.contains(":public/"));
            for entry in foreign {
                assert!(entry.ends_with(':'), "{scope:?} got {entry}");
            }
        }
    }
}

#[test]
fn as_anything_else() {
    let server = server();
    for text in texts() {
        for name in ["client_id", "offline_token", "access_type", "refresh_token", "", "nobody-knows-this"] {
            let form = [("username", ALICE.0), ("password", ALICE.1), (name, text.as_str())];
            assert_eq!(server.ask(&Ask::post(&form)).status, 200, "{name}={text:?}");
            if text.len() < 1_000 {
                assert_eq!(
                    server.ask(&Ask::auth().basic(ALICE).query(name, &text)).status,
                    200,
                    "{name}={text:?}"
                );
                assert_eq!(
                    server.ask(&Ask::auth().basic(ALICE).query(&text, name)).status,
                    200,
                    "{text:?}={name}"
                );
            }
        }
    }
}
