//! SHA-1 in base 64: `{SHA}` without a salt, `{SSHA}` with one behind the digest. Only for htpasswd files.
//!
//! Source: RFC 2307 and what LDAP servers made of it; Apache reads the first, nginx both.

use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const PLAIN: &str = "{SHA}";
const SALTED: &str = "{SSHA}";
const MOST_SALT: usize = 64;

pub(crate) struct Sha1 {
    digest: [u8; 20],
    /// None without the very possibility of a salt.
    salt: Option<Box<[u8]>>,
}

impl Sha1 {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (encoded, salted) = match text.strip_prefix(SALTED) {
            Some(encoded) => (encoded, true),
            None => (text.strip_prefix(PLAIN)?, false),
        };
        let bytes = STANDARD.decode(encoded).ok()?;
        let (digest, salt) = bytes.split_first_chunk()?;
        let fits = if salted { salt.len() <= MOST_SALT } else { salt.is_empty() };
        fits.then(|| Self { digest: *digest, salt: salted.then(|| salt.into()) })
    }

    pub(super) fn dummy(seed: &[u8; 64]) -> Self {
        let mut digest = [0; 20];
        for (to, from) in digest.iter_mut().zip(seed) {
            *to = *from;
        }
        Self { digest, salt: None }
    }

    pub(super) fn is_salted(&self) -> bool {
        self.salt.is_some()
    }

    pub(super) fn text(&self) -> String {
        let prefix = if self.is_salted() { SALTED } else { PLAIN };
        format!("{prefix}{}", STANDARD.encode([&self.digest, self.salt()].concat()))
    }

    pub(super) fn stored(&self) -> &[u8] {
        &self.digest
    }

    pub(super) fn digest(&self, password: &str) -> [u8; 20] {
        let mut sha1 = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
        sha1.update(password.as_bytes());
        sha1.update(self.salt());
        let mut digest = [0; 20];
        for (to, from) in digest.iter_mut().zip(sha1.finish().as_ref()) {
            *to = *from;
        }
        digest
    }

    fn salt(&self) -> &[u8] {
        self.salt.as_deref().unwrap_or_default()
    }
}
