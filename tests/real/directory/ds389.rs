//! 389 Directory Server with a tree as `FreeIPA` has it.

mod tests;

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::authority::Authority;
use super::ldap::Ldap;
use crate::components::{self, CERTUTIL, DS389, LDAP_UTILS, OPENSSL};
use crate::harness::command;
use crate::harness::logs::Logs;
use crate::harness::process::{Process, free_port};

pub(crate) const SUFFIX: &str = "dc=ipa,dc=example,dc=test";
pub(crate) const USERS: &str = "cn=users,cn=accounts,dc=ipa,dc=example,dc=test";
pub(crate) const GROUPS: &str = "cn=groups,cn=accounts,dc=ipa,dc=example,dc=test";
/// Who searches: name and password.
pub(crate) const SERVICE: (&str, &str) =
    ("uid=registry,cn=sysaccounts,cn=etc,dc=ipa,dc=example,dc=test", "service-pass");
/// Who may do everything.
pub(crate) const ROOT: (&str, &str) = ("cn=Directory Manager", "root-pass");

/// The templates that its own installer fills in.
const TEMPLATES: &str = "/usr/share/dirsrv/data";
/// What its messages are at its usual level, but to standard error.
const USUAL_MESSAGES: &str = "266354688";

/// A server that runs until it is dropped.
pub(crate) struct Ds389 {
    process: Process,
    pub(crate) port: u16,
    pub(crate) tls_port: u16,
    pub(crate) authority: Authority,
    // Behind the server: fields drop in order, and it writes into it.
    dir: TempDir,
}

impl Ds389 {
    /// `None` if a component is missing: the test has nothing to say.
    pub(crate) fn start(authority: &Authority) -> Option<Self> {
        if !components::installed(&[DS389, CERTUTIL, OPENSSL, LDAP_UTILS]) {
            return None;
        }
        let dir = tempfile::Builder::new().prefix("dockgate-389-").tempdir().unwrap();
        lay_out(dir.path());
        take_certificates(dir.path(), authority);
        let root = run(dir.path(), "pwdhash", &["-s", "SSHA512", ROOT.1]);
        let mut tls_port = 0;
        let (process, port) = Process::listening("for LDAPS requests", |port| {
            tls_port = free_port();
            fs::write(dir.path().join("config/dse.ldif"), settings(dir.path(), root.trim(), port, tls_port))
                .unwrap();
            let mut command = Command::new(DS389.program);
            command.args(["-i", "pid", "-d", USUAL_MESSAGES, "-D"]).arg(dir.path().join("config"));
            Process::start(&mut command, dir.path(), "ns-slapd")
        });
        let server = Self { process, port, tls_port, authority: authority.clone(), dir };
        server.change(include_str!("../../data/directory/ds389.ldif"));
        Some(server)
    }

    /// In the clear, and for `StartTLS`.
    pub(crate) fn uri(&self) -> String {
        format!("ldap://127.0.0.1:{}", self.port)
    }

    pub(crate) fn tls_uri(&self) -> String {
        format!("ldaps://127.0.0.1:{}", self.tls_port)
    }

    pub(crate) fn logs(&self) -> Logs {
        Logs(vec![self.process.log_file().to_owned()])
    }

    /// A client over TLS.
    pub(crate) fn client(&self) -> Ldap {
        self.client_at(self.tls_uri())
    }

    /// A client in the clear.
    pub(crate) fn plain_client(&self) -> Ldap {
        self.client_at(self.uri())
    }

    fn client_at(&self, uri: String) -> Ldap {
        Ldap::new(uri, &self.authority.certificate, self.dir.path(), self.logs())
    }

    /// What an administrator does, in LDIF.
    #[track_caller]
    pub(crate) fn change(&self, ldif: &str) {
        let file = self.dir.path().join("change.ldif");
        fs::write(&file, ldif).unwrap();
        self.client().bound(ROOT.0, ROOT.1).modify(&file).succeeds();
    }
}

fn lay_out(dir: &Path) {
    for name in ["config/schema", "certificates", "db", "bak", "ldif", "lock", "log", "run", "tmp", "home"] {
        fs::create_dir_all(dir.join(name)).unwrap();
    }
    for name in ["schema/99user.ldif", "config/certmap.conf", "config/slapd-collations.conf"] {
        let from = Path::new("/etc/dirsrv").join(name);
        fs::copy(from, dir.join("config").join(name.strip_prefix("config/").unwrap_or(name))).unwrap();
    }
}

/// Its keys are in a store of Mozilla's kind.
fn take_certificates(dir: &Path, authority: &Authority) {
    let pair = authority.server(&[]);
    let [authority, certificate, key] =
        [&authority.certificate, &pair.certificate, &pair.key].map(|file| text(file));
    run(dir, "certutil", &["-N", "-d", "sql:certificates", "--empty-password"]);
    let export = ["pkcs12", "-export", "-name", "Server-Cert", "-passout", "pass:", "-out", "server.p12"];
    run(dir, "openssl", &[export.as_slice(), &["-in", certificate, "-inkey", key]].concat());
    run(dir, "pk12util", &["-i", "server.p12", "-d", "sql:certificates", "-W", ""]);
    run(
        dir,
        "certutil",
        &["-A", "-d", "sql:certificates", "-n", "authority", "-t", "CT,,", "-a", "-i", authority],
    );
}

/// What it is configured by: an LDIF file that it writes to itself.
fn settings(dir: &Path, root_password: &str, port: u16, tls_port: u16) -> String {
    let template = |name: &str| fs::read_to_string(Path::new(TEMPLATES).join(name)).unwrap();
    let place = |name: &str| text(&dir.join(name)).to_owned();
    let port_line = format!("nsslapd-port: {port}");
    let own_lines = format!(
        "{port_line}\nnsslapd-listenhost: 127.0.0.1\nnsslapd-securelistenhost: 127.0.0.1\n\
         nsslapd-security: on\nnsslapd-securePort: {tls_port}\n\
         nsslapd-rootpwstoragescheme: SSHA512\npasswordStorageScheme: SSHA512\n\
         passwordLockout: on\npasswordMaxFailure: 5\npasswordUnlock: off\npasswordExp: on\n\
         passwordMaxAge: 8640000"
    );
    let port = port.to_string();
    let values = [
        ("schema_dir", place("config/schema")),
        ("lock_dir", place("lock")),
        ("tmp_dir", place("tmp")),
        ("cert_dir", place("certificates")),
        ("ldif_dir", place("ldif")),
        ("bak_dir", place("bak")),
        ("run_dir", place("run")),
        ("inst_dir", place("run")),
        ("log_dir", place("log")),
        ("config_dir", place("config")),
        ("db_dir", place("db")),
        ("db_home_dir", place("home")),
        ("ldapi", place("run/ldapi")),
        ("db_lib", "mdb".to_owned()),
        ("ds_bename", "userRoot".to_owned()),
        ("fqdn", "localhost".to_owned()),
        ("ds_port", port),
        ("ds_user", "root".to_owned()),
        ("rootdn", ROOT.0.to_owned()),
        ("ds_passwd", root_password.to_owned()),
        ("ldapi_enabled", "off".to_owned()),
        ("ldapi_autobind", "off".to_owned()),
        ("ds_suffix", SUFFIX.to_owned()),
    ];
    let both =
        format!("{}\n\n{}", template("template-dse.ldif").trim_end(), template("template-suffix-db.ldif"));
    let filled = values.iter().fold(both, |text, (name, value)| text.replace(&format!("%{name}%"), value));
    let filled = filled.replace(&port_line, &own_lines);
    let (before, member_of) = filled.split_once("dn: cn=MemberOf Plugin,").unwrap();
    let enabled = member_of.replacen("nsslapd-pluginenabled: off", "nsslapd-pluginenabled: on", 1);
    format!("{before}dn: cn=MemberOf Plugin,{enabled}")
}

fn run(dir: &Path, program: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(dir);
    command::run(&mut command, dir, &Logs::default()).succeeds().stdout
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
