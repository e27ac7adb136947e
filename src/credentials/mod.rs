//! Credentials of our own making: refresh tokens, tokens for robots, app passwords.
//!
//! Each is 256 random bits that its owner keeps and a record in the store that knows the hash alone. A record says whose
//! it is: the link that vouched for the owner, and the subject within it. When the credential is used that link is asked
//! again, so that somebody who is gone, disabled or has another password gets nothing any more, and groups are those of
//! today.

mod app_passwords;
mod kept;
mod manage;
mod recheck;
mod refresh;
mod renewing;
mod secret;
#[cfg(test)]
mod tests;
mod using;

use std::sync::Arc;
use std::time::Duration;

use dockgate_api::{Random, Store};

pub use app_passwords::{AppPasswordTerms, NewAppPassword, NotCreated};
pub use kept::Limit;
pub use manage::{Listed, NewToken, Which};
pub use refresh::{RefreshTerms, RefreshToken};
pub use renewing::{NotRenewed, Renewed};
pub use secret::{Kind, Minted, Presented, gives_away, recognise};
pub use using::{NotUsable, Owners};

use recheck::Rechecks;

/// What is kept of somebody is asked for, page after page, in pieces of this many records.
const PAGE: usize = 200;

/// The credentials in a store.
pub struct Credentials {
    store: Arc<dyn Store>,
    random: Arc<dyn Random>,
    refresh: Option<RefreshTerms>,
    rechecks: Rechecks,
}

impl Credentials {
    /// The credentials of a store. What a link says of an owner counts for `recheck`; refresh tokens are issued if there
    /// are terms for them.
    pub fn new(
        store: Arc<dyn Store>,
        random: Arc<dyn Random>,
        recheck: Duration,
        refresh: Option<RefreshTerms>,
    ) -> Self {
        Self { store, random, refresh, rechecks: Rechecks::new(recheck) }
    }

    /// Whether clients that ask for a refresh token get one.
    pub fn issues_refresh_tokens(&self) -> bool {
        self.refresh.is_some()
    }

    /// Where they are.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }
}
