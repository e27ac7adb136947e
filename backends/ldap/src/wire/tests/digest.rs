//! Whatever a server sends becomes entries as they were sent, or a failure that says what was wrong.

use proptest::prelude::*;
use tokio::io::{AsyncWriteExt as _, duplex};

use super::messages::{attribute, bound, control, done, element, entry, message, page, reference, result};
use super::servers::{over, request};
use super::{everything, secret, soon};
use crate::failure::Failure;
use crate::wire::Found;

/// What a connection makes of these bytes, and then the end.
fn digested(binds: bool, bytes: &[u8]) -> Result<Option<Found>, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, mut server) = duplex(1024 * 1024);
        let mut connection = over(client).await;
        let asked = tokio::spawn(async move {
            if binds {
                connection.bind("cn=x", &secret("pw"), soon()).await.map(|_| None)
            } else {
                connection.search(&everything(100, true), soon()).await.map(Some)
            }
        });
        request(&mut server).await.unwrap();
        server.write_all(bytes).await.unwrap();
        server.shutdown().await.unwrap();
        asked.await.expect("no panic here")
    })
}

fn ours(failure: &Failure) -> bool {
    match failure {
        Failure::Refused { .. } => true,
        Failure::Nonsense(text) => text.contains("the server"),
        Failure::Unreachable(text) => {
            text.contains("the server closed the connection")
                || text.contains("the server ended the connection")
        }
        Failure::Late(_) => false,
    }
}

fn answers() -> Vec<(bool, Vec<u8>)> {
    let values = [attribute(b"cn", &[b"Alice"]), attribute(b"guid", &[&[0xff, 0x80], b"x"])].concat();
    let referral = [result(10, "there"), element(0xa3, &element(4, b"ldap://b/"))].concat();
    let critical = control(
        "1.2.840.113556.1.4.319",
        &[element(1, &[0]), element(4, b"0\x05\x02\x01\x00\x04\x00")].concat(),
    );
    vec![
        (true, bound(1, 49, "80090308: data 52e")),
        (true, message(&[1], 0x61, &[result(14, ""), element(0x87, b"abc")].concat(), b"")),
        (true, message(&[1], 0x61, &referral, &element(0xa0, &critical))),
        (
            true,
            message(&[0], 0x78, &[result(52, "bye"), element(0x8a, b"1.3.6.1.4.1.1466.20036")].concat(), b""),
        ),
        (false, [entry(1, "uid=alice", &values), done(1, 0)].concat()),
        (false, [reference(1, "ldap://b/"), entry(1, "uid=b", b""), page(1, b"")].concat()),
        (false, message(&[1], 0x65, &referral, &element(0xa0, &critical))),
    ]
}

/// One change of bytes: where, as a share of the length; what; and with which byte.
type Change = (prop::sample::Index, u8, u8);

fn changed(mut bytes: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for (at, what, byte) in changes {
        if bytes.is_empty() {
            break;
        }
        let at = at.index(bytes.len());
        match what % 6 {
            0 => bytes[at] = *byte,
            1 => bytes[at] ^= 1 << (byte % 8),
            2 => bytes.insert(at, *byte),
            3 => drop(bytes.remove(at)),
            4 => bytes.truncate(at),
            _ => bytes[at] = bytes[at].wrapping_add(1),
        }
    }
    bytes
}

/// Any octets as an attribute has them; text now and then.
fn octets() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![prop::collection::vec(any::<u8>(), 0..20), any::<String>().prop_map(String::into_bytes)]
}

type Attributes = Vec<(String, Vec<Vec<u8>>)>;

fn attributes() -> impl Strategy<Value = Attributes> {
    prop::collection::vec(("[a-z]{1,8}(;[a-z0-9=-]{1,9})?", prop::collection::vec(octets(), 0..5)), 0..5)
}

#[test]
fn what_is_not_changed_is_taken() {
    for (number, (binds, bytes)) in answers().into_iter().enumerate() {
        let taken = digested(binds, &bytes);
        assert_eq!(taken.is_ok(), number != 3, "{number}: {taken:?}");
    }
}

proptest! {
    #[test]
    fn changed_answers_are_digested_or_refused(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec(any::<Change>(), 1..4),
    ) {
        let answers = answers();
        let (binds, bytes) = &answers[which.index(answers.len())];
        if let Err(failure) = digested(*binds, &changed(bytes.clone(), &changes)) {
            prop_assert!(ours(&failure), "{failure:?}");
        }
    }

    #[test]
    fn entries_arrive_as_they_were_sent(
        name in any::<String>(),
        attributes in attributes(),
        urls in prop::collection::vec(any::<String>(), 0..3),
        text in any::<String>(),
    ) {
        let written: Vec<u8> = attributes.iter().flat_map(|(name, values)| {
            let values: Vec<&[u8]> = values.iter().map(Vec::as_slice).collect();
            attribute(name.as_bytes(), &values)
        }).collect();
        let mut bytes = entry(1, &name, &written);
        bytes.extend(urls.iter().flat_map(|url| reference(1, url)));
        bytes.extend(message(&[1], 0x65, &result(0, &text), b""));
        let found = digested(false, &bytes).unwrap().unwrap();

        let mut expected = crate::entry::Entry::new(name);
        for (name, values) in attributes {
            expected.add(&name, values);
        }
        prop_assert_eq!(found.entries, vec![expected]);
        prop_assert_eq!(found.references, urls);
    }
}
