//! What the guard lets through, and what not.

use proptest::prelude::*;

use super::messages::{
    BIND, SEARCH, attribute, bound, control, done, element, entry, message, notice,
    notice_of_active_directory, page, reference, result,
};
use crate::failure::Failure;
use crate::wire::guard::Guard;

/// Where the request was sent that has the id 1.
fn waiting(request: &[u8]) -> Guard {
    let mut guard = Guard::default();
    assert_eq!(guard.request(request), Ok(Some(request.len())));
    guard
}

fn refused(request: &[u8], answer: &[u8]) -> Failure {
    waiting(request).answer(answer).unwrap_err()
}

fn alice() -> Vec<u8> {
    let values = [attribute(b"cn", &[b"Alice"]), attribute(b"objectGUID", &[&[0xff, 0], b""])].concat();
    entry(1, "uid=alice", &values)
}

fn good() -> Vec<(&'static [u8], Vec<u8>)> {
    let referral = [result(10, ""), element(0xa3, &element(4, b"ldap://b/"))].concat();
    let credentials = [result(14, ""), element(0x87, b"")].concat();
    let critical = element(0xa0, &control("1.2.3", &[element(1, &[0xff]), element(4, b"v")].concat()));
    vec![
        (BIND, bound(1, 49, "80090308: data 52e\0")),
        (BIND, message(&[1], 0x61, &credentials, b"")),
        (BIND, message(&[1], 0x61, &referral, b"")),
        (BIND, message(&[1], 0x61, &result(0, ""), &critical)),
        (BIND, message(&[1], 0x61, &result(0, ""), &element(0xa0, &control("1.2.3", b"")))),
        (SEARCH, alice()),
        (SEARCH, entry(1, "", b"")),
        (SEARCH, entry(1, "dc=x", &attribute(b"cn", &[]))),
        (SEARCH, reference(1, "ldap://b/dc=x??sub")),
        (SEARCH, done(1, 32)),
        (SEARCH, page(1, b"cookie")),
        (SEARCH, message(&[1], 0x65, &referral, b"")),
        // Lengths as Active Directory writes them.
        (
            BIND,
            b"\x30\x84\x00\x00\x00\x10\x02\x01\x01\x61\x84\x00\x00\x00\x07\x0a\x01\x00\x04\x00\x04\x00"
                .to_vec(),
        ),
    ]
}

#[test]
fn whole_answers_pass_wherever_the_parts_that_they_come_in_end() {
    for (request, answer) in good() {
        for length in 0..answer.len() {
            let part = waiting(request).answer(&answer[..length]);
            assert_eq!(part, Ok(None), "{length} bytes of {answer:02x?}");
        }
        assert_eq!(waiting(request).answer(&answer), Ok(Some(answer.len())), "{answer:02x?}");
        let longer = [answer.clone(), answer.clone()].concat();
        assert_eq!(waiting(request).answer(&longer), Ok(Some(answer.len())), "{answer:02x?}");
    }
}

/// What it is, the request before, and the bytes.
type Bad = (&'static str, &'static [u8], Vec<u8>);

fn refused_each(bad: Vec<Bad>) {
    for (what, request, answer) in bad {
        let failure = waiting(request).answer(&answer);
        assert!(matches!(failure, Err(Failure::Nonsense(_))), "{what}: {failure:?}");
    }
}

#[test]
fn what_is_no_message_or_not_the_one_that_was_asked_for_is_refused() {
    refused_each(vec![
        (
            "an indefinite length",
            BIND,
            b"\x30\x80\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00\0\0".to_vec(),
        ),
        ("one within", BIND, b"\x30\x0e\x02\x01\x01\x61\x80\x0a\x01\x00\x04\x00\x04\x00\0\0".to_vec()),
        ("a length of five octets", BIND, b"\x30\x85\x00\x00\x00\x00\x0c".to_vec()),
        ("a length of 126 octets", BIND, b"\x30\xfe".to_vec()),
        ("a length beyond the bound", BIND, b"\x30\x84\xff\xff\xff\xff".to_vec()),
        (
            "a part longer than the whole",
            BIND,
            b"\x30\x0c\x02\x01\x01\x61\x08\x0a\x01\x00\x04\x00\x04\x00".to_vec(),
        ),
        ("nothing", BIND, element(0x30, b"")),
        ("an id alone", BIND, element(0x30, &element(2, &[1]))),
        ("no id", BIND, element(0x30, &element(0x61, &result(0, "")))),
        ("no sequence", BIND, element(0x31, b"")),
        ("no LDAP", BIND, b"HTTP/1.1 400 Bad Request\r\n".to_vec()),
        ("an id without octets", BIND, message(&[], 0x61, &result(0, ""), b"")),
        ("an id with too many octets", BIND, message(&[0, 1], 0x61, &result(0, ""), b"")),
        ("a negative id", BIND, message(&[0xff], 0x61, &result(0, ""), b"")),
        ("a long id", BIND, message(&[1, 0, 0, 0, 1], 0x61, &result(0, ""), b"")),
        ("another id", BIND, bound(2, 0, "")),
        ("an entry for a bind", BIND, alice()),
        ("the end of a search for a bind", BIND, done(1, 0)),
        ("a bind for a search", SEARCH, bound(1, 0, "")),
        ("an extended answer", SEARCH, message(&[1], 0x78, &result(0, ""), b"")),
        ("an intermediate answer", SEARCH, message(&[1], 0x79, b"", b"")),
        ("a request", BIND, BIND.to_vec()),
        (
            "a tag of more octets",
            BIND,
            b"\x30\x0d\x02\x01\x01\x7f\x61\x07\x0a\x01\x00\x04\x00\x04\x00".to_vec(),
        ),
        ("a primitive answer", BIND, message(&[1], 0x41, &result(0, ""), b"")),
    ]);
}

#[test]
fn what_is_no_result_is_refused() {
    let text = |tag, bytes: &[u8]| [element(10, &[0]), element(4, b""), element(tag, bytes)].concat();
    refused_each(vec![
        ("no result code", BIND, message(&[1], 0x61, &[element(4, b""), element(4, b"")].concat(), b"")),
        (
            "a result code of another kind",
            BIND,
            message(&[1], 0x61, &[element(2, &[0]), element(4, b""), element(4, b"")].concat(), b""),
        ),
        (
            "a result code without octets",
            BIND,
            message(&[1], 0x61, &[element(10, &[]), element(4, b""), element(4, b"")].concat(), b""),
        ),
        ("no text", BIND, message(&[1], 0x61, &[element(10, &[0]), element(4, b"")].concat(), b"")),
        ("text that is none", BIND, message(&[1], 0x61, &text(4, &[0xff]), b"")),
        ("text of another kind", BIND, message(&[1], 0x61, &text(0x30, b""), b"")),
        (
            "something behind the text",
            BIND,
            message(&[1], 0x61, &[result(0, ""), element(0x8a, b"")].concat(), b""),
        ),
        (
            "a referral to nowhere",
            BIND,
            message(&[1], 0x61, &[result(10, ""), element(0xa3, b"")].concat(), b""),
        ),
        (
            "a referral that is no text",
            BIND,
            message(&[1], 0x61, &[result(10, ""), element(0xa3, &element(4, &[0xff]))].concat(), b""),
        ),
        ("something behind the answer", BIND, message(&[1], 0x61, &result(0, ""), &element(4, b""))),
        ("primitive controls", BIND, message(&[1], 0x61, &result(0, ""), &element(0x80, b""))),
        (
            "a control that is none",
            BIND,
            message(&[1], 0x61, &result(0, ""), &element(0xa0, &element(4, b"1.2"))),
        ),
        (
            "a control without a name",
            BIND,
            message(&[1], 0x61, &result(0, ""), &element(0xa0, &element(0x30, b""))),
        ),
        (
            "a control with an empty truth",
            BIND,
            message(&[1], 0x61, &result(0, ""), &element(0xa0, &control("1.2", &element(1, b"")))),
        ),
        (
            "a control with a number",
            BIND,
            message(&[1], 0x61, &result(0, ""), &element(0xa0, &control("1.2", &element(2, &[1])))),
        ),
        (
            "a control with a structure",
            BIND,
            message(&[1], 0x61, &result(0, ""), &element(0xa0, &control("1.2", &element(0x24, b"")))),
        ),
        (
            "controls twice",
            BIND,
            message(&[1], 0x61, &result(0, ""), &[element(0xa0, b""), element(0xa0, b"")].concat()),
        ),
    ]);
}

#[test]
fn what_is_no_entry_or_reference_is_refused() {
    refused_each(vec![
        ("an entry without attributes", SEARCH, message(&[1], 0x64, &element(4, b"dc=x"), b"")),
        (
            "an entry whose name is no text",
            SEARCH,
            message(&[1], 0x64, &[element(4, &[0xff]), element(0x30, b"")].concat(), b""),
        ),
        (
            "an entry with something behind",
            SEARCH,
            message(&[1], 0x64, &[element(4, b""), element(0x30, b""), element(4, b"")].concat(), b""),
        ),
        ("an attribute that is no text", SEARCH, entry(1, "dc=x", &attribute(&[0xff], &[]))),
        ("an attribute that is none", SEARCH, entry(1, "dc=x", &element(4, b"cn"))),
        ("an attribute without values", SEARCH, entry(1, "dc=x", &element(0x30, &element(4, b"cn")))),
        (
            "a value that is a structure",
            SEARCH,
            entry(
                1,
                "dc=x",
                &element(0x30, &[element(4, b"cn"), element(0x31, &element(0x30, b""))].concat()),
            ),
        ),
        ("a reference to nowhere", SEARCH, message(&[1], 0x73, b"", b"")),
        ("a reference that is no text", SEARCH, message(&[1], 0x73, &element(4, &[0xff]), b"")),
    ]);
}

#[test]
fn a_message_too_long_is_refused_as_soon_as_it_says_so() {
    assert_eq!(waiting(SEARCH).answer(b"\x30\x83\xff\xff\xfb"), Ok(None));
    let failure = refused(SEARCH, b"\x30\x84\x01\x00\x00\x00");
    assert!(failure.to_string().contains("more than 16777216 bytes"), "{failure}");
    let failure = Guard::default().answer(b"\x30\x83\x01\x00\x00").unwrap_err();
    assert!(failure.to_string().contains("more than 65536 bytes"), "{failure}");
}

#[test]
fn nesting_without_end_costs_nothing() {
    // Backwards, as the length of each is only known after what is within.
    let mut bytes = Vec::new();
    for _ in 0..100_000 {
        let length = u32::try_from(bytes.len()).unwrap();
        bytes.extend(length.to_le_bytes());
        bytes.extend([0x84, 0x30]);
    }
    bytes.reverse();
    let contents = [element(4, b"dc=x"), bytes].concat();
    assert!(matches!(refused(SEARCH, &message(&[1], 0x64, &contents, b"")), Failure::Nonsense(_)));
    assert!(matches!(refused(SEARCH, &contents[6..]), Failure::Nonsense(_)));
}

#[test]
fn nobody_asked_for_it() {
    for answer in [bound(1, 0, ""), alice(), done(1, 0), message(&[0], 0x78, &result(0, ""), b"")] {
        let failure = Guard::default().answer(&answer).unwrap_err();
        assert_eq!(failure.to_string(), "the server sent an answer that nobody asked for");
    }
    let mut guard = waiting(BIND);
    guard.answer(&bound(1, 0, "")).unwrap();
    assert!(guard.answer(&bound(1, 0, "")).is_err(), "the second answer to one request");
}

#[test]
fn one_request_at_a_time_and_only_those_that_are_made_here() {
    let mut guard = waiting(SEARCH);
    assert!(guard.request(BIND).is_err());
    let mut guard = waiting(SEARCH);
    guard.answer(&alice()).unwrap();
    assert!(guard.request(BIND).is_err(), "the search has not ended");
    guard.answer(&done(1, 0)).unwrap();
    assert_eq!(guard.request(&BIND[..5]), Ok(None));
    assert_eq!(guard.request(BIND), Ok(Some(BIND.len())));
    for operation in [0x42, 0x50, 0x66, 0x68, 0x4a, 0x6c, 0x6e, 0x77] {
        assert!(Guard::default().request(&message(&[1], operation, b"", b"")).is_err(), "{operation}");
    }
}

#[test]
fn a_notice_of_disconnection_is_told_in_the_servers_words() {
    for notice in [notice, notice_of_active_directory] {
        for mut guard in [Guard::default(), waiting(BIND), waiting(SEARCH)] {
            let failure = guard.answer(&notice("going\r\ndown\0")).unwrap_err();
            let text = "the server ended the connection (result code 52): going  down";
            assert_eq!(failure, Failure::Unreachable(text.to_owned()));
        }
    }
    let failure = Guard::default().answer(&notice(&"x".repeat(5000))).unwrap_err();
    assert!(failure.to_string().len() < 600, "{failure}");
}

#[test]
fn the_answers_to_one_request_have_a_bound() {
    let megabyte = entry(1, "dc=x", &attribute(b"jpegPhoto", &[&vec![0; 1024 * 1024]]));
    let mut guard = waiting(SEARCH);
    let let_through = (0..100).find(|_| guard.answer(&megabyte).is_err()).unwrap();
    assert_eq!(let_through, 31);
    let many = entry(1, "dc=x", &attribute(b"member", &vec![b"".as_slice(); 50_000]));
    let mut guard = waiting(SEARCH);
    let let_through = (0..100).find(|_| guard.answer(&many).is_err()).unwrap();
    assert_eq!(let_through, 7);
    // The next request begins anew.
    let mut guard = waiting(SEARCH);
    for _ in 0..7 {
        guard.answer(&many).unwrap();
    }
    guard.answer(&done(1, 0)).unwrap();
    guard.request(SEARCH).unwrap();
    guard.answer(&many).unwrap();
}

proptest! {
    #[test]
    fn any_bytes_are_judged(bytes in prop::collection::vec(any::<u8>(), 0..200), asked in any::<bool>()) {
        let mut guard = if asked { waiting(SEARCH) } else { Guard::default() };
        let _ = guard.answer(&bytes);
        let _ = Guard::default().request(&bytes);
        // In an envelope more of it is looked at.
        for operation in [0x61, 0x64, 0x65, 0x73, 0x78] {
            let _ = waiting(SEARCH).answer(&message(&[1], operation, &bytes, b""));
            let _ = waiting(BIND).answer(&message(&[1], operation, &result(0, ""), &bytes));
            let _ = Guard::default().answer(&message(&[0], operation, &bytes, &bytes));
        }
    }
}
