//! The least that a role needs, as the page says.

use std::time::Duration;

use dockgate_api::{BackendError, Shelf, Store as _};
use serde_json::json;

use super::super::opened::{call_within, conforms, open, sealed};
use super::server::{Options, Postgres};
use crate::directory::backend::with;

const GRANTS: &str = "
CREATE ROLE reader_writer LOGIN PASSWORD 'app-pass';
GRANT USAGE ON SCHEMA dockgate TO reader_writer;
GRANT SELECT, INSERT, UPDATE, DELETE ON dockgate.dockgate_records, dockgate.dockgate_counters TO reader_writer;
GRANT SELECT ON dockgate.dockgate_layout TO reader_writer;";

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_makes_no_tables_can_serve() {
    let Some(postgres) = Postgres::start(Options::default()) else { return };
    let owner = open(&sealed("postgres", &postgres.section()));
    owner.get(&call_within(Duration::from_secs(10)), Shelf::ApiTokens, "any").await.unwrap();
    postgres.sql(GRANTS);
    let section = with(&postgres.section(), json!({"user": "reader_writer"}));
    conforms("postgres", &section).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_may_not_make_the_tables_is_told_who_does() {
    let Some(postgres) = Postgres::start(Options::default()) else { return };
    postgres.sql("CREATE ROLE stranger LOGIN PASSWORD 'app-pass'");
    let store = open(&sealed("postgres", &with(&postgres.section(), json!({"user": "stranger"}))));
    let asked = store.get(&call_within(Duration::from_secs(10)), Shelf::ApiTokens, "any").await;
    let Err(BackendError::Protocol(why)) = &asked else { panic!("{asked:?}") };
    assert!(why.contains("CREATE SCHEMA IF NOT EXISTS dockgate AUTHORIZATION"), "{why}");
    // What it says is enough, without a restart.
    postgres.sql("CREATE SCHEMA IF NOT EXISTS dockgate AUTHORIZATION stranger");
    assert_eq!(store.get(&call_within(Duration::from_secs(10)), Shelf::ApiTokens, "any").await, Ok(None));
}
