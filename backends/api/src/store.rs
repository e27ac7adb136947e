//! Where stored credentials, lock-outs and pending sign-ins live.

use std::time::SystemTime;

use async_trait::async_trait;

use crate::{BackendError, Call, Health};

/// Keeps records across restarts and, where it is shared, across replicas.
///
/// The primitives are few on purpose: each of them is one atomic step on an embedded file, on Redis and on a
/// relational database. A record that has expired does not exist.
#[async_trait]
pub trait Store: Send + Sync {
    /// Writes a record; one with the same key is replaced. Durable when it returns.
    ///
    /// # Errors
    /// If the record is not known to be written.
    async fn put(&self, cx: &Call, shelf: Shelf, record: Record) -> Result<(), BackendError>;

    /// Reads a record.
    ///
    /// # Errors
    /// If the store cannot be asked.
    async fn get(&self, cx: &Call, shelf: Shelf, key: &str) -> Result<Option<Record>, BackendError>;

    /// Reads and removes a record in one step: of two callers at most one gets it.
    ///
    /// # Errors
    /// If the store cannot be asked; whether the record is gone is then unknown.
    async fn take(&self, cx: &Call, shelf: Shelf, key: &str) -> Result<Option<Record>, BackendError>;

    /// Everything on a shelf that belongs to somebody, at most `limit` records.
    ///
    /// # Errors
    /// If the store cannot be asked.
    async fn owned_by(
        &self,
        cx: &Call,
        shelf: Shelf,
        owner: &Owner,
        limit: usize,
    ) -> Result<Vec<Record>, BackendError>;

    /// Adds to a counter and returns its new value. A counter that does not exist starts at zero and ends at
    /// `expires_at`; adding to one that exists leaves its end alone.
    ///
    /// # Errors
    /// If the store cannot be asked.
    async fn add(
        &self,
        cx: &Call,
        shelf: Shelf,
        key: &str,
        amount: u64,
        expires_at: SystemTime,
    ) -> Result<u64, BackendError>;

    /// How the store is doing.
    async fn health(&self, cx: &Call) -> Health;
}

/// The kinds of record; keys are unique within one.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shelf {
    /// Passwords made by web sign-in.
    AppPasswords,
    /// OAuth2 refresh tokens.
    RefreshTokens,
    /// Long-lived tokens for robots.
    ApiTokens,
    /// Failed logins and bans.
    Lockouts,
    /// Sign-ins under way.
    SignIns,
}

/// One record.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its key: the hash of a secret, never the secret.
    pub key: String,
    /// Whose it is.
    pub owner: Option<Owner>,
    /// What it says; secrets in it are hashed or encrypted by whoever writes it.
    pub value: Vec<u8>,
    /// When it ceases to exist.
    pub expires_at: Option<SystemTime>,
}

impl Record {
    /// A record of nobody's that never ends.
    pub fn new(key: impl Into<String>, value: Vec<u8>) -> Self {
        Self { key: key.into(), owner: None, value, expires_at: None }
    }

    /// The same with an owner.
    #[must_use]
    pub fn owned_by(mut self, owner: Owner) -> Self {
        self.owner = Some(owner);
        self
    }

    /// The same with an end.
    #[must_use]
    pub fn with_expires_at(mut self, expires_at: SystemTime) -> Self {
        self.expires_at = Some(expires_at);
        self
    }
}

/// Whose a record is: a subject within a link.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Owner {
    /// The link's name.
    pub link: String,
    /// The subject within it.
    pub subject: String,
}
