//! `OpenLDAP`.

mod tests;

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::authority::{Authority, Pair};
use super::crowd;
use super::ldap::Ldap;
use crate::components::{self, LDAP_UTILS, SLAPD};
use crate::harness::command;
use crate::harness::logs::Logs;
use crate::harness::poll;
use crate::harness::process::{Process, free_port};

pub(crate) const SUFFIX: &str = "dc=example,dc=test";
pub(crate) const PEOPLE: &str = "ou=people,dc=example,dc=test";
pub(crate) const PARTNERS: &str = "ou=partners,dc=example,dc=test";
pub(crate) const GROUPS: &str = "ou=groups,dc=example,dc=test";
/// Who searches: name and password.
pub(crate) const SERVICE: (&str, &str) = ("cn=registry,ou=services,dc=example,dc=test", "service-pass");
/// Who may do everything.
pub(crate) const ROOT: (&str, &str) = ("cn=root,dc=example,dc=test", "root-pass");

const READY: &str = "slapd starting";
const LISTENS_WITHIN: Duration = Duration::from_secs(10);

/// How it differs from a server that wants an account for searches and no TLS.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    /// With the people and groups of `crowd` too.
    pub(crate) crowd: bool,
    pub(crate) strangers: Strangers,
    pub(crate) demands: Demands,
    /// What its certificate is for, in place of this machine's names.
    pub(crate) named_only: Option<&'static str>,
    /// What it is for beside them.
    pub(crate) named_too: Option<&'static str>,
    /// It has no certificate, and no TLS.
    pub(crate) bare: bool,
    /// It logs each operation; costs time.
    pub(crate) chatty: bool,
    /// Where `ou=elsewhere` is: another server's URI.
    pub(crate) elsewhere: Option<String>,
}

/// Who does not say who they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Strangers {
    #[default]
    Refused,
    /// They may search.
    Search,
    /// A name with an empty password is nobody, and welcome as such, as it is in Active Directory.
    EmptyPasswords,
}

/// What it asks of connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Demands {
    #[default]
    Nothing,
    /// No password is taken on a connection in the clear.
    Confidentiality,
    /// Clients show a certificate of the authority in their TLS.
    Certificates,
}

/// A server that runs until it is stopped or dropped.
pub(crate) struct Slapd {
    process: Process,
    starts: usize,
    options: Options,
    pub(crate) port: u16,
    pub(crate) tls_port: u16,
    pub(crate) authority: Authority,
    // Behind the server: fields drop in order, and it writes into it.
    dir: TempDir,
}

impl Slapd {
    /// `None` if a component is missing: the test has nothing to say.
    pub(crate) fn start(authority: &Authority, options: Options) -> Option<Self> {
        if !components::installed(&[SLAPD, LDAP_UTILS]) {
            return None;
        }
        let dir = tempfile::Builder::new().prefix("dockgate-slapd-").tempdir().unwrap();
        let pair = match options.named_only {
            Some(name) => authority.server_named_only(&[name]),
            None => authority.server(options.named_too.as_slice()),
        };
        fs::create_dir(dir.path().join("db")).unwrap();
        fs::write(dir.path().join("slapd.conf"), configuration(dir.path(), authority, &pair, &options))
            .unwrap();
        load(dir.path(), &options);
        let mut tls_port = 0;
        let (process, port) = Process::listening(READY, |port| {
            tls_port = free_port();
            serve(dir.path(), 0, &options, port, tls_port)
        });
        listens(port);
        let authority = authority.clone();
        let slapd = Self { process, starts: 1, options, port, tls_port, authority, dir };
        slapd.add_groups();
        Some(slapd)
    }

    pub(crate) fn stop(&mut self) {
        assert!(self.process.terminate().is_some(), "it goes on:\n{}", self.process.log());
    }

    /// Once more, at the same ports and with the same data.
    pub(crate) fn restart(&mut self) {
        self.stop();
        self.process =
            serve(self.dir.path(), self.starts, &self.options, self.port, self.tls_port).ready(READY);
        listens(self.port);
        self.starts += 1;
    }

    /// In the clear, and for `StartTLS`.
    pub(crate) fn uri(&self) -> String {
        format!("ldap://127.0.0.1:{}", self.port)
    }

    pub(crate) fn tls_uri(&self) -> String {
        format!("ldaps://127.0.0.1:{}", self.tls_port)
    }

    /// As who can do nothing any more does.
    pub(crate) fn kill(&mut self) {
        self.process.kill();
    }

    /// The backend's section: the service account finds people by their `uid`, over TLS.
    pub(crate) fn section(&self) -> Value {
        json!({
            "addr": self.tls_uri(),
            "ca_certificate": self.authority.certificate,
            "bind_dn": SERVICE.0,
            "bind_password": SERVICE.1,
            "base": PEOPLE,
            "filter": "(uid=${account})",
        })
    }

    pub(crate) fn log(&self) -> String {
        self.process.log()
    }

    pub(crate) fn logs(&self) -> Logs {
        Logs(vec![self.process.log_file().to_owned()])
    }

    /// A client over TLS, which everybody is served on.
    pub(crate) fn client(&self) -> Ldap {
        self.client_at(self.tls_uri())
    }

    /// A client in the clear.
    pub(crate) fn plain_client(&self) -> Ldap {
        self.client_at(self.uri())
    }

    /// A client that asks the domain name system for a server.
    pub(crate) fn client_of_domain(&self) -> Ldap {
        self.client_at("ldap:///dc%3Dexample%2Cdc%3Dtest".to_owned())
    }

    fn client_at(&self, uri: String) -> Ldap {
        Ldap::new(uri, &self.authority.certificate, self.dir.path(), self.logs())
    }

    /// What an administrator does, in LDIF.
    #[track_caller]
    pub(crate) fn change(&self, ldif: &str) {
        let file = self.dir.path().join("change.ldif");
        fs::write(&file, ldif).unwrap();
        // Not every TLS connection is for everybody, and some servers take passwords on no other.
        let client = if self.options.demands == Demands::Confidentiality {
            self.client()
        } else {
            self.plain_client()
        };
        client.bound(ROOT.0, ROOT.1).modify(&file).succeeds();
    }

    fn add_groups(&self) {
        self.change(include_str!("../../data/directory/slapd-groups.ldif"));
        if self.options.crowd {
            self.change(&crowd::groups(GROUPS, PEOPLE));
        }
    }
}

/// It says that it starts when it has its ports, and before it listens.
fn listens(port: u16) {
    poll(LISTENS_WITHIN, || TcpStream::connect(("127.0.0.1", port)).ok()).expect("slapd does not listen");
}

fn serve(dir: &Path, start: usize, options: &Options, port: u16, tls_port: u16) -> Process {
    let mut addresses = format!("ldap://127.0.0.1:{port}/");
    if !options.bare {
        addresses.push_str(&format!(" ldaps://127.0.0.1:{tls_port}/"));
    }
    let level = if options.chatty { "stats" } else { "none" };
    let mut command = Command::new(SLAPD.program);
    command.args(["-f", "slapd.conf", "-h", &addresses, "-d", level]);
    Process::start(&mut command, dir, &format!("slapd-{start}"))
}

/// Fills the database before the server runs, which takes a tenth of the time.
fn load(dir: &Path, options: &Options) {
    let mut ldif = include_str!("../../data/directory/slapd-people.ldif").to_owned();
    ldif.push('\n');
    let elsewhere = options.elsewhere.as_ref().map_or_else(
        || include_str!("../../data/directory/slapd-elsewhere.ldif").to_owned(),
        |uri| {
            format!(
                "dn: ou=elsewhere,{SUFFIX}\nobjectClass: referral\nobjectClass: extensibleObject\nou: elsewhere\n\
                 ref: {uri}/ou=elsewhere,{SUFFIX}\n"
            )
        },
    );
    ldif.push_str(&elsewhere);
    if options.crowd {
        ldif.push('\n');
        ldif.push_str(&crowd::people(PEOPLE));
    }
    fs::write(dir.join("people.ldif"), ldif).unwrap();
    let mut command = Command::new("/usr/sbin/slapadd");
    command.args(["-q", "-f", "slapd.conf", "-l", "people.ldif"]).current_dir(dir);
    command::run(&mut command, dir, &Logs::default()).succeeds();
}

fn configuration(dir: &Path, authority: &Authority, pair: &Pair, options: &Options) -> String {
    let [authority, certificate, key] =
        [&authority.certificate, &pair.certificate, &pair.key].map(|file| file.display());
    let tls = if options.bare {
        String::new()
    } else {
        format!(
            "TLSCACertificateFile {authority}\nTLSCertificateFile {certificate}\nTLSCertificateKeyFile {key}\n"
        )
    };
    let demands = match options.demands {
        Demands::Nothing => "",
        Demands::Confidentiality => "security simple_bind=128\n",
        Demands::Certificates => "TLSVerifyClient demand\n",
    };
    // An empty password is an anonymous bind.
    let (strangers, anonymous) = match options.strangers {
        Strangers::Refused => ("disallow bind_anon\n", "by anonymous auth"),
        Strangers::Search => ("", "by * read"),
        Strangers::EmptyPasswords => ("allow bind_anon_cred bind_anon_dn\n", "by anonymous auth"),
    };
    let (service, _) = SERVICE;
    let (root, root_password) = ROOT;
    format!(
        "include /etc/ldap/schema/core.schema\n\
         include /etc/ldap/schema/cosine.schema\n\
         include /etc/ldap/schema/nis.schema\n\
         include /etc/ldap/schema/inetorgperson.schema\n\
         modulepath /usr/lib/ldap\n\
         moduleload back_mdb\nmoduleload memberof\nmoduleload refint\nmoduleload ppolicy\n\
         pidfile {dir}/pid\nargsfile {dir}/args\n\
         {tls}{demands}{strangers}\
         database mdb\n\
         suffix {SUFFIX}\nrootdn {root}\nrootpw {root_password}\n\
         directory {dir}/db\nmaxsize 268435456\ndbnosync\n\
         sizelimit 500\n\
         limits dn.exact=\"{service}\" size.soft=500 size.hard=500 size.pr=500 size.prtotal=unlimited\n\
         index objectClass,uid,cn,mail,member,uniqueMember,memberUid,entryUUID eq\n\
         access to attrs=userPassword by anonymous auth by * none\n\
         access to * by users read {anonymous}\n\
         overlay memberof\nmemberof-refint true\n\
         overlay refint\nrefint_attributes member\n\
         overlay ppolicy\nppolicy_default cn=default,ou=policies,{SUFFIX}\nppolicy_use_lockout\n",
        dir = dir.display(),
    )
}
