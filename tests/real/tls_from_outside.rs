//! OpenSSL looks at the doors with TLS.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::components::{self, OPENSSL};
use crate::dockgate;
use crate::harness::command::{self, Outcome};
use crate::harness::logs::Logs;
use crate::harness::process::Process;
use crate::keys::{Key, KeyFiles};

struct Site {
    _server: Process,
    port: u16,
    dir: TempDir,
}

impl Site {
    fn start(keys: &str) -> Option<Self> {
        if !components::installed(&[OPENSSL]) {
            return None;
        }
        let dir = tempfile::Builder::new().prefix("dockgate-real-").tempdir().unwrap();
        let KeyFiles { certificate, key, .. } = Key::EcP256.write(dir.path());
        let [certificate, key] = [certificate, key].map(|file| file.display().to_string());
        let (server, port) = Process::listening("listening", |port| {
            let pair = format!("certificate: \"{certificate}\"\n  key: \"{key}\"\n");
            let config = format!(
                "server:\n  addr: \"127.0.0.1:{port}\"\n  {pair}  {keys}\n\
                 token:\n  issuer: a\n  expiration: 900\n  {pair}users: {{}}\nacl: []\n"
            );
            fs::write(dir.path().join("auth.yml"), config).unwrap();
            Process::start(Command::new(dockgate::PROGRAM).arg("auth.yml"), dir.path(), "dockgate")
        });
        Some(Self { _server: server, port, dir })
    }

    fn handshake(&self, options: &[&str]) -> Outcome {
        s_client(self.dir.path(), self.port, options)
    }
}

fn s_client(dir: &Path, port: u16, options: &[&str]) -> Outcome {
    let place = format!("127.0.0.1:{port}");
    let mut command = Command::new("openssl");
    command.args(["s_client", "-connect", &place, "-brief"]).args(options);
    command::run(&mut command, dir, &Logs::default())
}

#[test]
fn the_oldest_version() {
    let Some(site) = Site::start("tls_min_version: TLS12") else { return };
    assert!(site.handshake(&["-tls1_2"]).succeeds().stderr.contains("TLSv1.2"));
    assert!(site.handshake(&["-tls1_3"]).succeeds().stderr.contains("TLSv1.3"));
    // OpenSSL would speak it, if it is asked twice.
    site.handshake(&["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"]).fails();
    let Some(site) = Site::start("tls_min_version: TLS13") else { return };
    site.handshake(&["-tls1_2"]).fails();
    site.handshake(&["-tls1_3"]).succeeds();
}

#[test]
fn suites_and_curves() {
    let keys = "tls_cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]\n  \
                tls_curve_preferences: [P384, P256]";
    let Some(site) = Site::start(keys) else { return };
    let both = "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256";
    let shown = site.handshake(&["-tls1_2", "-cipher", both]).succeeds().stderr;
    assert!(shown.contains("ECDHE-ECDSA-AES128-GCM-SHA256"), "our order: {shown}");
    site.handshake(&["-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305"]).fails();
    let shown = site.handshake(&["-tls1_3", "-groups", "P-384"]).succeeds().stderr;
    assert!(shown.contains("secp384r1") || shown.contains("P-384"), "{shown}");
    site.handshake(&["-tls1_3", "-groups", "X25519"]).fails();
    site.handshake(&["-tls1_2", "-groups", "X25519"]).fails();
}
