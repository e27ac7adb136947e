//! Who the server is, and who we are.

use std::time::Duration;

use dockgate_api::{BackendError, Shelf, Store as _};
use serde_json::{Value, json};

use super::super::opened::{call_within, open, sealed};
use super::server::{DATABASE, Options, Postgres};
use crate::directory::authority::Authority;
use crate::directory::backend::with;

const TIME: Duration = Duration::from_secs(10);

async fn asked(section: &Value) -> Result<(), BackendError> {
    let store = open(&sealed("postgres", section));
    store.get(&call_within(TIME), Shelf::ApiTokens, "any").await.map(drop)
}

#[track_caller]
fn refused(outcome: Result<(), BackendError>, words: &str) {
    let Err(BackendError::Unavailable(why)) = &outcome else { panic!("{words}: {outcome:?}") };
    assert!(why.contains(words), "{why}");
    for secret in ["app-pass", "wrong-pass", super::super::opened::SECRET] {
        assert!(!why.contains(secret), "{why}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_password_and_the_database_must_be_right() {
    let Some(postgres) = Postgres::start(Options::default()) else { return };
    let section = postgres.section();
    assert_eq!(asked(&section).await, Ok(()));
    refused(asked(&with(&section, json!({"password": "wrong-pass"}))).await, "`password`");
    refused(asked(&with(&section, json!({"password": null}))).await, "`password`");
    refused(asked(&with(&section, json!({"user": "nobody"}))).await, "`user`");
    refused(asked(&with(&section, json!({"database": "attic"}))).await, "`database`");
    refused(asked(&with(&section, json!({"tls": {}}))).await, "TLS");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_shows_a_certificate_of_an_authority_that_is_trusted() {
    let authority = Authority::new();
    let options = Options { authority: Some(authority.clone()), ..Options::default() };
    let Some(postgres) = Postgres::start(options) else { return };
    let with_tls = |tls: Value| with(&postgres.section(), json!({"tls": tls}));
    assert_eq!(asked(&with_tls(json!({"ca_certificate": authority.certificate}))).await, Ok(()));
    let spoken = "SELECT count(*) > 0 FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE ssl AND usename = 'app'";
    // A connection of a store that is gone ends when the server sees it.
    let held = open(&sealed("postgres", &with_tls(json!({"ca_certificate": authority.certificate}))));
    held.get(&call_within(TIME), Shelf::ApiTokens, "any").await.unwrap();
    assert_eq!(postgres.sql(spoken), "t");

    refused(asked(&with_tls(json!({}))).await, "signed by nobody who is trusted here");
    let other = Authority::new();
    refused(
        asked(&with_tls(json!({"ca_certificate": other.certificate}))).await,
        "signed by nobody who is trusted here",
    );
    assert_eq!(asked(&with_tls(json!({"mode": "require"}))).await, Ok(()), "any certificate will do");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_certificate_is_for_the_name_of_the_server() {
    let authority = Authority::new();
    let named_only = Some("elsewhere.example.test");
    let options = Options { authority: Some(authority.clone()), named_only, ..Options::default() };
    let Some(postgres) = Postgres::start(options) else { return };
    let section = with(&postgres.section(), json!({"tls": {"ca_certificate": authority.certificate}}));
    refused(asked(&section).await, "elsewhere.example.test");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_may_be_known_by_its_certificate() {
    let authority = Authority::new();
    let options = Options { authority: Some(authority.clone()), ..Options::default() };
    let Some(postgres) = Postgres::start(options) else { return };
    postgres.sql("CREATE ROLE certified LOGIN");
    postgres.sql(&format!("GRANT CREATE ON DATABASE {DATABASE} TO certified"));
    let shown = |name: &str| {
        let pair = authority.client(name);
        let tls = json!({"ca_certificate": authority.certificate, "certificate": pair.certificate, "key": pair.key});
        with(&postgres.section(), json!({"user": "certified", "password": null, "tls": tls}))
    };
    assert_eq!(asked(&shown("certified")).await, Ok(()));
    refused(asked(&shown("somebody")).await, "pg_hba.conf");
    let bare =
        json!({"user": "certified", "password": null, "tls": {"ca_certificate": authority.certificate}});
    refused(asked(&with(&postgres.section(), bare)).await, "certificate");
}
