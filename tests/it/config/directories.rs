//! The samples of `config/` that ask a directory, each with a small one of its kind.

use dockgate_testkit::directory::{Anonymous, Answer, Authority, Directory, RunningDirectory};
use tokio::runtime::Runtime;

use super::samples::site as checked;
use crate::process::{Server, Site, basic};

/// How a sample is served.
type Serve = fn() -> Asked;

/// Each sample.
pub(super) const ALL: [(&str, Serve); 5] = [
    ("openldap.yml", openldap),
    ("active-directory.yml", active_directory),
    ("samba.yml", samba),
    ("freeipa.yml", freeipa),
    ("google-ldap.yml", google),
];

/// Everybody's.
const PASSWORD: &str = "alpha-pass";
/// In the sample's file.
const SERVICE_PASSWORD: &str = "service-pass";
const NAMES: [&str; 2] = ["localhost", "127.0.0.1"];

/// A sample that is served, and the directory behind it.
pub(super) struct Asked {
    pub(super) directory: RunningDirectory,
    pub(super) server: Server,
    _site: Site,
    _runtime: Runtime,
}

/// Serves a sample whose directory is at `addresses`.
fn serve(name: &str, addresses: &str, ca: &Authority, directory: Directory) -> Asked {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let directory = runtime.block_on(directory.start());
    let site = checked(name);
    site.write("ca.pem", ca.pem());
    let client = ca.client("dockgate");
    site.write("Google.crt", &client.certificate);
    site.write("Google.key", &client.key);
    let config = std::fs::read_to_string(site.file("auth.yml")).unwrap();
    assert!(config.contains(addresses), "{name} does not name {addresses}");
    let here = addresses.split(": ").next().unwrap().replace("addrs", "addr");
    site.write(
        "auth.yml",
        config
            .replace(addresses, &format!("{here}: \"localhost:{}\"", directory.addr.port()))
            .replace("      filter: ", with_tls(&config))
            + "\nlog: {level: trace}\nlockout: {enabled: false}\n",
    );
    let server = Server::start(&site, "auth.yml");
    Asked { directory, server, _site: site, _runtime: runtime }
}

/// The port of a test says nothing of TLS, and Google's authority is the system's.
fn with_tls(config: &str) -> &'static str {
    if config.contains("tls: \"starttls\"") {
        "      filter: "
    } else if config.contains("ca_certificate") {
        "      tls: always\n      filter: "
    } else {
        "      tls: always\n      ca_certificate: ca.pem\n      filter: "
    }
}

fn service(name: &str) -> Directory {
    Directory::new()
        .anonymous(Anonymous::Refused)
        .entry(name, [("cn", "dockgate")])
        .password(SERVICE_PASSWORD)
}

/// alice is of `web`, dana of `ops`, which is of `registry-admins`; eve is of nothing.
fn openldap() -> Asked {
    let ca = Authority::new();
    let person = |account: &str| format!("uid={account},ou=people,dc=example,dc=com");
    let group = |name: &str| format!("cn={name},ou=groups,dc=example,dc=com");
    let mut directory = service("cn=dockgate,ou=services,dc=example,dc=com");
    for account in ["alice", "dana", "eve"] {
        directory = directory
            .entry(&person(account), [("objectClass", "inetOrgPerson"), ("uid", account)])
            .password(PASSWORD);
    }
    for (name, member) in
        [("Web", person("alice")), ("Ops", person("dana")), ("Registry-Admins", group("Ops"))]
    {
        directory = directory
            .entry(&group(name), [("objectClass", "groupOfNames"), ("cn", name)])
            .values("member", [member]);
    }
    let addresses = "addrs: [\"ldap1.example.com:636\", \"ldap2.example.com:636\"]";
    serve("openldap.yml", addresses, &ca, directory.ldaps(&ca.server(&NAMES)))
}

/// S-1-5-21-1-2-3-RID (MS-DTYP section 2.4.2.2).
fn sid(rid: u32) -> Vec<u8> {
    let mut sid = vec![1, 5, 0, 0, 0, 0, 0, 5];
    for part in [21, 1, 2, 3, rid] {
        sid.extend(u32::to_le_bytes(part));
    }
    sid
}

/// People and groups as a domain controller has them. Domain Users (513) is everybody's primary group.
fn domain(base: &str, people: &str, service_name: &str) -> Directory {
    let person = |account: &str| format!("CN={account},{people}");
    let group = |name: &str| format!("CN={name},CN=Users,{base}");
    let mut directory = service(service_name).active_directory();
    for (rid, account) in (1104..).zip(["alice", "dana", "eve"]) {
        directory = directory
            .entry(
                &person(account),
                [("objectClass", "user"), ("objectCategory", "person"), ("sAMAccountName", account)],
            )
            .values("userPrincipalName", [format!("{account}@corp.example.com")])
            .values("primaryGroupID", ["513"])
            .values("objectSid", [sid(rid)])
            .values("objectGUID", [[u8::try_from(rid % 256).unwrap(); 16]])
            .password(PASSWORD);
    }
    directory = directory
        .entry(&group("Domain Users"), [("objectClass", "group"), ("cn", "Domain Users")])
        .values("objectSid", [sid(513)]);
    for (name, members) in [
        ("Web", vec![person("alice")]),
        ("Ops", vec![person("dana")]),
        ("Registry-Admins", vec![group("Ops")]),
        ("Registry-Users", vec![person("alice"), group("Ops")]),
    ] {
        directory =
            directory.entry(&group(name), [("objectClass", "group"), ("cn", name)]).values("member", members);
    }
    directory.computed_member_of()
}

pub(super) fn active_directory() -> Asked {
    let (ca, base) = (Authority::new(), "DC=corp,DC=example,DC=com");
    let directory = domain(base, &format!("OU=Staff,{base}"), &format!("CN=dockgate,OU=Services,{base}"));
    let addresses = "addrs: [\"dc1.corp.example.com:636\", \"dc2.corp.example.com:636\"]";
    serve("active-directory.yml", addresses, &ca, directory.ldaps(&ca.server(&NAMES)))
}

fn samba() -> Asked {
    let (ca, base) = (Authority::new(), "DC=ad,DC=example,DC=com");
    let users = format!("CN=Users,{base}");
    let directory = domain(base, &users, &format!("CN=dockgate,{users}"))
        .on_password_without_tls(Answer::code(8))
        .start_tls(&ca.server(&NAMES));
    serve("samba.yml", "addr: \"dc1.ad.example.com:389\"", &ca, directory)
}

/// The server keeps memberOf, with the groups of groups, and with permissions that are no groups.
fn freeipa() -> Asked {
    let ca = Authority::new();
    let group = |name: &str| format!("cn={name},cn=groups,cn=accounts,dc=example,dc=com");
    let permission = "cn=registry-admins,cn=permissions,cn=pbac,dc=example,dc=com".to_owned();
    let mut directory = service("uid=dockgate,cn=sysaccounts,cn=etc,dc=example,dc=com");
    for (account, groups) in [
        ("alice", vec![group("web"), permission]),
        ("dana", vec![group("ops"), group("registry-admins")]),
        ("eve", vec![]),
    ] {
        directory = directory
            .entry(
                &format!("uid={account},cn=users,cn=accounts,dc=example,dc=com"),
                [("objectClass", "posixAccount"), ("uid", account)],
            )
            .values("memberOf", groups)
            .password(PASSWORD);
    }
    let addresses = "addrs: [\"ipa1.example.com:636\", \"ipa2.example.com:636\"]";
    serve("freeipa.yml", addresses, &ca, directory.ldaps(&ca.server(&NAMES)))
}

/// It opens to a client certificate alone.
fn google() -> Asked {
    let ca = Authority::new();
    let group = |name: &str| format!("cn={name},ou=Groups,dc=example,dc=com");
    let mut directory = service("cn=google,dc=example,dc=com").bind_name("AccessUserName");
    for (account, groups) in [
        ("alice", vec![group("web")]),
        ("dana", vec![group("ops"), group("registry-admins")]),
        ("eve", vec![]),
    ] {
        directory = directory
            .entry(
                &format!("uid={account},ou=Users,dc=example,dc=com"),
                [("objectClass", "posixAccount"), ("uid", account)],
            )
            .values("memberOf", groups)
            .password(PASSWORD);
    }
    let directory = directory.ldaps(&ca.server(&NAMES)).demand_client_certificate(&ca);
    serve("google-ldap.yml", "addr: \"ldap.google.com:636\"", &ca, directory)
}

impl Asked {
    /// What an account gets with everybody's password.
    pub(super) fn gets(&self, asked: &[(&str, &str, &str)]) {
        for (account, scope, granted) in asked {
            let answer = self.server.ask(Some((account, PASSWORD)), scope);
            assert_eq!(answer.granted(), *granted, "{account:?} {scope}\n{}", self.server.stderr());
        }
    }

    /// What follows from the groups, which are alike in all of them.
    pub(super) fn behaves(&self) {
        self.gets(&[
            ("alice", "repository:web/app:pull,push", "pull,push"),
            ("ALICE", "repository:web/app:pull,push", "pull,push"),
            ("alice", "repository:ops/app:pull,push", "pull"),
            ("dana", "repository:any/where:delete,pull,push", "delete,pull,push"),
            ("nobody", "repository:web/app:pull", "401"),
        ]);
        assert_eq!(self.server.ask(Some(("alice", "wrong")), "repository:a:pull").status, 401);
        assert_eq!(self.server.ask(None, "repository:a:pull").status, 401);
        self.keeps_secrets();
    }

    /// No password is in what the server says of all that, at its most talkative.
    fn keeps_secrets(&self) {
        let said = self.server.stderr();
        assert!(said.contains("alice"), "nothing was said:\n{said}");
        let login = basic("alice", PASSWORD);
        for secret in [PASSWORD, SERVICE_PASSWORD, login.trim_start_matches("Basic ")] {
            assert!(!said.contains(secret), "{secret:?} in\n{said}");
        }
    }

    /// Nobody passes for somebody, whatever is written in the place of a name or a password.
    pub(super) fn holds(&self) {
        let status = |account: &str, password: &str| {
            self.server.ask(Some((account, password)), "repository:web/app:push").status
        };
        assert_eq!(status("alice", PASSWORD), 200, "else a refusal proves nothing");
        for password in ["wrong", "", " ", "alpha-pas", "alpha-pass\0", "alpha-pass ", "*", SERVICE_PASSWORD]
        {
            assert_eq!(status("alice", password), 401, "{password:?}");
        }
        for account in [
            "*",
            "alic*",
            "alice)(uid=*",
            "*)(objectClass=*",
            "alice\\2a",
            "alice,ou=people,dc=example,dc=com",
            "uid=alice",
            "cn=dockgate,ou=services,dc=example,dc=com",
            "OTHER\\alice",
            "${account}",
            "(|(uid=alice",
            "\u{fe57}",
        ] {
            assert_eq!(status(account, PASSWORD), 401, "{account:?}");
        }
        let names = self.directory.binds().into_iter().filter(|bind| !bind.with_password);
        assert_eq!(names.count(), 0, "nobody binds without a password");
        assert!(self.directory.binds().iter().all(|bind| bind.tls), "no password goes in clear");
        self.keeps_secrets();
    }
}
