//! What was answered is there, whoever is killed.

use super::super::opened::{comes_back, open, sealed};
use super::super::writer::{self, Writer};
use super::server::{Options, Postgres};

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_killed_loses_nothing_that_was_answered() {
    let Some(postgres) = Postgres::start(Options::default()) else { return };
    let section = sealed("postgres", &postgres.section());
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::start(dir.path(), &section);
    writer.has_written(writer::WRITES / 4);
    writer.process.kill();
    let answered = writer.answered();
    assert!(answered.len() < writer::WRITES, "it was not in the middle");
    writer::all_are_there(&*open(&section), &answered).await;
}

/// Commits wait for nothing here by the server's settings, and the server writes them down every ten seconds: without
/// what the store asks for, the last ones would be lost.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_loses_nothing_that_was_answered() {
    let lazy = vec!["synchronous_commit=off", "wal_writer_delay=10s"];
    let Some(mut postgres) = Postgres::start(Options { settings: lazy, ..Options::default() }) else {
        return;
    };
    let section = sealed("postgres", &postgres.section());
    let store = open(&section);
    comes_back(&store).await;
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::start(dir.path(), &section);
    writer.has_written(writer::WRITES / 4);
    postgres.kill();
    writer.process.kill();
    postgres.restart();
    let answered = writer.answered();
    assert!(answered.len() < writer::WRITES, "it was not in the middle");
    comes_back(&store).await;
    writer::all_are_there(&*store, &answered).await;
}
