//! Questions and answers over one connection.

use std::time::{Duration, Instant};

use dockgate_api::secrecy::SecretString;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

use super::messages::{attribute, bound, done, element, entry, message, notice, page, reference, result};
use super::servers::{answering, id, over};
use super::{everything, secret, soon};
use crate::failure::Failure;

/// So many entries, numbered from `first` on.
fn entries(id: u8, first: usize, count: usize) -> Vec<u8> {
    let attributes = attribute(b"cn", &[b"x"]);
    (first..first + count).flat_map(|number| entry(id, &format!("uid=u{number}"), &attributes)).collect()
}

fn some(id: u8, count: usize, end: &[u8]) -> Vec<u8> {
    [entries(id, 0, count), end.to_vec()].concat()
}

async fn gone(mut usable: impl FnMut() -> bool) {
    let end = soon();
    while usable() {
        assert!(Instant::now() < end, "nobody noticed");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn a_bind_brings_the_code_the_text_and_the_controls() {
    let control = super::messages::control(
        "1.3.6.1.4.1.42.2.27.8.5.1",
        &[element(1, &[0]), element(4, b"\x30\x00")].concat(),
    );
    let answer = message(&[1], 0x61, &result(49, "data 52e\0"), &element(0xa0, &control));
    let (mut connection, seen) = answering(move |_, _| (answer.clone(), true)).await;
    let answer = connection.bind("uid=alice", &secret("canary"), soon()).await.unwrap();
    assert_eq!((answer.code, answer.text.as_str()), (49, "data 52e"));
    assert_eq!(answer.controls, [("1.3.6.1.4.1.42.2.27.8.5.1".to_owned(), Some(b"\x30\x00".to_vec()))]);
    assert!(connection.is_usable());
    let request = seen.lock().unwrap().remove(0);
    let policy = element(0xa0, &super::messages::control("1.3.6.1.4.1.42.2.27.8.5.1", b""));
    assert!(request.ends_with(&policy), "not critical, without a value: {request:02x?}");
}

#[tokio::test]
async fn nothing_is_sent_without_a_name_or_a_password() {
    let (mut connection, seen) = answering(|_, request| (bound(id(request), 0, ""), true)).await;
    for (name, password) in [("uid=alice", ""), ("", ""), ("", "canary")] {
        let failure = connection.bind(name, &SecretString::from(password.to_owned()), soon()).await;
        assert!(matches!(&failure, Err(Failure::Nonsense(text)) if !text.contains("canary")), "{failure:?}");
    }
    assert!(seen.lock().unwrap().is_empty() && connection.is_usable());
    assert_eq!(connection.bind("uid=alice", &secret("pw"), soon()).await.unwrap().code, 0);
}

#[tokio::test]
async fn there_are_more_entries_than_were_asked_for() {
    for (most, count, code, kept, more, usable) in [
        (2, 2, 0, 2, false, true),
        (2, 3, 0, 2, true, true),
        (2, 3, 4, 2, true, true),
        // The server's own limit.
        (5, 3, 4, 3, true, true),
        // A server without limits: nobody waits for its end.
        (2, 9, 0, 2, true, false),
        (0, 1, 0, 0, true, true),
    ] {
        let (mut connection, seen) = answering(move |_, _| (some(1, count, &done(1, code)), true)).await;
        let found = connection.search(&everything(most, false), soon()).await.unwrap();
        let case = format!("{most} of {count}, code {code}");
        assert_eq!((found.entries.len(), found.more), (kept, more), "{case}");
        assert_eq!(connection.is_usable(), usable, "{case}");
        let limit = [2, 1, u8::try_from(most + 1).unwrap()];
        let request = seen.lock().unwrap().remove(0);
        assert!(request.windows(3).any(|part| part == limit), "{case}: {request:02x?}");
    }
}

#[tokio::test]
async fn pages_are_asked_for_until_the_last() {
    // The same cookie each time, as 389-ds has it; the second page is empty.
    let (mut connection, seen) = answering(|number, request| {
        let id = id(request);
        let last = if number < 3 { b"7".as_slice() } else { b"" };
        let cookie = if number == 1 { b"8" } else { last };
        (some(id, if number == 1 { 0 } else { 2 }, &page(id, cookie)), true)
    })
    .await;
    let found = connection.search(&everything(100, true), soon()).await.unwrap();
    assert_eq!((found.entries.len(), found.more), (6, false));
    assert!(connection.is_usable());
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 4);
    let expected = [(100, b"".as_slice()), (99, b"7"), (99, b"8"), (97, b"7")];
    for (request, (size, cookie)) in seen.iter().zip(expected) {
        let value = element(0x30, &[element(2, &[size]), element(4, cookie)].concat());
        assert!(request.ends_with(&element(4, &value)), "{request:02x?}");
    }
}

#[tokio::test]
async fn a_page_more_shows_whether_there_is_more() {
    for (pages, entries, more) in [(2, 3, true), (1, 2, false)] {
        let (mut connection, seen) = answering(move |number, request| {
            let id = id(request);
            let cookie = if number + 1 < pages { b"next".as_slice() } else { b"" };
            (some(id, 2 - number.min(1), &page(id, cookie)), true)
        })
        .await;
        let found = connection.search(&everything(2, true), soon()).await.unwrap();
        assert_eq!((found.entries.len(), found.more), (2, more), "{entries}");
        assert_eq!(seen.lock().unwrap().len(), pages);
        assert!(connection.is_usable());
    }
}

#[tokio::test]
async fn pages_without_end_are_given_up() {
    let same = |_: usize, request: &[u8]| (page(id(request), b"same"), true);
    let (mut connection, seen) = answering(same).await;
    let failure = connection.search(&everything(100, true), soon()).await.unwrap_err();
    assert!(failure.to_string().contains("do not come to an end"), "{failure}");
    assert_eq!(seen.lock().unwrap().len(), 2);
    assert!(!connection.is_usable());

    let other = |number: usize, request: &[u8]| (page(id(request), &[u8::try_from(number).unwrap()]), true);
    let (mut connection, seen) = answering(other).await;
    assert!(connection.search(&everything(100, true), soon()).await.is_err());
    assert_eq!(seen.lock().unwrap().len(), 21);

    // Always the first page: no more than was asked for is kept.
    let first = |_: usize, request: &[u8]| (some(id(request), 10, &page(id(request), b"same")), true);
    let (mut connection, seen) = answering(first).await;
    let found = connection.search(&everything(95, true), soon()).await.unwrap();
    assert_eq!((found.entries.len(), found.more), (95, true));
    assert_eq!(seen.lock().unwrap().len(), 10);
}

#[tokio::test]
async fn a_page_without_its_place_is_nonsense() {
    for value in [b"".as_slice(), b"\x30\x00", b"\x30\x03\x02\x01\x00", b"\x04\x00", b"\x30\x80"] {
        let control = super::messages::control("1.2.840.113556.1.4.319", &element(4, value));
        let answer = message(&[1], 0x65, &result(0, ""), &element(0xa0, &control));
        let (mut connection, _) = answering(move |_, _| (answer.clone(), true)).await;
        let failure = connection.search(&everything(100, true), soon()).await.unwrap_err();
        assert!(matches!(&failure, Failure::Nonsense(text) if text.contains("page")), "{failure:?}");
        assert!(!connection.is_usable());
    }
}

#[tokio::test]
async fn references_are_collected_and_other_codes_are_failures() {
    let referral = [result(10, ""), element(0xa3, &element(4, b"ldap://c/"))].concat();
    let answer = [reference(1, "ldap://b/"), message(&[1], 0x65, &referral, b"")].concat();
    let (mut connection, _) = answering(move |_, _| (answer.clone(), true)).await;
    let found = connection.search(&everything(1, false), soon()).await.unwrap();
    assert_eq!(found.references, ["ldap://b/", "ldap://c/"]);
    assert!(connection.is_usable());

    let answer = message(&[1], 0x65, &result(32, "not\nhere"), b"");
    let (mut connection, _) = answering(move |_, _| (answer.clone(), true)).await;
    let failure = connection.search(&everything(1, false), soon()).await.unwrap_err();
    assert_eq!(failure, Failure::Refused { code: 32, text: "not here".to_owned() });
    assert!(connection.is_usable());
}

#[tokio::test]
async fn a_filter_that_is_none_is_not_sent() {
    let (mut connection, seen) = answering(|_, request| (done(id(request), 0), true)).await;
    let mut search = everything(1, false);
    search.filter = "(uid=alice".to_owned();
    assert!(matches!(connection.search(&search, soon()).await, Err(Failure::Nonsense(_))));
    assert!(seen.lock().unwrap().is_empty() && connection.is_usable());
}

#[tokio::test]
async fn who_does_not_answer_in_time_is_not_asked_again() {
    let (mut connection, seen) = answering(|_, _| (Vec::new(), true)).await;
    let failure = connection.bind("uid=a", &secret("pw"), Instant::now() + Duration::from_millis(20)).await;
    assert!(matches!(&failure, Err(Failure::Late(text)) if text.contains("localhost:389")), "{failure:?}");
    assert!(!connection.is_usable());
    assert!(connection.search(&everything(1, false), soon()).await.is_err());
    assert_eq!(seen.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn an_answer_that_nobody_waited_for_makes_a_connection_unusable() {
    let (mut connection, _) = answering(|_, _| (Vec::new(), true)).await;
    let (name, password) = ("uid=a", secret("pw"));
    let asked = connection.bind(name, &password, soon());
    assert!(tokio::time::timeout(Duration::from_millis(10), asked).await.is_err());
    assert!(!connection.is_usable());
}

#[tokio::test]
async fn what_came_before_the_end_counts() {
    let (mut connection, _) = answering(|_, _| ([bound(1, 0, ""), notice("bye")].concat(), false)).await;
    assert_eq!(connection.bind("uid=a", &secret("pw"), soon()).await.unwrap().code, 0);
    gone(|| connection.is_usable()).await;
    let failure = connection.bind("uid=a", &secret("pw"), soon()).await.unwrap_err();
    let text = "ldap://localhost:389: the server ended the connection (result code 52): bye";
    assert_eq!(failure, Failure::Unreachable(text.to_owned()));
}

#[tokio::test]
async fn the_reason_of_the_end_is_told() {
    for (answer, reason) in [
        (Vec::new(), "the server closed the connection"),
        (bound(1, 0, "")[..9].to_vec(), "the server closed the connection"),
        (notice("for maintenance"), "the server ended the connection (result code 52): for maintenance"),
        (bound(7, 0, ""), "the server sent an answer that nobody asked for"),
        (b"HTTP/1.1 200 OK".to_vec(), "the server does not speak LDAP"),
    ] {
        let (mut connection, _) = answering(move |_, _| (answer.clone(), false)).await;
        let failure = connection.bind("uid=a", &secret("pw"), soon()).await.unwrap_err();
        assert_eq!(failure.to_string(), format!("ldap://localhost:389: {reason}"));
        assert!(!connection.is_usable());
    }
}

#[tokio::test]
async fn whoever_closes_an_idle_connection_is_noticed() {
    let (client, server) = duplex(1024);
    let connection = over(client).await;
    assert!(connection.is_usable());
    drop(server);
    gone(|| connection.is_usable()).await;

    let (client, mut server) = duplex(1024);
    let connection = over(client).await;
    server.write_all(&bound(1, 0, "")).await.unwrap();
    gone(|| connection.is_usable()).await;
}

#[tokio::test]
async fn a_dropped_connection_is_closed_at_once() {
    let (client, mut server) = duplex(1024);
    drop(over(client).await);
    let mut rest = Vec::new();
    assert_eq!(server.read_to_end(&mut rest).await.unwrap(), 0);
}

#[tokio::test]
async fn a_server_that_does_not_read_holds_nobody() {
    let (client, mut server) = duplex(16);
    let mut connection = over(client).await;
    let asked = connection.search(&everything(1, false), Instant::now() + Duration::from_millis(20)).await;
    assert!(matches!(asked, Err(Failure::Late(_))));
    drop(connection);
    // What was written waits to be read; there is just nobody any more who would read an answer.
    let gone = async { while server.write(b"x").await.is_ok() {} };
    tokio::time::timeout_at(soon().into(), gone).await.unwrap();
}

#[tokio::test]
async fn a_flood_ends_the_connection() {
    let large = attribute(b"jpegPhoto", &[&vec![0; 1024 * 1024]]);
    let answer = entry(1, "uid=a", &large).repeat(40);
    let (mut connection, _) = answering(move |_, _| (answer.clone(), true)).await;
    let failure = connection.search(&everything(1000, false), soon()).await.unwrap_err();
    assert!(failure.to_string().contains("more than 33554432 bytes"), "{failure}");
    // Page by page it is the same.
    let (mut connection, _) = answering(move |_, request| {
        let id = id(request);
        ([entry(id, "uid=a", &large), page(id, b"next")].concat(), true)
    })
    .await;
    let failure = connection.search(&everything(1000, true), soon()).await.unwrap_err();
    assert!(failure.to_string().contains("too much to be read"), "{failure}");
}
