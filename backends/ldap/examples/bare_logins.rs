//! What a login costs with the crate `ldap3` alone, on connections that stay: the yardstick of `benches/ldap.sh`.
//!
//! `bare_logins URL USERS CONNECTIONS SECONDS`: each connection searches as `cn=service,dc=example,dc=com` for one of
//! `user0`, `user1`, … and a second one binds as what it found.

mod timed;

use std::time::{Duration, Instant};

use ldap3::{Ldap, LdapConnAsync, Scope, SearchEntry};

use timed::{Course, Failure, tell};

/// What `ldap_auth` reads of an entry (`standing`, `subject`), so that the directory has the same to do.
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
    let course = Course::read()?;
    let mut workers = Vec::new();
    for number in 0..course.connections {
        let (service, user) = (connect(&course.directory).await?, connect(&course.directory).await?);
        workers.push(tokio::spawn(work(service, user, course.users_of(number), course.until)));
    }
    let (started, mut took) = (Instant::now(), Vec::new());
    for worker in workers {
        took.extend(worker.await??);
    }
    let elapsed = started.elapsed();
    tell(took, elapsed)
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
