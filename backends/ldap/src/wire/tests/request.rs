//! What is sent is what the crate ldap3 would send.

use std::os::unix::net::UnixStream;

use ldap3::controls::{PagedResults, RawControl};
use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, SearchOptions, StdStream};
use proptest::prelude::*;

use super::servers::request as sent;
use crate::wire::request::{self, Limits};
use crate::wire::{Scope, Search};

/// The first request of the crate.
fn of_the_crate<F: Future<Output = ()> + Send + 'static>(ask: impl FnOnce(Ldap) -> F) -> Vec<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (theirs, ours) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        let settings = LdapConnSettings::new().set_std_stream(StdStream::Unix(theirs));
        let (connection, ldap) = LdapConnAsync::with_settings(settings, "ldapi:///").await.unwrap();
        tokio::spawn(connection.drive());
        tokio::spawn(ask(ldap));
        sent(&mut tokio::net::UnixStream::from_std(ours).unwrap()).await.unwrap()
    })
}

fn filter() -> impl Strategy<Value = String> {
    let item = prop_oneof![
        "[a-z]{1,8}=[a-z]{0,9}",
        "[a-z]{1,8}=\\*",
        "[a-z]{1,8}=[a-z]{1,3}\\*[a-z]{1,3}\\*([a-z]{1,3})?",
        "[a-z]{1,8}(>=|<=|~=)[a-z\\\\]{0}[a-z0-9]{1,9}",
        "[a-z]{1,8}=\\\\[0-9a-f]{2}[ü-ÿ]{1,3}",
        "[a-z]{1,8}(:dn)?:1\\.2\\.840\\.113556\\.1\\.4\\.1941:=cn=[a-z]{1,200}",
    ];
    item.prop_map(|item| format!("({item})")).prop_recursive(4, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|list| format!("(&{})", list.concat())),
            prop::collection::vec(inner.clone(), 0..4).prop_map(|list| format!("(|{})", list.concat())),
            inner.prop_map(|one| format!("(!{one})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn binds(name in any::<String>(), password in any::<String>()) {
        let ours = request::bind(1, &name, &password, &request::control("1.2.3", None));
        let theirs = of_the_crate(|mut ldap| async move {
            let control = RawControl { ctype: "1.2.3".to_owned(), crit: false, val: None };
            let _ = ldap.with_controls(vec![control]).simple_bind(&name, &password).await;
        });
        prop_assert_eq!(ours, theirs);
    }

    #[test]
    fn searches(
        base in any::<String>(),
        filter in filter(),
        attributes in prop::collection::vec("[a-zA-Z;=0-9-]{1,20}", 0..9),
        (entries, seconds, size) in (0..=i32::MAX, 0..=i32::MAX, 0..=i32::MAX),
        cookie in prop::collection::vec(any::<u8>(), 0..300),
        (all, paged) in (any::<bool>(), any::<bool>()),
    ) {
        let scope = if all { Scope::Subtree } else { Scope::Base };
        let search = Search { base, scope, filter, attributes: attributes.into(), most: 1, paged };
        let limits = Limits { entries: entries.unsigned_abs(), seconds: seconds.unsigned_abs() };
        let page = request::page(size.unsigned_abs(), &cookie);
        let control = request::control("1.2.840.113556.1.4.319", Some(&page));
        let filter = request::filter(&search.filter).unwrap();
        let ours = request::search(1, &search, &filter, limits, if paged { &control } else { b"" });
        let theirs = of_the_crate(|mut ldap| async move {
            if paged {
                ldap.with_controls(PagedResults { size, cookie });
            }
            let scope = if all { ldap3::Scope::Subtree } else { ldap3::Scope::Base };
            ldap.with_search_options(SearchOptions::new().sizelimit(entries).timelimit(seconds));
            let _ = ldap.streaming_search(&search.base, scope, &search.filter, search.attributes.clone()).await;
        });
        prop_assert_eq!(ours, theirs);
    }
}
