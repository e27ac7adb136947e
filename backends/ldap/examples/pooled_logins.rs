//! What a login costs with `ldap_auth` alone, without a server around it: beside `bare_logins`, in `benches/ldap.sh`.
//!
//! `pooled_logins HOST:PORT USERS CONNECTIONS SECONDS`: so many log in at a time, as one of `user0`, `user1`, …

mod timed;

use std::sync::Arc;
use std::time::{Duration, Instant};

use dockgate_api::{Authenticator, Configure as _, Credential, Decision, Dialect, Login};
use dockgate_ldap::LdapAuthConfig;
use dockgate_testkit::fakes::World;
use serde_json::json;

use timed::{Course, Failure, tell};

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let course = Course::read()?;
    let config: LdapAuthConfig = serde_json::from_value(json!({
        "addr": course.directory,
        "bind_dn": "cn=service,dc=example,dc=com",
        "bind_password": "service-password",
        "base": "ou=people,dc=example,dc=com",
        "filter": "(uid=${account})",
        "pool": {"max_connections": course.connections},
    }))?;
    let world = World::new();
    let backend = config.build(&world.build_context().for_link("bench", Dialect::Native))?;
    let mut workers = Vec::new();
    for number in 0..course.connections {
        workers.push(tokio::spawn(work(
            Arc::clone(&backend),
            world.clone(),
            course.users_of(number),
            course.until,
        )));
    }
    let (started, mut took) = (Instant::now(), Vec::new());
    for worker in workers {
        took.extend(worker.await??);
    }
    let elapsed = started.elapsed();
    tell(took, elapsed)
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
