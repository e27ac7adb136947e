//! What the server does not promise is said.

use std::time::Duration;

use dockgate_api::{Health, Store as _};

use super::super::opened::{call_within, open, sealed};
use super::server::{Options, Postgres};

const TIME: Duration = Duration::from_secs(10);

async fn of(settings: &[&'static str], change: &str) -> Option<Health> {
    let postgres = Postgres::start(Options { settings: settings.to_vec(), ..Options::default() })?;
    let store = open(&sealed("postgres", &postgres.section()));
    let first = store.health(&call_within(TIME)).await;
    if change.is_empty() {
        return Some(first);
    }
    postgres.sql(change);
    Some(store.health(&call_within(TIME)).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_keeps_what_it_is_given_is_up() {
    let Some(health) = of(&[], "").await else { return };
    assert_eq!(health, Health::Up);
    // The store does not leave that to the server.
    assert_eq!(of(&["synchronous_commit=off"], "").await, Some(Health::Up));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_promised_is_named_with_the_cure() {
    let cases = [
        (&["fsync=off"][..], "", "`fsync` is off"),
        (&["full_page_writes=off"], "", "`full_page_writes` is off"),
        (&[], "ALTER TABLE dockgate.dockgate_records SET UNLOGGED", "SET LOGGED"),
    ];
    for (settings, change, words) in cases {
        let Some(health) = of(settings, change).await else { return };
        let Health::Degraded(why) = &health else { panic!("{words}: {health:?}") };
        assert!(why.contains(words), "{why}");
    }
}
