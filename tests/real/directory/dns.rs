//! A name server that knows where directories are, and programs that ask no other.

use std::fs;
use std::net::Ipv4Addr;
use std::process::Command;

use tempfile::TempDir;

use super::samba::free_address;
use crate::components::{self, DNSMASQ};
use crate::harness::process::Process;

mod tests;

/// One line of the zone.
#[derive(Clone, Debug)]
pub(crate) enum Record {
    /// `_ldap._tcp.DOMAIN`, RFC 2782.
    Ldap {
        domain: &'static str,
        host: &'static str,
        port: u16,
        priority: u16,
        weight: u16,
    },
    Address {
        host: &'static str,
        address: Ipv4Addr,
    },
}

/// dnsmasq at a loopback address of its own: port 53 is not a matter of choice.
pub(crate) struct Dns {
    process: Process,
    address: Ipv4Addr,
    // Behind the server: fields drop in order, and it writes into it.
    dir: TempDir,
}

impl Dns {
    /// `None` if a component is missing: the test has nothing to say.
    pub(crate) fn start(records: &[Record]) -> Option<Self> {
        if !components::installed(&[DNSMASQ]) {
            return None;
        }
        let dir = tempfile::Builder::new().prefix("dockgate-dns-").tempdir().unwrap();
        let address = free_address();
        fs::write(dir.path().join("resolv.conf"), format!("nameserver {address}\n")).unwrap();
        let process = serve(&dir, address, 0, records);
        Some(Self { process, address, dir })
    }

    /// Other records from now on.
    pub(crate) fn replace(&mut self, records: &[Record]) {
        assert!(self.process.terminate().is_some(), "it goes on:\n{}", self.process.log());
        let name = self.process.log_file().file_stem().unwrap().to_str().unwrap();
        let starts: usize = name.rsplit_once('-').unwrap().1.parse().unwrap();
        self.process = serve(&self.dir, self.address, starts + 1, records);
    }

    /// What it was asked since its last start.
    pub(crate) fn log(&self) -> String {
        self.process.log()
    }

    /// Words before a command's own that make it ask this server: it runs in a view of the file system where that
    /// stands in the resolver's file. Its process is the command's.
    pub(crate) fn launcher(&self) -> Vec<String> {
        let file = self.dir.path().join("resolv.conf");
        let script = format!("mount --bind '{}' /etc/resolv.conf && exec \"$@\"", file.display());
        ["unshare", "--mount", "sh", "-c", &script, "sh"].map(str::to_owned).to_vec()
    }

    /// The same as a command, whose arguments are to follow.
    pub(crate) fn command(&self, program: &str) -> Command {
        let words = self.launcher();
        let (first, others) = words.split_first().unwrap();
        let mut command = Command::new(first);
        command.args(others).arg(program);
        command
    }
}

fn serve(dir: &TempDir, address: Ipv4Addr, start: usize, records: &[Record]) -> Process {
    let mut command = Command::new(DNSMASQ.program);
    command
        .args(["--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--pid-file="])
        .args(["--user=root", "--log-facility=-", "--log-queries", "--local=//", "--bind-interfaces"])
        .arg(format!("--listen-address={address}"));
    for record in records {
        command.arg(match record {
            Record::Ldap { domain, host, port, priority, weight } => {
                format!("--srv-host=_ldap._tcp.{domain},{host},{port},{priority},{weight}")
            }
            Record::Address { host, address } => format!("--host-record={host},{address}"),
        });
    }
    Process::start(&mut command, dir.path(), &format!("dnsmasq-{start}")).ready("started, version")
}
