//! What is known of failed logins. Outlives every configuration.

use std::hash::{BuildHasher as _, Hash as _, Hasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use dockgate_api::{Metrics, Random, RandomError};

use super::Place;
use super::bans::{Bans, BansMeter};
use super::gate::Gate;
use super::memo::{Printer, Right, Wrong};
use super::meter::Meter;
use super::table::Table;

/// Logins that wait because others of the same account and place are being checked.
const MOST_QUEUED: usize = 1024;
/// Logins that are slowed at a time, of all and of one place.
const MOST_SLOWED: usize = 1024;
const MOST_SLOWED_OF_ONE: u32 = 16;

/// Failures, bans, and what was wrong a moment ago. Bounded whatever comes.
pub struct Book {
    names: RandomState,
    pub(super) printer: Printer,
    pub(super) pairs: Table,
    pub(super) places: Table,
    pub(super) accounts: Table,
    pub(super) bans: Bans,
    pub(super) wrong: Wrong,
    pub(super) right: Right,
    /// Those whose password is being checked, by pair.
    pub(super) checked: Gate,
    slowed: Gate,
    pub(super) meter: Meter,
    /// Configurations that came to use it.
    pub(super) uses: AtomicU64,
    /// Looks at the store.
    pub(super) looks: AtomicU64,
    /// Times that bans were lifted here.
    pub(super) lifts: AtomicU64,
    /// Until when the store is left alone, in milliseconds since 1970; 0 if it answered last.
    pub(super) store_away: AtomicU64,
}

/// A login that is being slowed.
pub(super) struct Slowed<'b> {
    _one: super::gate::Inside<'b>,
    _all: super::gate::Inside<'b>,
}

impl Book {
    /// Nothing is known yet. `random` gives the key under which passwords are compared.
    ///
    /// # Errors
    /// If there is no randomness.
    pub fn new(random: &dyn Random, metrics: &dyn Metrics) -> Result<Self, RandomError> {
        Ok(Self {
            names: RandomState::new(),
            printer: Printer::new(random)?,
            pairs: Table::new(),
            places: Table::new(),
            accounts: Table::new(),
            bans: Bans::new(BansMeter::new(metrics)),
            wrong: Wrong::new(),
            right: Right::new(),
            checked: Gate::new(MOST_QUEUED),
            slowed: Gate::new(0),
            meter: Meter::new(metrics),
            uses: AtomicU64::new(0),
            looks: AtomicU64::new(0),
            lifts: AtomicU64::new(0),
            store_away: AtomicU64::new(0),
        })
    }

    pub(super) fn next_use(&self) -> u64 {
        self.uses.fetch_add(1, Ordering::Relaxed)
    }

    /// The name of an account from a place, of a place, or of an account.
    pub(super) fn name(&self, account: Option<&str>, place: Option<Place>) -> u64 {
        self.names.hash_one((account, place))
    }

    /// The name of a login with its password. Never zero.
    pub(super) fn proof(&self, account: &str, password: &str) -> u64 {
        let mut hasher = self.names.build_hasher();
        account.hash(&mut hasher);
        hasher.write(password.as_bytes());
        hasher.finish() | 1
    }

    /// A place among those that are slowed, if one is free.
    pub(super) fn slow(&self, place: Option<Place>) -> Option<Slowed<'_>> {
        let most = u32::try_from(MOST_SLOWED).ok()?;
        let all = self.slowed.try_enter(0, most)?;
        let name = self.name(None, place).saturating_add(1);
        Some(Slowed { _one: self.slowed.try_enter(name, MOST_SLOWED_OF_ONE)?, _all: all })
    }
}
