//! The client, and a directory to ask.

use std::time::Duration;

use ldap3::{Ldap, LdapConnAsync, Scope, SearchEntry};

use super::super::{Directory, RunningDirectory};

pub(super) const SERVICE: &str = "cn=dockgate,dc=example,dc=com";
pub(super) const ALICE: &str = "uid=alice,ou=people,dc=example,dc=com";

pub(super) fn example() -> Directory {
    Directory::new()
        .entry(SERVICE, [("cn", "dockgate")])
        .password("service-password-1")
        .entry(ALICE, [("uid", "alice"), ("cn", "Alice  Liddell"), ("mail", "alice@example.com")])
        .values("entryUUID", ["11111111-2222-3333-4444-555555555555"])
        .password("alice-password-1")
        .entry("uid=bob,ou=people,dc=example,dc=com", [("uid", "bob"), ("cn", "Bob"), ("uidNumber", "1002")])
        .password("bob-password-1")
        .entry("cn=developers,ou=groups,dc=example,dc=com", [("cn", "developers"), ("member", ALICE)])
}

pub(super) async fn connect(directory: &RunningDirectory) -> Ldap {
    let (connection, ldap) = LdapConnAsync::new(&directory.url()).await.unwrap();
    tokio::spawn(connection.drive());
    ldap
}

pub(super) async fn service(directory: &RunningDirectory) -> Ldap {
    let mut ldap = connect(directory).await;
    assert_eq!(ldap.simple_bind(SERVICE, "service-password-1").await.unwrap().rc, 0);
    ldap
}

/// Names and attributes of what a search finds, and its result code.
pub(super) async fn find(
    ldap: &mut Ldap,
    base: &str,
    scope: Scope,
    filter: &str,
    attributes: &[&str],
) -> (Vec<SearchEntry>, u32) {
    let found = ldap.search(base, scope, filter, attributes.to_vec()).await.unwrap();
    (found.0.into_iter().map(SearchEntry::construct).collect(), found.1.rc)
}

/// The names that a filter finds in the whole directory.
pub(super) async fn names(ldap: &mut Ldap, filter: &str) -> Vec<String> {
    let (entries, code) = find(ldap, "dc=example,dc=com", Scope::Subtree, filter, &["1.1"]).await;
    assert_eq!(code, 0, "{filter}");
    assert!(entries.iter().all(|entry| entry.attrs.is_empty()));
    entries.into_iter().map(|entry| entry.dn).collect()
}

pub(super) async fn until(condition: impl Fn() -> bool) {
    let polls = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), polls).await.unwrap();
}
