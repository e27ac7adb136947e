//! Where stored credentials, lock-outs and pending sign-ins live.

use std::time::SystemTime;

use async_trait::async_trait;

use crate::{BackendError, Call, Health, Identity};

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

    /// Writes a record in the place of one with the same key; false, and nothing is written, if there is none (any more).
    /// So nothing that was taken away comes back because somebody noted when it was last used. Durable when it returns.
    ///
    /// # Errors
    /// If the record is not known to be written.
    async fn replace(&self, cx: &Call, shelf: Shelf, record: Record) -> Result<bool, BackendError>;

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

    /// The records of a shelf that fit a filter, in an order of the store's own, `limit` at a time. `after` is the
    /// cursor of the page before. A record that is written meanwhile may be on no page or on one, never on two.
    ///
    /// # Errors
    /// If the store cannot be asked.
    async fn list(
        &self,
        cx: &Call,
        shelf: Shelf,
        filter: &Filter,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, BackendError>;

    /// Adds to a counter and returns its new value. A counter that does not exist starts at zero and ends at
    /// `expires_at`; adding to one that exists leaves its end alone. Counters are no records: a record under the same key
    /// is another thing, and none of the methods above sees a counter.
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

    /// Has a counter start at zero again, if it exists.
    ///
    /// # Errors
    /// If the store cannot be asked; what the counter says is then unknown.
    async fn reset(&self, cx: &Call, shelf: Shelf, key: &str) -> Result<(), BackendError>;

    /// How the store is doing.
    async fn health(&self, cx: &Call) -> Health;
}

/// The kinds of record; keys are unique within one.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
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
    /// What a backend keeps for itself. [`BuildContext::store`](crate::BuildContext::store) shows a backend this shelf
    /// alone, and on it only what its own link has written.
    Backend,
}

impl Shelf {
    /// Every shelf.
    pub const ALL: [Self; 6] = [
        Self::AppPasswords,
        Self::RefreshTokens,
        Self::ApiTokens,
        Self::Lockouts,
        Self::SignIns,
        Self::Backend,
    ];

    /// What stores and exports call it; never changes.
    pub fn name(self) -> &'static str {
        match self {
            Self::AppPasswords => "app-passwords",
            Self::RefreshTokens => "refresh-tokens",
            Self::ApiTokens => "api-tokens",
            Self::Lockouts => "lockouts",
            Self::SignIns => "sign-ins",
            Self::Backend => "backend",
        }
    }

    /// The shelf of a name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|shelf| shelf.name() == name)
    }
}

/// One record.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its key: the hash of a secret, never the secret.
    pub key: String,
    /// Whose it is.
    pub owner: Option<Owner>,
    /// When it was first written.
    pub created_at: SystemTime,
    /// What it says; secrets in it are hashed or encrypted by whoever writes it.
    pub value: Vec<u8>,
    /// When it ceases to exist.
    pub expires_at: Option<SystemTime>,
}

impl Record {
    /// A record of nobody's that never ends.
    pub fn new(key: impl Into<String>, created_at: SystemTime, value: Vec<u8>) -> Self {
        Self { key: key.into(), owner: None, created_at, value, expires_at: None }
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

/// Whose a record is: a subject within a link, and the account it had.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Owner {
    /// The link's name.
    pub link: String,
    /// The subject within it.
    pub subject: String,
    /// The account's canonical spelling when the record was written.
    pub account: String,
}

impl Owner {
    /// An owner, as a store remembers it.
    pub fn new(link: impl Into<String>, subject: impl Into<String>, account: impl Into<String>) -> Self {
        Self { link: link.into(), subject: subject.into(), account: account.into() }
    }

    /// The owner that an identity is.
    pub fn of(identity: &Identity) -> Self {
        Self {
            link: identity.link.to_string(),
            subject: identity.subject.clone(),
            account: identity.account.clone(),
        }
    }
}

/// Which records are wanted; all that is given must hold.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only this link's.
    pub link: Option<String>,
    /// Only this subject's; means something together with a link.
    pub subject: Option<String>,
    /// Only this account's, whichever link it came from.
    pub account: Option<String>,
    /// Only those written before.
    pub created_before: Option<SystemTime>,
}

impl Filter {
    /// Whether a record fits.
    pub fn fits(&self, record: &Record) -> bool {
        let owner = record.owner.as_ref();
        let is = |wanted: &Option<String>, of: fn(&Owner) -> &String| {
            wanted.as_ref().is_none_or(|wanted| owner.is_some_and(|owner| of(owner) == wanted))
        };
        is(&self.link, |owner| &owner.link)
            && is(&self.subject, |owner| &owner.subject)
            && is(&self.account, |owner| &owner.account)
            && self.created_before.is_none_or(|before| record.created_at < before)
    }

    /// The same for those of one link only.
    #[must_use]
    pub fn with_link(mut self, link: Option<String>) -> Self {
        self.link = link;
        self
    }

    /// The same for one account's only, whichever link it came from.
    #[must_use]
    pub fn with_account(mut self, account: Option<String>) -> Self {
        self.account = account;
        self
    }

    /// The same for those only that were written before.
    #[must_use]
    pub fn with_created_before(mut self, before: Option<SystemTime>) -> Self {
        self.created_before = before;
        self
    }

    /// Records of this owner's: the same link and subject, whatever the account was called.
    pub fn owned_by(owner: &Owner) -> Self {
        Self { link: Some(owner.link.clone()), subject: Some(owner.subject.clone()), ..Self::default() }
    }
}

/// A part of a list.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The records.
    pub records: Vec<Record>,
    /// Where the next page begins; none on the last.
    pub next: Option<Cursor>,
}

impl Page {
    /// A page.
    pub fn new(records: Vec<Record>, next: Option<Cursor>) -> Self {
        Self { records, next }
    }
}

/// A place in a list; its text means something to the store that made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(pub String);
