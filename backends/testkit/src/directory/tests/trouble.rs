//! Moods, connections that end, changes while it runs, and clients that are broken.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use ldap3::{Ldap, LdapConnAsync, Scope};
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::super::ber;
use super::super::message::Message;
use super::super::{Answer, Mood, RunningDirectory};
use super::client::{ALICE, SERVICE, connect, example, find, names, service, until};

const PATIENCE: Duration = Duration::from_secs(20);
/// Long enough for what should not happen to happen.
const A_MOMENT: Duration = Duration::from_millis(50);
/// An anonymous bind of version 3 with the message identifier 1.
const BIND: [u8; 14] = [0x30, 12, 2, 1, 1, 0x60, 7, 2, 1, 3, 4, 0, 0x80, 0];
const BOUND: [u8; 14] = [0x30, 12, 2, 1, 1, 0x61, 7, 10, 1, 0, 4, 0, 4, 0];

/// What comes back until the connection ends.
async fn answered(directory: &RunningDirectory, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(directory.addr).await?;
    stream.write_all(bytes).await?;
    let mut answer = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap()?;
    Ok(answer)
}

async fn can_search(ldap: &mut Ldap) -> bool {
    ldap.with_timeout(PATIENCE);
    ldap.search(ALICE, Scope::Base, "(uid=*)", vec!["uid"]).await.is_ok_and(|found| found.1.rc == 0)
}

#[tokio::test]
async fn answers_may_fail_to_come() {
    let directory = example().start().await;
    let mut ldap = service(&directory).await;
    directory.mood(Mood::Silent);
    ldap.with_timeout(A_MOMENT);
    assert!(ldap.search(ALICE, Scope::Base, "(uid=*)", vec!["uid"]).await.is_err());
    directory.mood(Mood::Well);
    assert!(can_search(&mut ldap).await);
    for mood in [Mood::HangUp, Mood::Cut, Mood::Notice] {
        let mut ldap = service(&directory).await;
        directory.mood_of_searches(mood);
        assert!(!can_search(&mut ldap).await);
        // Binds are no searches.
        let mut ldap = service(&directory).await;
        directory.mood_of_searches(Mood::Well);
        assert!(can_search(&mut ldap).await);
    }
    assert_eq!(directory.searches().len(), 8);
}

#[tokio::test]
async fn answers_may_be_others() {
    let directory = example().start().await;
    directory.mood_of_binds(Mood::Result(Answer::code(51).text("busy")));
    let mut ldap = connect(&directory).await;
    let result = ldap.simple_bind(ALICE, "alice-password-1").await.unwrap();
    assert_eq!((result.rc, result.text.as_str(), directory.binds()[0].code), (51, "busy", 0));
    directory.mood(Mood::Result(Answer::code(52)));
    assert_eq!(find(&mut ldap, ALICE, Scope::Base, "(&)", &[]).await.1, 52);
    directory.mood(Mood::OtherMessage);
    ldap.with_timeout(A_MOMENT);
    assert!(ldap.simple_bind(ALICE, "alice-password-1").await.is_err());

    directory.mood(Mood::Well);
    directory.mood_of_binds(Mood::Well);
    let unbind = [0x30, 5, 2, 1, 2, 0x42, 0];
    assert_eq!(answered(&directory, &[&BIND[..], &unbind].concat()).await.unwrap(), BOUND);
    directory.mood(Mood::Raw(b"nonsense".to_vec()));
    assert_eq!(answered(&directory, &[&BIND[..], &unbind].concat()).await.unwrap(), b"nonsense");
    directory.mood(Mood::Cut);
    assert_eq!(answered(&directory, &BIND).await.unwrap(), BOUND[..7]);
}

#[tokio::test]
async fn answers_may_be_late_and_given_up() {
    let directory = example().start().await;
    let mut ldap = service(&directory).await;
    let delay = Duration::from_millis(80);
    directory.mood(Mood::Late(delay));
    let begun = Instant::now();
    assert!(can_search(&mut ldap).await);
    assert!(begun.elapsed() >= delay);
    // The connection goes on reading while an answer waits.
    directory.mood(Mood::Late(Duration::from_secs(3600)));
    let mut stream = ldap.streaming_search(ALICE, Scope::Base, "(uid=*)", vec!["uid"]).await.unwrap();
    let id = stream.ldap_handle().last_id();
    ldap.abandon(id).await.unwrap();
    until(|| directory.abandoned() == [u32::try_from(id).unwrap()]).await;
}

#[tokio::test]
async fn connections_end_and_come_back() {
    let directory = example().start().await;
    let mut first = service(&directory).await;
    let mut second = service(&directory).await;
    assert_eq!((directory.connections_open(), directory.connections_made()), (2, 2));
    first.unbind().await.unwrap();
    until(|| directory.connections_open() == 1).await;
    directory.close_connections();
    assert!(!can_search(&mut second).await);
    let mut third = service(&directory).await;
    directory.stop_listening().await;
    assert!(LdapConnAsync::new(&directory.url()).await.is_err());
    assert!(can_search(&mut third).await);
    directory.stop().await;
    assert!(!can_search(&mut third).await);
    until(|| directory.connections_open() == 0).await;
    assert_eq!(TcpStream::connect(directory.addr).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    directory.listen_again();
    directory.listen_again();
    assert!(can_search(&mut service(&directory).await).await);
    assert_eq!(directory.connections_made(), 4);

    let addr = directory.addr;
    let mut last = service(&directory).await;
    drop(directory);
    assert!(!can_search(&mut last).await);
    assert_eq!(TcpStream::connect(addr).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn entries_change() {
    let directory = example().start().await;
    let mut ldap = service(&directory).await;
    let mut other = connect(&directory).await;
    directory.set(ALICE, "cn", ["Alice Pleasance"]);
    assert_eq!(names(&mut ldap, "(cn=alice pleasance)").await, [ALICE]);
    directory.set(ALICE, "mail", [""; 0]);
    assert!(names(&mut ldap, "(mail=*)").await.is_empty());
    directory.set_password(ALICE, "alice-password-2");
    assert_eq!(other.simple_bind(ALICE, "alice-password-1").await.unwrap().rc, 49);
    assert_eq!(other.simple_bind(ALICE, "alice-password-2").await.unwrap().rc, 0);
    directory.on_bind(ALICE, Answer::active_directory("533"));
    assert_eq!(other.simple_bind(ALICE, "alice-password-2").await.unwrap().rc, 49);
    directory.add("uid=carol,ou=people,dc=example,dc=com", [("uid", "carol")]);
    assert_eq!(names(&mut ldap, "(uid=carol)").await.len(), 1);
    for dn in ["uid=carol,ou=people,dc=example,dc=com", "uid=bob,ou=people,dc=example,dc=com", ALICE] {
        assert!(directory.has(dn));
        directory.remove(dn);
        assert!(!directory.has(dn));
    }
    let (entries, code) = find(&mut ldap, "ou=people,dc=example,dc=com", Scope::Subtree, "(&)", &[]).await;
    assert_eq!((entries.len(), code), (0, 0));
    assert_eq!(find(&mut ldap, ALICE, Scope::Base, "(&)", &[]).await.1, 32);
    assert_eq!(directory.searches()[0].who, SERVICE);
    directory.forget();
    assert!(directory.searches().is_empty() && directory.binds().is_empty());
}

#[tokio::test]
async fn a_broken_client_breaks_its_own_connection() {
    let directory = example().start().await;
    let mut good = service(&directory).await;
    // Deeper than a stack, if it were read without a bound.
    let deep = (0..100_000_u32).fold(vec![0, 0x05], |mut inner: Vec<u8>, _| {
        // Written from the inside out, and turned round at the end.
        let [_, high, middle, low] = u32::try_from(inner.len()).unwrap().to_be_bytes();
        inner.extend([low, middle, high, 0x83, 0x30]);
        inner
    });
    let deep: Vec<u8> = deep.into_iter().rev().collect();
    for bytes in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        // A length of gigabytes, one of no length, one of too many octets, a tag of several octets.
        &[0x30, 0x84, 0x7f, 0xff, 0xff, 0xff],
        &[0x30, 0x80, 0, 0],
        &[0x30, 0x89, 1, 1, 1, 1, 1, 1, 1, 1, 1],
        &[0x3f, 0x81, 0x01, 0],
        &[0x30, 0],
        &deep,
    ] {
        // Closed without a word, politely or not.
        assert!(answered(&directory, bytes).await.map_or(true, |answer| answer.is_empty()));
    }
    let mut half = TcpStream::connect(directory.addr).await.unwrap();
    half.write_all(&BIND[..9]).await.unwrap();
    assert!(timeout(A_MOMENT, half.read_u8()).await.is_err());
    half.write_all(&BIND[9..]).await.unwrap();
    let mut answer = [0; 14];
    half.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, BOUND);
    assert!(can_search(&mut good).await);
}

proptest! {
    #[test]
    fn bytes_are_a_message_or_none(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut buffer = bytes::BytesMut::from(&bytes[..]);
        while let Ok(Some(tag)) = ber::take(&mut buffer) {
            let _message = Message::read(tag);
        }
    }

    #[test]
    fn a_message_with_a_wrong_octet_is_no_trouble(place in 0..BIND.len(), octet: u8) {
        let mut bytes = BIND;
        bytes[place] = octet;
        if let Ok(Some(tag)) = ber::take(&mut bytes::BytesMut::from(&bytes[..])) {
            let _message = Message::read(tag);
        }
    }

    #[test]
    fn numbers_are_read_as_they_were_written(number: u32) {
        prop_assert_eq!(ber::number(&ber::integer_octets(number)), Ok(number));
    }
}
