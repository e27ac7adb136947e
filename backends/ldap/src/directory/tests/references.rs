use dockgate_testkit::directory::Mood;

use super::*;

/// A directory with a part of its tree at another.
fn with_part_at(url: &str) -> Kit {
    kit().referral("ou=far,dc=example,dc=test", &[url])
}

fn carol() -> Kit {
    let far = "uid=carol,ou=far,dc=example,dc=test";
    Kit::new()
        .entry(SERVICE, [("cn", "dockgate")])
        .password("service-password")
        .entry(far, [("uid", "carol"), ("cn", "Carol")])
        .password("carol-password")
}

fn following(servers: &[&RunningDirectory]) -> Settings {
    Settings { referrals: Referrals::Follow, ..settings(servers) }
}

#[tokio::test]
async fn references_are_followed_by_the_service_account_if_asked() {
    let far = carol().start().await;
    let near = with_part_at(&format!("{}/ou=far,dc=example,dc=test??sub", far.url())).start().await;
    let world = World::new();
    let directory = started(&world, settings(&[&near]));
    assert!(names(&*directory, &call(), "carol").await.unwrap().is_empty());
    assert_eq!(far.connections_made(), 0);
    let directory = started(&world, following(&[&near]));
    for _ in 0..3 {
        assert_eq!(names(&*directory, &call(), "carol").await.unwrap(), ["Carol"]);
    }
    assert_eq!((far.connections_made(), far.binds().len()), (1, 1), "the connection is kept");
    let search = &far.searches()[0];
    assert_eq!((search.who.as_str(), search.base.as_str()), (SERVICE, "ou=far,dc=example,dc=test"));
    assert_eq!(search.filter, "(uid=carol)");
    assert_eq!(names(&*directory, &call(), "alice").await.unwrap(), ["Alice"]);
    // A user's password goes to no other host.
    let (_, session) = bind(&directory, ALICE, "alice-password").await.unwrap();
    assert!(names(&session, &call(), "carol").await.unwrap().is_empty());
    assert!(far.binds().iter().all(|bind| bind.name == SERVICE));
}

#[tokio::test]
async fn a_base_that_is_elsewhere_is_asked_there() {
    let far = carol().start().await;
    let near = with_part_at(&format!("{}/", far.url())).start().await;
    let (world, base) = (World::new(), "ou=far,dc=example,dc=test".to_owned());
    let directory = started(&world, following(&[&near]));
    let found = directory.search(&call(), &Search { base, ..of("carol") }).await.unwrap();
    assert_eq!(found.entries.len(), 1);
    assert!(found.references.is_empty());
}

#[tokio::test]
async fn a_reference_that_cannot_be_asked_is_an_error() {
    let far = carol().start().await;
    let near = with_part_at(&format!("{}/ou=far,dc=example,dc=test??sub", far.url())).start().await;
    let world = World::new();
    let directory = started(&world, following(&[&near]));
    far.stop().await;
    let error = names(&*directory, &call(), "alice").await.unwrap_err();
    assert!(matches!(&error, BackendError::Unavailable(text) if text.contains(&far.url())), "{error}");
    assert_eq!(directory.health(), dockgate_api::Health::Up, "our own servers are well");
    far.listen_again();
    until("it is back", || async { names(&*directory, &call(), "alice").await.is_ok() }).await;
    for url in ["http://example.test/", "ldap://127.0.0.1:1/o=x??one"] {
        let near = with_part_at(url).start().await;
        let directory = started(&world, following(&[&near]));
        let error = names(&*directory, &call(), "alice").await.unwrap_err();
        assert!(matches!(&error, BackendError::Protocol(text) if text.contains(url)), "{error}");
    }
}

#[tokio::test]
async fn an_entry_that_two_servers_hold_is_one() {
    let far = kit().start().await;
    let near = with_part_at(&format!("{}/dc=example,dc=test??sub", far.url())).start().await;
    let world = World::new();
    let directory = started(&world, following(&[&near]));
    assert_eq!(names(&*directory, &call(), "alice").await.unwrap(), ["Alice"]);
    assert_eq!(far.searches().len(), 1);
    // Others count, and more than asked for are said.
    far.add("uid=alice,ou=more,dc=example,dc=test", [("uid", "alice"), ("cn", "Alice")]);
    far.add("uid=alice,ou=most,dc=example,dc=test", [("uid", "alice"), ("cn", "Alice")]);
    let found = directory.search(&call(), &Search { most: 10, ..of("alice") }).await.unwrap();
    assert_eq!((found.entries.len(), found.more), (3, false));
    let found = directory.search(&call(), &of("alice")).await.unwrap();
    assert_eq!((found.entries.len(), found.more), (2, true));
}

/// Servers, each of which says that a part is at the next; the last says what it is told.
async fn chain(length: usize, last: Kit) -> Vec<RunningDirectory> {
    let mut servers = vec![last.start().await];
    for _ in 1..length {
        let url = format!("{}/", servers[0].url());
        servers.insert(0, with_part_at(&url).start().await);
    }
    servers
}

#[tokio::test]
async fn three_hops_are_gone_and_no_fourth() {
    let base = || "ou=far,dc=example,dc=test".to_owned();
    for (length, works) in [(4, true), (5, false)] {
        let (world, servers) = (World::new(), chain(length, carol()).await);
        let directory = started(&world, following(&[&servers[0]]));
        let found = directory.search(&call(), &Search { base: base(), ..of("carol") }).await;
        assert_eq!(found.is_ok(), works, "{found:?}");
        assert_eq!(servers[length - 1].searches().len(), usize::from(works));
    }
}

#[tokio::test]
async fn references_that_go_in_a_circle_are_asked_once() {
    // Without a host: where it came from. There the part is said to be there again.
    let circle = with_part_at("ldap:///OU=far,dc=example,dc=test??SUB").start().await;
    let world = World::new();
    let directory = started(&world, following(&[&circle]));
    finds_alice(&directory).await;
    assert_eq!(circle.searches().len(), 2);
    circle.forget();
    let near = with_part_at(&format!("{}/", circle.url())).start().await;
    let directory = started(&world, following(&[&near]));
    assert_eq!(names(&*directory, &call(), "alice").await.unwrap(), ["Alice"]);
    assert_eq!((near.searches().len(), circle.searches().len()), (1, 2));
}

#[tokio::test]
async fn ten_references_are_asked_and_no_more() {
    let part = |number| format!("ou=part{number},dc=example,dc=test");
    let far = (0..11).fold(carol(), |far, number| far.base(&part(number))).start().await;
    for (number, works) in [(10, true), (11, false)] {
        let urls: Vec<_> = (0..number).map(|number| format!("{}/{}??sub", far.url(), part(number))).collect();
        let urls: Vec<_> = urls.iter().map(String::as_str).collect();
        let near = kit().referral("ou=far,dc=example,dc=test", &urls).start().await;
        let world = World::new();
        let directory = started(&world, following(&[&near]));
        far.forget();
        assert_eq!(directory.search(&call(), &of("alice")).await.is_ok(), works);
        assert_eq!(far.searches().len(), 10);
    }
}

#[tokio::test]
async fn whoever_has_a_part_of_the_tree_speaks_for_no_other_part() {
    // Somebody of ours by name, whose password they know, and by attributes somebody else.
    let entry = |dn: &str| {
        let name = element(0x04, dn.as_bytes());
        let values = element(0x31, &element(0x04, b"Admin"));
        let attribute = element(0x30, &[element(0x04, b"cn"), values].concat());
        let entry = element(0x64, &[name, element(0x30, &attribute)].concat());
        let done = b"\x30\x0c\x02\x01\x02\x65\x07\x0a\x01\x00\x04\x00\x04\x00".to_vec();
        [element(0x30, &[b"\x02\x01\x02".to_vec(), entry].concat()), done].concat()
    };
    for (dn, is_taken) in [
        ("uid=carol,ou=far,dc=example,dc=test", true),
        ("UID=carol, OU=Far,DC=example,DC=test", true),
        (ALICE, false),
        ("uid=carol,ou=other,dc=example,dc=test", false),
        ("no name", false),
    ] {
        let far = carol().start().await;
        let near = with_part_at(&format!("{}/ou=far,dc=example,dc=test??sub", far.url())).start().await;
        far.mood_of_searches(Mood::Raw(entry(dn)));
        let directory = started(&World::new(), following(&[&near]));
        match names(&*directory, &call(), "carol").await {
            Ok(names) => assert!(is_taken && names == ["Admin"], "{dn}: {names:?}"),
            Err(error) => {
                let said = matches!(&error, BackendError::Protocol(text) if text.contains("ou=far"));
                assert!(!is_taken && said, "{dn}: {error}");
            }
        }
    }
}

#[tokio::test]
async fn a_reference_says_where_and_not_what() {
    // Whoever may write references below the groups' base would put everybody into all of them.
    let far = carol().start().await;
    for (filter, is_asked) in [("(uid=carol)", true), ("(objectClass=*)", false)] {
        let url = format!("{}/ou=far,dc=example,dc=test??sub?{filter}", far.url());
        let near = with_part_at(&url).start().await;
        let directory = started(&World::new(), following(&[&near]));
        assert_eq!(names(&*directory, &call(), "carol").await.is_ok(), is_asked, "{filter}");
    }
    assert_eq!(far.searches().len(), 1);
}

#[tokio::test]
async fn another_server_sends_nobody_beyond_its_part() {
    for (base, is_asked) in
        [("ou=deep,ou=far,dc=example,dc=test", true), ("ou=people,dc=example,dc=test", false)]
    {
        let last = kit().base("ou=deep,ou=far,dc=example,dc=test").start().await;
        let url = format!("{}/{base}??sub", last.url());
        let far = carol().referral("ou=deep,ou=far,dc=example,dc=test", &[&url]).start().await;
        let near = with_part_at(&format!("{}/ou=far,dc=example,dc=test??sub", far.url())).start().await;
        let directory = started(&World::new(), following(&[&near]));
        assert_eq!(names(&*directory, &call(), "carol").await.is_ok(), is_asked, "{base}");
        assert_eq!(last.searches().len(), usize::from(is_asked), "{base}");
    }
}

fn element(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = u8::try_from(contents.len()).unwrap();
    assert!(length < 0x80);
    [&[tag, length], contents].concat()
}
