use ldap3::asn1::{ASNTag, PL};
use proptest::prelude::*;

use super::sid::{sid_of_text, text_of_sid};
use super::*;

const UUID: &str = "597ae2f6-16a6-1027-98f4-d28b5365dc14";

fn entry(values: &[(&str, &[u8])]) -> Entry {
    let mut entry = Entry::new("uid=alice,dc=x");
    for (attribute, value) in values {
        entry.add(attribute, [value.to_vec()]);
    }
    entry
}

/// The value that a filter asks for, as it is sent.
fn asked(filter: &str) -> Vec<u8> {
    let tag = ldap3::parse_filter(filter).unwrap_or_else(|()| panic!("{filter}")).into_structure();
    let PL::C(inner) = tag.payload else { panic!("{filter}") };
    let [_, value] = inner.as_slice() else { panic!("{filter}") };
    let PL::P(value) = value.payload.clone() else { panic!("{filter}") };
    value
}

#[test]
fn subjects_and_their_filters() {
    let guid: Vec<u8> = (0..16).collect();
    let sid = sid_of_text("S-1-5-21-1-2-3-512").unwrap();
    for (attribute, value, configured, subject_text, filter) in [
        (
            "entryUUID",
            UUID.as_bytes(),
            None,
            Some(format!("entryuuid:{UUID}")),
            format!("(entryuuid={UUID})"),
        ),
        (
            "objectGUID",
            &guid[..],
            None,
            Some("objectguid:03020100-0504-0706-0809-0a0b0c0d0e0f".to_owned()),
            "(objectguid=\\00\\01\\02\\03\\04\\05\\06\\07\\08\\09\\0a\\0b\\0c\\0d\\0e\\0f)".to_owned(),
        ),
        (
            "nsUniqueId",
            b"3F5F8381-5A2B11ED-B5F3C6F4-7F3A1E2B",
            None,
            Some("nsuniqueid:3f5f8381-5a2b11ed-b5f3c6f4-7f3a1e2b".to_owned()),
            "(nsuniqueid=3f5f8381-5a2b11ed-b5f3c6f4-7f3a1e2b)".to_owned(),
        ),
        (
            "ipaUniqueID",
            UUID.as_bytes(),
            None,
            Some(format!("ipauniqueid:{UUID}")),
            format!("(ipauniqueid={UUID})"),
        ),
        ("GUID", &[0, 255], None, Some("guid:#00ff".to_owned()), "(guid=\\00\\ff)".to_owned()),
        (
            "employeeNumber",
            b"A*7",
            Some("employeeNumber"),
            Some("employeenumber:A*7".to_owned()),
            "(employeenumber=A\\2a7)".to_owned(),
        ),
        (
            "employeeNumber",
            b"#7",
            Some("employeeNumber"),
            Some("employeenumber:#2337".to_owned()),
            "(employeenumber=\\23\\37)".to_owned(),
        ),
        (
            "objectSid",
            &sid,
            Some("objectSid"),
            Some("objectsid:S-1-5-21-1-2-3-512".to_owned()),
            format!("(objectsid={})", escape_all(&sid)),
        ),
        ("uid", b"alice", None, None, String::new()),
        ("entryUUID", b"", None, None, String::new()),
        ("entryUUID", UUID.as_bytes(), Some("employeeNumber"), None, String::new()),
        ("objectGUID", &guid[..15], None, None, String::new()),
    ] {
        let found = subject(&entry(&[(attribute, value)]), configured);
        assert_eq!(found, subject_text, "{attribute}");
        if let Some(found) = found {
            assert_eq!(filter_for(&found).as_deref(), Some(filter.as_str()));
            assert!(asked(&filter).eq_ignore_ascii_case(value));
            assert!(attribute_of(&found).unwrap().eq_ignore_ascii_case(attribute));
        }
    }
}

#[test]
fn the_first_known_attribute_with_one_value() {
    let guid = [7; 16];
    let both = entry(&[("objectGUID", &guid), ("entryUUID", UUID.as_bytes())]);
    assert_eq!(subject(&both, None), Some(format!("entryuuid:{UUID}")));
    let several = entry(&[("entryUUID", b"a"), ("entryUUID", b"b"), ("objectGUID", &guid)]);
    assert_eq!(subject(&several, None).as_deref(), Some("objectguid:07070707-0707-0707-0707-070707070707"));
    assert_eq!(subject(&several, Some("entryUUID")), None);
}

#[test]
fn what_is_no_subject() {
    for text in [
        "",
        ":",
        "entryuuid",
        "entryuuid:",
        "entry uuid:a",
        "uid=a:b,dc=x",
        "cn=a,ou=b:c",
        "objectguid:",
        "objectguid:03020100",
        "objectguid:03020100-0504-0706-0809-0a0b0c0d0e0f0",
        "objectguid:03020100-0504-0706-0809-0a0b0c0d0e0f-",
        "guid:#",
        "objectguid:0302010-00504-0706-0809-0a0b0c0d0e0f",
        "guid:#0",
        "guid:#0g",
        "objectsid:S-1",
        "*)(uid:a",
        "ä:b",
    ] {
        assert_eq!(filter_for(text), None, "{text}");
    }
    assert_eq!(attribute_of("uid=a:b,dc=x"), None);
}

#[test]
fn security_identifiers() {
    let bytes =
        [1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 1, 2, 3, 4, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 2, 0, 0];
    let text = "S-1-5-21-67305985-4294967295-0-512";
    assert_eq!(text_of_sid(&bytes).as_deref(), Some(text));
    assert_eq!(sid_of_text(text).as_deref(), Some(&bytes[..]));
    for wrong in [&bytes[..27], &bytes[..8], &[], &[2, 0, 0, 0, 0, 0, 0, 5], &[1, 16, 0, 0, 0, 0, 0, 5]] {
        assert_eq!(text_of_sid(wrong), None, "{wrong:?}");
    }
    for wrong in [
        "",
        "S-1",
        "S-1-",
        "S-2-5",
        "S-1-5-",
        "S-1-5-4294967296",
        "S-1-281474976710656",
        "S-1-5-+1",
        "S-1-5-a",
        "1-5-21",
    ] {
        assert_eq!(sid_of_text(wrong), None, "{wrong}");
    }
    assert_eq!(sid_of_text(&format!("S-1-5{}", "-1".repeat(16))), None);
    assert_eq!(text_of_sid(&[1, 0, 0, 0, 0, 0, 0, 5]).as_deref(), Some("S-1-5"));
}

#[test]
fn primary_groups() {
    let user = sid_of_text("S-1-5-21-10-20-30-1104").unwrap();
    let group = sid_of_text("S-1-5-21-10-20-30-513").unwrap();
    let filter = primary_group_filter(&user, "513").unwrap();
    assert_eq!(asked(&filter), group);
    assert!(filter.starts_with("(objectSid=\\01\\05\\00"), "{filter}");
    for (sid, id) in [
        (&user[..], ""),
        (&user, "-1"),
        (&user, "4294967296"),
        (&user, "513)"),
        (&user[..20], "513"),
        (&[1, 0, 0, 0, 0, 0, 0, 5], "513"),
    ] {
        assert_eq!(primary_group_filter(sid, id), None, "{id}");
    }
}

proptest! {
    #[test]
    fn every_value_is_found_again(value in prop::collection::vec(any::<u8>(), 1..40), guid in any::<[u8; 16]>(), name in "[a-zA-Z][a-zA-Z0-9-]{0,10}") {
        if !ATTRIBUTES.iter().chain(&["objectSid"]).any(|known| known.eq_ignore_ascii_case(&name)) {
            let found = subject(&entry(&[(&name, &value)]), Some(&name)).unwrap();
            prop_assert_eq!(asked(&filter_for(&found).unwrap()), value);
        }
        let found = subject(&entry(&[("objectGUID", &guid)]), None).unwrap();
        prop_assert_eq!(asked(&filter_for(&found).unwrap()), guid.to_vec());
    }

    #[test]
    fn identifiers_of_windows_are_read_back(authority in 0..1_u64 << 48, subs in prop::collection::vec(any::<u32>(), 0..=15)) {
        let text = subs.iter().fold(format!("S-1-{authority}"), |text, sub| format!("{text}-{sub}"));
        prop_assert_eq!(text_of_sid(&sid_of_text(&text).unwrap()), Some(text));
    }

    #[test]
    fn anything_is_read_or_refused(text in any::<String>(), bytes in any::<Vec<u8>>()) {
        let _ = (filter_for(&text), sid_of_text(&text), text_of_sid(&bytes), primary_group_filter(&bytes, &text));
        for known in ATTRIBUTES.iter().chain(&["objectSid"]) {
            if let Some(found) = subject(&entry(&[(known, &bytes)]), Some(known)) {
                prop_assert!(filter_for(&found).is_some());
            }
            let _ = filter_for(&format!("{known}:{text}")).map(|filter| asked(&filter));
        }
    }
}
