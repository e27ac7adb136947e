//! Limits, pages, ranges and what is elsewhere.

use ldap3::adapters::{Adapter, EntriesOnly, PagedResults};
use ldap3::controls::{MakeCritical, PagedResults as Page};
use ldap3::{Ldap, Scope, SearchEntry, SearchOptions};

use super::super::Directory;
use super::client::{example, find, service};

const STAFF: &str = "cn=staff,ou=groups,dc=example,dc=com";

fn many(count: usize) -> Directory {
    (0..count).fold(example(), |directory, number| {
        let name = format!("user{number}");
        directory.entry(&format!("uid={name},ou=many,dc=example,dc=com"), [("uid", name)])
    })
}

async fn paged(ldap: &mut Ldap, size: i32) -> usize {
    let adapters: Vec<Box<dyn Adapter<'_, _, _>>> =
        vec![Box::new(EntriesOnly::new()), Box::new(PagedResults::new(size))];
    let mut stream = ldap
        .streaming_search_with(adapters, "ou=many,dc=example,dc=com", Scope::Subtree, "(uid=*)", vec!["uid"])
        .await
        .unwrap();
    let mut found = std::collections::HashSet::new();
    while let Some(entry) = stream.next().await.unwrap() {
        assert!(found.insert(SearchEntry::construct(entry).dn));
    }
    assert_eq!(stream.finish().await.rc, 0);
    found.len()
}

#[tokio::test]
async fn limits_end_a_search() {
    let directory = many(10).most_results(8).start().await;
    let mut ldap = service(&directory).await;
    let base = "ou=many,dc=example,dc=com";
    for (limit, code, found) in [(0, 4, 8), (3, 4, 3), (9, 4, 8)] {
        ldap.with_search_options(SearchOptions::new().sizelimit(limit));
        let (entries, result) = find(&mut ldap, base, Scope::Subtree, "(&)", &[]).await;
        assert_eq!((result, entries.len()), (code, found), "{limit}");
    }
    ldap.with_search_options(SearchOptions::new().sizelimit(1));
    assert_eq!(find(&mut ldap, base, Scope::Subtree, "(uid=user7)", &[]).await.1, 0);
}

#[tokio::test]
async fn pages_come_one_after_the_other() {
    let directory = many(25).most_results(8).start().await;
    let mut ldap = service(&directory).await;
    for (size, pages) in [(5, 5), (7, 4), (1000, 4)] {
        directory.forget();
        assert_eq!(paged(&mut ldap, size).await, 25);
        let asked = directory.searches();
        assert_eq!(asked.len(), pages);
        assert!(asked.iter().all(|search| search.page_size == usize::try_from(size).ok()));
    }
    ldap.with_controls(Page { size: 5, cookie: b"unknown".to_vec() });
    assert_eq!(find(&mut ldap, "ou=many,dc=example,dc=com", Scope::Subtree, "(&)", &[]).await.1, 53);
}

#[tokio::test]
async fn pages_may_be_unknown() {
    let directory = many(25).without_paging().start().await;
    let mut ldap = service(&directory).await;
    assert_eq!(paged(&mut ldap, 5).await, 25);
    ldap.with_controls(Page { size: 5, cookie: Vec::new() }.critical());
    assert_eq!(find(&mut ldap, "ou=many,dc=example,dc=com", Scope::Subtree, "(&)", &[]).await.1, 12);
}

#[tokio::test]
async fn many_values_come_in_ranges() {
    let members: Vec<String> =
        (0..3500).map(|number| format!("uid=user{number},dc=example,dc=com")).collect();
    let directory =
        example().entry(STAFF, [("cn", "staff")]).values("member", &members).most_values(1500).start().await;
    let mut ldap = service(&directory).await;
    let mut found = Vec::new();
    for (asked, shown) in [
        ("member", "member;range=0-1499"),
        ("member;range=1500-*", "member;range=1500-2999"),
        ("Member;Range=3000-*", "member;range=3000-*"),
    ] {
        let (mut entries, _) = find(&mut ldap, STAFF, Scope::Base, "(&)", &[asked]).await;
        found.extend(entries[0].attrs.remove(shown).unwrap());
        // Active Directory shows the attribute itself too, without a value.
        assert_eq!(entries[0].attrs.get("member").map(Vec::len), (asked == "member").then_some(0));
    }
    assert_eq!(found, members);
    let (entries, _) = find(&mut ldap, STAFF, Scope::Base, "(&)", &["member;range=4000-*"]).await;
    assert!(entries[0].attrs.is_empty());
    let (entries, _) = find(&mut ldap, STAFF, Scope::Base, "(&)", &["member;range=1-2"]).await;
    assert_eq!(entries[0].attrs["member;range=1-2"], members[1..3]);
}

#[tokio::test]
async fn what_is_elsewhere_is_said() {
    let url = "ldap://other.example.com/ou=far,dc=example,dc=com";
    let directory = example()
        .referral("ou=far,dc=example,dc=com", &[url])
        .referral_of_the_rest(&["ldap://root.example.com/"])
        .start()
        .await;
    let mut ldap = service(&directory).await;
    let found = ldap.search("dc=example,dc=com", Scope::Subtree, "(uid=alice)", vec!["uid"]).await.unwrap();
    assert_eq!((found.0.len(), found.1.rc, found.1.refs.as_slice()), (1, 0, &[url.to_owned()][..]));
    let found = ldap.search("cn=x,ou=far,dc=example,dc=com", Scope::Base, "(&)", vec!["uid"]).await.unwrap();
    assert_eq!((found.1.rc, found.1.refs.as_slice()), (10, &[url.to_owned()][..]));
    let found = ldap.search("dc=example,dc=org", Scope::Base, "(&)", vec!["uid"]).await.unwrap();
    assert_eq!((found.1.rc, found.1.refs.as_slice()), (10, &["ldap://root.example.com/".to_owned()][..]));
}
