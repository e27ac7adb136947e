//! The groups of somebody who was asked for lately.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_lc_rs::digest::{Context, SHA256};
use dockgate_api::{BackendError, Call, Clock};
use quick_cache::Weighter;
use quick_cache::sync::{EntryAction, EntryResult};
use tokio::time::timeout_at;

use super::Group;
use crate::dn::Dn;
use crate::entry::Entry;
use crate::notes::listed;

/// How many accounts are remembered at most; one with more than 4 KiB of groups counts as several.
const ENTRIES: usize = 10_000;
const ENTRY: usize = 4 * 1024;

/// What was found lately, for a short time: for so long a group counts that is taken away meanwhile. Errors are not
/// remembered. While somebody's groups are sought, others wait who want the same, each until its own deadline.
pub(crate) struct Cache {
    ttl: Duration,
    clock: Arc<dyn Clock>,
    held: quick_cache::sync::Cache<Key, Held, Weights>,
}

pub(super) type Key = [u8; 32];

#[derive(Clone)]
struct Held {
    groups: Arc<[Group]>,
    /// When they were asked for. What was asked in the future is of a clock that was wrong then, or is now.
    from: SystemTime,
    until: SystemTime,
}

#[derive(Clone)]
struct Weights;

impl Weighter<Key, Held> for Weights {
    fn weight(&self, _: &Key, held: &Held) -> u64 {
        let name = |group: &Group| group.name.as_ref().map_or(0, String::len);
        let bytes: usize =
            held.groups.iter().map(|group| size_of::<Group>() + group.dn.len() + name(group)).sum();
        u64::try_from(bytes.div_ceil(ENTRY)).unwrap_or(u64::MAX).max(1)
    }
}

impl Cache {
    /// Remembers for so long, by this clock.
    pub(crate) fn new(ttl: Duration, clock: Arc<dyn Clock>) -> Self {
        let held = quick_cache::sync::Cache::with_weighter(ENTRIES, ENTRIES as u64, Weights);
        Self { ttl, clock, held }
    }

    /// What is remembered, or what `ask` finds. Life is counted from before it asks.
    ///
    /// # Errors
    /// Those of `ask`; [`BackendError::Timeout`] if the deadline comes while another asks.
    pub(super) async fn get(
        &self,
        cx: &Call,
        key: Key,
        ask: impl Future<Output = Result<Vec<Group>, BackendError>>,
    ) -> Result<Arc<[Group]>, BackendError> {
        let now = self.clock.now();
        let turn = self.held.entry_async(&key, |_, held: &mut Held| {
            if held.from <= now && now < held.until {
                EntryAction::Retain(Arc::clone(&held.groups))
            } else {
                EntryAction::ReplaceWithGuard
            }
        });
        let Ok(turn) = timeout_at(cx.deadline().into(), turn).await else {
            return Err(BackendError::Timeout("equal groups were asked for and took too long".to_owned()));
        };
        let guard = match turn {
            EntryResult::Retained(groups) => {
                cx.note(|| {
                    let names = listed(groups.iter().map(|group| group.dn.as_str()));
                    format!("groups, remembered for {:?} at most (`groups.cache`): {names}", self.ttl)
                });
                return Ok(groups);
            }
            EntryResult::Vacant(guard) | EntryResult::Replaced(guard, _) => guard,
            EntryResult::Removed(..) | EntryResult::Timeout => return ask.await.map(Arc::from),
        };
        // After a wait for somebody who got no answer it is later.
        let from = self.clock.now();
        let groups: Arc<[Group]> = ask.await?.into();
        if let Some(until) = from.checked_add(self.ttl) {
            let _ = guard.insert(Held { groups: Arc::clone(&groups), from, until });
        }
        Ok(groups)
    }
}

/// Under which a user's groups are remembered: who it is, and what of the entry they depend on. What the entry itself says
/// counts at once; only what was searched for is remembered.
pub(super) fn key(user: &Entry, account: &str, subject: &str, attributes: &[String]) -> Key {
    let mut context = Context::new(&SHA256);
    let mut part = |bytes: &[u8]| {
        context.update(&bytes.len().to_be_bytes());
        context.update(bytes);
    };
    let dn = Dn::parse(&user.dn).map_or_else(|_| user.dn.clone(), |dn| dn.normalised());
    for text in [subject, account, &dn] {
        part(text.as_bytes());
    }
    for attribute in attributes {
        // Directories keep no order.
        let mut values: Vec<&[u8]> = user.values(attribute).iter().map(Vec::as_slice).collect();
        values.sort_unstable();
        part(&values.len().to_be_bytes());
        values.into_iter().for_each(&mut part);
    }
    let mut key = [0; 32];
    for (to, from) in key.iter_mut().zip(context.finish().as_ref()) {
        *to = *from;
    }
    key
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "groups for {:?}", self.ttl)
    }
}
