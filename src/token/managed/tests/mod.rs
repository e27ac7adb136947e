//! Real directories, a turned clock, and a gate that lets a writer crash.

mod chain;
mod crash;
mod damage;
mod life;
mod offline;
mod read_only;
mod refusals;
mod sharing;

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tempfile::TempDir;
use x509_parser::prelude::{FromDer as _, Pem, X509Certificate};

use super::directory::{Directory, DiskStep, Gate};
use super::layout::{Entry, TEMPORARY_PREFIX};
use super::*;
use crate::token::SigningKey;

const TOKEN: Duration = Duration::from_secs(900);
const DAY: Duration = Duration::from_secs(86_400);
const YEAR: u32 = 366;

/// So many days after the directories of these tests are made.
fn day(number: u32) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000) + DAY * number
}

fn made() -> (TempDir, ManagedKeys) {
    let dir = tempfile::tempdir().unwrap();
    let keys = ManagedKeys::init(dir.path(), day(0)).unwrap();
    (dir, keys)
}

fn read(dir: &Path, entry: Entry) -> String {
    fs::read_to_string(entry.of(dir)).unwrap()
}

fn copy(from: &Path) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    copy
}

/// What a registry does that trusts that bundle, by another reader of certificates than the code's own.
fn trusts(bundle: &str, leaf: &SigningKey, at: SystemTime) -> bool {
    let (_, leaf) = X509Certificate::from_der(leaf.leaf().der()).unwrap();
    let seconds = i64::try_from(at.duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap();
    let at = x509_parser::time::ASN1Time::from_timestamp(seconds).unwrap();
    Pem::iter_from_buffer(bundle.as_bytes()).any(|pem| {
        let pem = pem.unwrap();
        let ca = pem.parse_x509().unwrap();
        ca.is_ca()
            && ca.key_usage().unwrap().unwrap().value.key_cert_sign()
            && ca.validity().is_valid_at(at)
            && leaf.validity().is_valid_at(at)
            && leaf.issuer() == ca.subject()
            && leaf.verify_signature(Some(ca.public_key())).is_ok()
    })
}

/// The certificates of all CAs there are keys of.
fn cas(dir: &Path) -> Vec<Vec<u8>> {
    let found = contents::Contents::read(dir).unwrap();
    found.authorities().map(|ca| ca.certificate().der().to_vec()).collect()
}

fn worst(current: &Current) -> Option<Severity> {
    current.notices.iter().map(|notice| notice.severity).max()
}

fn texts(current: &Current) -> String {
    current.notices.iter().map(|notice| format!("{:?}: {notice}\n", notice.severity)).collect()
}

fn temporaries(dir: &Path) -> usize {
    let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.to_string_lossy().starts_with(TEMPORARY_PREFIX)).count()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

/// Lets so many steps pass; then the process is as good as dead.
struct Crash(AtomicUsize);

impl Gate for Crash {
    fn before(&self, _: DiskStep) -> io::Result<()> {
        let left = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        left.map(|_| ()).map_err(|_| io::Error::other("crashed"))
    }
}

/// Refuses to be written.
struct Refuses(io::ErrorKind);

impl Gate for Refuses {
    fn before(&self, _: DiskStep) -> io::Result<()> {
        Err(self.0.into())
    }
}

fn gated(dir: &Path, gate: impl Gate + 'static) -> ManagedKeys {
    ManagedKeys::in_directory(Directory::with_gate(
        dir.to_path_buf(),
        Duration::from_secs(10),
        Arc::new(gate),
    ))
}
