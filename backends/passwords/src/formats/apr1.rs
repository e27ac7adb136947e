//! Apache's MD5: `$apr1$SALT$DIGEST`, a thousand rounds of MD5 as FreeBSD's `$1$` has them. Only for htpasswd files.
//!
//! Source: `apr_md5_encode` of the Apache Portable Runtime, which follows Poul-Henning Kamp's crypt.

use md5::{Digest as _, Md5};

use super::crypt64;

const PREFIX: &str = "$apr1$";
const MOST_SALT: usize = 8;
const ROUNDS: u32 = 1_000;
/// Where the bytes of the digest stand in the text.
const ORDER: [usize; 16] = [12, 6, 0, 13, 7, 1, 14, 8, 2, 15, 9, 3, 5, 10, 4, 11];

pub(crate) struct Apr1 {
    salt: Box<str>,
    digest: [u8; 16],
}

impl Apr1 {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (salt, digest) = text.strip_prefix(PREFIX)?.split_once('$')?;
        let digest = crypt64::decode(digest)?;
        crypt64::is_salt(salt, MOST_SALT).then(|| Self { salt: salt.into(), digest })
    }

    pub(super) fn dummy(seed: &[u8; 64]) -> Self {
        let (mut salt, mut digest) = ([0; 6], [0; 16]);
        for (to, from) in salt.iter_mut().chain(&mut digest).zip(seed) {
            *to = *from;
        }
        Self { salt: crypt64::encode(&salt).into(), digest }
    }

    pub(super) fn text(&self) -> String {
        format!("{PREFIX}{}${}", self.salt, crypt64::encode(&self.digest))
    }

    pub(super) fn stored(&self) -> &[u8] {
        &self.digest
    }

    /// The digest of a password, in the order of the text.
    pub(super) fn digest(&self, password: &str) -> [u8; 16] {
        let (password, salt) = (password.as_bytes(), self.salt.as_bytes());
        let inner = md5(&[password, salt, password]);
        let mut outer = Md5::new_with_prefix(password);
        outer.update(PREFIX);
        outer.update(salt);
        for chunk in password.chunks(inner.len()) {
            outer.update(inner.get(..chunk.len()).unwrap_or_default());
        }
        let first = password.get(..1).unwrap_or_default();
        let mut left = password.len();
        while left > 0 {
            outer.update(if left & 1 == 1 { &[0] } else { first });
            left >>= 1;
        }
        let mut digest: [u8; 16] = outer.finalize().into();
        for round in 0..ROUNDS {
            let (before, after) =
                if round % 2 == 1 { (password, digest.as_slice()) } else { (digest.as_slice(), password) };
            let salt = if round % 3 == 0 { &[] } else { salt };
            let again = if round % 7 == 0 { &[] } else { password };
            digest = md5(&[before, salt, again, after]);
        }
        crypt64::reordered(&digest, ORDER.into_iter())
    }
}

fn md5(parts: &[&[u8]]) -> [u8; 16] {
    let mut md5 = Md5::new();
    for part in parts {
        md5.update(part);
    }
    md5.finalize().into()
}
