//! Keys for the unit tests: files of `tests/data/keys`, and a source of randomness that counts.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, Ordering};

use dockgate_api::{Random, RandomError};

use super::{PemFile, PublishedKey, SigningKey};

pub(super) fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/keys").join(name)
}

pub(super) fn read(name: &str) -> Vec<u8> {
    std::fs::read(path(name)).unwrap()
}

/// Several files in one, in that order.
pub(super) fn joined(names: &[&str]) -> Vec<u8> {
    names.iter().flat_map(|name| read(name)).collect()
}

pub(super) fn pair(certificate: &[u8], key: &[u8]) -> Result<SigningKey, super::KeyError> {
    SigningKey::from_pem(
        PemFile { path: Path::new("/etc/dockgate/cert.pem"), bytes: certificate },
        PemFile { path: Path::new("/etc/dockgate/key.pem"), bytes: key },
    )
}

pub(super) fn rsa() -> SigningKey {
    pair(&read("rsa.crt"), &read("rsa.pkcs8.pem")).unwrap()
}

pub(super) fn ec() -> SigningKey {
    pair(&read("ec.crt"), &read("ec.pkcs8.pem")).unwrap()
}

/// A key of every kind that tokens are signed with.
pub(super) fn one_of_each_kind() -> Vec<SigningKey> {
    let names = ["rsa", "ec", "p384", "p521", "ed25519"];
    let made = names.iter().map(|name| match *name {
        "rsa" => rsa(),
        "ec" => ec(),
        other => pair(&read(&format!("{other}.crt")), &read(&format!("{other}.pem"))).unwrap(),
    });
    made.collect()
}

pub(super) fn published(key: &SigningKey) -> PublishedKey<'_> {
    PublishedKey { key: key.public_key(), algorithm: key.algorithm(), ids: Vec::new() }
}

/// Each byte is one more than the one before.
#[derive(Default)]
pub(super) struct Counting(AtomicU8);

impl Random for Counting {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
        for byte in bytes {
            *byte = self.0.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }
}
