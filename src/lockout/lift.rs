//! What an administrator sees of bans, and does about them.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::atomic::Ordering;
use std::time::Duration;

use dockgate_rules::Network;

use super::place::folded;
use super::{Ban, Guard, Place};

/// Which bans are to end.
#[derive(Clone, Debug)]
pub enum Lift {
    /// Those of an account, from everywhere; it is slowed no more either.
    Account(String),
    /// Those of a network: of places in it, whatever the account.
    Network(Network),
    /// All, and what is counted by this server is forgotten.
    All,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Lifted {
    /// The bans that ended.
    pub bans: Vec<Ban>,
    /// Whether the store could be asked to forget them too; else they come back from there.
    pub everywhere: bool,
}

impl Guard {
    /// The bans that hold, also those that other servers began; the one that ends first in front.
    pub async fn bans(&self) -> Vec<Ban> {
        if let Some(shared) = self.shared() {
            shared.look().await;
        }
        self.book.bans.list(self.clock.now())
    }

    /// For how long an account is refused from an address, if it is.
    pub fn refuses(&self, account: &str, address: IpAddr) -> Option<Duration> {
        let (now, place) = (self.clock.now(), Place::of(address));
        let names = [self.book.name(Some(&folded(account)), Some(place)), self.book.name(None, Some(place))];
        let left = names.into_iter().filter_map(|name| self.book.bans.left(name, now)).max();
        left.filter(|_| !self.settings.allows(place))
    }

    /// Ends bans.
    pub async fn lift(&self, what: &Lift) -> Lifted {
        let shared = self.shared();
        if let Some(shared) = &shared {
            shared.look().await;
        }
        let book = &self.book;
        let lifted = match what {
            Lift::Account(account) => {
                let account = folded(account);
                book.accounts.clear(book.name(Some(&account), None));
                book.bans.lift(|ban| ban.account.as_deref() == Some(&account))
            }
            Lift::Network(network) => book.bans.lift(|ban| ban.place.meets(network)),
            Lift::All => {
                for table in [&book.pairs, &book.places, &book.accounts] {
                    table.clear_all();
                }
                book.bans.lift(|_| true)
            }
        };
        let mut everywhere = self.store.is_none() || shared.is_some();
        for (_, ban) in &lifted {
            ban.log_ended("a ban was lifted");
            if let Some(shared) = &shared {
                everywhere &= everywhere && shared.lift(ban).await;
            }
        }
        // A look at the store that is under way, or ended before the store forgot them, brings none of them back.
        book.lifts.fetch_add(1, Ordering::SeqCst);
        let names: HashSet<u64> = lifted.iter().map(|(name, _)| *name).collect();
        book.bans.lift(|ban| names.contains(&book.name(ban.account.as_deref(), Some(ban.place))));
        if let (Some(shared), Lift::Account(account)) = (&shared, what) {
            everywhere &= shared.forget_account(&folded(account)).await;
        }
        Lifted { bans: lifted.into_iter().map(|(_, ban)| ban).collect(), everywhere }
    }
}
