//! Samba as a domain controller of Active Directory.
//!
//! Its ports cannot be chosen: each server has a loopback address of its own instead.

mod domain;
mod tests;

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use tempfile::TempDir;

use super::authority::Authority;
use super::ldap::Ldap;
use crate::components::{self, LDAP_UTILS, SAMBA, SAMBA_PROVISION};
use crate::harness::command;
use crate::harness::logs::Logs;
use crate::harness::poll;
use crate::harness::process::Process;

pub(crate) const SUFFIX: &str = "DC=ad,DC=example,DC=test";
pub(crate) const PEOPLE: &str = "OU=People,DC=ad,DC=example,DC=test";
pub(crate) const GROUPS: &str = "OU=Groups,DC=ad,DC=example,DC=test";
/// The domain's short name, as in `ADTEST\alice`.
pub(crate) const DOMAIN: &str = "ADTEST";
/// The realm as host names have it.
pub(crate) const REALM: &str = "ad.example.test";
/// The server's own name, which its certificate is for.
pub(crate) const HOST: &str = "dc1.ad.example.test";
/// Who searches: name and password.
pub(crate) const SERVICE: (&str, &str) = ("registry@ad.example.test", "service-pass");
/// Who may do everything.
pub(crate) const ADMINISTRATOR: (&str, &str) = ("Administrator@ad.example.test", "Admin-pass-1");

const PORT: u16 = 389;
const TLS_PORT: u16 = 636;
const READY_WITHIN: Duration = Duration::from_secs(30);

/// A domain controller that runs until it is stopped or dropped.
pub(crate) struct Samba {
    process: Process,
    pub(crate) address: Ipv4Addr,
    pub(crate) authority: Authority,
    // Behind the server: fields drop in order, and it writes into it.
    dir: TempDir,
}

impl Samba {
    /// `None` if a component is missing: the test has nothing to say.
    pub(crate) fn start(authority: &Authority) -> Option<Self> {
        if !components::installed(&[SAMBA, SAMBA_PROVISION, LDAP_UTILS]) {
            return None;
        }
        let domain = domain::provisioned();
        let dir = tempfile::Builder::new().prefix("dockgate-samba-").tempdir().unwrap();
        let mut copy = Command::new("cp");
        copy.arg("-a").arg(domain).arg(dir.path().join("domain"));
        command::run(&mut copy, dir.path(), &Logs::default()).succeeds();
        Some(Self::serve(authority, dir))
    }

    /// Serves the domain in `dir/domain`.
    fn serve(authority: &Authority, dir: TempDir) -> Self {
        let address = free_address();
        fs::write(dir.path().join("smb.conf"), configuration(dir.path(), authority, address)).unwrap();
        let process = run(dir.path(), address);
        Self { process, address, authority: authority.clone(), dir }
    }

    pub(crate) fn stop(&mut self) {
        assert!(self.process.terminate().is_some(), "it goes on:\n{}", self.process.log());
    }

    /// Once more, at the same address and with the same data.
    pub(crate) fn restart(&mut self) {
        self.stop();
        self.process = run(self.dir.path(), self.address);
    }

    /// In the clear, where it takes no password, and for `StartTLS`.
    pub(crate) fn uri(&self) -> String {
        format!("ldap://{}:{PORT}", self.address)
    }

    pub(crate) fn tls_uri(&self) -> String {
        format!("ldaps://{}:{TLS_PORT}", self.address)
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

    /// A client that asks the domain name system for a server.
    pub(crate) fn client_of_domain(&self) -> Ldap {
        self.client_at("ldap:///dc%3Dad%2Cdc%3Dexample%2Cdc%3Dtest".to_owned())
    }

    fn client_at(&self, uri: String) -> Ldap {
        Ldap::new(uri, &self.authority.certificate, self.dir.path(), self.logs())
    }

    /// What an administrator does, in LDIF.
    #[track_caller]
    pub(crate) fn change(&self, ldif: &str) {
        let file = self.dir.path().join("change.ldif");
        fs::write(&file, ldif).unwrap();
        self.client().bound(ADMINISTRATOR.0, ADMINISTRATOR.1).modify(&file).succeeds();
    }
}

fn run(dir: &Path, address: Ipv4Addr) -> Process {
    let mut command = Command::new(SAMBA.program);
    command.args(["--foreground", "--no-process-group", "--model=single", "--debug-stdout", "-s"]);
    let mut process = Process::start(command.arg(dir.join("smb.conf")), dir, "samba");
    // It does not say when it listens.
    let listens = || {
        let open = |port| TcpStream::connect((address, port)).is_ok();
        let ended = !process.is_running();
        (ended || (open(PORT) && open(TLS_PORT))).then_some(!ended)
    };
    let listens = poll(READY_WITHIN, listens);
    assert!(listens == Some(true), "it does not listen on {address}:\n{}", process.log());
    process
}

fn configuration(dir: &Path, authority: &Authority, address: Ipv4Addr) -> String {
    let pair = authority.server(&[HOST, REALM, &address.to_string()]);
    let [authority, certificate, key] =
        [&authority.certificate, &pair.certificate, &pair.key].map(|file| file.display());
    format!(
        "[global]\n\
         netbios name = DC1\nrealm = {realm}\nworkgroup = {DOMAIN}\n\
         server role = active directory domain controller\nserver services = ldap\n\
         interfaces = {address}/8\nbind interfaces only = yes\n\
         private dir = {dir}/private\nlock directory = {dir}\nstate directory = {dir}/state\n\
         cache directory = {dir}/cache\npid directory = {dir}/run\nncalrpc dir = {dir}/ncalrpc\n\
         winbindd socket directory = {dir}/winbindd\nntp signd socket directory = {dir}/ntp\n\
         binddns dir = {dir}/bind-dns\n\
         tls enabled = yes\ntls cafile = {authority}\ntls certfile = {certificate}\ntls keyfile = {key}\n",
        realm = REALM.to_uppercase(),
        dir = dir.join("domain").display(),
    )
}

/// A loopback address that no other server of this process has, nor one of another process in all likelihood.
pub(super) fn free_address() -> Ipv4Addr {
    static NEXT: AtomicU8 = AtomicU8::new(64);
    let [.., high, low] = std::process::id().to_be_bytes();
    let mut addresses =
        std::iter::repeat_with(|| Ipv4Addr::new(127, NEXT.fetch_add(1, Ordering::Relaxed), high, low));
    // 127.0.0.0/16 and the last of all are taken by others.
    let usable = |address: &Ipv4Addr| {
        (1..255).contains(&address.octets()[1]) && TcpListener::bind((*address, PORT)).is_ok()
    };
    addresses.by_ref().take(512).find(usable).expect("a loopback address whose port 389 is free")
}
