//! The secrets that seals are made with.

use std::path::PathBuf;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac::{HMAC_SHA256, Key};
use dockgate_api::config::secret::{self, Given};
use dockgate_api::config::{KeyPath, Located, Remark};
use dockgate_api::secrecy::ExposeSecret as _;
use dockgate_api::{BuildContext, BuildError, Record, Shelf};

use super::mac;

/// In characters: 256 bits as hexadecimal digits are 64, as base64 43.
const SHORTEST: usize = 32;

/// What keys are for. They never change: what was made with them is read for ever.
const SEAL: &[u8] = b"dockgate store seal 1";
const SIGN_INS: &[u8] = b"dockgate sign-ins 1";

/// What the section says of it: the secret, and the one before.
pub(crate) struct SealConfig {
    pub(crate) secret: Given,
    pub(crate) before: Given,
}

/// Writes with one, reads with both. Two that are equal are the same.
#[derive(Clone, PartialEq)]
pub(crate) struct SealKeys {
    current: OfSecret,
    before: Option<OfSecret>,
}

/// What is made of one secret: each part for one thing alone.
#[derive(Clone, PartialEq)]
struct OfSecret {
    seal: [u8; 32],
    sign_ins: [u8; 32],
}

impl OfSecret {
    fn new(secret: &[u8]) -> Self {
        Self { seal: mac::derive(secret, SEAL), sign_ins: mac::derive(secret, SIGN_INS) }
    }
}

impl SealConfig {
    /// The keys; none where records are not sealed. `is_shared` says whether others can write to the store.
    pub(crate) fn keys(
        self,
        is_shared: bool,
        cx: &BuildContext,
        errors: &mut BuildError,
    ) -> Option<SealKeys> {
        let is_given = self.secret.0.is_some() || self.secret.1.is_some();
        let before_at = place(&self.before);
        let current = key("secret", self.secret, cx, errors);
        let before = key("secret_before", self.before, cx, errors);
        if !is_given {
            if is_shared {
                errors.add(Remark::on_section(
                    "needs `secret_file: FILE`: with it each record is signed, so that whoever can write to that server \
                     cannot make credentials. The same on every replica; `openssl rand -hex 32` makes one",
                ));
            } else if let Some((location, name)) = before_at {
                let message = "`secret` is missing: records are written with that, and read with both";
                errors.add(Remark::new(location, KeyPath::root().key(name), message));
            }
            return None;
        }
        current.map(|current| SealKeys { current, before })
    }
}

impl SealKeys {
    pub(super) fn tag(&self, shelf: Shelf, record: &Record) -> Vec<u8> {
        mac::tag(&Key::new(HMAC_SHA256, &self.current.seal), shelf, record).as_ref().to_vec()
    }

    pub(super) fn fits(&self, shelf: Shelf, record: &Record, tag: &[u8]) -> bool {
        [Some(&self.current), self.before.as_ref()].into_iter().flatten().any(|key| {
            let expected = mac::tag(&Key::new(HMAC_SHA256, &key.seal), shelf, record);
            verify_slices_are_equal(expected.as_ref(), tag).is_ok()
        })
    }

    /// What provider tokens and cookies are encrypted with: of the secret, and of the one before.
    pub(crate) fn of_sign_ins(&self) -> ([u8; 32], Option<[u8; 32]>) {
        (self.current.sign_ins, self.before.as_ref().map(|before| before.sign_ins))
    }

    #[cfg(test)]
    pub(super) fn new(current: &str, before: Option<&str>) -> Self {
        let derive = |secret: &str| OfSecret::new(secret.as_bytes());
        Self { current: derive(current), before: before.map(derive) }
    }
}

fn place(given: &Given) -> Option<(dockgate_api::config::Location, &'static str)> {
    let inline = given.0.as_ref().map(|secret| (secret.location.clone(), "secret_before"));
    let file = |file: &Located<PathBuf>| (file.location.clone(), "secret_before_file");
    inline.or_else(|| given.1.as_ref().map(file))
}

fn key(name: &str, given: Given, cx: &BuildContext, errors: &mut BuildError) -> Option<OfSecret> {
    let found = secret::find(name, given, cx, errors)?;
    let secret = found.secret.expose_secret();
    if secret.chars().count() < SHORTEST {
        let message = format!("at least {SHORTEST} characters: `openssl rand -hex 32` makes them");
        errors.add(Remark::new(found.location, KeyPath::root().key(&found.key), message));
        return None;
    }
    Some(OfSecret::new(secret.as_bytes()))
}
