//! One configuration's view of the pool.

use dockgate_api::secrecy::SecretString;
use dockgate_api::{BackendError, Call, HashFormats, HashInUse, Passwords, async_trait};

use crate::Pool;
use crate::digests::epoch;
use crate::formats::StoredHash;
use crate::in_use::InUse;
use crate::pool::Memory;

/// Checks passwords for one configuration: a reload makes a new one on the same [`Pool`].
pub struct PasswordService {
    pool: Pool,
    in_use: InUse,
}

impl PasswordService {
    /// A service that has accepted no hash yet.
    pub fn new(pool: &Pool) -> Self {
        Self { pool: pool.clone(), in_use: InUse::default() }
    }

    /// Spends the time that checking this account's password would have taken, had the account existed. For
    /// the end of a chain in which nothing was hashed ([`Call::did_password_work`]).
    ///
    /// An account always gets the same kind and cost, those of a random hash that is in use. If none is, nothing
    /// happens.
    ///
    /// # Errors
    /// As [`verify`](Passwords::verify): an unknown account must look like a known one in this, too.
    pub async fn burn(&self, cx: &Call, account: &str, password: &SecretString) -> Result<(), BackendError> {
        let digests = self.pool.digests();
        let Some(shape) = self.in_use.at(digests.choice(account)) else { return Ok(()) };
        let dummy = shape.dummy(&digests.dummy_seed(account));
        self.verify(cx, &dummy, HashFormats::Htpasswd, password).await.map(|_| ())
    }
}

#[async_trait]
impl Passwords for PasswordService {
    fn accept(&self, stored: &str, formats: HashFormats) -> Result<HashInUse, String> {
        let hash = StoredHash::parse(stored, formats).map_err(|error| error.to_string())?;
        Ok(self.in_use.count(hash.shape()))
    }

    async fn verify(
        &self,
        cx: &Call,
        stored: &str,
        formats: HashFormats,
        password: &SecretString,
    ) -> Result<bool, BackendError> {
        cx.mark_password_work();
        self.pool.verify(cx, stored, formats, password, Memory::Used).await
    }

    async fn verify_anew(
        &self,
        cx: &Call,
        stored: &str,
        formats: HashFormats,
        password: &SecretString,
    ) -> Result<bool, BackendError> {
        cx.mark_password_work();
        self.pool.verify(cx, stored, formats, password, Memory::Untouched).await
    }

    fn epoch(&self, stored: &str) -> String {
        epoch(stored)
    }
}
