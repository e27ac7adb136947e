//! What a login costs with `ldap_auth` alone, without a server around it: beside `bare_logins`, in `benches/ldap.sh`.
//!
//! `pooled_logins HOST:PORT USERS CONNECTIONS SECONDS`: so many log in at a time, as one of `user0`, `user1`, …

use std::sync::Arc;
use std::time::{Duration, Instant};

use dockgate_api::{Authenticator, Configure as _, Credential, Decision, Dialect, Login};
use dockgate_ldap::LdapAuthConfig;
use dockgate_testkit::fakes::World;
use serde_json::json;

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [addr, users, connections, seconds] = arguments.as_slice() else {
        return Err("pooled_logins HOST:PORT USERS CONNECTIONS SECONDS".into());
    };
    let (users, connections): (usize, usize) = (users.parse()?, connections.parse()?);
    let until = Duration::from_secs(seconds.parse()?);
    let config: LdapAuthConfig = serde_json::from_value(json!({
        "addr": addr,
        "bind_dn": "cn=service,dc=example,dc=com",
        "bind_password": "service-password",
        "base": "ou=people,dc=example,dc=com",
        "filter": "(uid=${account})",
        "pool": {"max_connections": connections},
    }))?;
    let world = World::new();
    let backend = config.build(&world.build_context().for_link("bench", Dialect::Native))?;
    let mut workers = Vec::new();
    for number in 0..connections {
        let first = number * users / connections;
        let users = (first..users).chain(0..first).collect();
        workers.push(tokio::spawn(work(Arc::clone(&backend), world.clone(), users, until)));
    }
    let (started, mut took) = (Instant::now(), Vec::new());
    for worker in workers {
        took.extend(worker.await??);
    }
    let elapsed = started.elapsed();
    took.sort_unstable();
    let at = |percent: usize| took.get(took.len() * percent / 100).copied().unwrap_or_default();
    let a_second = f64::from(u32::try_from(took.len())?) / elapsed.as_secs_f64();
    println!("{a_second:.0} logins/s, p50 {:.1?}, p99 {:.1?}", at(50), at(99));
    Ok(())
}

async fn work(
    backend: Arc<dyn Authenticator>,
    world: World,
    users: Vec<usize>,
    until: Duration,
) -> Result<Vec<Duration>, Failure> {
    let (started, mut took) = (Instant::now(), Vec::new());
    for number in users.iter().cycle() {
        let began = Instant::now();
        let password = Credential::Password(format!("password{number}").into());
        let answer =
            backend.authenticate(&world.call(), &Login::new(format!("user{number}"), password)).await?;
        if !matches!(answer, Decision::Allow(_)) {
            return Err(format!("user{number}: {answer:?}").into());
        }
        took.push(began.elapsed());
        if started.elapsed() > until {
            break;
        }
    }
    Ok(took)
}
