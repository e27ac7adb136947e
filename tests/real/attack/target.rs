//! The server that is attacked.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use dockgate::outside::SystemRandom;
use dockgate_api::secrecy::SecretString;
use tempfile::TempDir;

use crate::accounts::{self, ALICE};
use crate::dockgate::{ISSUER, PROGRAM};
use crate::harness::poll;
use crate::harness::process::Process;
use crate::keys::Key;

/// Accounts whose first login is still to come; each costs a hash.
pub(super) const STRANGERS: usize = 60;
pub(super) const STRANGERS_PASSWORD: &str = "a stranger's password";

/// How long the server may take to be as it was before.
const RECOVERED_WITHIN: Duration = Duration::from_secs(20);
/// Files that it may hold beyond those it had: of its own work, not of connections.
const FEW_FILES: usize = 8;

/// A server in a directory of its own, on one door.
pub(super) struct Target {
    process: Process,
    dirs: Vec<TempDir>,
    pub(super) address: SocketAddr,
}

impl Target {
    /// With `server`, lines of that section, as the configuration has them, or a section behind it.
    pub(super) fn with(server: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let keys = Key::EcP256.write(dir.path());
        let token = format!(
            "token:\n  issuer: \"{ISSUER}\"\n  expiration: 900\n  refresh: {{lifetime: 30d}}\n  \
             certificate: \"{}\"\n  key: \"{}\"\n",
            keys.certificate.display(),
            keys.key.display()
        );
        fs::create_dir(dir.path().join("store")).unwrap();
        let chains = accounts::users_and_acl().replacen("users:\n", &format!("users:\n{}", strangers()), 1);
        let (process, port) = Process::listening("listening", |port| {
            let text = format!(
                "server:\n  addr: \"127.0.0.1:{port}\"\n{server}store: {{file: store}}\n{token}{chains}"
            );
            fs::write(dir.path().join("auth.yml"), text).unwrap();
            Process::start(Command::new(program()).arg("auth.yml"), dir.path(), "dockgate")
        });
        Self { process, dirs: vec![dir], address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)) }
    }

    /// With a certificate for `localhost`, which is its own authority.
    pub(super) fn over_tls() -> (Self, String) {
        let pair = rcgen::generate_simple_self_signed([String::from("localhost")]).unwrap();
        let place = tempfile::tempdir().unwrap();
        let [certificate, key] = ["tls.crt", "tls.key"].map(|name| place.path().join(name));
        fs::write(&certificate, pair.cert.pem()).unwrap();
        fs::write(&key, pair.signing_key.serialize_pem()).unwrap();
        let lines = format!("  certificate: \"{}\"\n  key: \"{}\"\n", certificate.display(), key.display());
        let mut target = Self::with(&lines);
        target.dirs.push(place);
        (target, pair.cert.pem())
    }

    /// Resident memory, in MiB.
    pub(super) fn resident(&self) -> u64 {
        resident(self.pid())
    }

    pub(super) fn pid(&self) -> u32 {
        self.process.pid()
    }

    pub(super) fn files(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.pid())).unwrap().count()
    }

    /// Waits until the files of connections are closed, and memory is back within the bounds, while somebody `comes`.
    #[track_caller]
    pub(super) fn recovers(&self, files: usize, resident: u64, comes: impl Fn()) {
        let most = files + FEW_FILES;
        let recovered = poll(RECOVERED_WITHIN, || {
            comes();
            (self.files() <= most && self.resident() <= resident).then_some(())
        });
        assert!(
            recovered.is_some(),
            "{} files and {} MiB stay, where {most} and {resident} were the most",
            self.files(),
            self.resident()
        );
    }

    /// It ends when it is asked to, and has met nothing that it did not expect.
    #[track_caller]
    pub(super) fn ends(mut self) {
        let status = self.process.terminate();
        assert!(status.is_some_and(|status| status.success()), "it ended with {status:?}");
        let log = self.process.log();
        let panicked = log.lines().find(|line| line.contains("panicked"));
        assert_eq!(panicked, None);
        drop(self.dirs);
    }
}

/// Of a process, in MiB.
pub(super) fn resident(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

fn program() -> PathBuf {
    match env::var_os("DOCKGATE") {
        Some(given) => {
            fs::canonicalize(&given).unwrap_or_else(|error| panic!("DOCKGATE={}: {error}", given.display()))
        }
        None => PathBuf::from(PROGRAM),
    }
}

fn strangers() -> String {
    let password = SecretString::from(STRANGERS_PASSWORD);
    (0..STRANGERS).fold(String::new(), |mut yaml, number| {
        let random = SystemRandom::default();
        let hash =
            dockgate_passwords::hash_bcrypt(&password, dockgate_passwords::LOWEST_COST, &random).unwrap();
        writeln!(yaml, "  stranger{number}: {{password: \"{hash}\"}}").unwrap();
        yaml
    })
}

/// Who logs in all the time.
pub(super) const REGULAR: (&str, &str) = (ALICE.name, ALICE.password);
