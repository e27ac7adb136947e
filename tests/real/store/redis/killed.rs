//! SIGKILL in the middle of writing: what was answered is there.

use super::super::opened::{comes_back, sealed};
use super::super::writer::{interrupted, nothing_is_lost};
use super::open;
use super::server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_writer_loses_nothing_that_was_answered() {
    let Some(server) = Server::start() else { return };
    let answered = interrupted(&sealed("redis", &server.section()), || {});
    nothing_is_lost(&open(&server.section()), &answered).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_writer_and_a_killed_redis_lose_nothing_that_was_answered() {
    let Some(mut server) = Server::start() else { return };
    let answered = interrupted(&sealed("redis", &server.section()), || server.kill());
    server.start_again();
    let store = open(&server.section());
    comes_back(&store).await;
    nothing_is_lost(&store, &answered).await;
}
