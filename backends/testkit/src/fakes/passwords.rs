//! Passwords without hashes.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use dockgate_api::secrecy::{ExposeSecret, SecretString};
use dockgate_api::{BackendError, Call, HashFormats, HashInUse, Passwords, async_trait};

/// Takes the stored text itself for the password. For backends whose tests are not about hashing.
#[derive(Debug, Default)]
pub struct PlainTextPasswords {
    checks: AtomicU64,
    in_use: Arc<()>,
}

impl PlainTextPasswords {
    /// How many passwords have been checked.
    pub fn checks(&self) -> u64 {
        self.checks.load(Ordering::Relaxed)
    }

    /// How many accepted hashes are in use now.
    pub fn in_use(&self) -> usize {
        Arc::strong_count(&self.in_use) - 1
    }
}

#[async_trait]
impl Passwords for PlainTextPasswords {
    /// Accepts anything but nothing and `not a hash`.
    fn accept(&self, stored: &str, _: HashFormats) -> Result<HashInUse, String> {
        match stored {
            "" | "not a hash" => Err("this is not a password hash".to_owned()),
            _ => Ok(HashInUse::counted_by(&self.in_use)),
        }
    }

    async fn verify(
        &self,
        cx: &Call,
        stored: &str,
        _: HashFormats,
        password: &SecretString,
    ) -> Result<bool, BackendError> {
        cx.mark_password_work();
        self.checks.fetch_add(1, Ordering::Relaxed);
        if cx.remaining().is_zero() {
            return Err(BackendError::Timeout("the deadline has passed".to_owned()));
        }
        Ok(!password.expose_secret().is_empty() && password.expose_secret() == stored)
    }

    /// Nothing is ever remembered.
    async fn verify_anew(
        &self,
        cx: &Call,
        stored: &str,
        formats: HashFormats,
        password: &SecretString,
    ) -> Result<bool, BackendError> {
        self.verify(cx, stored, formats, password).await
    }

    fn epoch(&self, stored: &str) -> String {
        let mut hasher = DefaultHasher::new();
        stored.hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }
}
