//! The samples for Samba and for Active Directory.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::authority::Authority;
use super::samba::{DOMAIN, GROUPS, SUFFIX, Samba};
use super::sample::Sample;
use crate::harness::poll;

const WRITTEN_WITHIN: Duration = Duration::from_secs(10);

/// A user as an administrator makes one.
fn user(dn: &str, account: &str, password: &str) -> String {
    let quoted: Vec<u8> = format!("\"{password}\"").encode_utf16().flat_map(u16::to_le_bytes).collect();
    format!(
        "dn: {dn}\nchangetype: add\nobjectClass: user\nsAMAccountName: {account}\nunicodePwd:: {}\n\
         userAccountControl: 512\n\n",
        STANDARD.encode(quoted)
    )
}

fn group(dn: &str, account: &str, member: &str) -> String {
    format!("dn: {dn}\nchangetype: add\nobjectClass: group\nsAMAccountName: {account}\nmember: {member}\n\n")
}

/// Users and groups are where Samba's own tool puts them.
#[test]
fn samba() {
    let authority = Authority::new();
    let Some(samba) = Samba::start(&authority) else { return };
    let at = |name: &str| format!("CN={name},CN=Users,{SUFFIX}");
    samba.change(
        &[
            user(&at("dockgate"), "dockgate", "service-pass"),
            user(&at("Anna"), "anna", "anna-pass"),
            user(&at("Berta"), "berta", "berta-pass"),
            group(&at("Operators"), "Operators", &at("Anna")),
            group(&at("registry-admins"), "registry-admins", &at("Operators")),
            group(&at("Team"), "Team", &at("Berta")),
        ]
        .concat(),
    );
    let sample = Sample::start(
        "samba.yml",
        &authority,
        &[
            ("dc1.ad.example.com:389", &format!("{}:389", samba.address)),
            ("DC=ad,DC=example,DC=com", SUFFIX),
            ("domains: [\"AD\"]", &format!("domains: [\"{DOMAIN}\"]")),
        ],
    );
    let granted = |account, repository| sample.granted(account, "berta-pass", repository);
    assert_eq!(sample.granted("anna", "anna-pass", "any/app"), "pull,push", "{}", sample.log());
    assert_eq!(granted("berta", "team/app"), "pull,push");
    assert_eq!(granted(r"ADTEST\Berta", "team/app"), "pull,push");
    assert_eq!(granted("berta", "any/app"), "pull");
    assert_eq!(granted("anna", "any/app"), "401");
    // Below another base.
    assert_eq!(sample.granted("alice", "alice-pass", "any/app"), "401");

    let told = sample.told_of(r"ADTEST\BERTA");
    let anywhere = format!("searched ldap://{}:389 below `CN=Users,{SUFFIX}` for ", samba.address);
    for line in [
        &format!(
            "connected to ldap://{0}:389 at {0}:389 to search: StartTLS, TLS 1.3, certificate for ",
            samba.address
        ),
        ", dc1.ad.example.test, ",
        "; issued by CN=authority of a directory; valid until ",
        &format!("  bound as the service account CN=dockgate,CN=Users,{SUFFIX}\n"),
        &format!("  {anywhere}(&(objectClass=user)(sAMAccountName=BERTA)): 1 entry\n"),
        &format!("  the entry is CN=Berta,CN=Users,{SUFFIX}\n"),
        &format!("  memberOf: CN=Team,CN=Users,{SUFFIX}\n"),
        "  userAccountControl: 512\n",
        "  the account is berta, its subject objectguid:",
        &format!("  primary group: CN=Domain Users,CN=Users,{SUFFIX}\n"),
        &format!(
            "  searched ldap://{}:389 below `{SUFFIX}` for (|(member:1.2.840.113556.1.4.1941:=CN=Berta,CN=Users,{SUFFIX})",
            samba.address
        ),
        &format!("CN=Team,CN=Users,{SUFFIX}"),
        "  knows the account; the right password is taken for granted\n",
        "It is berta, known to ad.\nLabel groups: domain users, ",
    ] {
        assert!(told.contains(line), "no {line:?}:\n{told}");
    }
    assert!(!told.contains("service-pass"), "{told}");
}

#[test]
fn active_directory() {
    let authority = Authority::new();
    let Some(samba) = Samba::start(&authority) else { return };
    let services = format!("OU=Services,{SUFFIX}");
    let at = |name: &str| format!("CN={name},{GROUPS}");
    samba.change(
        &[
            format!("dn: {services}\nchangetype: add\nobjectClass: organizationalUnit\n\n"),
            user(&format!("CN=dockgate,{services}"), "dockgate", "service-pass"),
            group(&at("registry-users"), "registry-users", &at("engineering")),
            group(&at("registry-admins"), "registry-admins", &at("interns")),
        ]
        .concat(),
    );
    let second = super::samba::free_address();
    let sample = Sample::start(
        "active-directory.yml",
        &authority,
        &[
            ("dc1.corp.example.com", &samba.address.to_string()),
            ("dc2.corp.example.com", &second.to_string()),
            ("DC=corp,DC=example,DC=com", SUFFIX),
            ("domains: [\"CORP\"]", &format!("domains: [\"{DOMAIN}\"]")),
        ],
    );
    for written in ["alice", r"adtest\Alice", "alice@corp.example.test"] {
        let granted = |repository| sample.granted(written, "alice-pass", repository);
        assert_eq!(
            [granted("developers/app"), granted("engineering/app")],
            ["pull,push"; 2],
            "{}",
            sample.log()
        );
        assert_eq!(granted("Developers/app"), "pull");
        assert_eq!(granted("testers/app"), "pull");
    }
    // Three levels below the administrators, and in `registry-users` by two more.
    assert_eq!(sample.granted("carol", "carol-pass", "any/app"), "pull,push");
    assert_eq!(sample.granted("petra", "petra-pass", "engineering/app"), "pull,push");
    assert_eq!(sample.granted("bob", "bob-pass", "testers/app"), "401");
    let told = poll(WRITTEN_WITHIN, || sample.log().contains("in none of `required_groups`").then_some(()));
    assert!(told.is_some(), "{}", sample.log());
}
