//! Apache's `htpasswd` writes the file, and nothing is restarted.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::accounts::Account;
use crate::api::request_token;
use crate::components::{self, HTPASSWD};
use crate::dockgate;
use crate::harness::command;
use crate::harness::logs::Logs;
use crate::harness::poll;
use crate::harness::process::Process;
use crate::keys::{Key, KeyFiles};

/// The file is looked at every 30 seconds where the system tells of no changes.
const READ_WITHIN: Duration = Duration::from_secs(60);

struct Site {
    server: Process,
    host: String,
    dir: TempDir,
}

impl Site {
    /// With one account, so that the file is there.
    fn start() -> Option<Self> {
        if !components::installed(&[HTPASSWD]) {
            return None;
        }
        let dir = tempfile::Builder::new().prefix("dockgate-real-").tempdir().unwrap();
        htpasswd(dir.path(), &["-bcB", "users.htpasswd", "first", "first-pass"]);
        let KeyFiles { certificate, key, .. } = Key::EcP256.write(dir.path());
        let [certificate, key] = [certificate, key].map(|file| file.display().to_string());
        let (server, port) = Process::listening("listening", |port| {
            let config = format!(
                "server: {{addr: \"127.0.0.1:{port}\"}}\n\
                 token: {{issuer: a, expiration: 900, certificate: \"{certificate}\", key: \"{key}\"}}\n\
                 authn: [{{users_file: {{path: users.htpasswd}}}}]\n\
                 authz: [{{acl: [{{match: {{}}, actions: [pull]}}]}}]\n"
            );
            fs::write(dir.path().join("auth.yml"), config).unwrap();
            Process::start(Command::new(dockgate::PROGRAM).arg("auth.yml"), dir.path(), "dockgate")
        });
        Some(Self { server, host: format!("127.0.0.1:{port}"), dir })
    }

    fn htpasswd(&self, arguments: &[&str]) {
        htpasswd(self.dir.path(), arguments);
    }

    fn logs_in(&self, name: &'static str, password: &'static str) -> bool {
        let account = Account { name, password, hash: "" };
        let status = request_token(&self.host, "registry", "repository:a:pull", Some(&account)).status;
        assert!([200, 401].contains(&status), "{status}\n{}", self.server.log());
        status == 200
    }

    #[track_caller]
    fn until(&self, what: &str, so: impl Fn() -> bool) {
        let found = poll(READ_WITHIN, || so().then_some(()));
        assert!(found.is_some(), "still not so: {what}\n{}", self.server.log());
    }
}

fn htpasswd(dir: &Path, arguments: &[&str]) {
    command::run(Command::new(HTPASSWD.program).args(arguments).current_dir(dir), dir, &Logs::default())
        .succeeds();
}

#[test]
fn whatever_htpasswd_writes_counts_at_once() {
    let Some(mut site) = Site::start() else { return };
    assert!(site.logs_in("first", "first-pass") && !site.logs_in("first", "wrong"));
    for (kind, name) in
        [("-bB", "bcrypt"), ("-bm", "apr1"), ("-bs", "sha"), ("-b2", "sha256"), ("-b5", "sha512")]
    {
        site.htpasswd(&[kind, "users.htpasswd", name, "Grüße, 1 password"]);
        site.until(name, || site.logs_in(name, "Grüße, 1 password"));
        assert!(!site.logs_in(name, "Grüße, 2 password"), "{name}");
        // Remembered until the file says otherwise.
        assert!(site.logs_in(name, "Grüße, 1 password"), "{name}");
    }
    for (kind, name) in [("-bB", "apr1"), ("-b5", "bcrypt")] {
        site.htpasswd(&[kind, "users.htpasswd", name, "the new one"]);
        site.until(name, || site.logs_in(name, "the new one"));
        assert!(!site.logs_in(name, "Grüße, 1 password"), "{name}");
    }
    site.htpasswd(&["-D", "users.htpasswd", "first"]);
    site.until("first is out", || !site.logs_in("first", "first-pass"));
    // DES crypt is no hash: the file is bad now, and nobody is locked out by it.
    site.htpasswd(&["-bd", "users.htpasswd", "des", "x"]);
    site.until("told", || site.server.log().contains("DES crypt hashes are not supported"));
    assert!(site.logs_in("sha", "Grüße, 1 password") && !site.logs_in("des", "x"));
    assert!(site.server.is_running());
}
