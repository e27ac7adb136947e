//! What a login costs with the crate `ldap3` alone, on connections that stay: the yardstick of `benches/ldap.sh`.
//!
//! `bare_logins URL USERS CONNECTIONS SECONDS`: each connection searches as `cn=service,dc=example,dc=com` for one of
//! `user0`, `user1`, … and a second one binds as what it found.

use std::time::{Duration, Instant};

use ldap3::{Ldap, LdapConnAsync, Scope, SearchEntry};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What `ldap_auth` reads of an entry.
const ATTRIBUTES: [&str; 29] = [
    "uid",
    "entryUUID",
    "objectGUID",
    "nsUniqueId",
    "ipaUniqueID",
    "GUID",
    "accountExpires",
    "ds-pwp-account-disabled",
    "ds-pwp-account-expiration-time",
    "krbLastPwdChange",
    "krbPrincipalExpiration",
    "loginDisabled",
    "loginExpirationTime",
    "msDS-User-Account-Control-Computed",
    "nsAccountLock",
    "nsRole",
    "nsRoleDN",
    "passwordChangedTime",
    "pwdAccountLockedTime",
    "pwdChangedTime",
    "pwdEndTime",
    "pwdLastSet",
    "pwdReset",
    "pwdStartTime",
    "pwdUpdateTime",
    "sambaPwdLastSet",
    "shadowExpire",
    "shadowLastChange",
    "userAccountControl",
];
const SERVICE: &str = "cn=service,dc=example,dc=com";

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, users, connections, seconds] = arguments.as_slice() else {
        return Err("bare_logins URL USERS CONNECTIONS SECONDS".into());
    };
    let (users, connections): (usize, usize) = (users.parse()?, connections.parse()?);
    let until = Duration::from_secs(seconds.parse()?);
    let mut workers = Vec::new();
    for number in 0..connections {
        let (service, user) = (connect(url).await?, connect(url).await?);
        let first = number * users / connections;
        workers.push(tokio::spawn(work(service, user, (first..users).chain(0..first).collect(), until)));
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

async fn connect(url: &str) -> Result<Ldap, Failure> {
    let (connection, mut ldap) = LdapConnAsync::new(url).await?;
    ldap3::drive!(connection);
    ldap.simple_bind(SERVICE, "service-password").await?.success()?;
    Ok(ldap)
}

async fn work(
    mut service: Ldap,
    mut user: Ldap,
    users: Vec<usize>,
    until: Duration,
) -> Result<Vec<Duration>, Failure> {
    let (started, mut took) = (Instant::now(), Vec::new());
    for number in users.iter().cycle() {
        let began = Instant::now();
        let filter = format!("(uid=user{number})");
        let base = "ou=people,dc=example,dc=com";
        let (found, _) = service.search(base, Scope::Subtree, &filter, ATTRIBUTES).await?.success()?;
        let [entry] = <[_; 1]>::try_from(found).map_err(|_| "not one entry")?;
        let dn = SearchEntry::construct(entry).dn;
        user.simple_bind(&dn, &format!("password{number}")).await?.success()?;
        took.push(began.elapsed());
        if started.elapsed() > until {
            break;
        }
    }
    Ok(took)
}
