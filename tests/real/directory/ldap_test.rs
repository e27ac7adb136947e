//! `dockgate ldap-test` about a real directory.

use std::fs;

use serde_json::{Value, json};

use super::authority::Authority;
use super::backend::{LdapTest, with};
use super::slapd::{Options, SERVICE, Slapd};
use crate::harness::command::Outcome;

/// Carol, three groups deep.
const CAROL: &str = r"ldap_auth:
  connected to ldap://SERVER at SERVER to search: StartTLS, TLS 1.3, certificate for localhost, HOST, 127.0.0.1; issued by CN=authority of a directory; valid until 4096-01-01
  bound as the service account cn=registry,ou=services,dc=example,dc=test
  searched ldap://SERVER below `ou=people,dc=example,dc=test` for (uid=CAROL): 1 entry
  the entry is uid=carol,ou=people,dc=example,dc=test
  cn: Carol
  entryUUID: 11111111-0000-4000-8000-000000000003
  mail: carol@example.test
  memberOf: cn=interns,ou=groups,dc=example,dc=test
  objectClass: inetOrgPerson
  sn: Carol
  uid: carol
  the account is carol, its subject entryuuid:11111111-0000-4000-8000-000000000003
  direct groups, by `memberOf`: cn=interns,ou=groups,dc=example,dc=test
  groups of level 2: cn=developers,ou=groups,dc=example,dc=test
  groups of level 3: cn=engineering,ou=groups,dc=example,dc=test
  groups of level 4: none
  knows the account; the right password is taken for granted
It is carol, known to ldap_auth.
Label groups: interns, developers, engineering (stand for themselves).
";

/// What differs from one run to the next has a name.
fn told(slapd: &Slapd, output: &Outcome) -> String {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let text = output.stdout.replace(&format!("127.0.0.1:{}", slapd.port), "SERVER");
    text.replace(&format!("localhost, {},", host.trim()), "localhost, HOST,")
}

#[test]
fn it_shows_the_whole_way() {
    let Some(slapd) = Slapd::start(&Authority::new(), Options::default()) else { return };
    let changes = json!({"addr": slapd.uri(), "tls": "starttls", "groups": {"nested": "recursive"}});
    let test = LdapTest::of(&with(&slapd.section(), changes));
    let carol = test.about("CAROL", &[]).succeeds();
    assert_eq!(told(&slapd, &carol), CAROL);

    let login = test.logging_in("Alice", "alice-pass", &["--link", "ldap_auth"]).succeeds();
    for line in [
        "to bind users: StartTLS, TLS 1.3",
        "bound as uid=alice,ou=people,dc=example,dc=test",
        "It is alice, known to ldap_auth.",
        "Label groups: developers, stray, engineering (stand for themselves).",
    ] {
        assert!(login.stdout.contains(line), "{line}\n{login}");
    }
    let json: Value = serde_json::from_str(&test.about("alice", &["--json"]).succeeds().stdout).unwrap();
    assert_eq!(
        json[0]["known"]["labels"],
        json!({"groups": ["developers", "stray", "engineering"]}),
        "{json:#}"
    );

    let wrong = test.logging_in("alice", "wrong-pass", &[]).fails();
    assert_eq!(wrong.code(), Some(1), "{wrong}");
    assert!(wrong.stdout.contains("invalidCredentials (49)"), "{wrong}");
    let locked = test.logging_in("locked", "locked-pass", &[]).fails();
    assert!(locked.stdout.contains("the account is locked"), "{locked}");
    let nobody = test.about("nobody-here", &[]).fails();
    assert_eq!(nobody.code(), Some(1), "{nobody}");
    assert!(
        nobody.stdout.contains("below `ou=people,dc=example,dc=test` for (uid=nobody-here): no entry"),
        "{nobody}"
    );
    for output in [&carol, &login, &wrong, &locked] {
        let all = format!("{}{}", output.stdout, output.stderr);
        for secret in [SERVICE.1, "alice-pass", "wrong-pass", "locked-pass"] {
            assert!(!all.contains(secret), "{output}");
        }
    }
}

#[test]
fn it_says_what_is_wrong_with_the_directory() {
    let Some(mut slapd) = Slapd::start(&Authority::new(), Options::default()) else { return };
    let section = slapd.section();
    for (change, words) in [
        (json!({"bind_password": "wrong-pass"}), &["cn=registry,ou=services", "bind_password"][..]),
        (
            json!({"base": "ou=peple,dc=example,dc=test"}),
            &["`ou=peple,dc=example,dc=test`", "correct the base"],
        ),
        (json!({"filter": "(mail=${account})"}), &["uid=twin1", "uid=twin2", "make it fit one"]),
        (json!({"addr": slapd.uri().replace("ldap:", "ldaps:")}), &["TLS"]),
    ] {
        let output = LdapTest::of(&with(&section, change.clone())).about("twin@example.test", &[]).fails();
        assert_eq!(output.code(), Some(1), "{output}");
        for word in words {
            assert!(output.stdout.contains(word), "{change} {word}\n{output}");
        }
        assert!(!output.stdout.contains("wrong-pass"), "{output}");
    }
    slapd.stop();
    let output = LdapTest::of(&section).about("alice", &[]).fails();
    assert_eq!(output.code(), Some(1), "{output}");
    assert!(output.stdout.contains(&slapd.tls_uri()), "{output}");
    // No link of that name, and a section that nobody can make anything of.
    let output = LdapTest::of(&section)
        .about("alice", &["--link", "other"])
        .fails_with("no `ldap_auth` is called `other`");
    assert_eq!(output.code(), Some(2), "{output}");
    LdapTest::of(&with(&section, json!({"filter": "(uid=${account}"})))
        .about("alice", &[])
        .fails_with("filter");
    // Without a password nobody can be looked up for whom nobody searches.
    let own = json!({"initial_bind_as_user": true, "bind_password": null,
        "bind_dn": "uid=${account},ou=people,dc=example,dc=test"});
    let output = LdapTest::of(&with(&section, own)).about("alice", &[]).fails();
    assert_eq!(output.code(), Some(2), "{output}");
}
