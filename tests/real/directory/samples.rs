//! The configurations that people begin with, as they are but for where the directory is and what its tree is called.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::authority::Authority;
use super::backend::LdapTest;
use super::slapd::{Demands, GROUPS, Options, PEOPLE, SUFFIX, Slapd};
use crate::accounts::Account;
use crate::api::{open, request_token};
use crate::dockgate::{self, PROGRAM};
use crate::harness::process::Process;

/// What a sample's service account is called, and its password.
const SERVICE: &str = "cn=dockgate,ou=services,dc=example,dc=test";
const PASSWORD: &str = "dockgate-service-pass";

const fn person(name: &'static str, password: &'static str) -> Account {
    Account { name, password, hash: "" }
}

/// A sample that is served.
struct Served {
    process: Process,
    host: String,
    dir: TempDir,
}

impl Served {
    /// With `replaced` by other words, and what it names beside it.
    fn start(sample: &str, slapd: &Slapd, replaced: &[(&str, String)]) -> Self {
        let dir = tempfile::Builder::new().prefix("dockgate-sample-").tempdir().unwrap();
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("config").join(sample);
        let mut text = fs::read_to_string(here).unwrap().replace("dc=example,dc=com", SUFFIX);
        for (old, new) in replaced {
            assert!(text.contains(old), "{old}\n{text}");
            text = text.replace(old, new);
        }
        fs::copy(&slapd.authority.certificate, dir.path().join("ca.pem")).unwrap();
        fs::write(dir.path().join("bind.password"), format!("{PASSWORD}\n")).unwrap();
        dockgate::run(dir.path(), &["keys", "init", "keys"]).succeeds();
        let pair = slapd.authority.client("dockgate");
        fs::copy(pair.certificate, dir.path().join("Google.crt")).unwrap();
        fs::copy(pair.key, dir.path().join("Google.key")).unwrap();
        let (process, port) = Process::listening("listening", |port| {
            let text = text.replace(":5001", &format!("127.0.0.1:{port}"));
            fs::write(dir.path().join(sample), text).unwrap();
            Process::start(Command::new(PROGRAM).arg(sample), dir.path(), "sample")
        });
        let checked = dockgate::run(dir.path(), &["check", sample]).succeeds();
        assert!(checked.stdout.contains("0 warning(s)"), "{checked}");
        Self { process, host: format!("127.0.0.1:{port}"), dir }
    }

    /// What somebody may do with a repository.
    #[track_caller]
    fn granted(&self, account: &Account, repository: &str) -> Value {
        let answer = request_token(
            &self.host,
            "registry",
            &format!("repository:{repository}:pull,push"),
            Some(account),
        );
        assert_eq!(answer.status, 200, "{answer:?}\n{}", self.process.log());
        let [_, claims] = open(answer.json()["token"].as_str().unwrap());
        claims["access"][0]["actions"].clone()
    }

    fn status(&self, account: &Account) -> u16 {
        request_token(&self.host, "registry", "", Some(account)).status
    }

    fn ldap_test(&self, sample: &str) -> LdapTest {
        LdapTest::with_file(&self.dir.path().join(sample))
    }
}

/// What the samples say that there is.
fn furnish(slapd: &Slapd) {
    slapd.change(&format!(
        "dn: {SERVICE}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\ncn: dockgate\n\
         userPassword: {PASSWORD}\n\n\
         dn: cn=Registry-Admins,{GROUPS}\nobjectClass: groupOfNames\ncn: Registry-Admins\nmember: uid=bob,{PEOPLE}\n"
    ));
}

#[test]
fn openldap() {
    let authority = Authority::new();
    let start = || Slapd::start(&authority, Options::default());
    let (Some(mut first), Some(second)) = (start(), start()) else { return };
    furnish(&first);
    furnish(&second);
    let served = Served::start(
        "openldap.yml",
        &first,
        &[("ldap1.example.com:636", first.tls_uri()), ("ldap2.example.com:636", second.tls_uri())],
    );
    for _ in 0..2 {
        let (carol, bob) = (person("Carol", "carol-pass"), person("bob", "bob-pass"));
        assert_eq!(served.granted(&carol, "engineering/app"), json!(["pull", "push"]));
        assert_eq!(served.granted(&carol, "testers/app"), json!(["pull"]));
        assert_eq!(served.granted(&bob, "testers/app"), json!(["pull", "push"]));
        assert_eq!(served.granted(&bob, "anything/app"), json!(["pull", "push"]));
        assert_eq!(served.status(&person("carol", "wrong")), 401);
        served.ldap_test("openldap.yml").about("alice", &[]).succeeds();
        // Both servers have all, and one will do.
        first.stop();
    }
}

#[test]
fn google_ldap() {
    let options = Options { demands: Demands::Certificates, ..Options::default() };
    let Some(slapd) = Slapd::start(&Authority::new(), options) else { return };
    furnish(&slapd);
    let users = format!("ou=Users,{SUFFIX}");
    let user = |name: &str| {
        format!(
            "dn: uid={name},{users}\nobjectClass: inetOrgPerson\nobjectClass: posixAccount\nuid: {name}\ncn: {name}\n\
             sn: {name}\nuidNumber: 1000\ngidNumber: 1000\nhomeDirectory: /home/{name}\nuserPassword: {name}-pass\n\n"
        )
    };
    slapd.change(&format!(
        "dn: {users}\nobjectClass: organizationalUnit\nou: Users\n\n{}{}\
         dn: cn=web,{GROUPS}\nobjectClass: groupOfNames\ncn: web\nmember: uid=gina,{users}\n",
        user("gina"),
        user("gus")
    ));
    let served = Served::start(
        "google-ldap.yml",
        &slapd,
        &[
            ("ldap.google.com:636", slapd.tls_uri()),
            // Google makes names that are no distinguished ones.
            ("AccessUserName", SERVICE.to_owned()),
            // Everybody vouches for Google.
            ("      client_certificate", "      ca_certificate: ca.pem\n      client_certificate".to_owned()),
        ],
    );
    assert_eq!(served.granted(&person("gina", "gina-pass"), "web/app"), json!(["pull", "push"]));
    assert_eq!(served.granted(&person("gus", "gus-pass"), "web/app"), json!(["pull"]));
    assert_eq!(served.status(&person("gina", "wrong")), 401);
    // Not one of these users.
    assert_eq!(served.status(&person("alice", "alice-pass")), 401);
    served.ldap_test("google-ldap.yml").logging_in("gina", "gina-pass", &[]).succeeds();
}
