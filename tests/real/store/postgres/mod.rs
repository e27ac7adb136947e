//! `PostgreSQL`.

mod crash;
mod health;
mod logins;
mod roles;
pub(crate) mod server;
mod tables;
mod trouble;

use serde_json::json;

use self::server::{Options, Postgres};
use super::opened::conforms;
use crate::directory::backend::with;

#[tokio::test(flavor = "multi_thread")]
async fn it_keeps_the_contract() {
    let Some(postgres) = Postgres::start(Options::default()) else { return };
    conforms("postgres", &postgres.section()).await;
}

/// As behind a pooler that knows no prepared statements, and through a socket.
#[tokio::test(flavor = "multi_thread")]
async fn it_keeps_the_contract_without_prepared_statements() {
    let Some(postgres) = Postgres::start(Options::default()) else { return };
    let section = with(&postgres.section(), json!({"host": postgres.dir(), "prepared_statements": false}));
    conforms("postgres", &section).await;
}

/// Its connections are handed out for a transaction: two of them here, to ten of ours.
#[tokio::test(flavor = "multi_thread")]
async fn it_keeps_the_contract_behind_a_pooler() {
    let Some(postgres) = Postgres::start(Options::default()) else { return };
    let Some(pooler) = postgres.pooler() else { return };
    let section = with(&postgres.section(), json!({"port": pooler.port, "prepared_statements": false}));
    conforms("postgres", &section).await;
}
