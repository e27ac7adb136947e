//! The server under test.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::accounts;
use crate::harness::process::Process;
use crate::keys::KeyFiles;

pub(crate) const ISSUER: &str = "dockgate in tests";

/// Starts it with `files` as the signing key; answers its port too.
pub(crate) fn start(dir: &Path, files: &KeyFiles, x5c: bool) -> (Process, u16) {
    let KeyFiles { key, certificate, .. } = files;
    Process::listening("listening", |port| {
        let config = format!(
            "server:\n  addr: \"127.0.0.1:{port}\"\n\
             token:\n  issuer: \"{ISSUER}\"\n  expiration: 900\n  certificate: \"{}\"\n  key: \"{}\"\n  x5c: {x5c}\n{}",
            certificate.display(),
            key.display(),
            accounts::users_and_acl(),
        );
        fs::write(dir.join("dockgate.yml"), config).unwrap();
        Process::start(Command::new(env!("CARGO_BIN_EXE_dockgate")).arg("dockgate.yml"), dir, "dockgate")
    })
}
