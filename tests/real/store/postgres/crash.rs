//! What was answered is there, whoever is killed.

use super::super::opened::{comes_back, open, sealed};
use super::super::writer::{interrupted, nothing_is_lost};
use super::server::{Options, Postgres};

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_killed_loses_nothing_that_was_answered() {
    let Some(postgres) = Postgres::start(Options::default()) else { return };
    let section = sealed("postgres", &postgres.section());
    let answered = interrupted(&section, || {});
    nothing_is_lost(&open(&section), &answered).await;
}

/// Commits wait for nothing here by the server's settings, and the server writes them down every ten seconds: without
/// what the store asks for, the last ones would be lost. Counters are not waited for.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_loses_nothing_that_was_answered() {
    let lazy = vec!["synchronous_commit=off", "wal_writer_delay=10s"];
    let Some(mut postgres) = Postgres::start(Options { settings: lazy, ..Options::default() }) else {
        return;
    };
    let section = sealed("postgres", &postgres.section());
    let store = open(&section);
    comes_back(&store).await;
    let answered = interrupted(&section, || postgres.kill()).without_counts();
    postgres.restart();
    comes_back(&store).await;
    nothing_is_lost(&store, &answered).await;
}
