//! What an administrator sees of bans on a running server, and does about them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use dockgate_api::config::Moment;
use dockgate_rules::Network;
use serde::{Deserialize, Serialize};

use super::{NotDone, State};
use crate::lockout::{Ban, Guard, Lift};

/// Which bans are to end: one of the three.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct LiftRequest {
    /// Those of an account, from everywhere.
    pub account: Option<String>,
    /// Those of an address or a network.
    pub address: Option<String>,
    /// All.
    pub all: bool,
}

/// A ban.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct BanShown {
    /// `pair`: an account from an address. `address`: every account from there.
    pub kind: String,
    /// The account, in lower case, if it is one account's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Where from: an IPv4 address, or a /64 of IPv6.
    pub address: String,
    /// How many failures it took.
    pub failures: u32,
    /// When it began.
    pub since: Moment,
    /// When it ends.
    pub until: Moment,
}

/// The bans that hold.
#[derive(Debug, Deserialize, Serialize)]
pub struct BanList {
    /// The one that ends first in front.
    pub bans: Vec<BanShown>,
}

/// The bans that were lifted.
#[derive(Debug, Deserialize, Serialize)]
pub struct LiftedBans {
    /// Those that were.
    pub lifted: Vec<BanShown>,
    /// Whether the store forgot them too.
    pub everywhere: bool,
}

impl BanShown {
    fn of(ban: &Ban) -> Self {
        Self {
            kind: ban.kind().to_owned(),
            account: ban.account.clone(),
            address: ban.place.to_string(),
            failures: ban.failures,
            since: Moment(whole_second(ban.since)),
            until: Moment(whole_second(ban.until)),
        }
    }
}

/// Fractions are noise to whoever reads them.
fn whole_second(time: SystemTime) -> SystemTime {
    let fraction = time.duration_since(UNIX_EPOCH).unwrap_or_default().subsec_nanos();
    time.checked_sub(Duration::from_nanos(fraction.into())).unwrap_or(time)
}

impl State {
    /// The bans that hold.
    ///
    /// # Errors
    /// If nothing is counted.
    pub async fn list_bans(&self) -> Result<BanList, NotDone> {
        let bans = self.counting()?.bans().await;
        Ok(BanList { bans: bans.iter().map(BanShown::of).collect() })
    }

    /// Ends bans.
    ///
    /// # Errors
    /// If it is not clear which, or nothing is counted.
    pub async fn lift_bans(&self, request: LiftRequest) -> Result<LiftedBans, NotDone> {
        let lift = match request {
            LiftRequest { account: Some(account), address: None, all: false } => Lift::Account(account),
            LiftRequest { account: None, address: Some(address), all: false } => {
                let network =
                    Network::parse(&address).map_err(|error| NotDone::Mistake(error.to_string()))?;
                Lift::Network(network)
            }
            LiftRequest { account: None, address: None, all: true } => Lift::All,
            _ => return Err(NotDone::Mistake("say one of `account`, `address` and `all`".to_owned())),
        };
        let lifted = self.counting()?.lift(&lift).await;
        Ok(LiftedBans {
            lifted: lifted.bans.iter().map(BanShown::of).collect(),
            everywhere: lifted.everywhere,
        })
    }

    fn counting(&self) -> Result<&Guard, NotDone> {
        let off =
            || NotDone::Mistake("lock-out is turned off (lockout.enabled): nobody is banned".to_owned());
        self.access().lockout().ok_or_else(off)
    }
}
