//! What outlives a configuration.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};

use dockgate_api::Kept;
use dockgate_passwords::Pool;

use crate::audit::Writers;
use crate::config::passwords::PasswordsConfig;
use crate::lockout::Book;
use crate::outside::Outside;
use crate::sign_ins::Breakers;
use crate::state::store::Stores;

/// What outlives a configuration: a reload that made it anew would forget which passwords were right, and for a while
/// hash twice as much as it may. A clone is the same.
#[derive(Clone, Default)]
pub struct Lasting(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// What hashes, and what was configured when it was made.
    pool: OnceLock<(PasswordsConfig, Pool)>,
    phase: AtomicU8,
    audit: Writers,
    kept: Arc<Kept>,
    stores: Stores,
    lockout: OnceLock<Arc<Book>>,
    breakers: Arc<Breakers>,
}

/// Where the server is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It does not listen everywhere yet.
    Starting,
    /// It serves.
    Ready,
    /// It was told to stop: still it serves, but nobody should be sent here any more.
    Draining,
}

impl Phase {
    /// As answers and the log name it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::Draining => "draining",
        }
    }
}

impl Lasting {
    /// The pool of the process; the first configuration says how large it is.
    pub(super) fn pool(&self, config: &PasswordsConfig, outside: &Outside) -> Result<&Pool, String> {
        if let Some((_, pool)) = self.0.pool.get() {
            return Ok(pool);
        }
        let made = (config.clone(), config.pool(outside)?);
        Ok(&self.0.pool.get_or_init(|| made).1)
    }

    /// Whether the pool of the process is what this configuration says.
    pub(super) fn hashes_as(&self, config: &PasswordsConfig) -> bool {
        self.0.pool.get().is_none_or(|(made_of, _)| made_of == config)
    }

    /// The audit logs of the process, to be opened anew when somebody has moved them.
    pub fn audit(&self) -> &Writers {
        &self.0.audit
    }

    /// What backends keep from one configuration to the next.
    pub(super) fn kept(&self) -> &Arc<Kept> {
        &self.0.kept
    }

    /// Failed logins and bans.
    pub(super) fn lockout(&self, outside: &Outside) -> Result<Arc<Book>, String> {
        if let Some(book) = self.0.lockout.get() {
            return Ok(Arc::clone(book));
        }
        let book = Book::new(outside.random.as_ref(), outside.metrics.as_ref());
        let book = Arc::new(book.map_err(|error| error.to_string())?);
        Ok(Arc::clone(self.0.lockout.get_or_init(|| book)))
    }

    /// Which identity providers do not answer.
    pub(super) fn breakers(&self) -> &Arc<Breakers> {
        &self.0.breakers
    }

    /// The stores that are open.
    pub(super) fn stores(&self) -> &Stores {
        &self.0.stores
    }

    /// Where the server is in its life.
    pub fn phase(&self) -> Phase {
        match self.0.phase.load(Ordering::Relaxed) {
            0 => Phase::Starting,
            1 => Phase::Ready,
            _ => Phase::Draining,
        }
    }

    /// Enters a phase.
    pub fn enter(&self, phase: Phase) {
        let number = match phase {
            Phase::Starting => 0,
            Phase::Ready => 1,
            Phase::Draining => 2,
        };
        self.0.phase.store(number, Ordering::Relaxed);
    }
}
