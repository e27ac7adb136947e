//! The unit of `examples/systemd`: systemd understands it, and the server does nothing that it forbids.
//!
//! No systemd runs here that could start it: its own tool reads the unit, and the kernel's record of a running server is
//! held against it.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::accounts::{ADMIN, Account};
use crate::api::request_token;
use crate::components::{self, STRACE, SYSTEMD};
use crate::dockgate;
use crate::harness::command::{self, Outcome};
use crate::harness::logs::Logs;
use crate::harness::poll;
use crate::harness::process::Process;

/// Exposure to attacks as `systemd-analyze security` counts it, in tenths: 0 is none, 100 is a service without a wall.
const THRESHOLD: &str = "--threshold=15";

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/systemd")
}

fn unit() -> String {
    fs::read_to_string(examples().join("dockgate.service")).unwrap()
}

/// A file system with the unit where it is installed, and the programs that it names.
fn installed(unit: &str) -> TempDir {
    let root = tempfile::Builder::new().prefix("dockgate-unit-").tempdir().unwrap();
    let write = |name: &str, content: &str| {
        let file = root.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, content).unwrap();
        file
    };
    write("etc/systemd/system/dockgate.service", unit);
    let account = fs::read_to_string(examples().join("sysusers.conf")).unwrap();
    write("etc/sysusers.d/dockgate.conf", &account);
    for program in ["usr/local/bin/dockgate", "bin/kill"] {
        let program = write(program, "");
        fs::set_permissions(program, fs::Permissions::from_mode(0o755)).unwrap();
    }
    for target in fs::read_dir("/lib/systemd/system").unwrap().map(|file| file.unwrap().path()) {
        if target.extension().is_some_and(|extension| extension == "target") {
            let content = fs::read_to_string(&target).unwrap_or_default();
            write(&format!("usr/lib/systemd/system/{}", target.file_name().unwrap().display()), &content);
        }
    }
    root
}

fn analyze(root: &Path, arguments: &[&str]) -> Outcome {
    let mut analyze = Command::new(SYSTEMD.program);
    analyze.arg("--root").arg(root).arg("--no-pager").args(arguments);
    command::run(&mut analyze, root, &Logs::default())
}

#[test]
fn the_unit_is_understood_and_hardened() {
    if !components::installed(&[SYSTEMD]) {
        return;
    }
    let root = installed(&unit());
    let verified = analyze(root.path(), &["verify", "dockgate.service"]).succeeds();
    assert_eq!((verified.stdout.as_str(), verified.stderr.as_str()), ("", ""));
    analyze(root.path(), &["security", "--offline=yes", THRESHOLD, "dockgate.service"]).succeeds();

    // Both would notice: a word that systemd does not know, and a wall that is not there.
    let root = installed(&unit().replace("ProtectSystem=", "ProtectSistem="));
    let verified = analyze(root.path(), &["verify", "dockgate.service"]);
    assert!(verified.stderr.contains("Unknown key 'ProtectSistem'"), "{verified}");
    let root = installed(&unit().replace("\nSystemCallFilter=", "\n#SystemCallFilter="));
    analyze(root.path(), &["security", "--offline=yes", THRESHOLD, "dockgate.service"]).fails();
}

#[test]
fn the_account_is_made() {
    if !components::installed(&[SYSTEMD]) {
        return;
    }
    let root = installed(&unit());
    let mut sysusers = Command::new("systemd-sysusers");
    sysusers.arg(format!("--root={}", root.path().display()));
    command::run(&mut sysusers, root.path(), &Logs::default()).succeeds();
    let accounts = fs::read_to_string(root.path().join("etc/passwd")).unwrap();
    let account = accounts.lines().find(|line| line.starts_with("dockgate:")).unwrap();
    assert!(account.ends_with(":/var/lib/dockgate:/usr/sbin/nologin"), "{account}");
    // The unit runs as it.
    assert!(unit().contains("\nUser=dockgate\nGroup=dockgate\n"));
}

/// Starts, loads managed keys, logs somebody in, has programs and a worker decide and kills what one leaves behind, renews a
/// key and ends, under the eyes of strace, as do the programs.
#[test]
fn the_server_does_nothing_that_the_unit_forbids() {
    if !components::installed(&[STRACE, SYSTEMD]) {
        return;
    }
    let dir = tempfile::Builder::new().prefix("dockgate-unit-").tempdir().unwrap();
    dockgate::run(dir.path(), &["keys", "init", "keys"]).succeeds();
    let (mut traced, port) = Process::listening("listening", |port| {
        let config = dockgate::configuration(port, "  managed_keys: keys\n");
        fs::write(dir.path().join("dockgate.yml"), format!("{config}\n{}", programs(dir.path()))).unwrap();
        let mut strace = Command::new(STRACE.program);
        strace.args(["--follow-forks", "--output=calls", dockgate::PROGRAM, "serve", "dockgate.yml"]);
        Process::start(&mut strace, dir.path(), "dockgate")
    });
    let host = format!("127.0.0.1:{port}");
    assert_eq!(request_token(&host, "registry", "repository:a:pull", Some(&ADMIN)).status, 200);
    let carol = Account { name: "carol", password: "a b", hash: "" };
    assert_eq!(request_token(&host, "registry", "repository:web/a:pull", Some(&carol)).status, 200);
    dockgate::run(dir.path(), &["keys", "renew", "keys"]).succeeds();
    let renewed = poll(std::time::Duration::from_secs(60), || {
        traced.log().contains("signing keys changed").then_some(())
    });
    assert!(renewed.is_some(), "{}", traced.log());

    // To the server itself: strace ends when it does.
    let calls = || fs::read_to_string(dir.path().join("calls")).unwrap();
    let pid = calls().split_whitespace().next().and_then(|pid| pid.parse().ok()).unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), Signal::TERM).unwrap();
    let ended = poll(std::time::Duration::from_secs(20), || (!traced.is_running()).then_some(()));
    assert!(ended.is_some() && traced.terminate().is_some_and(|status| status.success()), "{}", traced.log());
    is_allowed(&calls());
}

/// A shell script that leaves a process behind says who somebody is, a Python worker of the examples what they may do.
fn programs(dir: &Path) -> String {
    let who = dir.join("who.sh");
    fs::write(
        &who,
        "#!/bin/sh\nread -r account password\nsleep 1000 &\necho '{\"labels\": {\"teams\": [\"web\"]}}'\n",
    )
    .unwrap();
    fs::set_permissions(&who, fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(dir.join("people.json"), "{}").unwrap();
    let worker = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/hooks/worker.py");
    format!(
        "ext_auth: {{command: ./who.sh}}\next_authz: {{command: \"{}\", args: [people.json], protocol: lines}}\n",
        worker.display()
    )
}

fn is_allowed(calls: &str) {
    let allowed = allowed();
    let mut made = BTreeSet::new();
    for line in calls.lines() {
        let Some((call, arguments)) = line.split_once(' ').and_then(|(_, rest)| rest.trim().split_once('('))
        else {
            continue;
        };
        if call.starts_with(|c: char| c.is_ascii_lowercase() || c == '_') && !call.contains(' ') {
            made.insert(call.to_owned());
        }
        if ["mmap", "mprotect", "pkey_mprotect"].contains(&call) {
            assert!(!(arguments.contains("PROT_WRITE") && arguments.contains("PROT_EXEC")), "{line}");
        }
        if call == "socket" {
            let families = ["AF_INET,", "AF_INET6,", "AF_UNIX,"];
            assert!(families.iter().any(|family| arguments.starts_with(family)), "{line}");
        }
    }
    // What it cannot do without: otherwise the record was not read.
    for call in ["execve", "bind", "listen", "futex"] {
        assert!(made.contains(call), "{made:?}");
    }
    let refused: Vec<&String> = made.difference(&allowed).collect();
    assert!(refused.is_empty(), "the unit's SystemCallFilter refuses {refused:?}");
}

/// What the lines of the unit allow, in their order (systemd.exec(5)): the first is a list of what is allowed.
fn allowed() -> BTreeSet<String> {
    let unit = unit();
    let mut allowed = BTreeSet::new();
    for filter in unit.lines().filter_map(|line| line.strip_prefix("SystemCallFilter=")) {
        let names = filter.trim_start_matches('~').split(' ');
        let calls = names
            .flat_map(|name| if name.starts_with('@') { syscalls(name) } else { [name.to_owned()].into() });
        for call in calls {
            if filter.starts_with('~') {
                allowed.remove(&call);
            } else {
                allowed.insert(call);
            }
        }
    }
    assert!(allowed.contains("read") && !allowed.contains("reboot"), "{allowed:?}");
    allowed
}

/// A set of systemd's, the sets in it included.
fn syscalls(set: &str) -> BTreeSet<String> {
    let listed = Command::new(SYSTEMD.program).args(["syscall-filter", "--no-pager", set]).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let mut calls = BTreeSet::new();
    for line in
        listed.lines().skip(1).map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        if line.starts_with('@') {
            calls.extend(syscalls(line));
        } else {
            calls.insert(line.to_owned());
        }
    }
    calls
}
