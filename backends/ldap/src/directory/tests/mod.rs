//! Against directories in this process.

mod account;
mod failover;
mod load;
mod pools;
mod protection;
mod references;
mod sessions;
mod srv;
mod trouble;

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dockgate_api::secrecy::SecretString;
use dockgate_api::{BackendError, BuildContext, Call, RequestId};
use dockgate_testkit::directory::{Directory as Kit, RunningDirectory};
use dockgate_testkit::fakes::{World, noon};

use super::*;
use crate::wire::{Scope, Security};

const SERVICE: &str = "cn=dockgate,dc=example,dc=test";
const ALICE: &str = "uid=alice,ou=people,dc=example,dc=test";

/// Longer than any test should take: what waits for it is stuck.
const PATIENCE: Duration = Duration::from_secs(30);

fn kit() -> Kit {
    Kit::new()
        .entry(SERVICE, [("cn", "dockgate")])
        .password("service-password")
        .entry(ALICE, [("uid", "alice"), ("cn", "Alice")])
        .password("alice-password")
        .entry("uid=bob,ou=people,dc=example,dc=test", [("uid", "bob"), ("cn", "Bob")])
        .password("bob-password")
}

fn endpoint(server: &RunningDirectory) -> Endpoint {
    Endpoint { host: server.addr.ip().to_string(), port: server.addr.port(), security: Security::None }
}

fn settings(servers: &[&RunningDirectory]) -> Settings {
    Settings {
        servers: Servers::Listed(servers.iter().map(|server| endpoint(server)).collect()),
        order: Order::Listed,
        dialer: Dialer { tls: None, server_name: None },
        service: service("service-password"),
        referrals: Referrals::Ignore,
        timeouts: Timeouts { connect: PATIENCE, bind: PATIENCE, search: PATIENCE },
        pool: PoolBounds { max_connections: 4, max_queue: 100, idle_timeout: PATIENCE, max_age: PATIENCE },
    }
}

fn service(password: &str) -> Service {
    Service::Account { name: SERVICE.to_owned(), password: SecretString::from(password) }
}

fn context(world: &World) -> BuildContext {
    world.build_context().for_link("corp", dockgate_api::Dialect::Native)
}

fn started(world: &World, settings: Settings) -> Arc<Directory> {
    Directory::start(settings, &context(world))
}

fn call() -> Call {
    within(PATIENCE)
}

fn within(time: Duration) -> Call {
    Call::new(noon(), Instant::now() + time, RequestId::from_bits(1))
}

fn of(account: &str) -> Search {
    Search {
        base: "dc=example,dc=test".to_owned(),
        scope: Scope::Subtree,
        filter: format!("(uid={account})"),
        attributes: ["cn".to_owned()].into(),
        most: 2,
        paged: false,
    }
}

/// The names that a search finds.
async fn names(directory: &dyn Searcher, cx: &Call, account: &str) -> Result<Vec<String>, BackendError> {
    let found = directory.search(cx, &of(account)).await?;
    Ok(found.entries.iter().filter_map(|entry| entry.text("cn").map(str::to_owned)).collect())
}

async fn finds_alice(directory: &Directory) {
    assert_eq!(names(directory, &call(), "alice").await.unwrap(), ["Alice"]);
}

async fn bind(directory: &Directory, name: &str, password: &str) -> Result<(u32, UserSession), BackendError> {
    let (answer, session) = directory.bind(&call(), name, &SecretString::from(password)).await?;
    Ok((answer.code, session))
}

/// Waits until something is so; a test that waits in vain fails.
async fn until<F: Future<Output = bool>>(what: &str, mut is: impl FnMut() -> F) {
    let end = Instant::now() + PATIENCE;
    while !is().await {
        assert!(Instant::now() < end, "{what} did not become so");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Asks, and gives the question up once it has arrived.
async fn given_up<T>(question: impl Future<Output = T>, arrived: impl Fn() -> bool) {
    tokio::select! {
        _ = question => panic!("answered too early"),
        () = until("it is asked", || std::future::ready(arrived())) => {}
    }
}

async fn health_becomes(directory: &Directory, is: impl Fn(&dockgate_api::Health) -> bool) {
    until("the health", || std::future::ready(is(&directory.health()))).await;
}
