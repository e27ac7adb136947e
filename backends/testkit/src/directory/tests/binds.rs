use super::super::{Anonymous, Answer, Directory};
use super::client::{ALICE, SERVICE, connect, example};
use ldap3::controls::RawControl;

const POLICY: &str = "1.3.6.1.4.1.42.2.27.8.5.1";

async fn bound(directory: Directory, name: &str, password: &str) -> (u32, String) {
    let directory = directory.start().await;
    let mut ldap = connect(&directory).await;
    let result = ldap.simple_bind(name, password).await.unwrap();
    let asked = directory.binds();
    assert_eq!((asked.len(), asked[0].name.as_str(), asked[0].code), (1, name, result.rc));
    assert_eq!(asked[0].with_password, !password.is_empty());
    (result.rc, result.text)
}

#[tokio::test]
async fn a_password_is_right_or_wrong() {
    assert_eq!(bound(example(), ALICE, "alice-password-1").await.0, 0);
    assert_eq!(bound(example(), "UID=Alice, OU=people,dc=example ,dc=COM", "alice-password-1").await.0, 0);
    assert_eq!(bound(example(), ALICE, "alice-password-2").await.0, 49);
    assert_eq!(bound(example(), "uid=mallory,dc=example,dc=com", "x").await.0, 49);
    assert_eq!(bound(example(), "alice", "x").await.0, 34);
}

#[tokio::test]
async fn nobody_may_be_welcome() {
    assert_eq!(bound(example(), "", "").await.0, 0);
    assert_eq!(bound(example().anonymous(Anonymous::Refused), "", "").await.0, 48);
    assert_eq!(bound(example(), ALICE, "").await.0, 0);
    assert_eq!(bound(example().on_unauthenticated_bind(Answer::code(53)), ALICE, "").await.0, 53);
}

#[tokio::test]
async fn active_directory_says_why() {
    let with = |answer| {
        example()
            .active_directory()
            .entry("cn=eve,dc=example,dc=com", [("cn", "eve")])
            .password("e")
            .on_bind(answer)
    };
    let disabled = || with(Answer::active_directory("533"));
    let (code, text) = bound(disabled(), "cn=eve,dc=example,dc=com", "e").await;
    assert!(code == 49 && text.contains(", data 533, "), "{text}");
    for name in ["cn=eve,dc=example,dc=com", "nobody@example.com"] {
        let (code, text) = bound(disabled(), name, "wrong").await;
        assert!(code == 49 && text.contains(", data 52e, "), "{text}");
    }
    let named =
        example().active_directory().bind_name("CORP\\alice").entry(SERVICE, [("cn", "s")]).password("s");
    assert_eq!(bound(named.bind_name("EXAMPLE\\s"), "example\\S", "s").await.0, 0);
}

#[tokio::test]
async fn a_password_policy_is_said_to_those_who_ask() {
    let directory = example().entry("cn=eve,dc=example,dc=com", [("cn", "eve")]).password("e");
    let answer = Answer::success().password_policy_expires_in(300).netscape_expires_in(300);
    let directory = directory.on_bind(answer).start().await;
    let mut ldap = connect(&directory).await;
    let oids = |controls: &[ldap3::controls::Control]| -> Vec<(String, Option<Vec<u8>>)> {
        controls.iter().map(|control| (control.1.ctype.clone(), control.1.val.clone())).collect()
    };
    let netscape = ("2.16.840.1.113730.3.4.5".to_owned(), Some(b"300".to_vec()));
    let other = RawControl { ctype: "1.2.3".to_owned(), crit: false, val: None };
    let result = ldap.with_controls(other).simple_bind("cn=eve,dc=example,dc=com", "e").await.unwrap();
    assert_eq!(oids(&result.ctrls), vec![netscape.clone()]);
    let policy = RawControl { ctype: POLICY.to_owned(), crit: false, val: None };
    let result = ldap.with_controls(policy).simple_bind("cn=eve,dc=example,dc=com", "e").await.unwrap();
    // SEQUENCE { warning [0] { timeBeforeExpiration [0] 300 } }
    let value = vec![0x30, 0x06, 0xa0, 0x04, 0x80, 0x02, 0x01, 0x2c];
    assert_eq!(oids(&result.ctrls), [(POLICY.to_owned(), Some(value)), netscape]);
    assert_eq!(directory.binds()[1].controls[0].oid, POLICY);
}

#[tokio::test]
async fn passwords_may_need_tls() {
    let directory = || example().on_password_without_tls(Answer::code(13).text("confidentiality required"));
    assert_eq!(bound(directory(), ALICE, "alice-password-1").await.0, 13);
    assert_eq!(bound(directory(), "", "").await.0, 0);
}
