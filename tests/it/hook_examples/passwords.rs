//! `htpasswd_file.sh` and `pam.sh`, which speak the plain protocol.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;

use super::{SHELLS, file, is_an_error, program};
use crate::process::{Ended, run, run_with_input};

/// Blanks, a quote, an option, letters beyond ASCII.
pub(super) const ALICE: &str = "-v right  'pass\" wörd $HOME ";
pub(super) const BOB: &str = "x";

fn asked(command: &mut Command, account: &str, password: &str) -> Ended {
    run_with_input(command, format!("{account} {password}").as_bytes())
}

/// What any program must say to these, whose `alice` has this password.
fn keeps_the_contract(mut command: impl FnMut() -> Command) {
    let (cut, longer) = (&ALICE[..ALICE.len() - 1], format!("{ALICE}x"));
    let (line, nul, first) = (format!("{ALICE}\n"), format!("{ALICE}\0"), format!("{ALICE}\nmore"));
    let (hidden, long) = (format!("{BOB}\0"), "x".repeat(8192));
    for (account, password, code) in [
        ("alice", ALICE, 0),
        ("bob", BOB, 0),
        ("alice", BOB, 1),
        ("alice", "", 1),
        ("alice", cut, 1),
        ("alice", &longer, 1),
        ("alice", &line, 1),
        ("alice", &nul, 1),
        ("alice", &first, 1),
        ("bob", &hidden, 1),
        ("bob", "x\n", 1),
        ("alice", &long, 1),
        ("alice", "*", 1),
        ("alice", "$(id)", 1),
        ("", "", 2),
        ("", BOB, 2),
        ("nobody", BOB, 2),
        ("Alice", ALICE, 2),
        ("alic", ALICE, 2),
        ("*", ALICE, 2),
        ("-h", ALICE, 2),
        ("-v", ALICE, 2),
        ("--", ALICE, 2),
        ("$(id)", ALICE, 2),
        ("al/ice", ALICE, 2),
        ("../alice", ALICE, 2),
        ("al:ice", ALICE, 2),
    ] {
        let ended = asked(&mut command(), account, password);
        assert_eq!(
            (ended.code, ended.output().as_str()),
            (Some(code), ""),
            "{account:?} {password:?} {ended:?}"
        );
    }
    is_an_error(&run(&mut command()));
    is_an_error(&run_with_input(&mut command(), b"alice"));
}

/// Nobody who lists processes sees it: strace shows every program that is started, with its arguments and variables.
fn shows_no_password(command: &mut Command, account: &str) {
    let trace = tempfile::NamedTempFile::new().unwrap();
    let mut traced = program("strace");
    traced.args(["-f", "-v", "-s", "4096", "-e", "trace=execve", "-o"]).arg(trace.path());
    traced.arg(command.get_program()).args(command.get_args());
    let ended = asked(&mut traced, account, "canary-0917");
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let trace = std::fs::read_to_string(trace.path()).unwrap();
    assert!(trace.matches("execve(").count() >= 2, "{trace}");
    assert!(!trace.contains("canary"), "{trace}");
}

pub(super) fn htpasswd(directory: &TempDir) -> PathBuf {
    let path = directory.path().join("users.htpasswd");
    std::fs::write(&path, "").unwrap();
    for (account, password) in [("alice", ALICE), ("bob", BOB)] {
        let mut command = program("htpasswd");
        let written = run_with_input(
            command.args(["-i", "-B", "-C", "4"]).arg(&path).arg(account),
            password.as_bytes(),
        );
        assert_eq!(written.code, Some(0), "{written:#?}");
    }
    path
}

fn with(shell: &str, script: &str, arg: impl AsRef<Path>) -> Command {
    let mut command = program(shell);
    command.arg(file(script)).arg(arg.as_ref());
    command
}

#[test]
fn a_password_of_an_htpasswd_file() {
    let directory = tempfile::tempdir().unwrap();
    let users = htpasswd(&directory);
    for shell in SHELLS {
        keeps_the_contract(|| with(shell, "htpasswd_file.sh", &users));
        shows_no_password(&mut with(shell, "htpasswd_file.sh", &users), "alice");
        is_an_error(&asked(
            &mut with(shell, "htpasswd_file.sh", directory.path().join("gone")),
            "alice",
            ALICE,
        ));
        is_an_error(&asked(program(shell).arg(file("htpasswd_file.sh")), "alice", ALICE));
    }
    // 72 bytes and another end: bcrypt does not see it.
    let long = "x".repeat(72);
    let mut command = program("htpasswd");
    let written =
        run_with_input(command.args(["-i", "-B", "-C", "4"]).arg(&users).arg("long"), long.as_bytes());
    assert_eq!(written.code, Some(0), "{written:#?}");
    for (password, code) in [(long.clone(), 0), (long + "y", 1)] {
        let ended = asked(&mut with("dash", "htpasswd_file.sh", &users), "long", &password);
        assert_eq!(ended.code, Some(code), "{password}");
    }
}

/// A service of this test's own, whose accounts stand in a file.
pub(super) struct Service {
    pub(super) name: String,
    directory: TempDir,
}

/// Tells the services of this process apart.
static NEXT: AtomicU32 = AtomicU32::new(0);

impl Service {
    /// None for a person who may not make one: under `CI=true` that is a failure.
    pub(super) fn new() -> Option<Self> {
        if !rustix::process::getuid().is_root() {
            let is_ci = std::env::var("CI").as_deref() == Ok("true");
            assert!(!is_ci, "only root can make a service of PAM");
            eprintln!("NOT RUN: only root can make a service of PAM");
            return None;
        }
        let directory = tempfile::tempdir().unwrap();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("dockgate-test-{}-{number}", std::process::id());
        let service = Self { name, directory };
        let line = |account: &str, password: &str| {
            let mut openssl = program("openssl");
            let hashed = run_with_input(openssl.args(["passwd", "-6", "-stdin"]), password.as_bytes());
            assert_eq!(hashed.code, Some(0), "{hashed:#?}");
            format!("{account}:{}\n", hashed.stdout.trim())
        };
        let users = line("alice", ALICE) + &line("bob", BOB) + &line("carol", BOB);
        std::fs::write(service.passwords(), users).unwrap();
        let closed = service.directory.path().join("closed");
        std::fs::write(&closed, "carol\n").unwrap();
        let modules = format!(
            "auth required pam_pwdfile.so nodelay pwdfile={}\n\
             account required pam_listfile.so item=user sense=deny file={} onerr=fail\n",
            service.passwords().display(),
            closed.display()
        );
        let path = service.path();
        std::fs::write(&path, &modules).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        std::fs::write(service.in_capitals(), modules).unwrap();
        Some(service)
    }

    fn path(&self) -> PathBuf {
        Path::new("/etc/pam.d").join(&self.name)
    }

    /// The same under a name that PAM does not find: it looks for small letters.
    fn in_capitals(&self) -> PathBuf {
        Path::new("/etc/pam.d").join(self.name.to_uppercase())
    }

    /// The file of the accounts.
    pub(super) fn passwords(&self) -> PathBuf {
        self.directory.path().join("passwords")
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        for path in [self.path(), self.in_capitals()] {
            let _ = std::fs::remove_file(path);
        }
    }
}

#[test]
fn a_password_of_pam() {
    let Some(service) = Service::new() else { return };
    let command = |shell: &str| with(shell, "pam.sh", &service.name);
    for shell in SHELLS {
        keeps_the_contract(|| command(shell));
        shows_no_password(&mut command(shell), "alice");
        // A right password, and an account that is closed.
        assert_eq!(asked(&mut command(shell), "carol", BOB).code, Some(1));
        for missing in ["no-such-service", "", "../pam.d/login", &service.name.to_uppercase()] {
            is_an_error(&asked(&mut with(shell, "pam.sh", missing), "alice", ALICE));
        }
        is_an_error(&asked(program(shell).arg(file("pam.sh")), "alice", ALICE));
    }
    // Nobody can tell: that is no refusal.
    std::fs::remove_file(service.passwords()).unwrap();
    is_an_error(&asked(&mut command("dash"), "alice", ALICE));
}
